/* SPDX-License-Identifier: MIT */
/* Defects that were found by reading and mended: a NULL that is needed, and a struct that is
 * smaller than it was in the first release, give PAUSEMON_ERR_INVALID wherever a status can be
 * returned. A crash fails the test it happens in only: each runs in a process of its own. */
#include "harness.h"

#include <stddef.h>
#include <string.h>

#define INVALID(call) ck_assert_int_eq((call), PAUSEMON_ERR_INVALID)

/* What the struct had in the first release. */
#define PROCESS_FIRST_SIZE (offsetof(struct pausemon_process, command) + PAUSEMON_COMMAND_SIZE)

static int write_nothing(void *user, const char *bytes, size_t length)
{
    (void)user;
    (void)bytes;
    (void)length;
    return 0;
}

static struct pausemon_config *new_config(void)
{
    struct pausemon_config *config = NULL;

    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    return config;
}

START_TEST(config_wants_its_arguments)
{
    struct pausemon_config *config = new_config();
    struct pausemon_error error;
    int64_t value;

    INVALID(pausemon_config_new(NULL, NULL, NULL));
    INVALID(pausemon_config_parse(NULL, "", 0, NULL, NULL, &error));
    INVALID(pausemon_config_parse(config, NULL, 1, NULL, NULL, &error));
    INVALID(pausemon_config_parse(NULL, "", 0, NULL, NULL, NULL));
    INVALID(pausemon_config_load(NULL, "/dev/null", NULL, NULL, &error));
    INVALID(pausemon_config_load(config, NULL, NULL, NULL, &error));
    INVALID(pausemon_config_set(NULL, "learning_mode", "true", &error));
    INVALID(pausemon_config_set(config, NULL, "true", &error));
    INVALID(pausemon_config_set(config, "learning_mode", NULL, &error));
    ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
    INVALID(pausemon_config_check(NULL, &error));
    INVALID(pausemon_config_get(NULL, "learning_mode", write_nothing, NULL));
    INVALID(pausemon_config_get(config, "learning_mode", NULL, NULL));
    INVALID(pausemon_config_get_number(NULL, "learning_mode", &value));
    INVALID(pausemon_config_get_number(config, "learning_mode", NULL));
    INVALID(pausemon_config_get_origin(NULL, "learning_mode"));
    INVALID(pausemon_config_write(NULL, write_nothing, NULL));
    INVALID(pausemon_config_write(config, NULL, NULL));
    pausemon_config_free(config);
}
END_TEST

START_TEST(a_value_wants_the_name_of_its_key)
{
    struct pausemon_config *config = new_config();
    int64_t value;

    INVALID(pausemon_config_get(config, NULL, write_nothing, NULL));
    INVALID(pausemon_config_get_number(config, NULL, &value));
    INVALID(pausemon_config_get_origin(config, NULL));
    pausemon_config_free(config);
}
END_TEST

START_TEST(a_sample_wants_a_place)
{
    INVALID(pausemon_sample_new(NULL, NULL, NULL));
}
END_TEST

START_TEST(tiers_want_a_place)
{
    INVALID(pausemon_tiers_new(NULL, NULL, NULL, NULL));
}
END_TEST

START_TEST(a_ring_wants_a_place)
{
    INVALID(pausemon_ring_new(NULL, 30, NULL, NULL));
}
END_TEST

START_TEST(freezing_wants_two_rings)
{
    struct pausemon_ring *ring;

    ck_assert_int_eq(pausemon_ring_new(&ring, 1, NULL, NULL), 0);
    INVALID(pausemon_ring_freeze(NULL, ring));
    INVALID(pausemon_ring_freeze(ring, NULL));
    INVALID(pausemon_ring_freeze(NULL, NULL));
    pausemon_ring_free(ring);
}
END_TEST

START_TEST(a_collector_wants_a_place_and_a_source)
{
    struct pausemon_collector *collector = (struct pausemon_collector *)&collector;
    struct pausemon_source *source;
    struct player player = {.count = 0};

    ck_assert_int_eq(player_open(&source, &player, NULL), 0);
    INVALID(pausemon_collector_new(&collector, NULL, NULL, NULL, NULL));
    ck_assert_ptr_null(collector);
    INVALID(pausemon_collector_new(NULL, NULL, source, NULL, NULL));
    pausemon_source_free(source);
}
END_TEST

START_TEST(collecting_wants_a_collector_and_a_place)
{
    struct pausemon_collector *collector;
    struct pausemon_source *source;
    const struct pausemon_sample *sample;
    struct pausemon_error error;
    struct player player = {.count = 0};

    ck_assert_int_eq(player_open(&source, &player, NULL), 0);
    ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, NULL, NULL), 0);
    INVALID(pausemon_collector_collect(&sample, NULL, &error));
    ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
    ck_assert_uint_gt(strlen(error.text), 0);
    INVALID(pausemon_collector_collect(NULL, collector, &error));
    INVALID(pausemon_collector_collect(NULL, NULL, NULL));
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}
END_TEST

/* The header: on failure what should have come out is NULL. */
START_TEST(what_did_not_come_out_is_null)
{
    static char somewhere;
    struct pausemon_source *source = (struct pausemon_source *)(void *)&somewhere;
    const struct pausemon_sample *sample = (const struct pausemon_sample *)(void *)&somewhere;

    INVALID(pausemon_collector_collect(&sample, NULL, NULL));
    ck_assert_ptr_null(sample);
    INVALID(pausemon_source_open(&source, NULL, NULL, NULL));
    ck_assert_ptr_null(source);
    source = (struct pausemon_source *)(void *)&somewhere;
    INVALID(pausemon_source_open_memory(&source, NULL, "", 0, NULL, NULL));
    ck_assert_ptr_null(source);
    source = (struct pausemon_source *)(void *)&somewhere;
    INVALID(pausemon_source_open_memory(&source, "top", NULL, 1, NULL, NULL));
    ck_assert_ptr_null(source);
}
END_TEST

START_TEST(opening_wants_a_place_and_a_specification)
{
    struct pausemon_source *source;
    struct pausemon_error error;

    INVALID(pausemon_source_open(&source, NULL, NULL, &error));
    ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
    INVALID(pausemon_source_open(NULL, "auto", NULL, &error));
}
END_TEST

START_TEST(opening_memory_wants_a_place_a_format_and_bytes)
{
    struct pausemon_source *source;
    struct pausemon_error error;

    INVALID(pausemon_source_open_memory(&source, NULL, "", 0, NULL, &error));
    INVALID(pausemon_source_open_memory(&source, "top", NULL, 1, NULL, &error));
    INVALID(pausemon_source_open_memory(NULL, "top", "", 0, NULL, &error));
}
END_TEST

START_TEST(recording_wants_a_source_and_a_writer)
{
    struct pausemon_source *source;
    struct player player = {.count = 0};

    ck_assert_int_eq(player_open(&source, &player, NULL), 0);
    INVALID(pausemon_source_record(NULL, write_nothing, NULL, NULL));
    INVALID(pausemon_source_record(source, NULL, NULL, NULL));
    pausemon_source_free(source);
}
END_TEST

static int never_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    (void)self;
    (void)sink;
    (void)error;
    return PAUSEMON_ERR_END;
}

START_TEST(a_source_of_ones_own_wants_a_place_a_name_and_a_read)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source;

    INVALID(pausemon_source_new(&source, "mine", NULL, NULL, NULL, NULL));
    INVALID(pausemon_source_new(&source, "mine", &ops, NULL, NULL, NULL));
    ops.read = never_read;
    INVALID(pausemon_source_new(&source, NULL, &ops, NULL, NULL, NULL));
    ops.size = sizeof ops.size; /* too small to hold a read */
    INVALID(pausemon_source_new(&source, "mine", &ops, NULL, NULL, NULL));
    ck_assert_ptr_null(source);
    ops.size = sizeof ops;
    INVALID(pausemon_source_new(NULL, "mine", &ops, NULL, NULL, NULL));
}
END_TEST

static void count_close(void *self)
{
    ++*(int *)self;
}

START_TEST(a_source_that_cannot_be_made_is_closed_once)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source;
    struct harness harness;
    int closed = 0;

    harness_init(&harness);
    ops.close = count_close;
    INVALID(pausemon_source_new(&source, "mine", &ops, &closed, NULL, NULL)); /* no read */
    ck_assert_int_eq(closed, 1);
    ops.read = never_read;
    INVALID(pausemon_source_new(&source, NULL, &ops, &closed, NULL, NULL));
    ck_assert_int_eq(closed, 2);
    harness.fail_at = 1;
    ck_assert_int_eq(pausemon_source_new(&source, "mine", &ops, &closed, &harness.host, NULL),
                     PAUSEMON_ERR_NOMEM);
    ck_assert_int_eq(closed, 3);
    INVALID(pausemon_source_new(NULL, "mine", &ops, &closed, NULL, NULL));
    ck_assert_int_eq(closed, 4);
}
END_TEST

START_TEST(encoders_want_something_and_a_writer)
{
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;
    const struct pausemon_process *const list[] = {&process};
    struct pausemon_sample *sample;

    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    INVALID(pausemon_json_encode_process(NULL, write_nothing, NULL));
    INVALID(pausemon_json_encode_process(&process, NULL, NULL));
    INVALID(pausemon_json_encode_sample(NULL, write_nothing, NULL));
    INVALID(pausemon_json_encode_sample(sample, NULL, NULL));
    INVALID(pausemon_json_encode_snapshot(NULL, list, 1, write_nothing, NULL));
    INVALID(pausemon_json_encode_snapshot(sample, NULL, 1, write_nothing, NULL));
    INVALID(pausemon_json_encode_snapshot(sample, list, 1, NULL, NULL));
    ck_assert_int_eq(pausemon_json_encode_snapshot(sample, NULL, 0, write_nothing, NULL), 0);
    pausemon_sample_free(sample);
}
END_TEST

START_TEST(a_snapshot_of_a_process_that_is_null_is_refused)
{
    const struct pausemon_process *const list[] = {NULL};
    struct pausemon_sample *sample;

    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    INVALID(pausemon_json_encode_snapshot(sample, list, 1, write_nothing, NULL));
    pausemon_sample_free(sample);
}
END_TEST

START_TEST(the_decoder_wants_a_sample_and_a_text)
{
    struct pausemon_sample *sample;
    struct pausemon_error error;

    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    INVALID(pausemon_json_decode_sample(NULL, "{}", 2, &error));
    ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
    INVALID(pausemon_json_decode_sample(sample, NULL, 2, &error));
    pausemon_sample_free(sample);
}
END_TEST

START_TEST(a_metric_wants_a_process_and_a_place)
{
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;
    uint64_t value;

    process.have = PAUSEMON_HAVE_MEM;
    INVALID(pausemon_process_get_metric(NULL, PAUSEMON_HAVE_MEM, &value));
    INVALID(pausemon_process_get_metric(&process, PAUSEMON_HAVE_MEM, NULL));
    INVALID(pausemon_process_get_metric(&process, PAUSEMON_HAVE_PPID, &value));
    ck_assert_int_eq(pausemon_process_get_metric(&process, PAUSEMON_HAVE_MEM, &value), 0);
}
END_TEST

START_TEST(a_score_wants_a_config_and_a_process)
{
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;
    struct pausemon_config *config = new_config();

    INVALID(pausemon_score_process(NULL, &process));
    INVALID(pausemon_score_process(config, NULL));
    pausemon_config_free(config);
}
END_TEST

START_TEST(a_process_smaller_than_the_first_release_is_refused)
{
    static const size_t sizes[] = {0,
                                   8,
                                   offsetof(struct pausemon_process, cpu),
                                   offsetof(struct pausemon_process, score),
                                   offsetof(struct pausemon_process, command),
                                   PROCESS_FIRST_SIZE - 1};
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;
    const struct pausemon_process *const list[] = {&process};
    struct pausemon_config *config = new_config();
    struct pausemon_sample *sample;
    uint64_t value;

    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        process.size = sizes[i];
        INVALID(pausemon_json_encode_process(&process, write_nothing, NULL));
        INVALID(pausemon_json_encode_snapshot(sample, list, 1, write_nothing, NULL));
        INVALID(pausemon_score_process(config, &process));
        /* here: one that does not hold the metric */
        if (sizes[i] <= offsetof(struct pausemon_process, cpu))
            INVALID(pausemon_process_get_metric(&process, PAUSEMON_HAVE_CPU, &value));
    }
    pausemon_sample_free(sample);
    pausemon_config_free(config);
}
END_TEST

/* What another release, whose struct is larger, hands in. */
START_TEST(a_larger_process_is_taken)
{
    struct {
        struct pausemon_process process;
        char more[64];
    } later = {.process = PAUSEMON_PROCESS_INIT};
    const struct pausemon_process *const list[] = {&later.process};
    struct pausemon_config *config = new_config();
    struct pausemon_sample *sample;
    uint64_t value = 0;

    memset(later.more, 0x5a, sizeof later.more);
    later.process.size = sizeof later;
    later.process.have = PAUSEMON_HAVE_CPU;
    later.process.cpu = 1000; /* a whole core: its 25 points */
    later.process.state = PAUSEMON_STATE_STUCK;
    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_json_encode_process(&later.process, write_nothing, NULL), 0);
    ck_assert_int_eq(pausemon_json_encode_snapshot(sample, list, 1, write_nothing, NULL), 0);
    ck_assert_int_ge(pausemon_score_process(config, &later.process), 25);
    ck_assert_int_eq(pausemon_process_get_metric(&later.process, PAUSEMON_HAVE_CPU, &value), 0);
    ck_assert_uint_eq(value, 1000);
    pausemon_sample_free(sample);
    pausemon_config_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions: arguments");
    TCase *tests = tcase_create("NULL and sizes");

    tcase_add_test(tests, config_wants_its_arguments);
    tcase_add_test(tests, a_value_wants_the_name_of_its_key);
    tcase_add_test(tests, a_sample_wants_a_place);
    tcase_add_test(tests, tiers_want_a_place);
    tcase_add_test(tests, a_ring_wants_a_place);
    tcase_add_test(tests, freezing_wants_two_rings);
    tcase_add_test(tests, a_collector_wants_a_place_and_a_source);
    tcase_add_test(tests, collecting_wants_a_collector_and_a_place);
    tcase_add_test(tests, what_did_not_come_out_is_null);
    tcase_add_test(tests, opening_wants_a_place_and_a_specification);
    tcase_add_test(tests, opening_memory_wants_a_place_a_format_and_bytes);
    tcase_add_test(tests, recording_wants_a_source_and_a_writer);
    tcase_add_test(tests, a_source_of_ones_own_wants_a_place_a_name_and_a_read);
    tcase_add_test(tests, a_source_that_cannot_be_made_is_closed_once);
    tcase_add_test(tests, encoders_want_something_and_a_writer);
    tcase_add_test(tests, a_snapshot_of_a_process_that_is_null_is_refused);
    tcase_add_test(tests, the_decoder_wants_a_sample_and_a_text);
    tcase_add_test(tests, a_metric_wants_a_process_and_a_place);
    tcase_add_test(tests, a_score_wants_a_config_and_a_process);
    tcase_add_test(tests, a_process_smaller_than_the_first_release_is_refused);
    tcase_add_test(tests, a_larger_process_is_taken);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
