/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/rogues.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cells.h"
#include "pausemon-monitor/tell.h"

#define WIDE 120
#define COMMAND_MOST 32

/* ---- cells ---- */

static void put_score(char *cell, const struct pausemon_process *process)
{
    cell_count(cell, process->score);
}

static void put_command(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%s", process->command);
}

static void put_pid(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%" PRId64, process->pid);
}

/* As short as a column is. */
static void put_state(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%s",
             process->state == PAUSEMON_STATE_UNKNOWN ? "-"
             : process->state == PAUSEMON_STATE_UNINTERRUPTIBLE
                 ? "blocked"
                 : pausemon_state_name(process->state));
}

/* At most six columns. */
static void format_rate(char *cell, uint64_t value)
{
    if (value < 1000000)
        cell_count(cell, value);
    else if (value < 1000000000)
        snprintf(cell, CELL_SIZE, "%.1fM", (double)value / 1e6);
    else
        snprintf(cell, CELL_SIZE, "%.1fG", (double)value / 1e9);
}

static void format_cpu(char *cell, uint64_t tenths)
{
    if (tenths < 100000)
        cell_percent(cell, tenths);
    else
        format_rate(cell, tenths / 10);
}

/* ---- columns ---- */

enum { COLUMN_COMMAND = 1, COLUMN_WHY = 11 };

/* Either `put`, or a metric by its bit and how it is written. The reasons have neither. */
static const struct column {
    const char *title;
    int width; /* at least; COMMAND and WHY take what is left */
    int left;  /* aligned */
    void (*put)(char *cell, const struct pausemon_process *process);
    uint64_t have;
    void (*format)(char *cell, uint64_t value);
} columns[] = {
    {"SCORE", 5, 0, put_score, 0, NULL},
    {"COMMAND", 16, 1, put_command, 0, NULL},
    {"PID", 7, 0, put_pid, 0, NULL},
    {"STATE", 8, 1, put_state, 0, NULL},
    {"%CPU", 6, 0, NULL, PAUSEMON_HAVE_CPU, format_cpu},
    {"MEM", 5, 0, NULL, PAUSEMON_HAVE_MEM, cell_size},
    {"CMPRS", 5, 0, NULL, PAUSEMON_HAVE_CMPRS, cell_size},
    {"PGIN/s", 6, 0, NULL, PAUSEMON_HAVE_PAGEINS, format_rate},
    {"CSW/s", 6, 0, NULL, PAUSEMON_HAVE_CSW, format_rate},
    {"SYS/s", 6, 0, NULL, PAUSEMON_HAVE_SYSBSD, format_rate},
    {"THR", 5, 0, NULL, PAUSEMON_HAVE_THREADS, format_rate},
    {"WHY", 16, 1, NULL, 0, NULL},
};

#define COLUMN_COUNT (int)(sizeof columns / sizeof columns[0])

/* Where each column stands; width 0: it is left out. */
struct table {
    struct canvas *canvas;
    int start[COLUMN_COUNT], width[COLUMN_COUNT];
};

/* What has no room goes, from the right; the reasons stay. */
static void lay_out(struct table *table, struct canvas *canvas)
{
    const int gap = canvas->columns >= WIDE ? 2 : 1;
    int room = canvas->columns - 2 + gap, at = 1;

    table->canvas = canvas;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        table->width[i] = columns[i].width;
        room -= columns[i].width + gap;
    }
    for (int i = COLUMN_WHY - 1; i > COLUMN_COMMAND && room < 0; i--) {
        room += table->width[i] + gap;
        table->width[i] = 0;
    }
    const int wider = room > 0 ? room / 2 : 0, most = COMMAND_MOST - columns[COLUMN_COMMAND].width;
    const int command = canvas->columns < WIDE ? 0 : wider < most ? wider : most;
    table->width[COLUMN_COMMAND] += command;
    table->width[COLUMN_WHY] += room > command ? room - command : 0;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        table->start[i] = at;
        at += table->width[i] ? table->width[i] + gap : 0;
    }
}

static void put(const struct table *table, int row, int column, enum canvas_style style,
                const char *text)
{
    if (columns[column].left)
        canvas_put(table->canvas, row, table->start[column], table->width[column], style, text);
    else
        canvas_put_right(table->canvas, row, table->start[column], table->width[column], style,
                         text);
}

static void put_head(const struct table *table, int row)
{
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (table->width[i])
            put(table, row, i, STYLE_HEAD, columns[i].title);
}

/* ---- rows ---- */

static enum canvas_style style_of(const struct pausemon_process *process, int column)
{
    if (column == 0)
        return tell_score_style(process->score);
    if (column == COLUMN_COMMAND)
        return process->suspect ? STYLE_WARN : process->score >= 10 ? STYLE_BOLD : STYLE_PLAIN;
    if (columns[column].put == put_state && (process->state == PAUSEMON_STATE_STUCK ||
                                             process->state == PAUSEMON_STATE_UNINTERRUPTIBLE))
        return STYLE_WARN;
    return STYLE_PLAIN;
}

static void format_cell(char *cell, int column, const struct pausemon_process *process)
{
    uint64_t value;

    if (columns[column].put)
        columns[column].put(cell, process);
    else if (pausemon_process_get_metric(process, columns[column].have, &value) == 0)
        columns[column].format(cell, value);
    else
        snprintf(cell, CELL_SIZE, "-");
}

/* `why` NULL: its categories. */
static void put_row(const struct table *table, int row, const struct pausemon_process *process,
                    const char *why, int is_dim)
{
    char cell[CELL_SIZE];

    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (!table->width[i])
            continue;
        if (i != COLUMN_WHY)
            format_cell(cell, i, process);
        else if (why)
            snprintf(cell, sizeof cell, "%s", why);
        else
            cell_why(cell, process->categories, table->width[i]);
        put(table, row, i, is_dim ? STYLE_DIM : style_of(process, i), cell);
    }
    if (process->suspect && table->width[COLUMN_COMMAND] > 2)
        canvas_put_right(table->canvas, row, table->start[COLUMN_COMMAND],
                         table->width[COLUMN_COMMAND], is_dim ? STYLE_DIM : STYLE_WARN, " !");
}

static void put_calm(const struct table *table, const struct known *known, int row, size_t index)
{
    const struct known_calm *calm = &known->calm[index];
    char why[CELL_SIZE];

    snprintf(why, sizeof why, "calm for %" PRId64 " s", (known->now_ms - calm->gone_ms) / 1000);
    put_row(table, row, &calm->process, why, 1);
}

int rogues_rows(const struct known *known)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(known->sample);

    return 1 + (known->has_sample ? (int)info->rogue_count : 0) + (int)known->calm_count;
}

void rogues_draw(struct canvas *canvas, const struct known *known, int row, int rows, int is_old)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(known->sample);
    const int end = row + rows, count = known->has_sample ? (int)info->rogue_count : 0;
    const int calm = (int)known->calm_count < rows / 4 ? (int)known->calm_count : rows / 4;
    struct table table;
    char more[64];
    int i = 0;

    lay_out(&table, canvas);
    put_head(&table, row++);
    for (; i < count && row < end - calm; i++) {
        const struct pausemon_process *rogue = pausemon_sample_get_rogue(known->sample, (size_t)i);
        if (!rogue)
            break;
        put_row(&table, row++, rogue, NULL, is_old);
    }
    const uint64_t left = (uint64_t)(count - i) + (count ? info->rogues_omitted : 0);
    if (left > 0 && i > 0) { /* in place of the last one */
        canvas_fill(canvas, row - 1, 0, canvas->columns, STYLE_PLAIN, ' ');
        snprintf(more, sizeof more, "and %" PRIu64 " more", left + 1);
        canvas_put(canvas, row - 1, table.start[COLUMN_COMMAND], canvas->columns, STYLE_DIM, more);
    }
    for (size_t c = 0; c < known->calm_count && row < end; c++)
        put_calm(&table, known, row++, c);
}
