/* SPDX-License-Identifier: MIT */
#include "farm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define TICK_NS (SECOND_NS / 50)

static volatile sig_atomic_t must_end;

static void end_farm(int number)
{
    (void)number;
    must_end = 1;
}

static void wake(int number)
{
    (void)number;
}

static void handle(int number, void (*function)(int))
{
    struct sigaction action = {.sa_handler = function}; /* no SA_RESTART: a sleep is to end */

    sigaction(number, &action, NULL);
}

/* Sleeps as most processes do, and runs for some microseconds when it is woken. */
static _Noreturn void sleep_for_ever(pid_t farm, size_t number, unsigned seconds)
{
    char name[16];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != farm)
        _exit(0);
    handle(SIGTERM, SIG_DFL);
    alarm(seconds);
    snprintf(name, sizeof name, "farm-%u", (unsigned)(number % 1000000));
    prctl(PR_SET_NAME, name);
    for (;;)
        poll(NULL, 0, -1);
}

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

static void wake_in_turn(const struct farm_plan *plan, const pid_t *pids)
{
    const int64_t start_ns = now_ns(), rate = (int64_t)plan->count * plan->woken_permille;
    size_t next = 0;
    int64_t woken = 0, passed_ns;

    while (!must_end && (passed_ns = now_ns() - start_ns) < plan->seconds * SECOND_NS) {
        struct timespec tick = {0, TICK_NS};
        if (rate == 0)
            tick = (struct timespec){1, 0};
        /* In parts that cannot overflow: microseconds by thousandths. */
        for (; woken < passed_ns / 1000 * rate / (SECOND_NS / 1000 * 1000); woken++)
            kill(pids[next++ % plan->count], SIGUSR1);
        nanosleep(&tick, NULL);
    }
}

static _Noreturn void run_farm(const struct farm_plan *plan, int ready, pid_t starter)
{
    pid_t farm = getpid(), *pids = calloc(plan->count, sizeof *pids);
    size_t count = 0;

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* not KILL: the farm reaps its own */
    handle(SIGTERM, end_farm);
    handle(SIGUSR1, wake);
    if (!pids || getppid() != starter)
        _exit(1);
    for (; count < plan->count && !must_end; count++) {
        pids[count] = fork();
        if (pids[count] == 0)
            sleep_for_ever(farm, count, plan->seconds + 30);
        if (pids[count] < 0)
            break;
    }
    int refused = count < plan->count ? (errno ? errno : EINTR) : 0;
    if (write(ready, &refused, sizeof refused) == sizeof refused && !refused)
        wake_in_turn(plan, pids);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    for (size_t i = 0; i < count; i++)
        while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
            continue;
    _exit(0);
}

pid_t farm_start(const struct farm_plan *plan)
{
    pid_t starter = getpid();
    int ends[2], refused = EIO;

    if (pipe(ends) != 0)
        return -1;
    fflush(NULL);
    pid_t farm = fork();
    if (farm == 0) {
        close(ends[0]);
        run_farm(plan, ends[1], starter);
    }
    close(ends[1]);
    /* It says nothing if it died: then EIO. */
    if (farm > 0 && read(ends[0], &refused, sizeof refused) != sizeof refused)
        refused = EIO;
    close(ends[0]);
    if (farm < 0 || !refused)
        return farm;
    farm_stop(farm);
    errno = refused;
    return -1;
}

void farm_stop(pid_t farm)
{
    kill(farm, SIGTERM);
    while (waitpid(farm, NULL, 0) < 0 && errno == EINTR)
        continue;
}
