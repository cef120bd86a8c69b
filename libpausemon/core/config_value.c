/* SPDX-License-Identifier: MIT */
#include "core/config_value.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void pm_value_skip_blanks(const char **at, const char *end)
{
    while (*at < end && is_blank(**at))
        (*at)++;
}

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return PAUSEMON_ERR_FORMAT;
}

enum pm_value_kind pm_value_kind(const char *at, const char *end)
{
    if (at < end && (*at == '"' || *at == '\''))
        return PM_VALUE_TEXT;
    return at < end && *at == '[' ? PM_VALUE_LIST : PM_VALUE_WORD;
}

static size_t encode_utf8(uint32_t point, char *to)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(lead[size] | point);
    return size;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char escape_names[] = "btnfr\"\\", escaped[] = "\b\t\n\f\r\"\\";

/* Behind the backslash: decodes into `to`, moves *at; the bytes written, or 0. */
static size_t escape(const char **at, const char *end, char to[4])
{
    const char *name = *at < end && **at ? strchr(escape_names, **at) : NULL;
    uint32_t point = 0;
    size_t size;

    if (*at >= end)
        return 0;
    if (name) {
        (*at)++;
        to[0] = escaped[name - escape_names];
        return 1;
    }
    int digits = **at == 'u' ? 4 : **at == 'U' ? 8 : 0;
    if (digits == 0 || end - *at <= digits)
        return 0;
    for (int i = 1; i <= digits; i++) {
        int digit = hex_digit((*at)[i]);
        if (digit < 0 || point > 0x10FFFF)
            return 0;
        point = point << 4 | (uint32_t)digit;
    }
    if (point == 0 || point > 0x10FFFF)
        return 0;
    *at += digits + 1;
    size = encode_utf8(point, to);
    return pm_utf8_length(to, size) == size ? size : 0; /* refuses surrogates */
}

int pm_value_text(const char **at, const char *end, char text[PM_CONFIG_TEXT_SIZE],
                  const char **why)
{
    char quote = **at;
    size_t used = 0;

    if (end - *at >= 3 && (*at)[1] == quote && (*at)[2] == quote)
        return refuse(why, "texts over several lines are not supported");
    (*at)++;
    while (*at < end && **at != quote) {
        char piece[4];
        size_t size = 1;

        piece[0] = **at;
        if (quote == '"' && **at == '\\') {
            (*at)++;
            size = escape(at, end, piece);
            if (size == 0)
                return refuse(why,
                              "an escape that is none of \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX");
        } else if (((unsigned char)**at < 0x20 && **at != '\t') || **at == 0x7F) {
            return refuse(why, "a control character in a text");
        } else {
            (*at)++;
        }
        if (used + size >= PM_CONFIG_TEXT_SIZE)
            return refuse(why, "a text of more than 1023 bytes");
        memcpy(text + used, piece, size);
        used += size;
    }
    if (*at >= end)
        return refuse(why, "a text without its closing quote");
    (*at)++;
    text[used] = '\0';
    return 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '+' || c == '-' || c == '.' || c == ':';
}

int pm_value_word(const char **at, const char *end, char word[PM_CONFIG_TEXT_SIZE],
                  const char **why)
{
    size_t used = 0;

    if (*at < end && **at == '{')
        return refuse(why, "inline tables are not supported");
    while (*at < end && is_word(**at) && used < 64)
        word[used++] = *(*at)++;
    word[used] = '\0';
    if (used == 0)
        return refuse(why, *at < end && **at != '#' ? "a value that is no number, true, false, "
                                                      "\"text\" or [\"list\"]"
                                                    : "a key without a value");
    if (*at < end && is_word(**at))
        return refuse(why, "a word of more than 64 bytes");
    /* 2026-01-23 or 12:00: a number never holds these inside. */
    if (strchr(word, ':') ||
        (used >= 8 && word[0] >= '0' && word[0] <= '9' && word[4] == '-' && word[7] == '-'))
        return refuse(why, "dates and times are not supported");
    return 0;
}

int pm_value_item(const char **at, const char *end, bool first, char text[PM_CONFIG_TEXT_SIZE],
                  const char **why)
{
    bool may_follow = first;

    if (first)
        (*at)++;
    pm_value_skip_blanks(at, end);
    if (!first && *at < end && **at == ',') {
        (*at)++;
        pm_value_skip_blanks(at, end);
        may_follow = true;
    }
    if (*at >= end || **at == '#')
        return refuse(why, "a list that does not end with ] on its line");
    if (**at == ']') {
        (*at)++;
        return 0;
    }
    if (!may_follow)
        return refuse(why, "a list whose items have no comma between them");
    if (**at != '"' && **at != '\'')
        return refuse(why, "a list item that is no \"text\"");
    int status = pm_value_text(at, end, text, why);
    return status < 0 ? status : 1;
}

/* Digits with single underscores between them. Counts them; false on anything else. */
static bool digits(const char **at, int64_t *value, int *count)
{
    bool digit = false;

    for (; (**at >= '0' && **at <= '9') || (**at == '_' && digit); (*at)++) {
        digit = **at != '_';
        if (!digit)
            continue;
        if (*value > (INT64_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (**at - '0');
        ++*count;
    }
    return digit;
}

/* ±whole[.fraction][e±exponent] as value × 10^-scale. */
static bool number(const char *word, int64_t *value, int *scale, bool *is_whole)
{
    bool negative = *word == '-';
    int whole = 0, fraction = 0, count = 0;
    int64_t exponent = 0;

    *value = 0;
    if (*word == '-' || *word == '+')
        word++;
    bool zero = *word == '0';
    if (!digits(&word, value, &whole) || (zero && whole > 1))
        return false;
    *is_whole = *word == '\0';
    if (*word == '.') {
        word++;
        if (!digits(&word, value, &fraction))
            return false;
    }
    if (*word == 'e' || *word == 'E') {
        bool minus = word[1] == '-';
        word += word[1] == '-' || word[1] == '+' ? 2 : 1;
        if (!digits(&word, &exponent, &count) || exponent > 30)
            return false;
        exponent = minus ? -exponent : exponent;
    }
    *scale = fraction - (int)exponent;
    *value = negative ? -*value : *value;
    return *word == '\0';
}

int pm_value_int(const char *word, int64_t *value)
{
    bool is_whole = false;
    int scale;

    return number(word, value, &scale, &is_whole) && is_whole ? 0 : PAUSEMON_ERR_FORMAT;
}

int pm_value_num(const char *word, int64_t *thousandths)
{
    bool is_whole;
    int scale;

    if (!number(word, thousandths, &scale, &is_whole))
        return PAUSEMON_ERR_FORMAT;
    for (; scale < 3; scale++) {
        if (*thousandths > INT64_MAX / 10 || *thousandths < INT64_MIN / 10)
            return PAUSEMON_ERR_FORMAT;
        *thousandths *= 10;
    }
    for (; scale > 3; scale--) {
        if (*thousandths % 10 != 0)
            return PAUSEMON_ERR_LIMIT;
        *thousandths /= 10;
    }
    return 0;
}

/* One character as it stands between quotes; the bytes it took from `text`. */
static size_t quote_character(char piece[8], const char *text, char also)
{
    char c = *text;

    const char *name = strchr(escaped, c);

    if (name) {
        snprintf(piece, 8, "\\%c", escape_names[name - escaped]);
        return 1;
    }
    if ((unsigned char)c < 0x20 || c == 0x7F || (also && c == also)) {
        snprintf(piece, 8, "\\u%04X", (unsigned)(unsigned char)c & 0x7F);
        return 1;
    }
    size_t length = pm_utf8_length(text, strlen(text));
    length = length ? length : 1;
    memcpy(piece, text, length);
    piece[length] = '\0';
    return length;
}

size_t pm_value_quote(char *quoted, size_t size, const char *text, char also)
{
    size_t used = 0, taken = 0;
    char piece[8];

    quoted[used++] = '"';
    while (text[taken] != '\0') {
        size_t step = quote_character(piece, text + taken, also), length = strlen(piece);
        if (used + length + 2 > size)
            break;
        memcpy(quoted + used, piece, length);
        used += length;
        taken += step;
    }
    quoted[used++] = '"';
    quoted[used] = '\0';
    return taken;
}
