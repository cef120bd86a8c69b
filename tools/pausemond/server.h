/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_SERVER_H
#define PAUSEMOND_SERVER_H

/* The socket and all who are connected to it. Runs in the one poll() of the dispatch thread and
 * never waits. */

#include <poll.h>

#include "pausemond/client.h"
#include "pausemond/line.h"
#include "pausemond/listen.h"

#define SERVER_CLIENTS 64
#define SERVER_POLLS (SERVER_CLIENTS + 1)

struct server {
    struct log *log;
    struct listener listener;
    struct client clients[SERVER_CLIENTS];
    size_t count;
    uint64_t lost;                                    /* lines, of clients that are gone */
    int64_t accept_after_ns;                          /* until then the socket is not looked at */
    int cannot_accept;                                /* it failed, which was said */
    void (*greet)(void *user, struct client *client); /* sends the first lines */
    void *user;
};

/* 0, or -1, which is said. */
int server_open(struct server *server, const char *path, int64_t group, struct log *log);
void server_close(struct server *server);

/* Lets go of who is gone or stalled, then fills what to wait for: the number of entries. */
size_t server_prepare(struct server *server, struct pollfd *polls, int64_t now_ns);

/* When it wants to be prepared again though nothing happens; INT64_MAX: never. */
int64_t server_due(const struct server *server, int64_t now_ns);

/* After poll() with the same entries. */
void server_serve(struct server *server, const struct pollfd *polls, int64_t now_ns);

/* One line to all. */
void server_send(struct server *server, enum client_line kind, const struct line *line);

/* Lines lost, of all clients there ever were. */
uint64_t server_lost(const struct server *server);

#endif
