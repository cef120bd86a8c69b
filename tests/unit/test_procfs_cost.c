/* SPDX-License-Identifier: MIT */

/* The procfs source over fake trees: processes with many threads, and what a look costs in
 * descriptors and memory. */

#include "fakesuite.h"

#include <stdio.h>
#include <string.h>

/* ---- Threads ---- */

START_TEST(switches_and_delay_are_summed_over_all_threads)
{
    struct fake_process process = fakeproc_ordinary(50);
    struct watch watch;

    process.threads = 5;
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.csw += 100;
    process.run_delay += 1000;
    process.thread_csw += 25; /* four of them */
    process.thread_run_delay += 300000;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 50), THREADS, threads, 5);
    KNOWN(watch_get(&watch, 50), CSW, csw, 200);
    KNOWN(watch_get(&watch, 50), RUN_DELAY, run_delay_ns, 1201000);
    watch_close(&watch);
}
END_TEST

START_TEST(threads_that_come_and_go_never_give_a_wrong_rate)
{
    struct fake_process process = fakeproc_ordinary(50);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.threads = 3; /* two new ones with 50 switches each */
    process.csw += 100;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 50), CSW, csw, 200);
    KNOWN(watch_get(&watch, 50), THREADS, threads, 3);
    process.threads = 1; /* and away with them: the sum falls */
    process.csw += 10;
    fakeproc_remove(&fake, "50/task");
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    UNKNOWN(watch_get(&watch, 50), CSW, csw);
    UNKNOWN(watch_get(&watch, 50), RUN_DELAY, run_delay_ns);
    KNOWN(watch_get(&watch, 50), THREADS, threads, 1);
    process.csw += 10;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 50), CSW, csw, 10);
    watch_close(&watch);
}
END_TEST

START_TEST(threads_that_cannot_be_listed_leave_the_switches_unknown)
{
    struct fake_process process = fakeproc_ordinary(50);
    struct watch watch;

    process.threads = 3;
    fakeproc_put(&fake, &process);
    fakeproc_remove(&fake, "50/task");
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    watch_after(&watch, SECOND);
    UNKNOWN(watch_get(&watch, 50), CSW, csw);
    UNKNOWN(watch_get(&watch, 50), RUN_DELAY, run_delay_ns);
    KNOWN(watch_get(&watch, 50), THREADS, threads, 3);
    KNOWN(watch_get(&watch, 50), CPU, cpu, 0);
    watch_close(&watch);
}
END_TEST

/* The library may stop at a cap of its own. Then it says so: a part of the sum is no sum. */
START_TEST(too_many_threads_are_unknown_and_never_wrong)
{
    const uint64_t counts[] = {2, 64, 300, 2500};
    struct watch watch;

    watch_open(&watch, fake.spec);
    for (int look = 0; look < 3; look++) {
        for (int i = 0; i < 4; i++) {
            struct fake_process process = fakeproc_ordinary(50 + i);
            process.threads = counts[i];
            process.csw += 7 * (uint64_t)look;
            process.thread_csw += 3 * (uint64_t)look;
            process.thread_run_delay += 1000 * (uint64_t)look;
            fakeproc_put(&fake, &process);
        }
        watch_after(&watch, SECOND);
    }
    KNOWN(watch_get(&watch, 50), CSW, csw, 10);
    for (int i = 0; i < 4; i++) {
        const struct pausemon_process *seen = watch_get(&watch, 50 + i);
        KNOWN(seen, THREADS, threads, counts[i]);
        if (seen->have & PAUSEMON_HAVE_CSW)
            KNOWN(seen, CSW, csw, 7 + 3 * (counts[i] - 1));
        else
            UNKNOWN(seen, CSW, csw);
        if (seen->have & PAUSEMON_HAVE_RUN_DELAY)
            KNOWN(seen, RUN_DELAY, run_delay_ns, 1000 * (counts[i] - 1));
        else
            UNKNOWN(seen, RUN_DELAY, run_delay_ns);
    }
    watch_close(&watch);
}
END_TEST

/* ---- Cost ---- */

static void put_many(int64_t first, int64_t count, uint64_t turn)
{
    for (int64_t pid = first; pid < first + count; pid++) {
        struct fake_process process = fakeproc_ordinary(pid);
        process.threads = pid % 4 == 0 ? 6 : 1;
        process.state = pid % 5 == 0 ? 'Z' : 'S';
        process.utime += turn * (uint64_t)(pid % 7);
        process.csw += turn * 10;
        process.syscr += turn * (uint64_t)pid;
        fakeproc_put(&fake, &process);
    }
}

START_TEST(descriptors_are_the_same_after_as_before)
{
    struct watch watch;
    int before = count_fds();

    put_many(100, 40, 0);
    fakeproc_write(&fake, "100/stat", "broken\n");
    fakeproc_remove(&fake, "101/io");
    fakeproc_remove(&fake, "104/task");
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    int during = count_fds();
    for (int look = 0; look < 10; look++)
        watch_after(&watch, SECOND);
    ck_assert_int_eq(count_fds(), during);
    ck_assert_uint_gt(watch.info->process_count, 30);
    watch_close(&watch);
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

START_TEST(fifty_steady_looks_allocate_nothing)
{
    struct watch watch;

    put_many(100, 40, 0);
    fakeproc_put_swaps(&fake, 100);
    watch_open(&watch, fake.spec);
    for (uint64_t look = 0; look < 5; look++) {
        put_many(100, 40, look);
        watch_after(&watch, SECOND);
    }
    long allocations = watch.harness.allocations;
    ck_assert_int_gt(allocations, 0);
    for (uint64_t look = 5; look < 55; look++) {
        put_many(100, 40, look);
        watch_after(&watch, SECOND);
        ck_assert_uint_eq(watch.info->process_count, 40);
        ck_assert_int_eq(watch.harness.allocations, allocations);
    }
    KNOWN(watch_get(&watch, 101), SYSBSD, sysbsd, 101);
    watch_close(&watch);
}
END_TEST

START_TEST(processes_that_replace_each_other_allocate_nothing)
{
    struct watch watch;
    long allocations = 0;
    char name[16];

    put_many(100, 40, 0);
    watch_open(&watch, fake.spec);
    for (int64_t look = 0; look < 55; look++) {
        if (look == 5)
            allocations = watch.harness.allocations;
        for (int64_t pid = 100 + 3 * look; pid < 103 + 3 * look; pid++) {
            snprintf(name, sizeof name, "%d", (int)pid);
            fakeproc_remove(&fake, name);
        }
        put_many(140 + 3 * look, 3, 0);
        const struct pausemon_sample_info *info = watch_after(&watch, SECOND);
        ck_assert_uint_eq(info->process_count, 40);
        ck_assert_uint_eq(info->deaths, look == 0 ? 0 : 3);
    }
    ck_assert_int_eq(watch.harness.allocations, allocations);
    watch_close(&watch);
}
END_TEST

/* Open, new and one look, with the n-th allocation failing. Whatever came of it, nothing may be
 * left. Returns true when the n-th allocation was never asked for. */
static bool run_with_failure_at(long n, bool always)
{
    struct watch watch;
    int descriptors = count_fds();

    watch_init(&watch);
    watch.harness.fail_at = n;
    watch.harness.fail_always = always;
    int result = watch_start(&watch, fake.spec, NULL);
    if (!watch.source) {
        ck_assert_int_lt(result, 0);
        ck_assert_int_eq(watch.error.status, result);
    } else if (result != 0) {
        ck_assert_ptr_null(watch.collector);
    } else {
        result = watch_look(&watch);
        if (result != 0) {
            ck_assert_ptr_null(watch.sample);
            ck_assert_int_eq(watch.error.status, result);
        }
        if (!always) { /* a look that failed spoils nothing */
            ck_assert_int_eq(watch_look(&watch), 0);
            ck_assert_uint_eq(watch.info->process_count, 30);
            ck_assert_str_eq(watch_get(&watch, 117)->command, "ordinary");
        }
    }
    ck_assert_msg(result == 0 || result == PAUSEMON_ERR_NOMEM, "allocation %ld: %d %s", n, result,
                  watch.error.text);
    watch_stop(&watch);
    ck_assert_int_eq(watch.harness.live, 0);
    ck_assert_int_eq(count_fds(), descriptors);
    return always ? result == 0 : watch.harness.fail_at > 0;
}

START_TEST(every_allocation_may_fail_and_nothing_leaks)
{
    long n = 1;

    put_many(100, 30, 0);
    while (n < 1000 && !run_with_failure_at(n, false))
        n++;
    ck_assert_int_lt(n, 1000);
    ck_assert_int_gt(n, 2); /* the source and the collector at least are allocated */
}
END_TEST

START_TEST(every_allocation_may_fail_from_one_on_and_nothing_leaks)
{
    long n = 1;

    put_many(100, 30, 0);
    while (n < 1000 && !run_with_failure_at(n, true))
        n++;
    ck_assert_int_lt(n, 1000);
    ck_assert_int_gt(n, 2);
}
END_TEST

/* The tables grow when many processes come at once: there too. */
START_TEST(growing_may_fail_and_the_next_look_sees_all)
{
    struct watch watch;
    long n;

    put_many(1, 600, 0);
    for (n = 1; n < 100; n++) {
        char name[16];
        for (int pid = 2; pid <= 600; pid++) {
            snprintf(name, sizeof name, "%d", pid);
            fakeproc_remove(&fake, name);
        }
        watch_open(&watch, fake.spec);
        watch_after(&watch, 0);
        put_many(2, 599, 0);
        watch.harness.fail_at = n;
        int result = watch_look(&watch);
        ck_assert_msg(result == 0 || result == PAUSEMON_ERR_NOMEM, "allocation %ld: %d %s", n,
                      result, watch.error.text);
        bool reached = watch.harness.fail_at == 0;
        if (result == 0) /* it did without, or it counted those that it had no room for */
            ck_assert_uint_ge(watch.info->process_count + watch.info->unreadable, 600);
        watch.harness.fail_at = 0;
        ck_assert_uint_eq(watch_after(&watch, SECOND)->process_count, 600);
        watch_close(&watch);
        if (!reached)
            break;
    }
    ck_assert_int_lt(n, 100);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("procfs cost");
    TCase *cost = tcase_create("cost");

    tcase_add_unchecked_fixture(cost, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(cost, fakeproc_empty, NULL);
    tcase_set_timeout(cost, 30);
    tcase_add_test(cost, switches_and_delay_are_summed_over_all_threads);
    tcase_add_test(cost, threads_that_come_and_go_never_give_a_wrong_rate);
    tcase_add_test(cost, threads_that_cannot_be_listed_leave_the_switches_unknown);
    tcase_add_test(cost, too_many_threads_are_unknown_and_never_wrong);
    tcase_add_test(cost, descriptors_are_the_same_after_as_before);
    tcase_add_test(cost, fifty_steady_looks_allocate_nothing);
    tcase_add_test(cost, processes_that_replace_each_other_allocate_nothing);
    tcase_add_test(cost, every_allocation_may_fail_and_nothing_leaks);
    tcase_add_test(cost, every_allocation_may_fail_from_one_on_and_nothing_leaks);
    tcase_add_test(cost, growing_may_fail_and_the_next_look_sees_all);
    suite_add_tcase(suite, cost);
    return suite;
}

int main(void)
{
    return harness_run(make_suite());
}
