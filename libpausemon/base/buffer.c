/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <string.h>

void pm_buffer_init(struct pm_buffer *buffer, const struct pm_host *host, size_t limit)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->host = host;
    buffer->limit = limit;
}

void pm_buffer_free(struct pm_buffer *buffer)
{
    pm_free(buffer->host, buffer->bytes);
    buffer->bytes = NULL;
}

int pm_buffer_status(const struct pm_buffer *buffer, size_t size)
{
    return size > buffer->limit - buffer->length ? PAUSEMON_ERR_LIMIT : PAUSEMON_ERR_NOMEM;
}

char *pm_buffer_room(struct pm_buffer *buffer, size_t size)
{
    if (size > buffer->limit - buffer->length)
        return NULL;
    if (buffer->start > 0 && buffer->start + buffer->length + size > buffer->capacity) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->length);
        buffer->start = 0;
    }
    if (buffer->length + size > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 4096;
        while (capacity < buffer->length + size)
            capacity *= 2;
        char *fresh = pm_resize(buffer->host, buffer->bytes, capacity);
        if (!fresh)
            return NULL;
        buffer->bytes = fresh;
        buffer->capacity = capacity;
    }
    return buffer->bytes + buffer->start + buffer->length;
}

void pm_buffer_consume(struct pm_buffer *buffer, size_t size)
{
    buffer->start += size;
    buffer->length -= size;
    if (buffer->length == 0)
        buffer->start = 0;
}

int pm_buffer_write(void *user, const char *bytes, size_t length)
{
    struct pm_buffer *buffer = user;
    char *room = pm_buffer_room(buffer, length);

    if (!room)
        return pm_buffer_status(buffer, length);
    memcpy(room, bytes, length);
    buffer->length += length;
    return 0;
}
