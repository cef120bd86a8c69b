/* SPDX-License-Identifier: MIT */
#ifndef PM_FORMATS_CONFIG_PREPASS_H
#define PM_FORMATS_CONFIG_PREPASS_H

/* TOML in, lines out that every build of inih reads right: under 200 bytes, no comments, no
 * indentation, no ';' and nothing outside ASCII control that it would take for its own. Refuses
 * what TOML has beyond one-line values. Pure, over bytes and a length.
 *
 * A value goes out as
 *   key = word            a number, true, false
 *   key = "text"          with escapes as in TOML
 *   key = [               a list begins, empty
 *   key = ["text"         and has this item
 * and a text that is too long for one line as several that end in '+', save the last. */

#include <stdbool.h>

#include "core/config.h"

#define PM_PREPASS_LINE 200 /* what Debian's inih holds, with the NUL */
#define PM_PREPASS_NAME 50  /* a section or a key, with the NUL */

enum pm_prepass_kind {
    PM_PREPASS_END,
    PM_PREPASS_SECTION, /* line: "[name]" */
    PM_PREPASS_VALUE,   /* line: "key = …" */
    PM_PREPASS_ERROR    /* `error` says what; goes on with the next line */
};

struct pm_prepass {
    const char *at, *end; /* the rest of the text */
    const char *start;    /* of the line that is being read */
    int64_t line;         /* of what came out last */
    /* A value that is not all out yet. */
    char key[PM_PREPASS_NAME];
    const char *list, *list_end; /* the next item is here; NULL: no list is going on */
    bool in_item;
    char text[PM_CONFIG_TEXT_SIZE];
    size_t text_out; /* how much of `text` went out */
    bool text_left;
};

void pm_prepass_init(struct pm_prepass *prepass, const char *text, size_t length);

enum pm_prepass_kind pm_prepass_next(struct pm_prepass *prepass, char line[PM_PREPASS_LINE],
                                     struct pausemon_error *error);

#endif
