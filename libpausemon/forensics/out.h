/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_OUT_H
#define PM_FORENSICS_OUT_H

/* A file of a capture that is being written, with its bound. */

#include "base/error.h"

struct pm_out {
    int fd;
    uint64_t bytes, most;
    struct pausemon_error *why; /* what went wrong when a write failed */
};

/* A pausemon_write_fn: `out` is a struct pm_out. Past the bound nothing is written. */
int pm_out_write(void *out, const char *bytes, size_t length);
int pm_out_text(struct pm_out *out, const char *text);
int pm_out_format(struct pm_out *out, const char *format, ...) PM_PRINTF(2, 3);

/* "cut at 64 MiB" */
int pm_out_cut(uint64_t most, struct pausemon_error *why);

#endif
