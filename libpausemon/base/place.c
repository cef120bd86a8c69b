/* SPDX-License-Identifier: MIT */
#include <pausemon/place.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#ifdef __APPLE__ /* nothing can be made in its root directory */
#define SYSTEM_RUN "/var/run/pause-monitor/"
#else
#define SYSTEM_RUN "/run/pause-monitor/"
#endif

struct place {
    const char *variable, *fallback; /* the user's: an XDG directory, and what it is without one */
    const char *name;                /* below it */
    const char *system;
};

#define DATA "XDG_DATA_HOME", ".local/share"

static const struct place places[] = {
    [PAUSEMON_PLACE_DATA] = {DATA, "pause-monitor", "/var/lib/pause-monitor"},
    [PAUSEMON_PLACE_DATABASE] = {DATA, "pause-monitor/data.db", "/var/lib/pause-monitor/data.db"},
    [PAUSEMON_PLACE_SOCKET] = {DATA, "pause-monitor/daemon.sock", SYSTEM_RUN "daemon.sock"},
    [PAUSEMON_PLACE_BLACKBOX] = {DATA, "pause-monitor/blackbox", "/var/lib/pause-monitor/blackbox"},
    [PAUSEMON_PLACE_EVIDENCE] = {DATA, "pause-monitor/events", "/var/lib/pause-monitor/events"},
    [PAUSEMON_PLACE_LOCK] = {DATA, "pause-monitor/daemon.pid", SYSTEM_RUN "daemon.pid"},
    [PAUSEMON_PLACE_CONFIG] = {"XDG_CONFIG_HOME", ".config", "pause-monitor/config.toml",
                               "/etc/pause-monitor/config.toml"},
};

/* A setuid program is not led by the environment of whoever runs it. */
static const char *ask_environment(const char *name)
{
#ifdef __APPLE__
    return issetugid() ? NULL : getenv(name);
#else
    return secure_getenv(name);
#endif
}

/* As snprintf. -1: there is no home. */
static int write_user(char *path, size_t size, const struct place *place)
{
    const char *base = ask_environment(place->variable), *home = ask_environment("HOME");

    /* The XDG specification: a relative path there is to be ignored. */
    if (base && base[0] == '/')
        return snprintf(path, size, "%s/%s", base, place->name);
    if (home && home[0] == '/')
        return snprintf(path, size, "%s/%s/%s", home, place->fallback, place->name);
    return -1;
}

/* A refusal is no absence; a link to nothing is there too. */
static int is_there(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 || errno == EACCES;
}

/* Whose, where either will do. */
static uint64_t choose(uint64_t what)
{
    const struct place *sign =
        &places[what == PAUSEMON_PLACE_CONFIG ? what : PAUSEMON_PLACE_DATABASE];
    char path[4096];
    int length = write_user(path, sizeof path, sign);

    if (length >= 0 && (size_t)length < sizeof path && is_there(path))
        return PAUSEMON_OWNER_USER;
    return is_there(sign->system) ? PAUSEMON_OWNER_SYSTEM : PAUSEMON_OWNER_USER;
}

int pausemon_place_find(char *path, size_t size, uint64_t what, uint64_t owner,
                        struct pausemon_error *error)
{
    if (!path || size == 0 || what < PAUSEMON_PLACE_DATA || what > PAUSEMON_PLACE_LOCK ||
        owner > PAUSEMON_OWNER_SYSTEM)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "no such place can be found");
    const struct place *place = &places[what];
    owner = owner ? owner : choose(what);
    int length = owner == PAUSEMON_OWNER_SYSTEM ? snprintf(path, size, "%s", place->system)
                                                : write_user(path, size, place);
    if (length < 0)
        return pm_fail(error, PAUSEMON_ERR_NOT_FOUND,
                       "there is no home: neither HOME nor %s is an absolute path",
                       place->variable);
    if ((size_t)length >= size)
        return pm_fail(error, PAUSEMON_ERR_LIMIT, "a path of %d bytes: room is for %zu", length,
                       size - 1);
    return (int)owner;
}
