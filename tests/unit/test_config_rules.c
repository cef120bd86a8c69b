/* SPDX-License-Identifier: MIT */
/* Values beside each other: check, origin, copy, and arguments that are wrong. */
#include "config_support.h"

START_TEST(a_set_that_fails_leaves_the_origin)
{
    ck_assert_int_lt(pausemon_config_set(config, "tiers.hold_ms", "x", NULL), 0);
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_DEFAULT);
    must_set(config, "tiers.hold_ms", "5000");
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_SET);
}
END_TEST

static void assert_misfit(const char *first, const char *second)
{
    struct pausemon_error error;

    ck_assert_int_eq(pausemon_config_check(config, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_INVALID);
    assert_readable(&error);
    ck_assert_msg(strstr(error.text, first) && strstr(error.text, second), "%s", error.text);
    ck_assert_int_eq(pausemon_config_check(config, NULL), PAUSEMON_ERR_INVALID);
}

START_TEST(weights_must_sum_to_100_without_threads)
{
    must_set(config, "scoring.weights.cpu", "31");
    assert_misfit("weights", "106");
    must_set(config, "scoring.weights.state", "13");
    assert_misfit("weights", "99");
    must_set(config, "scoring.weights.threads", "1");
    assert_misfit("weights", "99");
    must_set(config, "scoring.weights.state", "14");
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
    must_set(config, "scoring.weights.threads", "100");
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
}
END_TEST

START_TEST(elevated_must_be_below_critical)
{
    must_set(config, "tiers.elevated_threshold", "75");
    assert_misfit("elevated_threshold", "critical_threshold");
    must_set(config, "tiers.elevated_threshold", "100");
    assert_misfit("elevated_threshold", "critical_threshold");
    must_set(config, "tiers.elevated_threshold", "74");
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
    must_set(config, "tiers.critical_threshold", "2");
    assert_misfit("elevated_threshold", "critical_threshold");
    must_set(config, "tiers.elevated_threshold", "1");
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
}
END_TEST

START_TEST(a_copy_is_equal_and_then_lives_its_own_life)
{
    struct pausemon_config *copy = new_config(&harness.host);

    must_set(config, "suspects.patterns", "['a', 'b']");
    must_set(config, "monitor.source", "top:/x y");
    must_set(config, "pause.pressure_share", "0.25");
    must_set(copy, "learning_mode", "true");
    struct text before = dump_config(config);
    harness.fail_at = 1; /* it cannot fail: so it must not need memory */
    harness.fail_always = true;
    pausemon_config_copy(copy, config);
    harness.fail_at = 0;
    assert_unchanged(copy, &before, "copy");
    must_set(copy, "suspects.patterns", "['c']");
    must_set(copy, "monitor.source", "auto");
    assert_unchanged(config, &before, "original after its copy changed");
    pausemon_config_free(copy);
    assert_unchanged(config, &before, "original after its copy was freed");
    text_free(&before);
}
END_TEST

START_TEST(null_where_something_is_needed_is_invalid)
{
    int64_t number = -77;

    ck_assert_int_eq(pausemon_config_set(NULL, "tiers.hold_ms", "1", NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_set(config, NULL, "1", NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_set(config, "tiers.hold_ms", NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_get(NULL, "tiers.hold_ms", text_write, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_get(config, "tiers.hold_ms", NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_get_number(config, "tiers.hold_ms", NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_get_number(NULL, "tiers.hold_ms", &number),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_get_origin(NULL, "tiers.hold_ms"), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_check(NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_write(config, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_new(NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(pausemon_config_get_text(NULL, "monitor.source"));
}
END_TEST

START_TEST(a_set_that_succeeds_leaves_the_error_alone)
{
    struct pausemon_error error;
    struct pausemon_error before;

    memset(&error, 0x5a, sizeof error);
    memcpy(&before, &error, sizeof before);
    ck_assert_int_eq(pausemon_config_set(config, "tiers.hold_ms", "1", &error), 0);
    ck_assert_int_eq(pausemon_config_check(config, &error), 0);
    ck_assert_mem_eq(&error, &before, sizeof error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_rules");
    TCase *tcase = tcase_create("rules");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_set_that_fails_leaves_the_origin);
    tcase_add_test(tcase, weights_must_sum_to_100_without_threads);
    tcase_add_test(tcase, elevated_must_be_below_critical);
    tcase_add_test(tcase, a_copy_is_equal_and_then_lives_its_own_life);
    tcase_add_test(tcase, null_where_something_is_needed_is_invalid);
    tcase_add_test(tcase, a_set_that_succeeds_leaves_the_error_alone);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
