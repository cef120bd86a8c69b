/* SPDX-License-Identifier: MIT */

/* What the witness sees at the onset of a standstill. For one, the canary alone is stopped, by a
 * tracer; where none may trace, the tests say so. */

#include "witness_stage.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

/* The threads of this process, by number: they come in the order they were started. */
static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int list_threads(int tids[16])
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) && count < 16)
        if (entry->d_name[0] != '.')
            tids[count++] = atoi(entry->d_name);
    closedir(dir);
    qsort(tids, (size_t)count, sizeof tids[0], compare);
    return count;
}

static int canary_tid;

/* Starts the heartbeat, and finds its canary: of the new threads the one that is not the witness,
 * which is started first, nor the guard, which is last. */
static void start_with_witness(void)
{
    int before[16], after[16], count = list_threads(before), fresh = 0;
    struct pausemon_heartbeat_info info = {.size = sizeof info};

    ck_assert_int_eq(start(1), 0);
    check_threads(count + 3);
    count = list_threads(after);
    for (int i = 0; i < count; i++)
        if (!bsearch(&after[i], before, (size_t)count - 3, sizeof before[0], compare) &&
            ++fresh == 2)
            canary_tid = after[i];
    for (int i = 0; i < 6000 && info.beats < 5; i++) {
        poll(NULL, 0, 5);
        pausemon_heartbeat_get_info(heartbeat, &info);
    }
    ck_assert_int_ge(pausemon_monitor_dispatch(monitor), 0);
}

/* A child that stops the canary and nothing else, until its pipe is closed. 0: it may not. */
static struct child tracer;

static void hold_canary(int command, int ready)
{
    char word = 'r';
    int status;

    prctl(PR_SET_NAME, "pm-tracer");
    if (ptrace(PTRACE_SEIZE, canary_tid, NULL, NULL) != 0 ||
        ptrace(PTRACE_INTERRUPT, canary_tid, NULL, NULL) != 0 ||
        waitpid(canary_tid, &status, __WALL) != canary_tid)
        word = 'x';
    if (write(ready, &word, 1) == 1 && word == 'r')
        while (read(command, &word, 1) > 0)
            ;
    ptrace(PTRACE_DETACH, canary_tid, NULL, NULL);
}

static bool stop_canary(void)
{
    int command[2], ready[2];
    char word = 0;

    ck_assert_int_eq(pipe2(command, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    tracer = (struct child){fork(), command[1], ready[0]};
    ck_assert_int_ge(tracer.pid, 0);
    if (tracer.pid == 0) {
        close(command[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        hold_canary(command[0], ready[1]);
        _exit(0);
    }
    close(command[0]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &word, 1), 1);
    if (word == 'x')
        printf("# skipped: no thread may be traced here\n");
    return word == 'r';
}

static void release_canary(void)
{
    child_let_go(&tracer);
    ck_assert_int_eq(waitpid(tracer.pid, NULL, 0), tracer.pid);
    close(tracer.ready);
}

static uint64_t late_beats(void)
{
    struct pausemon_heartbeat_info info = {.size = sizeof info};

    pausemon_heartbeat_get_info(heartbeat, &info);
    return info.late_beats;
}

START_TEST(at_the_onset_of_a_standstill_it_names_who_waits_in_the_kernel)
{
    struct child child = child_start(be_uninterruptible);
    int64_t taken_ns = 0, before_ns;

    wait_for_state(child.pid, 'D');
    start_with_witness();
    before_ns = pm_system_monotonic_ns();
    if (stop_canary()) {
        const char *text = NULL;
        for (int i = 0; i < 6000 && !text; i++) {
            poll(NULL, 0, 5);
            pausemon_monitor_dispatch(monitor);
            text = pausemon_monitor_get_onset(monitor, &taken_ns);
        }
        ck_assert_ptr_nonnull(text);
        ck_assert_msg(strstr(text, "\"pm-vfork\" in ") != NULL, "%s", text);
        ck_assert_int_ge(taken_ns, before_ns);
        ck_assert_int_le(taken_ns, pm_system_monotonic_ns());
    }
    release_canary();
    child_let_go(&child);
    child_end(&child);
}
END_TEST

START_TEST(one_standstill_is_looked_at_once_and_another_soon_after_not_at_all)
{
    uint64_t late;

    pm_monitor_set_stuck(monitor, play_look, &stage);
    start_with_witness();
    for (int i = 0; i < 2; i++) {
        late = late_beats();
        if (!stop_canary()) {
            release_canary();
            return;
        }
        if (i == 0)
            WAIT_UNTIL(atomic_load(&stage.looks) == 1);
        /* Well beyond what is an onset. */
        poll(NULL, 0, 450);
        release_canary();
        WAIT_UNTIL(late_beats() > late);
    }
    ck_assert_int_eq(atomic_load(&stage.looks), 1);
}
END_TEST

START_TEST(a_heartbeat_stops_though_its_witness_waits)
{
    int threads = count_threads();

    block_looks();
    pm_monitor_set_stuck(monitor, play_look, &stage);
    start_with_witness();
    bool traced = stop_canary();
    if (traced)
        WAIT_UNTIL(atomic_load(&stage.looks) == 1);
    release_canary();
    if (traced)
        WAIT_UNTIL(late_beats() > 0); /* nobody waits for it */
    stop();
    ck_assert_ptr_null(pausemon_monitor_get_onset(monitor, NULL));
    pausemon_monitor_free(monitor);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, &harness.host, &error), 0);
    let_looks_go(atomic_load(&stage.looks));
    check_threads(threads);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onset");
    TCase *tcase = tcase_create("onset");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, at_the_onset_of_a_standstill_it_names_who_waits_in_the_kernel);
    tcase_add_test(tcase, one_standstill_is_looked_at_once_and_another_soon_after_not_at_all);
    tcase_add_test(tcase, a_heartbeat_stops_though_its_witness_waits);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
