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

#define SYSTEM_DATA "/var/lib/pause-monitor"
#ifdef __APPLE__ /* nothing can be made in its root directory */
#define SYSTEM_RUN "/var/run/pause-monitor"
#else
#define SYSTEM_RUN "/run/pause-monitor"
#endif

static int join(char path[PLACE_SIZE], const char *directory, const char *name)
{
    return snprintf(path, PLACE_SIZE, "%s/%s", directory, name) < PLACE_SIZE ? 0 : -1;
}

/* A name below the directory of an XDG variable, or below its default in the home. -1 if there is
 * no home. */
static int user_path(char path[PLACE_SIZE], const char *variable, const char *fallback,
                     const char *name)
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int length;

    /* The XDG specification: a relative path there is to be ignored. */
    if (base && base[0] == '/')
        length = snprintf(path, PLACE_SIZE, "%s/%s", base, name);
    else if (home && home[0] == '/')
        length = snprintf(path, PLACE_SIZE, "%s/%s/%s", home, fallback, name);
    else
        return -1;
    return length < PLACE_SIZE ? 0 : -1;
}

/* ---- data ---- */

int place_data(const char *given, int system, struct place *place)
{
    const char *run = system && !given ? SYSTEM_RUN : place->directory;
    const char *fixed = given ? given : SYSTEM_DATA;
    int status = 0;

    if (given || system) {
        const int length = snprintf(place->directory, PLACE_SIZE, "%s", fixed);
        status = length > 0 && length < PLACE_SIZE ? 0 : -1;
    } else {
        status = user_path(place->directory, "XDG_DATA_HOME", ".local/share", "pause-monitor");
    }
    place->is_system = system && !given;
    if (status < 0 || join(place->database, place->directory, "data.db") < 0 ||
        join(place->socket, run, "daemon.sock") < 0 || join(place->lock, run, "daemon.pid") < 0 ||
        join(place->evidence, place->directory, "events") < 0 ||
        join(place->blackbox, place->directory, "blackbox") < 0)
        return -1;
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

/* A refusal is no absence. */
static int is_there(const char *path)
{
    return access(path, F_OK) == 0 || errno == EACCES;
}

int place_find(const char *program, const char *given, struct place *place)
{
    int status = place_data(given, 0, place);

    if (given && status < 0)
        return args_fail(program, -1, "--data-dir: the path is empty or too long");
    if (given || (status == 0 && is_there(place->database)))
        return place_check(program, place);
    struct place other;
    if (place_data(NULL, 1, &other) == 0 && is_there(other.database)) {
        *place = other;
        fprintf(stderr, "%s: reading the system's %s\n", program, place->directory);
        return place_check(program, place);
    }
    if (status < 0)
        return args_fail(program, -1, "no place for data: neither HOME nor XDG_DATA_HOME is set");
    return 0;
}

/* ---- the configuration ---- */

/* A link to nothing is there too: it is refused, not passed over. */
static int is_there_itself(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

int place_config(const char *given, char path[PLACE_SIZE])
{
    int status =
        given ? 0 : user_path(path, "XDG_CONFIG_HOME", ".config", "pause-monitor/config.toml");

    if (given)
        return snprintf(path, PLACE_SIZE, "%s", given) < PLACE_SIZE ? 0 : -1;
    if ((status < 0 || !is_there_itself(path)) && is_there_itself(PLACE_SYSTEM_CONFIG)) {
        snprintf(path, PLACE_SIZE, "%s", PLACE_SYSTEM_CONFIG);
        return 0;
    }
    return status;
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
    if (pausemon_config_new(&config, NULL) < 0) {
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
