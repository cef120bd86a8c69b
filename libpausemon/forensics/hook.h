/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_HOOK_H
#define PM_FORENSICS_HOOK_H

/* forensics.hook: a program that is run once for each pause, one at a time, with the incident as
 * JSON on its stdin. Nothing depends on how it ends. */

#include "base/buffer.h"
#include "core/pause.h"
#include "forensics/errand.h"

#define PM_HOOKS_MAX 8

struct pausemon_forensics;

struct pm_hook {
    struct pausemon_pause pause;
    char capture[PAUSEMON_CAPTURE_NAME_SIZE]; /* "": none */
};

struct pm_hooks {
    struct pm_hook waiting[PM_HOOKS_MAX]; /* a ring */
    size_t first, count;
    int64_t limit_ns; /* for tests: ten seconds */
    int64_t last_id;  /* of the newest pause that was taken */
    bool is_refused;  /* the program was: that was logged */
    bool is_full;     /* there was no room: that was logged */
    struct pm_errand errand;
    char path[1024];
    const char *argv[2];
    struct pm_buffer input;
};

void pm_hooks_init(struct pausemon_forensics *forensics);
void pm_hooks_free(struct pausemon_forensics *forensics);

/* A pause was told, and led to this capture, or was merged into it; NULL: it has none. */
void pm_hooks_offer(struct pausemon_forensics *forensics, const struct pausemon_pause *pause,
                    const char *capture);

/* Runs what waits, until a capture is due, or one could have taken all its time: the rest waits for
 * the next call. */
void pm_hooks_run(struct pausemon_forensics *forensics);

#endif
