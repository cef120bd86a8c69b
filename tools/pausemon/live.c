/* SPDX-License-Identifier: MIT */
#include "pausemon/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether it means that nobody is there, as against somebody who cannot be reached. */
static int is_absence(int why)
{
    return why == ENOENT || why == ENOTDIR || why == ECONNREFUSED;
}

static int refuse(const struct args *args, const char *path, int why)
{
    if (why == EACCES || why == EPERM)
        return place_refused(args->program, path, NULL);
    if (why == EAGAIN)
        return args_fail(args->program, EXIT_ERROR,
                         "%s: the daemon takes no connections: it hangs, or serves too many", path);
    return args_fail_os(args->program, EXIT_ERROR, why, "cannot connect to %s", path);
}

/* 1: connected; 0: nobody is there; or an exit code, negative, after a line on stderr. */
static int try(struct client *client, const struct place *place, const struct args *args)
{
    if (place_check(args->program, place) < 0)
        return -EXIT_ERROR;
    if (client_open(client, place->socket) == 0)
        return 1;
    return is_absence(errno) ? 0 : -refuse(args, place->socket, errno);
}

int live_open(struct client *client, struct place *place, const struct args *args)
{
    const char *given = args_get(args, "data-dir");
    const int has_place = place_data(given, 0, place) == 0;
    struct place other;

    client->fd = -1;
    if (!has_place && given)
        return args_fail(args->program, EXIT_ERROR, "--data-dir: the path is empty or too long");
    int status = has_place ? try(client, place, args) : 0;
    if (status)
        return status < 0 ? -status : 0;
    if (given)
        return args_fail(args->program, EXIT_NO_DAEMON,
                         "no daemon serves %s: `pausemon daemon --data-dir %s` starts one",
                         place->socket, given);
    place_data(NULL, 1, &other);
    status = try(client, &other, args);
    if (status > 0) {
        fprintf(stderr, "%s: this is the system's daemon, %s\n", args->program, other.socket);
        *place = other;
    } else if (status == 0) {
        args_fail(args->program, 0,
                  "no daemon runs: nobody serves %s%s%s; `pausemon daemon` starts "
                  "one",
                  has_place ? place->socket : "", has_place ? " or " : "", other.socket);
    }
    return status > 0 ? 0 : status < 0 ? -status : EXIT_NO_DAEMON;
}

enum client_status live_read(struct client *client, int64_t deadline_ms, const struct args *args,
                             struct message *message, const char **line, size_t *length)
{
    enum client_status status = client_read(client, deadline_ms, line, length);

    if (status == CLIENT_GONE && errno)
        args_fail_os(args->program, 0, errno, "the connection broke");
    else if (status == CLIENT_GONE)
        args_fail(args->program, 0, "the daemon has ended the connection");
    if (status == CLIENT_TOO_LONG)
        args_fail(args->program, 0, "what answers is no pausemond: a line beyond %u bytes",
                  CLIENT_MAX_LINE);
    if (status != CLIENT_LINE)
        return status;
    const int understood = message_read(message, *line, *length);
    if (understood == 0 && strcmp(message->type, "error") != 0)
        return CLIENT_LINE;
    if (understood == 0)
        args_fail(args->program, 0, "the daemon refuses: %s", message->text);
    else
        args_fail(args->program, 0,
                  understood == -2 ? "JSON cannot be read: built without json"
                                   : "what answers is no pausemond: a line that is no message");
    return CLIENT_TOO_LONG;
}
