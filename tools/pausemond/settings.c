/* SPDX-License-Identifier: MIT */
#include "pausemond/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/places.h"
#include "pausemond/daemon.h"

struct pausemon_config *settings_load(const char *given, int is_system)
{
    return given || !is_system ? place_load_config("pausemond", given)
                               : place_load_system_config("pausemond");
}

/* ---- reload ---- */

/* A list of 64 texts of 63 bytes, with quotes and commas. */
#define VALUE_SIZE (64 * 132)

struct value {
    size_t length;
    char bytes[VALUE_SIZE];
};

static int keep(void *user, const char *bytes, size_t length)
{
    struct value *value = user;

    if (length > sizeof value->bytes - value->length)
        return PAUSEMON_ERR_LIMIT;
    memcpy(value->bytes + value->length, bytes, length);
    value->length += length;
    return 0;
}

static int differs(const struct pausemon_config *a, const struct pausemon_config *b,
                   const char *name)
{
    struct value one = {.length = 0}, other = {.length = 0};

    pausemon_config_get(a, name, keep, &one);
    pausemon_config_get(b, name, keep, &other);
    return one.length != other.length || memcmp(one.bytes, other.bytes, one.length) != 0;
}

void settings_take(struct daemon *daemon, int is_good)
{
    const struct pausemon_config_key *key;

    if (!is_good) {
        log_say(&daemon->log, PAUSEMON_LOG_WARNING,
                "the configuration was not reloaded: the old settings stay");
        return;
    }
    struct pausemon_config *fresh = writer_take_config(&daemon->writer);
    if (!fresh) /* of two reloads in a row the first message has found the second's */
        return;
    for (size_t i = 0; (key = pausemon_config_get_key(i)); i++)
        if (!key->reload && differs(daemon->config, fresh, key->name))
            log_say(&daemon->log, PAUSEMON_LOG_WARNING, "%s has changed: that needs a restart",
                    key->name);
    pausemon_config_free(daemon->config);
    daemon->config = fresh;
    budget_begin(&daemon->status.budget); /* other settings, other costs */
    pausemon_monitor_set_config(daemon->monitor, fresh);
    log_say(&daemon->log, PAUSEMON_LOG_INFO, "the configuration was reloaded");
}

/* ---- pace ---- */

void settings_pace(struct daemon *daemon)
{
    uint64_t slower = daemon->status.budget.slower;
    struct pausemon_config *config;
    int64_t interval_ms = 0;
    char text[24];

    if (pausemon_config_new(&config, NULL, NULL) < 0) {
        log_say(&daemon->log, PAUSEMON_LOG_WARNING, "out of memory: the pace stays");
        return;
    }
    pausemon_config_copy(config, daemon->config);
    pausemon_config_get_number(config, "monitor.interval_ms", &interval_ms);
    interval_ms *= (int64_t)slower;
    snprintf(text, sizeof text, "%" PRId64, interval_ms);
    /* Refused where it is beyond what may be set: that is slow enough. */
    if (pausemon_config_set(config, "monitor.interval_ms", text, NULL) == 0) {
        pausemon_monitor_set_config(daemon->monitor, config);
        log_say(&daemon->log, PAUSEMON_LOG_INFO, "looks every %s ms%s", text,
                slower > 1 ? ", to keep within its budget" : " again");
    }
    pausemon_config_free(config);
}
