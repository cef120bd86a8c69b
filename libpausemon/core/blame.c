/* SPDX-License-Identifier: MIT */
#include "core/blame.h"

#include <string.h>

#include "core/arith.h"
#include "core/takers.h"

/* Who took less is no culprit, in thousandths; who did less than a twentieth of what the busiest of
 * its command did is not counted. */
#define LEAST_SHARE 50
#define COUNTED_PART 20

/* Who lost less is no victim, nor who lost less than a tenth of what the pause did. */
#define LEAST_LOSS_NS UINT64_C(20000000)
#define LEAST_LOSS_PART 10

void pm_guilt_clear(struct pm_guilt *guilt)
{
    guilt->cause = PAUSEMON_CAUSE_UNKNOWN;
    guilt->all = 0;
    guilt->culprit_count = guilt->victim_count = 0;
}

/* ---- culprits ---- */

static struct pm_blamed *find(struct pm_guilt *guilt, const char *command)
{
    for (size_t i = 0; i < guilt->culprit_count; i++)
        if (strcmp(guilt->culprits[i].command, command) == 0)
            return &guilt->culprits[i];
    return NULL;
}

/* Of more commands than there is room for, the least gives way to the next, which inherits its sum:
 * who took more than a sixty-fourth of all is in the list at the end, however small each of its
 * processes (the "space saving" of Metwally, Agrawal and El Abbadi, 2005). */
static struct pm_blamed *find_or_make(struct pm_guilt *guilt, const char *command)
{
    struct pm_blamed *blamed = find(guilt, command);
    uint64_t inherited = 0;

    if (blamed)
        return blamed;
    if (guilt->culprit_count < PM_MAX_BLAMED) {
        blamed = &guilt->culprits[guilt->culprit_count++];
    } else {
        blamed = &guilt->culprits[0];
        for (size_t i = 1; i < guilt->culprit_count; i++)
            if (guilt->culprits[i].value < blamed->value)
                blamed = &guilt->culprits[i];
        inherited = blamed->value;
    }
    memset(blamed, 0, sizeof *blamed);
    blamed->value = inherited;
    memcpy(blamed->command, command, strlen(command) + 1); /* as long as in a table: it fits */
    return blamed;
}

/* How many took part, by what the largest of this freeze did. */
static void count_members(struct pm_guilt *guilt, const struct pm_takers *takers)
{
    uint64_t largest[PM_MAX_BLAMED] = {0}, count[PM_MAX_BLAMED] = {0};

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < pm_takers_count(takers); i++) {
            struct pm_taker taker = pm_takers_get(takers, i);
            struct pm_blamed *blamed = taker.value > 0 ? find(guilt, taker.command) : NULL;
            size_t at = blamed ? (size_t)(blamed - guilt->culprits) : 0;
            if (!blamed)
                continue;
            if (pass == 0)
                largest[at] = taker.value > largest[at] ? taker.value : largest[at];
            else
                count[at] += taker.value >= largest[at] / COUNTED_PART;
        }
    for (size_t i = 0; i < guilt->culprit_count; i++)
        if (count[i] > guilt->culprits[i].count)
            guilt->culprits[i].count = count[i];
}

static void add_culprits(struct pm_guilt *guilt, const struct pm_table *table)
{
    struct pm_takers takers;

    pm_takers_init(&takers, table, guilt->cause);
    for (size_t i = 0; i < pm_takers_count(&takers); i++) {
        struct pm_taker taker = pm_takers_get(&takers, i);
        if (taker.value == 0)
            continue;
        struct pm_blamed *blamed = find_or_make(guilt, taker.command);
        guilt->all += taker.value;
        blamed->value += taker.value;
        if (taker.value <= blamed->largest)
            continue;
        blamed->largest = taker.value;
        blamed->pid = taker.pid;
        blamed->start_time = taker.start_time;
        blamed->suspect = taker.suspect;
    }
    count_members(guilt, &takers);
}

/* The largest below what was named before, in the order of the list where they are equal. */
static const struct pm_blamed *next_culprit(const struct pm_guilt *guilt,
                                            const bool named[PM_MAX_BLAMED])
{
    const struct pm_blamed *next = NULL;

    for (size_t i = 0; i < guilt->culprit_count; i++)
        if (!named[i] && (!next || guilt->culprits[i].value > next->value))
            next = &guilt->culprits[i];
    return next;
}

static void name_culprits(const struct pm_guilt *guilt, struct pausemon_pause *pause,
                          uint64_t busy_ns)
{
    bool named[PM_MAX_BLAMED] = {false};
    const struct pm_blamed *blamed;
    uint64_t all = guilt->all;

    /* Processes that came and went between two looks took their part too. */
    if (guilt->cause == PAUSEMON_CAUSE_CPU && busy_ns > all)
        all = busy_ns;
    while (pause->info.culprit_count < PAUSEMON_MAX_PARTIES &&
           (blamed = next_culprit(guilt, named))) {
        uint64_t share = pm_mul_div(blamed->value, 1000, all);
        if (share < LEAST_SHARE)
            return;
        named[blamed - guilt->culprits] = true;
        struct pausemon_culprit *culprit = &pause->culprits[pause->info.culprit_count++];
        memset(culprit, 0, sizeof *culprit);
        culprit->size = sizeof *culprit;
        culprit->pid = blamed->pid;
        culprit->start_time = blamed->start_time;
        culprit->resource = guilt->cause;
        culprit->share = share < 1000 ? share : 1000;
        culprit->count = blamed->count;
        culprit->suspect = blamed->suspect;
        culprit->uid = -1;
        memcpy(culprit->command, blamed->command, sizeof culprit->command);
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

/* The victim with that pid and command; else a new one, in the place of who lost least where the
 * list is full; NULL: all lost more. */
static struct pausemon_victim *victim_of(struct pm_guilt *guilt,
                                         const struct pausemon_process *process, uint64_t lost_ns)
{
    struct pausemon_victim *least = NULL, *victim;

    for (size_t i = 0; i < guilt->victim_count; i++) {
        victim = &guilt->victims[i];
        if (victim->pid == process->pid && strcmp(victim->command, process->command) == 0)
            return victim;
        if (!least || victim->lost_ns < least->lost_ns)
            least = victim;
    }
    if (guilt->victim_count < PM_MAX_BLAMED)
        victim = &guilt->victims[guilt->victim_count++];
    else if (least->lost_ns < lost_ns)
        victim = least;
    else
        return NULL;
    memset(victim, 0, sizeof *victim);
    victim->size = sizeof *victim;
    victim->pid = process->pid;
    memcpy(victim->command, process->command, sizeof victim->command);
    return victim;
}

/* What has no memory of its own is the kernel's: its threads may cause, nobody sees them suffer. */
static bool is_kernel(const struct pausemon_process *process)
{
    return process->have & PAUSEMON_HAVE_MEM && process->mem == 0;
}

static void add_victims(struct pm_guilt *guilt, const struct pm_table *table, int64_t own_pid)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct pausemon_process *process = &table->entries[i].process;
        const struct pm_spent *spent = pm_mark_get(&table->mark, &table->entries[i]);
        if (!spent || process->pid == own_pid || is_kernel(process))
            continue;
        bool waited = spent->run_delay_ns >= spent->blocked_ns;
        uint64_t lost_ns = waited ? spent->run_delay_ns : spent->blocked_ns;
        struct pausemon_victim *victim = lost_ns > 0 ? victim_of(guilt, process, lost_ns) : NULL;
        if (!victim)
            continue;
        victim->lost_ns += lost_ns;
        victim->how = waited ? PAUSEMON_LOSS_RUN_DELAY : PAUSEMON_LOSS_BLOCKED;
    }
}

/* A command once, by the one of it that lost most. */
static bool is_named(const struct pausemon_pause *pause, const char *command)
{
    for (size_t i = 0; i < pause->info.victim_count; i++)
        if (strcmp(pause->victims[i].command, command) == 0)
            return true;
    return is_culprit(pause, command);
}

static void name_victims(const struct pm_guilt *guilt, struct pausemon_pause *pause)
{
    uint64_t part = pause->info.lost_ns / LEAST_LOSS_PART;
    uint64_t least = part > LEAST_LOSS_NS ? part : LEAST_LOSS_NS;

    while (pause->info.victim_count < PAUSEMON_MAX_PARTIES) {
        const struct pausemon_victim *next = NULL;
        for (size_t i = 0; i < guilt->victim_count; i++) {
            const struct pausemon_victim *victim = &guilt->victims[i];
            if (victim->lost_ns >= least && (!next || victim->lost_ns > next->lost_ns) &&
                !is_named(pause, victim->command))
                next = victim;
        }
        if (!next)
            return;
        pause->victims[pause->info.victim_count++] = *next;
    }
}

/* ---- both ---- */

static bool is_contended(uint64_t cause)
{
    return cause == PAUSEMON_CAUSE_CPU || cause == PAUSEMON_CAUSE_MEMORY ||
           cause == PAUSEMON_CAUSE_IO;
}

void pm_guilt_add(struct pm_guilt *guilt, const struct pm_table *table, uint64_t cause,
                  int64_t own_pid)
{
    if (cause != guilt->cause)
        pm_guilt_clear(guilt);
    guilt->cause = cause;
    if (is_contended(cause))
        add_culprits(guilt, table);
    if (is_contended(cause) || cause == PAUSEMON_CAUSE_UNKNOWN)
        add_victims(guilt, table, own_pid);
}

void pm_guilt_name(const struct pm_guilt *guilt, struct pausemon_pause *pause, uint64_t busy_ns)
{
    pause->info.culprit_count = pause->info.victim_count = 0;
    name_culprits(guilt, pause, busy_ns);
    name_victims(guilt, pause);
}
