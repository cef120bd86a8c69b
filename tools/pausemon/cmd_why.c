/* SPDX-License-Identifier: MIT */
#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/hard_end.h"
#include "pausemon/incidents.h"

/* The pause that is asked for, if there is one, and the end without shutdown if it is newer. */
struct answer {
    struct pausemon_pause *pause;
    int found;
    struct hard_end hard_end;
};

static int keep(void *user, const struct pausemon_pause *pause)
{
    struct answer *answer = user;

    pausemon_pause_copy(answer->pause, pause);
    answer->found = 1;
    return 0;
}

static void print_json(const struct answer *answer)
{
    printf("{\"pause\":");
    if (answer->found)
        pausemon_json_encode_pause(answer->pause, pausemon_write_file, stdout);
    else
        printf("null");
    hard_end_print_json(&answer->hard_end);
    puts("}");
}

static int print_pause(const struct incidents *incidents, const struct pausemon_pause *pause)
{
    const char *capture = pausemon_pause_get_info(pause)->forensics;

    if (incidents_print_pause(pause) < 0)
        return -1;
    if (capture[0]) {
        puts("\nCaptured in");
        incidents_print_capture(incidents, capture, 2);
    }
    return 0;
}

static int print_text(const struct incidents *incidents, const struct answer *answer)
{
    int status = hard_end_print(&answer->hard_end, answer->found);

    if (status == 0 && answer->found)
        status = print_pause(incidents, answer->pause);
    hard_end_print_killed(&answer->hard_end);
    return status;
}

static int find(const struct incidents *incidents, int64_t id, struct answer *answer)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;

    filter.id = id;
    filter.limit = 1;
    if (pausemon_history_pauses(incidents->history, &filter, keep, answer, &error) < 0)
        return incidents_fail(incidents, &error);
    const int64_t newest_ns =
        answer->found ? pausemon_pause_get_info(answer->pause)->end.realtime_ns : 0;
    int code = id ? EXIT_OK : hard_end_find_noted(&answer->hard_end, incidents, newest_ns);
    if (code == EXIT_OK && !id &&
        hard_end_find_boxes(&answer->hard_end, &incidents->place, newest_ns) < 0)
        code = args_fail(incidents->args->program, EXIT_ERROR, "out of memory");
    return code;
}

static int answer_with(const struct incidents *incidents, int64_t id, struct answer *answer)
{
    const struct args *args = incidents->args;
    int code = find(incidents, id, answer);

    if (code == EXIT_OK && !answer->found && !hard_end_is_found(&answer->hard_end))
        code = args_fail(args->program, EXIT_NOTHING,
                         id ? "there is no pause %s" : "no pause is recorded%s",
                         id ? args->operands[0] : "");
    return code;
}

/* There is no database: it may have been lost, and a black box be left. */
static int answer_without(const struct incidents *incidents, struct answer *answer)
{
    if (hard_end_find_boxes(&answer->hard_end, &incidents->place, 0) < 0)
        return args_fail(incidents->args->program, EXIT_ERROR, "out of memory");
    return hard_end_is_found(&answer->hard_end) ? EXIT_OK : EXIT_NOTHING;
}

static int run_why(const struct args *args)
{
    struct answer answer = {.pause = NULL};
    struct incidents incidents;
    int64_t id = 0;

    if (args->operand_count > 1)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[1]);
    if (args->operand_count && incidents_read_id(args, 0, &id))
        return EXIT_USAGE;
    int code = incidents_open(&incidents, args);
    hard_end_init(&answer.hard_end, &incidents);
    if (code == EXIT_OK && pausemon_pause_new(&answer.pause, NULL, NULL) < 0)
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    if (code == EXIT_OK)
        code = answer_with(&incidents, id, &answer);
    else if (code == EXIT_NOTHING && !id)
        code = answer_without(&incidents, &answer);
    if (incidents.json && (code == EXIT_OK || code == EXIT_NOTHING))
        print_json(&answer);
    else if ((code == EXIT_OK || code == EXIT_NOTHING) && print_text(&incidents, &answer) < 0)
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    pausemon_pause_free(answer.pause);
    hard_end_free(&answer.hard_end);
    incidents_close(&incidents);
    return code;
}

static const struct arg_option options[] = {
    INCIDENT_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_why = {
    .name = "why",
    .operands = "[ID]",
    .help = "what froze this machine, for how long, why, and who did it",
    .more =
        "The newest pause, or the one of that id (see `pausemon pauses`). Exit code 4: there is "
        "none.\nA boot that ended without shutdown since then is told first, with what its black "
        "box holds;\n--json shows all of the samples in it.\n",
    .options = options,
    .run = run_why,
};
