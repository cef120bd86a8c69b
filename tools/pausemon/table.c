/* SPDX-License-Identifier: MIT */
#include "pausemon/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "common/cells.h"
#include "common/grid.h"

/* ---- cells ---- */

static void put_score(char *cell, const struct pausemon_process *process)
{
    cell_count(cell, process->score);
}

static void put_command(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%s%s", process->command, process->suspect ? " !" : "");
}

static void put_pid(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%" PRId64, process->pid);
}

static void put_state(char *cell, const struct pausemon_process *process)
{
    snprintf(cell, CELL_SIZE, "%s", pausemon_state_name(process->state));
}

static void put_why(char *cell, const struct pausemon_process *process)
{
    cell_why(cell, process->categories, CELL_SIZE);
}

/* Either `put`, or a metric by its bit and how it is written. */
static const struct column {
    const char *title;
    void (*put)(char *cell, const struct pausemon_process *process);
    uint64_t have;
    void (*format)(char *cell, uint64_t value);
    int left; /* aligned */
} columns[] = {
    {"SCORE", put_score, 0, NULL, 0},
    {"COMMAND", put_command, 0, NULL, 1},
    {"PID", put_pid, 0, NULL, 0},
    {"STATE", put_state, 0, NULL, 1},
    {"%CPU", NULL, PAUSEMON_HAVE_CPU, cell_percent, 0},
    {"MEM", NULL, PAUSEMON_HAVE_MEM, cell_size, 0},
    {"CMPRS", NULL, PAUSEMON_HAVE_CMPRS, cell_size, 0},
    {"PAGEINS/s", NULL, PAUSEMON_HAVE_PAGEINS, cell_count, 0},
    {"CSW/s", NULL, PAUSEMON_HAVE_CSW, cell_count, 0},
    {"SYSBSD/s", NULL, PAUSEMON_HAVE_SYSBSD, cell_count, 0},
    {"THREADS", NULL, PAUSEMON_HAVE_THREADS, cell_count, 0},
    {"WHY", put_why, 0, NULL, 1},
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

static void put_cell(char *cell, const struct column *column,
                     const struct pausemon_process *process)
{
    uint64_t value;

    if (column->put)
        column->put(cell, process);
    else if (pausemon_process_get_metric(process, column->have, &value) == 0)
        column->format(cell, value);
    else
        snprintf(cell, CELL_SIZE, "-");
}

/* ---- rows ---- */

static void print_line_about(const struct pausemon_sample_info *info)
{
    time_t local = (time_t)(info->time.realtime_ns / 1000000000 + info->time.utc_offset_s);
    struct tm date;
    char text[32] = "";

    if (gmtime_r(&local, &date))
        strftime(text, sizeof text, "%H:%M:%S", &date);
    printf("%s  %" PRIu64 " processes, highest score %" PRIu64 ", over %.2f s, cost %.1f ms", text,
           info->process_count, info->max_score, (double)info->elapsed_ns / 1e9,
           (double)info->cost_us / 1e3);
    if (info->unreadable)
        printf(", %" PRIu64 " not fully readable", info->unreadable);
    if (info->rogues_omitted)
        printf(", %" PRIu64 " rogues left out", info->rogues_omitted);
    if (!info->complete)
        printf(", not all were looked at");
    putchar('\n');
}

int table_print(const struct pausemon_sample *sample,
                const struct pausemon_process *const *processes, size_t count)
{
    struct grid_column heads[COLUMN_COUNT + 1] = {{NULL, 0}};
    struct grid grid;
    char *cell = NULL;

    for (size_t c = 0; c < COLUMN_COUNT; c++)
        heads[c] = (struct grid_column){columns[c].title, columns[c].left};
    grid_init(&grid, heads);
    for (size_t i = 0; i < count * COLUMN_COUNT; i++) {
        cell = grid_add(&grid);
        if (!cell)
            break;
        put_cell(cell, &columns[i % COLUMN_COUNT], processes[i / COLUMN_COUNT]);
    }
    if (cell || count == 0) {
        print_line_about(pausemon_sample_get_info(sample));
        grid_print(&grid, 0);
        putchar('\n');
    }
    grid_free(&grid);
    return cell || count == 0 ? 0 : -1;
}
