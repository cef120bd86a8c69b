/* SPDX-License-Identifier: MIT */
#include "common/places.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/args.h"

#define SYSTEM_CONFIG "/etc/pause-monitor/config.toml"

/* $XDG_CONFIG_HOME/pause-monitor/config.toml, or below ~/.config. -1 if there is no home. */
static int user_config(char path[PLACE_SIZE])
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int length;

    /* The XDG specification: a relative path there is to be ignored. */
    if (base && base[0] == '/')
        length = snprintf(path, PLACE_SIZE, "%s/pause-monitor/config.toml", base);
    else if (home && home[0] == '/')
        length = snprintf(path, PLACE_SIZE, "%s/.config/pause-monitor/config.toml", home);
    else
        return -1;
    return length < PLACE_SIZE ? 0 : -1;
}

int place_config(const char *given, char path[PLACE_SIZE])
{
    int status = given ? 0 : user_config(path);

    if (given)
        return snprintf(path, PLACE_SIZE, "%s", given) < PLACE_SIZE ? 0 : -1;
    if ((status < 0 || access(path, F_OK) != 0) && access(SYSTEM_CONFIG, F_OK) == 0) {
        snprintf(path, PLACE_SIZE, "%s", SYSTEM_CONFIG);
        return 0;
    }
    return status;
}

static void print_issue(void *path, int level, const struct pausemon_error *error)
{
    const char *kind = level == PAUSEMON_LOG_ERROR ? "error" : "warning";

    if (error->line > 0)
        fprintf(stderr, "%s:%" PRId64 ": %s: %s\n", (const char *)path, error->line, kind,
                error->text);
    else
        fprintf(stderr, "%s: %s: %s\n", (const char *)path, kind, error->text);
}

struct pausemon_config *place_load_config(const char *program, const char *given)
{
    struct pausemon_config *config;
    struct pausemon_error error;
    char path[PLACE_SIZE];

    if (pausemon_config_new(&config, NULL) < 0) {
        args_fail(program, 0, "out of memory");
        return NULL;
    }
    if (place_config(given, path) < 0 || (!given && access(path, F_OK) != 0))
        return config; /* the defaults */
    int status = pausemon_config_load(config, path, print_issue, path, &error);
    if (status == 0)
        return config;
    /* What is wrong in the text has been told line by line. */
    if (status != PAUSEMON_ERR_FORMAT)
        args_fail(program, 0, "%s", error.text);
    pausemon_config_free(config);
    return NULL;
}
