/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_CAUSE_H
#define PM_CORE_CAUSE_H

/* From what was read over a standstill to its cause: ordered rules, pure. */

#include <pausemon/pause.h>

#include "core/readings.h"

/* One standstill as its detector saw it. */
struct pm_lapse {
    uint64_t lost_ns;
    struct pm_growth growth; /* over a window that holds it */
    bool has_guard;          /* a guard watched */
    uint64_t still_ns;       /* the guard stood still too; with has_guard */
    bool canary_on_time;     /* only the measuring program's own loop was late */
    uint64_t blocked;        /* other processes that were uninterruptible throughout */
};

struct pm_verdict {
    uint64_t cause;      /* enum pausemon_cause */
    uint64_t confidence; /* thousandths */
};

struct pm_verdict pm_judge(const struct pm_lapse *lapse);

#endif
