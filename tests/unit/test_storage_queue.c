/* SPDX-License-Identifier: MIT */
/* The queue between two threads: what is dropped when there is no room, and what never is. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "vault.h"

/* ---- No room ---- */

START_TEST(samples_that_find_no_room_are_counted_and_leave_room_for_the_rest)
{
    struct vault vault;

    vault_init(&vault);
    vault.options.queue = 8;
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 20); /* 21 samples for 6 slots */
    struct pausemon_storage_info info = vault_info(&vault);
    ck_assert_uint_eq(info.dropped, 15);
    ck_assert_uint_eq(info.queued, 7); /* and the end of the escalation */
    vault_pause(&vault, 1, 300, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(vault_info(&vault).dropped, 15);
    vault_pause(&vault, 2, 300, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(vault_info(&vault).dropped, 16);
    ck_assert_int_eq(vault_flush(&vault), 8);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp IS NOT NULL AND peak_stress = 80 AND"
                                       " peak_tier = 3 FROM events"),
                     1);
    vault_end(&vault);
}
END_TEST

START_TEST(the_newest_state_of_an_escalation_stays_aside_until_there_is_room)
{
    struct vault vault;

    vault_init(&vault);
    vault.options.queue = 8;
    ck_assert_int_eq(vault_open(&vault), 0);
    for (int i = 1; i <= 8; i++)
        vault_pause(&vault, i, 300, PAUSEMON_CAUSE_CPU);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY);
    vault_look(&vault, 99, 3, PAUSEMON_TIER3_ENTRY);
    vault_look(&vault, 1, 1, PAUSEMON_TIER3_EXIT | PAUSEMON_TIER2_EXIT);
    ck_assert_uint_eq(vault_info(&vault).queued, 9);
    ck_assert_uint_eq(vault_info(&vault).dropped, 2); /* the samples, not the escalation */
    ck_assert_int_eq(vault_flush(&vault), 8);
    ck_assert_uint_eq(vault_info(&vault).queued, 1);
    vault_look(&vault, 1, 1, 0); /* offered again */
    ck_assert_int_eq(vault_flush(&vault), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp IS NOT NULL AND peak_stress = 99 AND"
                                       " peak_tier = 3 FROM events"),
                     1);
    ck_assert_uint_eq(vault_info(&vault).queued, 0);
    vault_end(&vault);
}
END_TEST

START_TEST(what_stays_aside_is_written_at_the_end_though_the_monitor_is_gone)
{
    struct vault vault;

    vault_init(&vault);
    vault.options.queue = 8;
    ck_assert_int_eq(vault_open(&vault), 0);
    for (int i = 1; i <= 8; i++)
        vault_pause(&vault, i, 300, PAUSEMON_CAUSE_CPU);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY);
    vault_look(&vault, 1, 1, PAUSEMON_TIER2_EXIT);
    harness_tick(&vault.harness, 3600 * SECOND); /* scores of two hours: the mailbox holds one */
    vault_look(&vault, 1, 1, 0);
    pm_queue_tell(vault.storage->queue, &(struct pausemon_event){.type = PAUSEMON_EVENT_CLOSE});
    ck_assert_int_eq(pausemon_storage_finish(vault.storage, NULL), 9);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp > 0 FROM events"), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(count) FROM score_histogram"), 3);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(DISTINCT hour) FROM score_histogram"), 2);
    vault_end(&vault);
}
END_TEST

START_TEST(a_second_escalation_that_finds_no_room_makes_the_first_a_dropped_record)
{
    struct vault vault;

    vault_init(&vault);
    vault.options.queue = 8;
    ck_assert_int_eq(vault_open(&vault), 0);
    for (int i = 1; i <= 8; i++)
        vault_pause(&vault, i, 300, PAUSEMON_CAUSE_CPU);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY);
    vault_look(&vault, 1, 1, PAUSEMON_TIER2_EXIT);
    ck_assert_uint_eq(vault_info(&vault).dropped, 1);
    vault_look(&vault, 56, 2, PAUSEMON_TIER2_ENTRY);
    ck_assert_uint_eq(vault_info(&vault).dropped, 3);
    vault_flush(&vault);
    vault_look(&vault, 1, 2, 0);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT id FROM events"), 2);
    vault_end(&vault);
}
END_TEST

START_TEST(scores_are_kept_for_two_days_of_a_disk_that_is_away_and_then_counted_as_dropped)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    for (int hour = 0; hour < PM_QUEUE_HOURS + 1; hour++) { /* one more is in the mailbox */
        vault_look(&vault, 3, 1, 0);
        harness_tick(&vault.harness, 3600 * SECOND);
    }
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    vault_look(&vault, 3, 1, 0);
    ck_assert_uint_eq(vault_info(&vault).dropped, 1);
    pm_queue_tell(vault.storage->queue, &(struct pausemon_event){.type = PAUSEMON_EVENT_CLOSE});
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(DISTINCT hour) FROM score_histogram"),
                     PM_QUEUE_HOURS + 1);
    vault_end(&vault);
}
END_TEST

/* ---- Two threads ---- */

#define LOOKS 3000

static void *feed(void *user)
{
    struct vault *vault = user;

    for (int i = 0; i < LOOKS; i++) {
        if (i % 50 == 0)
            vault_look(vault, 60, 2, PAUSEMON_TIER2_ENTRY);
        else if (i % 50 == 49)
            vault_look(vault, 1, 1, PAUSEMON_TIER2_EXIT | PAUSEMON_TIER3_EXIT);
        else
            vault_look(vault, 80, 3, i % 50 == 1 ? PAUSEMON_TIER3_ENTRY : 0);
        if (i % 10 == 0)
            vault_pause(vault, i / 10 + 1, 300, PAUSEMON_CAUSE_CPU);
    }
    pm_queue_tell(vault->storage->queue, &(struct pausemon_event){.type = PAUSEMON_EVENT_CLOSE});
    return NULL;
}

/* The clock of a test is no clock for two threads. */
START_TEST(one_thread_fills_while_another_empties_and_the_sums_agree)
{
    struct vault vault;
    pthread_t thread;

    vault_init(&vault);
    vault.options.queue = 16;
    struct pausemon_host *host = &vault.harness.host, own = *host;
    host->now = NULL;
    host->log = NULL;
    host->resize = NULL;
    ck_assert_int_eq(vault_open(&vault), 0);
    *host = own;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &vault), 0);
    while (!atomic_load(&vault.storage->queue->closed)) {
        vault_info(&vault);
        vault_flush(&vault);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    struct pausemon_storage_info info = vault_info(&vault);
    int64_t samples = vault_sql(&vault, "SELECT count(*) FROM process_sample_records");
    int64_t pauses = vault_sql(&vault, "SELECT count(*) FROM pauses");
    ck_assert_uint_eq(info.queued, 0);
    ck_assert_int_le(samples, LOOKS / 50 * 49);
    ck_assert_int_le(pauses, LOOKS / 10);
    /* Every sample and pause was written or counted; states that were overtaken may add to it. */
    ck_assert_int_ge(samples + pauses + (int64_t)info.dropped, LOOKS / 50 * 49 + LOOKS / 10);
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(count) FROM score_histogram"), LOOKS);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records WHERE event_id"
                                       " NOT IN (SELECT id FROM events)"),
                     0);
    vault_end(&vault);
}
END_TEST

/* ---- A real monitor ---- */

static int burn(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    const char **script = self;
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    (void)error;
    if (!**script)
        return PAUSEMON_ERR_END;
    row.pid = 7;
    row.have = PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS;
    if (*(*script)++ == '!')
        row.mem = row.cmprs = UINT64_C(8) << 30;
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

START_TEST(a_monitor_that_is_attached_goes_on_with_the_ids_and_may_be_freed_first)
{
    struct vault vault;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_error error;
    const char *script = ".!!..!";

    vault_init(&vault);
    const struct pausemon_host *host = &vault.harness.host;
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault, "INSERT INTO events (id, start_timestamp, end_timestamp) VALUES (9, 1, 2)");
    ck_assert_int_eq(pausemon_storage_finish(vault.storage, NULL), 0); /* so the next is 10 */
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(pausemon_config_new(&config, host, NULL), 0);
    pausemon_config_set(config, "tiers.hold_ms", "0", NULL);
    pausemon_config_set(config, "tiers.elevated_threshold", "12", NULL);
    pausemon_config_set(config, "tiers.critical_threshold", "90", NULL);
    ops.read = burn;
    ck_assert_int_eq(pausemon_source_new(&source, "burn", &ops, &script, host, NULL), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, host, &error), 0);
    ck_assert_int_eq(pausemon_storage_attach(vault.storage, monitor, &error), 0);
    ck_assert_int_eq(pausemon_storage_attach(vault.storage, monitor, &error), PAUSEMON_ERR_INVALID);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(pausemon_monitor_feed(monitor), 1);
        harness_tick(&vault.harness, SECOND);
    }
    pausemon_monitor_free(monitor); /* ends the second escalation */
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, &error), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events WHERE id IN (10, 11)"
                                       " AND end_timestamp > start_timestamp"),
                     2);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 2);
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(count) FROM score_histogram"), 6);
    pausemon_source_free(source);
    pausemon_config_free(config);
    vault_end(&vault);
}
END_TEST

START_TEST(what_began_before_the_attach_is_left_out_and_ids_rise_above_both)
{
    struct vault vault;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_error error;
    const char *script = ".!.!!.!.";

    vault_init(&vault);
    const struct pausemon_host *host = &vault.harness.host;
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault, "INSERT INTO events (id, start_timestamp, end_timestamp, peak_stress)"
                       " VALUES (1, 1, 2, 3), (2, 1, 2, 3)");
    ck_assert_int_eq(pausemon_config_new(&config, host, NULL), 0);
    pausemon_config_set(config, "tiers.hold_ms", "0", NULL);
    pausemon_config_set(config, "tiers.elevated_threshold", "12", NULL);
    ops.read = burn;
    ck_assert_int_eq(pausemon_source_new(&source, "burn", &ops, &script, host, NULL), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, host, &error), 0);
    for (int i = 0; i < 8; i++) {
        if (i == 4) { /* in the midst of the monitor's second */
            ck_assert_int_eq(pausemon_monitor_get_escalation(monitor)->id, 2);
            ck_assert_int_eq(pausemon_storage_attach(vault.storage, monitor, &error), 0);
        }
        ck_assert_int_eq(pausemon_monitor_feed(monitor), 1);
        harness_tick(&vault.harness, SECOND);
    }
    vault_pause(&vault, 0, 300, PAUSEMON_CAUSE_CPU); /* an id from before */
    vault.escalation.id = 2;
    vault_pause(&vault, 7, 300, PAUSEMON_CAUSE_CPU); /* ours, in an escalation that is not */
    pausemon_monitor_free(monitor);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, &error), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events WHERE id <= 2 AND"
                                       " end_timestamp = 2 AND peak_stress = 3"),
                     2);
    ck_assert_int_eq(vault_sql(&vault, "SELECT group_concat(id, '') FROM events"), 123);
    ck_assert_int_eq(vault_sql(&vault, "SELECT DISTINCT event_id FROM process_sample_records"), 3);
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(id) FROM pauses WHERE event_id IS NULL"), 7);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pauses"), 1);
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    pausemon_source_free(source);
    pausemon_config_free(config);
    vault_end(&vault);
}
END_TEST

START_TEST(a_storage_that_is_freed_first_is_told_nothing_any_more)
{
    struct vault vault;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_error error;
    const char *script = "..";

    vault_init(&vault);
    ops.read = burn;
    ck_assert_int_eq(pausemon_source_new(&source, "burn", &ops, &script, &vault.harness.host, NULL),
                     0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, NULL, source, &vault.harness.host, &error), 0);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(pausemon_storage_attach(vault.storage, monitor, &error), 0);
    ck_assert_int_eq(pausemon_monitor_feed(monitor), 1);
    vault_close(&vault);
    ck_assert_int_eq(pausemon_monitor_feed(monitor), 1); /* a sanitizer would see it */
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_queue");
    TCase *room = tcase_create("no room"), *threads = tcase_create("threads and monitors");

    tcase_add_test(room, samples_that_find_no_room_are_counted_and_leave_room_for_the_rest);
    tcase_add_test(room, the_newest_state_of_an_escalation_stays_aside_until_there_is_room);
    tcase_add_test(room, what_stays_aside_is_written_at_the_end_though_the_monitor_is_gone);
    tcase_add_test(room, a_second_escalation_that_finds_no_room_makes_the_first_a_dropped_record);
    tcase_add_test(room,
                   scores_are_kept_for_two_days_of_a_disk_that_is_away_and_then_counted_as_dropped);
    tcase_add_test(threads, one_thread_fills_while_another_empties_and_the_sums_agree);
    tcase_add_test(threads, a_monitor_that_is_attached_goes_on_with_the_ids_and_may_be_freed_first);
    tcase_add_test(threads, what_began_before_the_attach_is_left_out_and_ids_rise_above_both);
    tcase_add_test(threads, a_storage_that_is_freed_first_is_told_nothing_any_more);
    suite_add_tcase(suite, room);
    suite_add_tcase(suite, threads);
    return harness_run(suite);
}
