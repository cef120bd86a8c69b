/* SPDX-License-Identifier: MIT */
#include "base/waiter.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"

int pm_waiter_open(struct pm_waiter *waiter, struct pausemon_error *error)
{
    waiter->timer_fd = -1;
    waiter->pid = getpid();
    waiter->fd = epoll_create1(EPOLL_CLOEXEC);
    if (waiter->fd < 0)
        return pm_fail_os(error, errno, "cannot make an epoll descriptor");
    waiter->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (waiter->timer_fd < 0) {
        int status = pm_fail_os(error, errno, "cannot make a timer descriptor");
        pm_waiter_close(waiter);
        return status;
    }
    int status = pm_waiter_add(waiter, waiter->timer_fd, error);
    if (status < 0)
        pm_waiter_close(waiter);
    return status;
}

void pm_waiter_close(struct pm_waiter *waiter)
{
    if (waiter->timer_fd >= 0)
        close(waiter->timer_fd);
    if (waiter->fd >= 0)
        close(waiter->fd);
    waiter->fd = waiter->timer_fd = -1;
}

int pm_waiter_add(struct pm_waiter *waiter, int fd, struct pausemon_error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};

    if (epoll_ctl(waiter->fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return pm_fail_os(error, errno, "cannot watch descriptor %d", fd);
    return 0;
}

void pm_waiter_remove(struct pm_waiter *waiter, int fd)
{
    if (waiter->pid != getpid())
        return;
    epoll_ctl(waiter->fd, EPOLL_CTL_DEL, fd, NULL);
}

void pm_waiter_set_timer(struct pm_waiter *waiter, int64_t delay_ns)
{
    struct itimerspec time;

    if (waiter->pid != getpid())
        return;

    memset(&time, 0, sizeof time);
    if (delay_ns >= 0) {
        /* A zero time would disarm the timer. */
        int64_t delay = delay_ns > 0 ? delay_ns : 1;
        time.it_value.tv_sec = (time_t)(delay / PM_NS_PER_S);
        time.it_value.tv_nsec = (long)(delay % PM_NS_PER_S);
    }
    /* Setting also takes back an expiry that was not read: the descriptor falls silent. */
    timerfd_settime(waiter->timer_fd, 0, &time, NULL);
}
