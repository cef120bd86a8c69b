/* SPDX-License-Identifier: MIT */
/* Pauses that the looks themselves notice: lateness and suspends, and what follows from them. */
#include <stdlib.h>
#include <string.h>

#include "pauses_stage.h"

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_grow(&stage, PM_READ_RUN_DELAY, 0);
    stage_feed(&stage, 0);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 ");
}

static void teardown(void)
{
    stage_close(&stage);
}

/* Monotonic time goes on by `awake_ms`, the machine sleeps for `asleep_ms` besides. */
static void sleep_and_feed(int64_t awake_ms, int64_t asleep_ms)
{
    stage.harness.now.boottime_ns += asleep_ms * MS;
    stage.harness.now.realtime_ns += asleep_ms * MS;
    stage_feed(&stage, awake_ms);
}

/* ---- Lateness ---- */

static int64_t evidence(const struct pausemon_pause *pause, const char *name, uint64_t *window_ns)
{
    const struct pausemon_evidence *found;

    for (size_t i = 0; (found = pausemon_pause_get_evidence(pause, i)); i++)
        if (strcmp(found->name, name) == 0) {
            *window_ns = found->window_ns;
            return found->value;
        }
    return -1;
}

static void check_starved(void *user, const struct pausemon_event *event)
{
    int *calls = user;
    uint64_t window_ns = 0;

    ++*calls;
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(event->pause, 0);
    const struct pausemon_victim *victim = pausemon_pause_get_victim(event->pause, 0);
    ck_assert_ptr_nonnull(culprit);
    ck_assert_str_eq(culprit->command, "hog");
    ck_assert_uint_eq(culprit->share, 1000);
    ck_assert_ptr_nonnull(victim);
    ck_assert_str_eq(victim->command, "Xorg");
    ck_assert_int_eq(evidence(event->pause, "run_delay_ms", &window_ns), 2400);
    ck_assert_uint_eq(window_ns, 3500 * MS);
    ck_assert_int_eq(evidence(event->pause, "asleep_ms", &window_ns), 0);
    ck_assert_int_eq(evidence(event->pause, "steal_ms", &window_ns), -1);
}

START_TEST(a_look_that_comes_much_too_late_is_a_pause_with_cause_and_culprit)
{
    int calls = 0;

    pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, check_starved, &calls, NULL);
    stage.rows[1].cpu_ns += 3 * SECOND;
    stage.rows[2].run_delay_ns += 2 * SECOND;
    stage_grow(&stage, PM_READ_RUN_DELAY, 2400);
    stage_feed(&stage, 3500);
    stage_check(&stage, "S3 tier3_entry event1 pause1:cpu ");
    ck_assert_int_eq(calls, 1);
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_uint_eq(info->duration_ns, 2500 * MS);
    ck_assert_uint_eq(info->lost_ns, 2500 * MS);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_SAMPLE);
    ck_assert_uint_eq(info->confidence, 960);
    ck_assert_int_eq(info->event_id, 1);
    ck_assert_int_eq(memcmp(&info->end, &stage.harness.now, sizeof info->end), 0);
    ck_assert_int_eq(info->end.monotonic_ns - info->start.monotonic_ns, 2500 * MS);
    ck_assert_int_eq(info->end.boottime_ns - info->start.boottime_ns, 2500 * MS);
    ck_assert_int_eq(info->end.realtime_ns - info->start.realtime_ns, 2500 * MS);
    ck_assert_int_eq(info->start.utc_offset_s, -8 * 3600);
}
END_TEST

START_TEST(a_pause_is_told_once)
{
    stage_feed(&stage, 2001);
    stage_check(&stage, "S2 tier2_entry event1 pause1:unknown ");
    for (int i = 0; i < 7; i++)
        stage_feed(&stage, 1000);
    stage_check(&stage, "S2 S2 S2 S2 S2 S1 tier2_exit event1. S1 ");
}
END_TEST

START_TEST(a_look_is_late_above_the_ratio_and_a_pause_from_record_ms)
{
    stage_feed(&stage, 2000);
    stage_check(&stage, "S1 ");
    stage_set(&stage, "sentinel.pause_threshold_ratio", "1.1");
    stage_feed(&stage, 1249);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 S1 ");
    stage_feed(&stage, 1250);
    stage_check(&stage, "S2 tier2_entry event1 pause1:unknown ");
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 250 * MS);
}
END_TEST

START_TEST(the_first_look_and_one_after_a_failure_are_not_late)
{
    stage.player.result = PAUSEMON_ERR_IO;
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1500);
    stage_feed(&stage, 1500);
    stage.player.result = PAUSEMON_LOOK_COMPLETE;
    stage_feed(&stage, 1500);
    stage_check(&stage, "error error error S1 ");
}
END_TEST

START_TEST(two_pauses_have_two_ids_and_a_pause_in_an_escalation_has_its_id)
{
    pausemon_monitor_set_next_ids(stage.monitor, 100, 500);
    stage_grow(&stage, PM_READ_RUN_DELAY, 1100);
    stage_feed(&stage, 2200);
    stage_check(&stage, "S2 tier2_entry event100 pause500:cpu ");
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S2 S2 S2 ");
    stage_grow(&stage, PM_READ_RUN_DELAY, 3000);
    stage_feed(&stage, 4000);
    stage_check(&stage, "S3 tier3_entry event100 pause501:cpu ");
    ck_assert_int_eq(stage_last(&stage)->event_id, 100);
    stage_feed(&stage, 1000);
    for (int i = 0; i < 5; i++)
        stage_feed(&stage, 1000);
    stage_check(&stage, "S3 S3 S3 S3 S3 S1 tier3_exit tier2_exit event100. ");
    stage_feed(&stage, 4000);
    stage_check(&stage, "S3 tier3_entry event101 pause502:unknown ");
}
END_TEST

/* ---- What raises the tier ---- */

START_TEST(a_pause_from_forensics_ms_is_critical_and_a_shorter_one_elevated)
{
    stage_grow(&stage, PM_READ_RUN_DELAY, 1999);
    stage_feed(&stage, 2999);
    stage_check(&stage, "S2 tier2_entry event1 pause1:cpu ");
    stage_grow(&stage, PM_READ_RUN_DELAY, 2000);
    stage_feed(&stage, 3000);
    stage_check(&stage, "S3 tier3_entry event1 pause1:cpu ");
}
END_TEST

START_TEST(who_was_stopped_or_busy_itself_raises_nothing)
{
    stage_grow(&stage, PM_READ_OWN_CPU, 0);
    stage_grow(&stage, PM_READ_THROTTLED, 0);
    stage.totals.cpu_count = 1;
    stage_feed(&stage, 1000);
    stage.totals.cpus[0].accounted_ns += 5000 * MS;
    stage_grow(&stage, PM_READ_OWN_CPU, 4000);
    stage_feed(&stage, 5000);
    stage.totals.cpus[0].accounted_ns += 9000 * MS;
    stage_grow(&stage, PM_READ_THROTTLED, 8000);
    stage_feed(&stage, 9000);
    stage.totals.cpus[0].steal_ns += 6000 * MS;
    stage.totals.cpus[0].accounted_ns += 7000 * MS;
    stage_feed(&stage, 7000);
    stage_check(&stage, "S1 S1 pause1:host S1 pause2:stopped S1 pause3:vm ");
    ck_assert_int_eq(stage_last(&stage)->event_id, 0);
    ck_assert_uint_eq(stage_last(&stage)->tier, PAUSEMON_TIER_SENTINEL);
}
END_TEST

START_TEST(a_gap_of_a_pause_is_not_calm_and_keeps_the_tier)
{
    stage_feed(&stage, 3500);
    stage_check(&stage, "S3 tier3_entry event1 pause1:unknown ");
    stage_feed(&stage, 1000);
    stage_grow(&stage, PM_READ_OWN_CPU, 0);
    stage_feed(&stage, 1000);
    stage_grow(&stage, PM_READ_OWN_CPU, 60000);
    stage_feed(&stage, 60000);
    stage_check(&stage, "S3 S3 S3 pause2:host ");
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S3 S3 ");
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 tier3_exit tier2_exit event1. ");
}
END_TEST

/* ---- Sleep, and clocks ---- */

START_TEST(a_suspend_is_a_pause_of_the_time_asleep_and_raises_nothing)
{
    sleep_and_feed(1000, 3600 * 1000);
    stage_check(&stage, "S1 pause1:suspend ");
    const struct pausemon_pause_info *info = stage_last(&stage);
    ck_assert_uint_eq(info->duration_ns, 3600 * SECOND);
    ck_assert_uint_eq(info->lost_ns, 3600 * SECOND);
    ck_assert_uint_eq(info->detectors, PAUSEMON_DETECTOR_SAMPLE);
    ck_assert_int_eq(info->end.realtime_ns - info->start.realtime_ns, 3600 * SECOND);
    ck_assert_int_eq(info->end.boottime_ns - info->start.boottime_ns, 3600 * SECOND);
    ck_assert_int_eq(info->end.monotonic_ns, info->start.monotonic_ns);
    ck_assert_int_eq(info->event_id, 0);
    ck_assert_uint_eq(info->culprit_count + info->victim_count, 0);
}
END_TEST

START_TEST(a_suspend_with_a_late_look_is_one_pause_of_both)
{
    sleep_and_feed(4000, 60 * 1000);
    stage_check(&stage, "S1 pause1:suspend ");
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 63 * SECOND);
}
END_TEST

START_TEST(a_machine_that_slept_for_499_ms_did_not)
{
    sleep_and_feed(1000, 499);
    sleep_and_feed(1000, 499);
    stage_check(&stage, "S1 S1 ");
    sleep_and_feed(1000, 500);
    stage_check(&stage, "S1 pause1:suspend ");
}
END_TEST

START_TEST(after_a_suspend_there_are_no_pauses_for_a_while)
{
    sleep_and_feed(1000, 60 * 1000);
    stage_feed(&stage, 5000); /* 5 s: disks spin up */
    stage_feed(&stage, 4000); /* 9 s */
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 pause1:suspend S1 S1 S1 ");
    stage_feed(&stage, 1000);
    stage_feed(&stage, 2500); /* onset 12 s */
    stage_check(&stage, "S1 S2 tier2_entry event1 pause2:unknown ");
}
END_TEST

START_TEST(the_silence_after_a_suspend_is_configured_and_another_suspend_breaks_it)
{
    stage_set(&stage, "sentinel.wake_suppress_seconds", "0.5");
    sleep_and_feed(1000, 60 * 1000);
    stage_check(&stage, "S1 pause1:suspend ");
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 ");
    stage_feed(&stage, 4000); /* onset 2 s after */
    stage_check(&stage, "S3 tier3_entry event1 pause2:unknown ");
    stage_set(&stage, "sentinel.wake_suppress_seconds", "600");
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    sleep_and_feed(1000, 60 * 1000);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    sleep_and_feed(1000, 30 * 1000);
    ck_assert_ptr_nonnull(strstr(stage.told.bytes, "pause4:suspend"));
    ck_assert_uint_eq(stage_last(&stage)->duration_ns, 30 * SECOND);
}
END_TEST

START_TEST(a_freeze_soon_after_a_suspend_is_not_a_part_of_the_sleep)
{
    stage_set(&stage, "sentinel.wake_suppress_seconds", "0.5");
    sleep_and_feed(1000, 60 * 1000);
    stage_check(&stage, "S1 pause1:suspend ");
    stage_feed(&stage, 4000); /* onset 1 s after */
    stage_check(&stage, "S3 tier3_entry event1 pause2:unknown ");
}
END_TEST

START_TEST(a_freeze_just_before_a_suspend_is_not_a_part_of_the_sleep)
{
    stage_feed(&stage, 4000);
    stage_check(&stage, "S3 tier3_entry event1 pause1:unknown ");
    sleep_and_feed(1000, 60 * 1000);
    stage_check(&stage, "S3 pause2:suspend ");
}
END_TEST

START_TEST(a_step_of_the_wall_clock_alone_is_no_pause)
{
    stage.harness.now.realtime_ns += 3600 * SECOND;
    stage_feed(&stage, 1000);
    stage.harness.now.realtime_ns -= 7200 * SECOND;
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 ");
}
END_TEST

START_TEST(clocks_that_go_backward_are_no_pause_and_stop_nothing)
{
    stage_feed(&stage, -5000);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 S1 ");
    stage_feed(&stage, 2500);
    stage_check(&stage, "S2 tier2_entry event1 pause1:unknown ");
}
END_TEST

START_TEST(a_boottime_that_falls_behind_is_no_sleep_of_centuries)
{
    stage.harness.now.boottime_ns -= 1; /* two readings of two clocks may cross */
    stage_feed(&stage, 1000);
    stage.harness.now.boottime_ns += 1;
    stage_feed(&stage, 1000);
    stage_check(&stage, "S1 S1 ");
}
END_TEST

/* ---- Reload, recordings ---- */

START_TEST(a_reload_of_the_interval_makes_nobody_late)
{
    stage_set(&stage, "monitor.interval_ms", "5000");
    stage_feed(&stage, 5000);
    stage_feed(&stage, 10000);
    stage_check(&stage, "S1 S1 ");
    stage_set(&stage, "monitor.interval_ms", "100");
    stage_feed(&stage, 5000);
    stage_feed(&stage, 100);
    stage_check(&stage, "S1 S1 ");
    stage_feed(&stage, 351);
    stage_check(&stage, "S2 tier2_entry event1 pause1:unknown ");
}
END_TEST

START_TEST(a_reload_of_thresholds_counts_for_the_next_pause)
{
    stage_set(&stage, "pause.record_ms", "2000");
    stage_set(&stage, "pause.forensics_ms", "9000");
    stage_feed(&stage, 2900);
    stage_check(&stage, "S1 ");
    ck_assert_uint_eq(stage.stress, 0);
    stage_feed(&stage, 5000);
    stage_check(&stage, "S2 tier2_entry event1 pause1:unknown ");
    ck_assert_uint_eq(stage.stress, 50);
    stage_set(&stage, "tiers.elevated_threshold", "10");
    stage_set(&stage, "tiers.critical_threshold", "20");
    stage_feed(&stage, 1000);
    stage_feed(&stage, 1000);
    stage_feed(&stage, 3500);
    stage_check(&stage, "S2 S2 S2 pause2:unknown ");
    ck_assert_uint_eq(stage.stress, 10);
}
END_TEST

/* A recording has times of its own, with gaps and a sleep in them. */
static int recording_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct pausemon_instant *at = self;

    (void)error;
    pausemon_sink_at(sink, at);
    at->monotonic_ns += 60 * SECOND;
    at->boottime_ns += 600 * SECOND;
    at->realtime_ns += 600 * SECOND;
    return PAUSEMON_LOOK_COMPLETE;
}

START_TEST(a_recording_with_gaps_has_no_pauses_however_slowly_it_is_played)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_instant at = {5 * SECOND, 5 * SECOND, 5 * SECOND, 0};

    pausemon_monitor_free(stage.monitor);
    pausemon_source_free(stage.source);
    ops.read = recording_read;
    const struct pausemon_host *host = &stage.harness.host;
    ck_assert_int_eq(pausemon_source_new(&stage.source, "recording", &ops, &at, host, NULL), 0);
    ck_assert_int_eq(pausemon_monitor_new(&stage.monitor, stage.config, stage.source, host, NULL),
                     0);
    int calls = 0;
    ck_assert_int_gt(pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, check_starved,
                                                &calls, NULL),
                     0);
    for (int i = 0; i < 10; i++)
        sleep_and_feed(5000, 5000);
    ck_assert_int_eq(calls, 0);
    ck_assert_uint_eq(pausemon_ring_get_count(pausemon_monitor_get_ring(stage.monitor)), 10);
}
END_TEST

/* The library's own recordings, of looks that are seconds apart. */
START_TEST(a_recording_of_top_has_no_pauses)
{
    size_t length;
    char *bytes = read_file(test_path("golden/top/04-widths-grow.txt"), &length);
    int calls = 0, samples = 0;

    pausemon_monitor_free(stage.monitor);
    pausemon_source_free(stage.source);
    const struct pausemon_host *host = &stage.harness.host;
    ck_assert_int_eq(pausemon_source_open_memory(&stage.source, "top", bytes, length, host, NULL),
                     0);
    ck_assert_int_eq(pausemon_monitor_new(&stage.monitor, stage.config, stage.source, host, NULL),
                     0);
    pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_PAUSE, check_starved, &calls, NULL);
    for (int i = 0; i < 50; i++) {
        stage.harness.now.boottime_ns += 5 * SECOND;
        harness_tick(&stage.harness, 5 * SECOND);
        samples += pausemon_monitor_feed(stage.monitor) == 1;
    }
    ck_assert_int_ge(samples, 2);
    ck_assert_int_eq(calls, 0);
    free(bytes);
}
END_TEST

/* ---- Memory ---- */

START_TEST(whichever_allocation_of_the_first_looks_fails_the_next_look_is_had)
{
    for (long at = 1; at <= 6; at++) {
        stage_close(&stage);
        stage_open(&stage);
        pm_monitor_set_reader(stage.monitor, NULL, NULL); /* the real one, opened by the first */
        stage.harness.fail_at = at;
        stage_feed(&stage, 0);
        stage_feed(&stage, 1000);
        stage.harness.fail_at = 0;
        stage.told.length = 0;
        stage_feed(&stage, 1000);
        ck_assert_ptr_nonnull(stage.monitor->reader);
        ck_assert_ptr_nonnull(strstr(stage.told.bytes, "S"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pauses");
    TCase *tcase = tcase_create("pauses");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_look_that_comes_much_too_late_is_a_pause_with_cause_and_culprit);
    tcase_add_test(tcase, a_pause_is_told_once);
    tcase_add_test(tcase, a_look_is_late_above_the_ratio_and_a_pause_from_record_ms);
    tcase_add_test(tcase, the_first_look_and_one_after_a_failure_are_not_late);
    tcase_add_test(tcase, two_pauses_have_two_ids_and_a_pause_in_an_escalation_has_its_id);
    tcase_add_test(tcase, a_pause_from_forensics_ms_is_critical_and_a_shorter_one_elevated);
    tcase_add_test(tcase, who_was_stopped_or_busy_itself_raises_nothing);
    tcase_add_test(tcase, a_gap_of_a_pause_is_not_calm_and_keeps_the_tier);
    tcase_add_test(tcase, a_suspend_is_a_pause_of_the_time_asleep_and_raises_nothing);
    tcase_add_test(tcase, a_suspend_with_a_late_look_is_one_pause_of_both);
    tcase_add_test(tcase, a_machine_that_slept_for_499_ms_did_not);
    tcase_add_test(tcase, after_a_suspend_there_are_no_pauses_for_a_while);
    tcase_add_test(tcase, the_silence_after_a_suspend_is_configured_and_another_suspend_breaks_it);
    tcase_add_test(tcase, a_freeze_soon_after_a_suspend_is_not_a_part_of_the_sleep);
    tcase_add_test(tcase, a_freeze_just_before_a_suspend_is_not_a_part_of_the_sleep);
    tcase_add_test(tcase, a_step_of_the_wall_clock_alone_is_no_pause);
    tcase_add_test(tcase, clocks_that_go_backward_are_no_pause_and_stop_nothing);
    tcase_add_test(tcase, a_boottime_that_falls_behind_is_no_sleep_of_centuries);
    tcase_add_test(tcase, a_reload_of_the_interval_makes_nobody_late);
    tcase_add_test(tcase, a_reload_of_thresholds_counts_for_the_next_pause);
    tcase_add_test(tcase, a_recording_with_gaps_has_no_pauses_however_slowly_it_is_played);
    tcase_add_test(tcase, a_recording_of_top_has_no_pauses);
    tcase_add_test(tcase, whichever_allocation_of_the_first_looks_fails_the_next_look_is_had);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
