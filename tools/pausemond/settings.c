/* SPDX-License-Identifier: MIT */
#include "pausemond/settings.h"

#include <string.h>
#include <unistd.h>

#include "common/places.h"
#include "pausemond/daemon.h"

struct pausemon_config *settings_load(const char *given, int is_system)
{
    struct pausemon_config *defaults;

    if (given || !is_system)
        return place_load_config("pausemond", given);
    if (access(PLACE_SYSTEM_CONFIG, F_OK) == 0)
        return place_load_config("pausemond", PLACE_SYSTEM_CONFIG);
    return pausemon_config_new(&defaults, NULL) < 0 ? NULL : defaults;
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
    pausemon_monitor_set_config(daemon->monitor, fresh);
    pausemon_config_free(daemon->config);
    daemon->config = fresh;
    log_say(&daemon->log, PAUSEMON_LOG_INFO, "the configuration was reloaded");
}
