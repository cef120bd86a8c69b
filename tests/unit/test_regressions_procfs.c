/* SPDX-License-Identifier: MIT */
/* Defects that were found by reading and mended, each beside the test that failed: the procfs
 * source, over the real /proc and over fake trees. */
#include "fakesuite.h"
#include "realproc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Rests; each byte it reads makes it run for a moment. */
static void rest(int command, int ready)
{
    char byte;

    do
        child_say(ready);
    while (read(command, &byte, 1) == 1);
}

static void make_run(const struct child *child)
{
    ck_assert_int_eq(write(child->command, "x", 1), 1);
    child_hear(child);
    wait_for_state(child->pid, 'S');
}

/* ---- The real /proc ---- */

/* Every field that one look can give is known. */
static void check_fields(const struct pausemon_process *process)
{
    const uint64_t bits =
        PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_THREADS;

    ck_assert_ptr_nonnull(process);
    ck_assert_uint_eq(process->have & bits, bits);
    ck_assert_uint_gt(process->mem, 0);
    ck_assert_uint_eq(process->threads, 1);
    ck_assert_int_eq(process->ppid, getpid());
    ck_assert_uint_gt(strlen(process->command), 0);
}

struct name {
    int64_t pid;
    char command[PAUSEMON_COMMAND_SIZE];
};

/* Keeps the names of all processes of the last look; returns how many they are. */
static size_t keep_names(const struct watch *watch, struct name **names)
{
    const struct pausemon_process *process;
    size_t count = watch->info->process_count;

    *names = calloc(count, sizeof **names);
    ck_assert_ptr_nonnull(*names);
    for (size_t i = 0; i < count; i++) {
        process = pausemon_collector_get_process(watch->collector, i);
        ck_assert_ptr_nonnull(process);
        (*names)[i].pid = process->pid;
        memcpy((*names)[i].command, process->command, sizeof process->command);
    }
    return count;
}

/* Another collector of the same source: its first look must see all that are still there. */
static void look_with_another(struct watch *watch, pid_t resting, const struct name *names,
                              size_t count)
{
    int status =
        pausemon_collector_new(&watch->collector, NULL, watch->source, &watch->harness.host, NULL);

    ck_assert_int_eq(status, 0);
    check_fields(look_for(watch, resting));
    ck_assert_uint_eq(watch->info->complete, 1);
    ck_assert_uint_eq(watch->info->births, watch->info->process_count);
    for (size_t i = 0; i < count; i++) {
        const struct pausemon_process *process = watch_find(watch, names[i].pid);
        if (!process && kill((pid_t)names[i].pid, 0) < 0 && errno == ESRCH)
            continue; /* it has ended meanwhile */
        ck_assert_msg(process != NULL, "%lld is missing", (long long)names[i].pid);
        ck_assert(process->command[0] || !names[i].command[0]);
    }
}

START_TEST(a_second_collector_of_proc_sees_who_rests)
{
    struct child child = child_start(rest);
    struct watch watch;
    struct name *names = NULL;
    struct text text = {0};

    wait_for_state(child.pid, 'S');
    open_real(&watch, NULL);
    check_fields(find_at_last(&watch, child.pid));
    check_fields(look_for(&watch, child.pid));
    size_t count = keep_names(&watch, &names);
    pausemon_collector_free(watch.collector);
    look_with_another(&watch, child.pid, names, count);
    pausemon_collector_free(watch.collector);
    /* and so it is after a recording */
    ck_assert_int_eq(pausemon_source_record(watch.source, text_write, &text, NULL), 0);
    look_with_another(&watch, child.pid, names, count);
    free(names);
    text_free(&text);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

/* No descriptor can be opened any more; what is open stays. */
static void set_descriptors(rlim_t most)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Two looks; then one without descriptors, which the caller judges when they are back. */
static size_t look_without_descriptors(struct watch *watch, const struct child *child,
                                       struct name **names, uint64_t *refused)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    find_at_last(watch, child->pid);
    find_at_last(watch, child->pid);
    *refused = watch->info->unreadable;
    size_t count = keep_names(watch, names);
    make_run(child); /* so that it has to be read */
    set_descriptors(0);
    int status = watch_look(watch);
    set_descriptors(limit.rlim_cur);
    ck_assert_msg(status == 0, "%d %s", status, watch->error.text);
    return count;
}

START_TEST(without_descriptors_nobody_dies_and_nobody_is_born)
{
    struct child child = child_start(rest);
    struct watch watch;
    struct name *names = NULL;
    uint64_t refused;

    wait_for_state(child.pid, 'S');
    open_real(&watch, NULL);
    size_t count = look_without_descriptors(&watch, &child, &names, &refused);
    ck_assert_uint_eq(watch.info->births, 0);
    ck_assert_uint_eq(watch.info->deaths, 0);
    ck_assert_uint_eq(watch.info->process_count, count);
    ck_assert_uint_eq(watch.info->complete, 0);
    ck_assert_uint_gt(watch.info->unreadable, refused); /* we ourselves have run, for one */
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(watch_get(&watch, names[i].pid)->command, names[i].command);
    check_fields(watch_get(&watch, child.pid));
    free(names);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(with_descriptors_again_all_is_as_it_was)
{
    struct child child = child_start(rest);
    struct watch watch;
    struct name *names = NULL;
    uint64_t refused;

    wait_for_state(child.pid, 'S');
    open_real(&watch, NULL);
    size_t count = look_without_descriptors(&watch, &child, &names, &refused);
    const struct pausemon_process *process = look_for(&watch, child.pid);
    check_fields(process);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_CSW, 0);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_SYSBSD, 0);
    ck_assert_uint_eq(watch.info->complete, 1);
    const struct pausemon_process *self = watch_get(&watch, getpid());
    ck_assert_uint_ne(self->have & PAUSEMON_HAVE_MEM, 0);
    ck_assert_uint_ne(self->have & PAUSEMON_HAVE_CPU, 0);
    ck_assert_uint_ne(self->have & PAUSEMON_HAVE_CSW, 0);
    for (size_t i = 0; i < count; i++)
        if (names[i].pid == child.pid)
            ck_assert_str_eq(watch_get(&watch, child.pid)->command, names[i].command);
    /* Without root others come and go that are refused; but nobody stays so for having been
     * missed once: the child rests. */
    for (int i = 0; i < 10 && watch.info->unreadable != refused; i++)
        check_fields(look_for(&watch, child.pid));
    ck_assert_uint_eq(watch.info->unreadable, refused);
    free(names);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

/* ---- Sums over threads ---- */

/* What the fake tree's further threads are called: in the order of their birth. */
#define THREAD(number) "20/task/200000" #number

static struct fake_process three_threads(void)
{
    struct fake_process process = fakeproc_ordinary(20);

    process.threads = 3;
    process.thread_csw = 1000;
    return process;
}

/* Looked at twice: its rates are known. */
static void open_threads(struct watch *watch, const struct fake_process *process)
{
    fakeproc_put(&fake, process);
    watch_open(watch, fake.spec);
    watch_after(watch, SECOND);
    watch_after(watch, SECOND);
    KNOWN(watch_get(watch, 20), CSW, csw, 0);
    KNOWN(watch_get(watch, 20), RUN_DELAY, run_delay_ns, 0);
}

/* A look after the process was put once more: neither is known, but the rest is. */
static void check_unknown_once(struct watch *watch, struct fake_process *process)
{
    ck_assert_uint_eq(watch_after(watch, SECOND)->unreadable, 0);
    UNKNOWN(watch_get(watch, 20), CSW, csw);
    UNKNOWN(watch_get(watch, 20), RUN_DELAY, run_delay_ns);
    KNOWN(watch_get(watch, 20), SYSBSD, sysbsd, 0);
    KNOWN(watch_get(watch, 20), THREADS, threads, process->threads);
    process->csw += 30;
    process->run_delay += 7000;
    fakeproc_put(&fake, process);
    watch_after(watch, SECOND);
    KNOWN(watch_get(watch, 20), CSW, csw, 30);
    KNOWN(watch_get(watch, 20), RUN_DELAY, run_delay_ns, 7000);
}

START_TEST(a_thread_that_ended_makes_its_sums_unknown_once)
{
    struct fake_process process = three_threads();
    struct watch watch;

    open_threads(&watch, &process);
    fakeproc_remove(&fake, THREAD(2));
    process.threads = 2;
    process.csw += 5000; /* the sum grows all the same, but by how much more? */
    process.run_delay += 500000000;
    fakeproc_put(&fake, &process);
    check_unknown_once(&watch, &process);
    watch_close(&watch);
}
END_TEST

START_TEST(a_thread_that_took_anothers_place_makes_its_sums_unknown_once)
{
    struct fake_process process = three_threads();
    struct watch watch;

    open_threads(&watch, &process);
    fakeproc_remove(&fake, THREAD(1));
    fakeproc_write(&fake, THREAD(7) "/schedstat", "71257 600000000 5000\n");
    ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
    UNKNOWN(watch_get(&watch, 20), CSW, csw);
    UNKNOWN(watch_get(&watch, 20), RUN_DELAY, run_delay_ns);
    watch_after(&watch, SECOND);
    KNOWN(watch_get(&watch, 20), CSW, csw, 0);
    watch_close(&watch);
}
END_TEST

START_TEST(the_last_thread_beside_the_leader_is_missed_too)
{
    struct fake_process process = three_threads();
    struct watch watch;

    process.threads = 2;
    open_threads(&watch, &process);
    fakeproc_remove(&fake, "20/task");
    process.threads = 1;
    process.csw += 5000;
    process.run_delay += 500000000;
    fakeproc_put(&fake, &process);
    check_unknown_once(&watch, &process);
    watch_close(&watch);
}
END_TEST

/* All that it did is of this interval. */
START_TEST(a_thread_that_began_is_counted)
{
    struct fake_process process = three_threads();
    struct watch watch;

    process.threads = 1;
    open_threads(&watch, &process);
    for (process.threads = 2; process.threads < 5; process.threads++) {
        fakeproc_put(&fake, &process);
        ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
        KNOWN(watch_get(&watch, 20), CSW, csw, 1000);
        KNOWN(watch_get(&watch, 20), RUN_DELAY, run_delay_ns, 5000000);
    }
    watch_close(&watch);
}
END_TEST

START_TEST(a_schedstat_that_does_not_count_is_unknown_and_nobodys_fault)
{
    struct fake_process runs = fakeproc_ordinary(20), fresh = fakeproc_ordinary(30);
    struct watch watch;

    fresh.utime = fresh.stime = 0;
    fakeproc_put(&fake, &runs);
    fakeproc_put(&fake, &fresh);
    fakeproc_write(&fake, "20/schedstat", "0 0 0\n");
    fakeproc_write(&fake, "30/schedstat", "0 0 0\n"); /* it has not run: that is the truth */
    watch_open(&watch, fake.spec);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
    UNKNOWN(watch_get(&watch, 20), CSW, csw);
    UNKNOWN(watch_get(&watch, 20), RUN_DELAY, run_delay_ns);
    KNOWN(watch_get(&watch, 20), CPU, cpu, 0);
    KNOWN(watch_get(&watch, 30), CSW, csw, 0);
    KNOWN(watch_get(&watch, 30), RUN_DELAY, run_delay_ns, 0);
    watch_close(&watch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions: procfs");
    TCase *real = tcase_create("the real /proc");
    TCase *threads = tcase_create("threads");

    tcase_set_timeout(real, 30);
    tcase_add_test(real, a_second_collector_of_proc_sees_who_rests);
    tcase_add_test(real, without_descriptors_nobody_dies_and_nobody_is_born);
    tcase_add_test(real, with_descriptors_again_all_is_as_it_was);
    suite_add_tcase(suite, real);
    tcase_add_unchecked_fixture(threads, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(threads, fakeproc_empty, NULL);
    tcase_add_test(threads, a_thread_that_ended_makes_its_sums_unknown_once);
    tcase_add_test(threads, a_thread_that_took_anothers_place_makes_its_sums_unknown_once);
    tcase_add_test(threads, the_last_thread_beside_the_leader_is_missed_too);
    tcase_add_test(threads, a_thread_that_began_is_counted);
    tcase_add_test(threads, a_schedstat_that_does_not_count_is_unknown_and_nobodys_fault);
    suite_add_tcase(suite, threads);
    return harness_run(suite);
}
