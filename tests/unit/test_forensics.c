/* SPDX-License-Identifier: MIT */
/* When a capture is made, what belongs to it, and what its metadata says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captures.h"

static struct captures captures;

static void setup(void)
{
    captures_init(&captures);
    captures_tool(&captures, "/usr/bin/journalctl", "echo a line\n");
}

static void teardown(void)
{
    captures_end(&captures);
}

static json_t *metadata_of(int index)
{
    return captures_json(&captures, captures_name(&captures, index), "metadata.json");
}

static const char *text_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static json_int_t number_at(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- one capture ---- */

START_TEST(a_long_freeze_is_captured_once_with_its_tier_and_its_pause)
{
    captures_attach(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures_count(&captures), 1);
    /* 12:00:00 + three looks + the freeze, local time. */
    ck_assert_str_eq(captures_name(&captures, 0), "2026-01-23_12-00-05");
    json_t *metadata = metadata_of(0);
    ck_assert_str_eq(text_at(metadata, "reason"), "pause");
    ck_assert(json_is_true(json_object_get(metadata, "complete")));
    ck_assert_str_eq(text_at(metadata, "begun"), "2026-01-23T12:00:05.623456-08:00");
    ck_assert_int_eq(number_at(metadata, "pause_id"), 1);
    ck_assert_int_eq(number_at(metadata, "event_id"), 1);
    ck_assert_int_eq(number_at(metadata, "sample_count"), 4);
    ck_assert_int_eq(number_at(metadata, "tier"), 3);
    ck_assert_int_eq(number_at(metadata, "process_count"), STAGE_ROWS);
    ck_assert_int_eq(number_at(metadata, "processes_omitted"), 0);
    ck_assert_int_eq(number_at(metadata, "skipped_before"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(metadata, "merged")), 0);
    json_t *pause = json_object_get(metadata, "pause");
    ck_assert_str_eq(text_at(pause, "forensics"), "2026-01-23_12-00-05");
    ck_assert_str_eq(text_at(pause, "cause"), "cpu");
    ck_assert_int_eq(number_at(pause, "duration_ms"), 2500);
    ck_assert_int_eq(number_at(json_object_get(metadata, "event"), "peak_stress"), 75);
    ck_assert_uint_eq(json_array_size(json_object_get(metadata, "artifacts")), 7);
    json_decref(metadata);
}
END_TEST

START_TEST(the_ring_and_all_processes_are_those_of_the_moment)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    captures_calm(&captures, 3); /* before run had its turn */
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *ring = captures_json(&captures, captures_name(&captures, 0), "ring_buffer.json");
    ck_assert_uint_eq(json_array_size(ring), 4);
    ck_assert_int_eq(number_at(json_array_get(ring, 0), "tier"), 1);
    ck_assert_int_eq(number_at(json_array_get(ring, 3), "tier"), 3);
    ck_assert_int_eq(number_at(json_array_get(ring, 3), "elapsed_ms"), 3500);
    json_decref(ring);
    json_t *all = captures_json(&captures, captures_name(&captures, 0), "processes.json");
    ck_assert_uint_eq(json_array_size(all), STAGE_ROWS);
    ck_assert_str_eq(text_at(json_array_get(all, 1), "command"), "hog");
    json_decref(all);
}
END_TEST

START_TEST(the_program_is_told_of_it_twice)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_uint_eq(captures.told_count, 2);
    const struct pausemon_capture *first = &captures.told[0], *last = &captures.told[1];
    ck_assert_uint_eq(first->complete, 0);
    ck_assert_uint_eq(last->complete, 1);
    ck_assert_uint_eq(last->reason, PAUSEMON_CAPTURE_PAUSE);
    ck_assert_int_eq(last->pause_id, 1);
    ck_assert_int_eq(last->event_id, 1);
    ck_assert_uint_gt(last->bytes, first->bytes);
    ck_assert_int_eq(last->start_ns, captures.stage.harness.now.realtime_ns);
    ck_assert_str_eq(last->name, captures_name(&captures, 0));
    ck_assert_str_eq(first->name, last->name);
}
END_TEST

START_TEST(what_is_short_or_nobodys_fault_is_not_captured)
{
    captures_attach(&captures);
    captures_freeze(&captures, 1500); /* under forensics_ms */
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 10);
    captures.stage.harness.now.boottime_ns += 60 * SECOND; /* it slept */
    captures.stage.harness.now.realtime_ns += 60 * SECOND;
    stage_feed(&captures.stage, 1000);
    ck_assert_str_eq(pausemon_cause_name(stage_last(&captures.stage)->cause), "suspend");
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 10);
    stage_grow(&captures.stage, PM_READ_OWN_CPU, 0);
    stage_feed(&captures.stage, 1000);
    stage_grow(&captures.stage, PM_READ_OWN_CPU, 4000);
    stage_feed(&captures.stage, 5000);
    ck_assert_str_eq(pausemon_cause_name(stage_last(&captures.stage)->cause), "host");
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures_count(&captures), 0);
}
END_TEST

/* A hog of 3 s whose victims were served for more than a second in between. */
START_TEST(what_the_stress_floor_takes_for_a_long_freeze_is_captured)
{
    captures_attach(&captures);
    stage_grow(&captures.stage, PM_READ_RUN_DELAY, 0);
    stage_watch(&captures.stage);
    stage_dispatch(&captures.stage, 1000);
    for (int i = 0; i < 2; i++) {
        harness_tick(&captures.stage.harness, 700 * MS);
        stage_beat(&captures.stage, 680, PM_READ_RUN_DELAY);
        stage_dispatch(&captures.stage, 0);
        stage_dispatch(&captures.stage, 300);
        stage_dispatch(&captures.stage, 1100);
    }
    for (int i = 0; i < 3; i++)
        stage_dispatch(&captures.stage, 700);
    ck_assert_uint_lt(2 * stage_last(&captures.stage)->lost_ns,
                      stage_last(&captures.stage)->duration_ns);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(metadata, "pause_id"), 1);
    json_decref(metadata);
}
END_TEST

START_TEST(critical_without_a_pause_is_captured_too)
{
    captures_attach(&captures);
    stage_set(&captures.stage, "tiers.elevated_threshold", "1");
    stage_set(&captures.stage, "tiers.critical_threshold", "2");
    captures.stage.rows[1].cpu_ns += SECOND;
    stage_feed(&captures.stage, 1000);
    ck_assert_ptr_nonnull(strstr(captures.stage.told.bytes, "tier3_entry"));
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_str_eq(text_at(metadata, "reason"), "tier");
    ck_assert(json_is_null(json_object_get(metadata, "pause")));
    ck_assert(json_is_null(json_object_get(metadata, "pause_id")));
    ck_assert_int_eq(number_at(metadata, "event_id"), 1);
    ck_assert_int_gt(number_at(metadata, "peak_score"), 1);
    json_decref(metadata);
}
END_TEST

/* ---- a request ---- */

START_TEST(a_request_is_served_by_the_next_run_and_never_put_off)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    for (int i = 0; i < 2; i++) {
        pausemon_forensics_request(captures.forensics);
        ck_assert_int_eq(captures_run(&captures), 1);
        ck_assert_int_eq(captures_run(&captures), 0);
    }
    ck_assert_int_eq(captures_count(&captures), 3);
    ck_assert_str_eq(captures_name(&captures, 1), "2026-01-23_12-00-05_2");
    json_t *metadata = metadata_of(2);
    ck_assert_str_eq(text_at(metadata, "reason"), "asked");
    ck_assert_int_eq(number_at(metadata, "sample_count"), 4);
    ck_assert_int_eq(number_at(metadata, "event_id"), 1);
    ck_assert(json_is_null(json_object_get(metadata, "pause")));
    json_decref(metadata);
}
END_TEST

START_TEST(without_a_monitor_it_is_said_that_there_is_no_ring)
{
    captures_open(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"),
                     "there is no monitor, and so no ring");
    ck_assert_str_eq(captures_error(metadata, "processes.json"),
                     "there is no monitor, and so no ring");
    ck_assert(json_is_null(json_object_get(metadata, "tier")));
    ck_assert_int_eq(captures_bytes(metadata, "system.log"), 7);
    ck_assert(!captures_has(&captures, captures_name(&captures, 0), "ring_buffer.json"));
    json_decref(metadata);
}
END_TEST

START_TEST(after_the_monitor_is_gone_what_it_told_is_still_captured)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    pausemon_monitor_free(captures.stage.monitor);
    captures.stage.monitor = NULL;
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(metadata, "sample_count"), 4);
    json_decref(metadata);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    metadata = metadata_of(1);
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"),
                     "no look came in time to take it from");
    json_decref(metadata);
}
END_TEST

/* ---- merging ---- */

START_TEST(another_within_half_a_minute_is_merged_after_the_capture_is_complete)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    captures_calm(&captures, 10);
    captures_freeze(&captures, 3000);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 8);
    captures_freeze(&captures, 4000);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures_count(&captures), 1);
    json_t *metadata = metadata_of(0), *merged = json_object_get(metadata, "merged");
    ck_assert(json_is_true(json_object_get(metadata, "complete")));
    ck_assert_int_eq(number_at(metadata, "pause_id"), 1);
    ck_assert_uint_eq(json_array_size(merged), 2);
    ck_assert_int_eq(number_at(json_array_get(merged, 0), "pause"), 2);
    ck_assert_int_eq(number_at(json_array_get(merged, 0), "duration_ms"), 3000);
    ck_assert_int_eq(number_at(json_array_get(merged, 1), "pause"), 3);
    json_decref(metadata);
    ck_assert_uint_eq(captures.told_count, 4); /* begun, complete, each that was merged: once */
    for (int i = 1; i < 4; i++) {
        ck_assert_int_eq(captures.told[i].pause_id, i);
        ck_assert_uint_eq(captures.told[i].complete, 1);
        ck_assert_str_eq(captures.told[i].name, captures_name(&captures, 0));
    }
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_uint_eq(captures.told_count, 4);
    ck_assert(!captures_has(&captures, captures_name(&captures, 0), "metadata.json.new"));
}
END_TEST

START_TEST(a_pause_that_is_told_again_is_the_newest_telling)
{
    captures_attach(&captures);
    captures_freeze(&captures, 3000);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(json_object_get(metadata, "pause"), "duration_ms"), 3000);
    json_decref(metadata);
    struct pm_notice again = {.verdict = PM_DUE_MERGE, .is_pause = true, .is_worth = true};
    pm_pause_init(&again.pause, &captures.stage.host);
    pausemon_pause_copy(&again.pause, &captures.stage.last);
    again.pause.info.duration_ns = 9000 * MS;
    struct pausemon_event event = {
        .size = sizeof event, .type = PAUSEMON_EVENT_PAUSE, .pause = &again.pause};
    harness_tick(&captures.stage.harness, 60 * SECOND); /* the same, whenever it is */
    pm_memory_hear(&captures.forensics->memory, &event);
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert_int_eq(captures_count(&captures), 1);
    metadata = metadata_of(0);
    ck_assert_int_eq(number_at(json_object_get(metadata, "pause"), "duration_ms"), 9000);
    ck_assert_uint_eq(json_array_size(json_object_get(metadata, "merged")), 0);
    json_decref(metadata);
}
END_TEST

START_TEST(what_comes_after_a_request_is_merged_into_it)
{
    captures_attach(&captures);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    captures_calm(&captures, 5);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 0);
    json_t *metadata = metadata_of(0), *merged = json_object_get(metadata, "merged");
    ck_assert_str_eq(text_at(metadata, "reason"), "asked");
    ck_assert_uint_eq(json_array_size(merged), 1);
    json_decref(metadata);
    captures_calm(&captures, 30);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
}
END_TEST

/* ---- back-off ---- */

START_TEST(an_hour_of_a_freeze_a_minute_is_few_captures)
{
    uint64_t bytes = 0;
    json_int_t skipped = 0;

    captures_attach(&captures);
    for (int minute = 0; minute < 60; minute++) {
        captures.stage.pause_count = 0;
        captures_freeze(&captures, 2500);
        ck_assert_int_ge(captures_run(&captures), 0);
        for (int i = 0; i < 8; i++)
            stage_feed(&captures.stage, 1900);
        harness_tick(&captures.stage.harness, (60000 - 3500 - 8 * 1900 - 1000) * MS);
        captures.stage.player.result = PAUSEMON_ERR_IO; /* a gap that is no freeze */
        stage_feed(&captures.stage, 0);
        captures.stage.player.result = 0;
        stage_feed(&captures.stage, 1000);
    }
    int count = captures_count(&captures);
    ck_assert_int_ge(count, 8);
    ck_assert_int_le(count, 12);
    for (int i = 0; i < count; i++) {
        json_t *metadata = metadata_of(i);
        skipped += number_at(metadata, "skipped_before");
        json_decref(metadata);
    }
    for (size_t i = 0; i < captures.told_count; i++)
        bytes += captures.told[i].complete ? captures.told[i].bytes : 0;
    ck_assert_uint_lt(bytes, 8 << 20);
    skipped += (json_int_t)atomic_load(&captures.forensics->memory.skipped);
    ck_assert_int_eq(skipped + count, 60);
}
END_TEST

START_TEST(after_ten_quiet_minutes_it_begins_anew)
{
    struct pm_due due = {0};

    ck_assert_int_eq(pm_due_judge(&due, 1000 * SECOND), PM_DUE_BEGIN);
    ck_assert_int_eq(pm_due_judge(&due, 1030 * SECOND - 1), PM_DUE_MERGE);
    ck_assert_int_eq(pm_due_judge(&due, 1030 * SECOND), PM_DUE_BEGIN);
    ck_assert_int_eq(pm_due_judge(&due, 1060 * SECOND), PM_DUE_SKIP);
    ck_assert_int_eq(pm_due_judge(&due, 1090 * SECOND), PM_DUE_BEGIN);
    ck_assert_int_eq(pm_due_judge(&due, 1209 * SECOND), PM_DUE_SKIP);
    ck_assert_int_eq(pm_due_judge(&due, 1809 * SECOND), PM_DUE_BEGIN); /* ten minutes of nothing */
    ck_assert_int_eq(pm_due_judge(&due, 1839 * SECOND), PM_DUE_BEGIN);
    pm_due_note(&due, 5000 * SECOND);
    ck_assert_int_eq(pm_due_judge(&due, 5001 * SECOND), PM_DUE_MERGE);
}
END_TEST

START_TEST(more_than_is_waited_for_is_counted)
{
    captures_attach(&captures);
    for (int i = 0; i < 40; i++) { /* and nobody runs */
        captures.stage.pause_count = 0;
        captures_freeze(&captures, 2500);
        captures_calm(&captures, 10);
    }
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_gt(number_at(metadata, "skipped_before"), 20);
    json_decref(metadata);
    for (int i = 0; i < 20; i++)
        ck_assert_int_ge(captures_run(&captures), 0);
    ck_assert_int_le(captures_count(&captures), 10);
}
END_TEST

/* ---- arguments ---- */

START_TEST(wrong_arguments_are_refused)
{
    struct pausemon_forensics *made;

    ck_assert_int_eq(pausemon_forensics_new(NULL, "/tmp/x", NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_forensics_new(&made, NULL, NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_forensics_new(&made, "/tmp/..", NULL, NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(
        pausemon_forensics_new(&made, "/tmp/not/there/events", NULL, NULL, NULL, &captures.error),
        PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pausemon_forensics_attach(NULL, captures.stage.monitor, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_forensics_run(NULL, NULL), PAUSEMON_ERR_INVALID);
    pausemon_forensics_request(NULL);
    pausemon_forensics_set_config(NULL, NULL);
    pausemon_forensics_free(NULL);
    ck_assert_str_eq(pausemon_capture_reason_name(PAUSEMON_CAPTURE_ASKED), "asked");
    ck_assert_ptr_null(pausemon_capture_reason_name(0));
    ck_assert_ptr_null(pausemon_capture_reason_name(4));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics");
    TCase *all = tcase_create("captures");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_long_freeze_is_captured_once_with_its_tier_and_its_pause);
    tcase_add_test(all, the_ring_and_all_processes_are_those_of_the_moment);
    tcase_add_test(all, the_program_is_told_of_it_twice);
    tcase_add_test(all, what_is_short_or_nobodys_fault_is_not_captured);
    tcase_add_test(all, what_the_stress_floor_takes_for_a_long_freeze_is_captured);
    tcase_add_test(all, critical_without_a_pause_is_captured_too);
    tcase_add_test(all, a_request_is_served_by_the_next_run_and_never_put_off);
    tcase_add_test(all, without_a_monitor_it_is_said_that_there_is_no_ring);
    tcase_add_test(all, after_the_monitor_is_gone_what_it_told_is_still_captured);
    tcase_add_test(all, another_within_half_a_minute_is_merged_after_the_capture_is_complete);
    tcase_add_test(all, a_pause_that_is_told_again_is_the_newest_telling);
    tcase_add_test(all, what_comes_after_a_request_is_merged_into_it);
    tcase_add_test(all, an_hour_of_a_freeze_a_minute_is_few_captures);
    tcase_add_test(all, after_ten_quiet_minutes_it_begins_anew);
    tcase_add_test(all, more_than_is_waited_for_is_counted);
    tcase_add_test(all, wrong_arguments_are_refused);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
