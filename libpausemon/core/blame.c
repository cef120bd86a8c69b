/* SPDX-License-Identifier: MIT */
#include "core/blame.h"

#include <string.h>

#include "core/arith.h"

#define PAGE UINT64_C(4096) /* a page-in, in bytes: the least it can be */

/* Who took less is no culprit, in thousandths; who did less than a twentieth of what the busiest of
 * its command did is not counted. */
#define LEAST_SHARE 50
#define COUNTED_PART 20

/* Who lost less is no victim. */
#define LEAST_LOSS_NS UINT64_C(20000000)

struct taker {
    int64_t pid, start_time;
    const char *command;
    uint64_t suspect, value;
};

/* ---- children that ended: their time is their parent's child time ---- */

#define MAX_GENERATIONS 8

/* What a departed process and its departed children had used when last seen: of that the parent's
 * child time tells nothing new. */
static uint64_t seen_ns(const struct pm_mark *mark, const struct pm_departed *of, int generation)
{
    uint64_t children = 0;

    for (size_t i = 0; i < mark->departed_count && generation < MAX_GENERATIONS; i++)
        if (mark->departed[i].ppid == of->pid)
            children += seen_ns(mark, &mark->departed[i], generation + 1);
    return of->total_cpu_ns +
           (children > of->total_child_cpu_ns ? children : of->total_child_cpu_ns);
}

/* The rest of a living process's child time. */
static uint64_t unseen_ns(const struct pm_mark *mark, int64_t pid, uint64_t child_cpu_ns)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < mark->departed_count && child_cpu_ns > 0; i++)
        if (mark->departed[i].ppid == pid)
            seen += seen_ns(mark, &mark->departed[i], 0);
    return child_cpu_ns > seen ? child_cpu_ns - seen : 0;
}

static const struct pm_departed *departed_at(const struct pm_mark *mark, int64_t pid)
{
    for (size_t i = 0; i < mark->departed_count; i++)
        if (mark->departed[i].pid == pid)
            return &mark->departed[i];
    return NULL;
}

/* The nearest process above it that lives: who waited for it in the end. -1: not known. */
static int64_t survivor_of(const struct pm_table *table, const struct pm_departed *departed)
{
    for (int i = 0; departed && i < MAX_GENERATIONS; i++) {
        if (pm_map_get(&table->index, departed->ppid) != PM_MAP_NONE)
            return departed->ppid;
        departed = departed_at(&table->mark, departed->ppid);
    }
    return -1;
}

/* Of those that departed below a living process the one that had used most: what they used after
 * they were last seen was most likely its. NULL: none had used anything. */
static const struct pm_departed *heir_of(const struct pm_table *table, int64_t pid)
{
    const struct pm_mark *mark = &table->mark;
    const struct pm_departed *most = NULL;

    for (size_t i = 0; i < mark->departed_count; i++) {
        const struct pm_departed *departed = &mark->departed[i];
        if (departed->spent.cpu_ns > (most ? most->spent.cpu_ns : 0) &&
            survivor_of(table, departed) == pid)
            most = departed;
    }
    return most;
}

/* ---- what one process took ---- */

static uint64_t growth(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

static uint64_t taken_by(const struct pm_table *table, uint64_t resource,
                         const struct pm_entry *entry)
{
    const struct pm_spent *spent = pm_mark_get(&table->mark, entry);

    if (!spent)
        return 0;
    if (resource == PAUSEMON_CAUSE_IO)
        return spent->io_bytes + spent->pageins * PAGE;
    if (resource == PAUSEMON_CAUSE_MEMORY)
        return growth(spent->mem_before, entry->last.mem) + spent->pageins * PAGE +
               growth(spent->cmprs_before, entry->last.cmprs);
    uint64_t unseen = unseen_ns(&table->mark, entry->process.pid, spent->child_cpu_ns);
    if (unseen > 0 && heir_of(table, entry->process.pid))
        unseen = 0; /* taken_by_departed has it */
    return spent->cpu_ns + unseen;
}

static uint64_t last_moments_ns(const struct pm_table *table, const struct pm_departed *departed)
{
    int64_t survivor = departed->spent.cpu_ns > 0 ? survivor_of(table, departed) : -1;
    uint32_t index = survivor < 0 ? PM_MAP_NONE : pm_map_get(&table->index, survivor);

    if (index == PM_MAP_NONE || heir_of(table, survivor) != departed)
        return 0;
    const struct pm_spent *spent = pm_mark_get(&table->mark, &table->entries[index]);
    return spent ? unseen_ns(&table->mark, survivor, spent->child_cpu_ns) : 0;
}

static uint64_t taken_by_departed(const struct pm_table *table, uint64_t resource,
                                  const struct pm_departed *departed)
{
    const struct pm_spent *spent = &departed->spent;

    if (resource == PAUSEMON_CAUSE_IO)
        return spent->io_bytes + spent->pageins * PAGE;
    if (resource == PAUSEMON_CAUSE_MEMORY)
        return spent->pageins * PAGE; /* what it had grown by is given back */
    return spent->cpu_ns + last_moments_ns(table, departed);
}

static size_t taker_count(const struct pm_table *table)
{
    return table->count + table->mark.departed_count;
}

/* The living first, then the departed. */
static struct taker taker_at(const struct pm_table *table, uint64_t resource, size_t index)
{
    if (index < table->count) {
        const struct pm_entry *entry = &table->entries[index];
        return (struct taker){entry->process.pid, entry->process.start_time, entry->process.command,
                              entry->process.suspect, taken_by(table, resource, entry)};
    }
    const struct pm_departed *departed = &table->mark.departed[index - table->count];
    return (struct taker){departed->pid, departed->start_time, departed->command, departed->suspect,
                          taken_by_departed(table, resource, departed)};
}

/* ---- groups of one command ---- */

#define MAX_GROUPS 64

struct group {
    struct taker first; /* the one that took most */
    uint64_t value, count;
};

struct groups {
    size_t count;
    struct group list[MAX_GROUPS];
};

static struct group *group_of(struct groups *groups, const char *command)
{
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->list[i].first.command, command) == 0)
            return &groups->list[i];
    return NULL;
}

static struct group *smallest(struct groups *groups)
{
    struct group *group = &groups->list[0];

    for (size_t i = 1; i < groups->count; i++)
        if (groups->list[i].first.value < group->first.value)
            group = &groups->list[i];
    return group;
}

/* Each command's largest taker; of more commands than there is room for, the largest. */
static void lead(struct groups *groups, const struct taker *taker)
{
    struct group *group = group_of(groups, taker->command);

    if (!group && groups->count < MAX_GROUPS) {
        groups->list[groups->count++].first = *taker;
        return;
    }
    group = group ? group : smallest(groups);
    if (taker->value > group->first.value)
        group->first = *taker;
}

static void sort(struct groups *groups)
{
    for (size_t i = 1; i < groups->count; i++) {
        struct group moved = groups->list[i];
        size_t at = i;
        for (; at > 0 && groups->list[at - 1].value < moved.value; at--)
            groups->list[at] = groups->list[at - 1];
        groups->list[at] = moved;
    }
}

/* Returns what all took together. */
static uint64_t gather(struct groups *groups, const struct pm_table *table, uint64_t resource)
{
    uint64_t all = 0;

    groups->count = 0;
    for (size_t i = 0; i < taker_count(table); i++) {
        struct taker taker = taker_at(table, resource, i);
        all += taker.value;
        if (taker.value > 0)
            lead(groups, &taker);
    }
    for (size_t i = 0; i < groups->count; i++)
        groups->list[i].value = groups->list[i].count = 0;
    for (size_t i = 0; i < taker_count(table); i++) {
        struct taker taker = taker_at(table, resource, i);
        struct group *group = taker.value > 0 ? group_of(groups, taker.command) : NULL;
        if (!group)
            continue;
        group->value += taker.value;
        group->count += taker.value >= group->first.value / COUNTED_PART;
    }
    sort(groups);
    return all;
}

static void name_culprits(struct pausemon_pause *pause, const struct pm_table *table,
                          uint64_t busy_ns)
{
    uint64_t resource = pause->info.cause;
    struct groups groups;
    uint64_t all = gather(&groups, table, resource);

    /* Processes that came and went between two looks took their part too. */
    if (resource == PAUSEMON_CAUSE_CPU && busy_ns > all)
        all = busy_ns;
    for (size_t i = 0; i < groups.count && pause->info.culprit_count < PAUSEMON_MAX_PARTIES; i++) {
        const struct group *group = &groups.list[i];
        uint64_t share = pm_mul_div(group->value, 1000, all);
        if (share < LEAST_SHARE)
            break;
        struct pausemon_culprit *culprit = &pause->culprits[pause->info.culprit_count++];
        memset(culprit, 0, sizeof *culprit);
        culprit->size = sizeof *culprit;
        culprit->pid = group->first.pid;
        culprit->start_time = group->first.start_time;
        culprit->resource = resource;
        culprit->share = share;
        culprit->count = group->count;
        culprit->suspect = group->first.suspect;
        culprit->uid = -1;
        memcpy(culprit->command, group->first.command, sizeof culprit->command);
    }
}

/* ---- victims ---- */

static bool is_culprit(const struct pausemon_pause *pause, const char *command)
{
    for (size_t i = 0; i < pause->info.culprit_count; i++)
        if (strcmp(pause->culprits[i].command, command) == 0)
            return true;
    return false;
}

/* Where the list has the command already, or the least of a full list, if this one lost more. */
static struct pausemon_victim *place_for(struct pausemon_pause *pause, const char *command,
                                         uint64_t lost_ns)
{
    struct pausemon_victim *least = NULL;

    for (size_t i = 0; i < pause->info.victim_count; i++) {
        struct pausemon_victim *victim = &pause->victims[i];
        if (strcmp(victim->command, command) == 0)
            return lost_ns > victim->lost_ns ? victim : NULL;
        if (!least || victim->lost_ns < least->lost_ns)
            least = victim;
    }
    if (pause->info.victim_count < PAUSEMON_MAX_PARTIES)
        return &pause->victims[pause->info.victim_count++];
    return least->lost_ns < lost_ns ? least : NULL;
}

static void sort_victims(struct pausemon_pause *pause)
{
    for (size_t i = 1; i < pause->info.victim_count; i++) {
        struct pausemon_victim moved = pause->victims[i];
        size_t at = i;
        for (; at > 0 && pause->victims[at - 1].lost_ns < moved.lost_ns; at--)
            pause->victims[at] = pause->victims[at - 1];
        pause->victims[at] = moved;
    }
}

/* What has no memory of its own is the kernel's: its threads may cause, nobody sees them suffer. */
static bool is_kernel(const struct pausemon_process *process)
{
    return process->have & PAUSEMON_HAVE_MEM && process->mem == 0;
}

static void name_victims(struct pausemon_pause *pause, const struct pm_table *table,
                         int64_t own_pid)
{
    uint64_t tenth = pause->info.lost_ns / 10;
    uint64_t least = tenth > LEAST_LOSS_NS ? tenth : LEAST_LOSS_NS;

    for (size_t i = 0; i < table->count; i++) {
        const struct pausemon_process *process = &table->entries[i].process;
        const struct pm_spent *spent = pm_mark_get(&table->mark, &table->entries[i]);
        if (!spent || process->pid == own_pid || is_kernel(process) ||
            is_culprit(pause, process->command))
            continue;
        bool waited = spent->run_delay_ns >= spent->blocked_ns;
        uint64_t lost_ns = waited ? spent->run_delay_ns : spent->blocked_ns;
        struct pausemon_victim *victim =
            lost_ns >= least ? place_for(pause, process->command, lost_ns) : NULL;
        if (!victim)
            continue;
        memset(victim, 0, sizeof *victim);
        victim->size = sizeof *victim;
        victim->pid = process->pid;
        victim->lost_ns = lost_ns;
        victim->how = waited ? PAUSEMON_LOSS_RUN_DELAY : PAUSEMON_LOSS_BLOCKED;
        memcpy(victim->command, process->command, sizeof victim->command);
    }
    sort_victims(pause);
}

void pm_blame_pause(struct pausemon_pause *pause, const struct pm_table *table, uint64_t busy_ns,
                    int64_t own_pid)
{
    uint64_t cause = pause->info.cause;
    bool contended =
        cause == PAUSEMON_CAUSE_CPU || cause == PAUSEMON_CAUSE_MEMORY || cause == PAUSEMON_CAUSE_IO;

    pause->info.culprit_count = pause->info.victim_count = 0;
    if (contended)
        name_culprits(pause, table, busy_ns);
    if (contended || cause == PAUSEMON_CAUSE_UNKNOWN)
        name_victims(pause, table, own_pid);
}
