/* SPDX-License-Identifier: MIT */
/* Late beats of a heartbeat that the test beats: joined, told, told again; and their memory. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "pauses_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_watch(&stage);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 1000);
    stage_check(&stage, "S1 S1 ");
}

static void teardown(void)
{
    stage_close(&stage);
}

/* A late beat that ends so many milliseconds from now, and the look it wants. */
static void beat(int64_t in_ms, int64_t length_ms, enum pm_reading why)
{
    harness_tick(&stage.harness, in_ms * MS);
    stage_beat(&stage, length_ms, why);
    stage_dispatch(&stage, 0);
}

/* Times of beats are translated between two clocks, of which one goes on. */
static void check_about(int64_t value_ns, int64_t expected_ms)
{
    ck_assert_int_ge(value_ns, (expected_ms - 80) * MS);
    ck_assert_int_le(value_ns, (expected_ms + 80) * MS);
}

/* ---- Joined ---- */

START_TEST(late_beats_close_together_with_one_cause_are_one_pause)
{
    beat(0, 907, PM_READ_RUN_DELAY);
    beat(850, 506, PM_READ_RUN_DELAY);
    beat(1000, 437, PM_READ_RUN_DELAY);
    ck_assert_uint_eq(stage.pause_count, 0);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_uint_eq(info->lost_ns, (907 + 506 + 437) * MS);
    check_about((int64_t)info->duration_ns, 907 + 850 + 1000);
    check_about(info->end.monotonic_ns - info->start.monotonic_ns, 907 + 850 + 1000);
    check_about(stage.harness.now.realtime_ns - info->end.realtime_ns, 800);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_HEARTBEAT);
    ck_assert_uint_eq(info->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(info->confidence, 990);
    ck_assert_uint_eq(info->tier, PAUSEMON_TIER_CRITICAL);
}
END_TEST

START_TEST(small_beats_together_are_a_pause_where_one_alone_is_none)
{
    beat(0, 240, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 800);
    stage_dispatch(&stage, 2000);
    ck_assert_uint_eq(stage.pause_count, 0);
    for (int i = 0; i < 4; i++)
        beat(200, 70, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 280 * MS);
    check_about((int64_t)stage_last(&stage)->duration_ns, 670);
}
END_TEST

START_TEST(beats_further_apart_are_two_pauses)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    beat(1700 + 400, 400, PM_READ_RUN_DELAY); /* a gap of 1.7 s */
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 2);
    ck_assert_int_eq(stage.pauses[0].id, 1);
    ck_assert_int_eq(stage.pauses[1].id, 2);
    ck_assert_uint_eq(stage.pauses[0].lost_ns, 400 * MS);
    ck_assert_uint_eq(stage.pauses[1].lost_ns, 400 * MS);
}
END_TEST

START_TEST(beats_of_another_cause_are_another_pause)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    beat(500, 300, PM_READ_IO_FULL);
    ck_assert_uint_eq(stage.stress, 50); /* by the first, which is told already */
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 2);
    ck_assert_uint_eq(stage.pauses[0].cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(stage.pauses[1].cause, PAUSEMON_CAUSE_IO);
    ck_assert_int_eq(stage.pauses[1].id, 2);
}
END_TEST

START_TEST(a_beat_and_a_late_look_of_one_standstill_are_one_pause_as_the_beat_felt_it)
{
    harness_tick(&stage.harness, 4000 * MS);
    stage_beat(&stage, 2900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_SAMPLE);
    ck_assert_uint_eq(info->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(info->lost_ns, 2900 * MS);
    check_about((int64_t)info->duration_ns, 2900);
}
END_TEST

START_TEST(a_late_look_while_the_canary_was_on_time_is_the_hosts)
{
    stage_dispatch(&stage, 4000);
    stage_dispatch(&stage, 800);
    stage_check(&stage, "S1 S1 pause1:host ");
    ck_assert_uint_eq(stage_last(&stage)->detectors, PAUSEMON_DETECTOR_SAMPLE);
}
END_TEST

START_TEST(a_look_that_was_late_first_is_narrowed_to_what_the_beat_felt)
{
    stage_dispatch(&stage, 4000);
    stage_beat(&stage, 2500, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    check_about((int64_t)stage_last(&stage)->duration_ns, 2500);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 2500 * MS);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_CPU);
}
END_TEST

START_TEST(a_long_stutter_of_which_little_was_lost_is_not_critical)
{
    for (int i = 0; i < 5; i++)
        beat(1200, 100, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    check_about((int64_t)stage_last(&stage)->duration_ns, 4 * 1200 + 100);
    ck_assert_uint_eq(stage_last(&stage)->tier, PAUSEMON_TIER_ELEVATED);
}
END_TEST

/* As a CI machine had it: a hog of 3 s at real-time priority, between whose beats the kernel served
 * the starved for more than half of its time. */
START_TEST(a_hog_whose_victims_were_served_in_between_is_critical)
{
    for (int i = 0; i < 3; i++)
        beat(825 + 447, 447, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 800);
    ck_assert_uint_eq(stage.pause_count, 1);
    check_about((int64_t)stage_last(&stage)->duration_ns, 447 + 2 * (825 + 447));
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 3 * 447 * MS);
    ck_assert_uint_eq(stage_last(&stage)->tier, PAUSEMON_TIER_CRITICAL);
}
END_TEST

/* ---- Blamed ---- */

START_TEST(what_was_spent_in_all_of_the_pause_is_blamed_also_when_it_is_told_again)
{
    stage.rows[0].cpu_ns += 50 * SECOND; /* before */
    stage_dispatch(&stage, 1000);
    stage.rows[1].cpu_ns += SECOND;
    beat(0, 900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_str_eq(stage_culprit(&stage, 0), "hog");
    ck_assert_str_eq(stage_culprit(&stage, 1), "");
    stage.rows[3].cpu_ns += SECOND / 2;
    beat(500, 400, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_int_eq(stage_last(&stage)->id, 1);
    ck_assert_str_eq(stage_culprit(&stage, 0), "hog");
    ck_assert_str_eq(stage_culprit(&stage, 1), "third");
}
END_TEST

START_TEST(what_was_spent_before_a_pause_belongs_to_the_one_before_it_or_to_none)
{
    stage.rows[1].cpu_ns += 9 * SECOND;
    beat(0, 900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    for (int i = 0; i < 4; i++) {
        stage.rows[0].cpu_ns += SECOND;
        stage_dispatch(&stage, 1000);
    }
    stage.rows[3].cpu_ns += SECOND;
    beat(1000, 900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_int_eq(stage_last(&stage)->id, 2);
    ck_assert_str_eq(stage_culprit(&stage, 0), "third");
    ck_assert_str_eq(stage_culprit(&stage, 1), "");
}
END_TEST

/* ---- Told ---- */

START_TEST(a_pause_is_told_when_600_ms_have_brought_no_more_and_once)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 450);
    ck_assert_uint_eq(stage.pause_count, 0);
    ck_assert_int_le(pausemon_monitor_get_timeout(stage.monitor), 151);
    stage_dispatch(&stage, 151);
    ck_assert_uint_eq(stage.pause_count, 1);
    for (int i = 0; i < 10; i++)
        stage_dispatch(&stage, 500);
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

START_TEST(a_pause_comes_with_the_sample_that_it_raises)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_check(&stage, "S1 ");
    stage_dispatch(&stage, 700);
    stage_check(&stage, "S2 tier2_entry event1 pause1:cpu ");
}
END_TEST

START_TEST(a_pause_that_another_displaces_comes_with_the_sample_that_it_raises_too)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_check(&stage, "S1 ");
    beat(450, 300, PM_READ_IO_FULL);
    stage_check(&stage, "S2 tier2_entry event1 pause1:cpu ");
    ck_assert_int_eq(stage.pauses[0].event_id, 1); /* which it began */
}
END_TEST

START_TEST(more_of_the_same_is_told_again_with_the_same_id)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    beat(600, 300, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_uint_eq(stage.pause_count, 2);
    ck_assert_int_eq(stage.pauses[0].id, 1);
    ck_assert_int_eq(stage.pauses[1].id, 1);
    ck_assert_uint_eq(stage.pauses[0].lost_ns, 400 * MS);
    ck_assert_uint_eq(stage.pauses[1].lost_ns, 700 * MS);
    check_about((int64_t)stage.pauses[1].duration_ns, 1700);
    check_about(stage.pauses[1].start.monotonic_ns - stage.pauses[0].start.monotonic_ns, 0);
    beat(3000, 300, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_int_eq(stage_last(&stage)->id, 2); /* ids have no holes */
}
END_TEST

START_TEST(while_a_beat_is_missing_nothing_is_told)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    atomic_store(&stage.pulse->due_ns, 1);
    for (int i = 0; i < 6; i++)
        stage_dispatch(&stage, 500);
    ck_assert_uint_eq(stage.pause_count, 0);
    atomic_store(&stage.pulse->due_ns, 0);
    stage_beat(&stage, 2800, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 700);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 3200 * MS);
}
END_TEST

START_TEST(where_the_heartbeat_has_stopped_nobody_waits_for_its_next_beat)
{
    stage_beat(&stage, 400, PM_READ_RUN_DELAY);
    atomic_store(&stage.pulse->stopped, true);
    stage_dispatch(&stage, 0);
    stage_check(&stage, "S2 tier2_entry event1 pause1:cpu ");
}
END_TEST

START_TEST(the_end_of_a_recording_tells_the_pause_that_waits)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_check(&stage, "S1 ");
    stage.player.result = PAUSEMON_ERR_END;
    stage_feed(&stage, 10);
    stage_check(&stage, "pause1:cpu end ");
    stage_feed(&stage, 10000);
    stage_check(&stage, "");
}
END_TEST

START_TEST(freeing_the_monitor_tells_the_pause_that_waits_before_the_last_events)
{
    beat(0, 400, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    stage_check(&stage, "S1 S2 tier2_entry event1 pause1:cpu ");
    stage_dispatch(&stage, 2000);
    stage_beat(&stage, 300, PM_READ_IO_FULL); /* that nobody has heard yet */
    pausemon_monitor_free(stage.monitor);
    stage.monitor = NULL;
    stage_check(&stage, "S2 pause2:io event1. close ");
    ck_assert_int_eq(stage_last(&stage)->event_id, 1);
}
END_TEST

START_TEST(a_beat_in_the_silence_after_a_suspend_is_none)
{
    stage.harness.now.boottime_ns += 60 * SECOND;
    stage_dispatch(&stage, 1000);
    stage_dispatch(&stage, 1000);
    stage_check(&stage, "S1 S1 pause1:suspend ");
    beat(3000, 900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

/* ---- Each way of driving ---- */

static void check_the_pause(void)
{
    ck_assert_uint_eq(stage.pause_count, 1);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_int_eq(info->id, 1);
    ck_assert_uint_eq(info->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(info->lost_ns, 400 * MS);
    ck_assert_uint_eq(info->duration_ns, 400 * MS);
    ck_assert_uint_eq(info->tier, PAUSEMON_TIER_ELEVATED);
}

START_TEST(following_the_timeout_alone_tells_the_pause)
{
    int64_t passed_ms = 0;

    stage_beat(&stage, 400, PM_READ_RUN_DELAY);
    while (stage.pause_count == 0 && passed_ms < 10000) {
        int timeout = pausemon_monitor_get_timeout(stage.monitor);
        ck_assert_int_ge(timeout, 0);
        passed_ms += timeout;
        stage_dispatch(&stage, timeout);
    }
    check_the_pause();
    ck_assert_int_le(passed_ms, 1700); /* the next look, and 600 ms */
}
END_TEST

START_TEST(feeding_tells_the_same_pause)
{
    stage_beat(&stage, 400, PM_READ_RUN_DELAY);
    stage_feed(&stage, 0);
    stage_feed(&stage, 1000);
    check_the_pause();
}
END_TEST

START_TEST(following_the_descriptor_alone_tells_the_same_pause)
{
    stage_close(&stage);
    stage_open_clock(&stage, false);
    stage_watch(&stage);
    stage_set(&stage, "sentinel.pause_threshold_ratio", "100"); /* this machine may be slow */
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    struct pollfd wait = {pausemon_monitor_get_fd(stage.monitor), POLLIN, 0};
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    stage_beat(&stage, 400, PM_READ_RUN_DELAY);
    ck_assert_int_eq(poll(&wait, 1, 0), 1); /* at once */
    while (stage.pause_count == 0) {
        ck_assert_msg(poll(&wait, 1, 20000) == 1, "the descriptor stayed silent");
        ck_assert_int_ge(pausemon_monitor_dispatch(stage.monitor), 0);
    }
    check_the_pause();
}
END_TEST

/* ---- Subscribers, memory ---- */

struct guest {
    int number, leaves, calls, refused;
};

static void visit(void *user, const struct pausemon_event *event)
{
    struct guest *guest = user;

    if (event->type == PAUSEMON_EVENT_CLOSE)
        return;
    guest->calls++;
    pausemon_monitor_unsubscribe(stage.monitor, guest->leaves);
    guest->refused =
        pausemon_monitor_feed(stage.monitor) | pausemon_monitor_dispatch(stage.monitor);
}

START_TEST(subscribers_may_leave_while_a_pause_is_told_and_may_not_dispatch)
{
    struct guest guests[3] = {{0}};

    for (int i = 0; i < 3; i++)
        guests[i].number = pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, visit,
                                                      &guests[i], NULL);
    guests[0].leaves = guests[0].number;
    guests[1].leaves = guests[2].number;
    for (int i = 0; i < 3; i++) {
        beat(3000, 400, PM_READ_RUN_DELAY);
        stage_dispatch(&stage, 700);
    }
    ck_assert_int_eq(guests[0].calls, 1);
    ck_assert_int_eq(guests[1].calls, 3);
    ck_assert_int_eq(guests[2].calls, 0);
    ck_assert_int_lt(guests[1].refused, 0);
    ck_assert_uint_eq(stage.pause_count, 3);
}
END_TEST

START_TEST(looks_and_pauses_allocate_nothing_once_warm)
{
    for (int i = 0; i < 3; i++)
        stage_dispatch(&stage, 1000);
    long before = stage.harness.allocations;
    for (int i = 0; i < 20; i++) {
        stage.rows[1].cpu_ns += SECOND;
        stage_grow(&stage, PM_READ_RUN_DELAY, 300);
        beat(1700, 400, i % 2 ? PM_READ_RUN_DELAY : PM_READ_IO_FULL);
        stage_dispatch(&stage, 700);
    }
    ck_assert_uint_ge(stage.pause_count, 20);
    ck_assert_int_eq(stage.harness.allocations, before);
}
END_TEST

START_TEST(reports_that_find_the_queue_full_are_counted_and_the_rest_is_told)
{
    for (int i = 0; i < 100; i++)
        stage_beat(&stage, 300, PM_READ_RUN_DELAY);
    ck_assert_uint_eq(atomic_load(&stage.pulse->lost), 100 - PM_PULSE_SLOTS);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 700);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_le(stage_last(&stage)->lost_ns, stage_last(&stage)->duration_ns);
}
END_TEST

START_TEST(a_monitor_has_one_heartbeat_until_that_has_stopped)
{
    struct pausemon_error error;
    struct pm_pulse *other;

    ck_assert_int_eq(pm_pulse_new(&other, &stage.host, &error), 0);
    ck_assert_int_eq(pm_monitor_attach(stage.monitor, other, &error), PAUSEMON_ERR_INVALID);
    atomic_store(&stage.pulse->stopped, true);
    ck_assert_int_eq(pm_monitor_attach(stage.monitor, other, &error), 0);
    pm_pulse_release(other); /* the monitor holds it */
    stage.harness.fail_at = 1;
    ck_assert_int_eq(pm_pulse_new(&other, &stage.host, &error), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pauses_beats");
    TCase *tcase = tcase_create("pauses_beats");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, late_beats_close_together_with_one_cause_are_one_pause);
    tcase_add_test(tcase, small_beats_together_are_a_pause_where_one_alone_is_none);
    tcase_add_test(tcase, beats_further_apart_are_two_pauses);
    tcase_add_test(tcase, beats_of_another_cause_are_another_pause);
    tcase_add_test(tcase,
                   a_beat_and_a_late_look_of_one_standstill_are_one_pause_as_the_beat_felt_it);
    tcase_add_test(tcase, a_late_look_while_the_canary_was_on_time_is_the_hosts);
    tcase_add_test(tcase, a_look_that_was_late_first_is_narrowed_to_what_the_beat_felt);
    tcase_add_test(tcase, a_long_stutter_of_which_little_was_lost_is_not_critical);
    tcase_add_test(tcase, a_hog_whose_victims_were_served_in_between_is_critical);
    tcase_add_test(tcase, what_was_spent_in_all_of_the_pause_is_blamed_also_when_it_is_told_again);
    tcase_add_test(tcase, what_was_spent_before_a_pause_belongs_to_the_one_before_it_or_to_none);
    tcase_add_test(tcase, a_pause_is_told_when_600_ms_have_brought_no_more_and_once);
    tcase_add_test(tcase, a_pause_comes_with_the_sample_that_it_raises);
    tcase_add_test(tcase, a_pause_that_another_displaces_comes_with_the_sample_that_it_raises_too);
    tcase_add_test(tcase, more_of_the_same_is_told_again_with_the_same_id);
    tcase_add_test(tcase, while_a_beat_is_missing_nothing_is_told);
    tcase_add_test(tcase, where_the_heartbeat_has_stopped_nobody_waits_for_its_next_beat);
    tcase_add_test(tcase, the_end_of_a_recording_tells_the_pause_that_waits);
    tcase_add_test(tcase, freeing_the_monitor_tells_the_pause_that_waits_before_the_last_events);
    tcase_add_test(tcase, a_beat_in_the_silence_after_a_suspend_is_none);
    tcase_add_test(tcase, following_the_timeout_alone_tells_the_pause);
    tcase_add_test(tcase, feeding_tells_the_same_pause);
    tcase_add_test(tcase, following_the_descriptor_alone_tells_the_same_pause);
    tcase_add_test(tcase, subscribers_may_leave_while_a_pause_is_told_and_may_not_dispatch);
    tcase_add_test(tcase, looks_and_pauses_allocate_nothing_once_warm);
    tcase_add_test(tcase, reports_that_find_the_queue_full_are_counted_and_the_rest_is_told);
    tcase_add_test(tcase, a_monitor_has_one_heartbeat_until_that_has_stopped);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
