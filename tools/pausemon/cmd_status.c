/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"
#include "pausemon/live.h"

struct status {
    struct message first;                          /* initial_state */
    struct message message;                        /* status */
    char line[MESSAGE_SAFE_SIZE(CLIENT_MAX_LINE)]; /* as JSON */
    int64_t events, pauses;                        /* of the last day; -1: not known */
};

/* ---- the daemon ---- */

/* initial_state and a status line, whatever comes between. An exit code. */
static int hear(struct status *status, struct client *client, const struct args *args)
{
    static const int codes[] = {EXIT_ERROR, EXIT_NO_DAEMON, EXIT_ERROR};
    const int64_t deadline_ms = client_now_ms() + LIVE_PATIENCE_MS;
    struct message message;
    const char *line;
    size_t length;

    /* The time is looked at whatever comes: talk without end is no answer either. */
    while (client_now_ms() < deadline_ms) {
        enum client_status got = live_read(client, deadline_ms, args, &message, &line, &length);
        if (got == CLIENT_WAIT)
            continue;
        if (got != CLIENT_LINE)
            return codes[-got];
        if (strcmp(message.type, "initial_state") == 0)
            status->first = message;
        if (strcmp(message.type, "status") != 0)
            continue;
        status->message = message;
        message_make_safe(status->line, line, length);
        return EXIT_OK;
    }
    return args_fail(args->program, EXIT_ERROR,
                     "the daemon took the connection and does not answer");
}

/* ---- the last day ---- */

static int count_event(void *user, const struct pausemon_escalation *escalation)
{
    (void)user;
    (void)escalation;
    return 0;
}

static int count_pause(void *user, const struct pausemon_pause *pause)
{
    (void)user;
    (void)pause;
    return 0;
}

/* A database that is not there yet has no incidents. */
static void look_back(struct status *status, const struct place *place, const struct args *args)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_history *history;
    struct pausemon_host host;
    struct pausemon_error error;

    out_host(&host, args->program);
    int got = pausemon_history_open(&history, place->database, &host, &error);
    status->events = status->pauses = got == PAUSEMON_ERR_NOT_FOUND ? 0 : -1;
    filter.since_ns = (int64_t)time(NULL) * 1000000000 - INCIDENT_DAY_NS;
    if (got == 0)
        got = pausemon_history_events(history, &filter, count_event, NULL, &error);
    if (got >= 0) {
        status->events = got;
        got = pausemon_history_pauses(history, &filter, count_pause, NULL, &error);
        status->pauses = got >= 0 ? got : -1;
    }
    if (got < 0 && got != PAUSEMON_ERR_NOT_FOUND)
        args_fail(args->program, 0, "%s", error.text);
    pausemon_history_free(history);
}

/* ---- what is printed ---- */

static void print_number(const char *before, int64_t number)
{
    if (number >= 0)
        printf("%s%" PRId64, before, number);
    else
        printf("%snull", before);
}

static void print_json(const struct status *status, const struct place *place, int running)
{
    printf("{\"running\":%s,\"system\":%s", running ? "true" : "false",
           place->is_system ? "true" : "false");
    if (running) {
        print_number(",\"tier\":", status->first.tier);
        print_number(",\"max_score\":", status->first.max_score);
    }
    printf(",\"daemon\":%s", running ? status->line : "null");
    print_number(",\"last_day\":{\"events\":", status->events);
    print_number(",\"pauses\":", status->pauses);
    puts("}}");
}

static void print_last_day(const struct status *status)
{
    if (status->events >= 0 && status->pauses >= 0)
        printf("last 24 hours: %" PRId64 " event%s, %" PRId64 " pause%s\n", status->events,
               status->events == 1 ? "" : "s", status->pauses, status->pauses == 1 ? "" : "s");
}

/* What is not as it should be makes the health line. */
static void print_health(const struct status *status)
{
    const struct message *message = &status->message;
    const char *tier = pausemon_tier_name((uint64_t)status->first.tier);
    const int full = message->disk[0] && strcmp(message->disk, "ok") != 0;
    const int over = message->budget[0] && strcmp(message->budget, "ok") != 0;

    printf("%s: tier %s", full || over || message->dropped_records > 0 ? "in trouble" : "healthy",
           tier ? tier : "unknown");
    if (status->first.max_score >= 0)
        printf(", highest score %" PRId64, status->first.max_score);
    if (message->samples >= 0)
        printf(", %" PRId64 " samples", message->samples);
    if (message->pid > 0)
        printf(", pid %" PRId64, message->pid);
    putchar('\n');
    if (message->critical_since[0] || message->elevated_since[0])
        printf("%s since %s\n", message->critical_since[0] ? "critical" : "elevated",
               message->critical_since[0] ? message->critical_since : message->elevated_since);
}

static void print_text(const struct status *status)
{
    const struct message *message = &status->message;

    print_health(status);
    print_last_day(status);
    printf("disk %s, budget %s", message->disk[0] ? message->disk : "unknown",
           message->budget[0] ? message->budget : "unknown");
    if (message->dropped_records >= 0)
        printf(", %" PRId64 " record%s dropped", message->dropped_records,
               message->dropped_records == 1 ? "" : "s");
    if (message->rss_bytes > 0)
        printf(", %.1f MiB of memory", (double)message->rss_bytes / (1 << 20));
    if (message->heartbeat[0])
        printf(", heartbeat %s", message->heartbeat);
    putchar('\n');
}

static int run_status(const struct args *args)
{
    const int json = args_get(args, "json") != NULL;
    struct status status = {.line = ""};
    struct client client;
    struct place place;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    int code = live_open(&client, &place, args);
    if (code == EXIT_OK)
        code = hear(&status, &client, args);
    client_close(&client);
    if (code != EXIT_OK && code != EXIT_NO_DAEMON)
        return code;
    if (code == EXIT_NO_DAEMON && place_find(args->program, args_get(args, "data-dir"), &place) < 0)
        return EXIT_ERROR;
    look_back(&status, &place, args);
    if (json)
        print_json(&status, &place, code == EXIT_OK);
    else if (code == EXIT_OK)
        print_text(&status);
    else
        print_last_day(&status);
    return code;
}

static const struct arg_option options[] = {
    INCIDENT_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_status = {
    .name = "status",
    .help = "whether the daemon runs and is well, and what the last day held",
    .more = "Exit code 3: no daemon runs.\n",
    .options = options,
    .run = run_status,
};
