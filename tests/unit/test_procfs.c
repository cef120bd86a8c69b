/* SPDX-License-Identifier: MIT */

/* The procfs source over fake trees: what it makes of well-formed files, to the digit.
 * Threads and cost: test_procfs_cost.c; hostile and broken files: test_procfs_traps.c. */

#include "fakesuite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- Values ---- */

START_TEST(a_source_names_its_root_and_has_no_descriptor)
{
    struct watch watch;

    watch_open(&watch, fake.spec);
    ck_assert_str_eq(pausemon_source_get_name(watch.source), fake.spec);
    ck_assert_int_eq(pausemon_source_get_fd(watch.source), -1);
    ck_assert_int_eq(pausemon_collector_get_fd(watch.collector), -1);
    watch_close(&watch);
}
END_TEST

START_TEST(the_first_look_knows_what_is_and_no_rates)
{
    struct fake_process process = fakeproc_ordinary(4242);
    struct watch watch;

    process.ppid = 17;
    process.threads = 1;
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    const struct pausemon_sample_info *info = watch_after(&watch, 0);
    ck_assert_uint_eq(info->process_count, 1);
    ck_assert_uint_eq(info->rated_count, 0);
    ck_assert_uint_eq(info->elapsed_ns, 0);
    ck_assert_uint_eq(info->unreadable, 0);
    ck_assert_uint_eq(info->complete, 1);

    const struct pausemon_process *seen = watch_get(&watch, 4242);
    ck_assert_str_eq(seen->command, "ordinary");
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_SLEEPING);
    KNOWN(seen, PPID, ppid, 17);
    KNOWN(seen, START_TIME, start_time, 81242);
    KNOWN(seen, MEM, mem, 2560 * page_size());
    KNOWN(seen, CMPRS, cmprs, 0);
    KNOWN(seen, THREADS, threads, 1);
    UNKNOWN(seen, CPU, cpu);
    UNKNOWN(seen, PAGEINS, pageins);
    UNKNOWN(seen, CSW, csw);
    UNKNOWN(seen, SYSBSD, sysbsd);
    UNKNOWN(seen, RUN_DELAY, run_delay_ns);
    UNKNOWN(seen, IO_BYTES, io_bytes);
    UNKNOWN(seen, CHILD_CPU, child_cpu_ns);
    watch_close(&watch);
}
END_TEST

START_TEST(values_over_two_seconds_are_right_to_the_digit)
{
    struct fake_process process = fakeproc_ordinary(4242);
    struct watch watch;

    ck_assert_int_eq(sysconf(_SC_CLK_TCK), 100); /* the numbers below are by hand */
    process.syscr = UINT64_C(5000000000);
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);

    process.utime += 90;
    process.stime += 10; /* 1 s of CPU in 2 s */
    process.cutime += 20;
    process.cstime += 5;
    process.majflt += 15;
    process.syscr += 3001;
    process.syscw += 1000;
    process.read_bytes += 12288;
    process.write_bytes += 1000;
    process.run_delay += 123456789;
    process.csw += 999;
    process.resident = 3000;
    process.state = 'R';
    fakeproc_put(&fake, &process);
    const struct pausemon_sample_info *info = watch_after(&watch, 2 * SECOND);
    ck_assert_uint_eq(info->elapsed_ns, 2 * SECOND);
    ck_assert_uint_eq(info->rated_count, 1);

    const struct pausemon_process *seen = watch_get(&watch, 4242);
    ck_assert_uint_eq(seen->elapsed_ns, 2 * SECOND);
    ck_assert_uint_eq(seen->mem_age_ns, 0);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_RUNNING);
    KNOWN(seen, CPU, cpu, 500);
    KNOWN(seen, MEM, mem, 3000 * page_size());
    KNOWN(seen, CMPRS, cmprs, 0);
    KNOWN(seen, PAGEINS, pageins, 7);
    KNOWN(seen, SYSBSD, sysbsd, 2000);
    KNOWN(seen, CSW, csw, 499);
    KNOWN(seen, THREADS, threads, 1);
    KNOWN(seen, RUN_DELAY, run_delay_ns, 123456789);
    KNOWN(seen, IO_BYTES, io_bytes, 13288);
    KNOWN(seen, CHILD_CPU, child_cpu_ns, 250000000);
    watch_close(&watch);
}
END_TEST

START_TEST(rates_are_over_the_true_time_and_rounded_down)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.csw += 1000;   /* 997.009 */
    process.syscr += 2005; /* 1999.003 */
    process.majflt += 1;   /* 0.997 */
    process.utime += 1003; /* ten cores */
    fakeproc_put(&fake, &process);
    watch_after(&watch, 1003000000);
    const struct pausemon_process *seen = watch_get(&watch, 10);
    KNOWN(seen, CSW, csw, 997);
    KNOWN(seen, SYSBSD, sysbsd, 1999);
    KNOWN(seen, PAGEINS, pageins, 0);
    KNOWN(seen, CPU, cpu, 10000);
    watch_close(&watch);
}
END_TEST

START_TEST(a_process_that_does_nothing_has_known_zeros)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    for (int look = 0; look < 20; look++) {
        watch_after(&watch, SECOND);
        const struct pausemon_process *seen = watch_get(&watch, 10);
        KNOWN(seen, CPU, cpu, 0);
        KNOWN(seen, CSW, csw, 0);
        KNOWN(seen, SYSBSD, sysbsd, 0);
        KNOWN(seen, PAGEINS, pageins, 0);
        KNOWN(seen, IO_BYTES, io_bytes, 0);
        KNOWN(seen, RUN_DELAY, run_delay_ns, 0);
        KNOWN(seen, CHILD_CPU, child_cpu_ns, 0);
        KNOWN(seen, MEM, mem, 2560 * page_size());
        ck_assert_uint_eq(seen->mem_age_ns, 0);
    }
    watch_close(&watch);
}
END_TEST

/* The change detector of the real /proc (the CPU clock of a pid) says nothing about another
 * tree: here the process is real, its files are not, and its numbers move all the same. */
START_TEST(a_fake_root_is_not_taken_for_the_real_one)
{
    struct fake_process process = fakeproc_ordinary(getpid());
    struct watch watch;
    char self[PATH_MAX], target[32];

    fakeproc_put(&fake, &process);
    snprintf(target, sizeof target, "%d", (int)getpid());
    fakeproc_path(&fake, "self", self);
    ck_assert_int_eq(symlink(target, self), 0);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.utime += 7000;
    process.resident = 1;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    const struct pausemon_process *seen = watch_get(&watch, getpid());
    KNOWN(seen, CPU, cpu, 70000);
    KNOWN(seen, MEM, mem, page_size());
    ck_assert_str_eq(seen->command, "ordinary");
    watch_close(&watch);
}
END_TEST

START_TEST(a_counter_that_fell_is_unknown_and_the_others_stay)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.syscr -= 1;
    process.csw += 5;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    UNKNOWN(watch_get(&watch, 10), SYSBSD, sysbsd);
    KNOWN(watch_get(&watch, 10), CSW, csw, 5);
    process.syscr += 30;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 10), SYSBSD, sysbsd, 30);
    watch_close(&watch);
}
END_TEST

/* A shell that waited for dd has its millions of calls in its own file: nobody made them now. */
START_TEST(what_a_child_did_in_its_life_is_not_what_its_parent_does_now)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.cminflt += 1;
    process.syscr += 39000000;
    process.read_bytes += 20000000000;
    process.csw += 5;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    UNKNOWN(watch_get(&watch, 10), SYSBSD, sysbsd);
    UNKNOWN(watch_get(&watch, 10), IO_BYTES, io_bytes);
    KNOWN(watch_get(&watch, 10), CSW, csw, 5);
    process.syscr += 30;
    process.read_bytes += 4096;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 10), SYSBSD, sysbsd, 30);
    KNOWN(watch_get(&watch, 10), IO_BYTES, io_bytes, 4096);
    watch_close(&watch);
}
END_TEST

/* ---- States, kernel threads, swap ---- */

static const struct {
    char letter;
    uint64_t state;
} letters[] = {{'R', PAUSEMON_STATE_RUNNING},
               {'S', PAUSEMON_STATE_SLEEPING},
               {'D', PAUSEMON_STATE_UNINTERRUPTIBLE},
               {'I', PAUSEMON_STATE_IDLE},
               {'P', PAUSEMON_STATE_IDLE},
               {'Z', PAUSEMON_STATE_ZOMBIE},
               {'T', PAUSEMON_STATE_STOPPED},
               {'t', PAUSEMON_STATE_STOPPED},
               {'X', PAUSEMON_STATE_UNKNOWN},
               {'x', PAUSEMON_STATE_UNKNOWN},
               {'K', PAUSEMON_STATE_UNKNOWN},
               {'W', PAUSEMON_STATE_UNKNOWN},
               {'r', PAUSEMON_STATE_UNKNOWN},
               {'?', PAUSEMON_STATE_UNKNOWN}};

START_TEST(every_state_letter_has_its_state)
{
    size_t count = sizeof letters / sizeof letters[0];
    struct watch watch;

    for (size_t i = 0; i < count; i++) {
        struct fake_process process = fakeproc_ordinary(100 + (int64_t)i);
        process.state = letters[i].letter;
        fakeproc_put(&fake, &process);
    }
    watch_open(&watch, fake.spec);
    ck_assert_uint_eq(watch_after(&watch, 0)->process_count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(watch_get(&watch, 100 + (int64_t)i)->state == letters[i].state, "%c is %s",
                      letters[i].letter,
                      pausemon_state_name(watch_get(&watch, 100 + (int64_t)i)->state));
    ck_assert_uint_eq(watch.info->unreadable, 0);
    watch_close(&watch);
}
END_TEST

START_TEST(kernel_threads_use_no_memory_and_their_io_is_not_missed)
{
    struct fake_process process = fakeproc_ordinary(2);
    struct fake_process other = fakeproc_ordinary(3);
    struct watch watch;

    process.comm = "kworker/0:1H-kblockd";
    process.state = 'I';
    process.flags = FAKE_PF_KTHREAD | 0x8040;
    process.resident = 0;
    process.stat_rss = 0;
    other.flags = ~FAKE_PF_KTHREAD; /* every other bit: still a program */
    fakeproc_put(&fake, &process);
    fakeproc_put(&fake, &other);
    fakeproc_remove(&fake, "2/io");
    fakeproc_mkdir(&fake, "2/io"); /* even root cannot read it */
    watch_open(&watch, fake.spec);
    for (int look = 0; look < 2; look++) {
        fakeproc_write(&fake, "2/schedstat", look == 0 ? "1 2 30\n" : "1 5 50\n");
        ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
        const struct pausemon_process *seen = watch_get(&watch, 2);
        KNOWN(seen, MEM, mem, 0);
        KNOWN(seen, CMPRS, cmprs, 0);
        UNKNOWN(seen, SYSBSD, sysbsd);
        UNKNOWN(seen, IO_BYTES, io_bytes);
        ck_assert_str_eq(seen->command, "kworker/0:1H-kblockd");
    }
    KNOWN(watch_get(&watch, 2), CSW, csw, 20);
    KNOWN(watch_get(&watch, 2), RUN_DELAY, run_delay_ns, 3);
    KNOWN(watch_get(&watch, 3), SYSBSD, sysbsd, 0);
    watch_close(&watch);
}
END_TEST

START_TEST(swap_is_read_where_swap_is_in_use)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct fake_process kernel = fakeproc_ordinary(2);
    struct watch watch;

    kernel.flags = FAKE_PF_KTHREAD;
    fakeproc_put(&fake, &process);
    fakeproc_put(&fake, &kernel);
    fakeproc_put_swaps(&fake, 0);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    KNOWN(watch_get(&watch, 10), CMPRS, cmprs, 0);
    fakeproc_put_swaps(&fake, 300);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 10), CMPRS, cmprs, 300 * 1024);
    KNOWN(watch_get(&watch, 10), MEM, mem, 2560 * page_size());
    KNOWN(watch_get(&watch, 2), CMPRS, cmprs, 0);
    KNOWN(watch_get(&watch, 2), MEM, mem, 0);
    fakeproc_remove(&fake, "swaps");
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 10), CMPRS, cmprs, 0);
    watch_close(&watch);
}
END_TEST

START_TEST(a_name_does_not_pass_for_a_line_of_status)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    process.comm = "VmSwap: 9 kB";
    process.swap_kb = 20;
    fakeproc_put(&fake, &process);
    process.pid = 11;
    process.comm = "VmRSS:\t1 kB";
    fakeproc_put(&fake, &process);
    fakeproc_put_swaps(&fake, 20);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    for (int64_t pid = 10; pid <= 11; pid++) {
        KNOWN(watch_get(&watch, pid), CMPRS, cmprs, 20 * 1024);
        KNOWN(watch_get(&watch, pid), MEM, mem, 2560 * page_size());
    }
    watch_close(&watch);
}
END_TEST

START_TEST(swap_that_cannot_be_read_is_unknown_while_swap_is_in_use)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    fakeproc_remove(&fake, "10/status");
    fakeproc_put_swaps(&fake, 20);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    UNKNOWN(watch_get(&watch, 10), CMPRS, cmprs);
    watch_close(&watch);
}
END_TEST

/* ---- Processes that come and go ---- */

START_TEST(pids_swapped_between_looks_are_born_dead_or_untouched)
{
    struct watch watch;
    char name[16];

    for (int64_t pid = 101; pid <= 110; pid++) {
        struct fake_process process = fakeproc_ordinary(pid);
        fakeproc_put(&fake, &process);
    }
    watch_open(&watch, fake.spec);
    ck_assert_uint_eq(watch_after(&watch, 0)->process_count, 10);
    for (int64_t pid = 103; pid <= 105; pid++) {
        struct fake_process fresh = fakeproc_ordinary(pid + 100);
        snprintf(name, sizeof name, "%d", (int)pid);
        fakeproc_remove(&fake, name);
        fakeproc_put(&fake, &fresh);
    }
    struct fake_process reused = fakeproc_ordinary(106);
    reused.start_time += 5000;
    reused.csw += 1000000;
    fakeproc_put(&fake, &reused);

    const struct pausemon_sample_info *info = watch_after(&watch, SECOND);
    ck_assert_uint_eq(info->process_count, 10);
    ck_assert_uint_eq(info->rated_count, 6);
    ck_assert_uint_eq(info->births, 4);
    ck_assert_uint_eq(info->deaths, 4);
    ck_assert_uint_eq(info->unreadable, 0);
    for (int64_t pid = 101; pid <= 110; pid++) {
        bool gone = pid >= 103 && pid <= 105;
        ck_assert_int_eq(watch_find(&watch, pid) == NULL, gone);
        ck_assert_int_eq(watch_find(&watch, pid + 100) != NULL, gone);
        if (!gone && pid != 106)
            KNOWN(watch_get(&watch, pid), CSW, csw, 0);
    }
    UNKNOWN(watch_get(&watch, 106), CSW, csw);
    UNKNOWN(watch_get(&watch, 203), CPU, cpu);
    ck_assert_uint_eq(watch_get(&watch, 106)->elapsed_ns, 0);
    watch_close(&watch);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("procfs");
    TCase *values = tcase_create("values");

    tcase_add_unchecked_fixture(values, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(values, fakeproc_empty, NULL);
    tcase_set_timeout(values, 20);
    tcase_add_test(values, a_source_names_its_root_and_has_no_descriptor);
    tcase_add_test(values, the_first_look_knows_what_is_and_no_rates);
    tcase_add_test(values, values_over_two_seconds_are_right_to_the_digit);
    tcase_add_test(values, rates_are_over_the_true_time_and_rounded_down);
    tcase_add_test(values, a_process_that_does_nothing_has_known_zeros);
    tcase_add_test(values, a_fake_root_is_not_taken_for_the_real_one);
    tcase_add_test(values, a_counter_that_fell_is_unknown_and_the_others_stay);
    tcase_add_test(values, what_a_child_did_in_its_life_is_not_what_its_parent_does_now);
    tcase_add_test(values, every_state_letter_has_its_state);
    tcase_add_test(values, kernel_threads_use_no_memory_and_their_io_is_not_missed);
    tcase_add_test(values, swap_is_read_where_swap_is_in_use);
    tcase_add_test(values, a_name_does_not_pass_for_a_line_of_status);
    tcase_add_test(values, swap_that_cannot_be_read_is_unknown_while_swap_is_in_use);
    tcase_add_test(values, pids_swapped_between_looks_are_born_dead_or_untouched);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void)
{
    return harness_run(make_suite());
}
