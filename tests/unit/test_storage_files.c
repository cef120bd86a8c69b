/* SPDX-License-Identifier: MIT */
/* The database as files: rights, links; and what a boot or a run that ended badly left. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vault.h"

/* The first three are there while it is used. */
static const char *const parts[] = {"", "-wal", "-shm", "-journal"};

/* ---- Rights ---- */

static void check_rights(struct vault *vault, unsigned mode, gid_t group)
{
    for (size_t i = 0; i < 3; i++) {
        struct stat info;
        ck_assert_int_eq(lstat(vault_file(vault, parts[i]), &info), 0);
        ck_assert_uint_eq(info.st_mode & 07777, mode);
        ck_assert_uint_eq(info.st_gid, group);
    }
}

START_TEST(files_are_for_their_owner_alone_whatever_the_umask_and_stay_after_closing)
{
    static const mode_t masks[] = {0, 0077, 0777};

    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct vault vault;
        vault_init(&vault);
        mode_t before = umask(masks[i]);
        ck_assert_int_eq(vault_open(&vault), 0);
        ck_assert_uint_eq(umask(before), masks[i]); /* not even for a moment afterwards */
        check_rights(&vault, 0600, getegid());
        vault_escalate(&vault, 1);
        vault_flush(&vault);
        vault_close(&vault);
        check_rights(&vault, 0600, getegid());
        vault_end(&vault);
    }
}
END_TEST

START_TEST(with_a_group_its_members_may_read_and_write_all_three)
{
    struct vault vault;
    gid_t group = geteuid() == 0 ? 12345 : getegid();

    vault_init(&vault);
    vault.options.group = (int64_t)group;
    ck_assert_int_eq(vault_open(&vault), 0);
    check_rights(&vault, 0660, group);
    vault_close(&vault);
    vault.options.group = -1; /* and back */
    ck_assert_int_eq(vault_open(&vault), 0);
    check_rights(&vault, 0600, group);
    vault_end(&vault);
}
END_TEST

START_TEST(rights_that_were_too_wide_are_narrowed)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_close(&vault);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(chmod(vault_file(&vault, parts[i]), 0666), 0);
    ck_assert_int_eq(vault_open(&vault), 0);
    check_rights(&vault, 0600, getegid());
    vault_end(&vault);
}
END_TEST

/* ---- Links ---- */

START_TEST(nothing_is_opened_through_a_symbolic_link)
{
    for (size_t i = 0; i < 4; i++) {
        struct vault vault;
        struct pausemon_history *history;
        struct pausemon_error error;
        char target[256];
        struct stat info;
        vault_init(&vault);
        if (i > 0) {
            ck_assert_int_eq(vault_open(&vault), 0);
            vault_close(&vault);
            unlink(vault_file(&vault, parts[i]));
        }
        snprintf(target, sizeof target, "%s/elsewhere", vault.directory);
        ck_assert_int_eq(symlink(target, vault_file(&vault, parts[i])), 0);
        ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(pausemon_history_open(&history, vault.path, &vault.harness.host, &error),
                         PAUSEMON_ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(error.text, "symbolic link"));
        ck_assert_int_eq(lstat(target, &info), -1); /* nor was anything made there */
        vault_end(&vault);
    }
}
END_TEST

START_TEST(a_directory_reached_through_a_link_is_fine)
{
    struct vault vault;
    char link[128];

    vault_init(&vault);
    snprintf(link, sizeof link, "%s.link", vault.directory);
    ck_assert_int_eq(symlink(vault.directory, link), 0);
    snprintf(vault.path, sizeof vault.path, "%s/db", link);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(unlink(link), 0);
    vault_escalate(&vault, 1);
    vault_flush(&vault); /* by the place that was meant */
    vault_end(&vault);
}
END_TEST

START_TEST(a_directory_in_place_of_a_file_is_refused)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(mkdir(vault.path, 0700), 0);
    ck_assert_int_eq(vault_open(&vault), PAUSEMON_ERR_DENIED);
    vault_end(&vault);
}
END_TEST

/* ---- What the run before left ---- */

START_TEST(an_escalation_left_open_is_closed_at_its_last_sample_and_noted)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY);
    vault_look(&vault, 80, 3, 0);
    int64_t last = vault.harness.now.realtime_ns;
    vault_flush(&vault);
    vault_exec(&vault, "INSERT INTO events (id, start_timestamp, notes) VALUES (50, 5000, 'mine')");
    vault_close(&vault); /* killed */
    harness_tick(&vault.harness, 60 * SECOND);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT CAST(end_timestamp AS INTEGER) FROM events WHERE id"
                                       " = 1 AND notes = 'interrupted'"),
                     last / SECOND);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp FROM events WHERE id = 50 AND notes ="
                                       " 'mine; interrupted'"),
                     5000);
    vault_end(&vault);
}
END_TEST

/* 1 and when, through the public door. */
static int hard_end(struct vault *vault, int64_t *alive, int64_t *noted)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int status = pausemon_history_open(&history, vault->path, &vault->harness.host, &error);

    ck_assert_msg(status == 0, "%s", error.text);
    *alive = *noted = -1;
    int found = pausemon_history_hard_end(history, alive, noted, &error);
    pausemon_history_free(history);
    return found;
}

START_TEST(a_boot_that_ended_without_a_word_is_noted_with_the_last_sign_of_life)
{
    struct vault vault;
    int64_t alive, noted;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 0);
    ck_assert_int_eq(alive, -1);
    for (int i = 0; i < 25; i++) {
        vault_flush(&vault); /* a sign of life every ten seconds */
        harness_tick(&vault.harness, SECOND);
    }
    int64_t last = vault.harness.now.realtime_ns - 5 * SECOND;
    vault_close(&vault);
    harness_tick(&vault.harness, 300 * SECOND);
    vault.boot_id = "boot-two";
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 1);
    ck_assert_int_eq(alive, last);
    ck_assert_int_eq(noted, vault.harness.now.realtime_ns);
    ck_assert_ptr_nonnull(strstr(vault.harness.log, "without shutdown"));
    vault_end(&vault);
}
END_TEST

START_TEST(an_end_in_good_order_or_on_the_same_boot_is_no_hard_end)
{
    struct vault vault;
    int64_t alive, noted;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    vault_close(&vault); /* killed, and started again on the same boot */
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 0);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    vault_close(&vault);
    vault.boot_id = "boot-two";
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 0);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0); /* restarted: the word is taken back */
    vault_flush(&vault);
    vault_close(&vault);
    vault.boot_id = ""; /* not known: nothing can be said */
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(a_restart_on_the_same_boot_takes_the_word_back)
{
    struct vault vault;
    int64_t alive, noted;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    vault_close(&vault); /* and then the machine froze */
    vault.boot_id = "boot-two";
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 1);
    vault_end(&vault);
}
END_TEST

START_TEST(another_that_only_opens_closes_no_event_and_takes_no_word_back)
{
    struct vault vault;
    struct pausemon_storage *writer;
    int64_t alive, noted;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY);
    vault_flush(&vault);
    writer = vault.storage;
    ck_assert_int_eq(vault_open(&vault), 0); /* beside it */
    vault_close(&vault);
    ck_assert_int_eq(
        vault_sql(&vault, "SELECT end_timestamp IS NULL AND notes IS NULL FROM events"), 1);
    vault.storage = writer;
    vault_look(&vault, 1, 1, PAUSEMON_TIER3_EXIT | PAUSEMON_TIER2_EXIT);
    ck_assert_int_ge(pausemon_storage_finish(vault.storage, NULL), 0);
    vault_close(&vault);
    ck_assert_int_eq(vault_open(&vault), 0); /* after it */
    vault_close(&vault);
    ck_assert_int_eq(vault_sql(&vault, "SELECT end_timestamp > 0 AND notes IS NULL FROM events"),
                     1);
    vault.boot_id = "boot-two";
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_flush(&vault);
    ck_assert_int_eq(hard_end(&vault, &alive, &noted), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(kill_9_leaves_a_valid_database_with_all_that_was_flushed)
{
    struct vault vault;
    int status;

    vault_init(&vault);
    pid_t child = fork();
    if (child == 0) {
        if (vault_open(&vault) != 0)
            _exit(1);
        vault_escalate(&vault, 5);
        pausemon_storage_flush(vault.storage, NULL);
        vault_look(&vault, 80, 3, PAUSEMON_TIER3_ENTRY);
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(vault_open(&vault), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM process_sample_records"), 6);
    ck_assert_int_eq(vault_count_files(&vault, "db.corrupt"), 0);
    vault_end(&vault);
}
END_TEST

START_TEST(a_child_after_fork_may_free_it_and_the_parent_goes_on)
{
    struct vault vault;
    int status;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_escalate(&vault, 1);
    pid_t child = fork();
    if (child == 0) {
        pausemon_storage_free(vault.storage);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(vault_flush(&vault), 3);
    ck_assert_int_eq(vault_sql(&vault, "SELECT count(*) FROM events"), 1);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_files");
    TCase *rights = tcase_create("rights"), *left = tcase_create("left behind");

    tcase_add_test(rights,
                   files_are_for_their_owner_alone_whatever_the_umask_and_stay_after_closing);
    tcase_add_test(rights, with_a_group_its_members_may_read_and_write_all_three);
    tcase_add_test(rights, rights_that_were_too_wide_are_narrowed);
    tcase_add_test(rights, nothing_is_opened_through_a_symbolic_link);
    tcase_add_test(rights, a_directory_reached_through_a_link_is_fine);
    tcase_add_test(rights, a_directory_in_place_of_a_file_is_refused);
    tcase_add_test(left, an_escalation_left_open_is_closed_at_its_last_sample_and_noted);
    tcase_add_test(left, a_boot_that_ended_without_a_word_is_noted_with_the_last_sign_of_life);
    tcase_add_test(left, an_end_in_good_order_or_on_the_same_boot_is_no_hard_end);
    tcase_add_test(left, a_restart_on_the_same_boot_takes_the_word_back);
    tcase_add_test(left, another_that_only_opens_closes_no_event_and_takes_no_word_back);
    tcase_add_test(left, kill_9_leaves_a_valid_database_with_all_that_was_flushed);
    tcase_add_test(left, a_child_after_fork_may_free_it_and_the_parent_goes_on);
    suite_add_tcase(suite, rights);
    suite_add_tcase(suite, left);
    return harness_run(suite);
}
