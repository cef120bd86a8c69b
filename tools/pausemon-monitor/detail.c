/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/detail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cells.h"
#include "common/grid.h"
#include "common/pause_print.h"
#include "common/utf8.h"
#include "common/when.h"

#define NAME_SIZE 17 /* so that a row has at most 80 columns */

/* ---- collecting ---- */

static void keep_rogue(struct story *story, const struct pausemon_process *rogue)
{
    struct pausemon_process *rows = story->rogues;
    size_t at = 0, least = 0;

    while (at < story->rogue_count &&
           (rows[at].pid != rogue->pid || rows[at].start_time != rogue->start_time)) {
        least = rows[at].score < rows[least].score ? at : least;
        at++;
    }
    const int is_new = at == story->rogue_count;
    if (is_new && at == STORY_ROGUES)
        at = least;
    else if (is_new)
        story->rogue_count++;
    if ((is_new && at == story->rogue_count - 1) || rogue->score > rows[at].score) {
        rows[at].size = sizeof rows[at];
        pausemon_process_copy(&rows[at], rogue);
    }
}

static void keep_sample(struct story *story, const struct story_sample *sample)
{
    size_t least = 0;

    if (story->sample_count == STORY_SAMPLES) {
        for (size_t i = 1; i < STORY_SAMPLES; i++)
            if (story->samples[i].stress < story->samples[least].stress)
                least = i;
        if (story->samples[least].stress >= sample->stress)
            return;
        memmove(&story->samples[least], &story->samples[least + 1],
                (--story->sample_count - least) * sizeof *sample);
    }
    story->samples[story->sample_count++] = *sample;
}

void story_take_sample(struct story *story, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    const struct pausemon_process *rogue = pausemon_sample_get_rogue(sample, 0);
    struct story_sample row = {info->time.realtime_ns, tier, info->stress, 0, 0, "-"};

    if (rogue) {
        row.has_cpu = pausemon_process_get_metric(rogue, PAUSEMON_HAVE_CPU, &row.cpu) == 0;
        utf8_clean(row.worst, sizeof row.worst, rogue->command);
    }
    keep_sample(story, &row);
    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(sample, i)); i++)
        keep_rogue(story, rogue);
}

void story_take_pause(struct story *story, const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(pause, 0);

    if (story->pause_count == STORY_PAUSES)
        return;
    struct known_pause *row = &story->pauses[story->pause_count++];
    *row = (struct known_pause){.id = info->id,
                                .start_ns = info->start.realtime_ns,
                                .duration_ns = info->duration_ns,
                                .cause = info->cause,
                                .culprits = info->culprit_count};
    if (culprit)
        utf8_clean(row->culprit, sizeof row->culprit, culprit->command);
}

void story_take_capture(struct story *story, const struct pausemon_capture *capture)
{
    if (story->capture_count < STORY_CAPTURES)
        utf8_clean(story->captures[story->capture_count++], PAUSEMON_CAPTURE_NAME_SIZE,
                   capture->name);
}

/* ---- telling ---- */

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void write_about(FILE *to, const struct story *story)
{
    const struct known_event *event = &story->event;
    const int64_t ns = event->end_ns - event->start_ns;
    char from[WHEN_SIZE], until[WHEN_SIZE], length[PAUSEMON_DURATION_SIZE];

    when_text(from, event->start_ns, story->now_ns);
    when_text(until, event->end_ns, story->now_ns);
    pausemon_duration_text(length, ns > 0 ? (uint64_t)ns : 0);
    fprintf(to, "Event %" PRId64 ": %s, peak stress %" PRIu64 ", %s\n", event->id,
            or_dash(pausemon_tier_name(event->peak_tier)), event->peak_stress,
            or_dash(pausemon_review_name(event->review)));
    if (event->is_open)
        fprintf(to, "%s, goes on", from);
    else
        fprintf(to, "%s to %s, %s", from, until, length);
    fprintf(to, "; %" PRIu64 " samples kept\n", event->samples);
    if (event->notes[0])
        fprintf(to, "Notes: %s\n", event->notes);
}

static int write_rogues(FILE *to, const struct story *story)
{
    static const struct grid_column columns[] = {{"SCORE", 0}, {"COMMAND", 1}, {"PID", 0},
                                                 {"STATE", 1}, {"%CPU", 0},    {"MEM", 0},
                                                 {"WHY", 1},   {NULL, 0}};
    struct grid grid;
    uint64_t value;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && i < story->rogue_count; i++) {
        const struct pausemon_process *rogue = &story->rogues[i];
        char cpu[CELL_SIZE] = "-", mem[CELL_SIZE] = "-", why[CELL_SIZE], name[NAME_SIZE];
        utf8_clean(name, sizeof name, rogue->command);
        if (pausemon_process_get_metric(rogue, PAUSEMON_HAVE_CPU, &value) == 0)
            cell_percent(cpu, value);
        if (pausemon_process_get_metric(rogue, PAUSEMON_HAVE_MEM, &value) == 0)
            cell_size(mem, value);
        cell_why(why, rogue->categories, 14);
        if (grid_add_format(&grid, "%" PRIu64, rogue->score) < 0 ||
            grid_add_text(&grid, name) < 0 || grid_add_format(&grid, "%" PRId64, rogue->pid) < 0 ||
            grid_add_text(&grid, pausemon_state_name(rogue->state)) < 0 ||
            grid_add_text(&grid, cpu) < 0 || grid_add_text(&grid, mem) < 0 ||
            grid_add_text(&grid, why) < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nRogues\n", to);
        grid_write(to, &grid, 2);
    }
    grid_free(&grid);
    return status;
}

static int write_samples(FILE *to, const struct story *story)
{
    static const struct grid_column columns[] = {{"TIME", 1},  {"TIER", 1}, {"STRESS", 0},
                                                 {"WORST", 1}, {"%CPU", 0}, {NULL, 0}};
    struct grid grid;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && i < story->sample_count; i++) {
        const struct story_sample *sample = &story->samples[i];
        char time[WHEN_SIZE], cpu[CELL_SIZE] = "-";
        when_text(time, sample->time_ns, story->now_ns);
        if (sample->has_cpu)
            cell_percent(cpu, sample->cpu);
        if (grid_add_text(&grid, time) < 0 ||
            grid_add_text(&grid, or_dash(pausemon_tier_name(sample->tier))) < 0 ||
            grid_add_format(&grid, "%" PRIu64, sample->stress) < 0 ||
            grid_add_text(&grid, sample->worst) < 0 || grid_add_text(&grid, cpu) < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nPeaks\n", to);
        grid_write(to, &grid, 2);
    }
    grid_free(&grid);
    return status;
}

static int write_pauses(FILE *to, const struct story *story)
{
    static const struct grid_column columns[] = {{"ID", 0},    {"TIME", 1},    {"LENGTH", 0},
                                                 {"CAUSE", 1}, {"CULPRIT", 1}, {NULL, 0}};
    struct grid grid;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && i < story->pause_count; i++) {
        const struct known_pause *pause = &story->pauses[i];
        char time[WHEN_SIZE], length[PAUSEMON_DURATION_SIZE];
        when_text(time, pause->start_ns, story->now_ns);
        pausemon_duration_text(length, pause->duration_ns);
        if (grid_add_format(&grid, "%" PRId64, pause->id) < 0 || grid_add_text(&grid, time) < 0 ||
            grid_add_text(&grid, length) < 0 ||
            grid_add_text(&grid, or_dash(pausemon_cause_name(pause->cause))) < 0 ||
            grid_add_text(&grid, pause->culprits ? pause->culprit : "-") < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nPauses\n", to);
        grid_write(to, &grid, 2);
    }
    grid_free(&grid);
    return status;
}

static void write_captures(FILE *to, const struct story *story)
{
    if (story->capture_count > 0)
        fputs("\nCaptures\n", to);
    for (size_t i = 0; i < story->capture_count; i++)
        fprintf(to, "  %s\n", story->captures[i]);
}

char *story_text(const struct story *story)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return NULL;
    write_about(to, story);
    int status =
        write_rogues(to, story) < 0 || write_samples(to, story) < 0 || write_pauses(to, story) < 0
            ? -1
            : 0;
    write_captures(to, story);
    if (fclose(to) == 0 && status == 0)
        return text;
    free(text);
    return NULL;
}

char *pause_text(const struct pausemon_pause *pause, int64_t now_ns)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return NULL;
    const int status = pause_print(to, pause, now_ns);
    if (fclose(to) == 0 && status == 0)
        return text;
    free(text);
    return NULL;
}
