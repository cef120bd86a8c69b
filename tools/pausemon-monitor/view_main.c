/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pausemon-monitor/rogues.h"
#include "pausemon-monitor/tell.h"

#define LABEL 9          /* columns of the words at the left, with a blank before and one behind */
#define SIDE_BY_SIDE 120 /* columns from which on both lists stand beside each other */

/* Which rows are whose. */
struct layout {
    int graph_rows, system, table, table_rows, lists, pause_rows, event_rows, is_wide;
};

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

/* The lists have the rows that they need, up to a part of the screen; the table has the rest. */
static struct layout lay_out(const struct known *known, int rows, int columns, int graph_most)
{
    struct layout layout = {.is_wide = columns >= SIDE_BY_SIDE};
    char text[TELL_SIZE];
    const int most =
        layout.is_wide ? within((rows - 12) / 4, 2, 12) : within((rows - 14) / 3, 1, 8);

    layout.graph_rows = within((rows - 20) / 5, 1, graph_most);
    layout.system = 2 + layout.graph_rows;
    layout.table = layout.system + 2 + (rows > VIEW_MIN_ROWS && tell_trouble(text, known, 0));
    layout.pause_rows = within((int)known->pause_count, 1, most);
    layout.event_rows =
        within((int)known->event_count, 1, layout.is_wide ? most : within(most - 1, 1, most));
    const int more = layout.pause_rows > layout.event_rows ? layout.pause_rows : layout.event_rows;
    const int all = layout.is_wide ? 1 + more : layout.pause_rows + layout.event_rows;
    layout.lists = rows - 1 - (rows >= 24) - all;
    layout.table_rows = layout.lists - 1 - layout.table;
    return layout;
}

int view_main_rows(const struct known *known, int columns)
{
    const int room = rogues_rows(known);
    int rows = VIEW_MIN_ROWS;

    while (rows < CANVAS_MAX_ROWS && lay_out(known, rows, columns, 1).table_rows < room)
        rows++;
    return rows;
}

/* ---- stress ---- */

/* Blocks from left to right, by eighths; '#' where there are none. */
static void put_gauge(struct canvas *canvas, int row, int column, int width, uint64_t value,
                      enum canvas_style style)
{
    const int eighths = (int)(value > 100 ? 100 : value) * width * 8 / 100;

    canvas_fill(canvas, row, column, width, STYLE_DIM, canvas->is_ascii ? '.' : 0x2591);
    canvas_fill(canvas, row, column, eighths / 8, style, canvas->is_ascii ? '#' : 0x2588);
    if (eighths % 8 && !canvas->is_ascii)
        canvas_fill(canvas, row, column + eighths / 8, 1, style, 0x2590 - (uint32_t)(eighths % 8));
}

static void put_stress(struct canvas *canvas, const struct known *known, int is_old)
{
    const enum canvas_style style = is_old ? STYLE_DIM : tell_tier_style(known->tier);
    const uint64_t stress = pausemon_sample_get_info(known->sample)->stress;
    const int columns = canvas->columns;
    char number[32] = "-", tier[TELL_SIZE];

    canvas_put(canvas, 1, 1, LABEL, STYLE_HEAD, "STRESS");
    tell_tier(tier, known);
    if (known->has_sample)
        snprintf(number, sizeof number, "%" PRIu64, stress);
    const int words = canvas_width(canvas, tier) < 23 ? 23 : canvas_width(canvas, tier);
    const int gauge = columns - LABEL - 5 - 2 - words - 1;
    canvas_put_right(canvas, 1, LABEL, 3, style, number);
    put_gauge(canvas, 1, LABEL + 5, gauge, known->has_sample ? stress : 0, style);
    canvas_put(canvas, 1, LABEL + 5 + gauge + 2, words, style, tier);
}

/* One column of the graph, `rows` high from `row` on. */
static void put_bar(struct canvas *canvas, int row, int rows, int column, uint64_t stress,
                    enum canvas_style style)
{
    static const char levels[] = "_.:-=+*#";
    int eighths = (int)stress * rows * 8 / 100;

    eighths = eighths < 1 ? 1 : eighths; /* something was there */
    for (int i = rows - 1; i >= 0 && eighths > 0; i--, eighths -= 8) {
        const int level = eighths > 8 ? 8 : eighths;
        canvas_fill(canvas, row + i, column, 1, style,
                    canvas->is_ascii ? (uint32_t)levels[level - 1] : 0x2580 + (uint32_t)level);
    }
}

static void put_graph(struct canvas *canvas, const struct known *known, int rows, int is_old)
{
    const int width = canvas->columns - LABEL - 1;
    const int wide = width >= 150 ? 3 : width >= 100 ? 2 : 1; /* columns of a sample */
    char text[32];

    canvas_put(canvas, 2, 1, LABEL, STYLE_HEAD, "RECENT");
    if (rows > 2 && known->stress_count > 0) {
        snprintf(text, sizeof text, "%zu", known->stress_count);
        canvas_put(canvas, 3, 1, LABEL - 2, STYLE_DIM, text);
        canvas_put(canvas, 4, 1, LABEL - 2, STYLE_DIM, "samples");
    }
    for (int i = 0; (i + 1) * wide <= width && (size_t)i < known->stress_count; i++) {
        const size_t at = known->stress_count - 1 - (size_t)i;
        for (int j = 0; j < wide; j++)
            put_bar(canvas, 2, rows, canvas->columns - 2 - i * wide - j, known->stress[at],
                    is_old ? STYLE_DIM : tell_tier_style(known->tiers[at]));
    }
}

/* ---- lines of parts ---- */

typedef int (*part_fn)(char text[TELL_SIZE], const struct known *known, int index);

/* As many parts as fit, whole; the first one in any case. */
static void put_parts(struct canvas *canvas, const struct known *known, int row,
                      enum canvas_style style, part_fn part)
{
    const char *between = canvas->is_ascii ? ", " : " · ";
    const int end = canvas->columns - 1;
    char text[TELL_SIZE];
    int at = LABEL;

    for (int i = 0; part(text, known, i); i++) {
        const int before = i ? canvas_width(canvas, between) : 0;
        if (i > 0 && at + before + canvas_width(canvas, text) > end)
            continue;
        at += canvas_put(canvas, row, at, before, STYLE_DIM, i ? between : "");
        at += canvas_put(canvas, row, at, end - at, style, text);
    }
}

static void put_system(struct canvas *canvas, const struct known *known, int row, int is_old)
{
    char text[TELL_SIZE];

    canvas_put(canvas, row, 1, LABEL, STYLE_HEAD, "SYSTEM");
    put_parts(canvas, known, row, is_old ? STYLE_DIM : STYLE_PLAIN, tell_system);
    if (tell_trouble(text, known, 0)) {
        canvas_put(canvas, row + 1, 1, LABEL, STYLE_BAD, "TROUBLE");
        put_parts(canvas, known, row + 1, STYLE_WARN, tell_trouble);
    }
}

/* ---- lists ---- */

static void put_none(struct canvas *canvas, const struct known *known, int row, int column,
                     int width, const char *what)
{
    char text[TELL_SIZE];

    snprintf(text, sizeof text, "%s%s", what,
             known->past_why[0] && known->link != LINK_LOCAL ? " is known" : "");
    canvas_put(canvas, row, column, width, STYLE_DIM, text);
}

static void put_pauses(struct canvas *canvas, const struct known *known, int row, int column,
                       int width, int rows)
{
    if (known->pause_count == 0)
        put_none(canvas, known, row, column, width, "no pause");
    for (int i = 0; i < rows && (size_t)i < known->pause_count; i++)
        view_pause_row(canvas, row + i, column, width, known, &known->pauses[i]);
}

static void put_events(struct canvas *canvas, const struct known *known, int row, int column,
                       int width, int rows)
{
    if (known->event_count == 0)
        put_none(canvas, known, row, column, width, "no event");
    for (int i = 0; i < rows && (size_t)i < known->event_count; i++)
        view_event_row(canvas, row + i, column, width, known, &known->events[i]);
}

/* A heading and a line behind it. */
static void put_heading(struct canvas *canvas, int row, int column, int width, const char *text)
{
    const int used = canvas_put(canvas, row, column, width, STYLE_HEAD, text) + 1;

    canvas_fill(canvas, row, column + used, width - used, STYLE_DIM,
                canvas->is_ascii ? '-' : 0x2500);
}

static void put_lists(struct canvas *canvas, const struct known *known, const struct layout *layout)
{
    const int row = layout->lists, columns = canvas->columns, half = columns / 2;

    if (layout->is_wide) {
        put_heading(canvas, row, 1, half - 3, "PAUSES");
        put_heading(canvas, row, half + 1, columns - half - 2, "EVENTS");
        put_pauses(canvas, known, row + 1, 1, half - 3, layout->pause_rows);
        put_events(canvas, known, row + 1, half + 1, columns - half - 2, layout->event_rows);
        return;
    }
    canvas_put(canvas, row, 1, LABEL, STYLE_HEAD, "PAUSES");
    put_pauses(canvas, known, row, LABEL, columns - LABEL - 1, layout->pause_rows);
    canvas_put(canvas, row + layout->pause_rows, 1, LABEL, STYLE_HEAD, "EVENTS");
    put_events(canvas, known, row + layout->pause_rows, LABEL, columns - LABEL - 1,
               layout->event_rows);
}

/* ---- nothing yet ---- */

static void put_nothing(struct canvas *canvas, const struct known *known,
                        const struct layout *layout)
{
    static const char *const lines[][2] = {
        {"pausemon daemon", "starts one, which watches and records"},
        {"pausemon monitor --local", "looks without one, from now on"},
    };
    const int row = layout->table + 1;

    if (known->link != LINK_DOWN) {
        canvas_put(canvas, row, LABEL, canvas->columns - LABEL - 1, STYLE_DIM,
                   "waiting for the first sample");
        return;
    }
    canvas_put(canvas, row, LABEL, canvas->columns - LABEL - 1, STYLE_BOLD, known->link_why);
    for (int i = 0; i < 2; i++) {
        canvas_put(canvas, row + 2 + i, LABEL, 26, STYLE_PLAIN, lines[i][0]);
        canvas_put(canvas, row + 2 + i, LABEL + 26, canvas->columns - LABEL - 27, STYLE_DIM,
                   lines[i][1]);
    }
}

void view_main(struct canvas *canvas, const struct known *known, int graph_most)
{
    const struct layout layout = lay_out(known, canvas->rows, canvas->columns, graph_most);
    const int is_old = known->link == LINK_DOWN;

    put_stress(canvas, known, is_old);
    put_graph(canvas, known, layout.graph_rows, is_old);
    put_system(canvas, known, layout.system, is_old);
    if (known->has_sample)
        rogues_draw(canvas, known, layout.table, layout.table_rows, is_old);
    else
        put_nothing(canvas, known, &layout);
    put_lists(canvas, known, &layout);
}
