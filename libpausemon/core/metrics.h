/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_METRICS_H
#define PM_CORE_METRICS_H

/* The table of metrics: a new one is a row here, a key in the configuration, and a place in the
 * two public structs. Code loops over it. */

#include <pausemon/process.h>

#include "base/sized.h"

/* What these structs had in the first release: nobody may bring less. */
#define PM_ROW_FIRST_SIZE PM_END_OF(struct pausemon_row, command)
#define PM_PROCESS_FIRST_SIZE PM_END_OF(struct pausemon_process, command)

/* A process with one of these was looked at twice. */
#define PM_RATES                                                                                   \
    (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD)

/* The judged metrics, in the order of JSON. */
enum pm_metric {
    PM_CPU,
    PM_MEM,
    PM_CMPRS,
    PM_PAGEINS,
    PM_CSW,
    PM_SYSBSD,
    PM_THREADS,
    PM_METRIC_COUNT
};

enum pm_metric_kind {
    PM_GAUGE,  /* the row's value is the process's */
    PM_COUNTER /* the process's value is the growth per second */
};

struct pm_metric_row {
    const char *name;
    uint64_t have;
    uint64_t category;
    enum pm_metric_kind kind;
    size_t row_offset;     /* in struct pausemon_row */
    size_t process_offset; /* in struct pausemon_process */
    /* The configuration's full scale × full_scale ÷ full_per is in the process's unit (and may
       have a fraction); its selection threshold × threshold_scale ÷ 1000 likewise. */
    uint64_t full_scale, full_per;
    uint64_t threshold_scale;
};

extern const struct pm_metric_row pm_metrics[PM_METRIC_COUNT];

/* Fields for blame: totals over the interval. */
struct pm_blame_row {
    const char *name;
    uint64_t have;
    size_t row_offset;
    size_t process_offset;
};

#define PM_BLAME_COUNT 3
extern const struct pm_blame_row pm_blame[PM_BLAME_COUNT];

static inline uint64_t *pm_field(void *of, size_t offset)
{
    return (uint64_t *)(void *)((char *)of + offset);
}

static inline uint64_t pm_value(const void *of, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)of + offset);
}

struct pm_named_bit {
    uint64_t bit;
    const char *name;
};

/* What identifies, in the order of JSON. */
#define PM_IDENTITY_COUNT 2
extern const struct pm_named_bit pm_identity[PM_IDENTITY_COUNT];

/* Selection's order of categories, and their names. */
#define PM_CATEGORY_COUNT 9
extern const struct pm_named_bit pm_categories[PM_CATEGORY_COUNT];

/* States: what they add and what they multiply. */
struct pm_state_row {
    const char *name;
    uint64_t factor; /* millionths of the state weight */
};

#define PM_STATE_COUNT (PAUSEMON_STATE_STUCK + 1)
extern const struct pm_state_row pm_states[PM_STATE_COUNT];

#endif
