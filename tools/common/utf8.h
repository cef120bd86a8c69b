/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_UTF8_H
#define TOOLS_UTF8_H

/* Text that nobody has looked at, before it meets a terminal. */

#include <stddef.h>
#include <stdint.h>

/* The character at text[0..length), length > 0: its size, 1..4, and *point. What is no UTF-8 is one
 * byte, and *point is 0. */
size_t utf8_next(const char *text, size_t length, uint32_t *point);

/* Whether a terminal shows it and does nothing else: no control character of either set, nothing
 * that turns the direction of text or breaks a line. */
int utf8_is_harmless(uint32_t point);

/* Copies `text` into `to` (size > 0), cut on a character; what is not harmless becomes '?'. */
void utf8_clean(char *to, size_t size, const char *text);

/* Columns of a terminal. Where the locale cannot say, a character is one. */
int utf8_width(const char *text);

#endif
