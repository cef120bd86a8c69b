/* SPDX-License-Identifier: MIT */
/* What a review proved wrong between sources, children and pauses: a source with a descriptor of
 * its own that restarts, a recording while the machine itself stutters, a child that frees its
 * copy. */
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/monitor.h"
#include "harness.h"

#define MS INT64_C(1000000)

static struct harness harness;
static struct pm_host host;
static struct pausemon_source *source;
static struct pausemon_monitor *monitor;
static struct pm_pulse *pulse;
static struct pausemon_error error;
static int result;       /* of the next looks */
static int fd = -1;      /* the source's; -1: it has none */
static bool is_recorded; /* it tells the time of its looks */
static int samples, pauses, errors, others;

static int read_one(void *self, struct pausemon_sink *sink, struct pausemon_error *why)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    (void)self;
    if (result < 0) {
        snprintf(why->text, sizeof why->text, "it has ended");
        return result;
    }
    if (is_recorded)
        pausemon_sink_at(sink, &harness.now);
    row.pid = 1;
    snprintf(row.command, sizeof row.command, "launchd");
    pausemon_sink_put(sink, &row);
    return result;
}

static int get_fd(void *self)
{
    (void)self;
    return fd;
}

static void count(void *user, const struct pausemon_event *event)
{
    (void)user;
    samples += event->type == PAUSEMON_EVENT_SAMPLE;
    pauses += event->type == PAUSEMON_EVENT_PAUSE;
    errors += event->type == PAUSEMON_EVENT_ERROR;
    others += event->type == PAUSEMON_EVENT_TIER || event->type == PAUSEMON_EVENT_ESCALATION;
}

static void read_nothing(void *user, struct pm_readings *readings)
{
    (void)user;
    (void)readings;
}

static void setup(void)
{
    harness_init(&harness);
    pm_host_init(&host, &harness.host);
    result = PAUSEMON_LOOK_COMPLETE;
    is_recorded = false;
    fd = -1;
    samples = pauses = errors = others = 0;
}

static void teardown(void)
{
    pausemon_monitor_free(monitor);
    pm_pulse_release(pulse);
    pausemon_source_free(source);
    if (fd >= 0)
        close(fd);
    ck_assert_int_eq(harness.live, 0);
}

/* On a source that has a descriptor or none; a heartbeat watches. */
static void open_monitor(bool has_fd)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;

    ops.read = read_one;
    ops.get_fd = get_fd;
    fd = has_fd ? eventfd(1, EFD_CLOEXEC) : -1;
    ck_assert_int_eq(pausemon_source_new(&source, "one", &ops, NULL, &harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, NULL, source, &harness.host, &error), 0);
    pm_monitor_set_reader(monitor, read_nothing, NULL);
    ck_assert_int_gt(pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_ALL, count, NULL, NULL), 0);
    ck_assert_int_eq(pm_pulse_new(&pulse, &host, &error), 0);
    ck_assert_int_eq(pm_monitor_attach(monitor, pulse, &error), 0);
}

static void dispatch(int64_t ms)
{
    harness_tick(&harness, ms * MS);
    ck_assert_int_ge(pausemon_monitor_dispatch(monitor), 0);
}

/* A beat of 400 ms that ended just now. */
static void put_beat(void)
{
    struct pm_beat beat = {.lapse = {.lost_ns = 400 * (uint64_t)MS, .has_guard = true}};

    beat.end_ns = pm_system_monotonic_ns();
    beat.onset_ns = beat.end_ns - 400 * MS;
    pm_pulse_put(pulse, &beat);
    pm_pulse_want_look(pulse);
}

/* ---- A source that restarts ---- */

START_TEST(a_source_with_a_descriptor_that_fails_and_is_busy_for_four_seconds_is_no_freeze)
{
    open_monitor(true);
    for (int i = 0; i < 3; i++)
        dispatch(1000);
    result = PAUSEMON_ERR_IO;
    dispatch(500);
    result = PAUSEMON_ERR_BUSY;
    for (int i = 0; i < 4; i++)
        dispatch(1000);
    result = PAUSEMON_LOOK_COMPLETE;
    dispatch(1000);
    for (int i = 0; i < 3; i++)
        dispatch(1000);
    ck_assert_int_eq(samples, 7);
    ck_assert_int_eq(errors, 1);
    ck_assert_int_eq(pauses + others, 0);
}
END_TEST

START_TEST(a_source_with_a_descriptor_that_was_busy_without_failing_is_late)
{
    open_monitor(true);
    for (int i = 0; i < 3; i++)
        dispatch(1000);
    result = PAUSEMON_ERR_BUSY;
    for (int i = 0; i < 4; i++)
        dispatch(1000);
    result = PAUSEMON_LOOK_COMPLETE;
    for (int i = 0; i < 3; i++)
        dispatch(1000);
    ck_assert_int_eq(pauses, 1);
}
END_TEST

/* ---- Recordings ---- */

/* Before the look of that number, or between it and the close. */
static void stutter_at(int at, bool close_early)
{
    for (int i = 0; i < 4; i++) {
        if (i == at) {
            put_beat();
            dispatch(0);
        }
        if (i == at && close_early)
            break;
        dispatch(1000);
    }
    pausemon_monitor_free(monitor);
    monitor = NULL;
}

START_TEST(beats_during_a_recording_are_no_pauses)
{
    is_recorded = true;
    open_monitor(false);
    stutter_at(1 + _i % 3, _i >= 3);
    ck_assert_int_eq(pauses, 0);
}
END_TEST

/* When nobody knows yet what the source is. */
START_TEST(nor_are_those_before_the_first_look_of_a_recording)
{
    is_recorded = true;
    open_monitor(false);
    stutter_at(0, _i);
    ck_assert_int_eq(pauses, 0);
}
END_TEST

START_TEST(beats_of_the_machine_itself_are)
{
    open_monitor(false);
    stutter_at(_i % 4, _i >= 4);
    ck_assert_int_eq(pauses, 1);
}
END_TEST

/* ---- Fork ---- */

START_TEST(a_child_that_frees_its_monitor_leaves_the_parent_hearing)
{
    int status;

    open_monitor(false);
    dispatch(0);
    struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        put_beat(); /* that is the parent's */
        pausemon_monitor_free(monitor);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(poll(&wait, 1, 0), 1); /* the child's signal is the parent's too */
    dispatch(0);
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    put_beat();
    ck_assert_int_eq(poll(&wait, 1, 0), 1);
    dispatch(0);
    dispatch(700);
    ck_assert_int_eq(pauses, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions_sources");
    TCase *tcase = tcase_create("regressions_sources");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase,
                   a_source_with_a_descriptor_that_fails_and_is_busy_for_four_seconds_is_no_freeze);
    tcase_add_test(tcase, a_source_with_a_descriptor_that_was_busy_without_failing_is_late);
    tcase_add_loop_test(tcase, beats_during_a_recording_are_no_pauses, 0, 6);
    tcase_add_loop_test(tcase, nor_are_those_before_the_first_look_of_a_recording, 0, 2);
    tcase_add_loop_test(tcase, beats_of_the_machine_itself_are, 0, 8);
    tcase_add_test(tcase, a_child_that_frees_its_monitor_leaves_the_parent_hearing);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
