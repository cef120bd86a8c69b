/* SPDX-License-Identifier: MIT */
/* A program that tells the monitor of its own lateness. */
#include <poll.h>
#include <string.h>

#include "pauses_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_watch(&stage);
    stage_dispatch(&stage, 0);
}

static void teardown(void)
{
    stage_close(&stage);
}

/* Between so many milliseconds ago. */
static int report(int64_t onset_ms, int64_t end_ms)
{
    int64_t now_ns = stage.harness.now.monotonic_ns;

    return pausemon_monitor_report_late(stage.monitor, now_ns - onset_ms * MS,
                                        now_ns - end_ms * MS);
}

/* Whatever waits has been told. */
static void settle(void)
{
    for (int i = 0; i < 4; i++)
        stage_dispatch(&stage, 700);
}

START_TEST(a_late_frame_is_a_pause_of_the_program)
{
    harness_tick(&stage.harness, 600 * MS);
    ck_assert_int_eq(report(400, 100), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
    const struct pausemon_pause_info *pause = stage_last(&stage);
    ck_assert_uint_eq(pause->cause, PAUSEMON_CAUSE_HOST);
    ck_assert_uint_eq(pause->lost_ns, 300 * MS);
    ck_assert_uint_eq(pause->duration_ns, 300 * MS);
    ck_assert_uint_eq(pause->detectors, PAUSEMON_DETECTOR_SAMPLE);
}
END_TEST

START_TEST(where_beats_were_late_too_it_was_not_the_program)
{
    harness_tick(&stage.harness, 600 * MS);
    ck_assert_int_eq(report(450, 0), 0);
    stage_beat(&stage, 500, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(stage_last(&stage)->detectors,
                      PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_SAMPLE);
}
END_TEST

START_TEST(two_late_frames_before_a_look_are_one_pause_and_their_time_adds_up)
{
    harness_tick(&stage.harness, 900 * MS);
    ck_assert_int_eq(report(800, 600), 0);
    ck_assert_int_eq(report(400, 200), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 400 * MS);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 600 * MS);
}
END_TEST

START_TEST(what_is_reported_twice_is_lost_once)
{
    harness_tick(&stage.harness, 900 * MS);
    ck_assert_int_eq(report(800, 200), 0);
    ck_assert_int_eq(report(800, 200), 0);
    ck_assert_int_eq(report(600, 300), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 600 * MS);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 600 * MS);
}
END_TEST

START_TEST(of_two_frames_that_are_reported_twice_the_time_between_is_not_lost)
{
    harness_tick(&stage.harness, 900 * MS);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(report(800, 600), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(report(400, 200), 0);
    ck_assert_int_eq(report(300, 150), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 650 * MS);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 450 * MS);
}
END_TEST

START_TEST(a_look_that_fails_is_not_asked_for_for_ever)
{
    stage.player.result = PAUSEMON_ERR_IO;
    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_eq(report(300, 0), 0);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 0);
    ck_assert_int_gt(pausemon_monitor_get_timeout(stage.monitor), 0);
    stage.player.result = PAUSEMON_LOOK_COMPLETE;
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

START_TEST(it_asks_for_a_look_at_once)
{
    struct pollfd wait = {pausemon_monitor_get_fd(stage.monitor), POLLIN, 0};

    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_gt(pausemon_monitor_get_timeout(stage.monitor), 0);
    ck_assert_int_eq(report(300, 0), 0);
    ck_assert_int_eq(pausemon_monitor_get_timeout(stage.monitor), 0);
    ck_assert_int_eq(poll(&wait, 1, 10000), 1);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    ck_assert_int_gt(pausemon_monitor_get_timeout(stage.monitor), 0);
}
END_TEST

START_TEST(what_lies_before_the_last_look_does_not_count)
{
    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_eq(report(5000, 0), 0);
    settle();
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 300 * MS);
    ck_assert_int_eq(report(9000, 8000), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

START_TEST(less_than_is_recorded_is_told_to_nobody)
{
    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_eq(report(249, 0), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 0);
    stage_set(&stage, "pause.record_ms", "100");
    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_eq(report(249, 0), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
    int64_t now_ns = stage.harness.now.monotonic_ns;

    harness_tick(&stage.harness, 300 * MS);
    ck_assert_int_eq(report(100, 100), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(report(100, 200), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(report(100, -1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_monitor_report_late(NULL, 0, 1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_monitor_report_late(stage.monitor, INT64_MIN, now_ns), 0);
    settle();
    ck_assert_uint_eq(stage.pause_count, 0);
}
END_TEST

START_TEST(before_the_first_look_nothing_can_be_told)
{
    struct stage fresh;

    stage_open(&fresh);
    int64_t now_ns = fresh.harness.now.monotonic_ns;
    ck_assert_int_eq(pausemon_monitor_report_late(fresh.monitor, now_ns - 1, now_ns),
                     PAUSEMON_ERR_BUSY);
    stage_close(&fresh);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("late");
    TCase *tcase = tcase_create("late");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_late_frame_is_a_pause_of_the_program);
    tcase_add_test(tcase, where_beats_were_late_too_it_was_not_the_program);
    tcase_add_test(tcase, two_late_frames_before_a_look_are_one_pause_and_their_time_adds_up);
    tcase_add_test(tcase, what_is_reported_twice_is_lost_once);
    tcase_add_test(tcase, of_two_frames_that_are_reported_twice_the_time_between_is_not_lost);
    tcase_add_test(tcase, a_look_that_fails_is_not_asked_for_for_ever);
    tcase_add_test(tcase, it_asks_for_a_look_at_once);
    tcase_add_test(tcase, what_lies_before_the_last_look_does_not_count);
    tcase_add_test(tcase, less_than_is_recorded_is_told_to_nobody);
    tcase_add_test(tcase, what_is_no_time_is_refused);
    tcase_add_test(tcase, before_the_first_look_nothing_can_be_told);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
