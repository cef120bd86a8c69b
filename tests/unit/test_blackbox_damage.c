/* SPDX-License-Identifier: MIT */
/* The black box when a record is torn, bytes are turned, records are planted, the disk is full:
 * what is read was told, or it is not there. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box.h"

static struct box box;
static struct pm_box image;     /* what is looked at */
static char sound[PM_BOX_SIZE]; /* as it was written */

static void setup(void)
{
    box_init(&box);
    ck_assert_int_eq(box_open(&box), 0);
}

static void teardown(void)
{
    box_end(&box);
}

static void keep_sound(void)
{
    size_t length;
    char *bytes = read_file(box.path, &length);

    ck_assert_uint_eq(length, PM_BOX_SIZE);
    memcpy(sound, bytes, length);
    memcpy(image.bytes, sound, PM_BOX_SIZE);
    free(bytes);
}

/* Everything that is trusted is in the file as it was written. */
static void check_trusted(void)
{
    for (uint64_t i = 0; i < image.count; i++) {
        const struct pm_box_record *record = pm_box_get(&image, i);
        ck_assert_int_eq(memcmp(image.bytes + record->at - PM_BOX_HEAD,
                                sound + record->at - PM_BOX_HEAD, PM_BOX_HEAD + record->length),
                         0);
        ck_assert_uint_eq(record->sequence, image.newest - image.count + 1 + i);
    }
}

START_TEST(the_check_is_the_one_that_zip_has)
{
    static const unsigned char check[4] = {0x45, 0x25, 0xb1, 0xfb}; /* zlib's crc32() of it */
    struct pm_box_run run = {UINT64_C(0x0123456789abcdef), 1769198400123456000, 41, "boot"};
    char sector[PM_BOX_SECTOR];

    pm_box_put_run(sector, &run);
    ck_assert_int_eq(memcmp(sector + 32, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8), 0);
    ck_assert_int_eq(memcmp(sector + 508, check, 4), 0);
}
END_TEST

START_TEST(a_record_torn_at_any_byte_is_told_and_those_before_it_are_trusted)
{
    box_look(&box, 5, 9);
    ck_assert_int_eq(box_flush(&box), 9);
    keep_sound();
    ck_assert_ptr_null(pm_box_look(&image));
    const struct pm_box_record last = *pm_box_get(&image, 8);
    const size_t from = last.at - PM_BOX_HEAD, to = last.at + last.length;
    for (int filler = 0; filler < 2; filler++)
        for (size_t cut = from; cut < to; cut++) {
            memcpy(image.bytes, sound, PM_BOX_SIZE);
            memset(image.bytes + cut, filler ? 0xA5 : 0, to - cut);
            ck_assert_ptr_null(pm_box_look(&image));
            ck_assert_uint_eq(image.count, 8);
            ck_assert_uint_eq(image.newest, 8);
            /* Of less than its first four bytes nothing tells that it was begun. */
            ck_assert_uint_eq(image.torn, cut >= from + 4);
            check_trusted();
        }
    /* The tail was written, the head was not. */
    for (size_t cut = from + 1; cut <= to; cut += 7) {
        memcpy(image.bytes, sound, PM_BOX_SIZE);
        memset(image.bytes + from, 0, cut - from);
        ck_assert_ptr_null(pm_box_look(&image));
        ck_assert_uint_eq(image.count, 8);
    }
}
END_TEST

START_TEST(a_record_torn_over_older_ones_is_told_too)
{
    size_t torn = 0;

    while (box.told_count < 300) { /* around, at least once */
        box_look(&box, 5, 10);
        ck_assert_int_eq(box_flush(&box), 10);
    }
    keep_sound();
    ck_assert_ptr_null(pm_box_look(&image));
    const struct pm_box_record old = *pm_box_get(&image, 0);
    const uint64_t count = image.count;
    ck_assert_uint_gt(old.sequence, 1);
    /* Its place is the next to be written: here only the end of what was to come has arrived. */
    for (size_t from = old.at - PM_BOX_HEAD + 1; from < old.at + old.length; from += 13) {
        memcpy(image.bytes, sound, PM_BOX_SIZE);
        memset(image.bytes + from, 'x', old.at + old.length - from);
        ck_assert_ptr_null(pm_box_look(&image));
        ck_assert_uint_eq(image.count, count - 1);
        check_trusted();
        torn += image.torn;
    }
    ck_assert_uint_gt(torn, 0);
}
END_TEST

START_TEST(a_turned_bit_anywhere_never_gives_a_wrong_sample)
{
    uint64_t gone = 0, refused = 0;

    box_look(&box, 5, 8);
    ck_assert_int_eq(box_flush(&box), 8);
    keep_sound();
    ck_assert_ptr_null(pm_box_look(&image));
    const size_t end = pm_box_get(&image, 7)->at + pm_box_get(&image, 7)->length;
    for (size_t bit = 0; bit < 8 * end; bit += bit < (size_t)8 * 1024 ? 3 : 29) {
        memcpy(image.bytes, sound, end);
        image.bytes[bit / 8] = (char)(image.bytes[bit / 8] ^ 1 << bit % 8);
        if (pm_box_look(&image)) {
            refused++;
            ck_assert_uint_lt(bit / 8, 512);
            continue;
        }
        check_trusted();
        ck_assert_uint_le(image.count, 8);
        ck_assert(!image.is_clean);
        gone += image.count < 8;
    }
    ck_assert_uint_ge(refused, 1000); /* of the header's bits every third */
    ck_assert_uint_ge(gone, 100);
}
END_TEST

START_TEST(a_gap_ends_what_is_trusted)
{
    box_look(&box, 3, 10);
    ck_assert_int_eq(box_flush(&box), 10);
    keep_sound();
    ck_assert_ptr_null(pm_box_look(&image));
    size_t at = pm_box_get(&image, 5)->at; /* the sixth */
    image.bytes[at + 2] ^= 1;
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert_uint_eq(image.count, 4);
    ck_assert_uint_eq(image.torn, 1);
    box_put_file(&box, "", image.bytes, PM_BOX_SIZE);
    ck_assert_int_eq(box_read(&box, ""), 4);
    ck_assert_uint_eq(box.first, 6);
    ck_assert_uint_eq(box.info.torn, 1);
}
END_TEST

/* A record with a right check. */
static size_t plant(size_t at, uint64_t run_id, uint64_t sequence, const char *payload)
{
    struct pm_box_record record = {.sequence = sequence, .length = (uint32_t)strlen(payload)};

    memcpy(image.bytes + at + PM_BOX_HEAD, payload, strlen(payload));
    return at + pm_box_put_record(image.bytes + at, run_id, &record);
}

START_TEST(records_of_another_run_are_stale_and_those_that_say_nothing_are_torn)
{
#define SAMPLE                                                                                     \
    "\"sample\":{\"timestamp\":\"2026-01-23T12:00:00Z\",\"elapsed_ms\":1,\"process_count\":1,"     \
    "\"max_score\":0,\"rogues\":[]}}\n"
    static const char *const payloads[] = {
        "\n",
        "x",
        "}\n",
        ",\"sample\":}\n",
        "{\"tier\":1,\"sample\":{}}\n",
        "{\"tier\":0," SAMPLE,
        "{\"tier\":4," SAMPLE,
        "{\"tier\":1,\"beats\":-1," SAMPLE,
        "{\"tier\":1,\"worst_beat_ms\":9223372036854775807," SAMPLE,
        "{\"beats\":1," SAMPLE,
        "{\"tier\":1,\"tier\":1," SAMPLE,
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[," SAMPLE,
    };
    const size_t count = sizeof payloads / sizeof payloads[0];

    box_look(&box, 3, 4);
    ck_assert_int_eq(box_flush(&box), 4);
    keep_sound();
    uint64_t run_id = box.blackbox->run_id;
    size_t at = plant(64000, run_id + 1, 5, payloads[4]);
    plant(at, run_id + 1, 900, payloads[4]);
    box_put_file(&box, "", image.bytes, PM_BOX_SIZE);
    ck_assert_int_eq(box_read(&box, ""), 4);
    ck_assert_uint_eq(box.info.stale, 2);
    ck_assert_uint_eq(box.info.torn, 0);
    for (size_t i = 0, next = 128000; i < count; i++)
        next = plant(next, run_id, 5 + i, payloads[i]);
    box_put_file(&box, "", image.bytes, PM_BOX_SIZE);
    ck_assert_int_eq(box_read(&box, ""), 4);
    ck_assert_uint_eq(box.info.torn, count);
    /* The same in good order. */
    memcpy(image.bytes, sound, PM_BOX_SIZE);
    plant(128000, run_id, 5, "{\"tier\":3," SAMPLE);
    ck_assert_ptr_null(pm_box_look(&image));
    box.info.torn = 0;
    ck_assert_int_eq(pm_box_each(&image, &box.info, NULL, NULL, &box.blackbox->host, NULL), 5);
    ck_assert_uint_eq(box.info.torn, 0);
    /* Two of one number, none at all, and the greatest there is. */
    memcpy(image.bytes, sound, PM_BOX_SIZE);
    at = plant(64000, run_id, 4, payloads[4]);
    at = plant(at, run_id, 0, payloads[4]);
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert_uint_eq(image.count, 4);
    ck_assert_uint_eq(image.torn, 2);
    /* Two in one place of the table, the older one behind the newer. */
    at = plant(at, run_id, 5 + PM_BOX_MAX_RECORDS, payloads[4]);
    at = plant(at, run_id, 5, payloads[4]);
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert_uint_eq(image.newest, 5 + PM_BOX_MAX_RECORDS);
    ck_assert_uint_eq(image.count, 1);
    plant(at, run_id, UINT64_MAX, payloads[4]);
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert_uint_eq(image.count, 1);
}
END_TEST

START_TEST(a_file_made_to_keep_us_busy_is_refused)
{
    struct pm_box_record record = {.sequence = 1, .length = PM_BOX_MAX_PAYLOAD};

    keep_sound();
    static char bytes[PM_BOX_MAX_RECORD];
    pm_box_put_record(bytes, box.blackbox->run_id, &record);
    for (size_t at = PM_BOX_FIRST; at < PM_BOX_SIZE; at += PM_BOX_STEP)
        memcpy(image.bytes + at, bytes, PM_BOX_HEAD);
    ck_assert_ptr_nonnull(pm_box_look(&image));
}
END_TEST

START_TEST(the_largest_record_fits_and_one_that_does_not_goes_to_the_front)
{
    static char bytes[PM_BOX_MAX_RECORD];
    struct pm_box_record record = {.length = PM_BOX_MAX_PAYLOAD};
    size_t at = PM_BOX_FIRST;

    ck_assert_uint_ge(PM_BOX_MAX_PAYLOAD, ((size_t)60 << 10) + 256);
    ck_assert_uint_eq(pm_box_place(PM_BOX_SIZE - 64, 64), PM_BOX_SIZE - 64);
    ck_assert_uint_eq(pm_box_place(PM_BOX_SIZE - 64, 128), PM_BOX_FIRST);
    ck_assert_uint_eq(pm_box_place(PM_BOX_SIZE, 64), PM_BOX_FIRST);
    keep_sound();
    for (record.sequence = 1; record.sequence <= 9; record.sequence++) {
        memset(bytes + PM_BOX_HEAD, '0' + (int)record.sequence, record.length);
        size_t size = pm_box_put_record(bytes, box.blackbox->run_id, &record);
        ck_assert_uint_le(size, PM_BOX_MAX_RECORD);
        at = pm_box_place(at, size);
        ck_assert_uint_le(at + size, PM_BOX_SIZE);
        memcpy(image.bytes + at, bytes, size);
        at += size;
        ck_assert_ptr_null(pm_box_look(&image));
        ck_assert_uint_eq(image.newest, record.sequence);
        ck_assert_uint_eq(image.count, record.sequence < 4 ? record.sequence : 4);
    }
}
END_TEST

START_TEST(a_damaged_header_is_no_black_box_and_a_damaged_state_is_no_end)
{
    box_look(&box, 3, 2);
    ck_assert_int_eq(pausemon_blackbox_finish(box.blackbox, NULL), 2);
    box_close(&box);
    keep_sound();
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert(image.is_clean);
    image.bytes[PM_BOX_STATE_AT + 100] ^= 2;
    box_put_file(&box, "", image.bytes, PM_BOX_SIZE);
    ck_assert_int_eq(box_read(&box, ""), 2);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_RUNS);
    box.boot_id = "boot-two";
    ck_assert_int_eq(box_read(&box, ""), 2);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_HARD);
    /* A state of another run. */
    pm_box_put_state(image.bytes + PM_BOX_STATE_AT, 1, true);
    ck_assert_ptr_null(pm_box_look(&image));
    ck_assert(!image.is_clean);
    image.bytes[40] ^= 1;
    box_put_file(&box, "", image.bytes, PM_BOX_SIZE);
    ck_assert_int_eq(box_read(&box, ""), PAUSEMON_ERR_FORMAT);
    box_put_file(&box, "", sound, PM_BOX_SIZE - 1);
    ck_assert_int_eq(box_read(&box, ""), PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert(box_is_there(&box, ".damaged"));
}
END_TEST

/* ---- the disk refuses ---- */

static void limit_files(rlim_t most)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = most;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(what_a_disk_refuses_waits_and_goes_on_with_the_next_flush)
{
    struct pausemon_error error;

    signal(SIGXFSZ, SIG_IGN);
    box_look(&box, 5, 3);
    ck_assert_int_eq(box_flush(&box), 3);
    for (size_t room = 0; room < 3000; room += 700) { /* also in the midst of a record */
        box_look(&box, 5, 2);
        limit_files((rlim_t)(box.blackbox->at + room));
        ck_assert_int_eq(pausemon_blackbox_flush(box.blackbox, &error), PAUSEMON_ERR_IO);
        ck_assert_int_eq(error.os_errno, EFBIG);
        ck_assert_int_eq(pausemon_blackbox_finish(box.blackbox, &error), PAUSEMON_ERR_IO);
        limit_files(RLIM_INFINITY);
    }
    ck_assert_int_eq(box_flush(&box), 10);
    ck_assert_int_eq(box_read(&box, ""), 13);
    ck_assert_uint_eq(box.first, 0);
    ck_assert_uint_eq(box.info.lost + box.info.torn, 0);
    /* Beyond what waits it is counted. */
    limit_files(PM_BOX_FIRST);
    box_look(&box, 5, PM_BOX_SLOTS + 3);
    ck_assert_int_lt(pausemon_blackbox_flush(box.blackbox, NULL), 0);
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(box_flush(&box), PM_BOX_SLOTS);
    box_look(&box, 5, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    struct pausemon_blackbox_info info = {.size = sizeof info};
    ck_assert_int_eq(pausemon_blackbox_read(box.path, &info, NULL, NULL, NULL, NULL),
                     13 + PM_BOX_SLOTS + 1);
    ck_assert_uint_eq(info.lost, 3);
}
END_TEST

START_TEST(without_room_nothing_is_made_and_the_old_one_stays)
{
    signal(SIGXFSZ, SIG_IGN);
    box_look(&box, 5, 3);
    ck_assert_int_eq(box_flush(&box), 3);
    box_close(&box);
    int fds = count_fds();
    for (rlim_t room = 0; room < PM_BOX_SIZE; room += PM_BOX_SIZE / 7) {
        limit_files(room);
        ck_assert_int_eq(box_open(&box), PAUSEMON_ERR_IO);
        limit_files(RLIM_INFINITY);
        ck_assert_int_eq(box_read(&box, ""), 3);
        ck_assert(!box_is_there(&box, ".new"));
        ck_assert_int_eq(count_fds(), fds);
    }
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.samples, 3);
}
END_TEST

START_TEST(two_on_one_path_harm_nobody_but_each_other)
{
    struct pausemon_blackbox *other;

    ck_assert_int_eq(
        pm_blackbox_open(&other, box.path, NULL, "boot-one", NULL, &box.harness.host, NULL), 0);
    box_look(&box, 5, 3);
    ck_assert_int_eq(box_flush(&box), 3); /* into a file that has no name any more */
    ck_assert_int_eq(pausemon_blackbox_flush(other, NULL), 0);
    ck_assert_int_eq(box_read(&box, ""), 0);
    pausemon_blackbox_free(other);
}
END_TEST

START_TEST(a_child_after_fork_may_free_it)
{
    int status;

    box_look(&box, 5, 1);
    pid_t child = fork();
    if (child == 0) {
        pausemon_blackbox_free(box.blackbox);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(box_flush(&box), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blackbox_damage");
    TCase *damage = tcase_create("damage"), *disk = tcase_create("disk");

    tcase_add_checked_fixture(damage, setup, teardown);
    tcase_add_checked_fixture(disk, setup, teardown);
    tcase_add_test(damage, the_check_is_the_one_that_zip_has);
    tcase_add_test(damage, a_record_torn_at_any_byte_is_told_and_those_before_it_are_trusted);
    tcase_add_test(damage, a_record_torn_over_older_ones_is_told_too);
    tcase_add_test(damage, a_turned_bit_anywhere_never_gives_a_wrong_sample);
    tcase_add_test(damage, a_gap_ends_what_is_trusted);
    tcase_add_test(damage, records_of_another_run_are_stale_and_those_that_say_nothing_are_torn);
    tcase_add_test(damage, a_file_made_to_keep_us_busy_is_refused);
    tcase_add_test(damage, the_largest_record_fits_and_one_that_does_not_goes_to_the_front);
    tcase_add_test(damage, a_damaged_header_is_no_black_box_and_a_damaged_state_is_no_end);
    tcase_add_test(disk, what_a_disk_refuses_waits_and_goes_on_with_the_next_flush);
    tcase_add_test(disk, without_room_nothing_is_made_and_the_old_one_stays);
    tcase_add_test(disk, two_on_one_path_harm_nobody_but_each_other);
    tcase_add_test(disk, a_child_after_fork_may_free_it);
    suite_add_tcase(suite, damage);
    suite_add_tcase(suite, disk);
    return harness_run(suite);
}
