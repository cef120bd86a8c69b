/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_INPUT_H
#define PM_SOURCES_INPUT_H

/* The bytes of a recording: from a file or from memory. */

#include <stdbool.h>

#include "base/buffer.h"
#include "sources/source.h"

struct pm_input {
    int fd; /* -1: memory */
    const char *bytes;
    size_t left;
    char name[512]; /* "top:FILE", for messages */
};

int pm_input_open(struct pm_input *input, const char *kind, const struct pm_opener_input *given,
                  struct pausemon_error *error);
void pm_input_close(struct pm_input *input);

/* Adds what comes next to the buffer: 1, 0 at the end, or a negative status. */
int pm_input_fill(struct pm_input *input, struct pm_buffer *buffer, struct pausemon_error *error);

#endif
