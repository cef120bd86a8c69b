/* SPDX-License-Identifier: MIT */
/* Stalls that spare the canary: memory and I/O pressure, felt look by look. */
#include <string.h>

#include "pauses_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_grow(&stage, PM_READ_MEMORY_FULL, 0);
    stage_grow(&stage, PM_READ_IO_FULL, 0);
    stage_feed(&stage, 0);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 ");
}

static void teardown(void)
{
    stage_close(&stage);
}

/* So many looks of a second, with so much of each under pressure. */
static void press(enum pm_reading which, int looks, int64_t ms)
{
    for (int i = 0; i < looks; i++) {
        stage_grow(&stage, which, ms);
        stage_feed(&stage, 1000);
    }
}

/* ---- Memory ---- */

START_TEST(two_seconds_of_memory_pressure_are_a_pause_told_when_it_is_over)
{
    press(PM_READ_MEMORY_FULL, 3, 600);
    stage_check(&stage, "S1 S3 tier3_entry event1 S3 ");
    stage_feed(&stage, 1000);
    stage_check(&stage, "S3 pause1:memory ");
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_PRESSURE);
    ck_assert_uint_eq(info->duration_ns, 3 * SECOND);
    ck_assert_uint_eq(info->lost_ns, 1800 * MS);
    ck_assert_uint_eq(info->confidence, 990);
    ck_assert_int_eq(stage.harness.now.monotonic_ns - info->end.monotonic_ns, SECOND);
    ck_assert_int_eq(info->end.realtime_ns - info->start.realtime_ns, 3 * SECOND);
    ck_assert_int_eq(info->event_id, 1);
    press(PM_READ_MEMORY_FULL, 10, 0);
    ck_assert_uint_eq(stage.pause_count, 1);
}
END_TEST

START_TEST(less_than_two_seconds_or_less_than_the_share_is_none)
{
    for (int i = 0; i < 5; i++) {
        press(PM_READ_MEMORY_FULL, 1, 1000);
        press(PM_READ_MEMORY_FULL, 1, 0);
    }
    press(PM_READ_MEMORY_FULL, 10, 499);
    ck_assert_ptr_null(strstr(stage.told.bytes, "pause"));
    ck_assert_ptr_null(strstr(stage.told.bytes, "tier"));
    press(PM_READ_MEMORY_FULL, 2, 500);
    stage_feed(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 2 * SECOND);
}
END_TEST

START_TEST(the_share_is_configured)
{
    stage_set(&stage, "pause.pressure_share", "0.9");
    press(PM_READ_MEMORY_FULL, 5, 899);
    ck_assert_ptr_null(strstr(stage.told.bytes, "tier"));
    press(PM_READ_MEMORY_FULL, 5, 900);
    stage_feed(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 5 * SECOND);
}
END_TEST

START_TEST(between_record_and_forensics_ms_a_stall_is_elevated)
{
    stage_set(&stage, "pause.forensics_ms", "4000");
    press(PM_READ_MEMORY_FULL, 3, 800);
    stage_check(&stage, "S1 S2 tier2_entry event1 S2 ");
    press(PM_READ_MEMORY_FULL, 1, 800);
    stage_check(&stage, "S3 tier3_entry event1 ");
    stage_feed(&stage, 1000);
    stage_check(&stage, "S3 pause1:memory ");
}
END_TEST

START_TEST(a_stall_shorter_than_record_ms_is_none)
{
    stage_set(&stage, "pause.record_ms", "5000");
    stage_set(&stage, "pause.forensics_ms", "9000");
    press(PM_READ_MEMORY_FULL, 4, 1000);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 S1 S1 S1 ");
}
END_TEST

START_TEST(pressure_that_is_not_known_is_none)
{
    stage.totals.have = 0;
    for (int i = 0; i < 5; i++)
        stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 S1 S1 S1 ");
}
END_TEST

START_TEST(a_look_after_a_moment_says_nothing_of_pressure)
{
    press(PM_READ_MEMORY_FULL, 1, 900);
    stage_feed(&stage, 20);
    stage_check(&stage, "S1 S1 ");
    press(PM_READ_MEMORY_FULL, 1, 900);
    stage_check(&stage, "S3 tier3_entry event1 ");
    stage_feed(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 2020 * MS);
}
END_TEST

START_TEST(a_late_look_in_a_stall_is_the_same_pause_told_again_with_its_whole_length)
{
    press(PM_READ_MEMORY_FULL, 2, 900);
    stage_grow(&stage, PM_READ_MEMORY_FULL, 2600);
    stage_feed(&stage, 3000); /* lost: 2 s */
    press(PM_READ_MEMORY_FULL, 2, 900);
    stage_feed(&stage, 1000);
    ck_assert_uint_eq(stage.pause_count, 2);
    ck_assert_int_eq(stage.pauses[0].id, 1);
    ck_assert_uint_eq(stage.pauses[0].cause, PAUSEMON_CAUSE_MEMORY);
    ck_assert_uint_eq(stage.pauses[0].duration_ns, 2 * SECOND);
    ck_assert_int_eq(stage.pauses[1].id, 1);
    ck_assert_uint_eq(stage.pauses[1].cause, PAUSEMON_CAUSE_MEMORY);
    ck_assert_uint_eq(stage.pauses[1].duration_ns, 7 * SECOND);
    ck_assert_uint_eq(stage.pauses[1].detectors,
                      PAUSEMON_DETECTOR_SAMPLE | PAUSEMON_DETECTOR_PRESSURE);
}
END_TEST

START_TEST(a_beat_that_is_late_in_a_stall_is_the_same_pause)
{
    stage_watch(&stage);
    press(PM_READ_MEMORY_FULL, 2, 900);
    stage_beat(&stage, 300, PM_READ_MEMORY_FULL);
    stage_feed(&stage, 0);
    press(PM_READ_MEMORY_FULL, 2, 900);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    ck_assert_int_eq(stage_last(&stage)->id, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_MEMORY);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 4 * SECOND);
    ck_assert_uint_eq(stage_last(&stage)->detectors,
                      PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_PRESSURE);
}
END_TEST

/* ---- I/O ---- */

/* "hog" reads; the rows after it that wait uninterruptibly, from the look before on. */
static void copy(int others, bool waits_itself)
{
    stage.rows[1].state = waits_itself ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_RUNNING;
    stage.rows[2].state = others > 0 ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_SLEEPING;
    stage.rows[3].state = others > 1 ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_SLEEPING;
    for (int i = 0; i < 4; i++) {
        stage.rows[1].io_bytes += 100 << 20;
        stage.rows[1].cpu_ns += 1000000;
        stage.rows[2].io_bytes += 4096;
        stage.rows[3].io_bytes += 4096;
        press(PM_READ_IO_FULL, 1, 900);
    }
    stage.rows[1].state = stage.rows[2].state = stage.rows[3].state = PAUSEMON_STATE_SLEEPING;
    stage_feed(&stage, 1000);
}

START_TEST(io_pressure_is_a_pause_only_for_two_others_who_wait)
{
    copy(0, true);
    copy(0, false);
    copy(1, true);
    copy(1, false);
    ck_assert_uint_eq(stage.pause_count, 0);
    ck_assert_ptr_null(strstr(stage.told.bytes, "tier"));
    copy(2, true);
    ck_assert_uint_eq(stage.pause_count, 1);
    ck_assert_uint_eq(stage_last(&stage)->cause, PAUSEMON_CAUSE_IO);
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 4 * SECOND);
    ck_assert_uint_eq(stage_last(&stage)->detectors, PAUSEMON_DETECTOR_PRESSURE);
    copy(2, false);
    ck_assert_uint_eq(stage.pause_count, 2);
}
END_TEST

static void check_hog(void *user, const struct pausemon_event *event)
{
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(event->pause, 0);

    ++*(int *)user;
    ck_assert_ptr_nonnull(culprit);
    ck_assert_str_eq(culprit->command, "hog");
    ck_assert_uint_eq(culprit->resource, PAUSEMON_CAUSE_IO);
    ck_assert_ptr_nonnull(pausemon_pause_get_victim(event->pause, 0));
    ck_assert_uint_eq(pausemon_pause_get_victim(event->pause, 0)->how, PAUSEMON_LOSS_BLOCKED);
}

START_TEST(an_io_pause_names_who_did_the_io_and_who_waited)
{
    int calls = 0;

    pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, check_hog, &calls, NULL);
    copy(2, false);
    ck_assert_int_eq(calls, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pauses_pressure");
    TCase *tcase = tcase_create("pauses_pressure");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, two_seconds_of_memory_pressure_are_a_pause_told_when_it_is_over);
    tcase_add_test(tcase, less_than_two_seconds_or_less_than_the_share_is_none);
    tcase_add_test(tcase, the_share_is_configured);
    tcase_add_test(tcase, between_record_and_forensics_ms_a_stall_is_elevated);
    tcase_add_test(tcase, a_stall_shorter_than_record_ms_is_none);
    tcase_add_test(tcase, pressure_that_is_not_known_is_none);
    tcase_add_test(tcase,
                   a_late_look_in_a_stall_is_the_same_pause_told_again_with_its_whole_length);
    tcase_add_test(tcase, a_beat_that_is_late_in_a_stall_is_the_same_pause);
    tcase_add_test(tcase, io_pressure_is_a_pause_only_for_two_others_who_wait);
    tcase_add_test(tcase, an_io_pause_names_who_did_the_io_and_who_waited);
    tcase_add_test(tcase, a_look_after_a_moment_says_nothing_of_pressure);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
