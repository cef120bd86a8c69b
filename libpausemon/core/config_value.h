/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_CONFIG_VALUE_H
#define PM_CORE_CONFIG_VALUE_H

/* TOML values, as far as the configuration has them. Pure, over bytes and an end. Functions
 * return 0, or a negative status with *why (static text: "a text without its closing quote"). */

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"

enum pm_value_kind {
    PM_VALUE_WORD, /* true, 5, 0.95 */
    PM_VALUE_TEXT,
    PM_VALUE_LIST
};

/* What begins at *at (behind blanks). */
enum pm_value_kind pm_value_kind(const char *at, const char *end);

/* Reads "text" or 'text' at *at and moves behind it; decodes escapes. Refuses what TOML has
 * beyond one line. */
int pm_value_text(const char **at, const char *end, char text[PM_CONFIG_TEXT_SIZE],
                  const char **why);

/* Reads a bare word at *at and moves behind it. */
int pm_value_word(const char **at, const char *end, char word[PM_CONFIG_TEXT_SIZE],
                  const char **why);

/* Walks a list: the first call with *at on its '['. Each reads the next item into `text` and
 * returns 1, or moves behind ']' and returns 0. */
int pm_value_item(const char **at, const char *end, bool first, char text[PM_CONFIG_TEXT_SIZE],
                  const char **why);

void pm_value_skip_blanks(const char **at, const char *end);

/* A whole TOML number; a decimal one in thousandths (PAUSEMON_ERR_LIMIT: more than three
 * decimals). */
int pm_value_int(const char *word, int64_t *value);
int pm_value_num(const char *word, int64_t *thousandths);

/* Writes "text" with escapes. `also` is one more character to escape, for a reader that has its
 * own idea of it; 0: none. Returns the bytes taken from `text`: as many as fit into `size`. */
size_t pm_value_quote(char *quoted, size_t size, const char *text, char also);

#endif
