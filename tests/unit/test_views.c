/* SPDX-License-Identifier: MIT */
/* pausemon-monitor: what is known, and the size, give the text of the screen. Each golden file is
 * such a text; MONITOR_GOLDEN=write writes them anew, to be read by a person before they count. */
#include "harness.h"
#include "screen_stage.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/utf8.h"
#include "pausemon-monitor/detail.h"
#include "pausemon-monitor/keys.h"
#include "pausemon-monitor/view.h"

/* ---- the screen as text ---- */

static char *draw(const struct known *known, struct ui *ui, int rows, int columns, int is_ascii)
{
    struct canvas canvas = {.is_ascii = is_ascii};
    char row_text[CANVAS_ROW_SIZE];
    struct text text = {NULL, 0};

    ck_assert_int_eq(canvas_resize(&canvas, rows, columns), 0);
    ui_fit(ui, known, rows);
    view_draw(&canvas, known, ui);
    for (int row = 0; row < canvas.rows; row++) {
        canvas_row_text(&canvas, row, row_text);
        text_write(&text, row_text, strlen(row_text));
        text_write(&text, "\n", 1);
    }
    canvas_free(&canvas);
    return text.bytes;
}

static void check_golden(const char *name, const char *text)
{
    char path[256];
    const char *write = getenv("MONITOR_GOLDEN");

    snprintf(path, sizeof path, "golden/monitor/%s.txt", name);
    if (write && strcmp(write, "write") == 0) {
        FILE *file = fopen(test_path(path), "w");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        ck_assert_int_eq(fclose(file), 0);
    }
    size_t length;
    char *golden = read_file(test_path(path), &length);
    ck_assert_msg(strcmp(golden, text) == 0, "%s is now:\n%s", path, text);
    free(golden);
}

static void check_screen(const char *name, const struct known *known, struct ui *ui, int rows,
                         int columns, int is_ascii)
{
    char *text = draw(known, ui, rows, columns, is_ascii);

    check_golden(name, text);
    free(text);
}

/* ---- goldens ---- */

enum { ASCII = 1, UTF8 = 0 };

START_TEST(a_calm_machine_at_three_sizes)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_calm(known);
    check_screen("calm-80x24", known, &ui, 24, 80, UTF8);
    check_screen("calm-200x60", known, &ui, 60, 200, UTF8);
    check_screen("calm-60x15", known, &ui, 15, 60, UTF8);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(a_critical_machine_with_unknown_values)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    check_screen("critical-80x24", known, &ui, 24, 80, UTF8);
    check_screen("critical-200x60", known, &ui, 60, 200, UTF8);
    check_screen("critical-60x15", known, &ui, 15, 60, UTF8);
    check_screen("critical-ascii", known, &ui, 24, 80, ASCII);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(a_daemon_that_is_not_there_or_was)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    known->retry_ms = STAGE_NOW_MS + 3200;
    snprintf(known->link_why, sizeof known->link_why, "no daemon runs");
    check_screen("nothing-80x24", known, &ui, 24, 80, UTF8);
    stage_calm(known);
    known_disconnect(known);
    known->link = LINK_DOWN;
    snprintf(known->link_why, sizeof known->link_why, "the daemon has ended");
    check_screen("disconnected-80x24", known, &ui, 24, 80, UTF8);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(names_that_would_be_commands_to_a_terminal)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_sample_of(known, "\\u001b[31mred\\u001b]0;title\\u0007", 1, 50);
    char *text = draw(known, &ui, 24, 80, UTF8);
    for (const char *at = text; *at; at++)
        ck_assert_msg(*at == '\n' || (unsigned char)*at >= ' ', "%d", *at);
    free(text);
    stage_sample_of(known, "\\u202eevil\\u009b\\u007fx", 2, 50);
    stage_sample_of(known, "\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22", 3,
                    50);
    check_screen("hostile-80x24", known, &ui, 24, 80, UTF8);
    check_screen("hostile-ascii", known, &ui, 24, 80, ASCII);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(lists_of_events_and_pauses)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    ui_key(&ui, known, 'e');
    check_screen("events-80x24", known, &ui, 24, 80, UTF8);
    ui_key(&ui, known, KEY_ESCAPE);
    ui_key(&ui, known, 'p');
    ui_key(&ui, known, KEY_DOWN);
    check_screen("pauses-80x24", known, &ui, 24, 80, UTF8);
    ui_key(&ui, known, '?');
    check_screen("help-80x24", known, &ui, 24, 80, UTF8);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(a_pause_in_detail_is_what_why_tells)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    ui_key(&ui, known, 'p');
    ui_fit(&ui, known, 24);
    const struct ui_order order = ui_key(&ui, known, KEY_ENTER);
    ck_assert_int_eq(order.action, UI_DETAIL);
    ck_assert_int_eq(ui.detail_id, 3);
    ui_set_detail(&ui, pause_text(known_find_pause(known, ui.detail_id), known->now_ns));
    check_screen("pause-80x24", known, &ui, 24, 80, UTF8);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(an_event_in_detail_has_peaks_rogues_and_pauses)
{
    struct known *known = stage_new();
    struct story *story = calloc(1, sizeof *story);
    struct ui ui;

    ck_assert_ptr_nonnull(story);
    ui_init(&ui);
    stage_critical(known);
    story->now_ns = known->now_ns;
    story->event = known->events[0];
    for (int i = 0; i < 3; i++)
        story_take_sample(story, known->sample, i == 0 ? 2 : 3);
    story_take_pause(story, known_find_pause(known, 3));
    ui_key(&ui, known, 'e');
    ui_fit(&ui, known, 24);
    ui_key(&ui, known, KEY_ENTER);
    ui_set_detail(&ui, story_text(story));
    check_screen("event-80x24", known, &ui, 24, 80, UTF8);
    free(story);
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(a_story_keeps_the_worst_of_more_than_it_has_room_for)
{
    struct known *known = stage_new();
    struct story *story = calloc(1, sizeof *story);

    ck_assert_ptr_nonnull(story);
    for (int i = 0; i < 100; i++) {
        stage_sample_of(known, "x", i + 1, i);
        story_take_sample(story, known->sample, 2);
    }
    ck_assert_uint_eq(story->sample_count, STORY_SAMPLES);
    ck_assert_uint_eq(story->rogue_count, STORY_ROGUES);
    for (size_t i = 0; i < STORY_SAMPLES; i++)
        ck_assert_uint_eq(story->samples[i].stress, 100 - STORY_SAMPLES + i);
    for (size_t i = 0; i < STORY_ROGUES; i++)
        ck_assert_uint_ge(story->rogues[i].score, 100 - STORY_ROGUES);
    free(story);
    known_free(known);
}
END_TEST

/* ---- any size, any view ---- */

START_TEST(every_view_fits_every_size)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    for (enum ui_view view = VIEW_MAIN; view <= VIEW_DETAIL; view++) {
        ui.view = view;
        ui.before = VIEW_EVENTS;
        if (view == VIEW_DETAIL)
            ui_set_detail(&ui, pause_text(known_find_pause(known, 3), known->now_ns));
        for (int rows = 1; rows <= 64; rows += rows < 18 ? 1 : 7)
            for (int columns = 1; columns <= 240; columns += columns < 64 ? 1 : 11) {
                char *text = draw(known, &ui, rows, columns, (rows + columns) % 2);
                char *rest = text;
                int count = 0;
                for (char *line; (line = strsep(&rest, "\n")) && rest; count++)
                    ck_assert_int_le(utf8_width(line), columns);
                ck_assert_int_eq(count, rows);
                free(text);
            }
    }
    ui_free(&ui);
    known_free(known);
}
END_TEST

/* Only a name may be longer than its column. */
START_TEST(a_column_is_whole_or_not_there)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_critical(known);
    for (int columns = VIEW_MIN_COLUMNS; columns <= 240; columns++) {
        char *text = draw(known, &ui, 24, columns, UTF8);
        char *rest = strstr(text, " SCORE");
        ck_assert_ptr_nonnull(rest);
        for (int row = 0; row < 5; row++) {
            const char *line = strsep(&rest, "\n");
            ck_assert_msg(!strstr(line, "…"), "%d columns: %s", columns, line);
            ck_assert_int_lt(utf8_width(line), columns);
        }
        free(text);
    }
    ui_free(&ui);
    known_free(known);
}
END_TEST

START_TEST(a_screen_that_is_too_small_says_what_is_needed)
{
    struct known *known = stage_new();
    struct ui ui;

    ui_init(&ui);
    stage_calm(known);
    char *text = draw(known, &ui, 10, 40, UTF8);
    ck_assert_ptr_nonnull(strstr(text, "pausemon needs 60x15, this is 40x10"));
    free(text);
    ui_free(&ui);
    known_free(known);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views");
    TCase *all = tcase_create("all");

    setenv("TZ", "UTC", 1);
    tzset();
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "en_US.UTF-8");
    tcase_add_test(all, a_calm_machine_at_three_sizes);
    tcase_add_test(all, a_critical_machine_with_unknown_values);
    tcase_add_test(all, a_daemon_that_is_not_there_or_was);
    tcase_add_test(all, names_that_would_be_commands_to_a_terminal);
    tcase_add_test(all, lists_of_events_and_pauses);
    tcase_add_test(all, a_pause_in_detail_is_what_why_tells);
    tcase_add_test(all, an_event_in_detail_has_peaks_rogues_and_pauses);
    tcase_add_test(all, a_story_keeps_the_worst_of_more_than_it_has_room_for);
    tcase_add_test(all, every_view_fits_every_size);
    tcase_add_test(all, a_column_is_whole_or_not_there);
    tcase_add_test(all, a_screen_that_is_too_small_says_what_is_needed);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
