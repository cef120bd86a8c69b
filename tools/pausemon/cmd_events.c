/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "common/grid.h"
#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"
#include "pausemon/table.h"

struct events {
    struct incidents incidents;
    struct pausemon_history_filter filter;
    struct grid grid;
    uint64_t shown;
    uint64_t review; /* of the last one shown */
    int64_t from_ns, to_ns;
};

/* ---- one and many ---- */

static int show_event(void *user, const struct pausemon_escalation *escalation)
{
    struct events *events = user;

    if (!incidents_count(events->incidents.args, &events->filter, &events->shown))
        return 0;
    events->review = escalation->review;
    events->from_ns = escalation->start.realtime_ns;
    events->to_ns = escalation->open ? 0 : escalation->end.realtime_ns + 1;
    if (!events->incidents.json)
        return incidents_add_event(&events->grid, escalation) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    if (events->shown > 1)
        putchar(',');
    return pausemon_json_encode_escalation(escalation, pausemon_write_file, stdout);
}

/* Those the filter lets through, the text in the grid, JSON already out. An exit code. */
static int show_events(struct events *events, const char *none)
{
    struct pausemon_error error;

    int status = pausemon_history_events(events->incidents.history, &events->filter, show_event,
                                         events, &error);
    if (status < 0 && !ferror(stdout))
        return incidents_fail(&events->incidents, &error);
    if (events->shown == 0)
        return args_fail(events->incidents.args->program, EXIT_NOTHING, "%s", none);
    if (!events->incidents.json)
        grid_print(&events->grid, 0);
    return EXIT_OK;
}

static int run_list(struct events *events)
{
    const struct args *args = events->incidents.args;
    uint64_t review;

    if (args_get(args, "status")) {
        if (incidents_read_name(args, "status", pausemon_review_name, &review) < 0)
            return EXIT_USAGE;
        events->filter.review = (int64_t)review;
    }
    if (incidents_read_filter(args, &events->filter))
        return EXIT_USAGE;
    int code = incidents_open(&events->incidents, args);
    if (events->incidents.json)
        printf("{\"events\":[");
    if (code == EXIT_OK)
        code = show_events(events, "no such event");
    if (events->incidents.json)
        puts("]}");
    return code;
}

/* ---- show ---- */

static int write_behind_brace(void *between, const char *bytes, size_t length)
{
    size_t skip = *(const char **)between != NULL;

    *(const char **)between = NULL;
    return pausemon_write_file(stdout, bytes + skip, length - skip);
}

static int show_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_process *rogues[PAUSEMON_MAX_ROGUES];
    struct events *events = user;
    const char *brace = "{";
    size_t count = 0;

    if (events->incidents.json) {
        printf("%s{\"tier\":%" PRIu64 ",", events->shown++ ? "," : "", tier);
        return pausemon_json_encode_sample(sample, write_behind_brace, &brace);
    }
    while (count < PAUSEMON_MAX_ROGUES &&
           (rogues[count] = pausemon_sample_get_rogue(sample, count)))
        count++;
    return table_print(sample, rogues, count) < 0 ? PAUSEMON_ERR_NOMEM : 0;
}

static int show_pause(void *user, const struct pausemon_pause *pause)
{
    struct events *events = user;

    if (!events->incidents.json)
        return incidents_add_pause(&events->grid, pause) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    if (events->shown++)
        putchar(',');
    return pausemon_json_encode_pause(pause, pausemon_write_file, stdout);
}

/* The pauses that touch it. */
static int show_pauses(struct events *events)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;

    filter.since_ns = events->from_ns;
    filter.until_ns = events->to_ns;
    grid_free(&events->grid);
    grid_init(&events->grid, incidents_pause_columns);
    int status =
        pausemon_history_pauses(events->incidents.history, &filter, show_pause, events, &error);
    if (status < 0 && !ferror(stdout))
        return incidents_fail(&events->incidents, &error);
    if (!events->incidents.json && status > 0) {
        puts("Pauses");
        grid_print(&events->grid, 2);
    }
    return EXIT_OK;
}

static int show_capture(void *user, const struct pausemon_capture *capture)
{
    struct events *events = user;
    const char *reason = pausemon_capture_reason_name(capture->reason);

    if (!events->incidents.json) {
        printf("%s", events->shown++ ? "" : "Captured in\n");
        incidents_print_capture(&events->incidents, capture->name, 2);
        return 0;
    }
    printf("%s{\"name\":\"%s\",\"reason\":%s%s%s,\"bytes\":%" PRIu64 ",\"complete\":%s}",
           events->shown++ ? "," : "", capture->name, reason ? "\"" : "", reason ? reason : "null",
           reason ? "\"" : "", capture->bytes, capture->complete ? "true" : "false");
    return 0;
}

static int show_captures(struct events *events, int64_t id)
{
    struct pausemon_error error;

    events->shown = 0;
    int status =
        pausemon_history_captures(events->incidents.history, id, show_capture, events, &error);
    return status < 0 ? incidents_fail(&events->incidents, &error) : EXIT_OK;
}

static int show_details(struct events *events, int64_t id)
{
    struct pausemon_error error;
    const int json = events->incidents.json;

    printf("%s", json ? ",\"samples\":[" : "\n");
    events->shown = 0;
    int status =
        pausemon_history_samples(events->incidents.history, id, show_sample, events, &error);
    if (status < 0 && !ferror(stdout))
        return incidents_fail(&events->incidents, &error);
    printf("%s", json ? "],\"pauses\":[" : "");
    events->shown = 0;
    int code = show_pauses(events);
    printf("%s", json ? "],\"captures\":[" : "");
    if (code == EXIT_OK)
        code = show_captures(events, id);
    printf("%s", json ? "]" : "");
    return code;
}

/* The one event as it is in the file, as {"event":…}; more of it by `details`, if given. */
static int show_one(struct events *events, int64_t id,
                    int (*details)(struct events *events, int64_t id))
{
    events->filter.id = id;
    printf("%s", events->incidents.json ? "{\"event\":" : "");
    int code = show_events(events, "there is no event of that id");
    if (code == EXIT_OK && details)
        code = details(events, id);
    if (events->incidents.json)
        puts(code == EXIT_NOTHING ? "null}" : "}");
    return code;
}

static int run_show(struct events *events)
{
    int64_t id;

    if (incidents_read_id(events->incidents.args, 1, &id))
        return EXIT_USAGE;
    int code = incidents_open(&events->incidents, events->incidents.args);
    if (code == EXIT_NOTHING && events->incidents.json)
        puts("{\"event\":null}");
    return code == EXIT_OK ? show_one(events, id, show_details) : code;
}

/* ---- mark ---- */

/* What the options say: -1 if none, -2 if several, of them. */
static int read_review(const struct args *args)
{
    int review = -1;

    for (uint64_t i = 0; pausemon_review_name(i); i++)
        if (args_get(args, pausemon_review_name(i)))
            review = review == -1 ? (int)i : -2;
    return review;
}

static int note_review(void *user, const struct pausemon_escalation *escalation)
{
    *(int *)user = (int)escalation->review;
    return 0;
}

static int mark(struct events *events, int64_t id, int review)
{
    const char *notes = args_get(events->incidents.args, "notes");
    struct pausemon_history *history = events->incidents.history;
    struct pausemon_error error;
    int status = 0;

    if (review < 0) { /* only the notes: the review stays */
        events->filter.id = id;
        status = pausemon_history_events(history, &events->filter, note_review, &review, &error);
    }
    if (status >= 0 && review >= 0)
        status = pausemon_history_mark(history, id, (uint64_t)review, notes, &error);
    if (status < 0 && status != PAUSEMON_ERR_NOT_FOUND)
        return incidents_fail(&events->incidents, &error);
    return show_one(events, id, NULL);
}

static int run_mark(struct events *events)
{
    const struct args *args = events->incidents.args;
    const int review = read_review(args);
    int64_t id;

    if (incidents_read_id(args, 1, &id))
        return EXIT_USAGE;
    if (review == -2 || (review == -1 && !args_get(args, "notes")))
        return args_fail(args->program, EXIT_USAGE,
                         "one of --reviewed, --pinned, --dismissed, --unreviewed, or --notes");
    int code = incidents_open(&events->incidents, args);
    if (code == EXIT_NOTHING && events->incidents.json)
        puts("{\"event\":null}");
    return code == EXIT_OK ? mark(events, id, review) : code;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    size_t operands;
    int (*run)(struct events *events);
} verbs[] = {{"list", 1, run_list}, {"show", 2, run_show}, {"mark", 2, run_mark}};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static int run_verb(struct events *events, const struct args *args)
{
    const char *names[VERB_COUNT + 1] = {NULL};
    const char *word = args->operand_count ? args->operands[0] : "list";

    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i].name;
        if (strcmp(word, names[i]) != 0)
            continue;
        if (args->operand_count > verbs[i].operands)
            return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"",
                             args->operands[verbs[i].operands]);
        return verbs[i].run(events);
    }
    const char *near = pausemon_nearest_name(word, names);
    return args_fail(args->program, EXIT_USAGE, "unknown \"%s\"%s%s%s", word,
                     near ? "; did you mean \"" : ": list, show or mark", near ? near : "",
                     near ? "\"?" : "");
}

static int run_events(const struct args *args)
{
    struct events events = {.filter = PAUSEMON_HISTORY_FILTER_INIT};

    events.incidents.args = args;
    grid_init(&events.grid, incidents_event_columns);
    int code = run_verb(&events, args);
    grid_free(&events.grid);
    incidents_close(&events.incidents);
    return code;
}

static const struct arg_option options[] = {
    INCIDENT_LIST_OPTIONS,
    {"status", 0, "S", "only these: unreviewed, reviewed, pinned, dismissed"},
    {"reviewed", 0, NULL, "mark: looked at"},
    {"pinned", 0, NULL, "mark: to be kept for ever"},
    {"dismissed", 0, NULL, "mark: of no interest"},
    {"unreviewed", 0, NULL, "mark: as new"},
    {"notes", 0, "T", "mark: this text instead of the notes"},
    INCIDENT_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_events = {
    .name = "events",
    .operands = "[list|show ID|mark ID]",
    .help = "the times of stress that were recorded, the newest first",
    .more = "list  those there are; --count, --hours and --status choose\n"
            "show  one with its samples, the pauses in it, and where its evidence is\n"
            "mark  what a person made of it\n"
            "Exit code 4: there is none.\n",
    .options = options,
    .run = run_events,
};
