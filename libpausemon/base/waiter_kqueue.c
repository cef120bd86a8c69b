/* SPDX-License-Identifier: MIT */
/* Compiled for macOS, never run on one by us. */
#include "base/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <unistd.h>

#include "base/error.h"

int pm_waiter_open(struct pm_waiter *waiter, struct pausemon_error *error)
{
    waiter->timer_fd = -1;
    waiter->pid = getpid();
    waiter->fd = kqueue();
    if (waiter->fd < 0)
        return pm_fail_os(error, errno, "cannot make a kqueue");
    fcntl(waiter->fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

void pm_waiter_close(struct pm_waiter *waiter)
{
    if (waiter->fd >= 0)
        close(waiter->fd);
    waiter->fd = -1;
}

int pm_waiter_add(struct pm_waiter *waiter, int fd, struct pausemon_error *error)
{
    struct kevent change;

    EV_SET(&change, fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
    if (kevent(waiter->fd, &change, 1, NULL, 0, NULL) < 0)
        return pm_fail_os(error, errno, "cannot watch descriptor %d", fd);
    return 0;
}

void pm_waiter_remove(struct pm_waiter *waiter, int fd)
{
    struct kevent change;

    if (waiter->pid != getpid())
        return;

    EV_SET(&change, fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
    kevent(waiter->fd, &change, 1, NULL, 0, NULL);
}

void pm_waiter_set_timer(struct pm_waiter *waiter, int64_t delay_ns)
{
    struct kevent change;

    if (waiter->pid != getpid())
        return;

    EV_SET(&change, 0, EVFILT_TIMER, EV_DELETE, 0, 0, NULL);
    kevent(waiter->fd, &change, 1, NULL, 0, NULL); /* fails when there was none: fine */
    if (delay_ns < 0)
        return;
    EV_SET(&change, 0, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_NSECONDS,
           delay_ns > 0 ? delay_ns : 1, NULL);
    kevent(waiter->fd, &change, 1, NULL, 0, NULL);
}
