/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_CLIENT_H
#define PAUSEMOND_CLIENT_H

/* One connection. Nothing here waits: what cannot be sent now is queued, what does not fit the
 * queue is lost for this client. Time comes from the caller. */

#include <stdint.h>

#include "pausemond/queue.h"

#define CLIENT_QUEUE (256 * 1024)
/* Samples leave this much free: the rest is rarer and worth more. */
#define CLIENT_RESERVE (64 * 1024)
#define CLIENT_PATIENCE_NS (30 * INT64_C(1000000000))

enum client_line {
    CLIENT_SAMPLE = 1, /* is lost first */
    CLIENT_OTHER = 2
};

struct client {
    int fd;
    int gone;        /* to be closed by its owner */
    int input_ended; /* it sends no more; it may well read */
    struct queue queue;
    int64_t progress_ns;    /* when it last took something, or had nothing to take */
    int64_t input_after_ns; /* its input is not looked at before */
    uint64_t lost;          /* lines */
};

/* The descriptor is the client's from here on, also when it fails: -1. */
int client_open(struct client *client, int fd, int64_t now_ns);
void client_close(struct client *client);

/* Queues a line and sends what can be sent. */
void client_send(struct client *client, enum client_line kind, const char *line, size_t length,
                 int64_t now_ns);

/* For poll(): what to wait for. */
short client_events(const struct client *client, int64_t now_ns);

/* After poll(): reads and forgets, sends, notes that it is gone. */
void client_serve(struct client *client, short events, int64_t now_ns);

/* It has taken nothing of what waits for it for too long. */
int client_is_stalled(const struct client *client, int64_t now_ns);

#endif
