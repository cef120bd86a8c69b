/* SPDX-License-Identifier: MIT */
#include "pausemond/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void line_begin(struct line *line)
{
    line->length = 0;
    line->bad = 0;
}

int line_write(void *user, const char *bytes, size_t length)
{
    struct line *line = user;

    if (line->bad || length >= LINE_SIZE - line->length) { /* room for the newline stays */
        line->bad = 1;
        return PAUSEMON_ERR_LIMIT;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
    return 0;
}

void line_add(struct line *line, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        line->bad = 1;
    else
        line_write(line, text, (size_t)length);
}

void line_add_text(struct line *line, const char *text)
{
    if (!text) {
        line_add(line, "null");
        return;
    }
    line_add(line, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte >= 127) /* a path may be in any encoding, JSON in one only */
            line_add(line, "?");
        else
            line_add(line, byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
    }
    line_add(line, "\"");
}

void line_add_time(struct line *line, const struct pausemon_instant *instant)
{
    int64_t offset = instant->utc_offset_s, away = llabs(offset);
    time_t seconds = (time_t)(instant->realtime_ns / 1000000000 + offset);
    struct tm parts;

    if (instant->realtime_ns <= 0 || !gmtime_r(&seconds, &parts)) {
        line_add(line, "null");
        return;
    }
    line_add(line, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d\"", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
             (int)(instant->realtime_ns % 1000000000 / 1000), offset < 0 ? '-' : '+',
             (int)(away / 3600), (int)(away / 60 % 60));
}

void line_join(struct line *line, size_t mark, int status)
{
    if (status < 0 || line->length <= mark + 1 || line->bytes[mark] != '{')
        line->bad = 1;
    else
        line->bytes[mark] = ',';
}

int line_end(struct line *line)
{
    if (line->bad)
        return -1;
    line->bytes[line->length++] = '\n';
    return 0;
}
