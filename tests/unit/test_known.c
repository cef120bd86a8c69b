/* SPDX-License-Identifier: MIT */
/* pausemon-monitor: what it knows of what it hears, what keys do, and times as text. */
#include "harness.h"
#include "screen_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cells.h"
#include "common/when.h"
#include "pausemon-monitor/keys.h"
#include "pausemon-monitor/tell.h"
#include "pausemon-monitor/ui.h"

/* ---- lines ---- */

START_TEST(a_state_a_status_and_samples_are_understood)
{
    struct known *known = stage_new();
    char text[TELL_SIZE];

    stage_calm(known);
    ck_assert_uint_eq(known->stress_count, 30);
    ck_assert_uint_eq(known->stress[29], 9);
    ck_assert_uint_eq(pausemon_sample_get_info(known->sample)->rogue_count, 3);
    ck_assert_int_eq(tell_link(text, known), 1);
    ck_assert_str_eq(text, "connected");
    ck_assert_int_eq(tell_trouble(text, known, 0), 0);
    /* A daemon that takes the connection and says nothing. */
    known->heard_ms = known->now_ms - 9000;
    ck_assert_int_eq(tell_link(text, known), 0);
    ck_assert_str_eq(text, "no sample for 9 s");
    stage_sample_of(known, "x", 5, 40);
    ck_assert_int_eq(tell_link(text, known), 1);
    ck_assert_uint_eq(known->stress_count, 31);
    ck_assert_uint_eq(known->stress[30], 40);
    known->now_ms += 60000;
    ck_assert_int_eq(tell_link(text, known), 0);
    ck_assert_str_eq(text, "no sample for 60 s");
    known_free(known);
}
END_TEST

START_TEST(the_time_of_a_tier_comes_from_the_status_or_from_when_it_was_heard)
{
    struct known *known = stage_new();
    char text[TELL_SIZE];

    stage_critical(known);
    tell_tier(text, known);
    ck_assert_str_eq(text, "critical since 12:04:22");
    stage_hear(known, "{\"type\":\"tier\",\"action\":\"tier3_exit\",\"tier\":2,\"stress\":60}");
    tell_tier(text, known);
    ck_assert_str_eq(text, "elevated since 12:04:31");
    stage_hear(known, "{\"type\":\"tier\",\"action\":\"tier2_exit\",\"tier\":1,\"stress\":6}");
    tell_tier(text, known);
    ck_assert_str_eq(text, "calm (sentinel)");
    known_free(known);
}
END_TEST

START_TEST(what_is_no_message_is_refused_and_nothing_changes)
{
    static const char *const lines[] = {"",         "{}",           "[]",
                                        "nonsense", "{\"type\":7}", "{\"type\":\"\"}"};
    struct known *known = stage_new();

    stage_calm(known);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_int_eq(known_hear(known, lines[i], strlen(lines[i])), -1);
    const char *error = "{\"type\":\"error\",\"text\":\"64 clients\\u001b[2J\"}";
    ck_assert_int_eq(known_hear(known, error, strlen(error)), -3);
    ck_assert_str_eq(known->link_why, "the daemon refuses: 64 clients?[2J");
    stage_hear(known, "{\"type\":\"of a later version\"}");
    stage_hear(known, "{\"type\":\"sample\",\"tier\":99}");
    stage_hear(known, "{\"type\":\"tier\",\"tier\":-4}");
    stage_hear(known, "{\"type\":\"pause\",\"id\":\"x\"}");
    stage_hear(known, "{\"type\":\"event\",\"id\":4,\"start\":\"yesterday\"}");
    stage_hear(known, "{\"type\":\"initial_state\",\"samples\":7}");
    ck_assert_uint_eq(known->pause_count + known->event_count, 0);
    ck_assert_uint_eq(known->tier, 1);
    known_free(known);
}
END_TEST

START_TEST(the_ring_of_stress_is_bounded)
{
    struct known *known = stage_new();

    for (int i = 0; i < KNOWN_STRESS + 50; i++)
        stage_sample_of(known, "x", 1, i % 100);
    ck_assert_uint_eq(known->stress_count, KNOWN_STRESS);
    ck_assert_uint_eq(known->stress[KNOWN_STRESS - 1], (KNOWN_STRESS + 49) % 100);
    ck_assert_uint_eq(known->stress[0], 50);
    known_free(known);
}
END_TEST

/* ---- who calmed down ---- */

START_TEST(who_spiked_and_vanished_is_known_for_ten_seconds_at_its_worst)
{
    struct known *known = stage_new();

    stage_sample_of(known, "make", 7, 70);
    stage_sample_of(known, "make", 7, 12);
    ck_assert_uint_eq(known->calm_count, 0);
    known->now_ms += 1000;
    stage_sample_of(known, "", 0, 0);
    ck_assert_uint_eq(known->calm_count, 1);
    ck_assert_str_eq(known->calm[0].process.command, "make");
    ck_assert_uint_eq(known->calm[0].process.score, 70);
    known->now_ms += KNOWN_CALM_MS - 1;
    known_expire(known);
    ck_assert_uint_eq(known->calm_count, 1);
    known->now_ms += 1;
    known_expire(known);
    ck_assert_uint_eq(known->calm_count, 0);
    known_free(known);
}
END_TEST

START_TEST(who_is_back_is_not_calm_and_who_never_spiked_neither)
{
    struct known *known = stage_new();

    stage_sample_of(known, "make", 7, 70);
    stage_sample_of(known, "", 0, 0);
    stage_sample_of(known, "make", 7, 20);
    ck_assert_uint_eq(known->calm_count, 0);
    stage_sample_of(known, "quiet", 8, KNOWN_CALM_SCORE - 1);
    ck_assert_uint_eq(known->calm_count, 1);
    stage_sample_of(known, "", 0, 0);
    ck_assert_uint_eq(known->calm_count, 1);
    ck_assert_str_eq(known->calm[0].process.command, "make");
    for (int i = 0; i < 3 * KNOWN_CALM; i++)
        stage_sample_of(known, "many", 100 + i, 60);
    ck_assert_uint_eq(known->calm_count, KNOWN_CALM);
    ck_assert_int_eq(known->calm[0].process.pid, 100 + 3 * KNOWN_CALM - 2);
    known_free(known);
}
END_TEST

/* ---- incidents ---- */

static void hear_event(struct known *known, int id, int second, const char *status)
{
    char line[512];

    snprintf(line, sizeof line,
             "{\"type\":\"event\",\"id\":%d,\"start\":\"2026-01-23T12:%02d:%02d.000000+00:00\","
             "\"end\":null,\"peak_stress\":60,\"peak_tier\":2,\"status\":\"%s\",\"notes\":null,"
             "\"samples\":1}",
             id, second / 60, second % 60, status);
    stage_hear(known, line);
}

START_TEST(incidents_stand_newest_first_once_each_and_are_bounded)
{
    struct known *known = stage_new();

    for (int i = 1; i <= KNOWN_ROWS + 20; i++)
        hear_event(known, 1 + i * 7 % (KNOWN_ROWS + 21), i, "unreviewed");
    ck_assert_uint_eq(known->event_count, KNOWN_ROWS);
    for (size_t i = 1; i < known->event_count; i++)
        ck_assert_int_ge(known->events[i - 1].start_ns, known->events[i].start_ns);
    const int64_t id = known->events[3].id;
    hear_event(known, (int)id, 3599, "pinned");
    ck_assert_uint_eq(known->event_count, KNOWN_ROWS);
    ck_assert_int_eq(known->events[0].id, id);
    ck_assert_uint_eq(known->events[0].review, PAUSEMON_REVIEW_PINNED);
    known_free(known);
}
END_TEST

START_TEST(what_was_told_and_is_not_written_stays_in_the_lists)
{
    struct pausemon_escalation written = PAUSEMON_ESCALATION_INIT;
    struct known *known = stage_new();

    hear_event(known, 4, 10, "unreviewed");
    hear_event(known, 5, 20, "unreviewed");
    written.id = 4;
    written.start.realtime_ns = STAGE_NOW_NS;
    written.review = PAUSEMON_REVIEW_REVIEWED;
    known_begin_events(known);
    known_add_event(known, &written);
    known_end_events(known);
    ck_assert_uint_eq(known->event_count, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(known->events[i].review, known->events[i].id == 4
                                                       ? PAUSEMON_REVIEW_REVIEWED
                                                       : PAUSEMON_REVIEW_UNREVIEWED);
    known->filter = PAUSEMON_REVIEW_PINNED;
    known_begin_events(known);
    known_end_events(known);
    ck_assert_uint_eq(known->event_count, 0);
    known_free(known);
}
END_TEST

/* ---- keys ---- */

START_TEST(keys_go_from_view_to_view)
{
    static const struct {
        int key;
        enum ui_view view;
    } steps[] = {
        {'e', VIEW_EVENTS},       {KEY_ESCAPE, VIEW_MAIN},  {'p', VIEW_PAUSES},
        {'r', VIEW_MAIN},         {'p', VIEW_PAUSES},       {'?', VIEW_HELP},
        {'?', VIEW_PAUSES},       {'e', VIEW_EVENTS},       {'p', VIEW_EVENTS},
        {KEY_ENTER, VIEW_DETAIL}, {'r', VIEW_DETAIL},       {'?', VIEW_HELP},
        {KEY_LEFT, VIEW_EVENTS},  {KEY_LEFT, VIEW_MAIN},    {KEY_ENTER, VIEW_MAIN},
        {'p', VIEW_PAUSES},       {KEY_ENTER, VIEW_DETAIL}, {KEY_ESCAPE, VIEW_PAUSES},
        {'x', VIEW_PAUSES},       {'r', VIEW_MAIN},
    };
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        ui_fit(&ui, known, 24);
        ui_key(&ui, known, steps[i].key);
        ck_assert_msg(ui.view == steps[i].view, "step %zu: view %d", i, ui.view);
    }
    ck_assert_int_eq(ui_key(&ui, known, 'q').action, UI_QUIT);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(marks_are_of_the_event_that_is_selected)
{
    static const char letters[] = "urpd";
    struct known *known = stage_new();
    struct ui_order order;
    struct ui ui;

    ui_init(&ui);
    ui_key(&ui, known, 'e');
    ui_fit(&ui, known, 24);
    ck_assert_int_eq(ui_key(&ui, known, 'r').action, UI_NONE); /* there is none */
    stage_critical(known);
    ui_fit(&ui, known, 24);
    ui_key(&ui, known, KEY_DOWN);
    for (uint64_t i = 0; i < 4; i++) {
        order = ui_key(&ui, known, letters[i]);
        ck_assert_int_eq(order.action, UI_MARK);
        ck_assert_int_eq(order.id, 2);
        ck_assert_uint_eq(order.review, i);
    }
    /* A newer one comes above: it is still the same that is selected. */
    hear_event(known, 9, 3000, "unreviewed");
    ui_fit(&ui, known, 24);
    ck_assert_uint_eq(ui.events.selected, 2);
    ck_assert_int_eq(ui_key(&ui, known, 'd').id, 2);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(the_filter_goes_round_and_ends_with_its_list)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    ui_key(&ui, known, 'e');
    for (int64_t i = 0; i < 5; i++) {
        ck_assert_int_eq(known->filter, i - 1);
        ck_assert_int_eq(ui_key(&ui, known, 'f').action, UI_READ);
    }
    ck_assert_int_eq(known->filter, -1);
    ui_key(&ui, known, 'f');
    ui_key(&ui, known, 'a');
    ck_assert_int_eq(known->filter, -1);
    ui_key(&ui, known, 'f');
    ui_key(&ui, known, KEY_ESCAPE);
    ck_assert_int_eq(known->filter, -1);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(what_is_selected_is_always_on_the_screen)
{
    static const int keys[] = {KEY_UP, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END,
                               'j',    'k',      'x'};
    struct known *known = stage_new();
    unsigned seed = 7;
    struct ui ui;

    ui_init(&ui);
    ui_key(&ui, known, 'e');
    for (int round = 0; round < 5000; round++) {
        seed = seed * 1664525U + 1013904223U;
        const unsigned drawn = seed >> 16;
        if (drawn % 50 == 0)
            known_begin_events(known);
        if (drawn % 3 == 0)
            hear_event(known, 1 + (int)(drawn % 300), (int)(drawn % 3600), "unreviewed");
        ui_key(&ui, known, keys[drawn % (sizeof keys / sizeof keys[0])]);
        ui_fit(&ui, known, 15 + (int)(drawn % 40));
        const struct ui_list *list = &ui.events;
        ck_assert_uint_le(list->top, list->selected);
        ck_assert_uint_lt(list->selected - list->top, ui_page(&ui));
        ck_assert(list->selected < known->event_count || known->event_count == 0);
    }
    ui_free(&ui);
    known_free(known);
}
END_TEST

/* ---- times and cells ---- */

START_TEST(times_are_read_as_the_library_writes_them)
{
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-23T12:00:00.123456-08:00", INT64_C(1769198400123456000)},
        {"2024-02-29T23:59:59.5+01:00", INT64_C(1709247599500000000)},
        {"2000-03-01T00:00:00+00:00", INT64_C(951868800000000000)},
    };
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-13-01T00:00:00Z",
                                      "2026-01-23 12:00:00Z",
                                      "2026-01-23T12:00:00",
                                      "2026-01-23T12:00:00+1:00",
                                      "2026-01-23T12:00:00Zx",
                                      "0000-01-01T00:00:00Z",
                                      "9999-01-01T00:00:00Z",
                                      "2026-01-23T12:00:00+01:00x"};
    int64_t ns;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_int_eq(when_read(&ns, good[i].text), 0);
        ck_assert_int_eq(ns, good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(when_read(&ns, bad[i]) < 0, "%s", bad[i]);
}
END_TEST

START_TEST(times_have_a_date_when_it_is_another_day)
{
    const int64_t day = INT64_C(86400) * 1000000000;
    char text[WHEN_SIZE];

    when_text(text, STAGE_NOW_NS, STAGE_NOW_NS);
    ck_assert_str_eq(text, "12:04:31");
    when_text(text, STAGE_NOW_NS - day, STAGE_NOW_NS);
    ck_assert_str_eq(text, "2026-01-22 12:04:31");
    when_short(text, STAGE_NOW_NS - day, STAGE_NOW_NS);
    ck_assert_str_eq(text, "Jan 22 12:04");
    when_short(text, STAGE_NOW_NS - 400 * day, STAGE_NOW_NS);
    ck_assert_str_eq(text, "2024-12-19");
    when_short(text, STAGE_NOW_NS + day, STAGE_NOW_NS);
    ck_assert_str_eq(text, "2026-01-24");
}
END_TEST

START_TEST(reasons_are_whole_words_or_counted)
{
    const uint64_t all = (1 << 9) - 1;
    char cell[CELL_SIZE];

    cell_why(cell, PAUSEMON_CATEGORY_CPU | PAUSEMON_CATEGORY_MEM, 20);
    ck_assert_str_eq(cell, "cpu,mem");
    cell_why(cell, PAUSEMON_CATEGORY_CPU | PAUSEMON_CATEGORY_MEM, 6);
    ck_assert_str_eq(cell, "cpu,+1");
    cell_why(cell, all, 16);
    ck_assert_str_eq(cell, "stuck,state,+7");
    cell_why(cell, all, 1);
    ck_assert_str_eq(cell, "+9");
    cell_why(cell, 0, 16);
    ck_assert_str_eq(cell, "");
    cell_why(cell, UINT64_MAX, CELL_SIZE);
    ck_assert_uint_lt(strlen(cell), CELL_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("known");
    TCase *all = tcase_create("all");

    setenv("TZ", "UTC", 1);
    tzset();
    tcase_add_test(all, a_state_a_status_and_samples_are_understood);
    tcase_add_test(all, the_time_of_a_tier_comes_from_the_status_or_from_when_it_was_heard);
    tcase_add_test(all, what_is_no_message_is_refused_and_nothing_changes);
    tcase_add_test(all, the_ring_of_stress_is_bounded);
    tcase_add_test(all, who_spiked_and_vanished_is_known_for_ten_seconds_at_its_worst);
    tcase_add_test(all, who_is_back_is_not_calm_and_who_never_spiked_neither);
    tcase_add_test(all, incidents_stand_newest_first_once_each_and_are_bounded);
    tcase_add_test(all, what_was_told_and_is_not_written_stays_in_the_lists);
    tcase_add_test(all, keys_go_from_view_to_view);
    tcase_add_test(all, marks_are_of_the_event_that_is_selected);
    tcase_add_test(all, the_filter_goes_round_and_ends_with_its_list);
    tcase_add_test(all, what_is_selected_is_always_on_the_screen);
    tcase_add_test(all, times_are_read_as_the_library_writes_them);
    tcase_add_test(all, times_have_a_date_when_it_is_another_day);
    tcase_add_test(all, reasons_are_whole_words_or_counted);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
