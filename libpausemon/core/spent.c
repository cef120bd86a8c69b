/* SPDX-License-Identifier: MIT */
#include "core/spent.h"

#include <string.h>

#include "core/arith.h"
#include "core/table.h"

#define MAX_GENERATIONS 8

/* A child's time reaches its parent with one of the next looks. */
#define OWED_MARKS 5

/* Counters that are summed up. */
static const struct {
    uint64_t have;
    size_t row_offset, spent_offset;
} counters[] = {
    {PAUSEMON_HAVE_CPU, offsetof(struct pausemon_row, cpu_ns), offsetof(struct pm_spent, cpu_ns)},
    {PAUSEMON_HAVE_RUN_DELAY, offsetof(struct pausemon_row, run_delay_ns),
     offsetof(struct pm_spent, run_delay_ns)},
    {PAUSEMON_HAVE_IO_BYTES, offsetof(struct pausemon_row, io_bytes),
     offsetof(struct pm_spent, io_bytes)},
    {PAUSEMON_HAVE_PAGEINS, offsetof(struct pausemon_row, pageins),
     offsetof(struct pm_spent, pageins)},
};

void pm_mark_set(struct pm_mark *mark)
{
    mark->number++;
    mark->departed_count = 0;
}

static void begin(const struct pm_mark *mark, struct pm_entry *entry, int born)
{
    memset(&entry->spent, 0, sizeof entry->spent);
    entry->spent.mark = mark->number;
    if (born)
        return;
    if (entry->last.have & PAUSEMON_HAVE_MEM)
        entry->spent.mem_before = entry->last.mem;
    if (entry->last.have & PAUSEMON_HAVE_CMPRS)
        entry->spent.cmprs_before = entry->last.cmprs;
}

/* Child time that its children, seen before, had used already is none of its own. */
static void add_child_time(const struct pm_mark *mark, struct pm_entry *entry, uint64_t grown_ns)
{
    /* Somebody else may have waited for them. */
    if (entry->owed_mark + OWED_MARKS < mark->number)
        entry->owed_ns = 0;
    uint64_t owed_ns = entry->owed_ns < grown_ns ? entry->owed_ns : grown_ns;

    entry->owed_ns -= owed_ns;
    entry->spent.child_cpu_ns += grown_ns - owed_ns;
}

void pm_mark_add(const struct pm_mark *mark, struct pm_entry *entry, const struct pausemon_row *row,
                 int born)
{
    static const struct pausemon_row nothing;
    const struct pausemon_row *last = born ? &nothing : &entry->last;
    uint64_t both = born ? row->have : row->have & last->have & ~row->restarted;

    if (mark->number == 0)
        return;
    if (entry->spent.mark != mark->number)
        begin(mark, entry, born);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (both & counters[i].have)
            *pm_field(&entry->spent, counters[i].spent_offset) += pm_less(
                pm_value(row, counters[i].row_offset), pm_value(last, counters[i].row_offset));
    if (both & PAUSEMON_HAVE_CHILD_CPU)
        add_child_time(mark, entry, pm_less(row->child_cpu_ns, last->child_cpu_ns));
    /* Where only a rate is to be had. */
    if (!(row->have & PAUSEMON_HAVE_CPU) && entry->process.have & PAUSEMON_HAVE_CPU)
        entry->spent.cpu_ns += pm_mul_div(entry->process.cpu, entry->process.elapsed_ns, 1000);
    entry->spent.blocked_ns += entry->process.blocked_ns;
}

const struct pm_spent *pm_mark_get(const struct pm_mark *mark, const struct pm_entry *entry)
{
    return mark->number > 0 && entry->spent.mark == mark->number ? &entry->spent : NULL;
}

static struct pm_departed *room_for(struct pm_mark *mark, uint64_t cpu_ns)
{
    struct pm_departed *least = &mark->departed[0];

    if (mark->departed_count < PM_MAX_DEPARTED)
        return &mark->departed[mark->departed_count++];
    for (size_t i = 1; i < PM_MAX_DEPARTED; i++)
        if (mark->departed[i].spent.cpu_ns < least->spent.cpu_ns)
            least = &mark->departed[i];
    return least->spent.cpu_ns < cpu_ns ? least : NULL;
}

static const struct pm_departed *find_departed(const struct pm_mark *mark, int64_t pid)
{
    for (size_t i = 0; i < mark->departed_count; i++)
        if (mark->departed[i].pid == pid)
            return &mark->departed[i];
    return NULL;
}

struct pm_entry *pm_mark_survivor(const struct pm_table *table, int64_t ppid)
{
    for (int i = 0; i < MAX_GENERATIONS; i++) {
        uint32_t index = pm_map_get(&table->index, ppid);
        if (index != PM_MAP_NONE)
            return &table->entries[index];
        const struct pm_departed *parent = find_departed(&table->mark, ppid);
        if (!parent)
            return NULL;
        ppid = parent->ppid;
    }
    return NULL;
}

/* The look may have read the survivor before the child was waited for, or after. */
static void owe(struct pm_table *table, const struct pm_entry *entry)
{
    const struct pausemon_row *last = &entry->last;
    struct pm_entry *survivor =
        last->have & PAUSEMON_HAVE_PPID ? pm_mark_survivor(table, last->ppid) : NULL;
    uint64_t life_ns = entry->owed_ns;

    if (!survivor)
        return;
    life_ns += last->have & PAUSEMON_HAVE_CPU ? last->cpu_ns : 0;
    life_ns += last->have & PAUSEMON_HAVE_CHILD_CPU ? last->child_cpu_ns : 0;
    if (survivor->spent.mark == table->mark.number) {
        uint64_t told_ns =
            survivor->spent.child_cpu_ns < life_ns ? survivor->spent.child_cpu_ns : life_ns;
        survivor->spent.child_cpu_ns -= told_ns;
        life_ns -= told_ns;
    }
    survivor->owed_ns += life_ns;
    survivor->owed_mark = table->mark.number;
}

void pm_mark_depart(struct pm_table *table, const struct pm_entry *entry)
{
    struct pm_mark *mark = &table->mark;
    const struct pausemon_row *last = &entry->last;
    const struct pm_spent *spent = pm_mark_get(mark, entry);
    struct pm_departed *departed =
        mark->number > 0 ? room_for(mark, spent ? spent->cpu_ns : 0) : NULL;

    owe(table, entry);
    if (!departed)
        return;
    memset(departed, 0, sizeof *departed);
    departed->pid = last->pid;
    departed->ppid = last->have & PAUSEMON_HAVE_PPID ? last->ppid : 0;
    departed->start_time = last->have & PAUSEMON_HAVE_START_TIME ? last->start_time : 0;
    memcpy(departed->command, last->command, sizeof departed->command);
    departed->suspect = entry->process.suspect;
    if (spent)
        departed->spent = *spent;
    if (departed->spent.cpu_ns || entry->spent.mark + 1 == mark->number)
        departed->recent_cpu_ns = entry->spent.cpu_ns;
}
