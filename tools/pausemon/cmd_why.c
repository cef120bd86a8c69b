/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"

/* The pause that is asked for, if there is one, and the end without shutdown if it is newer. */
struct answer {
    struct pausemon_pause *pause;
    int found;
    int hard_end;
    int64_t last_alive_ns, noted_ns;
};

static int keep(void *user, const struct pausemon_pause *pause)
{
    struct answer *answer = user;

    pausemon_pause_copy(answer->pause, pause);
    answer->found = 1;
    return 0;
}

/* "2026-01-23T12:00:00-08:00" */
static void print_instant(const char *before, int64_t realtime_ns)
{
    time_t then = (time_t)(realtime_ns / 1000000000);
    struct tm date;
    char text[32] = "";

    if (localtime_r(&then, &date))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &date);
    const size_t zone = text[0] ? strlen(text) - 2 : 0;
    printf("%s\"%.*s%s%s\"", before, (int)zone, text, zone ? ":" : "", text + zone);
}

static void print_json(const struct answer *answer)
{
    printf("{\"pause\":");
    if (answer->found)
        pausemon_json_encode_pause(answer->pause, out_write, stdout);
    else
        printf("null");
    if (answer->hard_end) {
        print_instant(",\"hard_end\":{\"last_alive\":", answer->last_alive_ns);
        print_instant(",\"noted\":", answer->noted_ns);
        putchar('}');
    }
    puts("}");
}

static int print_text(const struct answer *answer)
{
    char alive[INCIDENT_TIME_SIZE], noted[INCIDENT_TIME_SIZE];

    if (answer->hard_end) {
        incidents_time(alive, answer->last_alive_ns);
        incidents_time(noted, answer->noted_ns);
        printf("%s  the previous boot ended without shutdown; last alive %s%s\n", noted, alive,
               answer->found ? "\n" : "");
    }
    return answer->found ? incidents_print_pause(answer->pause) : 0;
}

static int find(const struct incidents *incidents, int64_t id, struct answer *answer)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;

    filter.id = id;
    filter.limit = 1;
    if (pausemon_history_pauses(incidents->history, &filter, keep, answer, &error) < 0)
        return incidents_fail(incidents, &error);
    if (id)
        return EXIT_OK;
    answer->hard_end = pausemon_history_hard_end(incidents->history, &answer->last_alive_ns,
                                                 &answer->noted_ns, &error);
    if (answer->hard_end < 0)
        return incidents_fail(incidents, &error);
    /* A pause that came after it is what somebody asks about now. */
    if (answer->found && pausemon_pause_get_info(answer->pause)->end.realtime_ns > answer->noted_ns)
        answer->hard_end = 0;
    return EXIT_OK;
}

static int run_why(const struct args *args)
{
    struct answer answer = {NULL, 0, 0, 0, 0};
    struct incidents incidents;
    int64_t id = 0;

    if (args->operand_count > 1)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[1]);
    if (args->operand_count && incidents_read_id(args, 0, &id))
        return EXIT_USAGE;
    int code = incidents_open(&incidents, args);
    if (code == EXIT_OK && pausemon_pause_new(&answer.pause, NULL) < 0)
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    if (code == EXIT_OK) {
        code = find(&incidents, id, &answer);
        if (code == EXIT_OK && !answer.found && !answer.hard_end)
            code = args_fail(args->program, EXIT_NOTHING,
                             id ? "there is no pause %s" : "no pause is recorded%s",
                             id ? args->operands[0] : "");
    }
    if (incidents.json && (code == EXIT_OK || code == EXIT_NOTHING))
        print_json(&answer);
    else if (code == EXIT_OK && print_text(&answer) < 0)
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    pausemon_pause_free(answer.pause);
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
        "none.\n",
    .options = options,
    .run = run_why,
};
