/* SPDX-License-Identifier: MIT */
#include <pausemon/tiers.h>

#include <stdbool.h>

#include "base/error.h"
#include "core/arith.h"
#include "core/config.h"

/* The two thresholds; tier = index + 2. */
enum { ELEVATED, CRITICAL, THRESHOLDS };

struct pausemon_tiers {
    struct pm_host host;
    uint64_t threshold[THRESHOLDS];
    uint64_t hold_ns;
    uint64_t tier, peak;
    bool started;
    int64_t now_ns;    /* of the last update */
    uint64_t gap_ns;   /* of the time since then, this much does not count */
    uint64_t clock_ns; /* time that counted */
    struct {
        uint64_t since_ns; /* on that clock */
        bool running;
    } below[THRESHOLDS];
};

void pausemon_tiers_set_config(struct pausemon_tiers *tiers, const struct pausemon_config *config)
{
    tiers->threshold[ELEVATED] = (uint64_t)config->elevated_threshold;
    tiers->threshold[CRITICAL] = (uint64_t)config->critical_threshold;
    tiers->hold_ns = (uint64_t)config->hold_ms * PM_NS_PER_MS;
}

int pausemon_tiers_new(struct pausemon_tiers **out, const struct pausemon_config *config,
                       const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pausemon_config *defaults = NULL;
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a tier manager needs a place");
    *out = NULL;
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    if (!config) {
        int status = pausemon_config_new(&defaults, given, error);
        if (status < 0)
            return status;
        config = defaults;
    }
    struct pausemon_tiers *tiers = pm_alloc(&host, sizeof *tiers);
    if (tiers) {
        tiers->host = host;
        tiers->tier = PAUSEMON_TIER_SENTINEL;
        pausemon_tiers_set_config(tiers, config);
    }
    pausemon_config_free(defaults);
    *out = tiers;
    return tiers ? 0 : pm_fail(error, PAUSEMON_ERR_NOMEM, "tiers: out of memory");
}

void pausemon_tiers_free(struct pausemon_tiers *tiers)
{
    if (tiers)
        pm_free(&tiers->host, tiers);
}

static bool held(const struct pausemon_tiers *tiers, int threshold)
{
    return tiers->below[threshold].running &&
           tiers->clock_ns - tiers->below[threshold].since_ns >= tiers->hold_ns;
}

static uint64_t escalate(struct pausemon_tiers *tiers, uint64_t stress)
{
    uint64_t actions = 0;

    if (stress >= tiers->threshold[CRITICAL] && tiers->tier < PAUSEMON_TIER_CRITICAL)
        actions = PAUSEMON_TIER3_ENTRY;
    else if (stress >= tiers->threshold[ELEVATED] && tiers->tier < PAUSEMON_TIER_ELEVATED)
        actions = PAUSEMON_TIER2_ENTRY;
    else if (tiers->tier == PAUSEMON_TIER_ELEVATED && stress > tiers->peak)
        actions = PAUSEMON_TIER2_PEAK;
    if (tiers->tier == PAUSEMON_TIER_SENTINEL && actions)
        tiers->peak = 0;
    if (actions == PAUSEMON_TIER3_ENTRY)
        tiers->tier = PAUSEMON_TIER_CRITICAL;
    else if (actions == PAUSEMON_TIER2_ENTRY)
        tiers->tier = PAUSEMON_TIER_ELEVATED;
    if (tiers->tier > PAUSEMON_TIER_SENTINEL && stress > tiers->peak)
        tiers->peak = stress;
    return actions;
}

static uint64_t de_escalate(struct pausemon_tiers *tiers)
{
    uint64_t actions = 0;

    if (tiers->tier == PAUSEMON_TIER_CRITICAL && held(tiers, CRITICAL)) {
        tiers->tier = PAUSEMON_TIER_ELEVATED;
        actions |= PAUSEMON_TIER3_EXIT;
    }
    if (tiers->tier == PAUSEMON_TIER_ELEVATED && held(tiers, ELEVATED)) {
        tiers->tier = PAUSEMON_TIER_SENTINEL;
        actions |= PAUSEMON_TIER2_EXIT;
    }
    return actions;
}

static void pass_time(struct pausemon_tiers *tiers, int64_t now_ns)
{
    uint64_t passed = tiers->started ? pm_elapsed(tiers->now_ns, now_ns) : 0;

    tiers->clock_ns += passed > tiers->gap_ns ? passed - tiers->gap_ns : 0;
    tiers->gap_ns = 0;
    tiers->now_ns = now_ns;
    tiers->started = true;
}

uint64_t pausemon_tiers_update(struct pausemon_tiers *tiers, uint64_t stress, int64_t now_ns,
                               uint64_t *actions)
{
    uint64_t done;

    stress = stress > 100 ? 100 : stress;
    pass_time(tiers, now_ns);
    for (int i = 0; i < THRESHOLDS; i++) {
        bool below = stress < tiers->threshold[i];
        if (below && !tiers->below[i].running)
            tiers->below[i].since_ns = tiers->clock_ns;
        tiers->below[i].running = below;
    }
    done = escalate(tiers, stress);
    done |= de_escalate(tiers);
    if (actions)
        *actions = done;
    return tiers->tier;
}

void pausemon_tiers_skip(struct pausemon_tiers *tiers, int64_t gap_ns)
{
    uint64_t gap = gap_ns > 0 ? (uint64_t)gap_ns : 0;

    tiers->gap_ns = tiers->gap_ns > UINT64_MAX - gap ? UINT64_MAX : tiers->gap_ns + gap;
}

uint64_t pausemon_tiers_get(const struct pausemon_tiers *tiers)
{
    return tiers->tier;
}

uint64_t pausemon_tiers_get_peak(const struct pausemon_tiers *tiers)
{
    return tiers->peak;
}

const char *pausemon_tier_name(uint64_t tier)
{
    static const char *const names[] = {"sentinel", "elevated", "critical"};

    return tier >= 1 && tier <= 3 ? names[tier - 1] : NULL;
}

const char *pausemon_tier_action_name(uint64_t action)
{
    static const char *const names[] = {"tier2_entry", "tier3_entry", "tier2_peak", "tier3_exit",
                                        "tier2_exit"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (action == UINT64_C(1) << i)
            return names[i];
    return NULL;
}
