/* SPDX-License-Identifier: MIT */
/* The score (behaviour.md §3): in 0..100, never lower for more of a metric, equal to the model
 * on random values and at every edge of its rounding; and a sample that does not depend on the
 * order in which the source put the rows. */
#include "world.h"

#include <inttypes.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

#define ROUNDS 2500
#define PROCESSES 60
#define SHUFFLE_ROUNDS 500
#define LOOKS 8

struct scene {
    struct draw draw;
    struct harness harness;
    struct model_config plain;
    struct pausemon_config *config;
};

static void scene_open(struct scene *scene, uint64_t seed, size_t round)
{
    scene->draw = draw_begin(seed, round);
    harness_init(&scene->harness);
    ck_assert_int_eq(pausemon_config_new(&scene->config, &scene->harness.host, NULL), 0);
    world_config(&scene->draw, &scene->plain, scene->config);
}

static void scene_close(struct scene *scene)
{
    pausemon_config_free(scene->config);
    ck_assert_int_eq(scene->harness.live, 0);
}

/* The least value that is at least n/2000000 of the full scale: for odd n the edge of rounding
 * half up, for 2000000 the full scale itself. */
static uint64_t value_at(const struct model_config *plain, size_t metric, uint64_t n)
{
    wide full = (wide)plain->full_millis[metric] * model_metrics[metric].over;
    wide per = (wide)2000000 * model_metrics[metric].times;

    return (uint64_t)((full * n + per - 1) / per);
}

static uint64_t random_value(struct scene *scene, size_t metric)
{
    struct draw *draw = &scene->draw;
    /* whole percents of the factor are where the score steps */
    uint64_t edge = 20000 * draw_between(draw, 1, 100) - 1;
    uint64_t value;

    switch (draw_below(draw, 6)) {
    case 0:
        return draw_hostile(draw);
    case 1:
        return draw_below(draw, 4);
    case 2:
        value = value_at(&scene->plain, metric, 2000000);
        break;
    case 3:
        value = value_at(&scene->plain, metric, 2 * draw_below(draw, 1000000) + 1);
        break;
    case 4:
        value = value_at(&scene->plain, metric, edge);
        break;
    default:
        return draw_below(draw, value_at(&scene->plain, metric, 3000000) + 1);
    }
    return draw_chance(draw, 50) || value == 0 ? value : value - draw_below(draw, 2);
}

static void random_process(struct scene *scene, struct pausemon_process *process)
{
    struct draw *draw = &scene->draw;

    *process = (struct pausemon_process)PAUSEMON_PROCESS_INIT;
    process->state = draw_below(draw, MODEL_STATES);
    process->have = draw_chance(draw, 60) ? 0x7f : draw_below(draw, 128);
    /* Unknown ones, too, get a value here: it must add nothing. */
    for (size_t i = 0; i < MODEL_METRICS; i++)
        model_set_value(process, i, random_value(scene, i));
    process->score = draw_bits(draw);
    process->categories = draw_below(draw, 512);
}

static int score_of(struct scene *scene, const struct pausemon_process *process)
{
    int score = pausemon_score_process(scene->config, process);

    DRAW_CHECK(&scene->draw, score >= 0 && score <= 100, "the score is %d", score);
    return score;
}

static void check_score(struct scene *scene, const struct pausemon_process *process)
{
    int score = score_of(scene, process);
    int expected = (int)model_score(&scene->plain, process);

    DRAW_CHECK(&scene->draw, score == expected,
               "the score is %d, expected %d: state %s, have 0x%" PRIx64 ", cpu %" PRIu64
               " mem %" PRIu64 " cmprs %" PRIu64 " threads %" PRIu64 " csw %" PRIu64
               " sysbsd %" PRIu64 " pageins %" PRIu64,
               score, expected, pausemon_state_name(process->state), process->have, process->cpu,
               process->mem, process->cmprs, process->threads, process->csw, process->sysbsd,
               process->pageins);
}

START_TEST(the_score_of_any_process_is_the_one_of_the_model)
{
    struct scene scene;
    struct pausemon_process process;
    uint64_t scores[101] = {0}, different = 0;

    for (size_t round = 0; round < draw_rounds(ROUNDS); round++) {
        scene_open(&scene, 3001, round);
        for (int i = 0; i < PROCESSES; i++) {
            random_process(&scene, &process);
            check_score(&scene, &process);
            scores[model_score(&scene.plain, &process)]++;
        }
        scene_close(&scene);
    }
    for (size_t i = 0; i <= 100; i++)
        different += scores[i] > 0;
    ck_assert_msg(different == 101, "only %d scores of 101 came", (int)different);
}
END_TEST

START_TEST(every_rounding_edge_of_a_metric_alone_is_the_one_of_the_model)
{
    struct scene scene;

    for (size_t round = 0; round < draw_rounds(ROUNDS / 4); round++) {
        struct pausemon_process process = PAUSEMON_PROCESS_INIT;
        scene_open(&scene, 3002, round);
        size_t metric = draw_below(&scene.draw, MODEL_METRICS);
        process.have = model_metrics[metric].have;
        process.state = draw_below(&scene.draw, MODEL_STATES);
        for (uint64_t percent = 1; percent <= 100; percent++) {
            uint64_t edge = value_at(&scene.plain, metric, percent * 20000 - 1);
            for (uint64_t back = 0; back < 2 && back <= edge; back++) {
                model_set_value(&process, metric, edge - back);
                check_score(&scene, &process);
            }
        }
        scene_close(&scene);
    }
}
END_TEST

START_TEST(more_of_a_metric_never_lowers_the_score)
{
    struct scene scene;
    struct pausemon_process process;
    uint64_t rises = 0;

    for (size_t round = 0; round < draw_rounds(ROUNDS); round++) {
        scene_open(&scene, 3003, round);
        for (int i = 0; i < PROCESSES / 2; i++) {
            random_process(&scene, &process);
            size_t metric = draw_below(&scene.draw, MODEL_METRICS);
            uint64_t less = model_value(&process, metric);
            uint64_t more = random_value(&scene, metric);
            model_set_value(&process, metric, less < more ? less : more);
            int low = score_of(&scene, &process);
            model_set_value(&process, metric, less < more ? more : less);
            int high = score_of(&scene, &process);
            DRAW_CHECK(&scene.draw, low <= high,
                       "%s from %" PRIu64 " to %" PRIu64 " lowers the score from %d to %d",
                       model_metrics[metric].name, less < more ? less : more,
                       less < more ? more : less, low, high);
            rises += low < high;
        }
        scene_close(&scene);
    }
    ck_assert_uint_gt(rises, 0);
}
END_TEST

START_TEST(a_metric_that_becomes_known_never_lowers_the_score_and_an_unknown_one_adds_nothing)
{
    struct scene scene;
    struct pausemon_process process;

    for (size_t round = 0; round < draw_rounds(ROUNDS); round++) {
        scene_open(&scene, 3004, round);
        for (int i = 0; i < PROCESSES / 2; i++) {
            random_process(&scene, &process);
            size_t metric = draw_below(&scene.draw, MODEL_METRICS);
            process.have |= model_metrics[metric].have;
            int known = score_of(&scene, &process);
            process.have &= ~model_metrics[metric].have;
            int unknown = score_of(&scene, &process);
            model_set_value(&process, metric, 0);
            int none = score_of(&scene, &process);
            DRAW_CHECK(&scene.draw, unknown <= known && unknown == none,
                       "%s: score %d when unknown, %d when known, %d when unknown and 0",
                       model_metrics[metric].name, unknown, known, none);
        }
        scene_close(&scene);
    }
}
END_TEST

/* ---- The order of the rows ---- */

static struct world world; /* too large for the stack */

/* A second collector beside the world's, which sees the same rows in another order. */
struct other {
    struct player player;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_row rows[WORLD_ROWS];
};

static const struct pausemon_process *of_pid(const struct pausemon_collector *collector,
                                             int64_t pid)
{
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_collector_get_process(collector, i)); i++)
        if (process->pid == pid)
            return process;
    return NULL;
}

static void look_otherwise(struct other *other)
{
    const struct pausemon_sample *sample = NULL;
    const struct pausemon_process *mine, *theirs;
    struct same_what what = {""};

    memcpy(other->rows, world.rows, world.count * sizeof *world.rows);
    world_shuffle(world.draw, other->rows, world.count);
    other->player = world.player;
    other->player.rows = other->rows;
    ck_assert_int_eq(pausemon_collector_collect(&sample, other->collector, NULL), 0);
    DRAW_CHECK(world.draw, same_sample(&what, sample, world.sample), "other order: %s", what.text);
    for (size_t i = 0; (mine = pausemon_collector_get_process(world.collector, i)); i++) {
        theirs = of_pid(other->collector, mine->pid);
        DRAW_CHECK(world.draw, theirs && same_process(&what, theirs, mine, SAME_ALL),
                   "other order: pid %" PRId64 " %s", mine->pid, what.text);
    }
}

START_TEST(the_order_of_the_rows_changes_nothing)
{
    static struct other other;
    uint64_t omitted = 0, rogues = 0;

    for (size_t round = 0; round < draw_rounds(SHUFFLE_ROUNDS); round++) {
        struct draw draw = draw_begin(3005, round);
        bool crowd = draw_chance(&draw, 6);
        /* ties are what an order could show in */
        world_open(&world, &draw, draw_chance(&draw, 70) ? WORLD_TINY : WORLD_HOSTILE,
                   crowd ? WORLD_PIDS : draw_between(&draw, 2, 24));
        world.no_duplicates = true; /* which of two comes first is told by the order */
        ck_assert_int_eq(player_open(&other.source, &other.player, &world.harness.host), 0);
        ck_assert_int_eq(pausemon_collector_new(&other.collector, world.config, other.source,
                                                &world.harness.host, NULL),
                         0);
        for (int look = 0; look < LOOKS; look++) {
            world_step(&world);
            world_look(&world);
            look_otherwise(&other);
            rogues += pausemon_sample_get_info(world.sample)->rogue_count;
            omitted += pausemon_sample_get_info(world.sample)->rogues_omitted;
        }
        pausemon_collector_free(other.collector);
        pausemon_source_free(other.source);
        world_close(&world);
    }
    ck_assert_uint_gt(rogues, 0);
    ck_assert_uint_gt(omitted, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property_score");
    TCase *tcase = tcase_create("score");

    tcase_set_timeout(tcase, DRAW_TIMEOUT_S);
    tcase_add_test(tcase, the_score_of_any_process_is_the_one_of_the_model);
    tcase_add_test(tcase, every_rounding_edge_of_a_metric_alone_is_the_one_of_the_model);
    tcase_add_test(tcase, more_of_a_metric_never_lowers_the_score);
    tcase_add_test(
        tcase, a_metric_that_becomes_known_never_lowers_the_score_and_an_unknown_one_adds_nothing);
    tcase_add_test(tcase, the_order_of_the_rows_changes_nothing);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
