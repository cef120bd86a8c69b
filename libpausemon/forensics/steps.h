/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_STEPS_H
#define PM_FORENSICS_STEPS_H

/* What a capture is made of: one row an artifact, one table a system. Both tables are compiled
 * everywhere, so that each is tested everywhere. */

#include <pausemon/forensics.h>
#include <stdbool.h>

#include "base/error.h"

#define PM_STEPS_MAX 12
#define PM_TOOLS_MAX 6 /* of them, programs */

struct pm_capture;
struct pm_words;
struct pm_out;
struct pm_probe;

struct pm_step {
    const char *name; /* of the artifact, and of its file */
    /* What is in memory, or quickly read. 0, or a status and why; with 0 `why` may hold a remark.
     * NULL: a program. */
    int (*write)(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);
    /* The first of these paths that is there, with these words behind it. In a word stand {since}
     * and {until} for the ends of the window in seconds since 1970, {last} for its seconds, {file}
     * for the path of the artifact. `words`, if not NULL, adds more; false: there is nothing to do.
     */
    const char *const *programs, *const *arguments;
    bool (*words)(struct pm_capture *capture, struct pm_words *words);
    /* In its place when it is not there or yields nothing; NULL: nothing. `instead_text` tells it.
     */
    int (*instead)(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);
    const char *instead_name;
    size_t limit;    /* where struct pausemon_config has its seconds */
    bool of_moment;  /* it comes before the moment is given back: those rows are first */
    bool makes_file; /* it writes {file} itself; else its stdout is the artifact */
    bool is_text;    /* its output is cleaned */
    bool needs_root;
    /* The setting that switches it on, and where struct pausemon_config has it; NULL: always. */
    const char *setting;
    size_t setting_at;
    /* What can be had, beyond a program that is there, and root. NULL: all. */
    void (*probe)(struct pm_probe *probe);
};

struct pm_steps {
    const struct pm_step *rows;
    size_t count;
    bool keeps_counters; /* pressure.json is one of them */
};

extern const struct pm_steps pm_steps_linux, pm_steps_darwin;

/* Of this system. */
const struct pm_steps *pm_steps_here(void);

#endif
