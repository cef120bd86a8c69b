/* SPDX-License-Identifier: MIT */
/* The black box: what is written is read; which file is kept, and as what; what the disk refuses.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "box.h"
#include "engine/monitor.h"

static struct box box;

static void setup(void)
{
    box_init(&box);
}

static void teardown(void)
{
    box_end(&box);
}

/* ---- round trip ---- */

START_TEST(what_is_written_is_read_with_hostile_names_and_64_rogues)
{
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end + box.before.samples + (uint64_t)box.before.begin_ns, 0);
    box_look(&box, 7, 2);
    box_look(&box, BOX_ROWS, 1);
    ck_assert_int_eq(box_flush(&box), 3);
    ck_assert_int_eq(box_flush(&box), 0);
    ck_assert_int_eq(box_read(&box, ""), 3);
    ck_assert_uint_eq(box.first, 0);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_RUNS);
    ck_assert_uint_eq(box.info.torn + box.info.stale + box.info.lost + box.info.beats, 0);
    ck_assert_int_eq(box.info.last_ns, box.harness.now.realtime_ns);
    ck_assert_int_eq(box.info.begin_ns, box.info.last_ns - 3 * SECOND);
    ck_assert_str_eq(box.info.boot_id, "boot-one");
    ck_assert_uint_eq(box.tier, 1);
    ck_assert_ptr_nonnull(strstr(box.told[2].bytes, "\"rogues_omitted\":6"));
}
END_TEST

START_TEST(the_ring_wraps_many_times_and_the_newest_are_there)
{
    ck_assert_int_eq(box_open(&box), 0);
    for (size_t i = 0; i < 600; i++) {
        box_look(&box, i * 37 % BOX_ROWS, 1 + i % 3);
        ck_assert_int_eq(box_flush(&box), (int)(1 + i % 3));
        if (i % 50 != 49)
            continue;
        ck_assert_int_gt(box_read(&box, ""), 10);
        ck_assert_uint_eq(box.first + box.read_count, box.told_count);
        ck_assert_uint_eq(box.info.torn + box.info.stale, 0);
    }
    struct stat info;
    ck_assert_int_eq(stat(box.path, &info), 0);
    ck_assert_int_eq(info.st_size, (off_t)PM_BOX_SIZE);
}
END_TEST

START_TEST(a_person_reads_it_without_a_tool)
{
    size_t length;

    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, 1, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    char *bytes = read_file(box.path, &length);
    ck_assert_uint_eq(length, PM_BOX_SIZE);
    ck_assert_int_eq(memcmp(bytes, "pausemon black box 1\n", 21), 0);
    ck_assert_str_eq(bytes + 56, "boot-one");
    char *line = bytes + PM_BOX_FIRST + PM_BOX_HEAD;
    ck_assert_int_eq(strncmp(line, "{\"tier\":1,\"lost\":0,\"sample\":{", 29), 0);
    ck_assert_int_eq(strncmp(line + 28, box.told[0].bytes, box.told[0].length), 0);
    ck_assert_str_eq(line + 28 + box.told[0].length, "}\n");
    free(bytes);
}
END_TEST

START_TEST(what_the_heartbeat_felt_is_told)
{
    struct pausemon_heartbeat *heartbeat;
    struct pausemon_heartbeat_info info = {.size = sizeof info};

    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(pausemon_heartbeat_start(&heartbeat, box.monitor, NULL, NULL, NULL), 0);
    for (int i = 0; i < 6000 && info.beats < 2; i++) {
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        pausemon_heartbeat_get_info(heartbeat, &info);
    }
    pausemon_heartbeat_stop(heartbeat);
    atomic_store(&box.monitor->pulse->late_count, 3);
    atomic_store(&box.monitor->pulse->worst_ns, 1234567890);
    box_look(&box, 1, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    ck_assert_int_eq(box_read(&box, ""), 1);
    ck_assert_uint_ge(box.info.beats, 2);
    ck_assert_uint_eq(box.info.late_beats, 3);
    ck_assert_uint_eq(box.info.worst_beat_ns, 1234000000);
}
END_TEST

START_TEST(samples_that_find_no_room_are_counted_and_none_allocates)
{
    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, 7, 2);
    ck_assert_int_eq(box_flush(&box), 2);
    pausemon_monitor_unsubscribe(box.monitor, 1); /* the test's own allocates, of its own */
    long allocations = box.harness.allocations;
    box_look(&box, 7, PM_BOX_SLOTS + 5);
    ck_assert_int_eq(box.harness.allocations, allocations);
    ck_assert_int_eq(box_flush(&box), PM_BOX_SLOTS);
    box_look(&box, 7, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    ck_assert_int_eq(box.harness.allocations, allocations);
    struct pausemon_blackbox_info info = {.size = sizeof info};
    ck_assert_int_eq(pm_blackbox_read(box.path, "boot-one", &info, NULL, NULL, NULL, NULL),
                     2 + PM_BOX_SLOTS + 1);
    ck_assert_uint_eq(info.lost, 5);
}
END_TEST

static atomic_bool is_over;

static void *flush_on(void *argument)
{
    struct pausemon_blackbox *blackbox = argument;
    int *written = calloc(1, sizeof *written);

    while (!atomic_load(&is_over) || pm_spsc_count(&blackbox->ring) > 0)
        *written += pausemon_blackbox_flush(blackbox, NULL);
    return written;
}

START_TEST(one_thread_dispatches_and_another_flushes)
{
    pthread_t flusher;
    void *written;

    ck_assert_int_eq(box_open(&box), 0);
    atomic_store(&is_over, false);
    ck_assert_int_eq(pthread_create(&flusher, NULL, flush_on, box.blackbox), 0);
    for (size_t i = 0; i < 300; i++) {
        while (pm_spsc_count(&box.blackbox->ring) == PM_BOX_SLOTS)
            sched_yield();
        box_look(&box, 1 + i % BOX_ROWS, 1);
    }
    atomic_store(&is_over, true);
    pthread_join(flusher, &written);
    ck_assert_int_eq(*(int *)written, 300);
    free(written);
    ck_assert_int_gt(box_read(&box, ""), 10);
    ck_assert_uint_eq(box.first + box.read_count, 300);
    ck_assert_uint_eq(box.info.lost + box.info.torn, 0);
}
END_TEST

START_TEST(the_monitor_may_go_first)
{
    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, 3, 2);
    pausemon_monitor_free(box.monitor);
    box.monitor = NULL;
    ck_assert_int_eq(pausemon_blackbox_finish(box.blackbox, NULL), 2);
    ck_assert_int_eq(box_read(&box, ""), 2);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_CLEAN);
}
END_TEST

static int stop(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    (void)sample;
    (void)tier;
    return ++*(int *)user == 2 ? PAUSEMON_ERR_BUSY : 0;
}

START_TEST(a_reader_may_stop_and_may_be_older_or_newer_than_the_library)
{
    struct {
        struct pausemon_blackbox_info info;
        uint64_t more;
    } newer = {.info.size = sizeof newer, .more = 42};
    struct pausemon_error error;
    int count = 0;

    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, 3, 4);
    ck_assert_int_eq(box_flush(&box), 4);
    ck_assert_int_eq(
        pausemon_blackbox_read(box.path, &newer.info, stop, &count, &box.harness.host, &error),
        PAUSEMON_ERR_BUSY);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_BUSY);
    ck_assert_int_eq(pausemon_blackbox_read(box.path, &newer.info, NULL, NULL, NULL, NULL), 4);
    ck_assert_uint_eq(newer.info.size, sizeof newer);
    ck_assert_uint_eq(newer.more, 42);
    newer.info.size = sizeof newer.info - 8;
    ck_assert_int_eq(pausemon_blackbox_read(box.path, &newer.info, NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
}
END_TEST

START_TEST(missing_arguments_are_refused)
{
    struct pausemon_blackbox *made = (void *)1;
    struct pausemon_blackbox_options small = {8, -1};
    struct pausemon_blackbox_info info = {.size = sizeof info}, tiny = {.size = 16};
    const int invalid = PAUSEMON_ERR_INVALID;

    ck_assert_int_eq(pausemon_blackbox_open(NULL, box.path, NULL, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_open(&made, NULL, NULL, NULL, NULL, NULL), invalid);
    ck_assert_ptr_null(made);
    ck_assert_int_eq(pausemon_blackbox_open(&made, box.path, &small, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_open(&made, box.path, NULL, &tiny, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_open(&made, "", NULL, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_open(&made, "/tmp/..", NULL, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_open(&made, "/nowhere/box", NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pausemon_blackbox_read(NULL, &info, NULL, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_read(box.path, NULL, NULL, NULL, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_read(box.path, &info, NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pausemon_blackbox_flush(NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_finish(NULL, NULL), invalid);
    pausemon_blackbox_free(NULL);
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(pausemon_blackbox_attach(NULL, box.monitor, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_attach(box.blackbox, NULL, NULL), invalid);
    ck_assert_int_eq(pausemon_blackbox_attach(box.blackbox, box.monitor, NULL), invalid);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    struct pausemon_blackbox_info info = {.size = sizeof info};
    int status = -1;

    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, BOX_ROWS, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    box_close(&box);
    box.boot_id = "boot-two";
    long live = box.harness.live, tries = 0;
    for (long i = 1; status < 0; i++, tries++) {
        box.harness.fail_at = i;
        status = pm_blackbox_read(box.path, "", &info, NULL, NULL, &box.harness.host, NULL);
        ck_assert(status == PAUSEMON_ERR_NOMEM || status == 1);
        ck_assert_int_eq(box.harness.live, live);
    }
    ck_assert_int_ge(tries, 4); /* the file, two samples; then it succeeds */
    status = -1;
    for (long i = 1; status < 0; i++) {
        box.harness.fail_at = i;
        status = pm_blackbox_open(&box.blackbox, box.path, NULL, "boot-two", NULL,
                                  &box.harness.host, NULL);
        ck_assert(status == PAUSEMON_ERR_NOMEM || status == 0);
        ck_assert_int_eq(box.harness.live, live + (status == 0));
        ck_assert(status == 0 || !box_is_there(&box, ".last"));
    }
    box.harness.fail_at = 0;
    ck_assert(box_is_there(&box, ".last") && !box_is_there(&box, ".new"));
}
END_TEST

/* ---- which file is kept ---- */

static void write_one(void)
{
    ck_assert_int_eq(box_open(&box), 0);
    box_look(&box, 7, 3);
    ck_assert_int_eq(box_flush(&box), 3);
}

START_TEST(of_a_boot_that_ended_without_shutdown_it_is_kept)
{
    write_one();
    box_close(&box);
    box.boot_id = "boot-two";
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end, PAUSEMON_BLACKBOX_HARD);
    ck_assert_uint_eq(box.before.samples, 3);
    ck_assert_str_eq(box.before.boot_id, "boot-one");
    ck_assert_int_eq(box.before.last_ns, box.harness.now.realtime_ns);
    ck_assert_int_eq(box_read(&box, ".last"), 3);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_HARD);
    ck_assert_int_eq(box_read(&box, ""), 0);
    ck_assert_int_eq(box.info.last_ns, 0);
    /* Another one in place of the older. */
    box_look(&box, 1, 1);
    ck_assert_int_eq(box_flush(&box), 1);
    box_close(&box);
    box.boot_id = "boot-three";
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(box_read(&box, ".last"), 1);
    ck_assert_str_eq(box.info.boot_id, "boot-two");
    /* Not one that holds nothing: its boot ended before the first look. */
    box_close(&box);
    box.boot_id = "boot-four";
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end, PAUSEMON_BLACKBOX_HARD);
    ck_assert_uint_eq(box.before.samples, 0);
    ck_assert_int_eq(box_read(&box, ".last"), 1);
    ck_assert_str_eq(box.info.boot_id, "boot-two");
}
END_TEST

START_TEST(an_end_in_good_order_or_a_kill_in_this_boot_is_replaced)
{
    write_one();
    box_look(&box, 2, 1);
    ck_assert_int_eq(pausemon_blackbox_finish(box.blackbox, NULL), 1);
    ck_assert_int_eq(box_read(&box, ""), 4);
    ck_assert_uint_eq(box.info.end, PAUSEMON_BLACKBOX_CLEAN);
    box_close(&box);
    box.boot_id = "boot-two";
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end, PAUSEMON_BLACKBOX_CLEAN);
    ck_assert_uint_eq(box.before.samples, 4);
    box_close(&box); /* killed */
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end, PAUSEMON_BLACKBOX_RUNS);
    ck_assert_uint_eq(box.before.samples, 0);
    box_close(&box);
    box.boot_id = ""; /* not known: nothing is claimed */
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_uint_eq(box.before.end, PAUSEMON_BLACKBOX_RUNS);
    ck_assert(!box_is_there(&box, ".last") && !box_is_there(&box, ".damaged"));
    ck_assert_str_eq(box.harness.log, "");
}
END_TEST

START_TEST(what_is_no_black_box_is_moved_aside_and_said)
{
    for (int i = 0; i < 2; i++) {
        char text[2][16] = {"my diary", ""};
        box_put_file(&box, "", text[i], strlen(text[i]));
        ck_assert_int_eq(box_read(&box, ""), PAUSEMON_ERR_FORMAT);
        ck_assert_int_eq(box_open(&box), 0);
        ck_assert_uint_eq(box.before.end + box.before.samples, 0);
        size_t length;
        char *kept = read_file(box_file(&box, ".damaged"), &length);
        ck_assert_str_eq(kept, text[i]);
        free(kept);
        ck_assert_ptr_nonnull(strstr(box.harness.log, "E: black box: moved to box.damaged"));
        ck_assert_int_eq(box_read(&box, ""), 0);
        box_close(&box);
    }
}
END_TEST

START_TEST(nothing_is_opened_through_a_symbolic_link)
{
    static const char *const links[] = {"", ".last"};
    size_t length;

    box_put_file(&box, ".target", "precious", 8);
    for (size_t i = 0; i < 2; i++) {
        char link[256];
        snprintf(link, sizeof link, "%s", box_file(&box, links[i]));
        ck_assert_int_eq(symlink("box.target", link), 0);
        ck_assert_int_eq(box_read(&box, links[i]), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(box_open(&box), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(unlink(link), 0);
        ck_assert_int_eq(mkdir(link, 0700), 0);
        ck_assert_int_eq(box_open(&box), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(rmdir(link), 0);
        ck_assert_int_eq(mkfifo(link, 0600), 0);
        ck_assert_int_eq(box_read(&box, links[i]), PAUSEMON_ERR_FORMAT); /* and does not wait */
        ck_assert_int_eq(box_open(&box), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(unlink(link), 0);
    }
    /* Those it would rename over, or begin with, are taken away, not followed. */
    ck_assert_int_eq(symlink("box.target", box_file(&box, ".new")), 0);
    ck_assert_int_eq(symlink("box.target", box_file(&box, ".damaged")), 0);
    box_put_file(&box, "", "diary", 5);
    ck_assert_int_eq(box_open(&box), 0);
    char *kept = read_file(box_file(&box, ".target"), &length);
    ck_assert_str_eq(kept, "precious");
    free(kept);
}
END_TEST

START_TEST(it_is_for_its_owner_alone_or_for_a_group_to_read)
{
    mode_t mask = umask(0);
    struct stat info;

    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(stat(box.path, &info), 0);
    ck_assert_uint_eq(info.st_mode, S_IFREG | 0600);
    box_close(&box);
    umask(077);
    box.options.group = getegid();
    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(stat(box.path, &info), 0);
    ck_assert_uint_eq(info.st_mode, S_IFREG | 0640);
    ck_assert_uint_eq(info.st_gid, getegid());
    umask(mask);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blackbox");
    TCase *trip = tcase_create("round trip"), *files = tcase_create("files");

    tcase_add_checked_fixture(trip, setup, teardown);
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_add_test(trip, what_is_written_is_read_with_hostile_names_and_64_rogues);
    tcase_add_test(trip, the_ring_wraps_many_times_and_the_newest_are_there);
    tcase_add_test(trip, a_person_reads_it_without_a_tool);
    tcase_add_test(trip, what_the_heartbeat_felt_is_told);
    tcase_add_test(trip, samples_that_find_no_room_are_counted_and_none_allocates);
    tcase_add_test(trip, one_thread_dispatches_and_another_flushes);
    tcase_add_test(trip, the_monitor_may_go_first);
    tcase_add_test(trip, a_reader_may_stop_and_may_be_older_or_newer_than_the_library);
    tcase_add_test(trip, missing_arguments_are_refused);
    tcase_add_test(trip, without_memory_nothing_is_left_behind);
    tcase_add_test(files, of_a_boot_that_ended_without_shutdown_it_is_kept);
    tcase_add_test(files, an_end_in_good_order_or_a_kill_in_this_boot_is_replaced);
    tcase_add_test(files, what_is_no_black_box_is_moved_aside_and_said);
    tcase_add_test(files, nothing_is_opened_through_a_symbolic_link);
    tcase_add_test(files, it_is_for_its_owner_alone_or_for_a_group_to_read);
    suite_add_tcase(suite, trip);
    suite_add_tcase(suite, files);
    return harness_run(suite);
}
