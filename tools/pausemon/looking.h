/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_LOOKING_H
#define PAUSEMON_LOOKING_H

/* What `sample` and `record` share: a configuration, a source, and a pace. */

#include <pausemon/pausemon.h>

#include "common/args.h"

#define LOOKING_OPTIONS                                                                            \
    {"count", 'n', "N", "how many; 0: until interrupted"},                                         \
        {"interval", 'i', "SEC", "time between two looks, 0.1 to 60 (default 1)"},                 \
        {"source", 0, "SPEC", "auto, procfs[:ROOT], top, top:FILE, replay:FILE"},                  \
    {                                                                                              \
        "config", 0, "FILE", "configuration instead of the one in force"                           \
    }

struct looking {
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_host host;
    int is_recording; /* it has its own time and ends by itself */
    int64_t count;    /* -n; -1 if not given */
    int interval_ms;
};

/* 0, or an exit code after a line on stderr. Close it in any case. */
int looking_open(struct looking *looking, const struct args *args);
void looking_close(struct looking *looking);

/* Waits for the descriptor (-1: none) or the time to pass (-1: for ever). */
void looking_wait(int fd, int timeout_ms);

/* From now on an interrupt only makes looking_is_interrupted say so. */
void looking_catch_interrupt(void);
int looking_is_interrupted(void);

#endif
