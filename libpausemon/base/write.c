/* SPDX-License-Identifier: MIT */
#include <pausemon/common.h>
#include <stdio.h>
#include <string.h>

int pausemon_write_file(void *user, const char *bytes, size_t length)
{
    if (!user || !bytes)
        return PAUSEMON_ERR_INVALID;
    return fwrite(bytes, 1, length, user) == length ? 0 : PAUSEMON_ERR_IO;
}

int pausemon_write_text(void *user, const char *bytes, size_t length)
{
    struct pausemon_text *text = user;

    if (!text || !text->bytes || !bytes || text->length >= text->capacity)
        return PAUSEMON_ERR_INVALID;
    if (length >= text->capacity - text->length)
        return PAUSEMON_ERR_LIMIT;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return 0;
}
