/* SPDX-License-Identifier: MIT */
#include "core/score.h"

#include <pausemon/scorer.h>

#include "core/arith.h"

#define MILLION 1000000

/* min(1, value × per ÷ full) in millionths, rounded half up: two digits at a time, exactly. full
 * is at most 100 000 GiB × 1000, so that a hundred times a rest fits. */
static uint64_t share(uint64_t value, uint64_t per, uint64_t full)
{
    uint64_t millionths = 0;

    if (value > UINT64_MAX / per || value * per >= full)
        return MILLION;
    uint64_t rest = value * per;
    for (int i = 0; i < 3; i++) {
        rest *= 100;
        millionths = millionths * 100 + rest / full;
        rest %= full;
    }
    return millionths + (rest >= full - rest);
}

uint64_t pm_score(const struct pausemon_config *config, const struct pausemon_process *process)
{
    uint64_t state = process->state < PM_STATE_COUNT ? process->state : PAUSEMON_STATE_UNKNOWN;
    uint64_t sum = (uint64_t)config->state_weight * pm_states[state].factor;

    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (config->weight[i] && process->have & pm_metrics[i].have)
            sum +=
                (uint64_t)config->weight[i] * share(pm_value(process, pm_metrics[i].process_offset),
                                                    pm_metrics[i].full_per, config->full_units[i]);
    if (sum > 100 * MILLION)
        sum = 100 * MILLION;
    return sum * (uint64_t)config->multiplier[state] / ((uint64_t)MILLION * 1000);
}

int pausemon_score_process(const struct pausemon_config *config,
                           const struct pausemon_process *process)
{
    struct pausemon_process known = PAUSEMON_PROCESS_INIT;

    if (!config || !process || process->size < PM_PROCESS_FIRST_SIZE)
        return PAUSEMON_ERR_INVALID;
    pausemon_process_copy(&known, process);
    return (int)pm_score(config, &known);
}
