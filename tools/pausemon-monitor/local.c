/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/local.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/places.h"

static void hear(void *user, const struct pausemon_event *event)
{
    struct local *local = user;
    struct known *known = local->known;

    local->changed = 1;
    if (event->type == PAUSEMON_EVENT_SAMPLE)
        known_take_sample(known, event->sample, event->tier);
    else if (event->type == PAUSEMON_EVENT_ESCALATION)
        known_take_event(known, event->escalation);
    else if (event->type == PAUSEMON_EVENT_PAUSE)
        known_take_pause(known, event->pause);
    else if (event->type == PAUSEMON_EVENT_ERROR)
        snprintf(known->look_why, sizeof known->look_why, "a look failed: %.180s",
                 event->error->text);
    else if (event->type == PAUSEMON_EVENT_END)
        snprintf(known->look_why, sizeof known->look_why, "the recording is over");
}

/* 0, or an exit code after a line on stderr. */
static int configure(struct local *local, const struct args *args)
{
    struct pausemon_error error;
    int64_t interval = 0;
    char text[32];

    local->config = place_load_config(args->program, args_get(args, "config"));
    if (!local->config)
        return EXIT_ERROR;
    if (args_get_number(args, "interval", 100, 60000, &interval) < 0)
        return EXIT_USAGE;
    if (interval == 0)
        return 0;
    snprintf(text, sizeof text, "%" PRId64, interval);
    if (pausemon_config_set(local->config, "monitor.interval_ms", text, &error) == 0)
        return 0;
    return args_fail(args->program, EXIT_USAGE, "%s", error.text);
}

static int start(struct local *local, const char *spec, struct pausemon_error *error)
{
    int64_t has_heartbeat = 0;

    int status = pausemon_source_open(&local->source, spec, NULL, error);
    if (status == 0)
        status = pausemon_monitor_new(&local->monitor, local->config, local->source, NULL, error);
    if (status < 0)
        return status;
    status = pausemon_monitor_subscribe(local->monitor, PAUSEMON_EVENT_ALL, hear, local, NULL);
    if (status < 0) {
        snprintf(error->text, sizeof error->text, "%s", pausemon_status_text(status));
        return status;
    }
    pausemon_config_get_number(local->config, "heartbeat.enabled", &has_heartbeat);
    return has_heartbeat ? pausemon_heartbeat_start(&local->heartbeat, local->monitor,
                                                    local->config, NULL, error)
                         : 0;
}

int local_open(struct local *local, const struct args *args, struct known *known)
{
    const char *spec = args_get(args, "source");
    struct pausemon_error error;

    memset(local, 0, sizeof *local);
    local->known = known;
    known->link = LINK_LOCAL;
    known->heard_ms = known->now_ms;
    int code = configure(local, args);
    if (code != EXIT_OK)
        return code;
    if (!spec)
        spec = pausemon_config_get_text(local->config, "monitor.source");
    if (start(local, spec ? spec : "auto", &error) < 0)
        return args_fail(args->program, EXIT_ERROR, "%s", error.text);
    return 0;
}

void local_close(struct local *local)
{
    pausemon_heartbeat_stop(local->heartbeat);
    pausemon_monitor_free(local->monitor);
    pausemon_source_free(local->source);
    pausemon_config_free(local->config);
}

int local_work(struct local *local)
{
    struct pausemon_heartbeat_info beats = {.size = sizeof beats};

    local->changed = 0;
    pausemon_monitor_dispatch(local->monitor);
    if (local->changed && local->heartbeat) {
        pausemon_heartbeat_get_info(local->heartbeat, &beats);
        local->known->beats = beats;
    }
    return local->changed;
}
