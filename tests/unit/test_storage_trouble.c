/* SPDX-License-Identifier: MIT */
/* A disk that is full, a database that is locked, a file that is broken, foreign or too new. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vault.h"

/* ---- Records wait ---- */

START_TEST(a_locked_database_keeps_records_waiting_and_says_so_once)
{
    struct vault vault;
    sqlite3 *other;
    struct pausemon_error error;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    sqlite3_busy_timeout(vault.storage->db.sql, 1);
    ck_assert_int_eq(sqlite3_open(vault.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    vault_escalate(&vault, 2);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pausemon_storage_flush(vault.storage, &error), PAUSEMON_ERR_BUSY);
    ck_assert_ptr_nonnull(strstr(error.text, "locked"));
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_LOCKED);
    ck_assert_uint_eq(vault_info(&vault).queued, 4);
    char *first = strstr(vault.harness.log, "records wait");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "records wait"));
    vault_pause(&vault, 1, 300, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(pausemon_storage_flush(vault.storage, NULL), PAUSEMON_ERR_BUSY);
    /* Its culprits are looked up meanwhile: they may not live as long as the lock. */
    ck_assert(pm_queue_get(vault.storage->queue, 4)->enriched);
    sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(other);
    ck_assert_int_eq(vault_flush(&vault), 5);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_OK);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "I: "));
    vault_end(&vault);
}
END_TEST

/* While it waits for the lock the clock goes on. */
static int go_on(void *user, int count)
{
    struct vault *vault = user;

    ck_assert_uint_eq(vault_info(vault).disk, PAUSEMON_DISK_OK);
    harness_tick(&vault->harness, 6 * SECOND);
    ck_assert_uint_eq(vault_info(vault).disk, PAUSEMON_DISK_STALLED);
    return count < 0;
}

START_TEST(a_flush_that_does_not_return_is_no_healthy_disk)
{
    struct vault vault;
    sqlite3 *other;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    sqlite3_busy_handler(vault.storage->db.sql, go_on, &vault);
    ck_assert_int_eq(sqlite3_open(vault.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    vault_escalate(&vault, 2);
    ck_assert_int_eq(pausemon_storage_flush(vault.storage, NULL), PAUSEMON_ERR_BUSY);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_LOCKED);
    sqlite3_close(other);
    vault_flush(&vault);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_OK);
    vault_end(&vault);
}
END_TEST

START_TEST(a_full_disk_keeps_records_waiting_and_leaves_no_half_of_a_transaction)
{
    struct vault vault;
    struct pausemon_error error;
    char sql[64];

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d",
             (int)vault_sql(&vault, "PRAGMA page_count") + 2);
    sqlite3_exec(vault.storage->db.sql, sql, NULL, NULL, NULL);
    vault_escalate(&vault, 60);
    ck_assert_int_eq(pausemon_storage_flush(vault.storage, &error), PAUSEMON_ERR_IO);
    ck_assert_int_eq(error.os_errno, ENOSPC); /* by which a caller knows that it may pass */
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_FULL);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 0);
    sqlite3_exec(vault.storage->db.sql, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    ck_assert_int_eq(vault_flush(&vault), 62);
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 61);
    vault_end(&vault);
}
END_TEST

START_TEST(a_record_that_no_database_would_take_does_not_hold_up_the_others)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault, "CREATE UNIQUE INDEX no_two ON pauses (id / 3)");
    for (int i = 1; i <= 3; i++)
        vault_pause(&vault, i, 300, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(vault_flush(&vault), 2);
    ck_assert_uint_eq(vault_info(&vault).dropped, 1);
    ck_assert_uint_eq(vault_info(&vault).queued, 0);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "no_two"));
    ck_assert_int_eq(vault_sql(&vault, "SELECT sum(id) FROM pauses"), 4);
    vault_end(&vault);
}
END_TEST

START_TEST(a_file_that_somebody_removes_is_made_again_and_goes_on_with_the_ids)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault.next_event_id = 5;
    vault_escalate(&vault, 1);
    vault_flush(&vault);
    unlink(vault.path);
    vault_look(&vault, 55, 2, PAUSEMON_TIER2_ENTRY);
    ck_assert_int_eq(vault_flush(&vault), 1);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "removed or replaced"));
    ck_assert_int_eq(vault_sql(&vault, "SELECT id FROM events"), 6);
    ck_assert_int_eq(
        vault_sql(&vault, "SELECT value FROM daemon_state WHERE key = 'last_event_id'"),
        6 + 16);   /* ahead of what was given */
    char gone[64]; /* and while its directory is away, records wait */
    snprintf(gone, sizeof gone, "%s.away", vault.directory);
    ck_assert_int_eq(rename(vault.directory, gone), 0);
    vault_look(&vault, 1, 1, PAUSEMON_TIER2_EXIT);
    ck_assert_int_eq(pausemon_storage_flush(vault.storage, NULL), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_FAILED);
    ck_assert_int_eq(rename(gone, vault.directory), 0);
    ck_assert_int_eq(vault_flush(&vault), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp > 0 AND notes IS NULL FROM events"),
                     1); /* it was open all the time: not interrupted */
    vault_end(&vault);
}
END_TEST

/* What came in its place is somebody's trap, or at best nothing of ours. */
static void put_in_place(struct vault *vault, int kind, const char *elsewhere)
{
    if (kind == 0)
        ck_assert_int_eq(symlink(elsewhere, vault->directory), 0);
    else
        ck_assert_int_eq(mkdir(vault->directory, 0700), 0);
}

START_TEST(nothing_is_begun_anew_in_another_directory_and_the_old_one_goes_on)
{
    char gone[80], elsewhere[80];
    struct pausemon_config *config;
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 1);
    vault_flush(&vault);
    snprintf(gone, sizeof gone, "%s.away", vault.directory);
    snprintf(elsewhere, sizeof elsewhere, "%s.else", vault.directory);
    ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
    ck_assert_int_eq(rename(vault.directory, gone), 0);
    put_in_place(&vault, _i, elsewhere);
    vault.harness.log[0] = '\0';
    for (int i = 0; i < 3; i++) {
        vault_look(&vault, 55, 2, i ? 0 : PAUSEMON_TIER2_ENTRY);
        ck_assert_int_eq(pausemon_storage_flush(vault.storage, NULL), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(pausemon_storage_prune(vault.storage, config, NULL, NULL),
                         PAUSEMON_ERR_IO);
    }
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_FAILED);
    const char *said = strstr(vault.harness.log, "was replaced: put the old one back");
    ck_assert_msg(said && !strstr(said + 1, "was replaced"), "%s", vault.harness.log);
    /* Removing fails where anything is in it. */
    ck_assert_int_eq(_i == 0 ? unlink(vault.directory) : rmdir(vault.directory), 0);
    ck_assert_int_eq(rmdir(elsewhere), 0);
    ck_assert_int_eq(rename(gone, vault.directory), 0);
    ck_assert_int_ge(vault_flush(&vault), 1);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_OK);
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 2);
    pausemon_config_free(config);
    vault_end(&vault);
}
END_TEST

/* ---- Broken files ---- */

static void check_aside_and_new(struct vault *vault, int aside)
{
    ck_assert_int_eq(vault_open(vault), 0);
    ck_assert_int_eq(vault_count_files(vault, "db.corrupt-20260123-120000"), aside);
    ck_assert_ptr_nonnull(strstr(vault->harness.log, "E: "));
    ck_assert_ptr_nonnull(strstr(vault->harness.log, "moved aside to db.corrupt-"));
    vault_escalate(vault, 1);
    ck_assert_int_eq(vault_flush(vault), 3);
    ck_assert_int_eq(vault_sql(vault, "SELECT count(*) FROM events"), 1);
}

START_TEST(garbage_is_moved_aside_and_a_new_file_begun)
{
    struct vault vault;
    char garbage[5000];

    vault_init(&vault);
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)(i * 37 + 11);
    vault_put_file(&vault, "", garbage, sizeof garbage);
    vault_put_file(&vault, "-wal", garbage, 900);
    check_aside_and_new(&vault, 3); /* SQLite makes a -shm before it looks */
    size_t length;
    char *kept = read_file(vault_file(&vault, ".corrupt-20260123-120000"), &length);
    ck_assert_uint_eq(length, sizeof garbage);
    ck_assert_int_eq(memcmp(kept, garbage, length), 0);
    free(kept);
    vault_end(&vault);
}
END_TEST

#define CUT_SIZE (4096 * 3 + 100)

/* A database of which the rest is missing. */
static void make_cut(struct vault *vault)
{
    vault_init(vault);
    ck_assert_int_eq(vault_open(vault), 0);
    vault_escalate(vault, 5);
    vault_flush(vault);
    vault_exec(vault, "PRAGMA wal_checkpoint(TRUNCATE)");
    vault_close(vault);
    ck_assert_int_eq(truncate(vault->path, CUT_SIZE), 0);
}

START_TEST(who_wants_it_kept_is_told_that_it_is_broken)
{
    struct vault vault;

    make_cut(&vault);
    vault.options.keep = 1;
    ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_FORMAT);
    struct stat info;
    ck_assert_int_eq(stat(vault.path, &info), 0);
    ck_assert_int_eq(info.st_size, CUT_SIZE);
    vault.options.keep = 0;
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(a_file_that_was_cut_is_moved_aside)
{
    struct vault vault;

    make_cut(&vault);
    harness_tick(&vault.harness, -7 * SECOND); /* as check_aside_and_new expects */
    check_aside_and_new(&vault, 3);
    vault_end(&vault);
}
END_TEST

START_TEST(a_database_that_breaks_while_it_is_open_is_replaced_and_nothing_that_waits_is_lost)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault.next_event_id = 5;
    vault_escalate(&vault, 5);
    vault_flush(&vault);
    vault_exec(&vault, "PRAGMA wal_checkpoint(TRUNCATE)");
    vault_escalate(&vault, 2);
    char nothing[4096 * 2];
    memset(nothing, 0xA5, sizeof nothing);
    vault_put_file(&vault, "", nothing, sizeof nothing);
    ck_assert_int_eq(vault_flush(&vault), 4);
    ck_assert_int_eq(vault_count_files(&vault, "db.corrupt-"), 3);
    ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_OK);
    ck_assert_uint_eq(vault_info(&vault).dropped, 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT max(id) FROM events"), 6);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    /* The new file knows it too; more may have been told before we were killed. */
    ck_assert_int_eq(vault.storage->last_event_id, 6 + 16);
    vault_end(&vault);
}
END_TEST

START_TEST(of_what_was_moved_aside_the_three_newest_are_kept)
{
    struct vault vault;

    vault_init(&vault);
    vault_put_file(&vault, ".corrupt-not-by-us-", "x", 1); /* neither counted nor removed */
    for (int i = 0; i < 5; i++) {
        vault_put_file(&vault, "", "no database at all", 18);
        vault_put_file(&vault, "-wal", "x", 1);
        ck_assert_int_eq(vault_open(&vault), 0);
        vault_close(&vault);
        unlink(vault.path);
        if (i != 2) /* two in one second get a number */
            harness_tick(&vault.harness, 10 * SECOND);
    }
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120040"), F_OK), -1);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120030"), F_OK), 0);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120020_1"), F_OK), 0);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120020_1-wal"), F_OK), 0);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120020"), F_OK), 0);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120010"), F_OK), -1);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-20260123-120010-wal"), F_OK), -1);
    ck_assert_int_eq(access(vault_file(&vault, ".corrupt-not-by-us-"), F_OK), 0);
    vault_end(&vault);
}
END_TEST

/* ---- Other versions, other databases ---- */

START_TEST(a_newer_file_is_left_as_it_is_and_what_comes_is_counted_as_dropped)
{
    static const char *const newer[] = {
        "PRAGMA user_version = 99",
        "UPDATE daemon_state SET value = '8' WHERE key = 'schema_version'",
    };

    for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++) {
        struct vault vault;
        struct pausemon_config *config;
        vault_init(&vault);
        ck_assert_int_eq(vault_open(&vault), 0);
        vault_escalate(&vault, 1);
        vault_flush(&vault);
        vault_close(&vault);
        vault_exec(&vault, newer[i]);
        ck_assert_int_eq(vault_open(&vault), 0);
        ck_assert_ptr_nonnull(strstr(vault.harness.log, "newer version"));
        ck_assert_uint_eq(vault_info(&vault).disk, PAUSEMON_DISK_READ_ONLY);
        ck_assert_int_eq(vault.storage->last_event_id, 1 + 16); /* it was not ended */
        vault_escalate(&vault, 1);
        ck_assert_int_eq(vault_flush(&vault), 0);
        ck_assert_uint_eq(vault_info(&vault).dropped, 3);
        ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
        ck_assert_int_eq(pausemon_storage_prune(vault.storage, config, NULL, NULL),
                         PAUSEMON_ERR_UNSUPPORTED);
        ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
        pausemon_config_free(config);
        ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 1);
        vault_end(&vault);
    }
}
END_TEST

START_TEST(an_older_file_of_the_original_is_moved_aside)
{
    struct vault vault;

    vault_init(&vault);
    vault_put_file(&vault, "", "", 0);
    vault_exec(&vault, "CREATE TABLE daemon_state (key TEXT PRIMARY KEY, value TEXT NOT NULL,"
                       " updated_at REAL NOT NULL); CREATE TABLE events (id INTEGER PRIMARY KEY);"
                       "INSERT INTO daemon_state VALUES ('schema_version', '6', 0)");
    check_aside_and_new(&vault, 1);
    vault_end(&vault);
}
END_TEST

START_TEST(a_database_of_something_else_is_refused_and_not_touched)
{
    struct vault vault;

    vault_init(&vault);
    vault_put_file(&vault, "", "", 0);
    vault_exec(&vault, "CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')");
    ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM sqlite_master"), 1);
    vault_end(&vault);
}
END_TEST

/* Whoever may write to the file may make one: a group, or who had the file before. */
START_TEST(triggers_of_a_file_are_not_run)
{
    struct vault vault;
    struct pausemon_config *config;

    vault_init(&vault);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault,
               "INSERT INTO events VALUES (1, 1, 2, 5, 2, 'reviewed', NULL);"
               "CREATE TRIGGER d BEFORE DELETE ON events BEGIN SELECT raise(IGNORE); END;"
               "CREATE TRIGGER opens AFTER UPDATE ON events BEGIN"
               " UPDATE events SET end_timestamp = NULL WHERE id = new.id; END;"
               "CREATE TRIGGER endless AFTER UPDATE ON daemon_state BEGIN"
               " INSERT INTO score_histogram SELECT 1, 1, count(*) FROM (WITH RECURSIVE n(i) AS"
               " (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT i FROM n); END");
    ck_assert_int_eq(pausemon_storage_prune(vault.storage, config, NULL, NULL), 1);
    vault_exec(&vault, "DROP TRIGGER d; INSERT INTO events VALUES (2, 1, NULL, 5, 2, '', NULL)");
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events WHERE end_timestamp > 0"), 1);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM score_histogram WHERE hour = 1"), 0);
    pausemon_config_free(config);
    vault_end(&vault);
}
END_TEST

START_TEST(an_empty_file_becomes_a_database)
{
    struct vault vault;

    vault_init(&vault);
    vault_put_file(&vault, "", "", 0);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA auto_vacuum"), 2);
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA user_version"), 2);
    ck_assert_int_eq(
        vault_sql(&vault, "SELECT value = '7' FROM daemon_state WHERE key = 'schema_version'"), 1);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_trouble");
    TCase *waiting = tcase_create("waiting"), *broken = tcase_create("broken");

    tcase_add_test(waiting, a_locked_database_keeps_records_waiting_and_says_so_once);
    tcase_add_test(waiting, a_flush_that_does_not_return_is_no_healthy_disk);
    tcase_add_test(waiting, a_full_disk_keeps_records_waiting_and_leaves_no_half_of_a_transaction);
    tcase_add_test(waiting, a_record_that_no_database_would_take_does_not_hold_up_the_others);
    tcase_add_test(waiting, a_file_that_somebody_removes_is_made_again_and_goes_on_with_the_ids);
    tcase_add_loop_test(waiting, nothing_is_begun_anew_in_another_directory_and_the_old_one_goes_on,
                        0, 2);
    tcase_add_test(broken, garbage_is_moved_aside_and_a_new_file_begun);
    tcase_add_test(broken, who_wants_it_kept_is_told_that_it_is_broken);
    tcase_add_test(broken, a_file_that_was_cut_is_moved_aside);
    tcase_add_test(
        broken, a_database_that_breaks_while_it_is_open_is_replaced_and_nothing_that_waits_is_lost);
    tcase_add_test(broken, of_what_was_moved_aside_the_three_newest_are_kept);
    tcase_add_test(broken, a_newer_file_is_left_as_it_is_and_what_comes_is_counted_as_dropped);
    tcase_add_test(broken, an_older_file_of_the_original_is_moved_aside);
    tcase_add_test(broken, a_database_of_something_else_is_refused_and_not_touched);
    tcase_add_test(broken, triggers_of_a_file_are_not_run);
    tcase_add_test(broken, an_empty_file_becomes_a_database);
    suite_add_tcase(suite, waiting);
    suite_add_tcase(suite, broken);
    return harness_run(suite);
}
