/* SPDX-License-Identifier: MIT */
/* The incident database: what is written of what a monitor tells, and that it is there afterwards.
 */
#include <stdio.h>
#include <string.h>

#include "vault.h"

/* ---- Escalations and their samples ---- */

START_TEST(of_an_escalation_the_entries_the_peaks_and_all_of_tier_3_are_kept_once)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 10, 1, 0);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY); /* kept */
    vault_look(&vault, 52, 2, 0);
    vault_look(&vault, 60, 2, PAUSEMON_TIER2_PEAK);  /* kept */
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY); /* kept, once */
    vault_look(&vault, 70, 3, 0);                    /* kept: its tier is still 3 */
    vault_look(&vault, 60, 2, PAUSEMON_TIER3_EXIT);
    vault_look(&vault, 10, 1, PAUSEMON_TIER2_EXIT);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 4);
    ck_assert_int_eq(vault_sql(&vault, "SELECT group_concat(tier, '') FROM (SELECT tier FROM"
                                       " process_sample_records ORDER BY id)"),
                     2233);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records WHERE event_id"
                                       " = 1 AND json_extract(data, '$.max_score') > 50"),
                     4);
    ck_assert_int_eq(vault_sql(&vault, "SELECT id = 1 AND peak_stress = 80 AND peak_tier = 3 AND"
                                       " status = 'unreviewed' AND notes IS NULL FROM events"),
                     1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT round(end_timestamp - start_timestamp) FROM events"),
                     6);
    vault_end(&vault);
}
END_TEST

START_TEST(an_open_escalation_is_a_row_without_an_end_and_its_peaks_are_current)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY);
    ck_assert_int_eq(vault_flush(&vault), 1); /* the sample brings its event along */
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp IS NULL AND peak_stress = 55 AND"
                                       " peak_tier = 2 FROM events"),
                     1);
    vault_look(&vault, 66, 2, PAUSEMON_TIER2_PEAK);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT peak_stress FROM events"), 66);
    vault_look(&vault, 1, 1, PAUSEMON_TIER2_EXIT);
    ck_assert_int_eq(vault_flush(&vault), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp > start_timestamp FROM events"), 1);
    vault_end(&vault);
}
END_TEST

/* ---- Pauses ---- */

START_TEST(a_pause_that_is_told_again_is_one_row_and_keeps_its_forensics)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_pause(&vault, 7, 900, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault, "UPDATE pauses SET forensics = 'events/x'");
    vault_pause(&vault, 7, 2310, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pauses"), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT duration_ms FROM pauses WHERE id = 7 AND cause ="
                                       " 'cpu' AND forensics = 'events/x' AND event_id IS NULL"),
                     2310);
    ck_assert_int_eq(vault_sql(&vault, "SELECT json_extract(evidence, '$[0].value') = 2310 AND"
                                       " json_extract(culprits, '$[0].command') = 'stress-ng' AND"
                                       " json_array_length(victims) = 0 FROM pauses"),
                     1);
    vault_end(&vault);
}
END_TEST

START_TEST(what_was_known_of_a_culprit_stays_when_the_pause_is_told_again_after_its_end)
{
    struct vault vault;
    const char *known = "UPDATE pauses SET culprits = json_replace(culprits,"
                        " '$[0].exe', '/usr/bin/stress-ng', '$[0].unit', 'cron.service',"
                        " '$[0].uid', 1000) WHERE id = 7";

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_pause(&vault, 7, 900, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault, known);
    vault_pause(&vault, 7, 2310, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT duration_ms = 2310 AND"
                                       " json_extract(culprits, '$[0].exe') = '/usr/bin/stress-ng'"
                                       " AND json_extract(culprits, '$[0].unit') = 'cron.service'"
                                       " AND json_extract(culprits, '$[0].uid') = 1000"
                                       " FROM pauses"),
                     1);
    /* Of somebody else nothing is known by that, nor from a text that is no list. */
    vault_exec(&vault, "UPDATE pauses SET culprits = json_replace(culprits, '$[0].pid', 42)");
    vault_pause(&vault, 7, 2400, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT json_extract(culprits, '$[0].exe') IS NULL AND"
                                       " json_extract(culprits, '$[0].pid') = 41 FROM pauses"),
                     1);
    static const char *const texts[] = {"'{\"pid\":41}'", "'[41,null,[]]'", "'nonsense'", "''", "7",
                                        "x'00'"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "UPDATE pauses SET culprits = %s", texts[i]);
        vault_exec(&vault, sql);
        vault_pause(&vault, 7, 2500, PAUSEMON_CAUSE_CPU);
        ck_assert_int_eq(vault_flush(&vault), 1);
    }
    vault_end(&vault);
}
END_TEST

START_TEST(a_pause_forgets_an_escalation_that_is_deleted)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY);
    vault_pause(&vault, 1, 900, PAUSEMON_CAUSE_IO);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT event_id FROM pauses"), 1);
    vault_exec(&vault, "PRAGMA foreign_keys = ON; DELETE FROM events");
    ck_assert_int_eq(vault_sql(&vault, "SELECT event_id IS NULL FROM pauses"), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 0);
    vault_end(&vault);
}
END_TEST

/* ---- Ids ---- */

START_TEST(ids_are_never_given_twice_even_if_every_row_was_deleted)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault.next_event_id = 41;
    vault_escalate(&vault, 1);
    vault_pause(&vault, 17, 300, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault,
               "DELETE FROM process_sample_records; DELETE FROM events; DELETE FROM pauses");
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    /* Killed: how many more were told is not known, so as many as were kept ahead are left out. */
    ck_assert_int_eq(vault.storage->last_event_id, 41 + 16);
    ck_assert_int_eq(vault.storage->last_pause_id, 17 + 16);
    ck_assert_int_eq(pausemon_storage_finish(vault.storage, NULL), 0);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0); /* ended in good order: none is left out */
    ck_assert_int_eq(vault.storage->last_event_id, 41 + 16);
    ck_assert_int_eq(vault.storage->last_pause_id, 17 + 16);
    vault_end(&vault);
}
END_TEST

START_TEST(ids_that_were_told_but_not_flushed_are_not_given_again_after_a_kill)
{
    for (int flushed = 0; flushed < 2; flushed++) {
        struct vault vault;
        vault_init(&vault);
        ck_assert_int_eq(vault_open(&vault), 0);
        if (flushed) {
            vault.next_event_id = vault_escalate(&vault, 1) + 20;
            vault_escalate(&vault, 1);
            vault_pause(&vault, 30, 300, PAUSEMON_CAUSE_CPU);
            vault_flush(&vault);
        }
        int64_t event_id = vault_escalate(&vault, 1), pause_id = flushed ? 31 : 1;
        vault_pause(&vault, pause_id, 300, PAUSEMON_CAUSE_CPU);
        vault_close(&vault); /* killed */
        ck_assert_int_eq(vault_open(&vault), 0);
        ck_assert_int_ge(vault.storage->last_event_id, event_id);
        ck_assert_int_ge(vault.storage->last_pause_id, pause_id);
        vault_end(&vault);
    }
}
END_TEST

START_TEST(ids_go_on_above_what_somebody_else_has_written)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault, "INSERT INTO events (id, start_timestamp, end_timestamp) VALUES (99, 1, 2),"
                       " (9223372036854775807, 1, 2), (-5, 1, 2);"
                       "UPDATE daemon_state SET value = 'nonsense' WHERE key = 'last_event_id'");
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(vault.storage->last_event_id, 99);
    vault_end(&vault);
}
END_TEST

/* ---- Scores ---- */

START_TEST(scores_are_counted_by_the_hour_and_written_with_the_sign_of_life)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault); /* the first sign of life */
    for (int i = 0; i < 9; i++) {
        vault_look(&vault, i < 5 ? 0 : 37, 1, 0);
        vault_flush(&vault);
    }
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM score_histogram"), 0);
    vault_look(&vault, 100, 1, 0);
    vault_flush(&vault); /* ten seconds after the first: what was handed over */
    vault_look(&vault, 100, 1, 0);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(count) FROM score_histogram"), 11);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count FROM score_histogram WHERE score = 37"), 4);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count FROM score_histogram WHERE score = 100"), 2);
    ck_assert_int_eq(vault_sql(&vault, "SELECT DISTINCT hour FROM score_histogram"),
                     vault.harness.now.realtime_ns / (3600 * SECOND));
    vault_end(&vault);
}
END_TEST

/* ---- Info, arguments, memory ---- */

START_TEST(info_tells_what_waits_and_what_was_written)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 2);
    ck_assert_uint_eq(vault_info(&vault).queued, 4);
    ck_assert_int_eq(vault_flush(&vault), 4);
    ck_assert_int_eq(vault_flush(&vault), 0);
    struct pausemon_storage_info info = vault_info(&vault);
    ck_assert_uint_eq(info.queued, 0);
    ck_assert_uint_eq(info.written, 4);
    ck_assert_uint_eq(info.dropped, 0);
    ck_assert_uint_eq(info.disk, PAUSEMON_DISK_OK);
    vault_end(&vault);
}
END_TEST

START_TEST(wrong_arguments_are_refused_with_a_reason)
{
    struct vault vault;
    struct pausemon_error error = {0};
    struct pausemon_storage *storage = (struct pausemon_storage *)&vault;

    vault_init(&vault);
    vault.options.queue = 7;
    ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_INVALID);
    vault.options.queue = 4097;
    ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_open(&storage, NULL, NULL, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(storage);
    ck_assert_int_eq(pausemon_storage_open(NULL, "x", NULL, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_open(&storage, "/tmp/", NULL, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_open(&storage, "/nonexistent/db", NULL, NULL, &error),
                     PAUSEMON_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent"));
    ck_assert_int_eq(pausemon_storage_flush(NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_finish(NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_attach(NULL, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_prune(NULL, NULL, NULL, &error), PAUSEMON_ERR_INVALID);
    pausemon_storage_free(NULL);
    vault_end(&vault);
}
END_TEST

START_TEST(opening_survives_every_allocation_that_fails)
{
    struct vault vault;
    int failures = 0, fds = count_fds();

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_close(&vault);
    for (;; failures++) {
        vault_close(&vault);
        long live = vault.harness.live;
        vault.harness.fail_at = failures + 1;
        int status = vault_open(&vault);
        if (status == 0 && vault.harness.fail_at > 0)
            break; /* there were not so many allocations */
        if (status < 0) {
            ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
            ck_assert_int_eq(vault.harness.live, live);
        }
    }
    vault.harness.fail_at = 0;
    ck_assert_int_ge(failures, 2);
    vault_end(&vault);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(the_first_flush_survives_every_allocation_that_fails)
{
    struct vault vault;
    int failures = 0, status;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY); /* left open: read back to be closed */
    vault_flush(&vault);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    for (;; failures++) {
        vault.harness.fail_at = failures + 1;
        if ((status = pausemon_storage_flush(vault.storage, NULL)) == 0)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp IS NULL FROM events"), 1);
    }
    vault.harness.fail_at = 0;
    ck_assert_int_ge(failures, 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT notes = 'interrupted' FROM events"), 1);
    vault_end(&vault);
}
END_TEST

START_TEST(a_flush_without_memory_loses_nothing)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 3);
    vault_pause(&vault, 1, 500, PAUSEMON_CAUSE_CPU);
    vault.harness.fail_at = 1;
    vault.harness.fail_always = true;
    ck_assert_int_eq(pausemon_storage_flush(vault.storage, NULL), PAUSEMON_ERR_NOMEM);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_FAILED);
    vault.harness.fail_at = 0;
    ck_assert_int_eq(vault_flush(&vault), 6);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 4);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pauses"), 1);
    vault_end(&vault);
}
END_TEST

START_TEST(after_attaching_nothing_is_allocated_while_a_monitor_tells)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    long allocations = vault.harness.allocations;
    vault_escalate(&vault, 200); /* and more than there is room for */
    ck_assert_int_eq(vault.harness.allocations, allocations);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage");
    TCase *writing = tcase_create("writing"), *rest = tcase_create("arguments and memory");

    tcase_add_test(writing, of_an_escalation_the_entries_the_peaks_and_all_of_tier_3_are_kept_once);
    tcase_add_test(writing, an_open_escalation_is_a_row_without_an_end_and_its_peaks_are_current);
    tcase_add_test(writing, a_pause_that_is_told_again_is_one_row_and_keeps_its_forensics);
    tcase_add_test(writing,
                   what_was_known_of_a_culprit_stays_when_the_pause_is_told_again_after_its_end);
    tcase_add_test(writing, a_pause_forgets_an_escalation_that_is_deleted);
    tcase_add_test(writing, ids_are_never_given_twice_even_if_every_row_was_deleted);
    tcase_add_test(writing, ids_that_were_told_but_not_flushed_are_not_given_again_after_a_kill);
    tcase_add_test(writing, ids_go_on_above_what_somebody_else_has_written);
    tcase_add_test(writing, scores_are_counted_by_the_hour_and_written_with_the_sign_of_life);
    tcase_add_test(rest, info_tells_what_waits_and_what_was_written);
    tcase_add_test(rest, wrong_arguments_are_refused_with_a_reason);
    tcase_add_test(rest, opening_survives_every_allocation_that_fails);
    tcase_add_test(rest, the_first_flush_survives_every_allocation_that_fails);
    tcase_add_test(rest, a_flush_without_memory_loses_nothing);
    tcase_add_test(rest, after_attaching_nothing_is_allocated_while_a_monitor_tells);
    suite_add_tcase(suite, writing);
    suite_add_tcase(suite, rest);
    return harness_run(suite);
}
