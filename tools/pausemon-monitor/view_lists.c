/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/when.h"
#include "pausemon-monitor/tell.h"

#define TABLE 3 /* the first row of a list: behind title, heading and head */
#define TIME 13
#define LENGTH 10
#define CAUSE 9
#define PEAK 5
#define TIER 10
#define STATUS 12

/* ---- what stands in a row ---- */

static void pause_length(char text[PAUSEMON_DURATION_SIZE], const struct known_pause *pause)
{
    pausemon_duration_text(text, pause->duration_ns);
}

static void event_length(char text[PAUSEMON_DURATION_SIZE], const struct known_event *event)
{
    const int64_t ns = event->end_ns - event->start_ns;

    if (event->is_open)
        snprintf(text, PAUSEMON_DURATION_SIZE, "goes on");
    else
        pausemon_duration_text(text, ns > 0 ? (uint64_t)ns : 0);
}

/* "stress-ng ×8, and 2 others" */
static void pause_culprit(char text[TELL_SIZE], const struct canvas *canvas,
                          const struct known_pause *pause)
{
    const char *times = canvas->is_ascii ? "x" : "×";
    int used = 0;

    snprintf(text, TELL_SIZE, "-");
    if (pause->culprits == 0)
        return;
    if (pause->count > 1)
        used = snprintf(text, TELL_SIZE, "%s %s%" PRIu64, pause->culprit, times, pause->count);
    else
        used = snprintf(text, TELL_SIZE, "%s", pause->culprit);
    if (pause->culprits > 1 && used > 0 && used < TELL_SIZE)
        snprintf(text + used, (size_t)(TELL_SIZE - used), " and %" PRIu64 " other%s",
                 pause->culprits - 1, pause->culprits == 2 ? "" : "s");
}

static enum canvas_style review_style(uint64_t review)
{
    return review == PAUSEMON_REVIEW_UNREVIEWED ? STYLE_BOLD
           : review == PAUSEMON_REVIEW_PINNED   ? STYLE_PLAIN
                                                : STYLE_DIM;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* Puts a cell of `width` columns, two of them blank, and returns where the next one begins. */
static int put(struct canvas *canvas, int row, int column, int width, int end,
               enum canvas_style style, const char *text)
{
    const int room = column + width > end ? end - column : width - 1;

    canvas_put(canvas, row, column, room, style, text);
    return column + width;
}

static int put_right(struct canvas *canvas, int row, int column, int width, int end,
                     enum canvas_style style, const char *text)
{
    if (column + width <= end)
        canvas_put_right(canvas, row, column, width - 2, style, text);
    return column + width;
}

void view_pause_row(struct canvas *canvas, int row, int column, int width,
                    const struct known *known, const struct known_pause *pause)
{
    char time[WHEN_SIZE], length[PAUSEMON_DURATION_SIZE], culprit[TELL_SIZE], confidence[32] = "-";
    const int end = column + width;

    when_short(time, pause->start_ns, known->now_ns);
    pause_length(length, pause);
    pause_culprit(culprit, canvas, pause);
    if (pause->confidence > 0)
        snprintf(confidence, sizeof confidence, "%" PRIu64 ".%02" PRIu64, pause->confidence / 1000,
                 pause->confidence / 10 % 100);
    column = put(canvas, row, column, TIME, end, STYLE_PLAIN, time);
    column = put_right(canvas, row, column, LENGTH + 2, end, STYLE_BOLD, length);
    column = put(canvas, row, column, CAUSE, end, STYLE_PLAIN,
                 or_dash(pausemon_cause_name(pause->cause)));
    column = put(canvas, row, column, 6, end, STYLE_DIM, confidence);
    put(canvas, row, column, end - column, end, STYLE_PLAIN, culprit);
}

void view_event_row(struct canvas *canvas, int row, int column, int width,
                    const struct known *known, const struct known_event *event)
{
    const enum canvas_style tier = event->is_open ? tell_tier_style(event->peak_tier) : STYLE_PLAIN;
    char time[WHEN_SIZE], length[PAUSEMON_DURATION_SIZE], peak[32];
    const int end = column + width;

    when_short(time, event->start_ns, known->now_ns);
    event_length(length, event);
    snprintf(peak, sizeof peak, "%" PRIu64, event->peak_stress);
    column = put(canvas, row, column, TIME, end, STYLE_PLAIN, time);
    column =
        put_right(canvas, row, column, LENGTH + 2, end, event->is_open ? tier : STYLE_BOLD, length);
    column =
        put(canvas, row, column, TIER, end, tier, or_dash(pausemon_tier_name(event->peak_tier)));
    column = put_right(canvas, row, column, PEAK, end, tell_score_style(event->peak_stress), peak);
    column = put(canvas, row, column, STATUS, end, review_style(event->review),
                 or_dash(pausemon_review_name(event->review)));
    if (column + 8 <= end)
        put(canvas, row, column, end - column, end, STYLE_DIM, event->notes);
}

/* ---- whole lists ---- */

static void put_ids(struct canvas *canvas, int row, int64_t id)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, id);
    canvas_put_right(canvas, row, 1, 6, STYLE_DIM, text);
}

#define ROWS_AT 9 /* the column behind the id */

static void put_heading(struct canvas *canvas, const struct known *known, const char *what,
                        const char *filter, size_t count, size_t selected)
{
    const char *why = known->link == LINK_LOCAL ? "only since the start: --local records nothing"
                                                : known->past_why;
    char text[TELL_SIZE], place[64] = "";

    snprintf(text, sizeof text, "%s%s", what, filter);
    const int used = canvas_put(canvas, 1, 1, canvas->columns - 2, STYLE_BOLD, text);
    if (count > 0)
        snprintf(place, sizeof place, "%zu of %s%zu", selected + 1,
                 count == KNOWN_ROWS ? "the newest " : "", count);
    canvas_put_right(canvas, 1, used + 2, canvas->columns - used - 3, STYLE_DIM, place);
    canvas_put(canvas, 1, used + 3, canvas->columns - used - 5 - (int)strlen(place), STYLE_WARN,
               why);
}

/* The row that is selected looks the same all along. */
static void put_selection(struct canvas *canvas, const struct ui_list *list)
{
    canvas_restyle(canvas, TABLE + (int)(list->selected - list->top), 0, canvas->columns,
                   STYLE_BAR);
}

static int last_row(const struct ui *ui, size_t top, size_t count)
{
    const size_t left = count > top ? count - top : 0, page = ui_page(ui);

    return (int)(left < page ? left : page);
}

static void put_empty(struct canvas *canvas, const char *what)
{
    canvas_put(canvas, TABLE, ROWS_AT, canvas->columns - ROWS_AT - 1, STYLE_DIM, what);
}

void view_events(struct canvas *canvas, const struct known *known, const struct ui *ui)
{
    const char *name = known->filter < 0 ? "all" : pausemon_review_name((uint64_t)known->filter);
    const struct ui_list *list = &ui->events;
    char filter[64];

    snprintf(filter, sizeof filter, ": %s", or_dash(name));
    put_heading(canvas, known, "Events", filter, known->event_count, list->selected);
    canvas_put_right(canvas, 2, 1, 6, STYLE_HEAD, "ID");
    canvas_put(canvas, 2, ROWS_AT, canvas->columns - ROWS_AT - 1, STYLE_HEAD,
               "TIME             LENGTH  TIER     PEAK  STATUS      NOTES");
    for (int i = 0; i < last_row(ui, list->top, known->event_count); i++) {
        const struct known_event *event = &known->events[list->top + (size_t)i];
        put_ids(canvas, TABLE + i, event->id);
        view_event_row(canvas, TABLE + i, ROWS_AT, canvas->columns - ROWS_AT - 1, known, event);
    }
    if (known->event_count > 0)
        put_selection(canvas, list);
    else
        put_empty(canvas,
                  known->filter < 0 ? "no event" : "no event with this status: a shows all");
}

void view_pauses(struct canvas *canvas, const struct known *known, const struct ui *ui)
{
    const struct ui_list *list = &ui->pauses;

    put_heading(canvas, known, "Pauses", "", known->pause_count, list->selected);
    canvas_put_right(canvas, 2, 1, 6, STYLE_HEAD, "ID");
    canvas_put(canvas, 2, ROWS_AT, canvas->columns - ROWS_AT - 1, STYLE_HEAD,
               "TIME             LENGTH  CAUSE    SURE  CULPRIT");
    for (int i = 0; i < last_row(ui, list->top, known->pause_count); i++) {
        const struct known_pause *pause = &known->pauses[list->top + (size_t)i];
        put_ids(canvas, TABLE + i, pause->id);
        view_pause_row(canvas, TABLE + i, ROWS_AT, canvas->columns - ROWS_AT - 1, known, pause);
    }
    if (known->pause_count > 0)
        put_selection(canvas, list);
    else
        put_empty(canvas, "no pause");
}

/* ---- lines ---- */

void view_detail(struct canvas *canvas, const struct ui *ui)
{
    const int margin = canvas->columns > 80; /* the lines are made for 80 */
    const char *line = ui->detail ? ui->detail : "";
    char place[64];

    for (size_t i = 0; i < ui->detail_lines; i++, line += strlen(line) + 1) {
        const size_t page = ui_page(ui) + 1;
        if (i >= ui->detail_top && i - ui->detail_top < page)
            canvas_put(canvas, 2 + (int)(i - ui->detail_top), margin, canvas->columns - margin,
                       line[0] != ' ' && strlen(line) < 12 ? STYLE_HEAD : STYLE_PLAIN, line);
    }
    if (ui->detail_lines > ui_page(ui)) {
        snprintf(place, sizeof place, "line %zu of %zu", ui->detail_top + 1, ui->detail_lines);
        canvas_put_right(canvas, canvas->rows - 2, 1, canvas->columns - 2, STYLE_DIM, place);
    }
}

void view_help(struct canvas *canvas)
{
    static const char *const lines[][2] = {
        {"r  e  p  ?", "rogues, events, pauses, this help"},
        {"q", "quit"},
        {"Up Down  j k", "the row above, below; PgUp PgDn Home End too"},
        {"Enter", "all that is known of an event, of a pause"},
        {"Esc  Left", "back"},
        {"r  p  d  u", "in events: mark reviewed, pinned, dismissed, unreviewed"},
        {"f  a", "in events: the next filter, all"},
        {"Ctrl-L", "draw anew"},
    };
    static const char *const terms[][2] = {
        {"STRESS", "0 to 100: how bad the worst process, or a pause, is"},
        {"tier", "sentinel is calm; elevated; critical"},
        {"cost", "of one core: what looking at the processes takes"},
        {"-", "is not known, which is not 0"},
    };
    int row = 2;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++, row++) {
        canvas_put(canvas, row, 2, 14, STYLE_BOLD, lines[i][0]);
        canvas_put(canvas, row, 17, canvas->columns - 18, STYLE_PLAIN, lines[i][1]);
    }
    row++;
    for (size_t i = 0; i < sizeof terms / sizeof terms[0] && row < canvas->rows - 1; i++, row++) {
        canvas_put(canvas, row, 2, 14, STYLE_HEAD, terms[i][0]);
        canvas_put(canvas, row, 17, canvas->columns - 18, STYLE_PLAIN, terms[i][1]);
    }
}
