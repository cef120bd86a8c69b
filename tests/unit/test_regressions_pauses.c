/* SPDX-License-Identifier: MIT */
/* What a review proved wrong in the pause engine: causes, blame, telling. */
#include <stdlib.h>
#include <string.h>

#include "pauses_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_grow(&stage, PM_READ_MEMORY_FULL, 0);
    stage_grow(&stage, PM_READ_IO_FULL, 0);
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

/* So many looks of a second, with so much of each under pressure. */
static void press(enum pm_reading which, int looks, int64_t ms)
{
    for (int i = 0; i < looks; i++) {
        stage_grow(&stage, which, ms);
        stage_dispatch(&stage, 1000);
    }
}

/* Whether two besides "hog" wait for a disk. */
static void block(bool waits)
{
    stage.rows[2].state = stage.rows[3].state =
        waits ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_SLEEPING;
}

static int64_t evidence(const char *name)
{
    const struct pausemon_evidence *found;

    for (size_t i = 0; (found = pausemon_pause_get_evidence(&stage.last, i)); i++)
        if (strcmp(found->name, name) == 0)
            return found->value;
    return -1;
}

/* ---- Seen by several ---- */

/* In each row: what is contended, and whether the look was late before the beat was reported. */
static const struct {
    enum pm_reading full;
    uint64_t cause;
    bool look_first;
} freezes[] = {
    {PM_READ_MEMORY_FULL, PAUSEMON_CAUSE_MEMORY, false},
    {PM_READ_MEMORY_FULL, PAUSEMON_CAUSE_MEMORY, true},
    {PM_READ_IO_FULL, PAUSEMON_CAUSE_IO, false},
    {PM_READ_IO_FULL, PAUSEMON_CAUSE_IO, true},
};

static void check_the_hog(void *user, const struct pausemon_event *event)
{
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(event->pause, 0);
    const uint64_t *cause = user;

    ck_assert_uint_eq(pausemon_pause_get_info(event->pause)->cause, *cause);
    ck_assert_uint_eq(event->tier, PAUSEMON_TIER_CRITICAL);
    ck_assert_ptr_nonnull(culprit);
    ck_assert_str_eq(culprit->command, "hog");
    ck_assert_uint_eq(culprit->resource, *cause);
}

START_TEST(a_freeze_that_all_detectors_see_keeps_its_cause_culprit_and_floor)
{
    enum pm_reading full = freezes[_i].full;
    uint64_t cause = freezes[_i].cause;

    pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, check_the_hog, &cause, NULL);
    stage_grow(&stage, PM_READ_FAULTS, 0);
    stage_grow(&stage, PM_READ_OWN_CPU, 0);
    stage_dispatch(&stage, 1000);
    block(cause == PAUSEMON_CAUSE_IO);
    stage_dispatch(&stage, 1000);
    stage.rows[1].mem += UINT64_C(1) << 30;
    stage.rows[1].io_bytes += UINT64_C(1) << 30;
    harness_tick(&stage.harness, 3500 * MS);
    stage_grow(&stage, full, 2300);
    if (freezes[_i].look_first)
        stage_dispatch(&stage, 0);
    stage_beat(&stage, 2400, full);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 700);
    ck_assert_uint_ge(stage.pause_count, 1);
    block(false);
    for (int i = 0; i < 4; i++)
        stage_dispatch(&stage, 1000);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_int_eq(info->id, 1);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_SAMPLE |
                                           PAUSEMON_DETECTOR_PRESSURE);
}
END_TEST

START_TEST(a_look_that_is_three_seconds_late_is_told_although_one_small_late_beat_overlaps_it)
{
    stage_grow(&stage, PM_READ_OWN_CPU, 0);
    stage_dispatch(&stage, 1000);
    stage_grow(&stage, PM_READ_OWN_CPU, 100);
    harness_tick(&stage.harness, 4000 * MS);
    stage_beat(&stage, 60, PM_READ_CPU_SOME);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 700);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 3000 * MS);
    ck_assert_uint_eq(stage_last(&stage)->detectors,
                      PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_SAMPLE);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_UNKNOWN); /* not the loop alone */
}
END_TEST

START_TEST(a_stall_that_lost_less_than_the_beats_does_not_take_their_pause)
{
    press(PM_READ_MEMORY_FULL, 1, 510);
    harness_tick(&stage.harness, 1000 * MS);
    stage_grow(&stage, PM_READ_MEMORY_FULL, 510);
    stage_beat(&stage, 1900, PM_READ_RUN_DELAY);
    for (int i = 0; i < 3; i++)
        stage_dispatch(&stage, i * 1000);
    ck_assert_uint_ge(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 1900 * MS);
    ck_assert_uint_eq(stage_last(&stage)->detectors,
                      PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_PRESSURE);
}
END_TEST

/* ---- Blame ---- */

START_TEST(what_is_spent_between_the_first_look_and_the_telling_is_nobodys_guilt)
{
    stage.rows[1].cpu_ns += SECOND;
    stage.rows[2].run_delay_ns += SECOND;
    beat(900, 900, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 300);
    stage.rows[3].cpu_ns += 9 * SECOND;
    stage.rows[0].run_delay_ns += 9 * SECOND;
    stage_dispatch(&stage, 400);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_str_eq(stage_culprit(&stage, 0), "hog");
    ck_assert_str_eq(stage_culprit(&stage, 1), "");
    ck_assert_uint_eq(stage_last(&stage)->victim_count, 1);
    ck_assert_str_eq(pausemon_pause_get_victim(&stage.last, 0)->command, "Xorg");
}
END_TEST

/* "init" is busy until the look that the guard asks for when a beat has been missing for so long,
 * "hog" after it. */
static void freeze_with_a_look_after(int64_t missing_ms)
{
    stage.rows[0].cpu_ns += 5 * SECOND;
    harness_tick(&stage.harness, 900 * MS);
    atomic_store(&stage.pulse->due_ns, pm_system_monotonic_ns() - missing_ms * MS);
    pm_pulse_want_look(stage.pulse);
    stage_dispatch(&stage, 0);
    stage.rows[1].cpu_ns += SECOND;
    atomic_store(&stage.pulse->due_ns, 0);
    beat(600, 700, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_uint_eq(stage.pause_count, 1);
}

START_TEST(a_look_soon_after_the_onset_starts_the_sums_anew)
{
    freeze_with_a_look_after(0);
    ck_assert_str_eq(stage_culprit(&stage, 0), "hog");
    ck_assert_str_eq(stage_culprit(&stage, 1), "");
}
END_TEST

START_TEST(a_look_late_in_a_freeze_keeps_the_sums)
{
    freeze_with_a_look_after(301);
    ck_assert_str_eq(stage_culprit(&stage, 0), "init");
    ck_assert_str_eq(stage_culprit(&stage, 1), "hog");
}
END_TEST

/* Every second of a stall "init" takes a tenth of a CPU. */
static void stall_for(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        stage.rows[0].cpu_ns += SECOND / 10;
        press(PM_READ_MEMORY_FULL, 1, 900);
    }
}

START_TEST(during_a_long_stall_the_sums_begin_anew_every_ten_seconds)
{
    stall_for(59);
    stage.rows[1].cpu_ns += 2 * SECOND;
    stage_grow(&stage, PM_READ_MEMORY_FULL, 450);
    beat(500, 450, PM_READ_RUN_DELAY);
    stall_for(1);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_str_eq(stage_culprit(&stage, 0), "hog");
    /* At most 11 s of init's. */
    ck_assert_uint_ge(pausemon_pause_get_culprit(&stage.last, 0)->share, 2000 * 1000 / 3200);
}
END_TEST

START_TEST(a_stall_of_less_is_blamed_by_all_of_it)
{
    stage.rows[1].mem += UINT64_C(1) << 30;
    stall_for(8);
    stage.rows[3].mem += UINT64_C(1) << 30;
    stall_for(1);
    stage_dispatch(&stage, 1000);
    stage_dispatch(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_MEMORY);
    ck_assert_uint_eq(stage_last(&stage)->culprit_count, 2);
}
END_TEST

/* ---- Telling ---- */

START_TEST(a_pause_that_waits_while_looks_fail_is_told_and_nobody_spins)
{
    static const int results[] = {PAUSEMON_ERR_IO, PAUSEMON_ERR_NOMEM, PAUSEMON_ERR_BUSY};
    int dispatches = 0;

    stage.player.result = results[_i];
    /* The second is too short to be told: it must not wait for ever either. */
    for (int64_t length_ms = 400; length_ms > 0; length_ms -= 340) {
        stage_beat(&stage, length_ms, PM_READ_RUN_DELAY);
        for (int64_t left_ms = 5000; left_ms > 0; dispatches++) {
            int timeout = pausemon_monitor_get_timeout(stage.monitor);
            ck_assert_int_ge(timeout, 0);
            ck_assert_int_lt(dispatches, 30);
            left_ms -= timeout;
            stage_dispatch(&stage, timeout);
        }
    }
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 400 * MS);
}
END_TEST

START_TEST(a_stutter_of_twenty_beats_is_told_a_few_times_and_once_more_at_its_end)
{
    for (int i = 0; i < 20; i++) {
        beat(500, 300, PM_READ_RUN_DELAY);
        stage_dispatch(&stage, 700);
    }
    size_t told = stage.pause_count;
    ck_assert_uint_ge(told, 3);
    ck_assert_uint_le(told, 9); /* log 77 / log 1.5 is 11, of which the first are too close */
    ck_assert_uint_lt(stage_last(&stage)->lost_ns, 20 * 300 * MS);
    for (int i = 0; i < 10; i++)
        stage_dispatch(&stage, 500);
    ck_assert_uint_eq(stage.pause_count, told + 1);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 20 * 300 * MS);
    for (size_t i = 0; i < stage.pause_count; i++)
        ck_assert_int_eq(stage.pauses[i].id, 1);
    beat(3000, 300, PM_READ_RUN_DELAY);
    stage_dispatch(&stage, 700);
    ck_assert_int_eq(stage_last(&stage)->id, 2);
}
END_TEST

/* A look that is late in a freeze, as the one thread that looks is, may come before the beat. */
START_TEST(turns_of_one_freeze_are_one_pause_however_often_is_looked)
{
    stage_set(&stage, "monitor.interval_ms", "200");
    stage_grow(&stage, PM_READ_RUN_DELAY, 0);
    for (int turn = 0; turn < 3; turn++) {
        harness_tick(&stage.harness, 900 * MS);
        stage_grow(&stage, PM_READ_RUN_DELAY, 880);
        stage_dispatch(&stage, 0);
        stage_beat(&stage, 900, PM_READ_RUN_DELAY);
        stage_dispatch(&stage, 0);
        stage_dispatch(&stage, 200);
        stage_dispatch(&stage, 200);
        stage_dispatch(&stage, 200);
    }
    for (int i = 0; i < 10; i++)
        stage_dispatch(&stage, 200);
    ck_assert_uint_ge(stage.pause_count, 1);
    ck_assert_int_eq(stage_last(&stage)->id, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 2700 * MS);
}
END_TEST

/* A program that hitches once a second has not frozen for minutes. */
START_TEST(each_hitch_of_the_program_itself_is_one_of_its_own)
{
    for (int i = 0; i < 5; i++) {
        int64_t now_ns = stage.harness.now.monotonic_ns + 300 * MS;
        harness_tick(&stage.harness, 300 * MS);
        ck_assert_int_eq(pausemon_monitor_report_late(stage.monitor, now_ns - 300 * MS, now_ns), 0);
        for (int k = 0; k < 5; k++)
            stage_dispatch(&stage, 200);
    }
    ck_assert_uint_eq(stage.pause_count, 5);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_int_eq(info->id, 5);
    ck_assert_uint_eq(info->cause, PAUSEMON_CAUSE_HOST);
    ck_assert_uint_eq(info->duration_ns, 300 * MS);
}
END_TEST

/* ---- Stalls ---- */

START_TEST(a_stall_is_not_added_twice_when_the_end_of_another_has_to_wait)
{
    block(true);
    for (int i = 0; i < 3; i++) {
        stage_grow(&stage, PM_READ_IO_FULL, 900);
        press(PM_READ_MEMORY_FULL, 1, 510); /* too little to explain the disk's */
    }
    /* It waits for its 600 ms while the disk recovers, and is not the disk's. */
    harness_tick(&stage.harness, 900 * MS);
    stage_beat(&stage, 300, PM_READ_RUN_DELAY);
    stage_grow(&stage, PM_READ_MEMORY_FULL, 510);
    stage_dispatch(&stage, 100);
    ck_assert_uint_eq(stage.pause_count, 2);
    ck_assert_uint_eq(stage.pauses[0].cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(stage.pauses[1].cause, PAUSEMON_CAUSE_IO);
    ck_assert_uint_eq(stage.pauses[1].lost_ns, 3 * 900 * MS);
    block(false);
    press(PM_READ_MEMORY_FULL, 4, 510);
    stage_dispatch(&stage, 1000);
    stage_dispatch(&stage, 1000);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_MEMORY);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 8 * SECOND);
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 8 * 510 * MS);
}
END_TEST

START_TEST(a_stall_that_goes_on_at_the_end_is_told)
{
    press(PM_READ_MEMORY_FULL, 3, 600);
    stage_check(&stage, "S1 S3 tier3_entry event1 S3 ");
    stage.player.result = PAUSEMON_ERR_END;
    stage_dispatch(&stage, 1000);
    stage_check(&stage, "pause1:memory end ");
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 1800 * MS);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 3 * SECOND);
}
END_TEST

START_TEST(a_stall_that_goes_on_at_the_close_is_told_after_the_pause_that_waits)
{
    press(PM_READ_MEMORY_FULL, 3, 600);
    stage_check(&stage, "S1 S3 tier3_entry event1 S3 ");
    harness_tick(&stage.harness, 900 * MS);
    stage_beat(&stage, 300, PM_READ_RUN_DELAY);
    pausemon_monitor_free(stage.monitor);
    stage.monitor = NULL;
    stage_check(&stage, "pause1:cpu pause2:memory event1. close ");
    ck_assert_uint_eq(stage_last(&stage)->lost_ns, 1800 * MS);
}
END_TEST

/* Of a stall of two windows in which so many others waited. */
static void check_blocked(int first, int second, int64_t expected)
{
    int counts[2] = {first, second};

    for (int i = 0; i < 2; i++) {
        block(true);
        stage.rows[0].state =
            counts[i] > 2 ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_SLEEPING;
        press(PM_READ_IO_FULL, 1, 900);
    }
    block(false);
    stage.rows[0].state = PAUSEMON_STATE_SLEEPING;
    stage_dispatch(&stage, 1000);
    stage_dispatch(&stage, 1000);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_IO);
    ck_assert_int_eq(evidence("uninterruptible_processes"), expected);
}

START_TEST(of_a_stall_only_those_are_told_that_waited_throughout)
{
    check_blocked(3, 2, 2);
    check_blocked(2, 3, 2);
    check_blocked(3, 3, 3);
    ck_assert_int_eq(stage_last(&stage)->id, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions_pauses");
    TCase *tcase = tcase_create("regressions_pauses");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_freeze_that_all_detectors_see_keeps_its_cause_culprit_and_floor, 0,
                        4);
    tcase_add_test(
        tcase, a_look_that_is_three_seconds_late_is_told_although_one_small_late_beat_overlaps_it);
    tcase_add_test(tcase, a_stall_that_lost_less_than_the_beats_does_not_take_their_pause);
    tcase_add_test(tcase, what_is_spent_between_the_first_look_and_the_telling_is_nobodys_guilt);
    tcase_add_test(tcase, a_look_soon_after_the_onset_starts_the_sums_anew);
    tcase_add_test(tcase, a_look_late_in_a_freeze_keeps_the_sums);
    tcase_add_test(tcase, during_a_long_stall_the_sums_begin_anew_every_ten_seconds);
    tcase_add_test(tcase, a_stall_of_less_is_blamed_by_all_of_it);
    tcase_add_loop_test(tcase, a_pause_that_waits_while_looks_fail_is_told_and_nobody_spins, 0, 3);
    tcase_add_test(tcase, a_stutter_of_twenty_beats_is_told_a_few_times_and_once_more_at_its_end);
    tcase_add_test(tcase, turns_of_one_freeze_are_one_pause_however_often_is_looked);
    tcase_add_test(tcase, each_hitch_of_the_program_itself_is_one_of_its_own);
    tcase_add_test(tcase, a_stall_is_not_added_twice_when_the_end_of_another_has_to_wait);
    tcase_add_test(tcase, a_stall_that_goes_on_at_the_end_is_told);
    tcase_add_test(tcase, a_stall_that_goes_on_at_the_close_is_told_after_the_pause_that_waits);
    tcase_add_test(tcase, of_a_stall_only_those_are_told_that_waited_throughout);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
