/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_COUNTERS_PARSE_H
#define PM_FORENSICS_COUNTERS_PARSE_H

/* The texts of pressure.json, over bytes and a length. Pure. */

#include "forensics/counters.h"

/* Of one file; what is beyond them is left out, and said. With them the JSON is below 1 MiB. */
#define PM_COUNTER_NAME 128
#define PM_COUNTER_ENTRIES 512
#define PM_COUNTER_FIELDS 17

struct pm_counter_field {
    const char *name; /* as it is told: with its unit */
    bool is_level;    /* may fall: both values are told */
};

/* A named number, or several: "pgfault", or "vda" with what the disk did. */
struct pm_counter_entry {
    char name[PM_COUNTER_NAME];            /* clean */
    const struct pm_counter_field *fields; /* NULL: one number, of this name */
    bool is_level;                         /* of one number */
    size_t count;
    int64_t values[PM_COUNTER_FIELDS]; /* not negative */
};

struct pm_counter_table {
    size_t count;
    bool incomplete; /* a line was not understood, said again, or one too many */
    struct pm_counter_entry entries[PM_COUNTER_ENTRIES]; /* each name once */
};

/* Below /proc; `index` < PM_COUNTER_FILES. */
const char *pm_counters_path(size_t index);

/* The object of the JSON it is told in; *member becomes that in it, or NULL. Files of one group
 * follow each other. */
const char *pm_counters_group(size_t index, const char **member);

/* Only whole lines count. */
void pm_counters_parse(struct pm_counter_table *table, size_t index, const char *bytes,
                       size_t length, uint64_t ticks_per_s);

#endif
