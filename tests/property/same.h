/* SPDX-License-Identifier: MIT */
#ifndef SAME_H
#define SAME_H

/* Whether two processes or samples are the same, and if not, what differed first. */

#include <pausemon/pausemon.h>
#include <stdbool.h>

enum same_part {
    SAME_TEXT = 1,    /* what stands in JSON */
    SAME_BLAME = 2,   /* what is for blame only, and rates' elapsed time */
    SAME_BLOCKED = 4, /* time in uninterruptible wait */
    SAME_ALL = 7
};

struct same_what {
    char text[512]; /* "rogue 3, pid 17: mem is 5, expected 7" */
};

/* `parts`: bits of enum same_part. */
bool same_process(struct same_what *what, const struct pausemon_process *is,
                  const struct pausemon_process *expected, unsigned parts);

/* All of it but cost_us and stress. */
bool same_counts(struct same_what *what, const struct pausemon_sample_info *is,
                 const struct pausemon_sample_info *expected);

/* Two samples of the library, whole; cost_us is the machine's affair. */
bool same_sample(struct same_what *what, const struct pausemon_sample *is,
                 const struct pausemon_sample *expected);

#endif
