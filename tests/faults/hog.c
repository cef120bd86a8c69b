/* SPDX-License-Identifier: MIT */

/* hog MILLISECONDS [PRIORITY]: a process "pm-hog" on every core, at that real-time priority, that
 * does nothing but compute. Without a priority it is one that computes half of the time: enough to
 * be noticed, and little is taken from what runs beside. Ends by the clock whatever happens, and
 * with its parent. Exit code 77: no real-time priority is to be had. */

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CORES 64
#define MOST_MS 60000
#define TURN_NS 10000000

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void until(int64_t end)
{
    while (now() < end)
        ;
}

/* Half of the time, on whatever core. */
static void be_busy(int64_t end)
{
    const struct timespec rest = {.tv_nsec = TURN_NS};

    while (now() < end) {
        until(now() + TURN_NS);
        nanosleep(&rest, NULL);
    }
}

static void spin(int core, int64_t end)
{
    cpu_set_t cores;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0)
        _exit(1);
    until(end);
    _exit(0);
}

int main(int argc, char **argv)
{
    long ms = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    struct sched_param priority = {.sched_priority = argc > 2 ? atoi(argv[2]) : 0};
    int64_t end = now() + (ms < MOST_MS ? ms : MOST_MS) * 1000000;
    pid_t children[CORES];
    cpu_set_t cores;
    int count = 0, failed = 0;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_NAME, "pm-hog");
    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    /* The parent stays one above its children, so that it can start them all. */
    if (priority.sched_priority > 0) {
        priority.sched_priority++;
        if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
            return 77;
        priority.sched_priority--;
    }
    puts("ready");
    fflush(stdout);
    if (priority.sched_priority == 0) {
        be_busy(end);
        return 0;
    }
    for (int core = 0; core < CPU_SETSIZE && count < CORES; core++) {
        if (!CPU_ISSET((size_t)core, &cores))
            continue;
        children[count] = fork();
        if (children[count] == 0) {
            sched_setscheduler(0, SCHED_FIFO, &priority);
            spin(core, end);
        }
        if (children[count] > 0)
            count++;
    }
    for (int i = 0, status = 0; i < count; i++)
        failed |= waitpid(children[i], &status, 0) < 0 || status != 0;
    return failed || count == 0;
}
