/* SPDX-License-Identifier: MIT */
/* Defects that were found by reading and mended, each beside the test that failed: what a
 * collector, and the tiers, make of rows. */
#include "harness.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

/* What the struct had in the first release. */
#define ROW_FIRST_SIZE (offsetof(struct pausemon_row, command) + PAUSEMON_COMMAND_SIZE)

struct scene {
    struct harness harness;
    struct player player;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    const struct pausemon_sample_info *info; /* of the last look */
    struct pausemon_error error;
};

static void scene_open(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    harness_init(&scene->harness);
    const struct pausemon_host *host = &scene->harness.host;
    ck_assert_int_eq(player_open(&scene->source, &scene->player, host), 0);
    ck_assert_int_eq(pausemon_collector_new(&scene->collector, NULL, scene->source, host, NULL), 0);
}

static void scene_close(struct scene *scene)
{
    pausemon_collector_free(scene->collector);
    pausemon_source_free(scene->source);
    ck_assert_int_eq(scene->harness.live, 0);
}

/* Lets time go on by `ns` and looks at these rows. */
static int scene_try(struct scene *scene, int64_t ns, const struct pausemon_row *rows, size_t count)
{
    harness_tick(&scene->harness, ns);
    scene->player.rows = rows;
    scene->player.count = count;
    int status = pausemon_collector_collect(&scene->sample, scene->collector, &scene->error);
    scene->info = status == 0 ? pausemon_sample_get_info(scene->sample) : NULL;
    return status;
}

/* The same for one row that is fine; the process that came of it. */
static const struct pausemon_process *scene_see(struct scene *scene, int64_t ns,
                                                const struct pausemon_row *row)
{
    ck_assert_int_eq(scene_try(scene, ns, row, 1), 0);
    ck_assert_uint_eq(scene->info->process_count, 1);
    const struct pausemon_process *process = pausemon_collector_get_process(scene->collector, 0);
    ck_assert_int_eq(process->pid, row->pid);
    return process;
}

static struct pausemon_row worker(int64_t pid)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    row.pid = pid;
    row.start_time = 77;
    row.state = PAUSEMON_STATE_SLEEPING;
    row.mem = 4096;
    row.have = PAUSEMON_HAVE_START_TIME | PAUSEMON_HAVE_MEM;
    strcpy(row.command, "worker");
    return row;
}

/* ---- Who reads a source anew ---- */

/* A source that says again only what its reader does not know: as procfs does. */
struct incremental {
    int wanted; /* what the sink said in the last look */
    int result; /* of the next look, if it is a failure */
};

static int incremental_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct incremental *source = self;
    struct pausemon_row row = worker(7);

    source->wanted = pausemon_sink_wants_full(sink);
    if (source->result < 0) {
        snprintf(error->text, sizeof error->text, "told to fail");
        return source->result;
    }
    row.verb = source->wanted ? PAUSEMON_ROW_FULL : PAUSEMON_ROW_UNCHANGED;
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

static struct pausemon_source *incremental_open(struct incremental *self,
                                                const struct pausemon_host *host)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source;

    ops.read = incremental_read;
    memset(self, 0, sizeof *self);
    ck_assert_int_eq(pausemon_source_new(&source, "incremental", &ops, self, host, NULL), 0);
    return source;
}

/* One look; the process must be there with all that is known of it. */
static void see_worker(struct pausemon_collector *collector)
{
    const struct pausemon_sample *sample;

    ck_assert_int_eq(pausemon_collector_collect(&sample, collector, NULL), 0);
    ck_assert_uint_eq(pausemon_sample_get_info(sample)->process_count, 1);
    ck_assert_uint_eq(pausemon_sample_get_info(sample)->unreadable, 0);
    const struct pausemon_process *process = pausemon_collector_get_process(collector, 0);
    ck_assert_ptr_nonnull(process);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_MEM, 0);
    ck_assert_uint_eq(process->mem, 4096);
    ck_assert_str_eq(process->command, "worker");
}

START_TEST(a_second_collector_of_a_source_is_told_everything)
{
    struct harness harness;
    struct incremental self;
    struct pausemon_collector *collector;
    struct text text = {0};

    harness_init(&harness);
    struct pausemon_source *source = incremental_open(&self, &harness.host);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, &harness.host, NULL), 0);
        see_worker(collector);
        ck_assert_int_eq(self.wanted, 1);
        harness_tick(&harness, SECOND);
        see_worker(collector);
        ck_assert_int_eq(self.wanted, 0);
        pausemon_collector_free(collector);
        /* before the third the recorder has looked, too: twice, incrementally */
        for (int look = 0; i == 1 && look < 2; look++) {
            ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
            ck_assert_int_eq(self.wanted, look == 0);
        }
    }
    text_free(&text);
    pausemon_source_free(source);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

START_TEST(after_a_look_that_failed_everything_is_told_anew)
{
    struct harness harness;
    struct incremental self;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;

    harness_init(&harness);
    struct pausemon_source *source = incremental_open(&self, &harness.host);
    ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, &harness.host, NULL), 0);
    see_worker(collector);
    self.result = PAUSEMON_ERR_BUSY;
    ck_assert_int_eq(pausemon_collector_collect(&sample, collector, NULL), PAUSEMON_ERR_BUSY);
    self.result = 0;
    see_worker(collector);
    ck_assert_int_eq(self.wanted, 0); /* busy loses nothing */
    self.result = PAUSEMON_ERR_IO;
    ck_assert_int_eq(pausemon_collector_collect(&sample, collector, NULL), PAUSEMON_ERR_IO);
    self.result = 0;
    see_worker(collector);
    ck_assert_int_eq(self.wanted, 1);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}
END_TEST

/* ---- Rows ---- */

START_TEST(rows_smaller_than_the_first_release_are_skipped)
{
    static const size_t sizes[] = {0, 8, offsetof(struct pausemon_row, have),
                                   offsetof(struct pausemon_row, command), ROW_FIRST_SIZE - 1};
    struct text text = {0};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct scene scene;
        struct pausemon_row row = worker(7);
        row.size = sizes[i];
        scene_open(&scene);
        ck_assert_int_eq(scene_try(&scene, 0, &row, 1), 0);
        ck_assert_msg(scene.info->process_count == 0, "size %zu was accepted", sizes[i]);
        ck_assert_uint_eq(scene.info->unreadable, 1);
        ck_assert_int_eq(pausemon_source_record(scene.source, text_write, &text, NULL), 0);
        ck_assert_ptr_null(strstr(text.bytes, "\"process\""));
        ck_assert_ptr_nonnull(strstr(text.bytes, "\"skipped\":1"));
        text_free(&text);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(rows_of_a_later_release_are_taken)
{
    struct {
        struct pausemon_row row;
        char more[64];
    } later = {.row = worker(7)};
    struct scene scene;
    struct text text = {0};

    memset(later.more, 0x5a, sizeof later.more);
    later.row.size = sizeof later;
    scene_open(&scene);
    ck_assert_uint_eq(scene_see(&scene, 0, &later.row)->mem, 4096);
    ck_assert_uint_eq(scene.info->unreadable, 0);
    ck_assert_int_eq(pausemon_source_record(scene.source, text_write, &text, NULL), 0);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"process\""));
    text_free(&text);
    scene_close(&scene);
}
END_TEST

START_TEST(a_counter_that_began_anew_gives_no_rate_this_time)
{
    const uint64_t bits = PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_RUN_DELAY;
    struct pausemon_row row = worker(7);
    struct scene scene;

    row.have |= bits | PAUSEMON_HAVE_CPU;
    row.csw = 1000;
    scene_open(&scene);
    scene_see(&scene, 0, &row);
    row.cpu_ns += SECOND / 2;
    row.csw = 5000; /* grown, but of something else */
    row.run_delay_ns = 300;
    row.restarted = bits;
    const struct pausemon_process *process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->have & bits, 0);
    ck_assert_uint_eq(process->csw, 0);
    ck_assert_uint_eq(process->run_delay_ns, 0);
    ck_assert_uint_eq(process->cpu, 500);
    row.restarted = 0;
    row.csw += 100;
    row.run_delay_ns += 20;
    process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->have & bits, bits);
    ck_assert_uint_eq(process->csw, 100);
    ck_assert_uint_eq(process->run_delay_ns, 20);
    scene_close(&scene);
}
END_TEST

START_TEST(a_partial_row_with_another_name_is_the_same_process)
{
    struct pausemon_row row = worker(7);
    struct scene scene;

    row.have |= PAUSEMON_HAVE_CPU;
    scene_open(&scene);
    scene_see(&scene, 0, &row);
    row.verb = PAUSEMON_ROW_PARTIAL;
    row.have = PAUSEMON_HAVE_CPU;
    row.cpu_ns = SECOND / 4;
    strcpy(row.command, "renamed");
    const struct pausemon_process *process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(scene.info->births, 0);
    ck_assert_uint_eq(scene.info->deaths, 0);
    ck_assert_str_eq(process->command, "renamed");
    ck_assert_uint_eq(process->cpu, 250);
    ck_assert_uint_eq(process->mem, 4096);
    ck_assert_int_eq(process->start_time, 77);
    scene_close(&scene);
}
END_TEST

/* ---- Uninterruptible ---- */

START_TEST(without_cpu_time_nobody_is_stuck_or_known_to_be_blocked)
{
    struct pausemon_row row = worker(7);
    struct scene scene;

    row.state = PAUSEMON_STATE_UNINTERRUPTIBLE;
    scene_open(&scene);
    for (int i = 0; i < 30; i++) {
        const struct pausemon_process *process = scene_see(&scene, SECOND, &row);
        ck_assert_uint_eq(process->state, PAUSEMON_STATE_UNINTERRUPTIBLE);
        ck_assert_uint_eq(process->have & PAUSEMON_HAVE_BLOCKED, 0);
        ck_assert_uint_eq(process->blocked_ns, 0);
    }
    /* with it, what is said is known: 2 s is the default */
    row.have |= PAUSEMON_HAVE_CPU;
    scene_see(&scene, SECOND, &row);
    scene_see(&scene, SECOND, &row);
    const struct pausemon_process *process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->state, PAUSEMON_STATE_STUCK);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_BLOCKED, 0);
    ck_assert_uint_eq(process->blocked_ns, SECOND);
    scene_close(&scene);
}
END_TEST

START_TEST(a_clock_that_went_back_begins_the_stuck_period_anew)
{
    struct pausemon_row row = worker(7);
    struct scene scene;

    row.state = PAUSEMON_STATE_UNINTERRUPTIBLE;
    row.have |= PAUSEMON_HAVE_CPU;
    scene_open(&scene);
    scene.harness.now.monotonic_ns += 2 * HOUR;
    scene_see(&scene, 0, &row);
    const struct pausemon_process *process = scene_see(&scene, -HOUR, &row);
    ck_assert_uint_eq(process->state, PAUSEMON_STATE_UNINTERRUPTIBLE);
    ck_assert_uint_eq(process->elapsed_ns, 0);
    process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->state, PAUSEMON_STATE_UNINTERRUPTIBLE);
    process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->state, PAUSEMON_STATE_STUCK);
    scene_close(&scene);
}
END_TEST

/* ---- Time that goes back ---- */

START_TEST(nobody_waits_longer_than_an_interval_when_the_clock_went_back)
{
    struct pausemon_row row = worker(7);
    struct scene scene;

    scene_open(&scene);
    scene.harness.now.monotonic_ns += 2 * HOUR;
    scene_see(&scene, 0, &row);
    ck_assert_int_eq(pausemon_collector_get_timeout(scene.collector), 1000);
    harness_tick(&scene.harness, -HOUR);
    int timeout = pausemon_collector_get_timeout(scene.collector);
    ck_assert_int_ge(timeout, 0);
    ck_assert_int_le(timeout, 1000);
    scene_close(&scene);
}
END_TEST

START_TEST(tiers_come_down_after_the_clock_went_back)
{
    const int64_t start = 2 * HOUR;
    struct pausemon_tiers *tiers;
    uint64_t actions;

    ck_assert_int_eq(pausemon_tiers_new(&tiers, NULL, NULL, NULL), 0);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 60, start, NULL), PAUSEMON_TIER_ELEVATED);
    /* the hold time is 5 s: it is counted from here, by the clock as it goes now */
    const int64_t back = start - HOUR;
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, back, NULL), PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, back + 4 * SECOND, NULL),
                      PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, back + 5 * SECOND, &actions),
                      PAUSEMON_TIER_SENTINEL);
    ck_assert_uint_eq(actions, PAUSEMON_TIER2_EXIT);
    pausemon_tiers_free(tiers);
}
END_TEST

/* ---- Failures ---- */

START_TEST(a_callers_error_is_left_alone_by_success)
{
    struct pausemon_row row = worker(7);
    struct pausemon_error before;
    struct scene scene;
    struct text text = {0};

    memset(&before, 0x5a, sizeof before);
    scene_open(&scene);
    memcpy(&scene.error, &before, sizeof before);
    scene_see(&scene, 0, &row);
    ck_assert_mem_eq(&scene.error, &before, sizeof before);
    ck_assert_int_eq(pausemon_source_record(scene.source, text_write, &text, &scene.error), 0);
    ck_assert_mem_eq(&scene.error, &before, sizeof before);
    /* and it is filled when there is something to say */
    scene.player.result = PAUSEMON_ERR_IO;
    ck_assert_int_eq(scene_try(&scene, SECOND, &row, 1), PAUSEMON_ERR_IO);
    ck_assert_int_eq(scene.error.status, PAUSEMON_ERR_IO);
    ck_assert_str_eq(scene.error.text, "the player was told to fail");
    text_free(&text);
    scene_close(&scene);
}
END_TEST

START_TEST(what_a_look_without_memory_saw_is_told_by_the_next)
{
    enum { FEW = 10, ENDED = 4, MANY = 600 };
    static struct pausemon_row rows[MANY];
    struct scene scene;

    for (int i = 0; i < MANY; i++)
        rows[i] = worker(100 + i);
    scene_open(&scene);
    ck_assert_int_eq(scene_try(&scene, 0, rows, FEW), 0);
    ck_assert_uint_eq(scene.info->births, FEW);
    /* so many need a larger table, and there is none */
    scene.harness.fail_at = 1;
    scene.harness.fail_always = true;
    ck_assert_int_eq(scene_try(&scene, SECOND, rows + ENDED, MANY - ENDED), PAUSEMON_ERR_NOMEM);
    scene.harness.fail_at = 0;
    ck_assert_int_eq(scene_try(&scene, SECOND, rows + ENDED, MANY - ENDED), 0);
    ck_assert_uint_eq(scene.info->process_count, MANY - ENDED);
    ck_assert_uint_eq(scene.info->births, MANY - FEW);
    ck_assert_uint_eq(scene.info->deaths, ENDED);
    ck_assert_int_eq(scene_try(&scene, SECOND, rows + ENDED, MANY - ENDED), 0);
    ck_assert_uint_eq(scene.info->births, 0);
    ck_assert_uint_eq(scene.info->deaths, 0);
    scene_close(&scene);
}
END_TEST

/* ---- Rows after a look that failed ---- */

/* What was lost with it cannot be built upon. */
START_TEST(an_unchanged_row_after_a_failed_look_says_nothing)
{
    struct scene scene;
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    scene_open(&scene);
    row.pid = 5;
    row.have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM;
    row.cpu_ns = 1000;
    row.state = PAUSEMON_STATE_RUNNING;
    scene_see(&scene, SECOND, &row);
    scene.player.result = PAUSEMON_ERR_FORMAT;
    ck_assert_int_eq(scene_try(&scene, SECOND, &row, 1), PAUSEMON_ERR_FORMAT);
    scene.player.result = PAUSEMON_LOOK_COMPLETE;
    row.verb = PAUSEMON_ROW_UNCHANGED;
    const struct pausemon_process *process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CPU, 0);
    ck_assert_uint_eq(scene.info->unreadable, 1);
    row.verb = PAUSEMON_ROW_FULL;
    scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(scene.info->unreadable, 0);
    row.verb = PAUSEMON_ROW_UNCHANGED;
    process = scene_see(&scene, SECOND, &row);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CPU, PAUSEMON_HAVE_CPU);
    scene_close(&scene);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions");
    TCase *tests = tcase_create("rows and looks");

    tcase_add_test(tests, a_second_collector_of_a_source_is_told_everything);
    tcase_add_test(tests, after_a_look_that_failed_everything_is_told_anew);
    tcase_add_test(tests, rows_smaller_than_the_first_release_are_skipped);
    tcase_add_test(tests, rows_of_a_later_release_are_taken);
    tcase_add_test(tests, a_counter_that_began_anew_gives_no_rate_this_time);
    tcase_add_test(tests, a_partial_row_with_another_name_is_the_same_process);
    tcase_add_test(tests, without_cpu_time_nobody_is_stuck_or_known_to_be_blocked);
    tcase_add_test(tests, a_clock_that_went_back_begins_the_stuck_period_anew);
    tcase_add_test(tests, nobody_waits_longer_than_an_interval_when_the_clock_went_back);
    tcase_add_test(tests, tiers_come_down_after_the_clock_went_back);
    tcase_add_test(tests, a_callers_error_is_left_alone_by_success);
    tcase_add_test(tests, what_a_look_without_memory_saw_is_told_by_the_next);
    tcase_add_test(tests, an_unchanged_row_after_a_failed_look_says_nothing);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
