/* SPDX-License-Identifier: MIT */
/* The priority that a guard lends to the thread that dispatches: it always comes back. With real
 * threads at the lowest real-time priority; where that is not allowed most is skipped. */
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pauses_stage.h"

#define LENT 1 /* SCHED_FIFO's lowest */

static struct stage stage;

/* Lowered when a test hangs; 0: none. */
static volatile sig_atomic_t raised[2];

static void lower(int64_t tid)
{
    sched_setscheduler((pid_t)tid, SCHED_OTHER, &(struct sched_param){.sched_priority = 0});
}

/* The watchdog: it runs on any thread, also on a raised one. */
static void lower_all(int number)
{
    (void)number;
    for (size_t i = 0; i < 2; i++)
        if (raised[i])
            lower(raised[i]);
}

static void setup(void)
{
    struct sigaction action = {.sa_handler = lower_all};

    raised[0] = (sig_atomic_t)pm_thread_id();
    raised[1] = 0;
    sigaction(SIGALRM, &action, NULL);
    alarm(10);
    stage_open(&stage);
    stage_watch(&stage);
    stage_dispatch(&stage, 0);
    stage_dispatch(&stage, 1000);
}

static void teardown(void)
{
    lower_all(0);
    alarm(0);
    stage_close(&stage);
}

static bool may_lend(void)
{
    struct pm_thread_priority had;
    int64_t tid = pm_thread_id();
    int status = pm_thread_lend(tid, LENT, &had);

    if (status == 0)
        pm_thread_take_back(tid, &had);
    else
        fprintf(stderr, "# skipped: real time is not allowed here (errno %d)\n", status);
    return status == 0;
}

static int policy(void)
{
    return sched_getscheduler(0); /* of the calling thread */
}

/* Whether what is born of the thread is raised too is not asked here. */
static int policy_but_for_children(void)
{
    return policy() & ~SCHED_RESET_ON_FORK;
}

/* What the guard does when a beat is late. */
static void lend(void)
{
    pm_pulse_lend(stage.pulse, LENT);
    pm_pulse_want_look(stage.pulse);
}

static void check_lent(void)
{
    lend();
    ck_assert(atomic_load(&stage.pulse->lent));
    ck_assert_int_eq(policy_but_for_children(), SCHED_FIFO);
}

static void check_ordinary(void)
{
    ck_assert_int_eq(policy(), SCHED_OTHER);
    ck_assert(!atomic_load(&stage.pulse->lent));
}

/* ---- Given back ---- */

START_TEST(the_look_gives_back_what_was_lent)
{
    static const int results[] = {PAUSEMON_LOOK_COMPLETE, PAUSEMON_LOOK_PARTIAL, PAUSEMON_ERR_BUSY,
                                  PAUSEMON_ERR_IO,        PAUSEMON_ERR_NOMEM,    PAUSEMON_ERR_END};

    if (!may_lend())
        return;
    check_lent();
    lend(); /* twice is once */
    stage.player.result = results[_i];
    stage_dispatch(&stage, 0);
    check_ordinary();
    stage.player.result = PAUSEMON_LOOK_COMPLETE;
    if (results[_i] != PAUSEMON_ERR_END) {
        check_lent();
        stage_feed(&stage, 0);
        check_ordinary();
    }
}
END_TEST

START_TEST(after_the_end_it_is_given_back_and_not_lent_again)
{
    if (!may_lend())
        return;
    stage.player.result = PAUSEMON_ERR_END;
    stage_dispatch(&stage, 1000);
    lend();
    stage_dispatch(&stage, 0);
    check_ordinary();
    lend();
    check_ordinary();
    stage_feed(&stage, 0);
    lend();
    check_ordinary();
}
END_TEST

START_TEST(freeing_the_monitor_gives_it_back_and_nothing_is_lent_any_more)
{
    if (!may_lend())
        return;
    check_lent();
    pausemon_monitor_free(stage.monitor);
    stage.monitor = NULL;
    check_ordinary();
    lend();
    check_ordinary();
}
END_TEST

START_TEST(a_pulse_that_the_monitor_lets_go_lends_nothing)
{
    struct pausemon_error error;
    struct pm_pulse *other;

    if (!may_lend())
        return;
    check_lent();
    atomic_store(&stage.pulse->stopped, true);
    ck_assert_int_eq(pm_pulse_new(&other, &stage.host, &error), 0);
    ck_assert_int_eq(pm_monitor_attach(stage.monitor, other, &error), 0);
    pm_pulse_release(other); /* the monitor holds it */
    check_ordinary();
    lend();
    check_ordinary();
}
END_TEST

START_TEST(who_has_real_time_already_keeps_it)
{
    static const int policies[] = {SCHED_FIFO, SCHED_RR, SCHED_FIFO | SCHED_RESET_ON_FORK};
    struct sched_param param = {.sched_priority = LENT + 1};

    if (!may_lend())
        return;
    ck_assert_int_eq(sched_setscheduler(0, policies[_i], &param), 0);
    lend();
    bool lent = atomic_load(&stage.pulse->lent);
    stage_dispatch(&stage, 0);
    int after = policy();
    sched_getparam(0, &param);
    lower(0);
    ck_assert(!lent);
    ck_assert_int_eq(after, policies[_i]);
    ck_assert_int_eq(param.sched_priority, LENT + 1);
}
END_TEST

START_TEST(what_comes_back_is_what_it_had)
{
    static const int policies[] = {SCHED_BATCH, SCHED_IDLE, SCHED_OTHER | SCHED_RESET_ON_FORK};
    struct sched_param param = {.sched_priority = 0};

    if (!may_lend())
        return;
    ck_assert_int_eq(sched_setscheduler(0, policies[_i], &param), 0);
    lend();
    ck_assert(atomic_load(&stage.pulse->lent));
    stage_dispatch(&stage, 0);
    ck_assert_int_eq(policy(), policies[_i]);
}
END_TEST

/* What a callback starts, during the look. */
static void start_child(void *user, const struct pausemon_event *event)
{
    pid_t child = fork();

    (void)event;
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(policy() == SCHED_OTHER ? 0 : 1);
    ck_assert_int_eq(waitpid(child, user, 0), child);
}

START_TEST(who_is_born_while_it_is_lent_is_ordinary)
{
    int status = -1;

    if (!may_lend())
        return;
    ck_assert_int_gt(pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_SAMPLE, start_child,
                                                &status, NULL),
                     0);
    lend();
    stage_dispatch(&stage, 0);
    check_ordinary();
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(where_it_is_refused_nothing_is_lent)
{
    pm_pulse_lend(stage.pulse, 1000); /* no such priority */
    check_ordinary();
    stage_dispatch(&stage, 0);
    check_ordinary();
}
END_TEST

/* ---- Other threads ---- */

struct dispatcher {
    sem_t may_go, has_come;
    int lent, after; /* its policy when it was lent to, and after its look */
};

static void *dispatch_twice(void *argument)
{
    struct dispatcher *dispatcher = argument;

    raised[1] = (sig_atomic_t)pm_thread_id();
    while (sem_wait(&dispatcher->may_go) != 0)
        ;
    pausemon_monitor_dispatch(stage.monitor);
    sem_post(&dispatcher->has_come);
    while (sem_wait(&dispatcher->may_go) != 0)
        ;
    dispatcher->lent = policy_but_for_children();
    pausemon_monitor_dispatch(stage.monitor);
    dispatcher->after = policy();
    raised[1] = 0;
    return NULL;
}

START_TEST(the_thread_that_dispatched_last_gets_it_and_the_one_before_is_ordinary_again)
{
    struct dispatcher dispatcher = {.lent = -1};
    pthread_t thread;

    if (!may_lend())
        return;
    sem_init(&dispatcher.may_go, 0, 0);
    sem_init(&dispatcher.has_come, 0, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, dispatch_twice, &dispatcher), 0);
    check_lent();
    sem_post(&dispatcher.may_go);
    while (sem_wait(&dispatcher.has_come) != 0)
        ;
    check_ordinary();
    lend();
    ck_assert_int_eq(policy(), SCHED_OTHER);
    sem_post(&dispatcher.may_go);
    pthread_join(thread, NULL);
    ck_assert_int_eq(dispatcher.lent, SCHED_FIFO);
    ck_assert_int_eq(dispatcher.after, SCHED_OTHER);
    check_ordinary();
}
END_TEST

static void *dispatch_and_end(void *argument)
{
    pausemon_monitor_dispatch(stage.monitor);
    if (argument)
        pm_pulse_lend(stage.pulse, LENT); /* it ends with what was lent */
    return NULL;
}

START_TEST(a_dispatcher_that_has_ended_gets_nothing)
{
    pthread_t thread;

    if (!may_lend())
        return;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, dispatch_and_end, i % 2 ? &stage : NULL), 0);
        pthread_join(thread, NULL);
        /* The kernel may have it for a moment longer than the join; then it is lent to nobody. */
        lend();
        ck_assert_int_eq(policy(), SCHED_OTHER);
        stage_dispatch(&stage, 0);
        check_ordinary();
        check_lent();
        stage_dispatch(&stage, 0);
        check_ordinary();
    }
}
END_TEST

static atomic_bool over;

static void *lend_and_lend(void *argument)
{
    while (!atomic_load(&over))
        pm_pulse_lend(argument, LENT);
    return NULL;
}

START_TEST(a_guard_that_lends_while_the_monitor_closes_leaves_nobody_raised)
{
    struct pausemon_error error;

    if (!may_lend())
        return;
    for (int i = 0; i < 300; i++) {
        struct pm_pulse *pulse;
        pthread_t guard;
        ck_assert_int_eq(pm_pulse_new(&pulse, &stage.host, &error), 0);
        pm_pulse_set_dispatcher(pulse, pm_thread_id());
        atomic_store(&over, false);
        ck_assert_int_eq(pthread_create(&guard, NULL, lend_and_lend, pulse), 0);
        for (int j = 0; j < i; j++)
            pm_pulse_give_back(pulse); /* at another moment each time */
        if (i % 2)
            sched_yield();
        pm_pulse_close(pulse);
        atomic_store(&over, true);
        pthread_join(guard, NULL);
        ck_assert_int_eq(policy(), SCHED_OTHER);
        ck_assert(!atomic_load(&pulse->lent));
        pm_pulse_release(pulse);
    }
}
END_TEST

/* ---- Options ---- */

START_TEST(options_of_a_later_release_are_accepted_and_too_small_ones_refused)
{
    struct {
        struct pausemon_heartbeat_options known;
        uint64_t later[4];
    } options = {PAUSEMON_HEARTBEAT_OPTIONS_INIT, {~UINT64_C(0), 1, 2, 3}};
    static const uint64_t small[] = {0, 1, 8, 31};
    struct pausemon_heartbeat *heartbeat;
    struct pausemon_error error;

    atomic_store(&stage.pulse->stopped, true); /* there is room for a real one */
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        options.known.size = small[i];
        heartbeat = (void *)1;
        ck_assert_int_eq(
            pausemon_heartbeat_start(&heartbeat, stage.monitor, NULL, &options.known, &error),
            PAUSEMON_ERR_INVALID);
        ck_assert_ptr_null(heartbeat);
    }
    options.known.size = sizeof options;
    options.known.guard_priority = 100; /* that it is read */
    ck_assert_int_eq(
        pausemon_heartbeat_start(&heartbeat, stage.monitor, NULL, &options.known, &error),
        PAUSEMON_ERR_INVALID);
    options.known.guard_priority = 0;
    ck_assert_msg(
        pausemon_heartbeat_start(&heartbeat, stage.monitor, NULL, &options.known, &error) == 0,
        "%s", error.text);
    pausemon_heartbeat_stop(heartbeat);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions_lending");
    TCase *tcase = tcase_create("regressions_lending");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, the_look_gives_back_what_was_lent, 0, 6);
    tcase_add_test(tcase, after_the_end_it_is_given_back_and_not_lent_again);
    tcase_add_test(tcase, freeing_the_monitor_gives_it_back_and_nothing_is_lent_any_more);
    tcase_add_test(tcase, a_pulse_that_the_monitor_lets_go_lends_nothing);
    tcase_add_loop_test(tcase, who_has_real_time_already_keeps_it, 0, 3);
    tcase_add_loop_test(tcase, what_comes_back_is_what_it_had, 0, 3);
    tcase_add_test(tcase, who_is_born_while_it_is_lent_is_ordinary);
    tcase_add_test(tcase, where_it_is_refused_nothing_is_lent);
    tcase_add_test(tcase,
                   the_thread_that_dispatched_last_gets_it_and_the_one_before_is_ordinary_again);
    tcase_add_test(tcase, a_dispatcher_that_has_ended_gets_nothing);
    tcase_add_test(tcase, a_guard_that_lends_while_the_monitor_closes_leaves_nobody_raised);
    tcase_add_test(tcase, options_of_a_later_release_are_accepted_and_too_small_ones_refused);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
