/* SPDX-License-Identifier: MIT */
#include "pausemon/looking.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/out.h"
#include "common/places.h"

static volatile sig_atomic_t interrupted;

static int is_recording(const char *spec)
{
    return strncmp(spec, "top:", 4) == 0 || strncmp(spec, "replay:", 7) == 0;
}

static int read_pace(struct looking *looking, const struct args *args)
{
    struct pausemon_error error;
    int64_t count = -1000, interval = 0;
    char text[32];

    if (args_get_number(args, "count", 0, INT64_C(1000000000000), &count) < 0 ||
        args_get_number(args, "interval", 100, 60000, &interval) < 0)
        return EXIT_USAGE;
    if (count > 0 && count % 1000 != 0)
        return args_fail(args->program, EXIT_USAGE, "--count: \"%s\" is no whole number",
                         args_get(args, "count"));
    looking->count = count / 1000;
    if (args_get(args, "interval")) {
        snprintf(text, sizeof text, "%d", (int)interval);
        if (pausemon_config_set(looking->config, "monitor.interval_ms", text, &error) < 0)
            return args_fail(args->program, EXIT_ERROR, "%s", error.text);
    }
    pausemon_config_get_number(looking->config, "monitor.interval_ms", &interval);
    looking->interval_ms = (int)interval;
    return 0;
}

int looking_open(struct looking *looking, const struct args *args)
{
    struct pausemon_error error;
    const char *spec = args_get(args, "source");

    memset(looking, 0, sizeof *looking);
    out_host(&looking->host, args->program);
    looking->config = place_load_config(args->program, args_get(args, "config"));
    if (!looking->config)
        return EXIT_ERROR;
    int code = read_pace(looking, args);
    if (code)
        return code;
    if (!spec)
        spec = pausemon_config_get_text(looking->config, "monitor.source");
    looking->is_recording = is_recording(spec);
    int status = pausemon_source_open(&looking->source, spec, &looking->host, &error);
    if (status == 0)
        return 0;
    args_fail(args->program, 0, "%s", error.text);
    return status == PAUSEMON_ERR_INVALID ? EXIT_USAGE : EXIT_ERROR;
}

void looking_close(struct looking *looking)
{
    pausemon_source_free(looking->source);
    pausemon_config_free(looking->config);
}

void looking_wait(int fd, int timeout_ms)
{
    struct pollfd wait = {fd, POLLIN, 0};

    if (!interrupted)
        poll(&wait, fd >= 0, timeout_ms);
}

static void note_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

void looking_catch_interrupt(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = note_interrupt;
    action.sa_flags = (int)SA_RESETHAND; /* a second one ends the program */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int looking_is_interrupted(void)
{
    return interrupted;
}
