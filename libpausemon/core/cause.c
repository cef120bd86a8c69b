/* SPDX-License-Identifier: MIT */
#include "core/cause.h"

#include "core/arith.h"

/* What explains so much of the lost time wins; what explains so much of it besides is a doubt. */
#define WINS 600
#define DOUBTS 400
#define MOST_SURE 990

/* A quiet machine has more switches a second than this (timers, kernel threads); one that was
 * stopped for that second has those of its wake-up. */
#define SWITCHES_A_SECOND 30
#define SWITCHES_OF_WAKING 60

/* Only what is past the beats of the moments around the standstill counts. */
#define BUSY_PERMILLE 50

static uint64_t get(const struct pm_lapse *lapse, enum pm_reading which)
{
    return pm_growth_get(&lapse->growth, which);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* It tells a stopped program from a stopped machine. */
static bool others_ran(const struct pm_lapse *lapse)
{
    uint64_t around_ns = pm_less(lapse->growth.window_ns, lapse->lost_ns);
    uint64_t switches = SWITCHES_OF_WAKING + lapse->lost_ns / 1000000 * SWITCHES_A_SECOND / 1000;

    return get(lapse, PM_READ_BUSY) > around_ns + lapse->lost_ns / 1000 * BUSY_PERMILLE ||
           get(lapse, PM_READ_SWITCHES) > switches;
}

/* ---- the rules: how much of the lost time each explains ---- */

static uint64_t suspended(const struct pm_lapse *lapse)
{
    return pm_growth_slept(&lapse->growth) ? lapse->lost_ns : 0;
}

/* Where our own pages had to come back first, it was not our doing. */
static uint64_t paging_in(const struct pm_lapse *lapse)
{
    return get(lapse, PM_READ_FAULTS) == 0
               ? 0
               : larger(get(lapse, PM_READ_MEMORY_SOME), get(lapse, PM_READ_IO_SOME));
}

static uint64_t kept_by_host(const struct pm_lapse *lapse)
{
    uint64_t own = get(lapse, PM_READ_OWN_CPU);

    return lapse->canary_on_time ? larger(own, pm_less(lapse->lost_ns, paging_in(lapse))) : own;
}

/* The guard has a priority of its own: what starves the canary does not stop it. Where it was not
 * allowed one, both waited for a CPU, and the run delay says so. */
static uint64_t still(const struct pm_lapse *lapse)
{
    return lapse->has_guard ? pm_less(lapse->still_ns, get(lapse, PM_READ_RUN_DELAY)) : 0;
}

static uint64_t stopped(const struct pm_lapse *lapse)
{
    uint64_t machine = larger(get(lapse, PM_READ_STEAL), get(lapse, PM_READ_MISSING));
    uint64_t alone =
        others_ran(lapse) ? pm_less(still(lapse), larger(machine, paging_in(lapse))) : 0;

    return larger(alone, get(lapse, PM_READ_THROTTLED));
}

static uint64_t machine_stopped(const struct pm_lapse *lapse)
{
    bool known = pm_growth_has(&lapse->growth, PM_READ_BUSY) ||
                 pm_growth_has(&lapse->growth, PM_READ_SWITCHES);
    uint64_t all = known && !others_ran(lapse) ? still(lapse) : 0;

    return larger(all, larger(get(lapse, PM_READ_STEAL), get(lapse, PM_READ_MISSING)));
}

static uint64_t starved(const struct pm_lapse *lapse)
{
    return get(lapse, PM_READ_RUN_DELAY);
}

static uint64_t short_of_memory(const struct pm_lapse *lapse)
{
    return larger(get(lapse, PM_READ_MEMORY_FULL),
                  get(lapse, PM_READ_FAULTS) ? get(lapse, PM_READ_MEMORY_SOME) : 0);
}

static uint64_t waited_for_io(const struct pm_lapse *lapse)
{
    return larger(get(lapse, PM_READ_IO_FULL),
                  lapse->blocked >= 2 ? get(lapse, PM_READ_IO_SOME) : 0);
}

/* In order: the first that explains enough. */
static const struct {
    uint64_t cause;
    uint64_t (*explains)(const struct pm_lapse *lapse);
} rules[] = {
    {PAUSEMON_CAUSE_SUSPEND, suspended}, {PAUSEMON_CAUSE_HOST, kept_by_host},
    {PAUSEMON_CAUSE_STOPPED, stopped},   {PAUSEMON_CAUSE_VM, machine_stopped},
    {PAUSEMON_CAUSE_CPU, starved},       {PAUSEMON_CAUSE_MEMORY, short_of_memory},
    {PAUSEMON_CAUSE_IO, waited_for_io},
};

#define RULE_COUNT (sizeof rules / sizeof rules[0])

/* Thousandths of the lost time. */
static uint64_t share(const struct pm_lapse *lapse, size_t rule)
{
    uint64_t explained = rules[rule].explains(lapse);

    if (lapse->lost_ns == 0)
        return 0;
    return explained < lapse->lost_ns ? pm_mul_div(explained, 1000, lapse->lost_ns) : 1000;
}

struct pm_verdict pm_judge(const struct pm_lapse *lapse)
{
    struct pm_verdict verdict = {PAUSEMON_CAUSE_UNKNOWN, 0};
    size_t winner = RULE_COUNT;
    uint64_t other = 0;

    for (size_t i = 0; i < RULE_COUNT && winner == RULE_COUNT; i++)
        if (share(lapse, i) >= WINS)
            winner = i;
    if (winner == RULE_COUNT)
        return verdict;
    for (size_t i = 0; i < RULE_COUNT; i++)
        other = i == winner ? other : larger(other, share(lapse, i));
    verdict.cause = rules[winner].cause;
    verdict.confidence = share(lapse, winner);
    if (other >= DOUBTS)
        verdict.confidence -= verdict.confidence * other / 2000;
    verdict.confidence = verdict.confidence < MOST_SURE ? verdict.confidence : MOST_SURE;
    return verdict;
}
