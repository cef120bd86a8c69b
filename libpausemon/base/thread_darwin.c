/* SPDX-License-Identifier: MIT */
/* Compiled for macOS, never run on one by us. */
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <mach/mach_time.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

int64_t pm_system_monotonic_ns(void)
{
    return (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

int64_t pm_system_asleep_ns(void)
{
    int64_t monotonic_ns = pm_system_monotonic_ns(); /* first: the difference is never below 0 */

    return (int64_t)clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW) - monotonic_ns;
}

void pm_sleep_until(int64_t monotonic_ns)
{
    int64_t left_ns;

    while ((left_ns = monotonic_ns - pm_system_monotonic_ns()) > 0) {
        struct timespec left = {(time_t)(left_ns / PM_NS_PER_S), (long)(left_ns % PM_NS_PER_S)};
        if (nanosleep(&left, NULL) == 0)
            return;
    }
}

int64_t pm_thread_id(void)
{
    uint64_t id = 0;

    pthread_threadid_np(NULL, &id);
    return (int64_t)id;
}

int pm_thread_raise(pthread_t thread, int priority)
{
    return pthread_setschedparam(thread, SCHED_RR,
                                 &(struct sched_param){.sched_priority = priority});
}

void pm_thread_be_ordinary(void)
{
    pthread_setschedparam(
        pthread_self(), SCHED_OTHER,
        &(struct sched_param){.sched_priority = sched_get_priority_min(SCHED_OTHER)});
}

int pm_thread_lend(int64_t tid, int priority, struct pm_thread_priority *had)
{
    (void)tid;
    (void)priority;
    (void)had;
    return ENOTSUP;
}

void pm_thread_take_back(int64_t tid, const struct pm_thread_priority *had)
{
    (void)tid;
    (void)had;
}

int pm_thread_stay(pthread_t thread, int cpu)
{
    (void)thread, (void)cpu;
    return ENOTSUP;
}

int pm_wake_open(struct pm_wake *wake, struct pausemon_error *error)
{
    int ends[2];

    wake->fd = wake->write_fd = -1;
    if (pipe(ends) < 0)
        return pm_fail_os(error, errno, "cannot make a pipe");
    wake->fd = ends[0];
    wake->write_fd = ends[1];
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

void pm_wake_close(struct pm_wake *wake)
{
    if (wake->fd >= 0)
        close(wake->fd);
    if (wake->write_fd >= 0)
        close(wake->write_fd);
    wake->fd = wake->write_fd = -1;
}

void pm_wake_signal(const struct pm_wake *wake)
{
    /* A full pipe is readable: fine. */
    if (write(wake->write_fd, "", 1) < 0)
        return;
}

void pm_wake_clear(const struct pm_wake *wake)
{
    char bytes[64];

    while (read(wake->fd, bytes, sizeof bytes) > 0)
        ;
}
