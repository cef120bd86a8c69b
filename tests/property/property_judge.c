/* SPDX-License-Identifier: MIT */
/* Random machines, looked at through a collector: it must say what the model says (model.c:
 * behaviour.md §1 to §3), process by process, rogue by rogue, count by count. */
#include "world.h"

#include <string.h>

#define ROUNDS 1200
#define CROWDED_ROUNDS 40
#define LOOKS 14

static struct world world; /* too large for the stack */

static void add_met(struct model_met *sum, const struct model_met *met)
{
    uint64_t totals[sizeof *met / sizeof(uint64_t)], each[sizeof *met / sizeof(uint64_t)];

    memcpy(totals, sum, sizeof *sum);
    memcpy(each, met, sizeof *met);
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        totals[i] += each[i];
    memcpy(sum, totals, sizeof *sum);
}

/* The source has nothing: no sample, and nothing happened to anybody. */
static void look_in_vain(void)
{
    struct pausemon_error error = {0};
    const struct pausemon_sample *sample = NULL;

    world.player.result = PAUSEMON_ERR_BUSY;
    int status = pausemon_collector_collect(&sample, world.collector, &error);
    DRAW_CHECK(world.draw, status == PAUSEMON_ERR_BUSY && !sample,
               "a busy source: collect gives %d", status);
}

static void play(struct model_met *met, uint64_t seed, size_t round, enum world_numbers numbers,
                 size_t pids)
{
    struct draw draw = draw_begin(seed, round);

    world_open(&world, &draw, numbers, pids ? pids : draw_between(&draw, 1, 24));
    for (int look = 0; look < LOOKS; look++) {
        world_step(&world);
        if (draw_chance(&draw, 5))
            look_in_vain();
        if (draw_chance(&draw, 4))
            world_reconfigure(&world);
        world_look(&world);
        world_check(&world);
    }
    add_met(met, &world.model.met);
    world_close(&world);
}

static void play_all(struct model_met *met, uint64_t seed, size_t rounds,
                     enum world_numbers numbers, size_t pids)
{
    memset(met, 0, sizeof *met);
    for (size_t round = 0; round < rounds; round++)
        play(met, seed, round, numbers, pids);
    /* What a walk never meets it does not prove. */
    ck_assert_uint_gt(met->stuck, 0);
    ck_assert_uint_gt(met->still_d_but_busy, 0);
    ck_assert_uint_gt(met->reused, 0);
    ck_assert_uint_gt(met->fell, 0);
    ck_assert_uint_gt(met->denied, 0);
    ck_assert_uint_gt(met->skipped, 0);
    ck_assert_uint_gt(met->partial, 0);
    ck_assert_uint_gt(met->unchanged, 0);
    ck_assert_uint_gt(met->gone, 0);
    ck_assert_uint_gt(met->duplicate, 0);
    ck_assert_uint_gt(met->no_time, 0);
}

START_TEST(a_machine_with_honest_numbers_is_judged_as_the_model_does)
{
    struct model_met met;

    play_all(&met, 1001, draw_rounds(ROUNDS), WORLD_HONEST, 0);
}
END_TEST

START_TEST(a_machine_full_of_ties_is_judged_as_the_model_does)
{
    struct model_met met;

    play_all(&met, 1002, draw_rounds(ROUNDS), WORLD_TINY, 0);
}
END_TEST

START_TEST(a_machine_with_hostile_numbers_is_judged_as_the_model_does)
{
    struct model_met met;

    play_all(&met, 1003, draw_rounds(ROUNDS), WORLD_HOSTILE, 0);
    ck_assert_uint_gt(met.saturated, 0);
}
END_TEST

START_TEST(a_crowd_of_rogues_is_cut_at_64_as_the_model_does)
{
    struct model_met met;

    play_all(&met, 1004, draw_rounds(CROWDED_ROUNDS), WORLD_TINY, WORLD_PIDS);
    ck_assert_uint_gt(met.omitted, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property_judge");
    TCase *tcase = tcase_create("judge");

    tcase_set_timeout(tcase, DRAW_TIMEOUT_S);
    tcase_add_test(tcase, a_machine_with_honest_numbers_is_judged_as_the_model_does);
    tcase_add_test(tcase, a_machine_full_of_ties_is_judged_as_the_model_does);
    tcase_add_test(tcase, a_machine_with_hostile_numbers_is_judged_as_the_model_does);
    tcase_add_test(tcase, a_crowd_of_rogues_is_cut_at_64_as_the_model_does);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
