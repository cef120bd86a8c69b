/* SPDX-License-Identifier: MIT */

/* The procfs source over the real /proc and the real clock: children of this test do what the
 * fake trees only say. Every child is bounded (alarm, death signal, end of its pipe); margins
 * come from what the kernel itself told around the looks, so that a busy machine changes
 * nothing. */

#include "realproc.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What the children do ---- */

/* Sleeps, and at a word takes the name that the word says. */
static void sleep_and_rename(int command, int ready)
{
    char word;

    prctl(PR_SET_NAME, "pm-sleeper");
    child_say(ready);
    while (read(command, &word, 1) == 1) {
        prctl(PR_SET_NAME, word == 'p' ? ") R 1 (" : "\x1b[31m\xffx\x07");
        child_say(ready);
    }
}

static void burn(int command, int ready)
{
    volatile unsigned long turns = 0;

    (void)command;
    child_say(ready);
    for (;;)
        turns = turns + 1;
}

static void read_zeros(int command, int ready)
{
    int zero = open("/dev/zero", O_RDONLY);
    char bytes[64];

    (void)command;
    child_say(ready);
    while (read(zero, bytes, sizeof bytes) > 0)
        ;
}

static void *wake_often(void *nothing)
{
    for (;;)
        poll(NULL, 0, 5);
    return nothing;
}

static void be_many(int command, int ready)
{
    pthread_attr_t attributes;
    pthread_t thread;
    char word;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    for (int i = 0; i < 20; i++)
        if (pthread_create(&thread, &attributes, wake_often, NULL) != 0)
            _exit(1); /* the test then hears nothing and fails */
    child_say(ready);
    while (read(command, &word, 1) == 1)
        ;
}

/* The parent of a vfork waits without being interruptible until its child lets go. */
static void wait_in_vfork(int command, int ready)
{
    struct pollfd waited = {command, POLLIN, 0};

    child_say(ready);
    pid_t pid = vfork();
    if (pid == 0) {
        poll(&waited, 1, 10000);
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

START_TEST(a_burner_uses_the_cpu_that_its_clock_says)
{
    struct child child = child_start(burn);
    struct watch watch;

    open_real(&watch, NULL);
    struct bracket bracket = measure(&watch, child.pid, cpu_ns_of, 1000);
    const struct pausemon_process *seen = bracket.process;
    double elapsed = (double)seen->elapsed_ns;
    ck_assert_int_gt(bracket.least, 0);
    ck_assert(seen->have & PAUSEMON_HAVE_CPU);
    ck_assert_double_ge((double)seen->cpu, 900.0 * (double)bracket.least / elapsed - 10);
    ck_assert_double_le((double)seen->cpu, 1100.0 * (double)bracket.most / elapsed + 10);
    ck_assert_uint_le(seen->cpu, 1300);
    ck_assert_uint_gt(seen->cpu, 10);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_RUNNING);
    ck_assert_int_eq(seen->ppid, getpid());
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(a_reader_of_zeros_makes_the_calls_that_its_io_says)
{
    struct child child = child_start(read_zeros);
    struct watch watch;

    open_real(&watch, NULL);
    struct bracket bracket = measure(&watch, child.pid, calls_of, 600);
    const struct pausemon_process *seen = bracket.process;
    double seconds = (double)seen->elapsed_ns / 1e9;
    ck_assert_int_gt(bracket.least, 100);
    ck_assert(seen->have & PAUSEMON_HAVE_SYSBSD);
    ck_assert_double_ge((double)seen->sysbsd, 0.9 * (double)bracket.least / seconds);
    ck_assert_double_le((double)seen->sysbsd, 1.1 * (double)bracket.most / seconds);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(a_child_that_ended_is_a_zombie_and_then_gone)
{
    struct child child = child_start(sleep_and_rename);
    struct watch watch;
    siginfo_t info;

    open_real(&watch, NULL);
    ck_assert_uint_eq(find_at_last(&watch, child.pid)->state, PAUSEMON_STATE_SLEEPING);
    kill(child.pid, SIGKILL);
    ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
    const struct pausemon_process *seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_ZOMBIE);
    ck_assert_uint_ne(seen->categories & PAUSEMON_CATEGORY_STATE, 0);
    ck_assert_str_eq(seen->command, "pm-sleeper");
    for (int look = 0; look < 3; look++)
        ck_assert_ptr_nonnull(look_for(&watch, child.pid));
    child_end(&child);
    ck_assert_ptr_null(look_for(&watch, child.pid));
    ck_assert_uint_ge(watch.info->deaths, 1);
    watch_close(&watch);
}
END_TEST

START_TEST(a_child_that_was_stopped_is_stopped_until_it_goes_on)
{
    struct child child = child_start(sleep_and_rename);
    struct watch watch;
    siginfo_t info;

    open_real(&watch, NULL);
    find_at_last(&watch, child.pid);
    kill(child.pid, SIGSTOP);
    ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &info, WSTOPPED), 0);
    for (int look = 0; look < 3; look++)
        ck_assert_uint_eq(look_for(&watch, child.pid)->state, PAUSEMON_STATE_STOPPED);
    kill(child.pid, SIGCONT);
    wait_for_state(child.pid, 'S');
    ck_assert_uint_eq(look_for(&watch, child.pid)->state, PAUSEMON_STATE_SLEEPING);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(an_uninterruptible_child_becomes_stuck_and_gets_free)
{
    struct child child = child_start(wait_in_vfork);
    struct pausemon_config *config = NULL;
    struct watch watch;

    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "scoring.stuck_after_ms", "300", NULL), 0);
    wait_for_state(child.pid, 'D');
    open_real(&watch, config);
    pausemon_config_free(config);
    /* Each look is of that state already: which of the first ones sees it does not matter. */
    uint64_t state = find_at_last(&watch, child.pid)->state;
    ck_assert(state == PAUSEMON_STATE_UNINTERRUPTIBLE || state == PAUSEMON_STATE_STUCK);
    poll(NULL, 0, 350);
    const struct pausemon_process *seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_STUCK);
    ck_assert_uint_ne(seen->categories & PAUSEMON_CATEGORY_STUCK, 0);
    KNOWN(seen, CPU, cpu, 0);
    KNOWN(seen, BLOCKED, blocked_ns, seen->elapsed_ns);

    child_let_go(&child); /* its own child sees the end and lets go of it */
    wait_for_state(child.pid, 'Z');
    seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_ZOMBIE);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(an_uninterruptible_child_is_not_stuck_before_its_time)
{
    struct child child = child_start(wait_in_vfork);
    struct pausemon_config *config = NULL;
    struct watch watch;

    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "scoring.stuck_after_ms", "600000", NULL), 0);
    wait_for_state(child.pid, 'D');
    open_real(&watch, config);
    pausemon_config_free(config);
    find_at_last(&watch, child.pid);
    poll(NULL, 0, 50);
    const struct pausemon_process *seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_UNINTERRUPTIBLE);
    ck_assert_uint_eq(seen->categories & PAUSEMON_CATEGORY_STUCK, 0);
    watch_close(&watch);
    child_end(&child); /* its own child sees the end of the pipe */
}
END_TEST

START_TEST(the_switches_of_all_threads_are_counted)
{
    struct child child = child_start(be_many);
    const struct pausemon_process *seen = NULL;
    struct watch watch;

    open_real(&watch, NULL);
    find_at_last(&watch, child.pid);
    for (int look = 0; look < 5; look++) {
        poll(NULL, 0, 200);
        seen = look_for(&watch, child.pid);
        ck_assert_ptr_nonnull(seen);
        KNOWN(seen, THREADS, threads, 21);
        ck_assert(seen->have & PAUSEMON_HAVE_CSW);
        ck_assert(seen->have & PAUSEMON_HAVE_RUN_DELAY);
    }
    /* 20 threads, each at most 200 a second; the leader alone sleeps throughout. */
    ck_assert_uint_gt(seen->csw, 100);
    ck_assert_uint_lt(seen->csw, 20 * 2000);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

static void rename_child(const struct child *child, const char *word)
{
    ck_assert_int_eq(write(child->command, word, 1), 1);
    child_hear(child);
}

START_TEST(a_child_that_renames_itself_is_called_so_and_clean)
{
    struct child child = child_start(sleep_and_rename);
    struct watch watch;

    open_real(&watch, NULL);
    ck_assert_str_eq(find_at_last(&watch, child.pid)->command, "pm-sleeper");
    rename_child(&child, "p");
    wait_for_state(child.pid, 'S');
    const struct pausemon_process *seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_str_eq(seen->command, ") R 1 (");
    ck_assert_uint_eq(seen->state, PAUSEMON_STATE_SLEEPING);
    ck_assert_int_eq(seen->ppid, getpid());
    rename_child(&child, "e");
    seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_str_eq(seen->command, "?[31m?x?");
    ck_assert(command_is_clean(seen->command));
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(an_idle_child_stays_and_keeps_its_values)
{
    struct child child = child_start(sleep_and_rename);
    struct watch watch;

    wait_for_state(child.pid, 'S');
    open_real(&watch, NULL);
    uint64_t mem = find_at_last(&watch, child.pid)->mem;
    look_for(&watch, child.pid);
    ck_assert_uint_gt(mem, 0);
    for (int look = 0; look < 5; look++) {
        poll(NULL, 0, 20);
        const struct pausemon_process *seen = look_for(&watch, child.pid);
        ck_assert_ptr_nonnull(seen);
        ck_assert_uint_eq(seen->state, PAUSEMON_STATE_SLEEPING);
        ck_assert_str_eq(seen->command, "pm-sleeper");
        ck_assert_int_eq(seen->ppid, getpid());
        KNOWN(seen, MEM, mem, mem);
        KNOWN(seen, THREADS, threads, 1);
        KNOWN(seen, CPU, cpu, 0);
        KNOWN(seen, CSW, csw, 0);
        KNOWN(seen, SYSBSD, sysbsd, 0);
        KNOWN(seen, PAGEINS, pageins, 0);
        KNOWN(seen, IO_BYTES, io_bytes, 0);
        ck_assert_uint_ge(seen->elapsed_ns, 20000000);
    }
    watch_close(&watch);
    child_end(&child);
}
END_TEST

START_TEST(a_newborn_child_is_seen_within_two_looks)
{
    struct watch watch;

    open_real(&watch, NULL);
    find_at_last(&watch, getpid());
    struct child child = child_start(sleep_and_rename);
    const struct pausemon_process *seen = look_for(&watch, child.pid);
    if (!seen)
        seen = look_for(&watch, child.pid);
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_ge(watch.info->births, 1);
    ck_assert_str_eq(seen->command, "pm-sleeper");
    UNKNOWN(seen, CPU, cpu);
    watch_close(&watch);
    child_end(&child);
}
END_TEST

/* Returns the number of the first thing that is wrong, 0 for none. */
static int look_at_the_others(void *user)
{
    const pid_t other = *(const pid_t *)user;
    const struct pausemon_process *seen = NULL;
    struct watch watch;
    int wrong = 0;

    watch_init(&watch);
    watch.harness.host.now = NULL;
    if (watch_start(&watch, "procfs", NULL) != 0)
        return 1;
    for (int look = 0; look < 100 && wrong == 0; look++) {
        wrong = watch_look(&watch) != 0 ? 2 : 0;
        seen = wrong ? NULL : watch_find(&watch, other);
        if (seen && seen->have & PAUSEMON_HAVE_CPU && watch.info->complete)
            break;
        poll(NULL, 0, 5);
    }
    if (wrong == 0 && (!seen || watch.info->unreadable == 0))
        wrong = 3;
    else if (seen && (seen->have & (PAUSEMON_HAVE_SYSBSD | PAUSEMON_HAVE_IO_BYTES)))
        wrong = 4;
    else if (seen && (!(seen->have & PAUSEMON_HAVE_CPU) || !(seen->have & PAUSEMON_HAVE_MEM)))
        wrong = 5;
    seen = wrong ? NULL : watch_find(&watch, getpid());
    if (wrong == 0 && (!seen || !(seen->have & PAUSEMON_HAVE_SYSBSD)))
        wrong = 6;
    watch_stop(&watch);
    return watch.harness.live != 0 ? 7 : wrong;
}

START_TEST(the_io_of_other_users_is_unknown_and_counted)
{
    struct child child = child_start(sleep_and_rename);

    if (geteuid() == 0)
        ck_assert_int_eq(run_as_nobody(look_at_the_others, &child.pid), 0);
    else
        fprintf(stderr, "# skipped: only root can become another user\n");
    child_end(&child);
}
END_TEST

/* In a pid namespace of its own, with the /proc of the one outside, a number in /proc is not
 * the number that the CPU clock takes. Returns as above. */
static int look_from_inside(pid_t burner)
{
    const struct pausemon_process *seen = NULL;
    struct watch watch;
    int wrong = 0;

    watch_init(&watch);
    watch.harness.host.now = NULL;
    if (watch_start(&watch, "procfs", NULL) != 0)
        return 1;
    for (int look = 0; look < 3 && wrong == 0; look++) {
        wrong = watch_look(&watch) != 0 ? 2 : 0;
        poll(NULL, 0, look < 2 ? 500 : 0);
    }
    seen = wrong ? NULL : watch_find(&watch, burner);
    if (wrong == 0 && !seen)
        wrong = 3;
    else if (seen && !(seen->have & PAUSEMON_HAVE_CPU))
        wrong = 4;
    else if (seen && (seen->cpu < 50 || seen->cpu > 1300))
        wrong = 5;
    watch_stop(&watch);
    return wrong;
}

START_TEST(a_proc_of_another_namespace_is_read_by_its_files)
{
    struct child child = child_start(burn);
    int status = 0;
    pid_t outer = fork();

    ck_assert_int_ge(outer, 0);
    if (outer == 0) {
        alarm(10);
        if (unshare(CLONE_NEWPID) != 0)
            _exit(77);
        pid_t inner = fork();
        if (inner == 0) {
            alarm(10);
            _exit(look_from_inside(child.pid));
        }
        if (inner < 0 || waitpid(inner, &status, 0) != inner || !WIFEXITED(status))
            _exit(99);
        _exit(WEXITSTATUS(status));
    }
    ck_assert_int_eq(waitpid(outer, &status, 0), outer);
    ck_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        fprintf(stderr, "# skipped: no right to make a pid namespace\n");
    else
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    child_end(&child);
}
END_TEST

/* A birth may need room once; a leak of allocations into every look does not pass any round. */
START_TEST(looks_at_the_real_proc_allocate_nothing_and_keep_no_descriptor)
{
    struct child child = child_start(burn);
    int before = count_fds();
    struct watch watch;
    bool quiet = false;

    open_real(&watch, NULL);
    find_at_last(&watch, child.pid);
    for (int look = 0; look < 5; look++)
        look_for(&watch, child.pid);
    int during = count_fds();
    for (int round = 0; round < 3 && !quiet; round++) {
        long allocations = watch.harness.allocations;
        for (int look = 0; look < 50; look++)
            ck_assert_ptr_nonnull(look_for(&watch, child.pid));
        quiet = watch.harness.allocations == allocations;
    }
    ck_assert_msg(quiet, "every round of 50 looks allocated");
    ck_assert_int_eq(count_fds(), during);
    watch_close(&watch);
    ck_assert_int_eq(count_fds(), before);
    child_end(&child);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("real processes");
    TCase *real = tcase_create("real");

    tcase_set_timeout(real, 20);
    tcase_add_test(real, a_burner_uses_the_cpu_that_its_clock_says);
    tcase_add_test(real, a_reader_of_zeros_makes_the_calls_that_its_io_says);
    tcase_add_test(real, a_child_that_ended_is_a_zombie_and_then_gone);
    tcase_add_test(real, a_child_that_was_stopped_is_stopped_until_it_goes_on);
    tcase_add_test(real, an_uninterruptible_child_becomes_stuck_and_gets_free);
    tcase_add_test(real, an_uninterruptible_child_is_not_stuck_before_its_time);
    tcase_add_test(real, the_switches_of_all_threads_are_counted);
    tcase_add_test(real, a_child_that_renames_itself_is_called_so_and_clean);
    tcase_add_test(real, an_idle_child_stays_and_keeps_its_values);
    tcase_add_test(real, a_newborn_child_is_seen_within_two_looks);
    tcase_add_test(real, the_io_of_other_users_is_unknown_and_counted);
    tcase_add_test(real, a_proc_of_another_namespace_is_read_by_its_files);
    tcase_add_test(real, looks_at_the_real_proc_allocate_nothing_and_keep_no_descriptor);
    suite_add_tcase(suite, real);
    return suite;
}

int main(void)
{
    return harness_run(make_suite());
}
