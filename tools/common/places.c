/* SPDX-License-Identifier: MIT */
#include "common/places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/args.h"

/* ---- data ---- */

int place_data(const char *given, int system, struct place *place)
{
    const struct {
        char *path;
        const char *name; /* in the directory that is given */
        uint64_t place;
    } parts[] = {
        {place->directory, "", PAUSEMON_PLACE_DATA},
        {place->database, "/data.db", PAUSEMON_PLACE_DATABASE},
        {place->blackbox, "/blackbox", PAUSEMON_PLACE_BLACKBOX},
        {place->socket, "/daemon.sock", PAUSEMON_PLACE_SOCKET},
        {place->lock, "/daemon.pid", PAUSEMON_PLACE_LOCK},
        {place->evidence, "/events", PAUSEMON_PLACE_EVIDENCE},
    };
    const uint64_t owner = system ? PAUSEMON_OWNER_SYSTEM : PAUSEMON_OWNER_USER;

    place->is_system = system && !given;
    if (given && !given[0])
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!given &&
            pausemon_place_find(parts[i].path, PLACE_SIZE, parts[i].place, owner, NULL) < 0)
            return -1;
        if (given &&
            snprintf(parts[i].path, PLACE_SIZE, "%s%s", given, parts[i].name) >= PLACE_SIZE)
            return -1;
    }
    return 0;
}

int place_check(const char *program, const struct place *place)
{
    size_t length = strlen(place->directory);
    char path[PLACE_SIZE];
    struct stat info;

    while (length > 1 && place->directory[length - 1] == '/') /* it would let a link be followed */
        length--;
    snprintf(path, sizeof path, "%.*s", (int)length, place->directory);
    if (lstat(path, &info) < 0 || !S_ISLNK(info.st_mode))
        return 0;
    return args_fail(program, -1,
                     "the data directory %s is a symbolic link, which no daemon of ours works "
                     "through: name what it leads to with --data-dir",
                     path);
}

int place_find(const char *program, const char *given, struct place *place)
{
    struct pausemon_error error;

    if (given && place_data(given, 0, place) < 0)
        return args_fail(program, -1, "--data-dir: the path is empty or too long");
    if (given)
        return place_check(program, place);
    int owner = pausemon_place_find(place->directory, PLACE_SIZE, PAUSEMON_PLACE_DATA,
                                    PAUSEMON_OWNER_ANY, &error);
    if (owner < 0 || place_data(NULL, owner == PAUSEMON_OWNER_SYSTEM, place) < 0)
        return args_fail(program, -1, "no place for data: neither HOME nor XDG_DATA_HOME is set");
    if (place->is_system)
        fprintf(stderr, "%s: reading the system's %s\n", program, place->directory);
    return place_check(program, place);
}

/* ---- the configuration ---- */

int place_config(const char *given, char path[PLACE_SIZE])
{
    if (given)
        return snprintf(path, PLACE_SIZE, "%s", given) < PLACE_SIZE ? 0 : -1;
    return pausemon_place_find(path, PLACE_SIZE, PAUSEMON_PLACE_CONFIG, PAUSEMON_OWNER_ANY, NULL) <
                   0
               ? -1
               : 0;
}

int place_config_is_link(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
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

/* NULL after lines on stderr. `may_lead`: it may be a symbolic link. */
static struct pausemon_config *load(const char *program, const char *path, int may_lead)
{
    struct pausemon_config *config;
    struct pausemon_error error;

    if (!may_lead && place_config_is_link(path)) {
        args_fail(program, 0, PLACE_CONFIG_LINK, path);
        return NULL;
    }
    if (pausemon_config_new(&config, NULL, NULL) < 0) {
        args_fail(program, 0, "out of memory");
        return NULL;
    }
    if (!path[0])
        return config; /* the defaults */
    int status = pausemon_config_load(config, path, print_issue, (void *)(uintptr_t)path, &error);
    if (status == 0)
        return config;
    /* What is wrong in the text has been told line by line. */
    if (status != PAUSEMON_ERR_FORMAT)
        args_fail(program, 0, "%s", error.text);
    pausemon_config_free(config);
    return NULL;
}

/* A link to nothing is there too: it is refused, not passed over. */
static int is_there_itself(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

struct pausemon_config *place_load_config(const char *program, const char *given)
{
    char path[PLACE_SIZE];

    if (place_config(given, path) < 0 || (!given && !is_there_itself(path)))
        path[0] = '\0';
    return load(program, path, given != NULL);
}

struct pausemon_config *place_load_system_config(const char *program)
{
    return load(program, is_there_itself(PLACE_SYSTEM_CONFIG) ? PLACE_SYSTEM_CONFIG : "", 0);
}
