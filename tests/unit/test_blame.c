/* SPDX-License-Identifier: MIT */
/* Who caused a pause: machines of a few rows, played through the table. */
#include <stdio.h>

#include "machine.h"

/* ---- Shares and groups ---- */

START_TEST(culprits_come_by_their_share_of_what_all_took)
{
    born(10, 1, "small");
    born(11, 1, "BitDefenderd");
    born(12, 1, "idle");
    born(13, 1, "tiny");
    look_and_mark();
    spends(10, 160);
    spends(11, 800);
    spends(13, 40); /* below a twentieth */
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "BitDefenderd", 1, 800);
    check_culprit(1, "small", 1, 160);
    ck_assert_int_eq(culprit(0)->pid, 11);
    ck_assert_int_eq(culprit(0)->start_time, 111);
    ck_assert_uint_eq(culprit(0)->resource, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(culprit(0)->suspect, 1);
    ck_assert_uint_eq(culprit(1)->suspect, 0);
    ck_assert_int_eq(culprit(0)->uid, -1);
    ck_assert_str_eq(culprit(0)->exe, "");
    ck_assert_uint_eq(culprit(0)->size, sizeof(struct pausemon_culprit));
}
END_TEST

START_TEST(what_all_cpus_ran_lowers_the_shares_and_less_than_was_counted_does_not)
{
    born(10, 1, "hog");
    look_and_mark();
    spends(10, 1000);
    look();
    blame(PAUSEMON_CAUSE_CPU, 2000);
    check_culprit(0, "hog", 1, 500);
    blame(PAUSEMON_CAUSE_CPU, 300); /* accounts are coarse: never above a thousand */
    check_culprit(0, "hog", 1, 1000);
}
END_TEST

START_TEST(processes_of_one_command_are_one_culprit_and_those_that_idled_are_not_counted)
{
    for (int64_t pid = 20; pid < 28; pid++)
        born(pid, 1, "stress-ng");
    born(28, 1, "stress-ng"); /* the parent, who waits */
    born(29, 1, "stress-ng2");
    look_and_mark();
    for (int64_t pid = 20; pid < 28; pid++)
        spends(pid, pid == 23 ? 130 : 110);
    spends(28, 1);
    spends(29, 99);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "stress-ng", 8, 901);
    ck_assert_int_eq(culprit(0)->pid, 23);
    check_culprit(1, "stress-ng2", 1, 99);
}
END_TEST

START_TEST(what_was_spent_before_the_mark_is_not_blamed)
{
    born(10, 1, "before");
    born(11, 1, "during");
    look();
    spends(10, 5000);
    look_and_mark();
    look(); /* more looks than one may come after the mark */
    spends(11, 100);
    look();
    spends(11, 100);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_culprit(0, "during", 1, 1000);
}
END_TEST

START_TEST(who_was_born_after_the_mark_is_blamed_for_all_and_a_reused_pid_for_its_own)
{
    born(10, 1, "old");
    spends(10, 90000);
    look_and_mark();
    born(11, 1, "fresh")->cpu_ns = 300 * MS;
    spends(10, 200);
    look();
    ends(10);
    born(10, 1, "again")->cpu_ns = 500 * MS;
    find(10)->start_time = 999;
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(3);
    check_culprit(0, "again", 1, 500);
    ck_assert_int_eq(culprit(0)->start_time, 999);
    check_culprit(1, "fresh", 1, 300);
    check_culprit(2, "old", 1, 200);
}
END_TEST

START_TEST(a_counter_that_fell_or_began_anew_takes_nothing)
{
    born(10, 1, "fell")->cpu_ns = 900 * MS;
    born(11, 1, "hog");
    born(12, 1, "anew")->cpu_ns = 10 * MS;
    look_and_mark();
    find(10)->cpu_ns = 100 * MS;
    spends(12, 400);
    find(12)->restarted = PAUSEMON_HAVE_CPU;
    spends(11, 50);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_culprit(0, "hog", 1, 1000);
}
END_TEST

START_TEST(at_most_eight_are_named_and_of_equals_always_the_same)
{
    char name[16];
    int64_t pids[8];

    for (int64_t pid = 10; pid < 22; pid++) {
        snprintf(name, sizeof name, "p%d", (int)pid);
        born(pid, 1, name);
    }
    look_and_mark();
    for (int64_t pid = 10; pid < 22; pid++)
        spends(pid, pid == 21 ? 200 : 100);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(8);
    ck_assert_int_eq(culprit(0)->pid, 21);
    for (size_t i = 0; i < 8; i++)
        pids[i] = culprit(i)->pid;
    for (size_t i = 1; i < 8; i++)
        ck_assert_int_eq(pids[i], 9 + (int64_t)i); /* as the source names them */
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(8);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(culprit(i)->pid, pids[i]);
}
END_TEST

/* ---- Who had ended ---- */

START_TEST(a_child_that_ended_is_blamed_itself_and_its_time_once)
{
    born(10, 1, "make");
    born(11, 10, "cc1");
    born(12, 1, "other");
    spends(11, 5000);
    look_and_mark();
    spends(11, 500);
    spends(12, 200);
    look();
    spends(11, 100); /* its last moments nobody saw, but its parent has them */
    spends(12, 200);
    ends(11);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "cc1", 1, 600);
    check_culprit(1, "other", 1, 400);
}
END_TEST

START_TEST(children_that_nobody_saw_are_their_parents)
{
    born(10, 1, "sh");
    born(11, 1, "other");
    look_and_mark();
    find(10)->child_cpu_ns += 700 * MS;
    spends(10, 100);
    spends(11, 200);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(2);
    check_culprit(0, "sh", 1, 800);
    check_culprit(1, "other", 1, 200);
}
END_TEST

START_TEST(grandchildren_that_ended_are_not_counted_twice)
{
    born(9, 1, "shell");
    born(10, 9, "make");
    born(11, 10, "gcc");
    born(12, 11, "cc1");
    spends(12, 3000);
    spends(11, 1000);
    look_and_mark();
    spends(12, 600);
    spends(11, 300);
    spends(10, 100);
    look();
    ends(12);
    ends(11);
    ends(10);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(3);
    check_culprit(0, "cc1", 1, 600);
    check_culprit(1, "gcc", 1, 300);
    check_culprit(2, "make", 1, 100);
}
END_TEST

START_TEST(the_last_moments_of_a_family_go_to_the_busiest_that_departed)
{
    born(9, 1, "shell");
    born(10, 9, "make");
    born(11, 10, "cc1");
    look_and_mark();
    spends(10, 10);
    spends(11, 190);
    look();
    spends(11, 800);
    ends(11);
    ends(10);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_culprit(0, "cc1", 1, 990);
}
END_TEST

START_TEST(of_more_departed_than_there_is_room_for_the_busiest_stay)
{
    char name[16];

    born(9, 1, "shell");
    for (int64_t pid = 10; pid < 210; pid++) {
        snprintf(name, sizeof name, "p%d", (int)pid);
        born(pid, 9, name);
    }
    born(300, 1, "other");
    look_and_mark();
    for (int64_t pid = 10; pid < 210; pid++)
        spends(pid, pid == 10 || pid == 100 || pid == 209 ? 1000 : 1);
    spends(300, 1000);
    look();
    for (int64_t pid = 10; pid < 210; pid++)
        ends(pid);
    look();
    ck_assert_uint_eq(machine.table.mark.departed_count, PM_MAX_DEPARTED);
    blame(PAUSEMON_CAUSE_CPU, 0);
    /* Those that were not kept are in their parent's child time: 197 ms less 61 kept ones. */
    check_culprits(4);
    uint64_t all = 0;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(culprit(i)->count, 1);
        ck_assert_uint_ge(culprit(i)->share, 235);
        all += culprit(i)->share;
    }
    ck_assert_uint_le(all, 1000);
}
END_TEST

START_TEST(idle_ones_that_depart_later_displace_nobody_who_was_busy)
{
    born(9, 1, "shell");
    for (int64_t pid = 10; pid < 10 + 2 * PM_MAX_DEPARTED; pid++)
        born(pid, 9, pid < 10 + PM_MAX_DEPARTED ? "worker" : "idle");
    look_and_mark();
    for (int64_t pid = 10; pid < 10 + PM_MAX_DEPARTED; pid++)
        spends(pid, 10);
    look();
    for (int64_t pid = 10; pid < 10 + PM_MAX_DEPARTED; pid++)
        ends(pid);
    look();
    for (int64_t pid = 10 + PM_MAX_DEPARTED; pid < 10 + 2 * PM_MAX_DEPARTED; pid++)
        ends(pid);
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_culprit(0, "worker", PM_MAX_DEPARTED, 1000);
}
END_TEST

/* ---- I/O and memory ---- */

START_TEST(io_is_bytes_and_pageins)
{
    born(10, 1, "dd");
    born(11, 1, "mapper");
    born(12, 1, "hog");
    look_and_mark();
    find(10)->io_bytes += 6000 * 4096;
    find(11)->pageins += 4000;
    spends(12, 1000);
    look();
    blame(PAUSEMON_CAUSE_IO, 1000); /* CPU time says nothing here */
    check_culprits(2);
    check_culprit(0, "dd", 1, 600);
    check_culprit(1, "mapper", 1, 400);
    ck_assert_uint_eq(culprit(0)->resource, PAUSEMON_CAUSE_IO);
}
END_TEST

START_TEST(memory_is_growth_and_pageins_and_what_went_to_swap)
{
    born(10, 1, "grower")->mem = 500 * MIB;
    born(11, 1, "swapped")->cmprs = 7 * MIB;
    born(12, 1, "shrinker")->mem = 900 * MIB;
    born(13, 1, "thrasher");
    look_and_mark();
    find(10)->mem += 200 * MIB;
    look();
    find(10)->mem += 300 * MIB;
    find(11)->cmprs += 300 * MIB;
    find(12)->mem = MIB;
    find(13)->pageins += 200 * MIB / 4096;
    look();
    blame(PAUSEMON_CAUSE_MEMORY, 0);
    check_culprits(3);
    check_culprit(0, "grower", 1, 500);
    check_culprit(1, "swapped", 1, 300);
    check_culprit(2, "thrasher", 1, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blame");
    TCase *tcase = tcase_create("blame");

    tcase_add_checked_fixture(tcase, machine_setup, machine_teardown);
    tcase_add_test(tcase, culprits_come_by_their_share_of_what_all_took);
    tcase_add_test(tcase, what_all_cpus_ran_lowers_the_shares_and_less_than_was_counted_does_not);
    tcase_add_test(tcase,
                   processes_of_one_command_are_one_culprit_and_those_that_idled_are_not_counted);
    tcase_add_test(tcase, what_was_spent_before_the_mark_is_not_blamed);
    tcase_add_test(tcase,
                   who_was_born_after_the_mark_is_blamed_for_all_and_a_reused_pid_for_its_own);
    tcase_add_test(tcase, a_counter_that_fell_or_began_anew_takes_nothing);
    tcase_add_test(tcase, at_most_eight_are_named_and_of_equals_always_the_same);
    tcase_add_test(tcase, a_child_that_ended_is_blamed_itself_and_its_time_once);
    tcase_add_test(tcase, children_that_nobody_saw_are_their_parents);
    tcase_add_test(tcase, grandchildren_that_ended_are_not_counted_twice);
    tcase_add_test(tcase, the_last_moments_of_a_family_go_to_the_busiest_that_departed);
    tcase_add_test(tcase, of_more_departed_than_there_is_room_for_the_busiest_stay);
    tcase_add_test(tcase, idle_ones_that_depart_later_displace_nobody_who_was_busy);
    tcase_add_test(tcase, io_is_bytes_and_pageins);
    tcase_add_test(tcase, memory_is_growth_and_pageins_and_what_went_to_swap);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
