/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_WORDS_H
#define PM_FORENSICS_WORDS_H

/* The command line of a program, made of templates. */

#include "forensics/capture.h"

#define PM_WORDS_MAX 96    /* its NULL included */
#define PM_WORDS_TEXT 8192 /* of all of them */

struct pm_words {
    size_t count, used;
    const char *argv[PM_WORDS_MAX];
    char text[PM_WORDS_TEXT];
};

/* What a template may name: see struct pm_step. */
struct pm_values {
    const struct pm_capture *capture;
    const char *name; /* of the artifact */
    int64_t since_s, until_s;
};

void pm_words_init(struct pm_words *words);

/* False: there is no room. */
bool pm_words_add(struct pm_words *words, const char *word);
bool pm_words_expand(struct pm_words *words, const char *template, const struct pm_values *values);

#endif
