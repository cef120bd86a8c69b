/* SPDX-License-Identifier: MIT */
/* What a review proved wrong in blame: lives that a parent inherits, pids used again, newcomers
 * that were there before. */
#include <stdio.h>
#include <string.h>

#include "machine.h"

#define SHELL 100
#define HOG 200
#define OLD 900
#define LIFE_MS UINT64_C(36000000) /* ten hours of CPU */

/* A shell with an old idle server, and a hog beside them. */
static void setup(void)
{
    machine_setup();
    born(1, 0, "init");
    born(SHELL, 1, "bash");
    born(HOG, 1, "hog");
    born(OLD, SHELL, "oldserver");
    spends(OLD, LIFE_MS);
}

/* It is gone, and nobody has waited for it yet. */
static void vanishes(int64_t pid)
{
    struct pausemon_row *row = find(pid);

    *row = machine.rows[--machine.row_count];
}

/* It is still in the list, but its parent has its time already, or at last. */
static void is_reaped(int64_t parent, uint64_t ms)
{
    find(parent)->child_cpu_ns += ms * MS;
}

static void check_only_the_hog(void)
{
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    ck_assert_str_eq(culprit(0)->command, "hog");
    ck_assert_uint_ge(culprit(0)->share, 900);
}

/* ---- Lives ---- */

START_TEST(a_parent_is_not_blamed_for_the_life_of_a_child_that_it_reaped)
{
    static const int others[] = {0, 62, 63, 64, 70, 300};

    for (int i = 0; i < others[_i]; i++)
        born(1000 + i, 1, "short");
    look_and_mark();
    for (int i = 0; i < others[_i]; i++)
        spends(1000 + i, 1);
    spends(HOG, 5000);
    look();
    for (int i = 0; i < others[_i]; i++)
        ends(1000 + i);
    ends(OLD);
    spends(HOG, 5000);
    look();
    check_only_the_hog();
}
END_TEST

START_TEST(also_not_where_the_parent_was_read_before_it_waited)
{
    look_and_mark();
    spends(HOG, 1000);
    vanishes(OLD);
    look();
    check_only_the_hog();
    is_reaped(SHELL, LIFE_MS);
    look();
    check_only_the_hog();
}
END_TEST

START_TEST(also_not_where_a_mark_lies_between_the_end_and_the_wait)
{
    look_and_mark();
    vanishes(OLD);
    look_and_mark();
    is_reaped(SHELL, LIFE_MS);
    spends(HOG, 1000);
    look();
    check_only_the_hog();
}
END_TEST

START_TEST(also_not_where_the_child_was_read_before_the_parent_waited_and_the_parent_after)
{
    look_and_mark();
    is_reaped(SHELL, LIFE_MS);
    look();
    vanishes(OLD);
    spends(HOG, 1000);
    look();
    check_only_the_hog();
}
END_TEST

START_TEST(what_the_parent_has_besides_is_its_own_again)
{
    look_and_mark();
    vanishes(OLD);
    look();
    is_reaped(SHELL, LIFE_MS + 3000); /* of a child that nobody saw */
    spends(HOG, 1000);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "bash", 1, 750);
    check_culprit(1, "hog", 1, 250);
}
END_TEST

START_TEST(also_not_where_the_pid_is_another_process_at_once)
{
    struct pausemon_row *shell = find(SHELL), *old = find(OLD), row = *shell;

    if (_i == 1) { /* the child is read first */
        *shell = *old;
        *old = row;
    }
    look_and_mark();
    is_reaped(SHELL, LIFE_MS);
    find(OLD)->start_time++;
    find(OLD)->cpu_ns = 0;
    spends(HOG, 1000);
    look();
    check_only_the_hog();
}
END_TEST

/* A shell, a make, and its old compiler, that end in one look or one after the other. */
static void check_family(bool one_look, bool late, bool youngest_first)
{
    /* Who is read first leaves the table last. */
    born(youngest_first ? 11 : 10, youngest_first ? 10 : SHELL, youngest_first ? "cc1" : "make");
    born(youngest_first ? 10 : 11, youngest_first ? SHELL : 10, youngest_first ? "make" : "cc1");
    spends(10, LIFE_MS);
    spends(11, LIFE_MS);
    is_reaped(10, LIFE_MS); /* of children before */
    look_and_mark();
    spends(HOG, 2000);
    if (late)
        vanishes(11);
    else
        ends(11);
    if (!one_look)
        look();
    if (late)
        is_reaped(10, LIFE_MS);
    ends(10);
    look();
    check_only_the_hog();
}

START_TEST(lives_of_grandchildren_are_nobodys_guilt_either)
{
    check_family(_i & 1, _i & 2, _i & 4);
}
END_TEST

START_TEST(nor_are_those_of_grandchildren_whose_parent_ends_in_a_later_pause)
{
    born(10, SHELL, "make");
    born(11, 10, "cc1");
    spends(11, LIFE_MS);
    look_and_mark();
    vanishes(11); /* make has not waited yet */
    look_and_mark();
    look_and_mark();
    is_reaped(10, LIFE_MS);
    ends(10);
    spends(HOG, 1000);
    look();
    check_only_the_hog();
}
END_TEST

/* ---- Pids used again ---- */

#define DEPTH 8
#define COPIES 8

START_TEST(a_chain_of_pids_used_again_and_again_is_blamed_in_no_time)
{
    look_and_mark();
    for (int copy = 0; copy < COPIES; copy++) {
        for (int64_t i = 0; i < DEPTH; i++) {
            struct pausemon_row *row = born(10 + i, i == 0 ? 1 : 9 + i, "sh");
            row->start_time = 1000 + copy;
            row->cpu_ns = MS;
        }
        look();
        machine.row_count -= DEPTH;
        find(1)->child_cpu_ns += DEPTH * MS;
    }
    spends(HOG, 1);
    find(1)->child_cpu_ns += 100 * MS;
    look();
    ck_assert_uint_eq(machine.table.mark.departed_count, DEPTH * COPIES);
    int64_t began_ns = pm_thread_cpu_ns();
    blame(PAUSEMON_CAUSE_CPU, 0);
    ck_assert_int_lt(pm_thread_cpu_ns() - began_ns, SECOND);
    check_culprits(1);
    ck_assert_str_eq(culprit(0)->command, "sh");
}
END_TEST

START_TEST(who_is_its_own_parent_or_its_childs_child_ends_like_anybody)
{
    born(10, 10, "self");
    born(11, 12, "ring");
    born(12, 11, "ring");
    look_and_mark();
    for (int64_t pid = 10; pid < 13; pid++)
        spends(pid, 100);
    spends(HOG, 700);
    look();
    for (int64_t pid = 10; pid < 13; pid++)
        vanishes(pid);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(3);
    check_culprit(0, "hog", 1, 700);
    check_culprit(1, "ring", 2, 200);
    check_culprit(2, "self", 1, 100);
}
END_TEST

/* ---- Newcomers ---- */

/* All but so many of them are seen. */
static int look_without(size_t count, bool complete)
{
    harness_tick(&machine.harness, SECOND);
    pm_table_begin(&machine.table, machine.harness.now.monotonic_ns);
    for (size_t i = 0; i < machine.row_count - count; i++)
        pm_table_put(&machine.table, &machine.rows[i]);
    return pm_table_end(&machine.table, complete);
}

START_TEST(who_is_first_seen_after_a_partial_look_is_not_blamed_for_its_life)
{
    look();
    born(300, 1, "unseen")->cpu_ns = LIFE_MS * MS;
    ck_assert_int_eq(look_without(1, false), 0);
    pm_mark_set(&machine.table.mark);
    spends(HOG, 1000);
    look();
    check_only_the_hog();
    spends(300, 9000); /* from now on it is known */
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "unseen", 1, 900);
}
END_TEST

START_TEST(nor_is_who_is_first_seen_in_a_partial_look_after_another)
{
    look();
    born(300, 1, "unseen")->cpu_ns = LIFE_MS * MS;
    ck_assert_int_eq(look_without(1, false), 0);
    pm_mark_set(&machine.table.mark);
    spends(HOG, 1000);
    ck_assert_int_eq(look_without(0, false), 0);
    check_only_the_hog();
}
END_TEST

START_TEST(nor_is_who_is_first_seen_after_a_look_for_which_memory_was_short)
{
    look();
    for (int64_t pid = 1000; pid < 1300; pid++)
        born(pid, 1, "crowd")->cpu_ns = LIFE_MS * MS;
    machine.harness.fail_at = 1;
    machine.harness.fail_always = true;
    ck_assert_int_eq(look_without(0, true), PAUSEMON_ERR_NOMEM);
    machine.harness.fail_at = 0;
    machine.harness.fail_always = false;
    pm_mark_set(&machine.table.mark);
    spends(HOG, 1000);
    look();
    check_only_the_hog();
}
END_TEST

START_TEST(who_is_first_seen_after_a_complete_look_was_born_and_is_blamed)
{
    ck_assert_int_eq(look_without(1, false), 0);
    look_and_mark();
    born(300, 1, "fresh")->cpu_ns = 3000 * MS;
    spends(HOG, 1000);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "fresh", 1, 750);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions_blame");
    TCase *tcase = tcase_create("regressions_blame");

    tcase_add_checked_fixture(tcase, setup, machine_teardown);
    tcase_add_loop_test(tcase, a_parent_is_not_blamed_for_the_life_of_a_child_that_it_reaped, 0, 6);
    tcase_add_test(tcase, also_not_where_the_parent_was_read_before_it_waited);
    tcase_add_test(tcase, also_not_where_a_mark_lies_between_the_end_and_the_wait);
    tcase_add_test(tcase,
                   also_not_where_the_child_was_read_before_the_parent_waited_and_the_parent_after);
    tcase_add_test(tcase, what_the_parent_has_besides_is_its_own_again);
    tcase_add_loop_test(tcase, also_not_where_the_pid_is_another_process_at_once, 0, 2);
    tcase_add_loop_test(tcase, lives_of_grandchildren_are_nobodys_guilt_either, 0, 8);
    tcase_add_test(tcase, nor_are_those_of_grandchildren_whose_parent_ends_in_a_later_pause);
    tcase_add_test(tcase, a_chain_of_pids_used_again_and_again_is_blamed_in_no_time);
    tcase_add_test(tcase, who_is_its_own_parent_or_its_childs_child_ends_like_anybody);
    tcase_add_test(tcase, who_is_first_seen_after_a_partial_look_is_not_blamed_for_its_life);
    tcase_add_test(tcase, nor_is_who_is_first_seen_in_a_partial_look_after_another);
    tcase_add_test(tcase, nor_is_who_is_first_seen_after_a_look_for_which_memory_was_short);
    tcase_add_test(tcase, who_is_first_seen_after_a_complete_look_was_born_and_is_blamed);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
