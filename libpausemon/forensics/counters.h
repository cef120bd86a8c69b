/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_COUNTERS_H
#define PM_FORENSICS_COUNTERS_H

/* pressure.json: what the kernel's counters (PSI, vmstat, stat, diskstats, interrupts) grew by from
 * before a pause until after it. Pure but for pm_counters_read. Linux; elsewhere there are none. */

#include <stdbool.h>

#include "base/buffer.h"
#include "base/host.h"

#define PM_COUNTER_FILES 7
#define PM_COUNTER_TEXT ((size_t)256 << 10) /* of one file; the rest is cut, and said */

/* The texts as read at one moment. */
struct pm_counters {
    int64_t at_ns; /* host's monotonic; 0: never read */
    struct pm_buffer texts[PM_COUNTER_FILES];
    bool cut[PM_COUNTER_FILES];
    uint64_t ticks_per_s; /* of the CPU times in stat */
};

void pm_counters_init(struct pm_counters *counters, const struct pm_host *host);
void pm_counters_free(struct pm_counters *counters);

/* Reads all files below `root` ("/proc"). One that is not there is empty. PAUSEMON_ERR_NOMEM. */
int pm_counters_read(struct pm_counters *counters, const char *root, const struct pm_host *host);

/* The differences as one JSON object: {"window_ms":…, "pressure":{"memory":{"some_us":…}},
 * "vmstat":{…}, "stat":{…}, "diskstats":{"vda":{…}}, "interrupts":{…}, "missing":[…],
 * "incomplete":[…]}, below 1 MiB. What did not change is left out; a counter that fell, and a name
 * that is not in both, is null; of a level (nr_dirty, in_flight) both values are told, as
 * {"before":…, "after":…}. Missing: files that were not read both times; incomplete: those that
 * were cut or have lines that were not understood. PAUSEMON_ERR_NOMEM, or what `write` gave. */
int pm_counters_write(const struct pm_counters *before, const struct pm_counters *after,
                      pausemon_write_fn write, void *user);

#endif
