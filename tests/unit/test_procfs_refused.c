/* SPDX-License-Identifier: MIT */

/* The procfs source over fake trees of which something cannot be read: files of a process, the
 * whole root. What could not be read is unknown, never 0, and counted; errors name the thing. */

#include "fakesuite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void put_three(void)
{
    for (int64_t pid = 10; pid <= 30; pid += 10) {
        struct fake_process process = fakeproc_ordinary(pid);
        fakeproc_put(&fake, &process);
    }
}

/* ---- Files of a process that are missing, refused or odd ---- */

/* 10, 20 and 30, looked at once. */
static void open_three(struct watch *watch)
{
    put_three();
    watch_open(watch, fake.spec);
    ck_assert_uint_eq(watch_after(watch, 0)->process_count, 3);
    ck_assert_uint_eq(watch->info->unreadable, 0);
}

START_TEST(io_that_cannot_be_read_is_unknown_and_counted)
{
    struct watch watch;

    open_three(&watch);
    for (int as_directory = 0; as_directory < 2; as_directory++) {
        fakeproc_remove(&fake, "20/io");
        if (as_directory)
            fakeproc_mkdir(&fake, "20/io"); /* root too gets EISDIR from it */
        ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 1);
        UNKNOWN(watch_get(&watch, 20), SYSBSD, sysbsd);
        UNKNOWN(watch_get(&watch, 20), IO_BYTES, io_bytes);
        KNOWN(watch_get(&watch, 20), CSW, csw, 0);
        KNOWN(watch_get(&watch, 20), CPU, cpu, 0);
        KNOWN(watch_get(&watch, 30), SYSBSD, sysbsd, 0);
        if (as_directory)
            fakeproc_remove(&fake, "20/io");
        put_three();
        ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
        UNKNOWN(watch_get(&watch, 20), SYSBSD, sysbsd); /* one look makes no rate */
        watch_after(&watch, SECOND);
        KNOWN(watch_get(&watch, 20), SYSBSD, sysbsd, 0);
    }
    watch_close(&watch);
}
END_TEST

/* Returns the number of the first thing that is wrong, 0 for none. */
static int look_at_refused_io(void *user)
{
    struct watch watch;
    int wrong = 0;

    (void)user;
    watch_init(&watch);
    if (watch_start(&watch, fake.spec, NULL) != 0)
        return 1;
    for (int look = 0; look < 2 && wrong == 0; look++) {
        harness_tick(&watch.harness, SECOND);
        if (watch_look(&watch) != 0)
            wrong = 2;
        else if (watch.info->unreadable != 1 || watch.info->process_count != 3)
            wrong = 3;
    }
    const struct pausemon_process *refused = wrong ? NULL : watch_find(&watch, 20);
    const struct pausemon_process *other = wrong ? NULL : watch_find(&watch, 30);
    if (wrong == 0 && (!refused || !other))
        wrong = 4;
    else if (refused && refused->have & (PAUSEMON_HAVE_SYSBSD | PAUSEMON_HAVE_IO_BYTES))
        wrong = 5;
    else if (refused && (refused->have & PAUSEMON_HAVE_CPU) == 0)
        wrong = 6;
    else if (other && (other->have & PAUSEMON_HAVE_SYSBSD) == 0)
        wrong = 7;
    watch_stop(&watch);
    return watch.harness.live != 0 ? 8 : wrong;
}

START_TEST(io_that_is_refused_is_unknown_and_counted)
{
    char path[PATH_MAX];

    put_three();
    fakeproc_path(&fake, "20/io", path);
    ck_assert_int_eq(chmod(path, 0), 0);
    ck_assert_int_eq(run_as_nobody(look_at_refused_io, NULL), 0);
}
END_TEST

START_TEST(fields_that_io_lacks_are_unknown_and_the_others_known)
{
    static const struct {
        const char *text;
        bool calls, bytes;
    } cases[] = {
        {"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\n", true, false},
        {"rchar: 1\nread_bytes: 3\nwrite_bytes: 4\n", false, true},
        {"syscr: 3\nread_bytes: 3\n", false, false},
        {"syscw: 3\nwrite_bytes: 3\n", false, false},
        {"rchar: 1\ncancelled_write_bytes: 5\n", false, false},
        {"syscr: 18446744073709551616\nsyscw: 4\nread_bytes: 1\nwrite_bytes: 1\n", false, true},
        {"syscr: -3\nsyscw: 4\nread_bytes: 1\nwrite_bytes: x\n", false, false},
        {"", false, false},
        {"garbage", false, false}};
    struct watch watch;

    open_three(&watch);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fakeproc_write(&fake, "20/io", cases[i].text);
        watch_after(&watch, SECOND);
        watch_after(&watch, SECOND);
        const struct pausemon_process *seen = watch_get(&watch, 20);
        ck_assert_msg(!(seen->have & PAUSEMON_HAVE_SYSBSD) == !cases[i].calls, "%s", cases[i].text);
        ck_assert_msg(!(seen->have & PAUSEMON_HAVE_IO_BYTES) == !cases[i].bytes, "%s",
                      cases[i].text);
        ck_assert_uint_eq(seen->sysbsd + seen->io_bytes, 0);
        KNOWN(seen, CSW, csw, 0);
    }
    watch_close(&watch);
}
END_TEST

START_TEST(schedstat_that_is_missing_or_odd_is_unknown)
{
    static const char *const texts[] = {NULL,
                                        "",
                                        "1\n",
                                        "1 2\n",
                                        "1 2 x\n",
                                        "a b c\n",
                                        "1 18446744073709551616 18446744073709551616\n",
                                        "1 -2 -3\n"};
    struct watch watch;

    put_three();
    fakeproc_remove(&fake, "20/task"); /* nowhere else to find it */
    watch_open(&watch, fake.spec);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i])
            fakeproc_write(&fake, "20/schedstat", texts[i]);
        else
            fakeproc_remove(&fake, "20/schedstat");
        watch_after(&watch, SECOND);
        watch_after(&watch, SECOND);
        UNKNOWN(watch_get(&watch, 20), CSW, csw);
        KNOWN(watch_get(&watch, 20), CPU, cpu, 0);
        KNOWN(watch_get(&watch, 20), SYSBSD, sysbsd, 0);
        KNOWN(watch_get(&watch, 30), CSW, csw, 0);
    }
    watch_close(&watch);
}
END_TEST

/* ---- The root ---- */

/* Opening fails, says so in every way it can, and leaves nothing. */
static struct pausemon_error fail_to_open(const char *spec)
{
    int descriptors = count_fds();
    struct watch watch;

    watch_init(&watch);
    watch.source = (struct pausemon_source *)&watch; /* anything but NULL */
    int result = pausemon_source_open(&watch.source, spec, &watch.harness.host, &watch.error);
    ck_assert_msg(result < 0, "%s was opened", spec);
    ck_assert_ptr_null(watch.source);
    ck_assert_int_eq(watch.error.status, result);
    ck_assert_int_eq(watch.harness.live, 0);
    ck_assert_int_eq(count_fds(), descriptors);
    return watch.error;
}

START_TEST(a_root_that_does_not_exist_is_named)
{
    char path[PATH_MAX], spec[PATH_MAX + 8];

    fakeproc_path(&fake, "no such place", path);
    snprintf(spec, sizeof spec, "procfs:%s", path);
    struct pausemon_error error = fail_to_open(spec);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(error.os_errno, ENOENT);
    ck_assert_msg(strstr(error.text, path) != NULL, "%s", error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
}
END_TEST

START_TEST(a_root_that_is_a_file_is_named)
{
    char path[PATH_MAX], spec[PATH_MAX + 8];

    fakeproc_path(&fake, "uptime", path);
    snprintf(spec, sizeof spec, "procfs:%s", path);
    struct pausemon_error error = fail_to_open(spec);
    ck_assert_msg(strstr(error.text, path) != NULL, "%s", error.text);
}
END_TEST

START_TEST(a_root_whose_name_is_too_long_is_an_error)
{
    char spec[3 * PATH_MAX];

    memset(spec, 'x', sizeof spec);
    memcpy(spec, "procfs:/", 8);
    spec[sizeof spec - 1] = '\0';
    struct pausemon_error error = fail_to_open(spec);
    ck_assert_uint_lt(strnlen(error.text, sizeof error.text), sizeof error.text);
}
END_TEST

START_TEST(a_root_with_control_bytes_is_named_in_one_clean_line)
{
    struct pausemon_error error = fail_to_open("procfs:/tmp/\x1b[2J\nno\xff place");

    ck_assert_ptr_null(strchr(error.text, '\n'));
    ck_assert_ptr_null(strchr(error.text, '\x1b'));
    ck_assert_ptr_null(strchr(error.text, '\xff'));
}
END_TEST

START_TEST(a_root_without_any_process_does_not_look_like_proc)
{
    struct watch watch;

    watch_open(&watch, fake.spec);
    for (int look = 0; look < 2; look++) {
        memset(&watch.error, 0, sizeof watch.error);
        ck_assert_int_eq(watch_look(&watch), PAUSEMON_ERR_NOT_FOUND);
        ck_assert_ptr_null(watch.sample);
        ck_assert_int_eq(watch.error.status, PAUSEMON_ERR_NOT_FOUND);
        ck_assert_msg(strstr(watch.error.text, fake.root) != NULL, "%s", watch.error.text);
        ck_assert_msg(strstr(watch.error.text, "does not look like") != NULL, "%s",
                      watch.error.text);
    }
    put_three(); /* the failure was of those looks only */
    ck_assert_uint_eq(watch_after(&watch, SECOND)->process_count, 3);
    watch_close(&watch);
}
END_TEST

START_TEST(a_root_that_loses_all_its_processes_fails_that_look)
{
    struct watch watch;

    open_three(&watch);
    fakeproc_remove(&fake, "10");
    fakeproc_remove(&fake, "20");
    fakeproc_remove(&fake, "30");
    ck_assert_int_eq(watch_look(&watch), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_ptr_null(watch.sample);
    put_three();
    ck_assert_uint_eq(watch_after(&watch, SECOND)->process_count, 3);
    watch_close(&watch);
}
END_TEST

START_TEST(a_root_that_is_taken_away_fails_and_does_not_crash)
{
    struct watch watch;

    open_three(&watch);
    fakeproc_close(&fake);
    ck_assert_int_lt(watch_look(&watch), 0);
    ck_assert_ptr_null(watch.sample);
    watch_close(&watch);
}
END_TEST

static int open_refused_root(void *user)
{
    struct watch watch;

    (void)user;
    watch_init(&watch);
    int result = watch_start(&watch, fake.spec, NULL);
    if (result == 0)
        result = watch_look(&watch);
    bool named = strstr(watch.error.text, fake.root) != NULL;
    watch_stop(&watch);
    if (watch.harness.live != 0)
        return 1;
    if (result != PAUSEMON_ERR_DENIED)
        return 2;
    return named ? 0 : 3;
}

START_TEST(a_root_that_is_refused_is_denied_and_named)
{
    put_three();
    ck_assert_int_eq(chmod(fake.root, 0), 0);
    int wrong = run_as_nobody(open_refused_root, NULL);
    ck_assert_int_eq(chmod(fake.root, 0755), 0);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("procfs refused");
    TCase *refused = tcase_create("refused");

    tcase_add_unchecked_fixture(refused, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(refused, fakeproc_empty, NULL);
    tcase_set_timeout(refused, 20);
    tcase_add_test(refused, io_that_cannot_be_read_is_unknown_and_counted);
    tcase_add_test(refused, io_that_is_refused_is_unknown_and_counted);
    tcase_add_test(refused, fields_that_io_lacks_are_unknown_and_the_others_known);
    tcase_add_test(refused, schedstat_that_is_missing_or_odd_is_unknown);
    tcase_add_test(refused, a_root_that_does_not_exist_is_named);
    tcase_add_test(refused, a_root_that_is_a_file_is_named);
    tcase_add_test(refused, a_root_whose_name_is_too_long_is_an_error);
    tcase_add_test(refused, a_root_with_control_bytes_is_named_in_one_clean_line);
    tcase_add_test(refused, a_root_without_any_process_does_not_look_like_proc);
    tcase_add_test(refused, a_root_that_loses_all_its_processes_fails_that_look);
    tcase_add_test(refused, a_root_that_is_taken_away_fails_and_does_not_crash);
    tcase_add_test(refused, a_root_that_is_refused_is_denied_and_named);
    suite_add_tcase(suite, refused);
    return suite;
}

int main(void)
{
    return harness_run(make_suite());
}
