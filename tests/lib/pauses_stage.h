/* SPDX-License-Identifier: MIT */
#ifndef PAUSES_STAGE_H
#define PAUSES_STAGE_H

/* A monitor whose clock, processes, readings of the machine and heartbeat are the test's, and what
 * it tells. */

#include "engine/monitor.h"
#include "harness.h"

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define STAGE_ROWS 4
#define STAGE_PAUSES 32

struct stage {
    struct harness harness;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct player player;
    struct pausemon_row rows[STAGE_ROWS]; /* pid 1..: "init", "hog", "Xorg", "third" */
    struct pm_readings totals;            /* of the machine: nothing is known until it is set */
    struct pm_host host;
    struct pm_pulse *pulse; /* NULL until stage_watch */
    struct text told;       /* "S1 tier2_entry event1 pause1:cpu ", … */
    uint64_t stress;        /* of the last sample */
    size_t pause_count;
    struct pausemon_pause_info pauses[STAGE_PAUSES]; /* as they were told */
    struct pausemon_pause last;                      /* the whole of the last one */
};

/* At the defaults: a look a second, ratio 2, record 250 ms, forensics 2000 ms. Nothing was looked
 * at yet. */
void stage_open(struct stage *stage);

/* With an allocator and a clock of the caller's: NULL, the system's clock. */
void stage_open_clock(struct stage *stage, bool frozen);
void stage_close(struct stage *stage);

/* A setting, at once. */
void stage_set(struct stage *stage, const char *name, const char *value);

/* From now on a heartbeat watches, that the test beats. */
void stage_watch(struct stage *stage);

/* Milliseconds later: a dispatch, a look. */
void stage_dispatch(struct stage *stage, int64_t ms);
void stage_feed(struct stage *stage, int64_t ms);

/* A reading becomes known, and grows. */
void stage_grow(struct stage *stage, enum pm_reading which, int64_t ms);

/* A late beat that ended just now, explained by the growth of one reading for all of it. */
void stage_beat(struct stage *stage, int64_t length_ms, enum pm_reading why);

/* What was told since the last time is exactly this. */
void stage_check(struct stage *stage, const char *expected);

/* A culprit of the pause told last: its command, or "" past the last. */
const char *stage_culprit(const struct stage *stage, size_t index);

/* The pause told last. */
const struct pausemon_pause_info *stage_last(const struct stage *stage);

#endif
