/* SPDX-License-Identifier: MIT */
/* What core promises, by example; the property suites ask the same of random machines. */
#include <string.h>

#include "core/capture.h"
#include "harness.h"

#define SECOND INT64_C(1000000000)

static struct harness harness;
static struct pausemon_config *config;

static void setup(void)
{
    harness_init(&harness);
    ck_assert_int_eq(pausemon_config_new(&config, &harness.host, NULL), 0);
}

static void teardown(void)
{
    pausemon_config_free(config);
    ck_assert_int_eq(harness.live, 0);
}

/* ---- Tiers ---- */

START_TEST(tier_stays_elevated_until_the_hold_has_passed)
{
    struct pausemon_tiers *tiers;
    uint64_t actions;

    ck_assert_int_eq(pausemon_tiers_new(&tiers, config, &harness.host, NULL), 0);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 50, 0, &actions), PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(actions, PAUSEMON_TIER2_ENTRY);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 49, SECOND, &actions), PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, 6 * SECOND - 1, &actions),
                      PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(actions, 0);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, 6 * SECOND, &actions),
                      PAUSEMON_TIER_SENTINEL);
    ck_assert_uint_eq(actions, PAUSEMON_TIER2_EXIT);
    pausemon_tiers_free(tiers);
}
END_TEST

START_TEST(from_critical_to_calm_both_exits_are_told_in_order)
{
    struct pausemon_tiers *tiers;
    uint64_t actions;

    ck_assert_int_eq(pausemon_tiers_new(&tiers, config, &harness.host, NULL), 0);
    pausemon_tiers_update(tiers, 90, 0, &actions);
    ck_assert_uint_eq(actions, PAUSEMON_TIER3_ENTRY);
    pausemon_tiers_update(tiers, 10, SECOND, &actions);
    pausemon_tiers_update(tiers, 10, 6 * SECOND, &actions);
    ck_assert_uint_eq(actions, PAUSEMON_TIER3_EXIT | PAUSEMON_TIER2_EXIT);
    ck_assert(PAUSEMON_TIER3_EXIT < PAUSEMON_TIER2_EXIT);
    ck_assert_uint_eq(pausemon_tiers_get_peak(tiers), 90);
    pausemon_tiers_free(tiers);
}
END_TEST

START_TEST(a_gap_in_sampling_is_not_calm)
{
    struct pausemon_tiers *tiers;

    ck_assert_int_eq(pausemon_tiers_new(&tiers, config, &harness.host, NULL), 0);
    pausemon_tiers_update(tiers, 60, 0, NULL);
    pausemon_tiers_update(tiers, 0, SECOND, NULL);
    pausemon_tiers_skip(tiers, 60 * SECOND);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, 62 * SECOND, NULL), PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(pausemon_tiers_update(tiers, 0, 66 * SECOND, NULL), PAUSEMON_TIER_SENTINEL);
    pausemon_tiers_free(tiers);
}
END_TEST

/* ---- Score ---- */

START_TEST(a_pure_cpu_burner_scores_22)
{
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;

    process.state = PAUSEMON_STATE_RUNNING;
    process.cpu = 1000;
    ck_assert_int_eq(pausemon_score_process(config, &process), 0); /* its cpu is not known */
    process.have = PAUSEMON_HAVE_CPU;
    ck_assert_int_eq(pausemon_score_process(config, &process), 22); /* 25 × 0.9 */
    process.cpu = 9000;
    ck_assert_int_eq(pausemon_score_process(config, &process), 22);
}
END_TEST

START_TEST(the_state_alone_scores_by_its_factor_and_multiplier)
{
    static const struct {
        uint64_t state;
        int score;
    } cases[] = {
        {PAUSEMON_STATE_STUCK, 20},   {PAUSEMON_STATE_ZOMBIE, 14},
        {PAUSEMON_STATE_HALTED, 9},   {PAUSEMON_STATE_STOPPED, 5},
        {PAUSEMON_STATE_RUNNING, 0},  {PAUSEMON_STATE_UNKNOWN, 0},
        {PAUSEMON_STATE_SLEEPING, 0}, {9999, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pausemon_process process = PAUSEMON_PROCESS_INIT;
        process.state = cases[i].state;
        ck_assert_int_eq(pausemon_score_process(config, &process), cases[i].score);
    }
}
END_TEST

/* ---- Names of enums ---- */

START_TEST(names_and_bits_belong_together)
{
    static const char *const categories[] = {"stuck",   "state", "cpu",    "mem",     "cmprs",
                                             "threads", "csw",   "sysbsd", "pageins", NULL};
    static const char *const actions[] = {"tier2_entry", "tier3_entry", "tier2_peak",
                                          "tier3_exit",  "tier2_exit",  NULL};

    for (int i = 0; categories[i]; i++)
        ck_assert_str_eq(pausemon_category_name(UINT64_C(1) << i), categories[i]);
    ck_assert_ptr_null(pausemon_category_name(3));
    for (int i = 0; actions[i]; i++)
        ck_assert_str_eq(pausemon_tier_action_name(UINT64_C(1) << i), actions[i]);
    ck_assert_ptr_null(pausemon_tier_action_name(0));
    for (uint64_t state = 1; state <= PAUSEMON_STATE_STUCK; state++)
        ck_assert_uint_eq(pausemon_state_from_name(pausemon_state_name(state)), state);
    ck_assert_str_eq(pausemon_metric_name(PAUSEMON_HAVE_SYSBSD), "sysbsd");
    ck_assert_ptr_null(pausemon_metric_name(PAUSEMON_HAVE_PPID));
    ck_assert_str_eq(pausemon_tier_name(PAUSEMON_TIER_CRITICAL), "critical");
}
END_TEST

/* ---- Memory ---- */

/* Each constructor with its only allocation failing. */
START_TEST(every_constructor_survives_that_there_is_no_memory)
{
    struct player player = {.result = PAUSEMON_LOOK_COMPLETE};
    struct pausemon_source *source;
    struct pausemon_collector *collector = (void *)1;
    struct pausemon_sample *sample = (void *)1;
    struct pausemon_tiers *tiers = (void *)1;
    struct pausemon_ring *ring = (void *)1;
    struct pausemon_config *other = (void *)1;

    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    for (int attempt = 1; attempt <= 2; attempt++) {
        harness.fail_at = attempt;
        int status = pausemon_tiers_new(&tiers, NULL, &harness.host, NULL); /* makes a config too */
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(tiers);
    }
    harness.fail_at = 1;
    harness.fail_always = true;
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, &harness.host, NULL),
                     PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(collector);
    ck_assert_int_eq(pausemon_sample_new(&sample, &harness.host, NULL), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(sample);
    ck_assert_int_eq(pausemon_ring_new(&ring, 3, &harness.host, NULL), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(ring);
    ck_assert_int_eq(pausemon_config_new(&other, &harness.host, NULL), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(other);
    harness.fail_at = 0;
    harness.fail_always = false;
    pausemon_source_free(source);
}
END_TEST

START_TEST(freeing_nothing_does_nothing)
{
    pausemon_collector_free(NULL);
    pausemon_source_free(NULL);
    pausemon_sample_free(NULL);
    pausemon_tiers_free(NULL);
    pausemon_ring_free(NULL);
    pausemon_config_free(NULL);
}
END_TEST

/* ---- The table, by example ---- */

static const struct pausemon_process *look(struct pausemon_collector *collector)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;

    harness_tick(&harness, SECOND);
    ck_assert_msg(pausemon_collector_collect(&sample, collector, &error) == 0, "%s", error.text);
    return pausemon_collector_get_process(collector, 0);
}

START_TEST(rates_are_over_the_time_between_two_looks_and_a_fallen_counter_gives_none)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    struct player player = {.rows = &row, .count = 1};
    struct pausemon_source *source;
    struct pausemon_collector *collector;

    row.pid = 7;
    row.have = PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_START_TIME;
    row.csw = 1000;
    row.cpu_ns = 5 * SECOND;
    strcpy(row.command, "seven");
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, &harness.host, NULL), 0);
    ck_assert_uint_eq(look(collector)->have & (PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_CPU), 0);
    row.csw = 1500;
    row.cpu_ns += SECOND / 4;
    const struct pausemon_process *process = look(collector);
    ck_assert_uint_eq(process->csw, 500);
    ck_assert_uint_eq(process->cpu, 250);
    row.csw = 20;
    process = look(collector);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CSW, 0);
    ck_assert_uint_eq(process->csw, 0);
    row.start_time = 1; /* another process of that number */
    row.csw = 9000;
    process = look(collector);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CSW, 0);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}
END_TEST

START_TEST(a_process_stuck_for_ten_seconds_is_stress)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    struct player player = {.rows = &row, .count = 1};
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;

    row.pid = 7;
    row.have = PAUSEMON_HAVE_CPU;
    row.state = PAUSEMON_STATE_UNINTERRUPTIBLE;
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    ck_assert_int_eq(pausemon_collector_new(&collector, config, source, &harness.host, NULL), 0);
    for (uint64_t second = 0; second <= 12; second++) {
        const struct pausemon_process *process = look(collector);
        ck_assert_uint_eq(process->state,
                          second < 2 ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_STUCK);
        ck_assert_uint_eq(process->stuck_ns, second < 2 ? 0 : second * (uint64_t)SECOND);
        if (second == 9 || second == 10) {
            harness_tick(&harness, 0);
            ck_assert_int_eq(pausemon_collector_collect(&sample, collector, NULL), 0);
            const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
            ck_assert_uint_eq(info->max_score, 20);
            ck_assert_uint_eq(info->stress, second == 9 ? 20 : 50);
        }
    }
    row.cpu_ns = 1; /* it ran: the period is over */
    ck_assert_uint_eq(look(collector)->stuck_ns, 0);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}
END_TEST

/* ---- Captures ---- */

START_TEST(only_names_that_we_give_are_captures)
{
    static const char *const good[] = {"2026-01-23_12-00-00", "2024-02-29_23-59-59",
                                       "1999-12-31_00-00-00_1", "2026-01-23_12-00-00_99999999",
                                       "2026-01-23_12-00-00_10"};
    /* clang-format off */
    static const char *const bad[] = {
        "", "x", "2026-13-01_00-00-00", "2026-00-01_00-00-00", "2026-01-00_00-00-00",
        "2026-01-32_00-00-00", "2026-02-29_00-00-00", "2026-01-23_24-00-00",
        "2026-01-23_00-60-00", "2026-01-23_00-00-61", "0000-01-23_00-00-00",
        "9999-01-23_00-00-00", "2026-01-23_12-00-0", "2026-01-23_12-00-000",
        "2026-01-23_12-00-00_", "2026-01-23_12-00-00_0", "2026-01-23_12-00-00_01",
        "2026-01-23_12-00-00_1x", "2026-01-23_12-00-00_-1", "2026-01-23_12-00-00_1\n",
        "2026-01-23_12-00-00\n", "2026-01-23_12-00-00/", "2026-01-23_12-00-00_1234567890",
        "2026-01-23_12-00-00_99999999999999999999999999", "2026-01-23 12-00-00",
        "2026-01-23T12:00:00", "+026-01-23_12-00-00", "2026-1-23_12-00-00",
        " 2026-01-23_12-00-00", "../2026-01-23_12-00-00", "2026-01-23_12-00-00.tmp",
        "\331\242\331\24026-01-23_12-00-00",
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(pm_capture_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!pm_capture_is_name(bad[i]), "%s", bad[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core");
    TCase *tcase = tcase_create("core");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, tier_stays_elevated_until_the_hold_has_passed);
    tcase_add_test(tcase, from_critical_to_calm_both_exits_are_told_in_order);
    tcase_add_test(tcase, a_gap_in_sampling_is_not_calm);
    tcase_add_test(tcase, a_pure_cpu_burner_scores_22);
    tcase_add_test(tcase, the_state_alone_scores_by_its_factor_and_multiplier);
    tcase_add_test(tcase, names_and_bits_belong_together);
    tcase_add_test(tcase, every_constructor_survives_that_there_is_no_memory);
    tcase_add_test(tcase, freeing_nothing_does_nothing);
    tcase_add_test(tcase,
                   rates_are_over_the_time_between_two_looks_and_a_fallen_counter_gives_none);
    tcase_add_test(tcase, a_process_stuck_for_ten_seconds_is_stress);
    tcase_add_test(tcase, only_names_that_we_give_are_captures);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
