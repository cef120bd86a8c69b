/* SPDX-License-Identifier: MIT */
/* Rows of captures: what is kept of them, their names in the rows of pauses, and who reads them. */
#include <stdio.h>
#include <string.h>

#include "vault.h"

#define NAME "2026-01-23_12-00-00"
#define OTHER "2026-01-23_12-00-00_1"

static struct pausemon_error error;

static struct pausemon_capture capture_of(const char *name, int64_t event_id, int64_t pause_id)
{
    struct pausemon_capture capture = PAUSEMON_CAPTURE_INIT;

    capture.start_ns = INT64_C(1769198400123456000);
    capture.reason = PAUSEMON_CAPTURE_PAUSE;
    capture.event_id = event_id;
    capture.pause_id = pause_id;
    capture.bytes = 4096;
    capture.complete = 1;
    snprintf(capture.name, sizeof capture.name, "%s", name);
    return capture;
}

static void add(struct vault *vault, const char *name, int64_t event_id, int64_t pause_id)
{
    struct pausemon_capture capture = capture_of(name, event_id, pause_id);
    int status = pausemon_storage_add_capture(vault->storage, &capture, &error);

    ck_assert_msg(status == 0, "%s", error.text);
}

static struct pausemon_history *open_history(struct vault *vault)
{
    struct pausemon_history *history;
    int status = pausemon_history_open(&history, vault->path, &vault->harness.host, &error);

    ck_assert_msg(status == 0, "%s", error.text);
    return history;
}

struct seen {
    struct pausemon_capture captures[8];
    int count, stop_at;
};

static int see(void *user, const struct pausemon_capture *capture)
{
    struct seen *seen = user;

    ck_assert_uint_eq(capture->size, sizeof *capture);
    seen->captures[seen->count++] = *capture;
    return seen->count == seen->stop_at ? PAUSEMON_ERR_END : 0;
}

static struct seen read_captures(struct vault *vault, int64_t event_id)
{
    struct pausemon_history *history = open_history(vault);
    struct seen seen = {.count = 0};

    int status = pausemon_history_captures(history, event_id, see, &seen, &error);
    ck_assert_msg(status >= 0, "%s", error.text);
    ck_assert_int_eq(status, seen.count);
    pausemon_history_free(history);
    return seen;
}

static int note_forensics(void *user, const struct pausemon_pause *pause)
{
    snprintf(user, PAUSEMON_CAPTURE_NAME_SIZE, "%s", pausemon_pause_get_info(pause)->forensics);
    return 0;
}

/* The name in the row of a pause, as it is read. */
static const char *forensics_of(struct vault *vault, int64_t id)
{
    static char name[PAUSEMON_CAPTURE_NAME_SIZE];
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_history *history = open_history(vault);

    filter.id = id;
    ck_assert_int_eq(pausemon_history_pauses(history, &filter, note_forensics, name, &error), 1);
    pausemon_history_free(history);
    return name;
}

static void open_vault(struct vault *vault)
{
    vault_init(vault);
    ck_assert_int_eq(vault_open(vault), 0);
}

/* ---- rows ---- */

START_TEST(a_row_is_read_as_it_was_written)
{
    struct vault vault;

    open_vault(&vault);
    struct pausemon_capture first = capture_of(NAME, 3, 7);
    first.complete = 0;
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &first, NULL), 0);
    struct pausemon_capture second = capture_of(OTHER, 0, 0);
    second.reason = PAUSEMON_CAPTURE_ASKED;
    second.start_ns += SECOND;
    second.bytes = UINT64_MAX;
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &second, NULL), 0);
    struct seen seen = read_captures(&vault, 0);
    ck_assert_int_eq(seen.count, 2);
    ck_assert_int_eq(memcmp(&seen.captures[1], &first, sizeof first), 0);
    second.bytes = INT64_MAX;
    ck_assert_int_eq(memcmp(&seen.captures[0], &second, sizeof second), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT event_id IS NULL AND pause_id IS NULL FROM captures"
                                       " WHERE name = '" OTHER "'"),
                     1);
    ck_assert_int_eq(read_captures(&vault, 3).count, 1);
    ck_assert_int_eq(read_captures(&vault, 4).count, 0);
    vault_end(&vault);
}
END_TEST

START_TEST(a_pause_that_was_merged_gets_the_name_and_the_capture_keeps_its_own)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 7, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    add(&vault, NAME, 0, 7);
    vault_pause(&vault, 8, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    add(&vault, NAME, 0, 8);
    vault_pause(&vault, 9, 3000, PAUSEMON_CAUSE_CPU);
    add(&vault, NAME, 0, 9); /* before anybody has flushed */
    struct seen seen = read_captures(&vault, 0);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_int_eq(seen.captures[0].pause_id, 7);
    for (int64_t id = 7; id < 10; id++)
        ck_assert_str_eq(forensics_of(&vault, id), NAME);
    vault_pause(&vault, 8, 4000, PAUSEMON_CAUSE_CPU); /* it goes on */
    vault_flush(&vault);
    ck_assert_str_eq(forensics_of(&vault, 8), NAME);
    vault_end(&vault);
}
END_TEST

/* Its capture may be told of on another thread while the monitor is still telling it. */
START_TEST(a_pause_that_was_merged_gets_the_name_also_before_it_is_told)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 7, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    add(&vault, NAME, 0, 7);
    add(&vault, NAME, 0, 8);
    for (int64_t id = 100; id < 115; id++)
        add(&vault, OTHER, 0, id);
    vault_pause(&vault, 8, 3000, PAUSEMON_CAUSE_CPU);
    vault_pause(&vault, 9, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_str_eq(forensics_of(&vault, 8), NAME);
    ck_assert_str_eq(forensics_of(&vault, 9), "");
    ck_assert_int_eq(read_captures(&vault, 0).count, 2);
    vault_end(&vault);
}
END_TEST

START_TEST(a_capture_that_is_told_again_replaces_its_row)
{
    struct vault vault;

    open_vault(&vault);
    struct pausemon_capture capture = capture_of(NAME, 0, 7);
    capture.complete = capture.bytes = 0;
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, NULL), 0);
    add(&vault, NAME, 2, 7);
    struct seen seen = read_captures(&vault, 0);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_uint_eq(seen.captures[0].complete, 1);
    ck_assert_uint_eq(seen.captures[0].bytes, 4096);
    ck_assert_int_eq(seen.captures[0].event_id, 2);
    vault_end(&vault);
}
END_TEST

START_TEST(what_is_no_capture_is_refused)
{
    static const char *const names[] = {"", "..", "../../etc", "2026-13-01_00-00-00", "x"};
    struct vault vault;

    open_vault(&vault);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct pausemon_capture capture = capture_of(names[i], 0, 0);
        ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                         PAUSEMON_ERR_INVALID);
        ck_assert_ptr_nonnull(strstr(error.text, "is no name of a capture"));
    }
    struct pausemon_capture capture = capture_of(NAME, 0, 0);
    memset(capture.name, '1', sizeof capture.name);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_INVALID);
    capture = capture_of(NAME, 0, 0);
    capture.reason = 4;
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_INVALID);
    capture = capture_of(NAME, -1, 0);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_INVALID);
    capture = capture_of(NAME, 0, -1);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_INVALID);
    capture.size = 0;
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_storage_add_capture(NULL, &capture, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_history_captures(NULL, 0, see, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM captures"), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(reasons_have_names_and_nothing_else_has)
{
    ck_assert_str_eq(pausemon_capture_reason_name(PAUSEMON_CAPTURE_PAUSE), "pause");
    ck_assert_str_eq(pausemon_capture_reason_name(PAUSEMON_CAPTURE_TIER), "tier");
    ck_assert_str_eq(pausemon_capture_reason_name(PAUSEMON_CAPTURE_ASKED), "asked");
    ck_assert_ptr_null(pausemon_capture_reason_name(0));
    ck_assert_ptr_null(pausemon_capture_reason_name(4));
    ck_assert_ptr_null(pausemon_capture_reason_name(UINT64_MAX));
}
END_TEST

/* ---- and pauses ---- */

START_TEST(a_pause_gets_the_name_whichever_row_comes_first)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_str_eq(forensics_of(&vault, 1), "");
    add(&vault, NAME, 0, 1);
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    add(&vault, OTHER, 0, 2); /* before its pause */
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    vault_pause(&vault, 2, 3000, PAUSEMON_CAUSE_CPU);
    vault_pause(&vault, 3, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_str_eq(forensics_of(&vault, 2), OTHER);
    ck_assert_str_eq(forensics_of(&vault, 3), "");
    vault_end(&vault);
}
END_TEST

START_TEST(a_pause_that_is_told_again_keeps_its_name)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    add(&vault, NAME, 0, 1);
    vault_exec(&vault, "DELETE FROM captures"); /* also when retention has taken the capture */
    vault_pause(&vault, 1, 9000, PAUSEMON_CAUSE_IO);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT duration_ms FROM pauses"), 9000);
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    vault_end(&vault);
}
END_TEST

START_TEST(a_pause_that_is_merged_into_a_capture_is_told_by_another_call)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_pause(&vault, 2, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    add(&vault, NAME, 0, 1);
    add(&vault, NAME, 0, 2);
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    ck_assert_str_eq(forensics_of(&vault, 2), NAME);
    ck_assert_int_eq(read_captures(&vault, 0).count, 1);
    vault_end(&vault);
}
END_TEST

START_TEST(the_id_of_a_pause_whose_row_never_came_is_not_given_again)
{
    struct vault vault;

    open_vault(&vault);
    add(&vault, NAME, 0, 500);
    vault_close(&vault);
    vault_exec(&vault, "DELETE FROM daemon_state WHERE key = 'last_pause_id'");
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(vault.storage->last_pause_id, 500);
    vault_end(&vault);
}
END_TEST

START_TEST(an_event_that_the_original_removes_lets_its_capture_go)
{
    struct vault vault;

    open_vault(&vault);
    int64_t id = vault_escalate(&vault, 1);
    vault_flush(&vault);
    add(&vault, NAME, id, 0);
    ck_assert_int_eq(read_captures(&vault, id).count, 1);
    vault_exec(&vault, "DELETE FROM process_sample_records; DELETE FROM events");
    ck_assert_int_eq(read_captures(&vault, id).count, 0);
    ck_assert_int_eq(read_captures(&vault, 0).captures[0].event_id, 0);
    vault_end(&vault);
}
END_TEST

/* ---- trouble ---- */

START_TEST(a_locked_database_is_busy_and_nothing_is_half_written)
{
    struct vault vault;
    sqlite3 *other;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    ck_assert_int_eq(sqlite3_open(vault.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct pausemon_capture capture = capture_of(NAME, 0, 1);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_BUSY);
    ck_assert_ptr_nonnull(strstr(error.text, "locked"));
    sqlite3_close(other);
    ck_assert_str_eq(forensics_of(&vault, 1), "");
    ck_assert_int_eq(read_captures(&vault, 0).count, 0);
    add(&vault, NAME, 0, 1); /* again, later */
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    vault_end(&vault);
}
END_TEST

START_TEST(a_failure_between_the_two_rows_leaves_neither)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault, "CREATE INDEX no ON pauses (abs(-9223372036854775807 - (forensics > '')))");
    struct pausemon_capture capture = capture_of(NAME, 0, 1);
    ck_assert_int_lt(pausemon_storage_add_capture(vault.storage, &capture, &error), 0);
    ck_assert_int_eq(read_captures(&vault, 0).count, 0);
    vault_exec(&vault, "DROP INDEX no");
    vault_look(&vault, 5, 1, 0);
    vault_flush(&vault); /* no transaction was left open */
    add(&vault, NAME, 0, 1);
    vault_end(&vault);
}
END_TEST

START_TEST(a_file_that_was_taken_away_is_told_and_the_next_flush_makes_it_good)
{
    struct vault vault;

    open_vault(&vault);
    vault_flush(&vault);
    for (int i = 0; i < 3; i++)
        remove(vault_file(&vault, i == 0 ? "" : i == 1 ? "-wal" : "-shm"));
    struct pausemon_capture capture = capture_of(NAME, 0, 1);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_IO);
    harness_tick(&vault.harness, 60 * SECOND);
    vault_flush(&vault);
    add(&vault, NAME, 0, 1);
    ck_assert_int_eq(read_captures(&vault, 0).count, 1);
    vault_end(&vault);
}
END_TEST

START_TEST(a_newer_file_is_left_as_it_is)
{
    struct vault vault;

    open_vault(&vault);
    vault_close(&vault);
    vault_exec(&vault, "PRAGMA user_version = 99");
    ck_assert_int_eq(vault_open(&vault), 0);
    struct pausemon_capture capture = capture_of(NAME, 0, 1);
    ck_assert_int_eq(pausemon_storage_add_capture(vault.storage, &capture, &error),
                     PAUSEMON_ERR_UNSUPPORTED);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM captures"), 0);
    vault_end(&vault);
}
END_TEST

/* ---- other files ---- */

/* What the release before wrote. */
static const char to_version_1[] = "DROP TRIGGER pausemon_event_gone_captures; DROP TABLE captures;"
                                   "DELETE FROM daemon_state WHERE key = 'captures_since';"
                                   "PRAGMA user_version = 1";

START_TEST(a_file_of_version_1_is_read_as_one_without_captures_and_brought_up_to_date)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_close(&vault);
    vault_exec(&vault, to_version_1);
    ck_assert_int_eq(read_captures(&vault, 0).count, 0);
    ck_assert_str_eq(forensics_of(&vault, 1), "");
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA user_version"), 1);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(vault_sql(&vault, "PRAGMA user_version"), 2);
    add(&vault, NAME, 0, 1);
    ck_assert_str_eq(forensics_of(&vault, 1), NAME);
    ck_assert_int_eq(vault_sql(&vault, "SELECT value > 1700000000000000000 FROM daemon_state"
                                       " WHERE key = 'captures_since'"),
                     1);
    vault_end(&vault);
}
END_TEST

START_TEST(whatever_is_in_the_rows_is_bounded)
{
    struct vault vault;

    open_vault(&vault);
    vault_pause(&vault, 1, 3000, PAUSEMON_CAUSE_CPU);
    vault_flush(&vault);
    vault_exec(&vault, "INSERT INTO captures VALUES ('../../etc', 1, 'pause', 1, 1, 1, 1),"
                       " (NULL, 2, 'pause', 1, 1, 1, 1), (x'00ff', 3, 'pause', 1, 1, 1, 1),"
                       " ('" NAME "x', 4, 'pause', 1, 1, 1, 1),"
                       " ('" NAME "', 'soon', x'00', 'one', -5, -9223372036854775808, 'yes'),"
                       " ('" OTHER "', 1e300, 'later', 9223372036854775807, 1, 5.5, 2);"
                       "UPDATE pauses SET forensics = '../../../etc/passwd'");
    struct seen seen = read_captures(&vault, 0);
    ck_assert_int_eq(seen.count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(seen.captures[i].reason, 0);
        ck_assert_int_ge(seen.captures[i].event_id, 0);
        ck_assert_int_ge(seen.captures[i].pause_id, 0);
        ck_assert_uint_le(seen.captures[i].bytes, 5);
        ck_assert_uint_eq(seen.captures[i].complete, 0);
    }
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "a capture has a name that none has"));
    ck_assert_str_eq(forensics_of(&vault, 1), "");
    struct pausemon_history *history = open_history(&vault);
    seen = (struct seen){.stop_at = 1};
    ck_assert_int_eq(pausemon_history_captures(history, 0, see, &seen, &error), PAUSEMON_ERR_END);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_captures");
    TCase *all = tcase_create("captures");

    tcase_add_test(all, a_row_is_read_as_it_was_written);
    tcase_add_test(all, a_pause_that_was_merged_gets_the_name_also_before_it_is_told);
    tcase_add_test(all, a_capture_that_is_told_again_replaces_its_row);
    tcase_add_test(all, a_pause_that_was_merged_gets_the_name_and_the_capture_keeps_its_own);
    tcase_add_test(all, what_is_no_capture_is_refused);
    tcase_add_test(all, reasons_have_names_and_nothing_else_has);
    tcase_add_test(all, a_pause_gets_the_name_whichever_row_comes_first);
    tcase_add_test(all, a_pause_that_is_told_again_keeps_its_name);
    tcase_add_test(all, a_pause_that_is_merged_into_a_capture_is_told_by_another_call);
    tcase_add_test(all, the_id_of_a_pause_whose_row_never_came_is_not_given_again);
    tcase_add_test(all, an_event_that_the_original_removes_lets_its_capture_go);
    tcase_add_test(all, a_locked_database_is_busy_and_nothing_is_half_written);
    tcase_add_test(all, a_failure_between_the_two_rows_leaves_neither);
    tcase_add_test(all, a_file_that_was_taken_away_is_told_and_the_next_flush_makes_it_good);
    tcase_add_test(all, a_newer_file_is_left_as_it_is);
    tcase_add_test(all, a_file_of_version_1_is_read_as_one_without_captures_and_brought_up_to_date);
    tcase_add_test(all, whatever_is_in_the_rows_is_bounded);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
