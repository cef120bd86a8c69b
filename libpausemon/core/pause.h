/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_PAUSE_H
#define PM_CORE_PAUSE_H

#include <pausemon/pause.h>

#include <stdbool.h>

#include "base/host.h"

struct pausemon_pause {
    struct pm_host host;
    struct pausemon_pause_info info;
    struct pausemon_evidence evidence[PAUSEMON_MAX_EVIDENCE];
    struct pausemon_culprit culprits[PAUSEMON_MAX_PARTIES];
    struct pausemon_victim victims[PAUSEMON_MAX_PARTIES];
};

/* In place, for a pause that is part of something else. */
void pm_pause_init(struct pausemon_pause *pause, const struct pm_host *host);

/* Empty again; the host stays. */
void pm_pause_clear(struct pausemon_pause *pause);

/* Adds a reading; beyond PAUSEMON_MAX_EVIDENCE it is left out. */
void pm_pause_add_evidence(struct pausemon_pause *pause, const char *name, int64_t value,
                           uint64_t window_ns);

/* One row a cause: its name, and how it is told: "froze" 2.31 s: "cpu starvation". */
struct pm_cause {
    const char *name, *verb, *phrase;
    int measured; /* the confidence says something */
    int blames;   /* somebody on this machine caused it: culprits are named */
    int suffers;  /* programs here stood still and knew it: victims are named */
};

/* Never NULL: what is no cause is unknown. */
const struct pm_cause *pm_cause_get(uint64_t cause);

/* A freeze of so long: critical, and worth evidence. */
bool pm_pause_is_long(const struct pausemon_pause_info *info, uint64_t least_ns);

#endif
