/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

int64_t pm_system_monotonic_ns(void)
{
    return pm_clock_ns(CLOCK_MONOTONIC);
}

int64_t pm_system_asleep_ns(void)
{
    int64_t monotonic_ns = pm_system_monotonic_ns(); /* first: the difference is never below 0 */

    return pm_clock_ns(CLOCK_BOOTTIME) - monotonic_ns;
}

void pm_sleep_until(int64_t monotonic_ns)
{
    struct timespec until = {(time_t)(monotonic_ns / PM_NS_PER_S), monotonic_ns % PM_NS_PER_S};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

int64_t pm_thread_id(void)
{
    return syscall(SYS_gettid);
}

int pm_thread_raise(pthread_t thread, int priority)
{
    return pthread_setschedparam(thread, SCHED_FIFO,
                                 &(struct sched_param){.sched_priority = priority});
}

void pm_thread_be_ordinary(void)
{
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &(struct sched_param){.sched_priority = 0});
    errno = 0;
    if (getpriority(PRIO_PROCESS, 0) < 0 && errno == 0)
        setpriority(PRIO_PROCESS, 0, 0); /* of this thread only, on Linux */
}

/* A number may be another process's by now: this one's are asked for by process and number. */
static int is_ours(int64_t tid)
{
    return syscall(SYS_tgkill, getpid(), tid, 0) == 0;
}

int pm_thread_lend(int64_t tid, int priority, struct pm_thread_priority *had)
{
    struct sched_param param = {.sched_priority = 0};

    if (!is_ours(tid))
        return ESRCH;
    had->policy = sched_getscheduler((pid_t)tid);
    if (had->policy < 0 || sched_getparam((pid_t)tid, &param) < 0)
        return errno;
    had->priority = param.sched_priority;
    int policy = had->policy & ~SCHED_RESET_ON_FORK;
    if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
        return EEXIST;
    param.sched_priority = priority;
    /* What it starts meanwhile is ordinary. */
    return sched_setscheduler((pid_t)tid, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) < 0 ? errno : 0;
}

void pm_thread_take_back(int64_t tid, const struct pm_thread_priority *had)
{
    const struct sched_param param = {.sched_priority = had->priority};

    /* Without CAP_SYS_NICE the flag can be set, and not be taken away. */
    if (is_ours(tid) && sched_setscheduler((pid_t)tid, had->policy, &param) < 0)
        sched_setscheduler((pid_t)tid, had->policy | SCHED_RESET_ON_FORK, &param);
}

int pm_thread_stay(pthread_t thread, int cpu)
{
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return EINVAL;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return pthread_setaffinity_np(thread, sizeof set, &set);
}

int pm_wake_open(struct pm_wake *wake, struct pausemon_error *error)
{
    wake->fd = wake->write_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wake->fd < 0 ? pm_fail_os(error, errno, "cannot make an eventfd") : 0;
}

void pm_wake_close(struct pm_wake *wake)
{
    if (wake->fd >= 0)
        close(wake->fd);
    wake->fd = wake->write_fd = -1;
}

void pm_wake_signal(const struct pm_wake *wake)
{
    uint64_t one = 1;

    /* It fails only when it is readable already, 2^64 times over. */
    if (write(wake->write_fd, &one, sizeof one) < 0)
        return;
}

void pm_wake_clear(const struct pm_wake *wake)
{
    uint64_t count;

    if (read(wake->fd, &count, sizeof count) < 0)
        return; /* it was not signalled */
}
