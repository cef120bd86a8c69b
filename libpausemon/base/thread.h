/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_THREAD_H
#define PM_BASE_THREAD_H

/* What the heartbeat's threads need of the system, on its own clocks: no host is asked, for its
 * functions are of another thread. */

#include <pthread.h>

#include "base/host.h"

/* Starts one with a small stack and all signals blocked; 0, or an errno. */
int pm_thread_start(pthread_t *thread, size_t stack_size, void *run(void *argument),
                    void *argument);

/* The calling thread's stack: what was never used is not there when it is needed. */
void pm_thread_touch_stack(void);

/* CLOCK_MONOTONIC, and what it stood still for until now (BOOTTIME − MONOTONIC). */
int64_t pm_system_monotonic_ns(void);
int64_t pm_system_asleep_ns(void);

/* Sleeps until that monotonic time. Signals do not end it. */
void pm_sleep_until(int64_t monotonic_ns);

/* The kernel's number of the calling thread. */
int64_t pm_thread_id(void);

/* SCHED_FIFO at this priority; 0, or an errno. */
int pm_thread_raise(pthread_t thread, int priority);

/* The calling thread gives up what is above ordinary programs: real time, a negative nice. */
void pm_thread_be_ordinary(void);

/* A thread's scheduling, by its number. */
struct pm_thread_priority {
    int policy, priority;
};

/* Raises a thread of this process to SCHED_FIFO at `priority`; *had becomes what it had. An errno
 * where that is refused, where the thread is gone, or where it has real time already. */
int pm_thread_lend(int64_t tid, int priority, struct pm_thread_priority *had);
void pm_thread_take_back(int64_t tid, const struct pm_thread_priority *had);

/* Keeps a thread on one CPU; 0, or an errno. */
int pm_thread_stay(pthread_t thread, int cpu);

/* One descriptor, readable from pm_wake_signal (any thread) until pm_wake_clear. */
struct pm_wake {
    int fd;
    int write_fd; /* the same, or a pipe's other end */
};

int pm_wake_open(struct pm_wake *wake, struct pausemon_error *error);
void pm_wake_close(struct pm_wake *wake);
void pm_wake_signal(const struct pm_wake *wake);
void pm_wake_clear(const struct pm_wake *wake);

#endif
