/* SPDX-License-Identifier: MIT */
#include "common/grid.h"
#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"

struct list {
    struct incidents incidents;
    struct pausemon_history_filter filter;
    struct grid grid;
    uint64_t shown;
};

static int show(void *user, const struct pausemon_pause *pause)
{
    struct list *list = user;

    if (!incidents_count(list->incidents.args, &list->filter, &list->shown))
        return 0;
    if (!list->incidents.json)
        return incidents_add_pause(&list->grid, pause) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    if (list->shown > 1)
        putchar(',');
    return pausemon_json_encode_pause(pause, pausemon_write_file, stdout);
}

static int print_list(struct list *list)
{
    struct pausemon_error error;

    int status =
        pausemon_history_pauses(list->incidents.history, &list->filter, show, list, &error);
    if (status == PAUSEMON_ERR_IO && ferror(stdout))
        return EXIT_OK; /* main tells */
    if (status < 0)
        return incidents_fail(&list->incidents, &error);
    if (!list->incidents.json && list->shown)
        grid_print(&list->grid, 0);
    if (!list->shown)
        return args_fail(list->incidents.args->program, EXIT_NOTHING, "no such pause");
    return EXIT_OK;
}

static int run_pauses(const struct args *args)
{
    struct list list = {.filter = PAUSEMON_HISTORY_FILTER_INIT};
    uint64_t cause;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    if (incidents_read_filter(args, &list.filter))
        return EXIT_USAGE;
    if (args_get(args, "cause")) {
        if (incidents_read_name(args, "cause", pausemon_cause_name, &cause) < 0)
            return EXIT_USAGE;
        list.filter.cause = (int64_t)cause;
    }
    grid_init(&list.grid, incidents_pause_columns);
    int code = incidents_open(&list.incidents, args);
    if (list.incidents.json)
        printf("{\"pauses\":[");
    if (code == EXIT_OK)
        code = print_list(&list);
    if (list.incidents.json)
        puts("]}");
    grid_free(&list.grid);
    incidents_close(&list.incidents);
    return code;
}

static const struct arg_option options[] = {
    INCIDENT_LIST_OPTIONS,
    {"cause", 0, "C", "only these: cpu, memory, io, vm, stopped, host, suspend, unknown"},
    INCIDENT_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_pauses = {
    .name = "pauses",
    .help = "the pauses that were recorded, the newest first",
    .more = "`pausemon why ID` says all that is known of one. Exit code 4: there are none.\n",
    .options = options,
    .run = run_pauses,
};
