/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_TEXT_H
#define PM_BASE_TEXT_H

/* Text from outside is bytes and a length; it is never assumed to end in NUL. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the valid UTF-8 character at `bytes`, 1..4; 0 if there is none. */
size_t pm_utf8_length(const char *bytes, size_t length);

/* Whether all of it is UTF-8 without a NUL. */
bool pm_text_is_utf8(const char *bytes, size_t length);

/* Copies text for people into `to` (size > 0, NUL-terminated): cuts on a
 * character, and every byte of what a terminal could take for a command or a trick (control
 * characters of both sets, direction overrides, invalid bytes) becomes '?'. */
void pm_text_clean(char *to, size_t size, const char *bytes, size_t length);

/* Decimal digits from *at (before `end`); moves *at behind them. False without a digit, or when
 * the number does not fit: *at is then undefined. */
bool pm_parse_u64(const char **at, const char *end, uint64_t *value);

/* Whether the bytes are exactly this word. */
bool pm_text_is(const char *bytes, size_t length, const char *word);

/* Whether there is nothing but spaces. */
bool pm_text_is_blank(const char *bytes, size_t length);

bool pm_text_starts(const char *bytes, size_t length, const char *word);

/* Whether `text` holds `part`, ASCII letters in any case. */
bool pm_text_contains_nocase(const char *text, const char *part);

#endif
