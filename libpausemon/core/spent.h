/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_SPENT_H
#define PM_CORE_SPENT_H

/* What each process used and lost since a mark, over as many looks as came after it: for blame.
 * Nothing is touched for a process that did nothing. */

#include <pausemon/process.h>

/* Sums of growth. */
struct pm_spent {
    uint64_t mark; /* of which mark this is; of another: nothing was spent */
    uint64_t cpu_ns, run_delay_ns, io_bytes, pageins, blocked_ns;
    uint64_t child_cpu_ns;             /* of children that ended and that no look had seen */
    uint64_t mem_before, cmprs_before; /* at the first look after the mark */
};

/* Who ended since the mark, as it was last seen. */
struct pm_departed {
    int64_t pid, ppid, start_time;
    char command[PAUSEMON_COMMAND_SIZE];
    uint64_t suspect;
    uint64_t recent_cpu_ns; /* since the mark, or if that is nothing since the one before */
    struct pm_spent spent;
};

#define PM_MAX_DEPARTED 64 /* beyond it those with the most CPU time stay */

struct pm_mark {
    uint64_t number; /* 0: never marked */
    size_t departed_count;
    struct pm_departed departed[PM_MAX_DEPARTED];
};

struct pm_entry;
struct pm_table;

/* Everything spent so far is forgotten. */
void pm_mark_set(struct pm_mark *mark);

/* After `entry->process` was judged: adds what the new row has over entry->last. `born`: all that
 * its counters say was spent since the mark. */
void pm_mark_add(const struct pm_mark *mark, struct pm_entry *entry, const struct pausemon_row *row,
                 int born);

/* An entry that goes, and is out of the table's index. What it had used in its life, with its
 * children, is about to become child time of who waits for it: nobody is to blame for it twice. */
void pm_mark_depart(struct pm_table *table, const struct pm_entry *entry);

/* The nearest living process above a departed one: who waited for it in the end. NULL: not known.
 */
struct pm_entry *pm_mark_survivor(const struct pm_table *table, int64_t ppid);

/* NULL if it spent nothing since the mark. */
const struct pm_spent *pm_mark_get(const struct pm_mark *mark, const struct pm_entry *entry);

#endif
