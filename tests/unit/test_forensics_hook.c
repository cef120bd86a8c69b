/* SPDX-License-Identifier: MIT */
/* forensics.hook: what it is given, when it is run, and when it is refused. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "captures.h"

#define NOBODY 65534

static struct captures captures;
static bool was_root;
static char hook[128], said[128];

/* For root every directory above a hook must be root's alone, which /tmp is not: as somebody else,
 * all but the checks for root can be tested. */
static void setup(void)
{
    was_root = geteuid() == 0;
    if (was_root)
        ck_assert_int_eq(seteuid(NOBODY), 0);
    captures_init(&captures);
    captures_tool(&captures, "/usr/bin/journalctl", "echo a line\n");
    snprintf(hook, sizeof hook, "%s/hook", captures.root);
    snprintf(said, sizeof said, "%s/said", captures.root);
}

static void teardown(void)
{
    if (was_root)
        ck_assert_int_eq(seteuid(0), 0);
    captures_end(&captures);
}

static void attach_with(const char *script)
{
    char text[512];

    if (script) {
        snprintf(text, sizeof text, "cd '%s'\n%s", captures.root, script);
        captures_tool(&captures, "/hook", text);
    }
    stage_set(&captures.stage, "forensics.hook", hook);
    captures_attach(&captures);
}

static bool is_logged(const char *part)
{
    return strstr(captures.stage.harness.log, part) != NULL;
}

static json_t *read_said(int line)
{
    char *text = read_file(said, NULL), *at = text;

    for (int i = 0; i < line; i++)
        at = strchr(at, '\n') + 1;
    at[strcspn(at, "\n")] = '\0';
    json_t *json = json_loads(at, 0, NULL);
    ck_assert_msg(json != NULL, "%s", at);
    free(text);
    return json;
}

static int count_said(void)
{
    int lines = 0;

    if (access(said, F_OK) != 0)
        return 0;
    char *text = read_file(said, NULL);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    free(text);
    return lines;
}

START_TEST(it_is_given_the_pause_and_the_capture_after_that_is_complete)
{
    char name[64], path[256];

    attach_with("cat >>said; ls ../events/*/metadata.json >there\n");
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    snprintf(name, sizeof name, "%s", captures_name(&captures, 0));
    snprintf(path, sizeof path, "%s/%s", captures.events, name);
    json_t *json = read_said(0);
    ck_assert_str_eq(json_string_value(json_object_get(json, "forensics")), path);
    json_t *pause = json_object_get(json, "pause");
    ck_assert_int_eq(json_integer_value(json_object_get(pause, "id")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(pause, "cause")), "cpu");
    json_decref(json);
    ck_assert_int_eq(count_said(), 1);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(count_said(), 1);
    ck_assert(!is_logged("hook"));
}
END_TEST

START_TEST(a_pause_without_a_capture_is_told_too_and_one_that_is_merged_with_it)
{
    attach_with("cat >>said\n");
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    json_t *json = read_said(0);
    ck_assert(json_is_null(json_object_get(json, "forensics")));
    json_decref(json);
    captures_calm(&captures, 10);
    captures_freeze(&captures, 2500);
    captures_calm(&captures, 5);
    captures_freeze(&captures, 3000);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_eq(count_said(), 3);
    json = read_said(2);
    ck_assert_ptr_nonnull(json_string_value(json_object_get(json, "forensics")));
    json_decref(json);
}
END_TEST

START_TEST(nobodys_fault_is_not_told)
{
    attach_with("cat >>said\n");
    captures.stage.harness.now.boottime_ns += 60 * SECOND;
    captures.stage.harness.now.realtime_ns += 60 * SECOND;
    stage_feed(&captures.stage, 1000);
    ck_assert_uint_eq(stage_last(&captures.stage)->cause, PAUSEMON_CAUSE_SUSPEND);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(count_said(), 0);
}
END_TEST

START_TEST(however_it_ends_the_capture_is_the_same_and_the_next_is_run)
{
    attach_with("echo no >&2; exit 7\n");
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert(is_logged("forensics.hook: exit status 7: no"));
    captures_tool(&captures, "/hook", "exit 0\n");
    captures_calm(&captures, 40);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
}
END_TEST

static void ask(void *user)
{
    struct captures *all = user;

    all->idle++;
    pausemon_forensics_request(all->forensics);
}

/* Its limit of ten seconds is not waited for: that is the errand's, and tested there. */
START_TEST(one_that_hangs_is_left_to_itself_when_a_capture_is_due_and_ended_by_free)
{
    captures.options.idle = ask;
    attach_with("echo $$ >>said; exec sleep 100\n");
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures.idle, 1);
    ck_assert(captures.forensics->hooks.errand.is_running);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert(captures.forensics->hooks.errand.is_running);
    ck_assert_int_eq(count_said(), 1);
    char *pid = read_file(said, NULL);
    pausemon_forensics_free(captures.forensics);
    captures.forensics = NULL;
    ck_assert_int_eq(kill((pid_t)strtol(pid, NULL, 10), 0), -1);
    ck_assert_int_eq(errno, ESRCH);
    free(pid);
}
END_TEST

START_TEST(one_that_takes_too_long_is_ended)
{
    attach_with("exec sleep 100\n");
    captures.forensics->hooks.limit_ns = 100 * MS;
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert(is_logged("forensics.hook: took longer than 100 ms: ended"));
    ck_assert(!captures.forensics->hooks.errand.is_running);
}
END_TEST

/* Else a storm of pauses and a hook that hangs would keep the caller for as long as both last: its
 * reload, its disk, its end. */
START_TEST(one_that_hangs_every_time_does_not_keep_the_caller)
{
    attach_with("echo x >>said; exec sleep 100\n");
    captures.forensics->hooks.limit_ns = 30 * MS;
    for (int i = 0; i < 3; i++) {
        captures_freeze(&captures, 1500);
        captures_calm(&captures, 5);
    }
    for (size_t left = 3; left-- > 0;) {
        ck_assert_int_eq(captures_run(&captures), 0);
        ck_assert_uint_eq(captures.forensics->hooks.count, left);
        ck_assert(!captures.forensics->hooks.errand.is_running);
    }
}
END_TEST

/* The pause told last once more, and longer. */
static void tell_again(int64_t ms)
{
    struct pausemon_pause again;
    struct pausemon_event event = {
        .size = sizeof event, .type = PAUSEMON_EVENT_PAUSE, .pause = &again};

    pm_pause_init(&again, &captures.stage.host);
    pausemon_pause_copy(&again, &captures.stage.last);
    again.info.duration_ns = again.info.lost_ns = (uint64_t)(ms * MS);
    pm_memory_hear(&captures.forensics->memory, &event);
}

START_TEST(a_pause_that_is_told_again_is_handed_over_once_in_its_newest_telling)
{
    attach_with("cat >>said\n");
    captures_freeze(&captures, 1500);
    tell_again(1900);
    ck_assert_int_eq(captures_run(&captures), 0);
    tell_again(4000); /* now it is worth a capture */
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_eq(count_said(), 1);
    json_t *json = read_said(0), *pause = json_object_get(json, "pause");
    ck_assert_int_eq(json_integer_value(json_object_get(pause, "duration_ms")), 1900);
    json_decref(json);
}
END_TEST

START_TEST(at_most_eight_wait_and_the_rest_is_said_once)
{
    attach_with("cat >>said\n");
    for (int i = 0; i < 12; i++) {
        captures_freeze(&captures, 1500);
        captures_calm(&captures, 5);
    }
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(count_said(), PM_HOOKS_MAX);
    const char *first = strstr(captures.stage.harness.log, "too many pauses");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "too many pauses"));
}
END_TEST

static void check_refused(const char *why)
{
    for (int i = 0; i < 2; i++) {
        captures_freeze(&captures, 1500);
        captures_calm(&captures, 10);
        ck_assert_int_eq(captures_run(&captures), 0);
    }
    ck_assert_int_eq(count_said(), 0);
    const char *first = strstr(captures.stage.harness.log, "forensics.hook is not run: ");
    ck_assert_ptr_nonnull(first);
    ck_assert_msg(strstr(first, why) != NULL, "%s", first);
    ck_assert_ptr_null(strstr(first + 1, "forensics.hook is not run: "));
}

START_TEST(one_that_others_can_write_is_refused)
{
    attach_with("cat >>said\n");
    ck_assert_int_eq(chmod(hook, _i ? 0720 : 0702), 0);
    check_refused("can be written by others");
}
END_TEST

START_TEST(one_that_is_not_there_or_a_link_is_refused)
{
    char other[160];

    attach_with(NULL);
    if (_i) {
        snprintf(other, sizeof other, "%s/usr/bin/journalctl", captures.root);
        ck_assert_int_eq(symlink(other, hook), 0);
    }
    check_refused(_i ? "is a symbolic link" : "No such file");
}
END_TEST

START_TEST(a_system_wide_one_must_be_roots)
{
    captures.options.only_root = 1;
    attach_with("cat >>said\n");
    check_refused("can be written by others"); /* /tmp, above it */
}
END_TEST

START_TEST(a_system_wide_one_of_root_is_run)
{
    captures.options.only_root = 1;
    snprintf(hook, sizeof hook, "/usr/bin/false");
    attach_with(NULL);
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_msg(is_logged("forensics.hook: exit status 1"), "%s", captures.stage.harness.log);
}
END_TEST

START_TEST(a_refusal_is_said_again_after_a_reload)
{
    attach_with(NULL);
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures.stage.harness.log[0] = '\0';
    captures_set(&captures, "forensics.hook", "relative");
    captures_calm(&captures, 10);
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert(is_logged("\"relative\" is no path from / on"));
    captures_set(&captures, "forensics.hook", "");
    captures.stage.harness.log[0] = '\0';
    captures_calm(&captures, 10);
    captures_freeze(&captures, 1500);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_str_eq(captures.stage.harness.log, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics_hook");
    TCase *all = tcase_create("hook");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, it_is_given_the_pause_and_the_capture_after_that_is_complete);
    tcase_add_test(all, a_pause_without_a_capture_is_told_too_and_one_that_is_merged_with_it);
    tcase_add_test(all, nobodys_fault_is_not_told);
    tcase_add_test(all, however_it_ends_the_capture_is_the_same_and_the_next_is_run);
    tcase_add_test(all, one_that_hangs_is_left_to_itself_when_a_capture_is_due_and_ended_by_free);
    tcase_add_test(all, one_that_takes_too_long_is_ended);
    tcase_add_test(all, one_that_hangs_every_time_does_not_keep_the_caller);
    tcase_add_test(all, a_pause_that_is_told_again_is_handed_over_once_in_its_newest_telling);
    tcase_add_test(all, at_most_eight_wait_and_the_rest_is_said_once);
    tcase_add_loop_test(all, one_that_others_can_write_is_refused, 0, 2);
    tcase_add_loop_test(all, one_that_is_not_there_or_a_link_is_refused, 0, 2);
    tcase_add_test(all, a_system_wide_one_must_be_roots);
    tcase_add_test(all, a_system_wide_one_of_root_is_run);
    tcase_add_test(all, a_refusal_is_said_again_after_a_reload);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
