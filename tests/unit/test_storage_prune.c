/* SPDX-License-Identifier: MIT */
/* Retention: what goes by age and by size, what never does, and that the disk gets its space back.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vault.h"

struct farewell {
    struct vault *vault;
    int count;
    int64_t ids[4096];
    bool all_there; /* each was still in the file when it was told */
    uint64_t pauses, hours;
};

static void note_gone(void *user, const struct pausemon_removal *removal)
{
    const struct pausemon_escalation *escalation = removal->escalation;
    struct farewell *farewell = user;
    char sql[96];

    farewell->pauses += removal->pauses;
    farewell->hours += removal->hours;
    if (!escalation)
        return;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM events WHERE id = %d", (int)escalation->id);
    farewell->ids[farewell->count++] = escalation->id;
    farewell->all_there &= vault_sql(farewell->vault, sql) == 1;
}

static int prune(struct vault *vault, const char *days, int dry, struct farewell *farewell)
{
    struct pausemon_config *config;
    struct pausemon_error error = {0};

    memset(farewell, 0, sizeof *farewell);
    farewell->vault = vault;
    farewell->all_there = true;
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "retention.events_days", days, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "retention.max_db_mb", "8", NULL), 0);
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    how.dry_run = (uint64_t)dry;
    how.user = farewell;
    how.gone = note_gone;
    int went = pausemon_storage_prune(vault->storage, config, &how, &error);
    ck_assert_msg(went >= 0, "prune: %s", error.text);
    ck_assert_int_eq(went, farewell->count);
    ck_assert(farewell->all_there);
    pausemon_config_free(config);
    return went;
}

/* Five escalations, a day between; 1 unreviewed, 2 reviewed, 3 pinned, 4 dismissed, 5 reviewed. */
static void open_five(struct vault *vault)
{
    vault_init(vault);
    ck_assert_int_eq(vault_open(vault), 0);
    for (int i = 1; i <= 5; i++) {
        vault_look(vault, 80, 3, PAUSEMON_TIER3_ENTRY);
        vault_pause(vault, i, 500, PAUSEMON_CAUSE_CPU);
        vault_look(vault, 5, 1, PAUSEMON_TIER2_EXIT | PAUSEMON_TIER3_EXIT);
        vault_flush(vault);
        harness_tick(&vault->harness, DAY);
    }
    vault_exec(vault, "UPDATE events SET status = 'reviewed' WHERE id IN (2, 5);"
                      "UPDATE events SET status = 'pinned' WHERE id = 3;"
                      "UPDATE events SET status = 'dismissed' WHERE id = 4");
}

START_TEST(what_was_looked_at_goes_by_age_and_takes_its_samples_along)
{
    struct vault vault;
    struct farewell farewell;

    open_five(&vault);
    ck_assert_int_eq(prune(&vault, "10", 0, &farewell), 0);
    harness_tick(&vault.harness,
                 6 * DAY - 10 * SECOND); /* the first four are over seven days old */
    ck_assert_int_eq(prune(&vault, "7", 0, &farewell), 2);
    ck_assert_int_eq(farewell.ids[0], 2);
    ck_assert_int_eq(farewell.ids[1], 4);
    ck_assert_int_eq(vault_sql(&vault, "SELECT group_concat(id, '') FROM events"), 135);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 3);
    ck_assert_uint_eq(farewell.pauses, 3);
    ck_assert_uint_ge(farewell.hours, 1);
    /* Pauses go by age too, but for the one that belongs to the pinned escalation. */
    ck_assert_int_eq(vault_sql(&vault, "SELECT group_concat(id, '') FROM pauses"), 35);
    vault_end(&vault);
}
END_TEST

START_TEST(a_dry_run_tells_the_same_and_changes_nothing)
{
    struct vault vault;
    struct farewell farewell;

    open_five(&vault);
    harness_tick(&vault.harness, 100 * DAY);
    /* Seen from outside all of it is there while it is told. */
    ck_assert_int_eq(prune(&vault, "7", 1, &farewell), 3);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 5);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pauses"), 5);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY); /* and writing goes on */
    ck_assert_int_eq(vault_flush(&vault), 1);
    ck_assert_int_eq(prune(&vault, "7", 0, &farewell), 3);
    vault_end(&vault);
}
END_TEST

START_TEST(an_open_escalation_and_the_scores_of_today_stay)
{
    struct vault vault;
    struct farewell farewell;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY);
    vault_flush(&vault);
    vault_exec(&vault, "UPDATE events SET status = 'reviewed'");
    harness_tick(&vault.harness, 30 * DAY);
    vault_look(&vault, 80, 3, 0);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM score_histogram"), 2);
    ck_assert_int_eq(prune(&vault, "7", 0, &farewell), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM score_histogram"), 1);
    vault_end(&vault);
}
END_TEST

/* 15 escalations of a megabyte each; every third is reviewed, the first is pinned. */
static void grow(struct vault *vault)
{
    vault_exec(vault,
               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15)"
               "INSERT INTO events (id, start_timestamp, end_timestamp, status) SELECT i,"
               " 1769000000 + i, 1769000001 + i, CASE WHEN i = 1 THEN 'pinned' WHEN i % 3 = 0"
               " THEN 'reviewed' ELSE 'unreviewed' END FROM n;"
               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
               "INSERT INTO process_sample_records (event_id, tier, data) SELECT 1 + i % 15, 3,"
               " hex(zeroblob(26000)) FROM n");
}

static int64_t file_size(struct vault *vault)
{
    struct stat info;

    ck_assert_int_eq(stat(vault->path, &info), 0);
    return info.st_size;
}

START_TEST(over_its_size_the_oldest_go_unreviewed_last_pinned_never_and_the_file_shrinks)
{
    struct vault vault;
    struct farewell dry, farewell;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    grow(&vault);
    int went = prune(&vault, "3650", 1, &dry);
    ck_assert_int_eq(prune(&vault, "3650", 0, &farewell), went);
    ck_assert_int_eq(memcmp(dry.ids, farewell.ids, (size_t)went * sizeof dry.ids[0]), 0);
    static const int64_t order[] = {3, 6, 9, 12, 15, 2, 4, 5};
    ck_assert_int_ge(went, 7);
    for (int i = 0; i < went && i < 8; i++)
        ck_assert_int_eq(farewell.ids[i], order[i]);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events WHERE id = 1"), 1);
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA freelist_count"), 0);
    ck_assert_int_le(file_size(&vault), 8 << 20);
    ck_assert_int_gt(file_size(&vault), 6 << 20); /* and not more than needed */
    vault_end(&vault);
}
END_TEST

START_TEST(when_only_pinned_ones_are_left_it_stops)
{
    struct vault vault;
    struct farewell farewell;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    grow(&vault);
    vault_exec(&vault, "UPDATE events SET status = 'pinned'");
    vault_pause(&vault, 1, 300, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_int_eq(prune(&vault, "3650", 0, &farewell), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 15);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pauses"), 1); /* not in vain */
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "what is pinned or goes on takes"));
    vault_end(&vault);
}
END_TEST

START_TEST(an_escalation_that_goes_on_for_hours_does_not_cost_all_the_others)
{
    struct vault vault;
    struct farewell farewell;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    grow(&vault);
    vault_exec(&vault, "INSERT INTO events VALUES (99, 1, NULL, 80, 3, 'unreviewed', NULL);"
                       "INSERT INTO process_sample_records (event_id, tier, data)"
                       " VALUES (99, 3, hex(zeroblob(5000000)))");
    ck_assert_int_eq(prune(&vault, "3650", 0, &farewell), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 16);
    vault_end(&vault);
}
END_TEST

START_TEST(a_file_of_the_original_gives_its_space_back_too)
{
    struct vault vault;
    struct farewell farewell;

    vault_init(&vault);
    vault_put_file(&vault, "", "", 0);
    vault_exec(&vault, "PRAGMA auto_vacuum = 0; VACUUM; PRAGMA journal_mode = WAL;"
                       "CREATE TABLE daemon_state (key TEXT PRIMARY KEY, value TEXT NOT NULL,"
                       " updated_at REAL NOT NULL);"
                       "INSERT INTO daemon_state VALUES ('schema_version', '7', 0);"
                       "CREATE TABLE events (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL,"
                       " end_timestamp REAL, peak_stress INTEGER, peak_tier INTEGER,"
                       " status TEXT DEFAULT 'unreviewed', notes TEXT);"
                       /* without a cascade: it must not hold its escalation */
                       "CREATE TABLE event_samples (id INTEGER PRIMARY KEY, event_id INTEGER,"
                       " FOREIGN KEY (event_id) REFERENCES events(id))");
    ck_assert_int_eq(vault_open(&vault), 0);
    grow(&vault);
    vault_exec(&vault, "INSERT INTO event_samples (event_id) VALUES (3), (3), (6)");
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA auto_vacuum"), 0);
    ck_assert_int_ge(prune(&vault, "3650", 0, &farewell), 7);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM event_samples"), 0);
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA auto_vacuum"), 2);
    ck_assert_int_le(file_size(&vault), 8 << 20);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(what_comes_while_it_prunes_is_written_between_its_steps)
{
    struct vault vault;
    struct farewell farewell;

    vault_init(&vault);
    vault.options.queue = 16;
    ck_assert_int_eq(vault_open(&vault), 0);
    grow(&vault);
    vault.next_event_id = 100;
    vault_escalate(&vault, 5);
    ck_assert_int_gt(prune(&vault, "3650", 0, &farewell), 0);
    ck_assert_uint_eq(vault_info(&vault).queued, 0);
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_prune");
    TCase *all = tcase_create("retention");

    tcase_add_test(all, what_was_looked_at_goes_by_age_and_takes_its_samples_along);
    tcase_add_test(all, a_dry_run_tells_the_same_and_changes_nothing);
    tcase_add_test(all, an_open_escalation_and_the_scores_of_today_stay);
    tcase_add_test(all,
                   over_its_size_the_oldest_go_unreviewed_last_pinned_never_and_the_file_shrinks);
    tcase_add_test(all, when_only_pinned_ones_are_left_it_stops);
    tcase_add_test(all, an_escalation_that_goes_on_for_hours_does_not_cost_all_the_others);
    tcase_add_test(all, a_file_of_the_original_gives_its_space_back_too);
    tcase_add_test(all, what_comes_while_it_prunes_is_written_between_its_steps);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
