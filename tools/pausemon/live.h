/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_LIVE_H
#define PAUSEMON_LIVE_H

/* A connection to the daemon that runs. */

#include "common/args.h"
#include "common/client.h"
#include "common/message.h"
#include "common/places.h"

/* How long a daemon may take to say its first words. */
#define LIVE_PATIENCE_MS 3000

/* Connects to the daemon of --data-dir, or the user's, or else the system's, which is said on
 * stderr; `place` becomes its place. 0, or after a line on stderr EXIT_NO_DAEMON when none runs,
 * EXIT_ERROR when one cannot be reached. */
int live_open(struct client *client, struct place *place, const struct args *args);

/* Reads and understands a line: CLIENT_LINE; anything else is told on stderr, save CLIENT_WAIT.
 * CLIENT_TOO_LONG: what came is no line of a daemon. */
enum client_status live_read(struct client *client, int64_t deadline_ms, const struct args *args,
                             struct message *message, const char **line, size_t *length);

#endif
