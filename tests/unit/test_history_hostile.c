/* SPDX-License-Identifier: MIT */
/* A database that anybody may have written: whatever is in it, what comes out is in range. */
#include <stdio.h>
#include <string.h>

#include "vault.h"

static const char *const values[] = {
    "NULL",
    "''",
    "'text'",
    "x'00ff'",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "-9e999",
    "9e999",
    "'1e5'",
    "zeroblob(300000)",
    "'[\"' || hex(zeroblob(40000)) || '\"]'",
    "replace(hex(zeroblob(20000)), '0', '[')",
    "CAST(x'27ff1b5b324a0a' AS TEXT)",
    "'{\"rogues\":[]}'",
    "'[{\"name\":5}]'",
};

#define VALUE_COUNT (sizeof values / sizeof values[0])

static int check_event(void *user, const struct pausemon_escalation *escalation)
{
    ++*(int *)user;
    ck_assert_uint_le(escalation->peak_stress, 100);
    ck_assert_ptr_nonnull(pausemon_tier_name(escalation->peak_tier));
    ck_assert_ptr_nonnull(pausemon_review_name(escalation->review));
    ck_assert_uint_le(escalation->open, 1);
    for (const char *at = escalation->notes; at && *at; at++)
        ck_assert_uint_ge((unsigned char)*at, 0x20);
    return 0;
}

static int check_pause(void *user, const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);

    ++*(int *)user;
    ck_assert_ptr_nonnull(pausemon_cause_name(info->cause));
    ck_assert_uint_le(info->culprit_count, PAUSEMON_MAX_PARTIES);
    return 0;
}

static int check_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    ++*(int *)user;
    ck_assert_ptr_nonnull(pausemon_tier_name(tier));
    ck_assert_uint_le(pausemon_sample_get_info(sample)->max_score, 100);
    return 0;
}

/* The tables without a constraint, as anybody may make them. */
static void make_loose(struct vault *vault)
{
    vault_put_file(vault, "", "", 0);
    vault_exec(vault,
               "PRAGMA journal_mode = WAL;"
               "CREATE TABLE daemon_state (key, value, updated_at);"
               "INSERT INTO daemon_state VALUES ('schema_version', 7, 0);"
               "CREATE TABLE events (id, start_timestamp, end_timestamp, peak_stress, peak_tier,"
               " status, notes);"
               "CREATE TABLE process_sample_records (id, event_id, tier, data);"
               "CREATE TABLE pauses (id, start_timestamp, end_timestamp, duration_ms, lost_ms,"
               " detectors, cause, confidence, verdict, evidence, culprits, victims, tier,"
               " event_id, forensics);"
               "CREATE TABLE score_histogram (hour, score, count);"
               "INSERT INTO events VALUES (1, 5.5, 6.5, 50, 2, 'reviewed', 'fine');"
               "INSERT INTO process_sample_records VALUES (1, 1, 2, '{}');"
               "INSERT INTO pauses VALUES (1, 5, 6, 1000, 1000, '[\"heartbeat\"]', 'cpu', 0.9,"
               " 'froze', '[]', '[]', '[]', 2, NULL, NULL);"
               "INSERT INTO score_histogram VALUES (1, 1, 1)");
}

static int check_hour(void *user, const struct pausemon_history_hour *hour)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < 101; i++)
        sum += hour->counts[i];
    ck_assert(hour->samples > 0 && (hour->samples == sum || hour->samples == UINT64_MAX));
    ++*(int *)user;
    return 0;
}

static void read_all(struct vault *vault)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int events = 0, pauses = 0, samples = 0, hours = 0;
    uint64_t counts[101];
    int64_t alive, noted;

    vault->harness.log[0] = '\0';
    int status = pausemon_history_open(&history, vault->path, &vault->harness.host, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_int_eq(pausemon_history_events(history, NULL, check_event, &events, &error), events);
    ck_assert_int_eq(pausemon_history_pauses(history, NULL, check_pause, &pauses, &error), pauses);
    ck_assert_int_eq(pausemon_history_samples(history, 1, check_sample, &samples, &error), samples);
    ck_assert_int_eq(pausemon_history_histogram(history, 0, 0, counts, &error), 0);
    ck_assert_int_eq(pausemon_history_hours(history, 0, 0, check_hour, &hours, &error), hours);
    ck_assert_int_ge(pausemon_history_hard_end(history, &alive, &noted, &error), 0);
    ck_assert_int_eq(events, 1);
    pausemon_history_free(history);
}

/* Every value in every column. */
START_TEST(any_value_in_any_column_is_survived)
{
    static const struct {
        const char *table, *columns[16];
    } tables[] = {
        {"events",
         {"id", "start_timestamp", "end_timestamp", "peak_stress", "peak_tier", "status", "notes"}},
        {"process_sample_records", {"id", "tier", "data"}},
        {"pauses",
         {"id", "start_timestamp", "end_timestamp", "duration_ms", "lost_ms", "detectors", "cause",
          "confidence", "verdict", "evidence", "culprits", "victims", "tier", "event_id",
          "forensics"}},
        {"score_histogram", {"hour", "score", "count"}},
    };
    struct vault vault;
    char sql[512];

    vault_init(&vault);
    make_loose(&vault);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (size_t c = 0; c < 16 && tables[t].columns[c]; c++)
            for (size_t v = 0; v < VALUE_COUNT; v++) {
                const char *table = tables[t].table, *column = tables[t].columns[c];
                snprintf(sql, sizeof sql,
                         "CREATE TABLE kept AS SELECT * FROM %s; UPDATE %s SET %s = %s", table,
                         table, column, values[v]);
                vault_exec(&vault, sql);
                read_all(&vault);
                snprintf(sql, sizeof sql,
                         "DELETE FROM %s; INSERT INTO %s SELECT * FROM kept; DROP TABLE kept",
                         table, table);
                vault_exec(&vault, sql);
            }
    vault_end(&vault);
}
END_TEST

START_TEST(a_sample_or_pause_that_cannot_be_read_is_skipped_and_told)
{
    struct vault vault;
    struct pausemon_history *history;
    int count = 0;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 2);
    vault_pause(&vault, 1, 300, PAUSEMON_CAUSE_CPU);
    vault_pause(&vault, 2, 300, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault, "UPDATE process_sample_records SET data = '{' WHERE id = 2;"
                       "UPDATE pauses SET culprits = 'x' WHERE id = 1");
    ck_assert_int_eq(pausemon_history_open(&history, vault.path, &vault.harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_history_samples(history, 1, check_sample, &count, NULL), 2);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "W: sample 2 cannot be read"));
    ck_assert_int_eq(pausemon_history_pauses(history, NULL, check_pause, &count, NULL), 1);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "W: pause 1 cannot be read"));
    ck_assert_int_eq(count, 3);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

START_TEST(the_originals_file_without_our_tables_is_read)
{
    struct vault vault;
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int events = 0, pauses = 0;
    int64_t alive, noted;
    uint64_t counts[101];

    vault_init(&vault);
    make_loose(&vault);
    vault_exec(&vault, "DROP TABLE pauses; DROP TABLE score_histogram");
    ck_assert_int_eq(pausemon_history_open(&history, vault.path, NULL, &error), 0);
    ck_assert_int_eq(pausemon_history_events(history, NULL, check_event, &events, &error), 1);
    ck_assert_int_eq(pausemon_history_pauses(history, NULL, check_pause, &pauses, &error), 0);
    ck_assert_int_eq(pausemon_history_histogram(history, 0, 0, counts, &error), 0);
    ck_assert_int_eq(pausemon_history_hours(history, 0, 0, check_hour, &pauses, &error), 0);
    ck_assert_int_eq(pausemon_history_hard_end(history, &alive, &noted, &error), 0);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

START_TEST(a_view_without_end_in_place_of_a_table_is_an_error)
{
    struct vault vault;
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int events = 0;

    vault_init(&vault);
    make_loose(&vault);
    vault_exec(&vault, "DROP TABLE process_sample_records; CREATE VIEW process_sample_records AS"
                       " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n)"
                       " SELECT i AS id, i AS event_id, i AS tier, i AS data FROM n");
    ck_assert_int_eq(pausemon_history_open(&history, vault.path, NULL, &error), 0);
    ck_assert_int_eq(pausemon_history_events(history, NULL, check_event, &events, &error),
                     PAUSEMON_ERR_FORMAT);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

START_TEST(a_missing_table_or_column_is_an_error_and_no_more)
{
    struct vault vault;
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int events = 0;

    vault_init(&vault);
    make_loose(&vault);
    vault_exec(&vault, "DROP TABLE process_sample_records; ALTER TABLE pauses DROP COLUMN cause");
    ck_assert_int_eq(pausemon_history_open(&history, vault.path, NULL, &error), 0);
    ck_assert_int_eq(pausemon_history_events(history, NULL, check_event, &events, &error),
                     PAUSEMON_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "process_sample_records"));
    ck_assert_int_eq(pausemon_history_pauses(history, NULL, check_pause, &events, &error),
                     PAUSEMON_ERR_FORMAT);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history_hostile");
    TCase *all = tcase_create("hostile");

    tcase_add_test(all, any_value_in_any_column_is_survived);
    tcase_add_test(all, a_sample_or_pause_that_cannot_be_read_is_skipped_and_told);
    tcase_add_test(all, the_originals_file_without_our_tables_is_read);
    tcase_add_test(all, a_view_without_end_in_place_of_a_table_is_an_error);
    tcase_add_test(all, a_missing_table_or_column_is_an_error_and_no_more);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
