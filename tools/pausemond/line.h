/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_LINE_H
#define PAUSEMOND_LINE_H

/* One line of JSON in memory that is there beforehand. What does not fit makes it bad, and a bad
 * line is never sent. */

#include <pausemon/common.h>

#define LINE_SIZE (60 * 1024 - 1) /* with its newline: under 60 KiB */

struct line {
    size_t length;
    int bad;
    char bytes[LINE_SIZE];
};

void line_begin(struct line *line);

void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text with quotes, NULL: null. */
void line_add_text(struct line *line, const char *text);

/* "2026-01-23T12:00:00.123456-08:00" with quotes; a time of 0: null. */
void line_add_time(struct line *line, const struct pausemon_instant *time);

/* A pausemon_write_fn; user is the line. */
int line_write(void *line, const char *bytes, size_t length);

/* What an encoder wrote from `mark` (a length) on is an object: its keys go on where the line's
 * own keys were. `status` is what the encoder returned. */
void line_join(struct line *line, size_t mark, int status);

/* The newline. 0, or -1 if the line is bad. */
int line_end(struct line *line);

#endif
