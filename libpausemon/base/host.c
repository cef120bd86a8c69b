/* SPDX-License-Identifier: MIT */
#include "base/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/sized.h"
#include "base/text.h"

#ifdef __APPLE__
#define BOOTTIME_CLOCK CLOCK_MONOTONIC   /* Darwin's goes on during sleep … */
#define MONOTONIC_CLOCK CLOCK_UPTIME_RAW /* … and this one stands still */
#else
#define BOOTTIME_CLOCK CLOCK_BOOTTIME
#define MONOTONIC_CLOCK CLOCK_MONOTONIC
#endif

/* Zones shift on quarters of an hour. */
#define OFFSET_NS (INT64_C(900) * PM_NS_PER_S)

int64_t pm_clock_ns(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        return -1;
    return (int64_t)time.tv_sec * PM_NS_PER_S + time.tv_nsec;
}

static void *system_resize(void *user, void *pointer, size_t size)
{
    (void)user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

static void no_log(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

void pm_host_init(struct pm_host *host, const struct pausemon_host *given)
{
    memset(host, 0, sizeof *host);
    host->given.size = sizeof host->given;
    if (given)
        pm_sized_take(&host->given, sizeof host->given, sizeof given->size, given);
    if (!host->given.resize)
        host->given.resize = system_resize;
    if (!host->given.log)
        host->given.log = no_log;
}

int pm_host_take(struct pm_host *host, const struct pausemon_host *given,
                 struct pausemon_error *error)
{
    const size_t first = PM_END_OF(struct pausemon_host, now);
    bool refused = given && given->size < first;

    pm_host_init(host, refused ? NULL : given);
    if (refused)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a host of %llu bytes; at least %zu expected",
                       (unsigned long long)given->size, first);
    return 0;
}

void *pm_resize(const struct pm_host *host, void *pointer, size_t size)
{
    return host->given.resize(host->given.user, pointer, size);
}

void *pm_alloc(const struct pm_host *host, size_t size)
{
    void *memory = pm_resize(host, NULL, size);

    if (memory)
        memset(memory, 0, size);
    return memory;
}

void pm_free(const struct pm_host *host, void *pointer)
{
    if (pointer)
        pm_resize(host, pointer, 0);
}

void pm_log(const struct pm_host *host, int level, const char *format, ...)
{
    char text[512], clean[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* Names of files and processes are hostile. */
    pm_text_clean(clean, sizeof clean, text, strlen(text));
    host->given.log(host->given.user, level, clean);
}

static int64_t utc_offset_s(struct pm_host *host, int64_t realtime_ns)
{
    if (realtime_ns >= host->offset_until_ns || realtime_ns < host->offset_until_ns - OFFSET_NS) {
        time_t seconds = (time_t)(realtime_ns / PM_NS_PER_S);
        struct tm local;

        host->utc_offset_s = localtime_r(&seconds, &local) ? local.tm_gmtoff : 0;
        host->offset_until_ns = (realtime_ns / OFFSET_NS + 1) * OFFSET_NS;
    }
    return host->utc_offset_s;
}

void pm_now(struct pm_host *host, struct pausemon_instant *now)
{
    memset(now, 0, sizeof *now);
    if (!host->given.now) {
        now->monotonic_ns = pm_clock_ns(MONOTONIC_CLOCK);
        now->boottime_ns = pm_clock_ns(BOOTTIME_CLOCK);
        now->realtime_ns = pm_clock_ns(CLOCK_REALTIME);
        now->utc_offset_s = utc_offset_s(host, now->realtime_ns);
        return;
    }
    host->given.now(host->given.user, now);
}

void pausemon_now(const struct pausemon_host *given, struct pausemon_instant *now)
{
    struct pm_host host;

    pm_host_take(&host, given, NULL);
    pm_now(&host, now);
}

int64_t pm_monotonic_ns(const struct pm_host *host)
{
    struct pausemon_instant now = {0};

    if (!host->given.now)
        return pm_clock_ns(MONOTONIC_CLOCK);
    host->given.now(host->given.user, &now);
    return now.monotonic_ns;
}

int64_t pm_thread_cpu_ns(void)
{
    return pm_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}
