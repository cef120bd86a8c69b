/* SPDX-License-Identifier: MIT */
#ifndef PAUSE_SUPPORT_H
#define PAUSE_SUPPORT_H

/* Pauses to test with. */

#include <stdio.h>

#include "core/pause.h"
#include "harness.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static inline struct pausemon_pause *new_pause(uint64_t cause, uint64_t duration_ns)
{
    struct pausemon_pause *pause;

    ck_assert_int_eq(pausemon_pause_new(&pause, NULL, NULL), 0);
    pause->info.cause = cause;
    pause->info.duration_ns = pause->info.lost_ns = duration_ns;
    pause->info.confidence = 945;
    return pause;
}

static inline struct pausemon_culprit *add_culprit(struct pausemon_pause *pause,
                                                   const char *command, uint64_t count,
                                                   uint64_t share)
{
    struct pausemon_culprit *culprit = &pause->culprits[pause->info.culprit_count++];

    *culprit = (struct pausemon_culprit){.size = sizeof *culprit, .pid = 41, .uid = -1};
    culprit->resource = pause->info.cause;
    culprit->count = count;
    culprit->share = share;
    snprintf(culprit->command, sizeof culprit->command, "%s", command);
    return culprit;
}

static inline void add_victim(struct pausemon_pause *pause, const char *command)
{
    struct pausemon_victim *victim = &pause->victims[pause->info.victim_count++];

    *victim = (struct pausemon_victim){.size = sizeof *victim, .pid = 9};
    victim->lost_ns = 2200 * MS;
    victim->how = PAUSEMON_LOSS_RUN_DELAY;
    snprintf(victim->command, sizeof victim->command, "%s", command);
}

#endif
