/* SPDX-License-Identifier: MIT */
#include "pausemond/queue.h"

#include <stdlib.h>
#include <string.h>

int queue_open(struct queue *queue, size_t capacity)
{
    *queue = (struct queue){.bytes = malloc(capacity), .capacity = capacity};
    return queue->bytes ? 0 : -1;
}

void queue_close(struct queue *queue)
{
    free(queue->bytes);
    *queue = (struct queue){0};
}

int queue_put(struct queue *queue, const char *bytes, size_t length, size_t spare)
{
    size_t left = queue->capacity - queue->used;

    if (left < spare || left - spare < length)
        return -1;
    size_t end = (queue->start + queue->used) % queue->capacity;
    size_t first = queue->capacity - end < length ? queue->capacity - end : length;
    memcpy(queue->bytes + end, bytes, first);
    memcpy(queue->bytes, bytes + first, length - first);
    queue->used += length;
    return 0;
}

const char *queue_peek(const struct queue *queue, size_t *length)
{
    size_t row = queue->capacity - queue->start;

    *length = queue->used < row ? queue->used : row;
    return queue->used ? queue->bytes + queue->start : NULL;
}

void queue_take(struct queue *queue, size_t length)
{
    queue->used -= length;
    /* From the front again when empty: fewer lines are cut in two. */
    queue->start = queue->used ? (queue->start + length) % queue->capacity : 0;
}
