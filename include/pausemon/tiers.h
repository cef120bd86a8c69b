/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_TIERS_H
#define PAUSEMON_TIERS_H

/* The tier manager: immediate escalation, de-escalation after tiers.hold_ms below the
 * threshold. Pure: time comes from the caller.
 * @since 0.1 */

#include <pausemon/config.h>

PAUSEMON_BEGIN_DECLS

enum pausemon_tier {
    PAUSEMON_TIER_SENTINEL = 1,
    PAUSEMON_TIER_ELEVATED = 2, /* stress reached tiers.elevated_threshold */
    PAUSEMON_TIER_CRITICAL = 3  /* stress reached tiers.critical_threshold */
};

/* "sentinel", "elevated", "critical"; NULL for anything else. */
PAUSEMON_API const char *pausemon_tier_name(uint64_t tier);

/* What an update did. Going through the bits upward gives the order in which it happened. */
enum pausemon_tier_action {
    PAUSEMON_TIER2_ENTRY = 1 << 0, /* 1 → 2 */
    PAUSEMON_TIER3_ENTRY = 1 << 1, /* 1 or 2 → 3; from 1 without TIER2_ENTRY */
    PAUSEMON_TIER2_PEAK = 1 << 2,  /* in tier 2: stress above the peak so far */
    PAUSEMON_TIER3_EXIT = 1 << 3,  /* 3 → 2, or on the way to 1 */
    PAUSEMON_TIER2_EXIT = 1 << 4   /* → 1: the end of every escalation, however it began */
};

struct pausemon_tiers;

/* `config` is read, not kept; NULL: the defaults. */
PAUSEMON_API int pausemon_tiers_new(struct pausemon_tiers **tiers,
                                    const struct pausemon_config *config,
                                    const struct pausemon_host *host, struct pausemon_error *error);
PAUSEMON_API void pausemon_tiers_free(struct pausemon_tiers *tiers);

/* New thresholds and hold time; tier, peak and timers stay as they are. */
PAUSEMON_API void pausemon_tiers_set_config(struct pausemon_tiers *tiers,
                                            const struct pausemon_config *config);

/* One sample's stress (0..100; more counts as 100) at a monotonic time. Returns the tier after
 * it (enum pausemon_tier), which is the one to push into a ring with the sample; *actions, if
 * not NULL, becomes bits of enum pausemon_tier_action. Time that goes backward counts as no
 * time. */
PAUSEMON_API uint64_t pausemon_tiers_update(struct pausemon_tiers *tiers, uint64_t stress,
                                            int64_t now_ns, uint64_t *actions);

/* `gap_ns` of monotonic time before the next update passed without sampling (a pause): it does
 * not count as time below a threshold. */
PAUSEMON_API void pausemon_tiers_skip(struct pausemon_tiers *tiers, int64_t gap_ns);

PAUSEMON_API uint64_t pausemon_tiers_get(const struct pausemon_tiers *tiers);

/* The highest stress from entry to TIER2_EXIT, and still that of the ended one in the update
 * that returned TIER2_EXIT; 0 before any. */
PAUSEMON_API uint64_t pausemon_tiers_get_peak(const struct pausemon_tiers *tiers);

/* "tier2_entry" for PAUSEMON_TIER2_ENTRY, …; NULL unless exactly one known bit is set. */
PAUSEMON_API const char *pausemon_tier_action_name(uint64_t action);

PAUSEMON_END_DECLS
#endif
