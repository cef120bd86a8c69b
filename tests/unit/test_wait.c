/* SPDX-License-Identifier: MIT */
/* Programs without a loop: wait sleeps, looks and comes back. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "harness.h"

static const char recording[] =
    "Processes: 2 total, 2 running, 0 sleeping, 4 threads \n2026/01/23 12:00:00\n\n"
    "PID COMMAND %CPU STATE\n1 launchd 0.0 running\n\n"
    "Processes: 2 total, 2 running, 0 sleeping, 4 threads \n2026/01/23 12:00:01\n\n"
    "PID COMMAND %CPU STATE\n1 launchd 5.0 running\n\n";

static struct pausemon_source *source;
static struct pausemon_collector *collector;
static struct pausemon_monitor *monitor;
static struct pausemon_config *config;
static struct player player;
static const struct pausemon_sample *sample;
static struct pausemon_error error;

static void end(void)
{
    pausemon_monitor_free(monitor);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    pausemon_config_free(config);
    monitor = NULL;
    collector = NULL;
    source = NULL;
    config = NULL;
}

static void open_recording(void)
{
    ck_assert_msg(pausemon_source_open_memory(&source, "top", recording, sizeof recording - 1, NULL,
                                              &error) == 0,
                  "%s", error.text);
}

/* A source of this program, with the system's clock. */
static void open_player(const char *interval_ms)
{
    memset(&player, 0, sizeof player);
    ck_assert_int_eq(player_open(&source, &player, NULL), 0);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "monitor.interval_ms", interval_ms, NULL), 0);
}

START_TEST(a_recording_is_waited_for_by_nobody_and_ends)
{
    int samples = 0, status;

    open_recording();
    ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, NULL, NULL), 0);
    while ((status = pausemon_collector_wait(&sample, collector, -1, &error)) == 0)
        samples++;
    ck_assert_int_eq(samples, 2);
    ck_assert_int_eq(status, PAUSEMON_ERR_END);
    ck_assert_ptr_null(sample);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), PAUSEMON_ERR_END);
    end();
}
END_TEST

START_TEST(a_monitor_of_a_recording_ends_too)
{
    struct pausemon_host *host = NULL;
    int status, samples = 0;

    open_recording();
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "monitor.interval_ms", "100", NULL), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, host, &error), 0);
    while ((status = pausemon_monitor_wait(monitor, -1)) >= 0)
        samples += status;
    ck_assert_int_eq(status, PAUSEMON_ERR_END);
    ck_assert_int_eq(samples, 2);
    ck_assert_int_eq(pausemon_monitor_wait(monitor, -1), PAUSEMON_ERR_END);
    end();
}
END_TEST

START_TEST(a_look_is_waited_for_until_it_is_due)
{
    open_player("100");
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, 0, &error), 0); /* due at once */
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), 0);
    ck_assert_uint_ge(pausemon_sample_get_info(sample)->elapsed_ns, 99000000);
    end();
}
END_TEST

START_TEST(the_time_that_is_given_is_kept_to)
{
    open_player("60000");
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, 20, &error), PAUSEMON_ERR_BUSY);
    ck_assert_ptr_null(sample);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_BUSY);
    pausemon_collector_free(collector);
    collector = NULL;
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, NULL, &error), 0);
    ck_assert_int_eq(pausemon_monitor_wait(monitor, -1), 1);
    ck_assert_int_eq(pausemon_monitor_wait(monitor, 20), 0);
    end();
}
END_TEST

/* It has an end by time too: one that never has a look. */
START_TEST(a_source_that_has_nothing_is_asked_until_the_time_is_over)
{
    open_player("100");
    player.result = PAUSEMON_ERR_BUSY;
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, 250, &error), PAUSEMON_ERR_BUSY);
    player.result = PAUSEMON_ERR_FORMAT;
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), PAUSEMON_ERR_FORMAT);
    end();
}
END_TEST

static void hear(int number)
{
    (void)number;
}

START_TEST(a_signal_ends_the_wait)
{
    struct sigaction action = {.sa_handler = hear}, before;
    struct itimerval soon = {.it_value = {.tv_usec = 20000}, .it_interval = {.tv_usec = 20000}};
    const struct itimerval never = {.it_value = {.tv_usec = 0}};

    open_player("60000");
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), 0);
    ck_assert_int_eq(sigaction(SIGALRM, &action, &before), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    ck_assert_int_eq(pausemon_collector_wait(&sample, collector, -1, &error), PAUSEMON_ERR_BUSY);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    end();
}
END_TEST

static void wait_inside(void *user, const struct pausemon_event *event)
{
    int *status = user;

    if (event->type == PAUSEMON_EVENT_SAMPLE)
        *status = pausemon_monitor_wait(monitor, -1);
}

START_TEST(nobody_waits_in_a_callback)
{
    int status = 1;

    open_player("60000");
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, NULL, &error), 0);
    ck_assert_int_gt(
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_ALL, wait_inside, &status, NULL), 0);
    ck_assert_int_eq(pausemon_monitor_wait(monitor, -1), 1);
    ck_assert_int_eq(status, PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_monitor_wait(NULL, -1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_collector_wait(NULL, NULL, -1, NULL), PAUSEMON_ERR_INVALID);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wait");
    TCase *tcase = tcase_create("wait");

    tcase_add_test(tcase, a_recording_is_waited_for_by_nobody_and_ends);
    tcase_add_test(tcase, a_monitor_of_a_recording_ends_too);
    tcase_add_test(tcase, a_look_is_waited_for_until_it_is_due);
    tcase_add_test(tcase, the_time_that_is_given_is_kept_to);
    tcase_add_test(tcase, a_source_that_has_nothing_is_asked_until_the_time_is_over);
    tcase_add_test(tcase, a_signal_ends_the_wait);
    tcase_add_test(tcase, nobody_waits_in_a_callback);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
