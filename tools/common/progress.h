/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

/* A line on stderr that says how far long work is: only on a terminal, and only once it has taken
 * half a second. */

#include <stdint.h>

struct progress {
    const char *what; /* "reading pauses" */
    int is_watched, is_shown;
    uint64_t done;
    int64_t next_ms;
};

void progress_begin(struct progress *progress, const char *what);

/* One more is done. */
void progress_step(struct progress *progress);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
