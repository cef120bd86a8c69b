/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_HOST_H
#define PM_BASE_HOST_H

/* The embedding program, as an object sees it: its memory, its log, its clock. Every object
 * holds one of its own; nothing is shared. */

#include <pausemon/common.h>
#include <time.h>

#define PM_NS_PER_S 1000000000
#define PM_NS_PER_MS 1000000
#define PM_PRINTF(text, first) __attribute__((format(printf, text, first)))

struct pm_host {
    struct pausemon_host given; /* every function set, save `now`: NULL is the system's clock */
    int64_t offset_until_ns;    /* realtime until which utc_offset_s is good */
    int64_t utc_offset_s;
};

/* Of a host that was taken once, or NULL. */
void pm_host_init(struct pm_host *host, const struct pausemon_host *given);

/* The same for what a program hands in: PAUSEMON_ERR_INVALID, with `error` (may be NULL) filled, if
 * it is smaller than a host has ever been. */
int pm_host_take(struct pm_host *host, const struct pausemon_host *given,
                 struct pausemon_error *error);

/* Zeroed; NULL when there is none. */
void *pm_alloc(const struct pm_host *host, size_t size);
void *pm_resize(const struct pm_host *host, void *pointer, size_t size);
void pm_free(const struct pm_host *host, void *pointer);

void pm_log(const struct pm_host *host, int level, const char *format, ...) PM_PRINTF(3, 4);

void pm_now(struct pm_host *host, struct pausemon_instant *now);

/* One clock only: cheap enough for every row. */
int64_t pm_monotonic_ns(const struct pm_host *host);

/* A clock of this machine; -1 if it cannot be read. */
int64_t pm_clock_ns(clockid_t clock);

/* CPU time of the calling thread: the library's own cost. Not the host's clock: it measures
 * this machine, whatever time the host pretends. */
int64_t pm_thread_cpu_ns(void);

#endif
