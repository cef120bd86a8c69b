/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_TAKERS_H
#define PM_CORE_TAKERS_H

/* What each process took of one resource since the mark, those that ended too. */

#include "core/table.h"

struct pm_taker {
    int64_t pid, start_time;
    const char *command; /* in the table */
    uint64_t suspect, value;
};

struct pm_takers {
    const struct pm_table *table;
    uint64_t resource;                                 /* PAUSEMON_CAUSE_CPU, _MEMORY or _IO */
    const struct pm_entry *survivors[PM_MAX_DEPARTED]; /* of each departed; NULL: not known */
};

/* The table must not change while they are looked at. */
void pm_takers_init(struct pm_takers *takers, const struct pm_table *table, uint64_t resource);

/* The living first, then the departed. */
size_t pm_takers_count(const struct pm_takers *takers);
struct pm_taker pm_takers_get(const struct pm_takers *takers, size_t index);

#endif
