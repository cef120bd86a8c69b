/* SPDX-License-Identifier: MIT */
/* Captures as directories and files: rights, names, links, full disks. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "captures.h"

static struct captures captures;

static void setup(void)
{
    captures_init(&captures);
    captures_tool(&captures, "/usr/bin/journalctl", "echo a line\n");
}

static void teardown(void)
{
    captures_end(&captures);
}

static int capture(void)
{
    pausemon_forensics_request(captures.forensics);
    return captures_run(&captures);
}

/* ---- rights ---- */

static void check_rights(const char *path, mode_t mode, int64_t group)
{
    struct stat info;

    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert_msg((info.st_mode & 07777) == mode, "%s: %o", path, info.st_mode & 07777);
    if (group >= 0)
        ck_assert_int_eq(info.st_gid, group);
}

static void check_all_rights(mode_t directory, mode_t file, int64_t group)
{
    const char *name = captures_name(&captures, 0);
    char path[256];
    const struct dirent *entry;
    int files = 0;

    check_rights(captures.events, directory, group);
    snprintf(path, sizeof path, "%s/%s", captures.events, name);
    check_rights(path, directory, group);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            check_rights(captures_path(&captures, name, entry->d_name), file, group);
            files++;
        }
    closedir(dir);
    ck_assert_int_ge(files, 5);
}

static void check_with_umask(mode_t mask)
{
    mode_t before = umask(mask);

    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    int status = captures_run(&captures);
    umask(before);
    ck_assert_int_eq(status, 1);
}

START_TEST(whatever_the_umask_all_is_its_owners_alone)
{
    check_with_umask(_i ? 077 : 0);
    check_all_rights(0700, 0600, -1);
}
END_TEST

START_TEST(a_group_may_read)
{
    captures.options.group = getegid();
    check_with_umask(_i ? 0177 : 0);
    check_all_rights(0750, 0640, getegid());
}
END_TEST

/* ---- links ---- */

START_TEST(a_link_in_the_place_of_events_is_refused)
{
    char other[128];

    snprintf(other, sizeof other, "%s/other", captures.directory);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    ck_assert_int_eq(symlink(other, captures.events), 0);
    ck_assert_int_eq(pausemon_forensics_new(&captures.forensics, captures.events, NULL, NULL,
                                            &captures.stage.harness.host, &captures.error),
                     PAUSEMON_ERR_DENIED);
    ck_assert_ptr_null(captures.forensics);
    ck_assert_ptr_nonnull(strstr(captures.error.text, "symbolic link"));
    ck_assert_int_eq(unlink(captures.events), 0);
    captures_open(&captures);
    ck_assert_int_eq(rmdir(captures.events), 0);
    ck_assert_int_eq(symlink(other, captures.events), 0); /* while it runs */
    ck_assert_int_eq(capture(), PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(captures_count(&captures), 0); /* of what the link leads to */
}
END_TEST

START_TEST(a_link_in_the_place_of_a_name_is_passed_by)
{
    char other[128], name[128];

    captures_open(&captures);
    snprintf(other, sizeof other, "%s/other", captures.directory);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(name, sizeof name, "%s/2026-01-23_12-00-01", captures.events);
    ck_assert_int_eq(symlink(other, name), 0);
    ck_assert_int_eq(capture(), 1);
    ck_assert_str_eq(captures.told[0].name, "2026-01-23_12-00-01_2");
    ck_assert_int_eq(rmdir(other), 0); /* it is empty */
}
END_TEST

START_TEST(a_link_in_the_place_of_the_metadata_is_not_written_through)
{
    char other[128], path[256];

    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    snprintf(other, sizeof other, "%s/other", captures.directory);
    static const char *const names[] = {"metadata.json", "metadata.json.new"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s",
                 captures_path(&captures, captures_name(&captures, 0), names[i]));
        unlink(path);
        ck_assert_int_eq(symlink(other, path), 0);
    }
    captures_calm(&captures, 5);
    captures_freeze(&captures, 3000);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_ne(access(other, F_OK), 0);
    json_t *metadata = captures_json(&captures, captures_name(&captures, 0), "metadata.json");
    ck_assert_uint_eq(json_array_size(json_object_get(metadata, "merged")), 1);
    json_decref(metadata);
}
END_TEST

START_TEST(a_parent_may_be_a_link_and_slashes_may_follow)
{
    char link[128], events[160];

    snprintf(link, sizeof link, "%s/link", captures.directory);
    ck_assert_int_eq(symlink(captures.directory, link), 0);
    snprintf(events, sizeof events, "%s/events//", link);
    ck_assert_int_eq(pausemon_forensics_new(&captures.forensics, events, NULL, NULL,
                                            &captures.stage.harness.host, &captures.error),
                     0);
    ck_assert_str_eq(captures.forensics->place, captures.events);
    check_rights(captures.events, 0700, -1);
}
END_TEST

/* ---- names ---- */

START_TEST(names_are_counted_within_a_second_and_when_all_are_taken_that_is_said)
{
    char path[256];

    captures_open(&captures);
    ck_assert_int_eq(capture(), 1);
    for (int n = 2; n <= 1000; n++) {
        snprintf(path, sizeof path, "%s/2026-01-23_12-00-01_%d", captures.events, n);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    ck_assert_int_lt(capture(), 0);
    harness_tick(&captures.stage.harness, SECOND);
    ck_assert_int_eq(capture(), 1);
    ck_assert_str_eq(captures.told[captures.told_count - 1].name, "2026-01-23_12-00-02");
}
END_TEST

START_TEST(what_was_removed_meanwhile_is_made_again_or_left_alone)
{
    char command[256];

    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    snprintf(command, sizeof command, "rm -r %s", captures.events);
    ck_assert_int_eq(system(command), 0);
    captures_calm(&captures, 5);
    captures_freeze(&captures, 3000); /* would be merged */
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures_count(&captures), 0);
    ck_assert(!captures.forensics->capture.is_dirty);
    ck_assert_int_eq(capture(), 1);
    ck_assert_int_eq(captures_count(&captures), 1);
}
END_TEST

/* ---- disks ---- */

static uint64_t little_room(int fd)
{
    (void)fd;
    return (UINT64_C(256) << 20) - 1;
}

static int count_lines(const char *part)
{
    int count = 0;

    for (const char *at = captures.stage.harness.log; (at = strstr(at, part)); at++)
        count++;
    return count;
}

START_TEST(with_little_room_there_is_none_and_that_is_said_once)
{
    captures_open(&captures);
    captures.forensics->room = little_room;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(capture(), PAUSEMON_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(captures.error.text, "255 MiB free, 256 are needed"));
    ck_assert_int_eq(captures_count(&captures), 0);
    ck_assert_int_eq(count_lines("no capture is made"), 1);
    captures.forensics->room = pm_tree_room;
    ck_assert_int_eq(capture(), 1);
    captures.forensics->room = little_room;
    ck_assert_int_eq(capture(), PAUSEMON_ERR_LIMIT);
    ck_assert_int_eq(count_lines("no capture is made"), 2);
    ck_assert_uint_eq(captures.told_count, 2);
}
END_TEST

/* A limit on the size of files stands for a disk that is full: writing fails in the middle. */
START_TEST(where_nothing_removes_captures_there_is_an_end_of_them)
{
    static char bytes[1 << 20];
    char path[256];

    captures_attach(&captures);
    captures_set(&captures, "retention.max_forensics_mb", "8");
    memset(bytes, 'x', sizeof bytes);
    snprintf(path, sizeof path, "%s/kept", captures.events);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    for (int i = 0; i < 17; i++)
        ck_assert_int_eq(write(fd, bytes, sizeof bytes), (ssize_t)sizeof bytes);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), PAUSEMON_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(captures.error.text, "it holds 17 MiB"));
    ck_assert_int_eq(captures_count(&captures), 1); /* that file */
    ck_assert_int_eq(ftruncate(fd, sizeof bytes), 0);
    close(fd);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
}
END_TEST

START_TEST(a_disk_that_fills_is_said_and_what_was_written_stays)
{
    struct rlimit before, small;

    captures_attach(&captures);
    for (int i = 0; i < 20; i++)
        captures_freeze(&captures, 300); /* a ring that is more than the limit */
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 6000;
    signal(SIGXFSZ, SIG_IGN);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = captures_run(&captures);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(status, 1);
    const char *name = captures_name(&captures, 0);
    json_t *metadata = captures_json(&captures, name, "metadata.json");
    ck_assert_ptr_nonnull(strstr(captures_error(metadata, "ring_buffer.json"), "File too large"));
    ck_assert_int_gt(captures_bytes(metadata, "ring_buffer.json"), 0);
    ck_assert(captures_has(&captures, name, "ring_buffer.json"));
    ck_assert_str_eq(captures_error(metadata, "processes.json"), "");
    json_decref(metadata);
}
END_TEST

START_TEST(metadata_that_cannot_be_completed_is_completed_later)
{
    struct rlimit before, small;

    captures_open(&captures);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = capture(), again = captures_run(&captures);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(again, 0);
    ck_assert_int_eq(count_lines("metadata.json cannot be written"), 1);
    ck_assert_uint_eq(captures.told_count, 1);
    ck_assert_uint_eq(captures.told[0].complete, 0);
    const char *name = captures_name(&captures, 0);
    ck_assert(!captures_has(&captures, name, "metadata.json"));
    ck_assert(!captures_has(&captures, name, "metadata.json.new"));
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_uint_eq(captures.told_count, 2);
    ck_assert_uint_eq(captures.told[1].complete, 1);
    ck_assert(captures_has(&captures, name, "metadata.json"));
}
END_TEST

START_TEST(no_descriptor_is_left_open)
{
    captures_attach(&captures);
    ck_assert_int_eq(capture(), 1);
    int before = count_fds();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(capture(), 1);
    captures.forensics->room = little_room;
    ck_assert_int_lt(capture(), 0);
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics_files");
    TCase *all = tcase_create("files");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, whatever_the_umask_all_is_its_owners_alone, 0, 2);
    tcase_add_loop_test(all, a_group_may_read, 0, 2);
    tcase_add_test(all, a_link_in_the_place_of_events_is_refused);
    tcase_add_test(all, a_link_in_the_place_of_a_name_is_passed_by);
    tcase_add_test(all, a_link_in_the_place_of_the_metadata_is_not_written_through);
    tcase_add_test(all, a_parent_may_be_a_link_and_slashes_may_follow);
    tcase_add_test(all, names_are_counted_within_a_second_and_when_all_are_taken_that_is_said);
    tcase_add_test(all, what_was_removed_meanwhile_is_made_again_or_left_alone);
    tcase_add_test(all, with_little_room_there_is_none_and_that_is_said_once);
    tcase_add_test(all, where_nothing_removes_captures_there_is_an_end_of_them);
    tcase_add_test(all, a_disk_that_fills_is_said_and_what_was_written_stays);
    tcase_add_test(all, metadata_that_cannot_be_completed_is_completed_later);
    tcase_add_test(all, no_descriptor_is_left_open);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
