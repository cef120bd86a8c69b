/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>

/* ---- Names ---- */

size_t model_utf8(const unsigned char *bytes, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = bytes[0];
    size_t length = code < 0x80 ? 1 : code < 0xc0 ? 0 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;

    if (code > 0xf7 || length == 0 || length > left)
        return 0;
    if (length == 1)
        return 1;
    code &= 0xffu >> (length + 1);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    return code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0
                                                                                        : length;
}

void model_clean(char clean[PAUSEMON_COMMAND_SIZE], const char *raw)
{
    const unsigned char *bytes = (const unsigned char *)raw;
    size_t length = strnlen(raw, PAUSEMON_COMMAND_SIZE);
    size_t out = 0;

    memset(clean, 0, PAUSEMON_COMMAND_SIZE);
    for (size_t i = 0; i < length;) {
        size_t step = model_utf8(bytes + i, length - i);
        bool keep = step > 1 || (step == 1 && bytes[i] >= 0x20 && bytes[i] != 0x7f);
        size_t width = keep ? step : 1;
        if (out + width > PAUSEMON_COMMAND_SIZE - 1)
            break;
        if (keep)
            memcpy(clean + out, raw + i, width);
        else
            clean[out] = '?';
        out += width;
        i += width;
    }
}
