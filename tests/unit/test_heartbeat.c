/* SPDX-License-Identifier: MIT */
/* The heartbeat with its real threads: life, refusals, signals, fork. Short, and no timing is
 * judged. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "harness.h"

#define MS INT64_C(1000000)

static struct harness harness;
static struct player player;
static struct pausemon_config *config;
static struct pausemon_source *source;
static struct pausemon_monitor *monitor;
static struct pausemon_heartbeat *heartbeat;
static struct pausemon_error error;

static void *run_nothing(void *argument)
{
    return argument;
}

static void setup(void)
{
    pthread_t first;

    /* A sanitizer starts a thread of its own with the first: it is not to be counted. */
    ck_assert_int_eq(pthread_create(&first, NULL, run_nothing, NULL), 0);
    pthread_join(first, NULL);
    harness_init(&harness);
    harness.host.now = NULL; /* real threads, real time */
    player = (struct player){.result = PAUSEMON_LOOK_COMPLETE};
    ck_assert_int_eq(pausemon_config_new(&config, &harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "heartbeat.interval_ms", "5", NULL), 0);
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, &harness.host, &error), 0);
    heartbeat = NULL;
}

static void teardown(void)
{
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    ck_assert_int_eq(harness.live, 0);
}

static int start(const struct pausemon_heartbeat_options *options)
{
    return pausemon_heartbeat_start(&heartbeat, monitor, config, options, &error);
}

static void stop(void)
{
    pausemon_heartbeat_stop(heartbeat);
    heartbeat = NULL;
}

static struct pausemon_heartbeat_info info_now(void)
{
    struct pausemon_heartbeat_info info = {.size = sizeof info};

    pausemon_heartbeat_get_info(heartbeat, &info);
    return info;
}

/* Until so many more beats have come; fails the test after half a minute. */
static void wait_beats(uint64_t count)
{
    uint64_t before = info_now().beats;

    for (int i = 0; i < 6000 && info_now().beats < before + count; i++)
        nanosleep(&(struct timespec){0, 5 * MS}, NULL);
    ck_assert_uint_ge(info_now().beats, before + count);
}

/* All threads of this process. */
static int count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int count = -2; /* . and .. */

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* A joined thread may be in the kernel's list for a moment. */
static void check_threads(int expected)
{
    for (int i = 0; i < 2000 && count_threads() != expected; i++)
        nanosleep(&(struct timespec){0, 5 * MS}, NULL);
    ck_assert_int_eq(count_threads(), expected);
}

/* ---- Life ---- */

START_TEST(starting_and_stopping_fifty_times_leaks_nothing)
{
    int threads = count_threads(), fds = 0;
    long live = 0;

    for (int i = 0; i < 50; i++) {
        ck_assert_msg(start(NULL) == 0, "%s", error.text);
        check_threads(threads + 2);
        if (i % 10 == 0)
            wait_beats(2);
        stop();
        if (i == 0) {
            fds = count_fds();
            live = harness.live;
        }
    }
    check_threads(threads);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(harness.live, live);
}
END_TEST

START_TEST(it_may_be_stopped_before_and_after_the_monitor_is_freed)
{
    for (int i = 0; i < 20; i++) {
        bool before = i % 2;
        ck_assert_int_eq(start(NULL), 0);
        if (i % 4 < 2)
            wait_beats(1);
        if (before)
            stop();
        pausemon_monitor_free(monitor);
        if (!before && i % 4 < 2)
            wait_beats(2); /* it goes on without anybody who listens */
        if (!before)
            stop();
        ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, &harness.host, &error), 0);
    }
}
END_TEST

START_TEST(a_second_one_is_refused_until_the_first_has_stopped)
{
    struct pausemon_heartbeat *second = (void *)1;
    int threads = count_threads();

    ck_assert_int_eq(start(NULL), 0);
    long live = harness.live;
    int fds = count_fds();
    ck_assert_int_eq(pausemon_heartbeat_start(&second, monitor, config, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(error.text, "heartbeat"));
    ck_assert_int_eq(harness.live, live);
    ck_assert_int_le(count_fds(), fds + 6); /* the first one's guard may open its files meanwhile */
    check_threads(threads + 2);
    wait_beats(2);
    stop();
    ck_assert_int_eq(start(NULL), 0);
    wait_beats(2);
}
END_TEST

START_TEST(stopping_nothing_does_nothing)
{
    pausemon_heartbeat_stop(NULL);
}
END_TEST

/* ---- Refusals ---- */

START_TEST(options_out_of_range_are_refused_by_name_and_value)
{
    static const struct {
        int64_t priority, cpu;
        const char *name, *value;
    } cases[] = {
        {-1, -1, "guard_priority", "-1"},
        {100, -1, "guard_priority", "100"},
        {INT64_MAX, -1, "guard_priority", "9223372036854775807"},
        {0, -2, "guard_cpu", "-2"},
        {0, INT64_MIN, "guard_cpu", "-9223372036854775808"},
        {0, INT64_C(2147483648), "guard_cpu", "2147483648"},
    };
    long live = harness.live;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;
        options.guard_priority = cases[i].priority;
        options.guard_cpu = cases[i].cpu;
        heartbeat = (void *)1;
        ck_assert_int_eq(start(&options), PAUSEMON_ERR_INVALID);
        ck_assert_ptr_null(heartbeat);
        ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
        ck_assert_msg(strstr(error.text, cases[i].name) && strstr(error.text, cases[i].value), "%s",
                      error.text);
        ck_assert_int_eq(harness.live, live);
    }
}
END_TEST

START_TEST(a_place_a_monitor_and_a_whole_struct_are_needed)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;

    ck_assert_int_eq(pausemon_heartbeat_start(NULL, monitor, config, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    heartbeat = (void *)1;
    ck_assert_int_eq(pausemon_heartbeat_start(&heartbeat, NULL, config, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(heartbeat);
    options.size = 8;
    ck_assert_int_eq(start(&options), PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(heartbeat);
}
END_TEST

START_TEST(every_allocation_and_descriptor_may_fail_and_nothing_leaks)
{
    struct rlimit limit, none;
    int failures = 0, fds = count_fds(), threads = count_threads();
    long live = harness.live;

    for (long at = 1;; at++) {
        harness.fail_at = at;
        int status = start(NULL);
        harness.fail_at = 0;
        if (status == 0)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(heartbeat);
        ck_assert_int_eq(harness.live, live);
        failures++;
    }
    ck_assert_int_ge(failures, 2);
    stop();
    pausemon_monitor_free(monitor);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, &harness.host, &error), 0);
    live = harness.live;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = start(NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_lt(status, 0);
    ck_assert_ptr_null(heartbeat);
    ck_assert_int_eq(harness.live, live);
    ck_assert_int_eq(count_fds(), fds);
    check_threads(threads);
}
END_TEST

START_TEST(where_no_descriptor_is_left_the_error_is_the_systems)
{
    struct rlimit limit, none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = start(NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_msg(status == PAUSEMON_ERR_IO && error.os_errno != 0, "status %d, errno %d: %s",
                  status, (int)error.os_errno, error.text);
}
END_TEST

/* ---- Info ---- */

START_TEST(info_counts_beats_and_fills_what_it_has_room_for)
{
    struct pausemon_heartbeat_info info = {.size = 16, .late_beats = 77, .guard_priority = 88};

    ck_assert_int_eq(start(NULL), 0);
    wait_beats(20);
    pausemon_heartbeat_get_info(heartbeat, &info);
    ck_assert_uint_ge(info.beats, 20);
    ck_assert_uint_eq(info.size, 16);
    ck_assert_uint_eq(info.late_beats, 77);
    ck_assert_int_eq(info.guard_priority, 88);
    for (int i = 0; i < 2000 && info_now().cpu_ns == 0; i++)
        nanosleep(&(struct timespec){0, 5 * MS}, NULL);
    info = info_now();
    ck_assert_uint_gt(info.cpu_ns, 0);
    ck_assert_uint_le(info.late_beats, info.beats + 1);
    ck_assert_int_eq(info.late_beats > 0, info.worst_ns > 0);
    ck_assert_int_eq(info.guard_priority, 0); /* none was asked for */
    ck_assert_int_eq(info.priority_errno, 0);
}
END_TEST

START_TEST(a_priority_is_in_force_or_it_says_why_not)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;

    options.guard_priority = 1;
    options.guard_cpu = 0;
    options.lend_priority = 1;
    ck_assert_int_eq(start(&options), 0);
    wait_beats(5);
    ck_assert_int_ge(pausemon_monitor_dispatch(monitor), 0);
    struct pausemon_heartbeat_info info = info_now();
    ck_assert(info.guard_priority == (info.priority_errno ? 0 : 1));
}
END_TEST

START_TEST(a_cpu_that_is_not_there_is_said)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;

    options.guard_cpu = _i == 0 ? -1 : _i == 1 ? 1023 : INT32_MAX;
    ck_assert_int_eq(start(&options), 0);
    ck_assert_int_eq(info_now().cpu_errno, _i == 0 ? 0 : EINVAL);
    wait_beats(5);
}
END_TEST

START_TEST(a_machine_that_never_slept_is_never_asleep_for_less_than_nothing)
{
    for (int i = 0; i < 200000; i++)
        ck_assert_int_ge(pm_system_asleep_ns(), 0);
}
END_TEST

/* ---- Signals ---- */

static volatile sig_atomic_t handled, elsewhere;
static pthread_t main_thread;

static void on_signal(int number)
{
    (void)number;
    handled = handled + 1;
    if (!pthread_equal(pthread_self(), main_thread))
        elsewhere = elsewhere + 1;
}

START_TEST(its_threads_take_no_signal_and_the_callers_mask_stays)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t usr1, before, after, pending;

    main_thread = pthread_self();
    sigaction(SIGUSR1, &action, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    ck_assert_int_eq(start(NULL), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    wait_beats(5);
    for (int i = 0; i < 100; i++)
        kill(getpid(), SIGUSR1);
    ck_assert_int_gt(handled, 0);
    /* Where the caller blocks it, it waits for the caller. */
    int calls = handled;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    kill(getpid(), SIGUSR1);
    wait_beats(10);
    ck_assert_int_eq(handled, calls);
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGUSR1), 1);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    ck_assert_int_eq(handled, calls + 1);
    ck_assert_int_eq(elsewhere, 0);
}
END_TEST

/* ---- Fork ---- */

START_TEST(a_child_after_fork_frees_without_waiting_and_the_parents_goes_on)
{
    for (int order = 0; order < 2; order++) {
        int status;
        if (!heartbeat)
            ck_assert_int_eq(start(NULL), 0);
        wait_beats(2);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            alarm(20); /* who hangs is killed */
            if (order == 0)
                pausemon_heartbeat_stop(heartbeat);
            pausemon_monitor_free(monitor);
            if (order == 1)
                pausemon_heartbeat_stop(heartbeat);
            pausemon_source_free(source);
            pausemon_config_free(config);
            _exit(harness.live == 0 ? 0 : 7);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %x",
                      (unsigned)status);
        wait_beats(3);
    }
}
END_TEST

/* ---- Against false alarms ---- */

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct canary {
    pthread_t thread;
    int64_t until_ns, felt_ns; /* sum of what was late by 10 ms or more */
};

static void *run_canary(void *argument)
{
    struct canary *canary = argument;

    for (int64_t now = now_ns(); now < canary->until_ns;) {
        nanosleep(&(struct timespec){0, 5 * MS}, NULL);
        int64_t late_ns = now_ns() - now - 5 * MS;
        canary->felt_ns += late_ns >= 10 * MS ? late_ns : 0;
        now = now_ns();
    }
    return NULL;
}

static void note_longest(void *user, const struct pausemon_event *event)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(event->pause);
    int64_t *longest_ns = user;

    if (info->detectors & PAUSEMON_DETECTOR_HEARTBEAT && (int64_t)info->lost_ns > *longest_ns)
        *longest_ns = (int64_t)info->lost_ns;
}

START_TEST(two_seconds_of_beats_tell_no_pause_that_another_canary_did_not_feel)
{
    struct canary canary = {.until_ns = now_ns() + 2000 * MS};
    int64_t longest_ns = 0;

    pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, note_longest, &longest_ns, NULL);
    ck_assert_int_eq(start(NULL), 0);
    ck_assert_int_eq(pthread_create(&canary.thread, NULL, run_canary, &canary), 0);
    struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
    while (now_ns() < canary.until_ns) {
        poll(&wait, 1, 100);
        ck_assert_int_ge(pausemon_monitor_dispatch(monitor), 0);
    }
    pthread_join(canary.thread, NULL);
    stop();
    pausemon_monitor_free(monitor); /* tells what waits */
    monitor = NULL;
    ck_assert_msg(longest_ns < 250 * MS || canary.felt_ns >= 50 * MS,
                  "a pause of %d ms was told; the other canary was late by %d ms in all",
                  (int)(longest_ns / MS), (int)(canary.felt_ns / MS));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("heartbeat");
    TCase *tcase = tcase_create("heartbeat");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, starting_and_stopping_fifty_times_leaks_nothing);
    tcase_add_test(tcase, it_may_be_stopped_before_and_after_the_monitor_is_freed);
    tcase_add_test(tcase, a_second_one_is_refused_until_the_first_has_stopped);
    tcase_add_test(tcase, stopping_nothing_does_nothing);
    tcase_add_test(tcase, options_out_of_range_are_refused_by_name_and_value);
    tcase_add_test(tcase, a_place_a_monitor_and_a_whole_struct_are_needed);
    tcase_add_test(tcase, every_allocation_and_descriptor_may_fail_and_nothing_leaks);
    tcase_add_test(tcase, where_no_descriptor_is_left_the_error_is_the_systems);
    tcase_add_test(tcase, info_counts_beats_and_fills_what_it_has_room_for);
    tcase_add_test(tcase, a_priority_is_in_force_or_it_says_why_not);
    tcase_add_loop_test(tcase, a_cpu_that_is_not_there_is_said, 0, 3);
    tcase_add_test(tcase, a_machine_that_never_slept_is_never_asleep_for_less_than_nothing);
    tcase_add_test(tcase, its_threads_take_no_signal_and_the_callers_mask_stays);
    tcase_add_test(tcase, a_child_after_fork_frees_without_waiting_and_the_parents_goes_on);
    tcase_add_test(tcase, two_seconds_of_beats_tell_no_pause_that_another_canary_did_not_feel);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
