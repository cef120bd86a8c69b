/* SPDX-License-Identifier: MIT */
/* Who a culprit is beyond its name: looked up by pid and start time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pause.h"
#include "harness.h"
#include "sources/procfs_parse.h"

static struct pausemon_pause *pause_of;
static struct pausemon_culprit *culprit;

static int64_t own_start_time(void)
{
    struct pm_stat stat;
    size_t length;
    char *text = read_file("/proc/self/stat", &length);

    ck_assert(pm_parse_stat(text, length, &stat));
    free(text);
    return (int64_t)stat.start_time;
}

static void setup(void)
{
    ck_assert_int_eq(pausemon_pause_new(&pause_of, NULL, NULL), 0);
    culprit = &pause_of->culprits[0];
    memset(culprit, 0, sizeof *culprit);
    culprit->size = sizeof *culprit;
    culprit->pid = getpid();
    culprit->start_time = own_start_time();
    culprit->uid = -1;
    pause_of->info.culprit_count = 1;
}

static void teardown(void)
{
    pausemon_pause_free(pause_of);
}

START_TEST(a_culprit_that_is_there_gets_its_executable_and_its_user)
{
    char exe[256] = "";

    ck_assert_int_gt(readlink("/proc/self/exe", exe, sizeof exe - 1), 0);
    pausemon_pause_enrich(pause_of);
    ck_assert_str_eq(culprit->exe, exe);
    ck_assert_int_eq(culprit->uid, (int64_t)getuid());
}
END_TEST

START_TEST(another_process_with_its_pid_is_not_taken_for_it)
{
    culprit->start_time++;
    pausemon_pause_enrich(pause_of);
    ck_assert_str_eq(culprit->exe, "");
    ck_assert_int_eq(culprit->uid, -1);
}
END_TEST

START_TEST(a_pid_alone_is_not_enough)
{
    culprit->start_time = 0;
    pausemon_pause_enrich(pause_of);
    ck_assert_str_eq(culprit->exe, "");
    ck_assert_int_eq(culprit->uid, -1);
}
END_TEST

START_TEST(who_has_ended_stays_as_it_was_and_no_descriptor_is_left)
{
    int before = count_fds();

    culprit->pid = INT64_MAX;
    pausemon_pause_enrich(pause_of);
    culprit->pid = -1;
    pausemon_pause_enrich(pause_of);
    ck_assert_str_eq(culprit->exe, "");
    ck_assert_int_eq(culprit->uid, -1);
    pausemon_pause_enrich(NULL);
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("enrich");
    TCase *tcase = tcase_create("enrich");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_culprit_that_is_there_gets_its_executable_and_its_user);
    tcase_add_test(tcase, another_process_with_its_pid_is_not_taken_for_it);
    tcase_add_test(tcase, a_pid_alone_is_not_enough);
    tcase_add_test(tcase, who_has_ended_stays_as_it_was_and_no_descriptor_is_left);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
