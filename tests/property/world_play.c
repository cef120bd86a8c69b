/* SPDX-License-Identifier: MIT */
/* The world's other half: plays looks to the collector and to the model, and compares. */
#include "world.h"

#include <inttypes.h>
#include <string.h>

void world_open(struct world *world, struct draw *draw, enum world_numbers numbers, size_t pids)
{
    struct model_config plain;

    memset(world, 0, sizeof *world);
    world->draw = draw;
    world->numbers = numbers;
    world->pids = pids < WORLD_PIDS ? pids : WORLD_PIDS;
    harness_init(&world->harness);
    ck_assert_int_eq(pausemon_config_new(&world->config, &world->harness.host, NULL), 0);
    world_config(draw, &plain, world->config);
    model_init(&world->model, &plain);
    ck_assert_int_eq(player_open(&world->source, &world->player, &world->harness.host), 0);
    ck_assert_int_eq(pausemon_collector_new(&world->collector, world->config, world->source,
                                            &world->harness.host, NULL),
                     0);
}

void world_close(struct world *world)
{
    pausemon_collector_free(world->collector);
    pausemon_source_free(world->source);
    pausemon_config_free(world->config);
    ck_assert_msg(world->harness.live == 0, "%ld blocks are not freed", world->harness.live);
}

void world_reconfigure(struct world *world)
{
    world_config(world->draw, &world->model.config, world->config);
    pausemon_collector_set_config(world->collector, world->config);
}

void world_look(struct world *world)
{
    struct pausemon_error error = {0};
    struct pausemon_instant now = world->harness.now;

    world->player.rows = world->rows;
    world->player.count = world->count;
    world->player.result = world->complete ? PAUSEMON_LOOK_COMPLETE : PAUSEMON_LOOK_PARTIAL;
    int status = pausemon_collector_collect(&world->sample, world->collector, &error);
    DRAW_CHECK(world->draw, status == 0 && world->sample, "collect gives %d %s", status,
               error.text);
    model_look(&world->model, &now, world->rows, world->count, world->player.skipped,
               world->complete);
}

static void check_process(struct world *world, const struct pausemon_process *is)
{
    const struct model_entry *entry = model_find(&world->model, is->pid);
    struct same_what what = {""};
    int score = pausemon_score_process(world->config, is);

    DRAW_CHECK(world->draw, entry, "pid %" PRId64 " should not be there", is->pid);
    unsigned parts = entry->blocked_open ? SAME_TEXT | SAME_BLAME : SAME_ALL;
    DRAW_CHECK(world->draw, same_process(&what, is, &entry->process, parts), "%s", what.text);
    DRAW_CHECK(world->draw, score == (int)is->score,
               "pid %" PRId64 ": the collector's score is %" PRIu64 ", the scorer's %d", is->pid,
               is->score, score);
}

static void check_processes(struct world *world)
{
    static struct model_entry *found[MODEL_MAX]; /* each must come once */
    size_t count = 0;
    const struct pausemon_process *process;

    while ((process = pausemon_collector_get_process(world->collector, count))) {
        DRAW_CHECK(world->draw, count < world->model.count, "there is a process too many: %" PRId64,
                   process->pid);
        check_process(world, process);
        struct model_entry *entry = (struct model_entry *)model_find(&world->model, process->pid);
        for (size_t i = 0; i < count; i++)
            DRAW_CHECK(world->draw, found[i] != entry, "pid %" PRId64 " comes twice", process->pid);
        found[count++] = entry;
    }
    DRAW_CHECK(world->draw, count == world->model.count, "there are %zu processes, expected %zu",
               count, world->model.count);
}

static void check_rogues(struct world *world)
{
    const struct pausemon_sample_info *expected = &world->model.info;

    for (size_t i = 0; i < expected->rogue_count; i++) {
        const struct pausemon_process *is = pausemon_sample_get_rogue(world->sample, i);
        DRAW_CHECK(world->draw, is && is->pid == world->model.rogues[i]->pid,
                   "rogue %zu is pid %" PRId64 ", expected %" PRId64, i, is ? is->pid : -1,
                   world->model.rogues[i]->pid);
        check_process(world, is);
    }
    DRAW_CHECK(world->draw,
               !pausemon_sample_get_rogue(world->sample, (size_t)expected->rogue_count),
               "there is a rogue beyond the last");
}

void world_check(struct world *world)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(world->sample);
    struct same_what what = {""};
    bool any_stuck = false;

    DRAW_CHECK(world->draw, same_counts(&what, info, &world->model.info), "%s", what.text);
    check_processes(world);
    check_rogues(world);
    /* Only what stands still gives a floor: a pause (none here) or a process stuck for long. */
    for (size_t i = 0; i < world->model.count; i++)
        any_stuck |= world->model.entries[i].process.state == PAUSEMON_STATE_STUCK;
    DRAW_CHECK(world->draw,
               info->stress == info->max_score || (any_stuck && info->stress > info->max_score),
               "stress is %" PRIu64 ", max_score %" PRIu64, info->stress, info->max_score);
}
