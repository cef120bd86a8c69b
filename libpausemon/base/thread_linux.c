/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * PM_NS_PER_S + time.tv_nsec;
}

int64_t pm_system_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t pm_system_asleep_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
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

int pm_thread_get_priority(pthread_t thread, int *policy, int *priority)
{
    struct sched_param param;
    int status = pthread_getschedparam(thread, policy, &param);

    *priority = status == 0 ? param.sched_priority : 0;
    return status;
}

int pm_thread_set_priority(pthread_t thread, int policy, int priority)
{
    return pthread_setschedparam(thread, policy, &(struct sched_param){.sched_priority = priority});
}

int pm_thread_stay(int cpu)
{
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return EINVAL;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
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
