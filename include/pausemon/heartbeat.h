/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_HEARTBEAT_H
#define PAUSEMON_HEARTBEAT_H

/* The heartbeat: the one object of the library that has threads, two or three. The canary wakes
 * every heartbeat.interval_ms at the priority of ordinary programs: what it feels is what they
 * feel. The guard, at raised priority where that is allowed, watches it, takes the readings when a
 * beat is late and when the canary is back, reports to the monitor, and asks it for a look at once.
 * Both have small stacks, all signals blocked, and all they touch is there before they start.
 * @since 0.1 */

#include <pausemon/monitor.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_heartbeat;

struct pausemon_heartbeat_options {
    uint64_t size;
    int64_t guard_priority; /* SCHED_FIFO 1..99; 0: that of the calling thread. Refused: the guard
                               runs as it is, and get_info says so */
    int64_t guard_cpu;      /* the guard stays on this CPU; -1: any. Refused: it runs on any, and
                               get_info says so. Linux */
    uint64_t lend_priority; /* 1: while a beat is late, the thread that last dispatched the monitor
                               gets the guard's priority until it has looked, unless it has real
                               time already. Only for a thread that does nothing but dispatch.
                               Linux */
    uint64_t witness;       /* 1: a third thread, just below the guard's priority, that lists the
                               uninterruptible tasks at the onset of a standstill
                               (pausemon_monitor_get_onset). A thread of its own, because looking at
                               a task may wait. Linux */
};
#define PAUSEMON_HEARTBEAT_OPTIONS_INIT                                                            \
    {                                                                                              \
        sizeof(struct pausemon_heartbeat_options), 0, -1, 0, 0                                     \
    }

struct pausemon_heartbeat_info {
    uint64_t size;
    uint64_t beats;         /* since the start */
    uint64_t late_beats;    /* by an interval or more */
    uint64_t worst_ns;      /* the latest beat's lateness */
    uint64_t lost_reports;  /* that found the queue to the monitor full */
    int64_t guard_priority; /* in force; 0: none was asked for, or it was refused */
    int64_t priority_errno; /* why it was refused; 0 */
    uint64_t cpu_ns;        /* CPU time its threads have used */
    int64_t cpu_errno;      /* why guard_cpu was refused (EINVAL: no such CPU); 0 */
};

#define PAUSEMON_HEARTBEAT_INFO_INIT                                                               \
    {                                                                                              \
        sizeof(struct pausemon_heartbeat_info), 0, 0, 0, 0, 0, 0, 0, 0                             \
    }

/* Starts both threads. `config` is read, not kept; NULL: the defaults. `options` may be NULL.
 * Monotonic time of the system is used, whatever clock the monitor's host has: reports are
 * translated. One heartbeat a monitor: a second one is PAUSEMON_ERR_INVALID. */
PAUSEMON_API int pausemon_heartbeat_start(struct pausemon_heartbeat **heartbeat,
                                          struct pausemon_monitor *monitor,
                                          const struct pausemon_config *config,
                                          const struct pausemon_heartbeat_options *options,
                                          struct pausemon_error *error);

/* Ends and joins the threads, and frees (a witness that waits for a task is left to itself). Before
 * or after the monitor is freed. In a child after fork() nothing is joined: the threads are not
 * there. */
PAUSEMON_API void pausemon_heartbeat_stop(struct pausemon_heartbeat *heartbeat);

/* What `info` has room for is filled. */
PAUSEMON_API void pausemon_heartbeat_get_info(const struct pausemon_heartbeat *heartbeat,
                                              struct pausemon_heartbeat_info *info);

PAUSEMON_END_DECLS
#endif
