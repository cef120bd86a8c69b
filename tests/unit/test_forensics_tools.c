/* SPDX-License-Identifier: MIT */
/* The tools of both tables, by stand-ins that behave badly; and what is read in their place. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "captures.h"

static struct captures captures;
static json_t *metadata;
static char name[64];

static void setup(void)
{
    captures_init(&captures);
    metadata = NULL;
}

static void teardown(void)
{
    json_decref(metadata);
    captures_end(&captures);
}

static void capture_now(void)
{
    ck_assert_int_eq(captures_run(&captures), 1);
    snprintf(name, sizeof name, "%s", captures_name(&captures, captures_count(&captures) - 1));
    json_decref(metadata);
    metadata = captures_json(&captures, name, "metadata.json");
    ck_assert(json_is_true(json_object_get(metadata, "complete")));
}

/* A freeze, captured. */
static void capture(void)
{
    captures_freeze(&captures, 2500);
    capture_now();
}

static void check_text(const char *file, const char *expected)
{
    char *text = captures_text(&captures, name, file);

    ck_assert_str_eq(text, expected);
    free(text);
}

static void check_holds(const char *file, const char *part)
{
    char *text = captures_text(&captures, name, file);

    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text);
    free(text);
}

/* ---- Linux ---- */

START_TEST(the_journal_is_asked_for_the_window_and_its_text_is_cleaned)
{
    captures_tool(&captures, "/usr/bin/journalctl", "echo \"$@\"; printf 'a\\033[2Jb\\n'\n");
    captures_attach(&captures);
    capture();
    /* The pause began at 12:00:03.123, and was told at 12:00:05.623. */
    check_text("system.log", "-o short-iso-precise --since=@1769198343 --until=@1769198406 "
                             "--no-pager -q\na?[2Jb\n");
    ck_assert_str_eq(captures_error(metadata, "system.log"), "");
}
END_TEST

START_TEST(the_time_that_is_set_back_and_a_suspend_before_the_run_change_nothing)
{
    struct pausemon_instant *now = &captures.stage.harness.now;

    captures_tool(&captures, "/usr/bin/journalctl", "echo \"$@\"\n");
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    now->monotonic_ns += 10 * SECOND;
    now->boottime_ns += 70 * SECOND;
    now->realtime_ns += (70 - 3600) * SECOND;
    capture_now();
    ck_assert_str_eq(name, "2026-01-23_12-00-05");
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "begun")),
                     "2026-01-23T12:00:05.623456-08:00");
    check_text("system.log", "-o short-iso-precise --since=@1769198343 --until=@1769198476 "
                             "--no-pager -q\n");
}
END_TEST

START_TEST(without_journalctl_the_kernels_own_log_is_read_from_the_window_on)
{
    captures_file(&captures, "/dev/kmsg",
                  "6,1,1000000,-;from the start of the machine\n"
                  "4,2,990000000,-;\x1b[31mred\n SUBSYSTEM=block\n"
                  "4,3,1003000000,c,caller=T1;out of memory\nnonsense\n4,4,1003000001,-;half");
    captures_attach(&captures);
    capture();
    check_text("system.log", "[  990.000000] ?[31mred\n[ 1003.000000] out of memory\n");
    ck_assert_str_eq(captures_error(metadata, "system.log"),
                     "/usr/bin/journalctl is not there; the kernel's own log is here in its place");
}
END_TEST

START_TEST(a_link_in_the_place_of_the_kernels_log_is_not_followed)
{
    char path[128], other[128];

    captures_file(&captures, "/dev/other", "4,3,1003000000,-;secret\n");
    snprintf(path, sizeof path, "%s/dev/kmsg", captures.root);
    snprintf(other, sizeof other, "%s/dev/other", captures.root);
    ck_assert_int_eq(symlink(other, path), 0);
    captures_attach(&captures);
    capture();
    ck_assert(!captures_has(&captures, name, "system.log"));
    ck_assert_ptr_nonnull(strstr(captures_error(metadata, "system.log"), "symbolic links"));
}
END_TEST

START_TEST(a_journal_that_tells_nothing_is_replaced_too_and_both_reasons_are_told)
{
    captures_tool(&captures, "/bin/journalctl", "echo 'no permission' >&2; exit 3\n");
    captures_attach(&captures);
    capture();
    ck_assert_str_eq(captures_error(metadata, "system.log"),
                     "exit status 3: no permission; /dev/kmsg: No such file or directory");
    ck_assert(!captures_has(&captures, name, "system.log"));
    ck_assert_int_eq(captures_bytes(metadata, "system.log"), 0);
}
END_TEST

START_TEST(a_window_in_which_nobody_told_anything_is_said)
{
    captures_tool(&captures, "/usr/bin/journalctl", "exit 0\n");
    captures_file(&captures, "/dev/kmsg", "6,1,1000000,-;from the start of the machine\n");
    captures_attach(&captures);
    capture();
    ck_assert_str_eq(captures_error(metadata, "system.log"),
                     "it told nothing; the kernel's own log told nothing either");
}
END_TEST

START_TEST(a_tool_that_hangs_is_ended_and_what_it_told_stays)
{
    captures_tool(&captures, "/usr/bin/journalctl", "echo first; exec sleep 100\n");
    captures_open(&captures);
    captures_set(&captures, "forensics.logs_timeout", "1");
    ck_assert_int_eq(pausemon_forensics_attach(captures.forensics, captures.stage.monitor, NULL),
                     0);
    capture();
    check_text("system.log", "first\n");
    ck_assert_str_eq(captures_error(metadata, "system.log"), "took longer than 1 s: ended");
    ck_assert_int_ge(captures.idle, 1); /* a storage may be flushed meanwhile */
}
END_TEST

START_TEST(a_tool_that_floods_is_cut)
{
    captures_tool(&captures, "/usr/bin/journalctl", "exec yes 0123456789abcdef0123456789abcde\n");
    captures_open(&captures);
    captures_set(&captures, "forensics.max_artifact_mb", "1");
    ck_assert_int_eq(pausemon_forensics_attach(captures.forensics, captures.stage.monitor, NULL),
                     0);
    capture();
    ck_assert_str_eq(captures_error(metadata, "system.log"), "cut at 1 MiB");
    ck_assert_int_eq(captures_bytes(metadata, "system.log"), 1 << 20);
}
END_TEST

START_TEST(a_tool_that_leaves_a_grandchild_with_its_output_is_not_waited_for)
{
    char pid[256];

    snprintf(pid, sizeof pid, "sleep 100 & echo $! >%s/pid; echo said\n", captures.directory);
    captures_tool(&captures, "/usr/bin/journalctl", pid);
    captures_attach(&captures);
    capture(); /* the default limit is 10 s: the test would be that slow */
    check_text("system.log", "said\n");
    ck_assert_str_eq(captures_error(metadata, "system.log"), "");
    json_t *all = json_object_get(metadata, "artifacts"), *one;
    size_t i;
    json_array_foreach(all, i, one)
        ck_assert_int_lt(json_integer_value(json_object_get(one, "ms")), 9000);
}
END_TEST

START_TEST(a_tool_that_is_no_program_is_said)
{
    captures_file(&captures, "/usr/bin/journalctl", "not to be run");
    captures_attach(&captures);
    capture();
    ck_assert_ptr_nonnull(strstr(captures_error(metadata, "system.log"), "is not executable"));
}
END_TEST

START_TEST(command_lines_are_read_by_a_program_of_those_that_matter_if_that_is_wanted)
{
    captures_tool(&captures, "/usr/bin/head", "for f; do echo \"$f\"; done; printf 'a\\0b\\n'\n");
    captures_attach(&captures);
    capture();
    ck_assert_str_eq(captures_error(metadata, "cmdlines.txt"), "forensics.cmdline is switched off");
    captures_set(&captures, "forensics.cmdline", "true");
    captures_calm(&captures, 40);
    capture();
    check_holds("cmdlines.txt", "-v\n-c\n4096\n--\n");
    check_holds("cmdlines.txt", "/proc/2/cmdline\n"); /* the hog, a culprit */
    check_holds("cmdlines.txt", "a b\n");
    char *text = captures_text(&captures, name, "cmdlines.txt");
    const char *first = strstr(text, "/proc/2/cmdline");
    ck_assert_ptr_null(strstr(first + 1, "/proc/2/cmdline")); /* a rogue as well */
    free(text);
}
END_TEST

/* ---- counters and tasks ---- */

static void put_vmstat(int faults)
{
    char text[64];

    snprintf(text, sizeof text, "pgmajfault %d\n", faults);
    captures_file(&captures, "/proc/vmstat", text);
}

START_TEST(counters_are_compared_with_the_newest_that_were_read_before_it_began)
{
    put_vmstat(100);
    captures_attach(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 10);
    put_vmstat(1100);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 9); /* not yet time for another */
    put_vmstat(2100);
    ck_assert_int_eq(captures_run(&captures), 0);
    put_vmstat(5100);
    capture();
    json_t *pressure = captures_json(&captures, name, "pressure.json");
    json_t *faults = json_object_get(json_object_get(pressure, "vmstat"), "pgmajfault");
    ck_assert_int_eq(json_integer_value(faults), 4000);
    ck_assert_int_eq(json_integer_value(json_object_get(pressure, "window_ms")), 9000 + 3500);
    json_decref(pressure);
}
END_TEST

START_TEST(counters_read_in_the_freeze_are_passed_over_for_those_before)
{
    put_vmstat(100);
    captures_attach(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    harness_tick(&captures.stage.harness, 11 * SECOND); /* run is first to wake */
    put_vmstat(300);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures.stage.rows[1].cpu_ns += 11 * SECOND;
    stage_grow(&captures.stage, PM_READ_RUN_DELAY, 11000);
    stage_feed(&captures.stage, 0);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *pressure = captures_json(&captures, captures_name(&captures, 0), "pressure.json");
    json_t *faults = json_object_get(json_object_get(pressure, "vmstat"), "pgmajfault");
    ck_assert_int_eq(json_integer_value(faults), 200);
    json_decref(pressure);
}
END_TEST

START_TEST(without_counters_from_before_there_is_nothing_to_compare)
{
    captures_attach(&captures);
    capture();
    ck_assert_str_eq(captures_error(metadata, "pressure.json"),
                     "no counters were read before it began: there is nothing to compare with");
}
END_TEST

START_TEST(stuck_tasks_are_told_at_onset_and_after)
{
    captures_file(&captures, "/proc/77/task/77/stat",
                  "77 (nfsd) D 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n");
    captures_file(&captures, "/proc/77/task/77/wchan", "nfs_wait");
    captures_attach(&captures);
    capture();
    check_holds("stuck.txt", "at onset: not known: no heartbeat");
    check_holds("stuck.txt", "\n\nafter:\npid 77");
    check_holds("stuck.txt", "nfsd");
    check_holds("stuck.txt", "nfs_wait");
}
END_TEST

/* ---- macOS ---- */

static void set_macos(void)
{
    captures.steps = &pm_steps_darwin;
    captures_tool(&captures, "/usr/sbin/spindump", "echo spin \"$@\"\n");
    captures_tool(&captures, "/usr/bin/tailspin", "umask 0; echo tail >\"$2\"; echo \"$1\"\n");
    captures_tool(&captures, "/usr/bin/log", "echo log \"$@\"\n");
    captures_open(&captures);
    captures.forensics->uid = 0;
    ck_assert_int_eq(pausemon_forensics_attach(captures.forensics, captures.stage.monitor, NULL),
                     0);
}

START_TEST(macos_has_spindump_tailspin_and_log)
{
    struct stat info;

    set_macos();
    capture();
    ck_assert_uint_eq(json_array_size(json_object_get(metadata, "artifacts")), 5);
    check_text("spindump.txt", "spin -notarget 5 10 -stdout -noFile\n");
    check_text("system.log", "log show --last 63s --style compact\n");
    check_text("tailspin.tailspin", "tail\n");
    ck_assert_int_eq(captures_bytes(metadata, "tailspin.tailspin"), 5);
    ck_assert_int_eq(stat(captures_path(&captures, name, "tailspin.tailspin"), &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    static const char *const names[] = {"spindump.txt", "system.log", "tailspin.tailspin",
                                        "ring_buffer.json", "processes.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(captures_error(metadata, names[i]), "");
}
END_TEST

START_TEST(macos_tools_that_need_root_are_not_run_without_it)
{
    set_macos();
    captures.forensics->uid = 501;
    capture();
    ck_assert_str_eq(captures_error(metadata, "spindump.txt"),
                     "Operation not permitted: needs root");
    ck_assert_str_eq(captures_error(metadata, "tailspin.tailspin"),
                     "Operation not permitted: needs root");
    check_text("system.log", "log show --last 63s --style compact\n");
    ck_assert(!captures_has(&captures, name, "tailspin.tailspin"));
}
END_TEST

START_TEST(macos_a_file_that_a_tool_makes_is_no_link_and_not_too_large)
{
    set_macos();
    captures_tool(&captures, "/usr/bin/tailspin", "ln -s /etc/passwd \"$2\"\n");
    capture();
    ck_assert_str_eq(captures_error(metadata, "tailspin.tailspin"),
                     "what it made is no file: removed");
    ck_assert_int_eq(captures_bytes(metadata, "tailspin.tailspin"), 0);
    ck_assert(!captures_has(&captures, name, "tailspin.tailspin"));
    captures_tool(&captures, "/usr/bin/tailspin", "mkfifo \"$2\"\n");
    captures_calm(&captures, 40);
    capture();
    ck_assert_str_eq(captures_error(metadata, "tailspin.tailspin"),
                     "what it made is no file: removed");
    captures_set(&captures, "forensics.max_artifact_mb", "1");
    captures_tool(&captures, "/usr/bin/tailspin",
                  "head -c 2000000 /dev/zero >\"$2\"; exec sleep 100\n");
    captures_calm(&captures, 70);
    capture();
    ck_assert_str_eq(captures_error(metadata, "tailspin.tailspin"), "more than 1 MiB: removed");
    ck_assert(!captures_has(&captures, name, "tailspin.tailspin"));
    captures_tool(&captures, "/usr/bin/tailspin", "head -c 2000000 /dev/zero >\"$2\"\n");
    captures_calm(&captures, 130);
    capture();
    ck_assert_str_eq(captures_error(metadata, "tailspin.tailspin"), "more than 1 MiB: removed");
}
END_TEST

START_TEST(the_host_may_reap_all_children)
{
    captures_tool(&captures, "/usr/bin/journalctl", "echo said\n");
    captures_attach(&captures);
    signal(SIGCHLD, SIG_IGN);
    capture();
    signal(SIGCHLD, SIG_DFL);
    check_text("system.log", "said\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics_tools");
    TCase *all = tcase_create("tools");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, the_journal_is_asked_for_the_window_and_its_text_is_cleaned);
    tcase_add_test(all, the_time_that_is_set_back_and_a_suspend_before_the_run_change_nothing);
    tcase_add_test(all, without_journalctl_the_kernels_own_log_is_read_from_the_window_on);
    tcase_add_test(all, a_link_in_the_place_of_the_kernels_log_is_not_followed);
    tcase_add_test(all, a_journal_that_tells_nothing_is_replaced_too_and_both_reasons_are_told);
    tcase_add_test(all, a_window_in_which_nobody_told_anything_is_said);
    tcase_add_test(all, a_tool_that_hangs_is_ended_and_what_it_told_stays);
    tcase_add_test(all, a_tool_that_floods_is_cut);
    tcase_add_test(all, a_tool_that_leaves_a_grandchild_with_its_output_is_not_waited_for);
    tcase_add_test(all, a_tool_that_is_no_program_is_said);
    tcase_add_test(all, command_lines_are_read_by_a_program_of_those_that_matter_if_that_is_wanted);
    tcase_add_test(all, counters_are_compared_with_the_newest_that_were_read_before_it_began);
    tcase_add_test(all, counters_read_in_the_freeze_are_passed_over_for_those_before);
    tcase_add_test(all, without_counters_from_before_there_is_nothing_to_compare);
    tcase_add_test(all, stuck_tasks_are_told_at_onset_and_after);
    tcase_add_test(all, macos_has_spindump_tailspin_and_log);
    tcase_add_test(all, macos_tools_that_need_root_are_not_run_without_it);
    tcase_add_test(all, macos_a_file_that_a_tool_makes_is_no_link_and_not_too_large);
    tcase_add_test(all, the_host_may_reap_all_children);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
