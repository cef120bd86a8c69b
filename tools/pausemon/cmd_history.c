/* SPDX-License-Identifier: MIT */
/* What was kept of the last hours: scores, events, pauses. --at is in moment.c. */
#include <string.h>

#include "common/out.h"
#include "common/when.h"
#include "pausemon/commands.h"
#include "pausemon/history_print.h"
#include "pausemon/incidents.h"
#include "pausemon/moment.h"

#define DEFAULT_HOURS 24

enum format { FORMAT_TABLE = 0, FORMAT_JSON = 1, FORMAT_CSV = 2 };

struct history {
    struct incidents incidents;
    struct pausemon_history_filter filter; /* of the lists */
    struct hours hours;
    struct grid grid;
    uint64_t shown;
    uint64_t format;
};

/* ---- the lists ---- */

static int show_event(void *user, const struct pausemon_escalation *event)
{
    struct history *history = user;

    if (!incidents_count(history->incidents.args, &history->filter, &history->shown))
        return 0;
    if (history->format == FORMAT_TABLE)
        return incidents_add_event(&history->grid, event) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    if (history->shown > 1)
        putchar(',');
    return pausemon_json_encode_escalation(event, pausemon_write_file, stdout);
}

static int show_pause(void *user, const struct pausemon_pause *pause)
{
    struct history *history = user;

    if (!incidents_count(history->incidents.args, &history->filter, &history->shown))
        return 0;
    if (history->format == FORMAT_TABLE)
        return incidents_add_pause(&history->grid, pause) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    if (history->shown > 1)
        putchar(',');
    return pausemon_json_encode_pause(pause, pausemon_write_file, stdout);
}

static void begin_list(struct history *history, const struct grid_column *columns)
{
    history->shown = 0;
    grid_init(&history->grid, columns);
}

/* The rows of a list, or that there are none. */
static void end_list(struct history *history, const char *title)
{
    if (history->format == FORMAT_TABLE && history->shown) {
        printf("\n%s\n", title);
        grid_print(&history->grid, 0);
    } else if (history->format == FORMAT_TABLE) {
        printf("\n%s: none was kept.\n", title);
    }
    grid_free(&history->grid);
}

/* Events and pauses of the span, as `events` and `pauses` list them. */
static int print_lists(struct history *history)
{
    struct pausemon_history *const database = history->incidents.history;
    struct pausemon_error error;

    begin_list(history, incidents_event_columns);
    int status = pausemon_history_events(database, &history->filter, show_event, history, &error);
    end_list(history, "Events");
    if (history->format == FORMAT_JSON)
        printf("],\"pauses\":[");
    if (status >= 0) {
        begin_list(history, incidents_pause_columns);
        status = pausemon_history_pauses(database, &history->filter, show_pause, history, &error);
        end_list(history, "Pauses");
    }
    if (status == PAUSEMON_ERR_IO && ferror(stdout))
        return EXIT_OK; /* main tells */
    return status < 0 ? incidents_fail(&history->incidents, &error) : EXIT_OK;
}

/* ---- the forms ---- */

static int print_json(struct history *history)
{
    int code = EXIT_OK;

    printf("{\"hours\":[");
    for (size_t i = 0; i < history->hours.count; i++) {
        if (i)
            putchar(',');
        history_print_json(&history->hours.list[i]);
    }
    printf("],\"events\":[");
    if (history->incidents.history)
        code = print_lists(history);
    else
        printf("],\"pauses\":[");
    puts("]}");
    return code;
}

static int print_table(struct history *history)
{
    history_print_table(&history->hours);
    history_print_legend(&history->hours);
    return print_lists(history);
}

static int print_csv(struct history *history)
{
    history_print_csv(&history->hours);
    return EXIT_OK;
}

static const struct {
    const char *name;
    int (*print)(struct history *history);
} formats[] = {{"table", print_table}, {"json", print_json}, {"csv", print_csv}};

static const char *format_name(uint64_t format)
{
    return format < sizeof formats / sizeof formats[0] ? formats[format].name : NULL;
}

/* ---- the command ---- */

/* The form, and what the lists are to show. 0 or EXIT_USAGE. */
static int read_options(const struct args *args, struct history *history, int64_t *hours)
{
    int64_t thousandths = DEFAULT_HOURS * 1000;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    if (args_get(args, "format") &&
        incidents_read_name(args, "format", format_name, &history->format) < 0)
        return EXIT_USAGE;
    if (args_get(args, "json")) {
        if (args_get(args, "format") && history->format != FORMAT_JSON)
            return args_fail(args->program, EXIT_USAGE, "--json, or --format %s?",
                             args_get(args, "format"));
        history->format = FORMAT_JSON;
    }
    if (args_get_number(args, "hours", 1, INT64_C(1000) * HOURS_MAX, &thousandths) < 0 ||
        incidents_read_filter(args, &history->filter))
        return EXIT_USAGE;
    if (history->format == FORMAT_JSON && !args_get(args, "count"))
        history->filter.limit = 0;
    /* An hour that was begun is one, and the first that it reaches back into is shown whole. */
    *hours = (thousandths + 999) / 1000 + 1;
    return 0;
}

/* What is printed is all of it, or nothing after a line on stderr. */
static int run_hours(struct history *history, int code)
{
    struct incidents *const incidents = &history->incidents;
    struct pausemon_error error;

    if (code == EXIT_OK && hours_read(&history->hours, incidents->history, &error) < 0)
        return incidents_fail(incidents, &error);
    if (code != EXIT_OK && code != EXIT_NOTHING)
        return code;
    if (code == EXIT_OK && !hours_are_known(&history->hours))
        code = args_fail(incidents->args->program, EXIT_NOTHING,
                         "nothing is recorded of that time: no daemon ran, or retention has cut "
                         "what it kept");
    if (code == EXIT_OK)
        return formats[history->format].print(history);
    if (history->format == FORMAT_JSON)
        print_json(history);
    return code;
}

static int run_span(struct history *history, int64_t hours)
{
    const struct args *args = history->incidents.args;

    if (hours_new(&history->hours, when_now_ns(), (size_t)hours) < 0)
        return args_fail(args->program, EXIT_ERROR, "out of memory");
    history->filter.since_ns = history->hours.from_ns;
    history->filter.until_ns = history->hours.to_ns;
    const int code = run_hours(history, incidents_open(&history->incidents, args));
    hours_free(&history->hours);
    incidents_close(&history->incidents);
    return code;
}

static int run_history(const struct args *args)
{
    struct history history = {.filter = PAUSEMON_HISTORY_FILTER_INIT};
    int64_t hours = DEFAULT_HOURS;

    history.incidents.args = args;
    if (read_options(args, &history, &hours))
        return EXIT_USAGE;
    if (!args_get(args, "at"))
        return run_span(&history, hours);
    if (args_get(args, "hours") || history.format == FORMAT_CSV)
        return args_fail(args->program, EXIT_USAGE,
                         "--at is about one minute: without --hours, as table or json");
    return moment_run(args, history.filter.limit, history.format == FORMAT_JSON);
}

static const struct arg_option options[] = {
    {"hours", 'H', "H", "the last H hours, 24 if not given; the first is shown whole"},
    {"at", 0, "TIME", "what is known of that minute"},
    {"format", 'f', "FORM", "table, json or csv (an hour a line)"},
    {"count", 'n', "N", "at most N of each list (default 20; json: all); 0: all"},
    INCIDENT_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_history = {
    .name = "history",
    .help = "the last hours: scores, events, pauses; or all that is known of a minute",
    .more = "TIME is " SAID_FORMS
            ".\nTimes are local. Hours of which nothing was kept are shown as such; in JSON "
            "\"recorded\" is\nfalse, in CSV all but their start is empty. Exit code 4: nothing is "
            "recorded of that time.\n",
    .options = options,
    .run = run_history,
};
