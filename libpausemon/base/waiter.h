/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_WAITER_H
#define PM_BASE_WAITER_H

/* One descriptor for life that is readable when one of the watched descriptors is, or when the
 * time is up. epoll + timerfd on Linux, kqueue on macOS. */

#include "base/host.h"

struct pm_waiter {
    int fd;
    int timer_fd; /* Linux only, else -1 */
    int64_t pid;  /* who opened it: a child after fork() shares it with its parent, and may close */
};

/* Not open: may be closed. */
#define PM_WAITER_NONE ((struct pm_waiter){-1, -1, 0})

int pm_waiter_open(struct pm_waiter *waiter, struct pausemon_error *error);
void pm_waiter_close(struct pm_waiter *waiter);

int pm_waiter_add(struct pm_waiter *waiter, int fd, struct pausemon_error *error);
void pm_waiter_remove(struct pm_waiter *waiter, int fd);

/* From now; -1: none. */
void pm_waiter_set_timer(struct pm_waiter *waiter, int64_t delay_ns);

#endif
