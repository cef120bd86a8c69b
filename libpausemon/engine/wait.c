/* SPDX-License-Identifier: MIT */
/* Sleeping until there is something to do, for programs without a loop of their own. */
#include <poll.h>

#include "base/thread.h"
#include "core/arith.h"
#include "engine/monitor.h"

enum woken { WOKEN_BY_TIME, WOKEN_BY_SOURCE, WOKEN_BY_SIGNAL };

static enum woken sleep_on(int fd, int timeout_ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    int ready = poll(&wait, fd >= 0, timeout_ms);

    return ready > 0 ? WOKEN_BY_SOURCE : ready == 0 ? WOKEN_BY_TIME : WOKEN_BY_SIGNAL;
}

/* Milliseconds of the timeout that are left, up; -1: no end. */
static int left_of(int timeout_ms, int64_t began_ns)
{
    uint64_t passed_ms = pm_elapsed(began_ns, pm_system_monotonic_ns()) / PM_NS_PER_MS;

    if (timeout_ms < 0)
        return -1;
    return passed_ms < (uint64_t)timeout_ms ? timeout_ms - (int)passed_ms : 0;
}

int pausemon_collector_wait(const struct pausemon_sample **sample,
                            struct pausemon_collector *collector, int timeout_ms,
                            struct pausemon_error *error)
{
    int64_t began_ns = pm_system_monotonic_ns();
    int status = PAUSEMON_ERR_BUSY, left_ms;
    enum woken woken;

    if (sample)
        *sample = NULL;
    if (!sample || !collector)
        return pausemon_collector_collect(sample, collector, error);
    do {
        int due_ms = pausemon_collector_get_timeout(collector);
        left_ms = left_of(timeout_ms, began_ns);
        bool is_first = left_ms < 0 || due_ms <= left_ms; /* due before the time is over */
        due_ms = due_ms < 0 ? 0 : due_ms;                 /* the end is told at once */
        woken = sleep_on(pausemon_collector_get_fd(collector), is_first ? due_ms : left_ms);
        if (woken == WOKEN_BY_SOURCE || (woken == WOKEN_BY_TIME && is_first))
            status = pausemon_collector_collect(sample, collector, error);
    } while (status == PAUSEMON_ERR_BUSY && woken != WOKEN_BY_SIGNAL && left_ms != 0);
    if (status == PAUSEMON_ERR_BUSY)
        pm_fail(error, status, "%s", pausemon_status_text(status));
    return status;
}

int pausemon_monitor_wait(struct pausemon_monitor *monitor, int timeout_ms)
{
    if (!monitor || monitor->subscribers.telling)
        return PAUSEMON_ERR_INVALID;
    int due_ms = pausemon_monitor_get_timeout(monitor);
    if (due_ms >= 0)
        sleep_on(pausemon_monitor_get_fd(monitor),
                 timeout_ms >= 0 && timeout_ms < due_ms ? timeout_ms : due_ms);
    return pausemon_monitor_dispatch(monitor);
}
