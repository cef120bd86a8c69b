/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_QUEUE_H
#define PAUSEMOND_QUEUE_H

/* What waits to be sent to one client: whole lines go in, bytes go out. Its memory is taken once.
 */

#include <stddef.h>

struct queue {
    char *bytes;
    size_t capacity;
    size_t start; /* of the oldest byte */
    size_t used;
};

/* 0, or -1 without memory. */
int queue_open(struct queue *queue, size_t capacity);
void queue_close(struct queue *queue);

/* All of them, or -1 and none if less than `spare` bytes would be left free. */
int queue_put(struct queue *queue, const char *bytes, size_t length, size_t spare);

/* The oldest bytes that lie in a row; NULL and 0 when there are none. */
const char *queue_peek(const struct queue *queue, size_t *length);

/* The oldest so many, of those that peek gave, are done with. */
void queue_take(struct queue *queue, size_t length);

#endif
