/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_BUFFER_H
#define PM_BASE_BUFFER_H

/* Bytes that come in at the end and go out at the front. Keeps its memory: warm after the
 * largest thing it held. */

#include "base/host.h"

struct pm_buffer {
    const struct pm_host *host;
    char *bytes;
    size_t start, length, capacity; /* the content is bytes[start .. start + length) */
    size_t limit;
};

void pm_buffer_init(struct pm_buffer *buffer, const struct pm_host *host, size_t limit);
void pm_buffer_free(struct pm_buffer *buffer);

/* Room for `size` more bytes behind the content, to be confirmed by adding to `length`; NULL:
 * see pm_buffer_status. */
char *pm_buffer_room(struct pm_buffer *buffer, size_t size);

/* Why room(size) failed: PAUSEMON_ERR_LIMIT or PAUSEMON_ERR_NOMEM. */
int pm_buffer_status(const struct pm_buffer *buffer, size_t size);

/* A pausemon_write_fn: appends to the buffer that `user` is. */
int pm_buffer_write(void *user, const char *bytes, size_t length);

/* Drops `size` bytes at the front. */
void pm_buffer_consume(struct pm_buffer *buffer, size_t size);

static inline const char *pm_buffer_content(const struct pm_buffer *buffer)
{
    return buffer->bytes ? buffer->bytes + buffer->start : "";
}

#endif
