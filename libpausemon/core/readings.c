/* SPDX-License-Identifier: MIT */
#include "core/readings.h"

#include <string.h>

#include "core/arith.h"

const struct pm_reading_row pm_reading_rows[PM_READ_COUNT] = {
    [PM_READ_ASLEEP] = {"asleep_ms", true},
    [PM_READ_OWN_CPU] = {"own_cpu_ms", true},
    [PM_READ_RUN_DELAY] = {"run_delay_ms", true},
    [PM_READ_FAULTS] = {"own_major_faults", false},
    [PM_READ_THROTTLED] = {"throttled_ms", true},
    [PM_READ_STEAL] = {"steal_ms", true},
    [PM_READ_MISSING] = {"unaccounted_ms", true},
    [PM_READ_BUSY] = {"busy_ms", true},
    [PM_READ_SWITCHES] = {"context_switches", false},
    [PM_READ_CPU_SOME] = {"psi_cpu_some_ms", true},
    [PM_READ_MEMORY_SOME] = {"psi_memory_some_ms", true},
    [PM_READ_MEMORY_FULL] = {"psi_memory_full_ms", true},
    [PM_READ_IO_SOME] = {"psi_io_some_ms", true},
    [PM_READ_IO_FULL] = {"psi_io_full_ms", true},
};

/* Steal of the CPU that lost most; missing time of the CPU that misses least, for a machine that
 * stood still misses it everywhere. The kernel's accounts move in ticks of up to 10 ms. */
static void grow_cpus(struct pm_growth *growth, const struct pm_readings *before,
                      const struct pm_readings *after)
{
    const uint64_t bits = UINT64_C(1) << PM_READ_STEAL | UINT64_C(1) << PM_READ_MISSING;
    uint64_t steal = 0, missing = UINT64_MAX;

    growth->have &= ~bits;
    if (before->cpu_count == 0 || before->cpu_count != after->cpu_count)
        return; /* CPUs that came or went */
    for (size_t i = 0; i < after->cpu_count; i++) {
        const struct pm_cpu_time *old = &before->cpus[i], *new = &after->cpus[i];
        if (old->number != new->number || new->steal_ns < old->steal_ns ||
            new->accounted_ns < old->accounted_ns)
            return; /* another CPU, or an account that began anew */
        uint64_t accounted = new->accounted_ns - old->accounted_ns;
        uint64_t gap = growth->window_ns > accounted ? growth->window_ns - accounted : 0;
        steal = new->steal_ns - old->steal_ns > steal ? new->steal_ns - old->steal_ns : steal;
        missing = gap < missing ? gap : missing;
    }
    growth->value[PM_READ_STEAL] = steal;
    growth->value[PM_READ_MISSING] = missing;
    growth->have |= bits;
}

void pm_readings_grow(struct pm_growth *growth, const struct pm_readings *before,
                      const struct pm_readings *after)
{
    memset(growth, 0, sizeof *growth);
    growth->window_ns = pm_elapsed(before->at_ns, after->at_ns);
    for (size_t i = 0; i < PM_READ_COUNT; i++) {
        uint64_t bit = UINT64_C(1) << i;
        bool fell = after->value[i] < before->value[i];
        /* A difference of two clocks trembles. */
        if (!(before->have & after->have & bit) || (fell && i != PM_READ_ASLEEP))
            continue;
        growth->value[i] = fell ? 0 : after->value[i] - before->value[i];
        growth->have |= bit;
    }
    grow_cpus(growth, before, after);
}

void pm_growth_add(struct pm_growth *sum, const struct pm_growth *more)
{
    sum->window_ns += more->window_ns;
    sum->have &= more->have;
    for (size_t i = 0; i < PM_READ_COUNT; i++)
        sum->value[i] += more->value[i];
}
