/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

#include <pausemon/common.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The code point, or -1; *size becomes its length. */
static int32_t decode(const unsigned char *at, size_t length, size_t *size)
{
    static const struct {
        unsigned char mask, lead;
        int32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (size_t extra = 0; extra < 4 && extra < length; extra++) {
        if ((at[0] & forms[extra].mask) != forms[extra].lead)
            continue;
        int32_t point = at[0] & (unsigned char)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++) {
            if (!is_continuation(at[i]))
                return -1;
            point = point << 6 | (at[i] & 0x3F);
        }
        *size = extra + 1;
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        return point < forms[extra].least || point > 0x10FFFF || surrogate ? -1 : point;
    }
    return -1;
}

size_t pm_utf8_length(const char *bytes, size_t length)
{
    size_t size = 0;

    return decode((const unsigned char *)bytes, length, &size) < 0 ? 0 : size;
}

bool pm_text_is_utf8(const char *bytes, size_t length)
{
    for (size_t step; length > 0; bytes += step, length -= step) {
        step = pm_utf8_length(bytes, length);
        if (step == 0 || *bytes == '\0')
            return false;
    }
    return true;
}

/* Controls, and what turns the direction of text or breaks a line. */
static bool is_harmless(int32_t point)
{
    return point >= 0x20 && !(point >= 0x7F && point < 0xA0) &&
           !(point >= 0x2028 && point <= 0x202E) && !(point >= 0x2066 && point <= 0x2069) &&
           point != 0x200E && point != 0x200F && point != 0x061C && point != 0xFEFF;
}

void pm_text_clean(char *to, size_t size, const char *bytes, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length;) {
        size_t step = 1;
        if (bytes[i] >= 0x20 && bytes[i] < 0x7F) { /* nearly always */
            if (used + 1 >= size)
                break;
            to[used++] = bytes[i++];
            continue;
        }
        int32_t point = decode((const unsigned char *)bytes + i, length - i, &step);
        bool keep = point >= 0 && is_harmless(point);

        if (point < 0)
            step = 1;
        if (used + (keep ? step : 1) >= size)
            break;
        if (keep) {
            memcpy(to + used, bytes + i, step);
            used += step;
        } else {
            to[used++] = '?';
        }
        i += step;
    }
    to[used] = '\0';
}

bool pm_parse_u64(const char **at, const char *end, uint64_t *value)
{
    const char *start = *at;
    uint64_t sum = 0;

    while (*at < end && **at >= '0' && **at <= '9') {
        uint64_t digit = (uint64_t)(**at - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
        (*at)++;
    }
    *value = sum;
    return *at > start;
}

bool pm_text_is(const char *bytes, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(bytes, word, length) == 0;
}

bool pm_text_is_blank(const char *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == ' ')
        length--;
    return length == 0;
}

bool pm_text_starts(const char *bytes, size_t length, const char *word)
{
    size_t size = strlen(word);

    return size <= length && memcmp(bytes, word, size) == 0;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + 32) : letter;
}

bool pm_text_contains_nocase(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && lower(text[i]) == lower(part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return part[0] == '\0';
}

#define NEAREST_MAX 64

/* Letters to insert, delete or exchange to make one of the other. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[NEAREST_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

const char *pausemon_nearest_name(const char *word, const char *const *names)
{
    size_t length = word ? strlen(word) : 0, least = 4;
    const char *nearest = NULL;

    if (length == 0 || length > NEAREST_MAX || !names)
        return NULL;
    for (; *names; names++) {
        size_t other = strlen(*names);
        /* An exchange of two letters costs 2: short words must be allowed that much. */
        size_t allowed = length / 3 < 2 && length > 3 ? 2 : length / 3;
        size_t longer = other > length ? other - length : length - other;
        if (other > NEAREST_MAX || longer > allowed || longer >= least)
            continue;
        size_t far = distance(word, length, *names, other);
        if (far < least && far <= allowed) {
            least = far;
            nearest = *names;
        }
    }
    return nearest;
}
