/* SPDX-License-Identifier: MIT */
/* Retention of captures by age and by size, and what never goes. */
#include "stage.h"

#define KIB 1024

/* ---- by age ---- */

START_TEST(an_escalation_goes_with_its_captures)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    stage_add_event(&stage, 2, HOUR, "unreviewed");
    stage_add_event(&stage, 3, 2 * HOUR, "pinned");
    stage_add_event(&stage, 4, 3 * HOUR, "dismissed");
    const char *one = stage_add(&stage, 10, 1, 4), *two = stage_add(&stage, HOUR + 10, 2, 4);
    const char *three = stage_add(&stage, 2 * HOUR + 10, 3, 4);
    const char *missing = stage_add_row(&stage, 3 * HOUR + 10, 4, 1); /* somebody has removed it */
    const char *second = stage_add(&stage, 20, 1, 4);
    harness_tick(&stage.vault.harness, 89 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 0);
    harness_tick(&stage.vault.harness, 2 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 5);
    stage_expect_gone(&stage, "age:1 age:%s age:%s age:4 age:%s ", one, second, missing);
    ck_assert(!stage_has(&stage, one) && !stage_has(&stage, second));
    ck_assert(stage_has(&stage, two) && stage_has(&stage, three));
    ck_assert_int_eq(vault_sql(&stage.vault, "SELECT group_concat(id, '') FROM events"), 23);
    ck_assert_int_eq(stage_rows(&stage), 2);
    stage_end(&stage);
}
END_TEST

START_TEST(a_capture_without_escalation_goes_by_age_like_a_reviewed_one)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "unreviewed");
    const char *alone = stage_add(&stage, 10, 0, 4), *lost = stage_add(&stage, 20, 99, 4);
    const char *held = stage_add(&stage, 30, 1, 4);
    harness_tick(&stage.vault.harness, 91 * DAY);
    const char *young = stage_add(&stage, 90 * DAY_S, 0, 4);
    ck_assert_int_eq(stage_prune(&stage), 2);
    stage_expect_gone(&stage, "age:%s age:%s ", alone, lost);
    ck_assert(stage_has(&stage, held) && stage_has(&stage, young));
    ck_assert_int_eq(stage_rows(&stage), 2);
    stage_end(&stage);
}
END_TEST

START_TEST(without_a_place_captures_are_left_alone)
{
    struct stage stage;
    struct pausemon_config *config;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    const char *name = stage_add(&stage, 10, 1, 4);
    harness_tick(&stage.vault.harness, 91 * DAY);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_storage_prune(stage.vault.storage, config, NULL, &stage.error), 1);
    pausemon_config_free(config);
    ck_assert(stage_has(&stage, name));
    ck_assert_int_eq(vault_sql(&stage.vault, "SELECT event_id IS NULL FROM captures"), 1);
    stage_end(&stage);
}
END_TEST

/* ---- by size ---- */

START_TEST(over_the_limit_what_was_looked_at_goes_first_and_pinned_stays)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "unreviewed");
    stage_add_event(&stage, 2, HOUR, "pinned");
    stage_add_event(&stage, 3, 2 * HOUR, "reviewed");
    stage_add_event(&stage, 4, 3 * HOUR, "unreviewed");
    stage_add_event(&stage, 5, 4 * HOUR, "dismissed");
    const char *one = stage_add(&stage, 0, 1, 2100), *two = stage_add(&stage, HOUR, 2, 2100);
    const char *three = stage_add(&stage, 2 * HOUR, 3, 2100),
               *four = stage_add(&stage, 3 * HOUR, 4, 2100);
    const char *five = stage_add(&stage, 4 * HOUR, 5, 2100),
               *six = stage_add(&stage, 5 * HOUR, 0, 2100);
    harness_tick(&stage.vault.harness, DAY);
    ck_assert_int_eq(stage_prune(&stage), 3);
    stage_expect_gone(&stage, "size:%s size:%s size:%s ", three, five, six);
    ck_assert_uint_ge(stage.bytes, 3 * 2100 * KIB);
    ck_assert_int_eq(stage_prune(&stage), 0); /* under the limit, and no more than that */
    /* Only the captures went. */
    ck_assert_int_eq(vault_sql(&stage.vault, "SELECT count(*) FROM events"), 5);
    ck_assert_int_eq(stage_rows(&stage), 3);
    /* Then the unreviewed, the oldest first; and with what is pinned it is too much for ever. */
    stage_add(&stage, DAY_S, 2, 6000);
    ck_assert_int_eq(stage_prune(&stage), 2);
    stage_expect_gone(&stage, "size:%s size:%s ", one, four);
    ck_assert(stage_has(&stage, two));
    stage_end(&stage);
}
END_TEST

START_TEST(bytes_are_those_on_the_disk_not_those_of_the_row)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add(&stage, 0, 0, 4);
    stage_add(&stage, HOUR, 0, 4);
    vault_exec(&stage.vault, "UPDATE captures SET bytes = 1 << 40");
    harness_tick(&stage.vault.harness, DAY);
    ck_assert_int_eq(stage_prune(&stage), 0);
    stage_add(&stage, 2 * HOUR, 0, 9000);
    vault_exec(&stage.vault, "UPDATE captures SET bytes = 0");
    ck_assert_int_eq(stage_prune(&stage), 3);
    stage_end(&stage);
}
END_TEST

START_TEST(what_goes_by_age_is_not_counted_any_more)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    const char *old = stage_add(&stage, 10, 1, 6000), *new = stage_add(&stage, 99 * DAY_S, 0, 6000);
    harness_tick(&stage.vault.harness, 100 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 2);
    stage_expect_gone(&stage, "age:1 age:%s ", old);
    ck_assert(stage_has(&stage, new));
    stage_end(&stage);
}
END_TEST

START_TEST(one_that_is_being_made_is_not_touched)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    stage_add_row(&stage, DAY_S, 1, 0);
    const char *made = stage_add_directory(&stage, DAY_S, 9000);
    harness_tick(&stage.vault.harness, DAY + 59 * MINUTE * SECOND);
    ck_assert_int_eq(stage_prune(&stage), 0);
    /* Even if its escalation goes. */
    vault_exec(&stage.vault, "UPDATE events SET start_timestamp = 1, end_timestamp = 2");
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "age:1 ");
    ck_assert(stage_has(&stage, made));
    ck_assert_int_eq(stage_rows(&stage), 1);
    harness_tick(&stage.vault.harness, 2 * MINUTE * SECOND); /* nobody works on it any more */
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "size:%s ", made);
    stage_end(&stage);
}
END_TEST

/* ---- trouble ---- */

/* What one prune returned. */
static int prune_alone(struct stage *stage)
{
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_config *config;

    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "retention.max_forensics_mb", "8", NULL), 0);
    how.evidence = stage->evidence;
    int went = pausemon_storage_prune(stage->vault.storage, config, &how, &stage->error);
    pausemon_config_free(config);
    return went;
}

START_TEST(no_directory_goes_before_its_row)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    const char *held = stage_add(&stage, 10, 1, 4), *alone = stage_add(&stage, 20, 0, 9000);
    vault_exec(&stage.vault, "CREATE TABLE no (name TEXT REFERENCES captures (name));"
                             "INSERT INTO no SELECT name FROM captures");
    ck_assert_int_lt(prune_alone(&stage), 0); /* by size */
    harness_tick(&stage.vault.harness, 100 * DAY);
    ck_assert_int_lt(prune_alone(&stage), 0);
    vault_exec(&stage.vault, "DELETE FROM events");
    ck_assert_int_lt(prune_alone(&stage), 0);
    ck_assert(stage_has(&stage, held) && stage_has(&stage, alone));
    ck_assert_int_eq(stage_rows(&stage), 2);
    vault_exec(&stage.vault, "DROP TABLE no");
    ck_assert_int_eq(prune_alone(&stage), 2);
    stage_end(&stage);
}
END_TEST

static void pin(void *user, const struct pausemon_removal *removal)
{
    struct stage *stage = user;

    (void)removal;
    vault_exec(&stage->vault, "UPDATE events SET status = 'pinned'");
}

/* Between the choice and the removal. */
START_TEST(what_somebody_pins_meanwhile_stays)
{
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_config *config;
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    const char *name = stage_add(&stage, 10, 1, 9000);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "retention.max_forensics_mb", "8", NULL), 0);
    how.evidence = stage.evidence;
    how.user = &stage;
    how.gone = pin;
    for (int aged = 0; aged < 2; aged++) { /* by size, and by age */
        vault_exec(&stage.vault, "UPDATE events SET status = 'reviewed'");
        ck_assert_int_lt(pausemon_storage_prune(stage.vault.storage, config, &how, &stage.error),
                         0);
        ck_assert(stage_has(&stage, name));
        ck_assert_int_eq(stage_rows(&stage), 1);
        ck_assert_int_eq(pausemon_storage_prune(stage.vault.storage, config, &how, &stage.error),
                         0);
        harness_tick(&stage.vault.harness, 100 * DAY);
    }
    /* One without captures too. */
    how.evidence = NULL;
    vault_exec(&stage.vault, "UPDATE events SET status = 'reviewed'");
    ck_assert_int_lt(pausemon_storage_prune(stage.vault.storage, config, &how, &stage.error), 0);
    ck_assert_int_eq(vault_sql(&stage.vault, "SELECT count(*) FROM events"), 1);
    pausemon_config_free(config);
    stage_end(&stage);
}
END_TEST

START_TEST(without_memory_nothing_is_removed_halfway)
{
    struct stage stage;
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_config *config;
    int status, failures = 0;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    vault_exec(&stage.vault, "UPDATE events SET notes = 'seen'");
    const char *name = stage_add(&stage, 10, 1, 4);
    stage_add(&stage, 20, 1, 4);
    harness_tick(&stage.vault.harness, 100 * DAY);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    how.evidence = stage.evidence;
    int fds = count_fds();
    do {
        stage.vault.harness.fail_at = failures + 1;
        status = pausemon_storage_prune(stage.vault.storage, config, &how, &stage.error);
        if (status < 0) {
            failures++;
            ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
            ck_assert_int_eq(count_fds(), fds);
            ck_assert(stage_has(&stage, name) || stage_rows(&stage) == 0);
        }
    } while (status < 0);
    stage.vault.harness.fail_at = 0;
    ck_assert_int_ge(failures, 2);
    ck_assert_int_eq(vault_sql(&stage.vault, "SELECT count(*) FROM events"), 0);
    ck_assert_int_eq(stage_rows(&stage), 0);
    pausemon_config_free(config);
    stage_end(&stage);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_evidence");
    TCase *all = tcase_create("evidence");

    tcase_add_test(all, an_escalation_goes_with_its_captures);
    tcase_add_test(all, a_capture_without_escalation_goes_by_age_like_a_reviewed_one);
    tcase_add_test(all, without_a_place_captures_are_left_alone);
    tcase_add_test(all, over_the_limit_what_was_looked_at_goes_first_and_pinned_stays);
    tcase_add_test(all, bytes_are_those_on_the_disk_not_those_of_the_row);
    tcase_add_test(all, what_goes_by_age_is_not_counted_any_more);
    tcase_add_test(all, one_that_is_being_made_is_not_touched);
    tcase_add_test(all, no_directory_goes_before_its_row);
    tcase_add_test(all, what_somebody_pins_meanwhile_stays);
    tcase_add_test(all, without_memory_nothing_is_removed_halfway);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
