/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_BLAME_H
#define PM_CORE_BLAME_H

/* Culprits and victims of a pause. A pause may be several freezes with ordinary life between them:
 * what processes did in each freeze is added up, by command, and then named. */

#include "core/pause.h"
#include "core/table.h"

#define PM_MAX_BLAMED 64

/* The processes of one command. */
struct pm_blamed {
    int64_t pid, start_time; /* of the one that took most in one freeze */
    uint64_t suspect;
    uint64_t largest; /* what that one took */
    uint64_t value;   /* what all took */
    uint64_t count;
    char command[PAUSEMON_COMMAND_SIZE];
};

struct pm_guilt {
    uint64_t cause; /* of the freezes added */
    uint64_t all;   /* what everybody took */
    size_t culprit_count, victim_count;
    struct pm_blamed culprits[PM_MAX_BLAMED];
    struct pausemon_victim victims[PM_MAX_BLAMED];
};

void pm_guilt_clear(struct pm_guilt *guilt);

/* Adds a freeze of this cause: what the table's processes spent and lost since the mark. Freezes of
 * another cause before it are forgotten. `own_pid` is not listed as a victim: that it was late is
 * the evidence. */
void pm_guilt_add(struct pm_guilt *guilt, const struct pm_table *table, uint64_t cause,
                  int64_t own_pid);

/* Names who took and who lost most in a pause whose lost time is set. `busy_ns`: what all CPUs ran
 * in it, 0 if unknown. */
void pm_guilt_name(const struct pm_guilt *guilt, struct pausemon_pause *pause, uint64_t busy_ns);

#endif
