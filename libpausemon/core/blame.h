/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_BLAME_H
#define PM_CORE_BLAME_H

#include "core/pause.h"
#include "core/table.h"

/* Names culprits and victims of a pause whose cause and lost time are set, from what the table's
 * processes spent since the mark. `busy_ns`: what all CPUs ran in that time, 0 if unknown.
 * `own_pid` is not listed as a victim: that it was late is the evidence. */
void pm_blame_pause(struct pausemon_pause *pause, const struct pm_table *table, uint64_t busy_ns,
                    int64_t own_pid);

#endif
