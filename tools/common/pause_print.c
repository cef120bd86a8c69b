/* SPDX-License-Identifier: MIT */
/* A pause for a person, within 80 columns. */
#include "common/pause_print.h"

#include <pausemon/tiers.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/grid.h"
#include "common/utf8.h"
#include "common/when.h"

#define WIDTH 80
#define VERDICT_SIZE 2048

/* ---- the sentence ---- */

struct line {
    char bytes[VERDICT_SIZE]; /* a sentence is far shorter: at most six names */
    size_t used;
};

static int append(void *user, const char *bytes, size_t length)
{
    struct line *line = user;

    if (length >= VERDICT_SIZE - line->used)
        return PAUSEMON_ERR_LIMIT;
    memcpy(line->bytes + line->used, bytes, length);
    line->used += length;
    line->bytes[line->used] = '\0';
    return 0;
}

/* Words behind `column` columns that are taken, each line after the first behind as many blanks. */
static void print_wrapped(FILE *to, char *text, int column)
{
    int at = column;

    for (char *word; (word = strsep(&text, " "));) {
        int width = utf8_width(word);
        if (at > column && at + 1 + width > WIDTH) {
            fprintf(to, "\n%*s", column, "");
            at = column;
        }
        fprintf(to, "%s%s", at > column ? " " : "", word);
        at += width + (at > column);
    }
    fputc('\n', to);
}

static void print_sentence(FILE *to, const struct pausemon_pause *pause, int64_t now_ns)
{
    struct line line = {"", 0};
    char time[WHEN_SIZE];

    when_text(time, pausemon_pause_get_info(pause)->start.realtime_ns, now_ns);
    pausemon_pause_write_verdict(pause, append, &line);
    fprintf(to, "%s  ", time);
    print_wrapped(to, line.bytes, (int)strlen(time) + 2);
}

/* ---- what is known of it ---- */

static const char *confidence_word(uint64_t thousandths)
{
    return thousandths >= 900   ? "high"
           : thousandths >= 700 ? "good"
           : thousandths >= 500 ? "fair"
                                : "low";
}

static void print_about(FILE *to, const struct pausemon_pause_info *info)
{
    const char *name, *between = "Noticed by ", *tier = pausemon_tier_name(info->tier);
    const int measured =
        info->cause != PAUSEMON_CAUSE_UNKNOWN && info->cause != PAUSEMON_CAUSE_SUSPEND;

    fprintf(to, "\nPause %" PRId64 ".", info->id);
    if (measured)
        fprintf(to, " Confidence: %s.", confidence_word(info->confidence));
    fputc(' ', to);
    for (uint64_t bit = 1; (name = pausemon_detector_name(bit)); bit <<= 1)
        if (info->detectors & bit) {
            fprintf(to, "%s%s", between, name);
            between = ", ";
        }
    if (tier)
        fprintf(to, "%stier %s", info->detectors ? "; " : "", tier);
    if (info->event_id)
        fprintf(to, "; event %" PRId64, info->event_id);
    fputc('\n', to);
}

static int print_evidence(FILE *to, const struct pausemon_pause *pause)
{
    static const struct grid_column columns[] = {
        {"READING", 1}, {"VALUE", 0}, {"OVER", 0}, {NULL, 0}};
    const struct pausemon_evidence *evidence;
    char over[PAUSEMON_DURATION_SIZE];
    struct grid grid;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && (evidence = pausemon_pause_get_evidence(pause, i)); i++) {
        pausemon_duration_text(over, evidence->window_ns);
        if (grid_add_text(&grid, evidence->name) < 0 ||
            grid_add_format(&grid, "%" PRId64, evidence->value) < 0 ||
            grid_add_text(&grid, evidence->window_ns ? over : "-") < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nEvidence\n", to);
        grid_write(to, &grid, 2);
    }
    grid_free(&grid);
    return status;
}

/* ---- who ---- */

/* Long ones are for lines of their own, which need not be narrow. */
static void print_origins(FILE *to, const struct pausemon_pause *pause)
{
    const struct pausemon_culprit *culprit;

    for (size_t i = 0; (culprit = pausemon_pause_get_culprit(pause, i)); i++)
        if (culprit->exe[0] || culprit->unit[0])
            fprintf(to, "  %" PRId64 " is %s%s%s%s\n", culprit->pid,
                    culprit->exe[0] ? culprit->exe : culprit->command,
                    culprit->unit[0] ? " (unit " : "", culprit->unit, culprit->unit[0] ? ")" : "");
}

static int print_culprits(FILE *to, const struct pausemon_pause *pause)
{
    static const struct grid_column columns[] = {{"COMMAND", 1}, {"PID", 0}, {"COUNT", 0},
                                                 {"SHARE", 0},   {"OF", 1},  {"UID", 0},
                                                 {"", 1},        {NULL, 0}};
    const struct pausemon_culprit *culprit;
    struct grid grid;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && (culprit = pausemon_pause_get_culprit(pause, i)); i++) {
        const char *resource = pausemon_cause_name(culprit->resource);
        if (grid_add_text(&grid, culprit->command) < 0 ||
            grid_add_format(&grid, "%" PRId64, culprit->pid) < 0 ||
            grid_add_format(&grid, "%" PRIu64, culprit->count) < 0 ||
            grid_add_format(&grid, "%" PRIu64 " %%", culprit->share / 10) < 0 ||
            grid_add_text(&grid, resource && culprit->resource ? resource : "-") < 0 ||
            (culprit->uid < 0 ? grid_add_text(&grid, "-")
                              : grid_add_format(&grid, "%" PRId64, culprit->uid)) < 0 ||
            grid_add_text(&grid, culprit->suspect ? "suspect" : "") < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nCulprits\n", to);
        grid_write(to, &grid, 2);
        print_origins(to, pause);
    }
    grid_free(&grid);
    return status;
}

static int print_victims(FILE *to, const struct pausemon_pause *pause)
{
    static const struct grid_column columns[] = {
        {"COMMAND", 1}, {"PID", 0}, {"LOST", 0}, {"HOW", 1}, {NULL, 0}};
    const struct pausemon_victim *victim;
    char lost[PAUSEMON_DURATION_SIZE];
    struct grid grid;
    int status = 0;

    grid_init(&grid, columns);
    for (size_t i = 0; status == 0 && (victim = pausemon_pause_get_victim(pause, i)); i++) {
        const char *how = victim->how == PAUSEMON_LOSS_RUN_DELAY ? "waiting for a CPU"
                          : victim->how == PAUSEMON_LOSS_BLOCKED ? "blocked"
                                                                 : "-";
        pausemon_duration_text(lost, victim->lost_ns);
        if (grid_add_text(&grid, victim->command) < 0 ||
            grid_add_format(&grid, "%" PRId64, victim->pid) < 0 || grid_add_text(&grid, lost) < 0 ||
            grid_add_text(&grid, how) < 0)
            status = -1;
    }
    if (grid.count && status == 0) {
        fputs("\nVictims\n", to);
        grid_write(to, &grid, 2);
    }
    grid_free(&grid);
    return status;
}

int pause_print(FILE *to, const struct pausemon_pause *pause, int64_t now_ns)
{
    print_sentence(to, pause, now_ns);
    print_about(to, pausemon_pause_get_info(pause));
    return print_evidence(to, pause) < 0 || print_culprits(to, pause) < 0 ||
                   print_victims(to, pause) < 0
               ? -1
               : 0;
}
