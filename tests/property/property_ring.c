/* SPDX-License-Identifier: MIT */
/* The ring is the last N of an array; a copy is what the ring was when it was frozen. */
#include "world.h"

#include <inttypes.h>
#include <string.h>

#define ROUNDS 700
#define STEPS 150
#define POOL 48     /* different samples */
#define PUSHED 4096 /* more than the steps of a round can push */

/* What a ring must hold: the last `capacity` of `pushed`. */
struct array {
    struct {
        size_t sample; /* in the pool */
        uint64_t tier;
    } pushed[PUSHED];
    size_t count;
    size_t capacity;
};

static struct world world; /* too large for the stack */
static struct pausemon_sample *pool[POOL];

static void fill_pool(struct draw *draw)
{
    world_open(&world, draw, WORLD_TINY, WORLD_PIDS);
    for (size_t i = 0; i < POOL; i++) {
        world_step(&world);
        world_look(&world);
        ck_assert_int_eq(pausemon_sample_new(&pool[i], NULL, NULL), 0);
        pausemon_sample_copy(pool[i], world.sample);
    }
    world_close(&world);
}

static void free_pool(void)
{
    for (size_t i = 0; i < POOL; i++)
        pausemon_sample_free(pool[i]);
}

static size_t held(const struct array *array)
{
    return array->count < array->capacity ? array->count : array->capacity;
}

static void check_ring(struct draw *draw, const char *which, const struct pausemon_ring *ring,
                       const struct array *array)
{
    size_t count = held(array), first = array->count - count;
    struct same_what what = {""};

    DRAW_CHECK(draw, pausemon_ring_get_count(ring) == count, "%s: count is %zu, expected %zu",
               which, pausemon_ring_get_count(ring), count);
    for (size_t i = 0; i < count; i++) {
        uint64_t tier = 0, expected = array->pushed[first + i].tier;
        const struct pausemon_sample *sample = pausemon_ring_get(ring, i, &tier);
        DRAW_CHECK(draw, sample && tier == expected, "%s: at %zu %s of tier %d, expected %d", which,
                   i, sample ? "a sample" : "nothing", (int)tier, (int)expected);
        DRAW_CHECK(draw, same_sample(&what, sample, pool[array->pushed[first + i].sample]),
                   "%s: at %zu %s", which, i, what.text);
        DRAW_CHECK(draw, pausemon_ring_get(ring, i, NULL) == sample, "%s: at %zu without tier",
                   which, i);
    }
    uint64_t untouched = PAUSEMON_TIER_ELEVATED;
    DRAW_CHECK(draw,
               !pausemon_ring_get(ring, count + draw_below(draw, 3), &untouched) &&
                   untouched == PAUSEMON_TIER_ELEVATED,
               "%s: something lies beyond the last", which);
}

static void push(struct draw *draw, struct pausemon_ring *ring, struct array *array,
                 struct pausemon_sample *scratch)
{
    size_t chosen = draw_below(draw, POOL);
    uint64_t tier = draw_between(draw, 1, 3);

    pausemon_sample_copy(scratch, pool[chosen]);
    pausemon_ring_push(ring, scratch, tier);
    pausemon_sample_copy(scratch, pool[(chosen + 1) % POOL]); /* the ring has its own */
    ck_assert_uint_lt(array->count, PUSHED);
    array->pushed[array->count].sample = chosen;
    array->pushed[array->count++].tier = tier;
}

/* True: the copy was large enough. */
static bool freeze(struct draw *draw, struct pausemon_ring *copy, struct array *copied,
                   const struct pausemon_ring *ring, const struct array *array)
{
    size_t count = held(array);
    bool fits = count <= copied->capacity;
    int status = pausemon_ring_freeze(copy, ring);

    DRAW_CHECK(draw, status == (fits ? 0 : PAUSEMON_ERR_LIMIT),
               "freezing %zu into room for %zu gives %d", count, copied->capacity, status);
    if (fits) {
        memcpy(copied->pushed, array->pushed + (array->count - count),
               count * sizeof *array->pushed);
        copied->count = count;
    }
    return fits;
}

/* How often a copy was large enough, and how often it was not. */
struct freezes {
    uint64_t done, refused;
};

static void walk_once(size_t round, struct freezes *freezes)
{
    static struct array array, copied;
    struct draw draw = draw_begin(4001, round);
    struct harness harness;
    struct pausemon_ring *ring, *copy;
    struct pausemon_sample *scratch;

    harness_init(&harness);
    array.count = copied.count = 0;
    array.capacity = round < 3 ? round + 1 : draw_between(&draw, 1, 60);
    copied.capacity = draw_chance(&draw, 50) ? array.capacity : draw_between(&draw, 1, 60);
    ck_assert_int_eq(pausemon_ring_new(&ring, array.capacity, &harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_ring_new(&copy, copied.capacity, &harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_sample_new(&scratch, &harness.host, NULL), 0);
    ck_assert_uint_eq(pausemon_ring_get_capacity(ring), array.capacity);
    long allocations = harness.allocations;
    for (int step = 0; step < STEPS; step++) {
        uint64_t choice = draw_below(&draw, 100);
        if (choice < 85) {
            push(&draw, ring, &array, scratch);
        } else if (choice < 88) {
            pausemon_ring_clear(ring);
            array.count = 0;
        } else if (choice < 92) {
            push(&draw, copy, &copied, scratch); /* a copy is a ring like any other */
        } else {
            bool fits = freeze(&draw, copy, &copied, ring, &array);
            freezes->done += fits;
            freezes->refused += !fits;
        }
        if (step % 10 == 9) {
            check_ring(&draw, "ring", ring, &array);
            check_ring(&draw, "copy", copy, &copied);
        }
    }
    DRAW_CHECK(&draw, harness.allocations == allocations, "%ld allocations once warm",
               harness.allocations - allocations);
    pausemon_sample_free(scratch);
    pausemon_ring_free(copy);
    pausemon_ring_free(ring);
    ck_assert_int_eq(harness.live, 0);
}

START_TEST(a_ring_is_the_last_of_an_array_and_a_copy_is_what_it_was)
{
    struct draw draw = draw_begin(4000, 0);
    struct freezes freezes = {0, 0};

    fill_pool(&draw);
    for (size_t round = 0; round < draw_rounds(ROUNDS); round++)
        walk_once(round, &freezes);
    free_pool();
    ck_assert_uint_gt(freezes.done, 0);
    ck_assert_uint_gt(freezes.refused, 0);
}
END_TEST

START_TEST(the_capacity_is_seconds_by_interval_and_never_leaves_its_bounds)
{
    struct pausemon_config *config;

    ck_assert_uint_eq(pausemon_ring_capacity_for(NULL), 30);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    for (size_t round = 0; round < draw_rounds(ROUNDS * 20); round++) {
        struct draw draw = draw_begin(4002, round);
        uint64_t seconds = 1 + (draw_below(&draw, 3600) >> draw_below(&draw, 12));
        uint64_t interval = 100 + (draw_below(&draw, 59901) >> draw_below(&draw, 16));
        uint64_t expected = seconds * 1000 / interval;
        char text[32];

        expected = expected < 1 ? 1 : expected > 3600 ? 3600 : expected;
        snprintf(text, sizeof text, "%" PRIu64, seconds);
        ck_assert_int_eq(pausemon_config_set(config, "sentinel.ring_buffer_seconds", text, NULL),
                         0);
        snprintf(text, sizeof text, "%" PRIu64, interval);
        ck_assert_int_eq(pausemon_config_set(config, "monitor.interval_ms", text, NULL), 0);
        size_t capacity = pausemon_ring_capacity_for(config);
        DRAW_CHECK(&draw, capacity == expected,
                   "%" PRIu64 " s at %" PRIu64 " ms: %zu, expected %" PRIu64, seconds, interval,
                   capacity, expected);
    }
    pausemon_config_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property_ring");
    TCase *tcase = tcase_create("ring");

    tcase_set_timeout(tcase, DRAW_TIMEOUT_S);
    tcase_add_test(tcase, a_ring_is_the_last_of_an_array_and_a_copy_is_what_it_was);
    tcase_add_test(tcase, the_capacity_is_seconds_by_interval_and_never_leaves_its_bounds);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
