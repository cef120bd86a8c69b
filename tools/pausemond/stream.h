/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_STREAM_H
#define PAUSEMOND_STREAM_H

/* What happens in the monitor, told: to the clients as lines of JSON, to the log as sentences.
 * With no client nothing is encoded. */

#include "pausemond/daemon.h"

/* Subscribes to the monitor. 0, or a negative enum pausemon_status. */
int stream_attach(struct daemon *daemon);

/* The first lines for a client: where things stand. The server's greet; user is the daemon. */
void stream_greet(void *user, struct client *client);

/* The status to all. */
void stream_send_status(struct daemon *daemon);

#endif
