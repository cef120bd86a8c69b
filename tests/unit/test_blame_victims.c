/* SPDX-License-Identifier: MIT */
/* Who suffered by a pause; and blame on large machines. */
#include <stdio.h>
#include <string.h>

#include "machine.h"

/* ---- Victims ---- */

/* Of more commands than there is room for, shares are estimates: never too small, at most a
 * sixty-fourth of all too large. */
static void check_estimate(size_t index, const char *command, uint64_t count, uint64_t share)
{
    ck_assert_str_eq(culprit(index)->command, command);
    ck_assert_uint_eq(culprit(index)->count, count);
    ck_assert_uint_ge(culprit(index)->share, share);
    ck_assert_uint_le(culprit(index)->share, share + 1000 / 64);
}

START_TEST(victims_are_who_waited_and_neither_culprits_nor_kernel_threads_nor_ourselves)
{
    born(10, 1, "hog");
    born(11, 1, "Xorg");
    born(12, 1, "sshd");
    born(13, 1, "sshd");
    born(14, 1, "blocked")->state = PAUSEMON_STATE_UNINTERRUPTIBLE;
    born(15, 2, "kworker/0:1")->mem = 0;
    born(16, 1, "patient");
    born(OWN_PID, 1, "pausemond");
    look_and_mark();
    spends(10, 900);
    for (int64_t pid = 10; pid < 16; pid++)
        delays(pid, pid == 14 ? 0 : pid * 30);
    delays(OWN_PID, 900);
    delays(16, 99); /* less than a tenth of what was lost */
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    ck_assert_uint_eq(machine.pause.info.victim_count, 3);
    const struct pausemon_victim *victim = pausemon_pause_get_victim(&machine.pause, 0);
    ck_assert_str_eq(victim->command, "blocked");
    ck_assert_uint_eq(victim->how, PAUSEMON_LOSS_BLOCKED);
    ck_assert_uint_eq(victim->lost_ns, 1000 * MS);
    victim = pausemon_pause_get_victim(&machine.pause, 1);
    ck_assert_str_eq(victim->command, "sshd"); /* once, by the one that lost most */
    ck_assert_int_eq(victim->pid, 13);
    ck_assert_uint_eq(victim->lost_ns, 390 * MS);
    ck_assert_uint_eq(victim->how, PAUSEMON_LOSS_RUN_DELAY);
    ck_assert_str_eq(pausemon_pause_get_victim(&machine.pause, 2)->command, "Xorg");
    ck_assert_ptr_null(pausemon_pause_get_victim(&machine.pause, 3));
}
END_TEST

START_TEST(at_most_eight_victims_are_named_those_that_lost_most)
{
    char name[16];

    for (int64_t pid = 10; pid < 40; pid++) {
        snprintf(name, sizeof name, "p%d", (int)pid);
        born(pid, 1, name);
    }
    look_and_mark();
    for (int64_t pid = 10; pid < 40; pid++)
        delays(pid, 200 + (uint64_t)(pid * 7 % 30));
    look();
    blame(PAUSEMON_CAUSE_UNKNOWN, 0);
    ck_assert_uint_eq(machine.pause.info.victim_count, 8);
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(pausemon_pause_get_victim(&machine.pause, i)->lost_ns, (229 - i) * MS);
}
END_TEST

START_TEST(who_lost_less_than_20_ms_is_no_victim_of_the_shortest_pause)
{
    born(10, 1, "nineteen");
    born(11, 1, "twenty");
    look_and_mark();
    delays(10, 19);
    delays(11, 20);
    look();
    machine.pause.info.cause = PAUSEMON_CAUSE_UNKNOWN;
    machine.pause.info.lost_ns = 60 * MS;
    machine_name(0);
    ck_assert_uint_eq(machine.pause.info.victim_count, 1);
    ck_assert_str_eq(pausemon_pause_get_victim(&machine.pause, 0)->command, "twenty");
}
END_TEST

START_TEST(only_contention_has_culprits_and_who_slept_has_no_victims)
{
    static const struct {
        uint64_t cause;
        bool culprits, victims;
    } cases[] = {
        {PAUSEMON_CAUSE_CPU, true, true},       {PAUSEMON_CAUSE_UNKNOWN, false, true},
        {PAUSEMON_CAUSE_SUSPEND, false, false}, {PAUSEMON_CAUSE_HOST, false, false},
        {PAUSEMON_CAUSE_STOPPED, false, false}, {PAUSEMON_CAUSE_VM, false, false},
    };

    born(10, 1, "hog");
    born(11, 1, "Xorg");
    look_and_mark();
    spends(10, 1000);
    delays(11, 500);
    look();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        blame(cases[i].cause, 0); /* also over what was named before */
        ck_assert_int_eq(machine.pause.info.culprit_count > 0, cases[i].culprits);
        ck_assert_int_eq(machine.pause.info.victim_count > 0, cases[i].victims);
    }
}
END_TEST

START_TEST(where_nobody_took_anything_nobody_is_named)
{
    born(10, 1, "idle");
    look_and_mark();
    look();
    for (uint64_t cause = PAUSEMON_CAUSE_CPU; cause <= PAUSEMON_CAUSE_IO; cause++) {
        blame(cause, 0);
        ck_assert_uint_eq(machine.pause.info.culprit_count + machine.pause.info.victim_count, 0);
    }
}
END_TEST

/* ---- Large machines ---- */

START_TEST(one_hog_among_ten_thousand_is_found)
{
    char name[24];

    for (int64_t pid = 10; pid < 10010; pid++) {
        snprintf(name, sizeof name, "p%d", (int)(pid % 4000));
        born(pid, 1, name);
    }
    strcpy(machine.rows[9999].command, "hog");
    look_and_mark();
    for (size_t i = 0; i < machine.row_count; i++)
        machine.rows[i].cpu_ns += i == 9999 ? 1000 * MS : 10000;
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_estimate(0, "hog", 1, 909);
}
END_TEST

START_TEST(a_crowd_of_small_ones_is_found_among_many_commands_that_took_more_each)
{
    char name[24];

    for (int64_t pid = 10; pid < 110; pid++) {
        snprintf(name, sizeof name, "daemon%d", (int)pid);
        born(pid, 1, name);
    }
    for (int64_t pid = 1000; pid < 2000; pid++)
        born(pid, 1, "forkbomb");
    look_and_mark();
    for (size_t i = 0; i < machine.row_count; i++)
        machine.rows[i].cpu_ns += i < 100 ? 3 * MS : 2 * MS;
    look();
    blame(PAUSEMON_CAUSE_CPU, 0);
    check_culprits(1);
    check_estimate(0, "forkbomb", 1000, 869);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blame_victims");
    TCase *tcase = tcase_create("blame_victims");

    tcase_add_checked_fixture(tcase, machine_setup, machine_teardown);
    tcase_add_test(tcase,
                   victims_are_who_waited_and_neither_culprits_nor_kernel_threads_nor_ourselves);
    tcase_add_test(tcase, at_most_eight_victims_are_named_those_that_lost_most);
    tcase_add_test(tcase, who_lost_less_than_20_ms_is_no_victim_of_the_shortest_pause);
    tcase_add_test(tcase, only_contention_has_culprits_and_who_slept_has_no_victims);
    tcase_add_test(tcase, where_nobody_took_anything_nobody_is_named);
    tcase_add_test(tcase, one_hog_among_ten_thousand_is_found);
    tcase_add_test(tcase, a_crowd_of_small_ones_is_found_among_many_commands_that_took_more_each);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
