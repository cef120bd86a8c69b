/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"
#include "pausemon/live.h"
#include "pausemon/looking.h"

#define SLICE_MS 500 /* an interrupt that comes just before a wait is seen after it */

/* Lines until somebody ends it; the exit code. */
static int pass_on(struct client *client, const struct args *args)
{
    static const int codes[] = {EXIT_OK, EXIT_NO_DAEMON, EXIT_ERROR};
    char safe[MESSAGE_SAFE_SIZE(CLIENT_MAX_LINE)];
    const int64_t patience_ms = client_now_ms() + LIVE_PATIENCE_MS;
    struct message message;
    const char *line;
    size_t length;
    int heard = 0;

    while (!looking_is_interrupted()) {
        enum client_status status =
            live_read(client, client_now_ms() + SLICE_MS, args, &message, &line, &length);
        if (status == CLIENT_WAIT) {
            if (!heard && client_now_ms() > patience_ms)
                return args_fail(args->program, EXIT_ERROR,
                                 "the daemon took the connection and says nothing");
            continue;
        }
        if (status != CLIENT_LINE)
            return codes[-status];
        heard = 1;
        fwrite(safe, 1, message_make_safe(safe, line, length), stdout);
        putchar('\n');
        if (out_finish(args->program, stdout) < 0)
            return looking_is_interrupted() ? EXIT_OK : EXIT_ERROR;
    }
    return EXIT_OK;
}

static int run_watch(const struct args *args)
{
    struct client client;
    struct place place;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    looking_catch_interrupt();
    int code = live_open(&client, &place, args);
    if (code == EXIT_OK)
        code = pass_on(&client, args);
    client_close(&client);
    return code;
}

static const struct arg_option options[] = {
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    CONFIG_OPTION,
    {"json", 0, NULL, "as without it: it is always JSON"},
    {NULL, 0, NULL, NULL},
};

const struct command command_watch = {
    .name = "watch",
    .help = "what the daemon sees, live: a JSON object a line",
    .more =
        "Samples, tiers, events, pauses, and every 10 s the daemon's status, until interrupted.\n"
        "Exit code 3: no daemon runs, or it has ended.\n",
    .options = options,
    .run = run_watch,
};
