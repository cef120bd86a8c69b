/* SPDX-License-Identifier: MIT */

/* The witness with its real thread, alone and as a part of a heartbeat: what it saw is taken, and
 * one that does not come back delays nobody. */

#include "witness_stage.h"

#include <sched.h>
#include <sys/resource.h>

#include "engine/witness.h"

/* ---- The witness alone ---- */

static struct pm_witness witness;
static struct pm_pulse *pulse;
static struct pm_host host;

static void open_pulse(void)
{
    pm_host_init(&host, &harness.host);
    ck_assert_int_eq(pm_pulse_new(&pulse, &host, &error), 0);
    ck_assert_int_eq(pm_pulse_make_onset(pulse, &error), 0);
    memset(&witness, 0, sizeof witness);
}

static void start_alone(void)
{
    ck_assert_int_eq(pm_witness_start(&witness, pulse, play_look, &stage, &error), 0);
}

START_TEST(what_it_saw_is_taken_once_and_shown_until_there_is_more)
{
    open_pulse();
    start_alone();
    ck_assert(!pm_pulse_take_onset(pulse));
    ck_assert_int_eq(pulse->onset->shown_ns, 0);
    int64_t before_ns = pm_system_monotonic_ns();
    ck_assert(pm_witness_ask(&witness));
    WAIT_UNTIL(pm_pulse_take_onset(pulse));
    ck_assert_str_eq(pulse->onset->shown, stage.text);
    ck_assert_int_ge(pulse->onset->shown_ns, before_ns);
    ck_assert_int_le(pulse->onset->shown_ns, pm_system_monotonic_ns());
    ck_assert(!pm_pulse_take_onset(pulse));
    ck_assert_uint_gt(pm_witness_cpu_ns(&witness), 0);
    /* The newest of two that nobody took. */
    stage.text = "second";
    WAIT_UNTIL(pm_witness_ask(&witness));
    WAIT_UNTIL(atomic_load(&stage.looks) == 2);
    ck_assert_str_eq(pulse->onset->shown, "pid 1 tid 1 \"x\" in y\n");
    WAIT_UNTIL(pm_witness_ask(&witness)); /* it has come back */
    WAIT_UNTIL(atomic_load(&stage.looks) == 3);
    WAIT_UNTIL(pm_pulse_take_onset(pulse));
    ck_assert_str_eq(pulse->onset->shown, "second");
    pm_witness_stop(&witness);
    pm_witness_stop(&witness); /* twice does nothing */
    pm_pulse_release(pulse);
}
END_TEST

START_TEST(a_look_that_failed_shows_nothing)
{
    open_pulse();
    stage.status = PAUSEMON_ERR_NOT_FOUND;
    start_alone();
    ck_assert(pm_witness_ask(&witness));
    WAIT_UNTIL(atomic_load(&stage.looks) == 1);
    pm_witness_stop(&witness);
    ck_assert(!pm_pulse_take_onset(pulse));
    pm_pulse_release(pulse);
}
END_TEST

START_TEST(starting_and_stopping_often_leaks_nothing)
{
    int threads = count_threads();

    open_pulse();
    int fds = count_fds();
    for (int i = 0; i < 50; i++) {
        start_alone();
        if (i % 2)
            pm_witness_ask(&witness); /* and is stopped at whatever it does */
        pm_witness_stop(&witness);
        ck_assert_int_eq(count_fds(), fds);
    }
    check_threads(threads);
    pm_pulse_release(pulse);
}
END_TEST

START_TEST(one_that_does_not_come_back_is_left_alone_and_cleans_up_by_itself)
{
    int threads = count_threads(), fds = count_fds();

    open_pulse();
    block_looks();
    start_alone();
    ck_assert(pm_witness_ask(&witness));
    WAIT_UNTIL(atomic_load(&stage.looks) == 1);
    ck_assert(!pm_witness_ask(&witness)); /* nobody queues up behind it */
    pm_witness_stop(&witness);            /* returns, or the test does not end */
    ck_assert_int_eq(count_threads(), threads + 1);
    /* All that it shared is gone before it comes back. */
    pm_pulse_release(pulse);
    long live = harness.live;
    memset(&witness, 0x5A, sizeof witness);
    let_looks_go(1);
    check_threads(threads);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(harness.live, live); /* nor does it call the host */
    ck_assert_int_eq(atomic_load(&stage.looks), 1);
}
END_TEST

/* ---- With the heartbeat ---- */

START_TEST(it_is_there_only_for_who_asks_for_it)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;
    int threads = count_threads();

    ck_assert_int_eq(start(0), 0);
    check_threads(threads + 2);
    stop();
    ck_assert_int_eq(start(1), 0);
    check_threads(threads + 3);
    ck_assert_ptr_null(pausemon_monitor_get_onset(monitor, NULL));
    stop();
    /* An older caller: what lies behind its struct is not an option. */
    options.witness = 1;
    options.size = offsetof(struct pausemon_heartbeat_options, witness);
    ck_assert_int_eq(pausemon_heartbeat_start(&heartbeat, monitor, config, &options, &error), 0);
    check_threads(threads + 2);
}
END_TEST

START_TEST(without_a_heartbeat_there_is_no_onset)
{
    int64_t taken_ns = 5;

    ck_assert_ptr_null(pausemon_monitor_get_onset(monitor, &taken_ns));
    ck_assert_int_eq(taken_ns, 0);
}
END_TEST

START_TEST(every_allocation_may_fail_and_nothing_leaks)
{
    int failures = 0, fds = count_fds(), threads = count_threads();
    long live = harness.live;

    for (long at = 1;; at++) {
        harness.fail_at = at;
        int status = start(1);
        harness.fail_at = 0;
        if (status == 0)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(heartbeat);
        ck_assert_int_eq(harness.live, live);
        check_threads(threads);
        ck_assert_int_eq(count_fds(), fds);
        failures++;
    }
    ck_assert_int_ge(failures, 3);
}
END_TEST

START_TEST(every_descriptor_may_be_the_last_and_nothing_leaks)
{
    int failures = 0, status = -1, fds = count_fds(), threads = count_threads();
    long live = harness.live;
    struct rlimit limit, few;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    for (few.rlim_cur = 0; status < 0; few.rlim_cur++) {
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        status = start(1);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (status == 0)
            break;
        failures++;
        ck_assert_int_eq(harness.live, live);
        check_threads(threads);
        ck_assert_int_eq(count_fds(), fds);
    }
    ck_assert_int_ge(failures, 2); /* the pulse's, and the witness's */
}
END_TEST

START_TEST(it_runs_just_below_the_guard)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;
    struct pausemon_heartbeat_info info = {.size = sizeof info};
    int at[3] = {0, 0, 0}; /* threads at 5, at 4, at another priority */
    struct dirent *entry;

    options.guard_priority = 5;
    options.witness = 1;
    ck_assert_int_eq(pausemon_heartbeat_start(&heartbeat, monitor, config, &options, &error), 0);
    pausemon_heartbeat_get_info(heartbeat, &info);
    if (info.guard_priority == 0) {
        printf("# skipped: no real-time priority is to be had: errno %d\n",
               (int)info.priority_errno);
        return;
    }
    DIR *dir = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        struct sched_param param = {0};
        if (entry->d_name[0] == '.' || sched_getparam(atoi(entry->d_name), &param) != 0 ||
            param.sched_priority == 0)
            continue;
        at[param.sched_priority == 5 ? 0 : param.sched_priority == 4 ? 1 : 2]++;
    }
    closedir(dir);
    ck_assert(at[0] == 1 && at[1] == 1 && at[2] == 0);
}
END_TEST

START_TEST(a_child_after_fork_frees_without_waiting)
{
    int status;

    block_looks();
    pm_monitor_set_stuck(monitor, play_look, &stage);
    ck_assert_int_eq(start(1), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        alarm(20); /* who hangs is killed */
        pausemon_heartbeat_stop(heartbeat);
        pausemon_monitor_free(monitor);
        pausemon_source_free(source);
        pausemon_config_free(config);
        _exit(harness.live == 0 ? 0 : 7);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    let_looks_go(0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("witness");
    TCase *tcase = tcase_create("witness");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_it_saw_is_taken_once_and_shown_until_there_is_more);
    tcase_add_test(tcase, a_look_that_failed_shows_nothing);
    tcase_add_test(tcase, starting_and_stopping_often_leaks_nothing);
    tcase_add_test(tcase, one_that_does_not_come_back_is_left_alone_and_cleans_up_by_itself);
    tcase_add_test(tcase, it_is_there_only_for_who_asks_for_it);
    tcase_add_test(tcase, without_a_heartbeat_there_is_no_onset);
    tcase_add_test(tcase, every_allocation_may_fail_and_nothing_leaks);
    tcase_add_test(tcase, every_descriptor_may_be_the_last_and_nothing_leaks);
    tcase_add_test(tcase, it_runs_just_below_the_guard);
    tcase_add_test(tcase, a_child_after_fork_frees_without_waiting);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
