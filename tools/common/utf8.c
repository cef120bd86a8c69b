/* SPDX-License-Identifier: MIT */
#include "common/utf8.h"

#include <string.h>
#include <wchar.h>

size_t utf8_next(const char *text, size_t length, uint32_t *point)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t more = at[0] < 0x80 ? 0 : at[0] < 0xE0 ? 1 : at[0] < 0xF0 ? 2 : 3;
    uint32_t value = more == 0 ? at[0] : at[0] & (0x3Fu >> more);

    *point = 0;
    if (more >= length || (at[0] >= 0x80 && at[0] < 0xC0) || at[0] > 0xF7)
        return 1;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (at[i] & 0x3F);
    }
    if (value < least[more] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 1;
    *point = value;
    return more + 1;
}

int utf8_is_harmless(uint32_t point)
{
    static const uint32_t harmful[][2] = {
        {0, 0x1F},        {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
    };

    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        if (point >= harmful[i][0] && point <= harmful[i][1])
            return 0;
    return 1;
}

void utf8_clean(char *to, size_t size, const char *text)
{
    size_t left = strlen(text), used = 0, step;
    uint32_t point;

    for (; left > 0; text += step, left -= step) {
        step = utf8_next(text, left, &point);
        int keep = utf8_is_harmless(point);
        size_t length = keep ? step : 1;
        if (used + length >= size)
            break;
        memcpy(to + used, keep ? text : "?", length);
        used += length;
    }
    to[used] = '\0';
}

int utf8_width(const char *text)
{
    const size_t length = strlen(text);
    mbstate_t state;
    wchar_t wide;
    int width = 0, characters = 0, known = 1;

    memset(&state, 0, sizeof state);
    for (size_t i = 0, step; known && i < length; i += step) {
        step = mbrtowc(&wide, text + i, length - i, &state);
        known = step > 0 && step <= length - i && wcwidth(wide) >= 0;
        width += known ? wcwidth(wide) : 0;
    }
    for (size_t i = 0; i < length; i++)
        characters += ((unsigned char)text[i] & 0xC0) != 0x80;
    return known ? width : characters;
}
