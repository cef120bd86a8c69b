/* SPDX-License-Identifier: MIT */
/* The tier manager against a reference of twenty lines, written from behaviour.md §4. */
#include "draw.h"
#include "harness.h"

#include <inttypes.h>

#define ROUNDS 8000
#define STEPS 120
#define MS INT64_C(1000000)

struct reference {
    int64_t thresholds[4], hold_ns;    /* thresholds[2] and [3] */
    int64_t last_ns, clock_ns, gap_ns; /* clock: time that counts */
    int64_t below_since[4];            /* -1: not below */
    int tier, peak;
    bool started;
};

static uint64_t reference_update(struct reference *r, int stress, int64_t now)
{
    int64_t passed = r->started && now > r->last_ns ? now - r->last_ns : 0;
    int reach = stress >= r->thresholds[3] ? 3 : stress >= r->thresholds[2] ? 2 : 1;
    int before = r->tier, peak = r->peak;

    r->clock_ns += passed > r->gap_ns ? passed - r->gap_ns : 0;
    r->last_ns = now, r->gap_ns = 0, r->started = true;
    for (int t = 2; t <= 3; t++)
        if (stress >= r->thresholds[t])
            r->below_since[t] = -1;
        else if (r->below_since[t] < 0)
            r->below_since[t] = r->clock_ns;
    while (r->tier > reach && r->clock_ns - r->below_since[r->tier] >= r->hold_ns)
        r->tier--;
    r->tier = r->tier < reach ? reach : r->tier;
    r->peak = before > 1 && peak > stress ? peak : before > 1 || r->tier > 1 ? stress : peak;
    return (before == 1 && r->tier == 2 ? PAUSEMON_TIER2_ENTRY : 0u) |
           (before < 3 && r->tier == 3 ? PAUSEMON_TIER3_ENTRY : 0u) |
           (before == 2 && r->tier == 2 && stress > peak ? PAUSEMON_TIER2_PEAK : 0u) |
           (before == 3 && r->tier < 3 ? PAUSEMON_TIER3_EXIT : 0u) |
           (before > 1 && r->tier == 1 ? PAUSEMON_TIER2_EXIT : 0u);
}

struct walk {
    struct draw draw;
    struct reference reference;
    struct pausemon_config *config;
    struct pausemon_tiers *tiers;
    int64_t now;
    int64_t latest; /* the largest time so far */
    bool went_back;
    bool reconfigured; /* in this event: see next_stress */
    bool had_event;
    uint64_t seen; /* all actions of all walks */
};

static void set_number(struct pausemon_config *config, const char *name, int64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, value);
    ck_assert_int_eq(pausemon_config_set(config, name, text, NULL), 0);
}

static void random_config(struct walk *walk)
{
    struct draw *draw = &walk->draw;
    struct reference *r = &walk->reference;
    int64_t hold_ms = draw_chance(draw, 25)   ? 0
                      : draw_chance(draw, 30) ? 5000
                                              : (int64_t)draw_below(draw, 8000);

    r->thresholds[2] = (int64_t)draw_between(draw, 1, 99);
    r->thresholds[3] = (int64_t)draw_between(draw, (uint64_t)r->thresholds[2] + 1, 100);
    r->hold_ns = hold_ms * MS;
    set_number(walk->config, "tiers.elevated_threshold", r->thresholds[2]);
    set_number(walk->config, "tiers.critical_threshold", r->thresholds[3]);
    set_number(walk->config, "tiers.hold_ms", hold_ms);
    ck_assert_int_eq(pausemon_config_check(walk->config, NULL), 0);
}

/* Stress near the thresholds more often than elsewhere. */
static int next_stress(struct walk *walk)
{
    struct draw *draw = &walk->draw;
    const struct reference *r = &walk->reference;
    int stress = (int)draw_below(draw, 101);

    if (draw_chance(draw, 50))
        stress = (int)r->thresholds[draw_between(draw, 2, 3)] + (int)draw_below(draw, 3) - 1;
    else if (draw_chance(draw, 50))
        stress = (int)draw_below(draw, (uint64_t)r->thresholds[2]);
    stress = stress > 100 ? 100 : stress;
    /* Whether an update that ends an event may raise its peak (possible only after the
     * thresholds rose) is nobody's question: not asked. */
    if (r->tier > 1 && walk->reconfigured && stress > r->peak)
        stress = r->peak;
    return stress;
}

static void next_time(struct walk *walk)
{
    struct draw *draw = &walk->draw;
    uint64_t choice = draw_below(draw, 100);
    int64_t hold = walk->reference.hold_ns;

    walk->now = walk->latest;
    if (choice < 40)
        walk->now += 1000 * MS;
    else if (choice < 60)
        walk->now += (int64_t)draw_below(draw, 3000 * MS);
    else if (choice < 75) /* the edges of the hold */
        walk->now += hold + (int64_t)draw_below(draw, 3) - (hold > 0);
    else if (choice < 80)
        walk->now += (int64_t)draw_below(draw, 100000 * MS);
    if (walk->now > walk->latest)
        walk->latest = walk->now;
}

/* How much time passes from a time that lies back is left open: so the update after a step back
 * is one that resets all timers. */
static int step_back(struct walk *walk)
{
    walk->went_back = true;
    walk->now = walk->latest - (int64_t)draw_below(&walk->draw, 20000 * MS);
    return next_stress(walk);
}

static void random_gaps(struct walk *walk)
{
    while (draw_chance(&walk->draw, 20)) {
        int64_t gap = draw_chance(&walk->draw, 30) ? walk->reference.hold_ns
                                                   : (int64_t)draw_below(&walk->draw, 9000 * MS);
        if (draw_chance(&walk->draw, 50))
            walk->latest += gap; /* the time did pass; else the gap may be longer than it */
        walk->reference.gap_ns += gap;
        pausemon_tiers_skip(walk->tiers, gap);
    }
}

static void check_update(struct walk *walk, int step, int stress)
{
    int before = walk->reference.tier;
    uint64_t actions = UINT64_MAX;
    uint64_t expected = reference_update(&walk->reference, stress, walk->now);
    uint64_t fed = (uint64_t)stress; /* more than 100 counts as 100 */
    if (stress == 100 && draw_chance(&walk->draw, 50))
        fed += draw_hostile(&walk->draw) / 2;
    int tier = (int)pausemon_tiers_update(walk->tiers, fed, walk->now, &actions);
    uint64_t peak = pausemon_tiers_get_peak(walk->tiers);

    DRAW_CHECK(&walk->draw, tier == walk->reference.tier && actions == expected,
               "step %d, stress %d in tier %d: tier %d with actions 0x%" PRIx64
               ", expected %d with 0x%" PRIx64,
               step, stress, before, tier, actions, walk->reference.tier, expected);
    DRAW_CHECK(&walk->draw, (int)pausemon_tiers_get(walk->tiers) == tier,
               "step %d: get gives %d after %d", step, (int)pausemon_tiers_get(walk->tiers), tier);
    walk->had_event |= tier > 1;
    /* After an event has ended the peak is nobody's; before any it is 0. */
    if (tier > 1 || (actions & PAUSEMON_TIER2_EXIT) || !walk->had_event)
        DRAW_CHECK(&walk->draw, peak == (uint64_t)walk->reference.peak,
                   "step %d: peak %" PRIu64 ", expected %d", step, peak, walk->reference.peak);
    walk->seen |= actions;
    if (tier == 1)
        walk->reconfigured = false;
}

static void walk_once(struct walk *walk, uint64_t seed, size_t round, bool reconfigure)
{
    struct harness harness;

    harness_init(&harness);
    *walk = (struct walk){.draw = draw_begin(seed, round), .now = 5000 * MS, .seen = walk->seen};
    walk->reference = (struct reference){.below_since = {-1, -1, -1, -1}, .tier = 1};
    walk->latest = walk->now;
    ck_assert_int_eq(pausemon_config_new(&walk->config, &harness.host, NULL), 0);
    random_config(walk);
    ck_assert_int_eq(pausemon_tiers_new(&walk->tiers, walk->config, &harness.host, NULL), 0);
    for (int step = 0; step < STEPS; step++) {
        int stress;
        random_gaps(walk);
        if (reconfigure && draw_chance(&walk->draw, 8)) {
            random_config(walk);
            pausemon_tiers_set_config(walk->tiers, walk->config);
            walk->reconfigured = true;
        }
        if (walk->went_back) {
            walk->went_back = false;
            walk->now = walk->latest += 1 + (int64_t)draw_below(&walk->draw, 1000 * MS);
            stress = 100;
        } else if (draw_chance(&walk->draw, 3)) {
            stress = step_back(walk);
        } else {
            next_time(walk);
            stress = next_stress(walk);
        }
        check_update(walk, step, stress);
    }
    pausemon_tiers_free(walk->tiers);
    pausemon_config_free(walk->config);
    ck_assert_int_eq(harness.live, 0);
}

static void walk_all(uint64_t seed, bool reconfigure)
{
    struct walk walk = {.seen = 0};

    for (size_t round = 0; round < draw_rounds(ROUNDS); round++)
        walk_once(&walk, seed, round, reconfigure);
    ck_assert_msg(walk.seen == 31, "not every action was seen: 0x%" PRIx64, walk.seen);
}

START_TEST(a_random_walk_goes_through_the_tiers_as_the_page_says)
{
    walk_all(2001, false);
}
END_TEST

START_TEST(new_thresholds_and_holds_leave_tier_peak_and_timers_as_they_are)
{
    walk_all(2002, true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property_tiers");
    TCase *tcase = tcase_create("tiers");

    tcase_set_timeout(tcase, DRAW_TIMEOUT_S);
    tcase_add_test(tcase, a_random_walk_goes_through_the_tiers_as_the_page_says);
    tcase_add_test(tcase, new_thresholds_and_holds_leave_tier_peak_and_timers_as_they_are);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
