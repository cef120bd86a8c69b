/* SPDX-License-Identifier: MIT */
#include "pausemon/incidents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/out.h"
#include "common/pause_print.h"
#include "common/when.h"

#define DEFAULT_COUNT 20
#define MAX_HOURS 400000 /* 45 years */
#define MAX_NAMES 16

/* ---- the database ---- */

int incidents_open(struct incidents *incidents, const struct args *args)
{
    struct pausemon_error error;

    memset(incidents, 0, sizeof *incidents);
    incidents->args = args;
    incidents->json = args_get(args, "json") != NULL;
    out_host(&incidents->host, args->program);
    if (place_find(args->program, args_get(args, "data-dir"), &incidents->place) < 0)
        return EXIT_ERROR;
    int status = pausemon_history_open(&incidents->history, incidents->place.database,
                                       &incidents->host, &error);
    if (status == PAUSEMON_ERR_NOT_FOUND)
        return args_fail(args->program, EXIT_NOTHING,
                         "nothing is recorded yet in %s: `pausemon daemon` records",
                         incidents->place.directory);
    if (status == PAUSEMON_ERR_DENIED)
        return place_refused(args->program, incidents->place.database, &error);
    return status < 0 ? incidents_fail(incidents, &error) : 0;
}

void incidents_close(struct incidents *incidents)
{
    pausemon_history_free(incidents->history);
}

int incidents_fail(const struct incidents *incidents, const struct pausemon_error *error)
{
    if (error->status == PAUSEMON_ERR_DENIED)
        return place_refused(incidents->args->program, incidents->place.database, error);
    const char *database = incidents->place.database;
    const int is_named = strstr(error->text, database) != NULL;
    return args_fail(incidents->args->program, EXIT_ERROR, "%s%s%s", is_named ? "" : database,
                     is_named ? "" : ": ", error->text);
}

/* ---- arguments ---- */

int incidents_read_filter(const struct args *args, struct pausemon_history_filter *filter)
{
    int64_t count = DEFAULT_COUNT * 1000, hours = 0;

    if (args_get_number(args, "count", 0, INT64_C(1000000000), &count) < 0 ||
        args_get_number(args, "hours", 0, INT64_C(1000) * MAX_HOURS, &hours) < 0)
        return EXIT_USAGE;
    if (count % 1000 != 0)
        return args_fail(args->program, EXIT_USAGE, "--count: \"%s\" is no whole number",
                         args_get(args, "count"));
    filter->limit = count ? (uint64_t)count / 1000 + 1 : 0;
    if (args_get(args, "hours"))
        filter->since_ns = when_now_ns() - hours * 3600 * 1000000;
    return 0;
}

int incidents_count(const struct args *args, const struct pausemon_history_filter *filter,
                    uint64_t *shown)
{
    if (filter->limit && *shown + 1 == filter->limit) {
        fprintf(stderr, "%s: there are older ones: -n 0 shows all\n", args->program);
        return 0;
    }
    ++*shown;
    return 1;
}

int incidents_read_id(const struct args *args, size_t operand, int64_t *id)
{
    const char *text = operand < args->operand_count ? args->operands[operand] : "";
    char *end;

    if (operand >= args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "an id is needed: the lists show them");
    *id = strtoll(text, &end, 10);
    /* What does not fit is the greatest there is, and that id is never given out. */
    if (*text < '0' || *text > '9' || *end || *id <= 0)
        return args_fail(args->program, EXIT_USAGE, "\"%s\" is no id: a number above 0", text);
    return 0;
}

int incidents_read_name(const struct args *args, const char *option,
                        const char *(*name_of)(uint64_t), uint64_t *value)
{
    const char *names[MAX_NAMES + 1] = {NULL};
    const char *word = args_get(args, option);

    for (uint64_t i = 0; i < MAX_NAMES && (names[i] = name_of(i)); i++)
        if (strcmp(names[i], word) == 0) {
            *value = i;
            return 0;
        }
    const char *near = pausemon_nearest_name(word, names);
    fprintf(stderr, "%s: unknown %s \"%s\"", args->program, option, word);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?\n", near);
    for (size_t i = 0; !near && names[i]; i++)
        fprintf(stderr, "%s%s%s", i ? ", " : ": ", names[i], names[i + 1] ? "" : "\n");
    return -1;
}

/* ---- text ---- */

void incidents_time(char text[INCIDENT_TIME_SIZE], int64_t realtime_ns)
{
    when_text(text, realtime_ns, when_now_ns());
}

int incidents_print_pause(const struct pausemon_pause *pause)
{
    return pause_print(stdout, pause, when_now_ns());
}

void incidents_print_capture(const struct incidents *incidents, const char *name, int indent)
{
    char path[PLACE_SIZE + PAUSEMON_CAPTURE_NAME_SIZE];
    struct stat info;

    snprintf(path, sizeof path, "%s/%s", incidents->place.evidence, name);
    int is_gone = lstat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
    printf("%*s%s%s\n", indent, "", path, is_gone ? " (it is gone)" : "");
}

/* ---- rows ---- */

const struct grid_column incidents_pause_columns[] = {
    {"ID", 0},         {"TIME", 1},    {"LENGTH", 0}, {"CAUSE", 1},
    {"CONFIDENCE", 0}, {"CULPRIT", 1}, {NULL, 0},
};

int incidents_add_pause(struct grid *grid, const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(pause, 0);
    char time[INCIDENT_TIME_SIZE], length[PAUSEMON_DURATION_SIZE];

    incidents_time(time, info->start.realtime_ns);
    pausemon_duration_text(length, info->duration_ns);
    if (grid_add_format(grid, "%" PRId64, info->id) < 0 || grid_add_text(grid, time) < 0 ||
        grid_add_text(grid, length) < 0 ||
        grid_add_text(grid, pausemon_cause_name(info->cause)) < 0 ||
        grid_add_format(grid, "%.2f", (double)(info->confidence / 10) / 100) < 0)
        return -1;
    if (!culprit)
        return grid_add_text(grid, "-");
    if (culprit->count > 1)
        return grid_add_format(grid, "%s ×%" PRIu64, culprit->command, culprit->count);
    return grid_add_text(grid, culprit->command);
}

const struct grid_column incidents_event_columns[] = {
    {"ID", 0},     {"TIME", 1},    {"LENGTH", 0}, {"PEAK", 0}, {"TIER", 1},
    {"STATUS", 1}, {"SAMPLES", 0}, {"NOTES", 1},  {NULL, 0},
};

int incidents_add_event(struct grid *grid, const struct pausemon_escalation *escalation)
{
    const int64_t from = escalation->start.realtime_ns, to = escalation->end.realtime_ns;
    char time[INCIDENT_TIME_SIZE], length[PAUSEMON_DURATION_SIZE] = "goes on";
    const char *tier = pausemon_tier_name(escalation->peak_tier);
    const char *review = pausemon_review_name(escalation->review);

    incidents_time(time, from);
    if (!escalation->open)
        pausemon_duration_text(length, to > from ? (uint64_t)to - (uint64_t)from : 0);
    return grid_add_format(grid, "%" PRId64, escalation->id) < 0 || grid_add_text(grid, time) < 0 ||
                   grid_add_text(grid, length) < 0 ||
                   grid_add_format(grid, "%" PRIu64, escalation->peak_stress) < 0 ||
                   grid_add_text(grid, tier ? tier : "-") < 0 ||
                   grid_add_text(grid, review ? review : "-") < 0 ||
                   grid_add_format(grid, "%" PRIu64, escalation->sample_count) < 0 ||
                   grid_add_text(grid, escalation->notes ? escalation->notes : "") < 0
               ? -1
               : 0;
}
