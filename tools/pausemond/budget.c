/* SPDX-License-Identifier: MIT */
#include "pausemond/budget.h"

#include <pausemon/tiers.h>

/* One measurement may be of a compiler's start, or of our own. */
#define PATIENCE 3

void budget_begin(struct budget *budget)
{
    *budget = (struct budget){.slower = 1};
}

int budget_judge(struct budget *budget, int64_t used, int64_t allowed, uint64_t tier)
{
    uint64_t before = budget->slower;

    budget->over = used > allowed ? budget->over + 1 : 0;
    budget->under = 2 * used <= allowed ? budget->under + 1 : 0;
    if (tier > PAUSEMON_TIER_SENTINEL)
        *budget = (struct budget){.slower = 1};
    else if (budget->over >= PATIENCE && budget->slower < BUDGET_SLOWEST)
        *budget = (struct budget){.slower = before * 2};
    else if (budget->under >= PATIENCE && budget->slower > 1)
        *budget = (struct budget){.slower = before / 2};
    return budget->slower != before;
}
