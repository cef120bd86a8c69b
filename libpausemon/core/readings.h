/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_READINGS_H
#define PM_CORE_READINGS_H

/* What the machine and one thread of ours had used up at one moment: totals, read now and again.
 * The cause of a pause is judged by what they grew by. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_MAX_CPUS 256

/* A new one is a row in core/readings.c and a line where it is read. Times are in nanoseconds. */
enum pm_reading {
    PM_READ_ASLEEP,    /* the machine was suspended */
    PM_READ_OWN_CPU,   /* the measuring thread computed */
    PM_READ_RUN_DELAY, /* the measuring thread waited for a CPU */
    PM_READ_FAULTS,    /* major faults of our process; a count */
    PM_READ_THROTTLED, /* our cgroup was throttled */
    PM_READ_STEAL,     /* the hypervisor ran others, on the CPU that lost most */
    PM_READ_MISSING,   /* in no account of the CPU that misses least: it did not run at all */
    PM_READ_BUSY,      /* all CPUs together ran something */
    PM_READ_SWITCHES,  /* context switches of the machine; a count */
    PM_READ_CPU_SOME,  /* PSI */
    PM_READ_MEMORY_SOME,
    PM_READ_MEMORY_FULL,
    PM_READ_IO_SOME,
    PM_READ_IO_FULL,
    PM_READ_COUNT
};

struct pm_reading_row {
    const char *name; /* in evidence */
    bool is_time;     /* nanoseconds here, milliseconds in evidence */
};

extern const struct pm_reading_row pm_reading_rows[PM_READ_COUNT];

struct pm_readings {
    int64_t at_ns;                 /* monotonic */
    uint64_t have;                 /* bits 1 << enum pm_reading */
    uint64_t value[PM_READ_COUNT]; /* STEAL and MISSING: of the CPUs below instead */
    size_t cpu_count;
    struct pm_cpu_time {
        uint64_t number, steal_ns, accounted_ns;
    } cpus[PM_MAX_CPUS];
};

static inline void pm_readings_set(struct pm_readings *readings, enum pm_reading which,
                                   uint64_t value)
{
    readings->value[which] = value;
    readings->have |= UINT64_C(1) << which;
}

/* The growth of each over a window. */
struct pm_growth {
    uint64_t window_ns;
    uint64_t have;
    uint64_t value[PM_READ_COUNT];
};

/* What is not known at both ends, or fell, is not known. */
void pm_readings_grow(struct pm_growth *growth, const struct pm_readings *before,
                      const struct pm_readings *after);

/* Adds another window; what is not known of both is not known. */
void pm_growth_add(struct pm_growth *sum, const struct pm_growth *more);

static inline bool pm_growth_has(const struct pm_growth *growth, enum pm_reading which)
{
    return growth->have >> which & 1;
}

/* 0 when it is not known: for rules, which then do not hold. */
static inline uint64_t pm_growth_get(const struct pm_growth *growth, enum pm_reading which)
{
    return pm_growth_has(growth, which) ? growth->value[which] : 0;
}

/* A machine that slept for less did not sleep. */
#define PM_SUSPEND_NS UINT64_C(500000000)

/* How long the machine slept; 0: it did not. */
static inline uint64_t pm_growth_slept(const struct pm_growth *growth)
{
    uint64_t ns = pm_growth_get(growth, PM_READ_ASLEEP);

    return ns >= PM_SUSPEND_NS ? ns : 0;
}

#endif
