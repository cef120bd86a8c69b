/* SPDX-License-Identifier: MIT */
#include "core/takers.h"

#include <pausemon/pause.h>

#include "core/arith.h"

#define PAGE UINT64_C(4096) /* a page-in, in bytes: the least it can be */

/* Child time that nobody saw is most likely of the child that had used most when it was last seen,
 * its heir: its last moments. */

void pm_takers_init(struct pm_takers *takers, const struct pm_table *table, uint64_t resource)
{
    const struct pm_mark *mark = &table->mark;

    takers->table = table;
    takers->resource = resource;
    for (size_t i = 0; i < mark->departed_count; i++)
        takers->survivors[i] = mark->departed[i].recent_cpu_ns
                                   ? pm_mark_survivor(takers->table, mark->departed[i].ppid)
                                   : NULL;
}

/* The index of the departed that gets a survivor's unseen child time; PM_MAX_DEPARTED: none. */
static size_t heir_of(const struct pm_takers *takers, const struct pm_entry *survivor)
{
    const struct pm_mark *mark = &takers->table->mark;
    size_t heir = PM_MAX_DEPARTED;

    for (size_t i = 0; i < mark->departed_count; i++)
        if (takers->survivors[i] == survivor &&
            (heir == PM_MAX_DEPARTED ||
             mark->departed[i].recent_cpu_ns > mark->departed[heir].recent_cpu_ns))
            heir = i;
    return heir;
}

static uint64_t taken_by(const struct pm_takers *takers, const struct pm_entry *entry)
{
    const struct pm_spent *spent = pm_mark_get(&takers->table->mark, entry);

    if (!spent)
        return 0;
    if (takers->resource == PAUSEMON_CAUSE_IO)
        return spent->io_bytes + spent->pageins * PAGE;
    if (takers->resource == PAUSEMON_CAUSE_MEMORY)
        return pm_less(entry->last.mem, spent->mem_before) + spent->pageins * PAGE +
               pm_less(entry->last.cmprs, spent->cmprs_before);
    bool inherited = spent->child_cpu_ns > 0 && heir_of(takers, entry) < PM_MAX_DEPARTED;
    return spent->cpu_ns + (inherited ? 0 : spent->child_cpu_ns);
}

static uint64_t taken_by_departed(const struct pm_takers *takers, size_t index)
{
    const struct pm_mark *mark = &takers->table->mark;
    const struct pm_spent *spent = &mark->departed[index].spent, *parent;
    const struct pm_entry *survivor = takers->survivors[index];

    if (takers->resource == PAUSEMON_CAUSE_IO)
        return spent->io_bytes + spent->pageins * PAGE;
    if (takers->resource == PAUSEMON_CAUSE_MEMORY)
        return spent->pageins * PAGE; /* what it had grown by is given back */
    parent = survivor && heir_of(takers, survivor) == index ? pm_mark_get(mark, survivor) : NULL;
    return spent->cpu_ns + (parent ? parent->child_cpu_ns : 0);
}

size_t pm_takers_count(const struct pm_takers *takers)
{
    return takers->table->count + takers->table->mark.departed_count;
}

struct pm_taker pm_takers_get(const struct pm_takers *takers, size_t index)
{
    const struct pm_table *table = takers->table;

    if (index < table->count) {
        const struct pm_entry *entry = &table->entries[index];
        return (struct pm_taker){entry->process.pid, entry->process.start_time,
                                 entry->process.command, entry->process.suspect,
                                 taken_by(takers, entry)};
    }
    const struct pm_departed *departed = &table->mark.departed[index - table->count];
    return (struct pm_taker){departed->pid, departed->start_time, departed->command,
                             departed->suspect, taken_by_departed(takers, index - table->count)};
}
