/* SPDX-License-Identifier: MIT */
/* Retention of what no row knows; and that nothing else is touched. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "stage.h"

/* ---- strays ---- */

START_TEST(a_directory_that_no_row_knows_goes_after_a_day)
{
    struct stage stage;

    stage_begin(&stage);
    const char *stray = stage_add_directory(&stage, 0, 4);
    harness_tick(&stage.vault.harness, 23 * HOUR * SECOND);
    const char *young = stage_add_directory(&stage, 22 * HOUR, 9000);
    const char *future = stage_add_directory(&stage, 400 * DAY_S, 4);
    ck_assert_int_eq(stage_prune(&stage), 0); /* nor by size: its row may still be waiting */
    harness_tick(&stage.vault.harness, 2 * HOUR * SECOND);
    /* Either time makes it young. */
    const char *touched = stage_add_directory(&stage, 30, 4);
    stage_set_time(stage.fd, touched, 24 * HOUR);
    const char *renamed = stage_add_directory(&stage, 24 * HOUR + 30, 4);
    stage_set_time(stage.fd, renamed, 30);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "stray:%s ", stray);
    ck_assert(stage_has(&stage, young) && stage_has(&stage, future) && stage_has(&stage, touched) &&
              stage_has(&stage, renamed));
    stage_end(&stage);
}
END_TEST

START_TEST(what_is_older_than_the_rows_goes_by_age)
{
    struct stage stage;

    stage_begin(&stage);
    const char *old = stage_add_directory(&stage, 0, 4),
               *restored = stage_add_directory(&stage, HOUR, 4);
    stage_set_time(stage.fd, restored, 20 * DAY_S); /* copied back */
    stage_know_since(&stage, 10 * DAY_S);
    const char *new = stage_add_directory(&stage, 11 * DAY_S, 4);
    harness_tick(&stage.vault.harness, 30 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "stray:%s ", new);
    harness_tick(&stage.vault.harness, 61 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "stray:%s ", old);
    harness_tick(&stage.vault.harness, 20 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "stray:%s ", restored);
    stage_end(&stage);
}
END_TEST

START_TEST(a_kill_between_row_and_directory_leaves_a_stray_that_is_swept)
{
    struct stage stage;

    stage_begin(&stage);
    const char *name = stage_add(&stage, 0, 0, 4);
    vault_exec(&stage.vault, "DELETE FROM captures");
    harness_tick(&stage.vault.harness, 2 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "stray:%s ", name);
    ck_assert(!stage_has(&stage, name));
    stage_end(&stage);
}
END_TEST

/* ---- what is not ours ---- */

START_TEST(nothing_else_is_touched_and_no_link_is_followed)
{
    struct stage stage;

    stage_begin(&stage);
    int outside = pm_tree_make(stage.fd, "outside", -1, &stage.error);
    close(pm_tree_create(outside, "precious", -1, &stage.error));
    close(pm_tree_create(stage.fd, stage_name(HOUR), -1, &stage.error)); /* a file named alike */
    stage_set_time(stage.fd, stage_name(HOUR), 0);
    ck_assert_int_eq(symlinkat("outside", stage.fd, stage_name(2 * HOUR)), 0);
    stage_set_time(stage.fd, stage_name(2 * HOUR), 0);
    stage_add_row(&stage, 2 * HOUR, 0, 1); /* even if a row says so */
    close(pm_tree_make(stage.fd, "2026-01-23_12-00-00.tmp", -1, &stage.error));
    close(pm_tree_make(stage.fd, "2026-13-23_12-00-00", -1, &stage.error));
    const char *name = stage_add(&stage, 0, 0, 4);
    int inside = pm_tree_open_at(stage.fd, name, &stage.error);
    ck_assert_int_eq(symlinkat("../outside", inside, "link"), 0);
    close(inside);
    vault_exec(&stage.vault, "INSERT INTO captures VALUES ('outside', 1, 'pause', NULL, NULL, 1, 1)"
                             ", ('../db', 1, 'pause', NULL, NULL, 1, 1)");
    harness_tick(&stage.vault.harness, 100 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 2);
    stage_expect_gone(&stage, "age:%s age:%s ", name, stage_name(2 * HOUR));
    ck_assert_int_eq(stage_rows(&stage), 0);
    ck_assert(!stage_has(&stage, name));
    ck_assert(stage_has(&stage, stage_name(HOUR)) && stage_has(&stage, stage_name(2 * HOUR)) &&
              stage_has(&stage, "2026-01-23_12-00-00.tmp") &&
              stage_has(&stage, "2026-13-23_12-00-00"));
    ck_assert_int_eq(faccessat(outside, "precious", F_OK, 0), 0);
    close(outside);
    stage_end(&stage);
}
END_TEST

START_TEST(a_place_that_is_a_link_is_left_alone_and_events_go_all_the_same)
{
    struct stage stage;

    stage_begin(&stage);
    stage_add_event(&stage, 1, 0, "reviewed");
    const char *name = stage_add(&stage, 10, 1, 4);
    harness_tick(&stage.vault.harness, 100 * DAY);
    snprintf(stage.evidence, sizeof stage.evidence, "%s/link", stage.vault.directory);
    ck_assert_int_eq(symlink("events", stage.evidence), 0);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "age:1 ");
    ck_assert_ptr_nonnull(strstr(stage.vault.harness.log, "captures are left alone"));
    ck_assert(stage_has(&stage, name));
    ck_assert_int_eq(stage_rows(&stage), 1);
    /* One that is not there at all is another thing: rows of what is gone go too. */
    snprintf(stage.evidence, sizeof stage.evidence, "%s/absent", stage.vault.directory);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "age:%s ", name);
    ck_assert(stage_has(&stage, name));
    stage_end(&stage);
}
END_TEST

START_TEST(one_that_cannot_be_removed_does_not_keep_the_others)
{
    struct stage stage;

    stage_begin(&stage);
    const char *deep = stage_add(&stage, 0, 0, 4), *flat = stage_add(&stage, HOUR, 0, 4);
    int fd = pm_tree_open_at(stage.fd, deep, &stage.error);
    for (int i = 0; i < 64; i++) { /* deeper than anything of ours */
        int next = pm_tree_make(fd, "deeper", -1, &stage.error);
        close(fd);
        fd = next;
    }
    close(fd);
    harness_tick(&stage.vault.harness, 100 * DAY);
    ck_assert_int_eq(stage_prune(&stage), 1);
    stage_expect_gone(&stage, "age:%s age:%s ", deep, flat);
    ck_assert(stage_has(&stage, deep) && !stage_has(&stage, flat));
    ck_assert_ptr_nonnull(strstr(stage.vault.harness.log, "too deep"));
    ck_assert_ptr_nonnull(strstr(stage.vault.harness.log, "1 captures could not be removed"));
    ck_assert_int_eq(stage_rows(&stage), 0);
    /* So that it can go: two levels less. */
    fd = pm_tree_open_at(stage.fd, deep, &stage.error);
    int next = pm_tree_open_at(fd, "deeper", &stage.error);
    ck_assert_int_eq(renameat(next, "deeper", stage.fd, "loose"), 0);
    close(next);
    next = pm_tree_open_at(stage.fd, "loose", &stage.error);
    ck_assert_int_eq(renameat(next, "deeper", stage.fd, "looser"), 0);
    close(next);
    close(fd);
    stage_end(&stage);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_strays");
    TCase *all = tcase_create("strays");

    tcase_add_test(all, a_directory_that_no_row_knows_goes_after_a_day);
    tcase_add_test(all, what_is_older_than_the_rows_goes_by_age);
    tcase_add_test(all, a_kill_between_row_and_directory_leaves_a_stray_that_is_swept);
    tcase_add_test(all, nothing_else_is_touched_and_no_link_is_followed);
    tcase_add_test(all, a_place_that_is_a_link_is_left_alone_and_events_go_all_the_same);
    tcase_add_test(all, one_that_cannot_be_removed_does_not_keep_the_others);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
