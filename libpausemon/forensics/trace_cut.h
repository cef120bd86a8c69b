/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_TRACE_CUT_H
#define PM_FORENSICS_TRACE_CUT_H

/* The text of a kernel trace on its way into a file: its heading (the first lines that begin with
 * '#') and of the rest whole lines only, so that it opens where traces are looked at. Bytes come
 * in pieces. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include <pausemon/common.h>

struct pm_trace_cut {
    /* Set before the first piece; the rest is 0. */
    pausemon_write_fn write;
    void *user;
    uint64_t skip; /* bytes behind the heading that are left out, up to the end of their line */
    uint64_t most; /* bytes that are written; further lines are left out */
    /* How it goes. */
    uint64_t total, heading, written; /* bytes: seen, of them in the heading, handed on */
    bool is_behind;                   /* the heading */
    bool is_full;
    size_t used; /* of the line that is being put together */
    char line[4096];
};

/* 0, or what `write` gave. A line that is too long, of which the kernel has none, becomes several.
 * What a terminal could take for a command becomes '?'. */
int pm_trace_cut_feed(struct pm_trace_cut *cut, const char *bytes, size_t length);

#endif
