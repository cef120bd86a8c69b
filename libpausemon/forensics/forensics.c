/* SPDX-License-Identifier: MIT */
#include "forensics/forensics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sized.h"
#include "base/thread.h"
#include "base/tree.h"
#include "core/arith.h"

#define BASELINE_NS (UINT64_C(10) * PM_NS_PER_S)

/* ---- places ---- */

/* The directory that is to hold it is there; what leads to that may have links. */
static int resolve(struct pausemon_forensics *forensics, const char *path,
                   struct pausemon_error *error)
{
    char parent[PATH_MAX], real[PATH_MAX];
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    const char *name = path + start;
    if (length >= sizeof parent)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    memcpy(parent, path, start);
    parent[start] = '\0';
    if (start == length || strncmp(name, "..", length - start) == 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%s\" names no directory", path);
    if (!realpath(start ? parent : ".", real))
        return pm_fail_os(error, errno, "the directory %s", start ? parent : ".");
    int needed = snprintf(forensics->place, sizeof forensics->place, "%s/%.*s",
                          strcmp(real, "/") == 0 ? "" : real, (int)(length - start), name);
    if (needed < 0 || (size_t)needed + 2 * PAUSEMON_CAPTURE_NAME_SIZE >= sizeof forensics->place)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    return 0;
}

int pm_forensics_open_events(const struct pausemon_forensics *forensics,
                             struct pausemon_error *error)
{
    char parent[PATH_MAX];
    struct pausemon_error why = {0};
    const char *name = strrchr(forensics->place, '/') + 1;

    snprintf(parent, sizeof parent, "%.*s", (int)(name - forensics->place), forensics->place);
    int above = pm_tree_open(parent, &why);
    int fd = above < 0 ? above : pm_tree_open_at(above, name, &why);
    if (above >= 0 && fd < 0 && why.os_errno == ENOENT)
        fd = pm_tree_make(above, name, forensics->options.group, &why);
    if (above >= 0 && fd < 0 && why.os_errno == EEXIST) /* another was faster */
        fd = pm_tree_open_at(above, name, &why);
    if (above >= 0)
        close(above);
    if (fd < 0) {
        pm_fail(error, fd, "%s: %s", above < 0 ? forensics->place : parent, why.text);
        if (error)
            error->os_errno = why.os_errno;
    }
    return fd;
}

int pm_forensics_path(const struct pausemon_forensics *forensics, const char *path,
                      char out[PATH_MAX])
{
    int length = snprintf(out, PATH_MAX, "%s%s", forensics->root, path);

    return length < 0 || length >= PATH_MAX ? PAUSEMON_ERR_LIMIT : 0;
}

/* ---- life ---- */

static int read_options(struct pausemon_forensics_options *options,
                        const struct pausemon_forensics_options *given,
                        struct pausemon_error *error)
{
    const size_t first = PM_END_OF(struct pausemon_forensics_options, changed);

    *options = (struct pausemon_forensics_options)PAUSEMON_FORENSICS_OPTIONS_INIT;
    if (given && !pm_sized_take(options, sizeof *options, first, given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "options of too small a size");
    return 0;
}

static bool goes_on(void *user)
{
    struct pausemon_forensics *forensics = user;

    pm_forensics_hear(forensics);
    pm_forensics_idle(forensics);
    return !atomic_load(&forensics->cancelled);
}

static void open_recorder(struct pausemon_forensics *forensics)
{
    struct pausemon_error why;

    forensics->recorder.goes_on = goes_on;
    forensics->recorder.user = forensics;
    if (!forensics->config->flight_recorder ||
        pm_recorder_open(&forensics->recorder, NULL, &why) == 0)
        return;
    snprintf(forensics->recorder_why, sizeof forensics->recorder_why, "%s", why.text);
    pm_log(&forensics->host, PAUSEMON_LOG_WARNING, "%s", why.text);
}

static void set_up(struct pausemon_forensics *forensics)
{
    forensics->steps = pm_steps_here();
    forensics->room = pm_tree_room;
    forensics->uid = geteuid();
    forensics->memory.host = forensics->host;
    forensics->capture.directory = -1;
    for (int i = 0; i < 2; i++)
        pm_counters_init(&forensics->baselines[i], &forensics->host);
    pm_hooks_init(forensics);
}

int pausemon_forensics_new(struct pausemon_forensics **out, const char *directory,
                           const struct pausemon_config *config,
                           const struct pausemon_forensics_options *options,
                           const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pausemon_forensics_options known;
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !directory)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "forensics need a place and a directory");
    if (pm_host_take(&host, given, error) < 0 || read_options(&known, options, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_forensics *forensics = pm_alloc(&host, sizeof *forensics);
    if (!forensics)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "forensics: out of memory");
    forensics->host = host;
    forensics->options = known;
    set_up(forensics);
    int status = resolve(forensics, directory, error);
    if (status == 0 && pausemon_config_new(&forensics->config, given, NULL) < 0)
        status = pm_fail(error, PAUSEMON_ERR_NOMEM, "forensics: out of memory");
    int events = status == 0 ? pm_forensics_open_events(forensics, error) : -1;
    if (events < 0) {
        pausemon_forensics_free(forensics);
        return status < 0 ? status : events;
    }
    close(events);
    pausemon_forensics_set_config(forensics, config ? config : forensics->config);
    open_recorder(forensics);
    *out = forensics;
    return 0;
}

void pausemon_forensics_set_config(struct pausemon_forensics *forensics,
                                   const struct pausemon_config *config)
{
    if (!forensics || !config)
        return;
    if (config != forensics->config)
        pausemon_config_copy(forensics->config, config);
    forensics->hooks.is_refused = false;
    atomic_store(&forensics->memory.forensics_ns, config->pause_forensics_ms * PM_NS_PER_MS);
}

int pausemon_forensics_attach(struct pausemon_forensics *forensics,
                              struct pausemon_monitor *monitor, struct pausemon_error *error)
{
    const uint64_t mask =
        PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_TIER | PAUSEMON_EVENT_PAUSE | PAUSEMON_EVENT_CLOSE;

    if (!forensics || !monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "forensics and a monitor are needed");
    struct pm_memory *memory = &forensics->memory;
    if (memory->monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "the forensics are attached already");
    int status = pm_memory_make(memory, monitor);
    if (status < 0)
        return pm_fail(error, status, "forensics: out of memory");
    memory->subscription = pausemon_monitor_subscribe(monitor, mask, pm_memory_hear, memory, NULL);
    if (memory->subscription < 0) {
        pm_memory_free(memory, &memory->host);
        return pm_fail(error, memory->subscription, "forensics: %s",
                       pausemon_status_text(memory->subscription));
    }
    memory->monitor = monitor;
    return 0;
}

void pausemon_forensics_request(struct pausemon_forensics *forensics)
{
    if (!forensics)
        return;
    atomic_store(&forensics->asked, true); /* first: what is filled unasked is forgotten */
    pm_memory_ask(&forensics->memory);
}

void pausemon_forensics_cancel(struct pausemon_forensics *forensics)
{
    if (forensics)
        atomic_store(&forensics->cancelled, true);
}

void pausemon_forensics_free(struct pausemon_forensics *forensics)
{
    if (!forensics)
        return;
    struct pm_memory *memory = &forensics->memory;
    if (memory->monitor && !atomic_load(&memory->closed))
        pausemon_monitor_unsubscribe(memory->monitor, memory->subscription);
    pm_hooks_free(forensics);
    if (forensics->recorder.is_open)
        pm_recorder_close(&forensics->recorder);
    for (int i = 0; i < 2; i++)
        pm_counters_free(&forensics->baselines[i]);
    pm_memory_free(memory, &forensics->host);
    pausemon_config_free(forensics->config);
    pm_free(&forensics->host, forensics);
}

void pm_forensics_set_steps(struct pausemon_forensics *forensics, const struct pm_steps *steps,
                            const char *root)
{
    forensics->steps = steps;
    snprintf(forensics->root, sizeof forensics->root, "%s", root);
}

/* ---- what was told ---- */

/* A moment that somebody's request took before its own notice came: it has become that capture. */
static bool is_used(const struct pausemon_forensics *forensics, const struct pm_notice *notice)
{
    return notice->serial && notice->serial == forensics->used_serial;
}

void pm_forensics_hear(struct pausemon_forensics *forensics)
{
    struct pm_capture *capture = &forensics->capture;
    const struct pm_notice *notice;

    while ((notice = pm_memory_peek(&forensics->memory))) {
        bool begins = notice->verdict == PM_DUE_BEGIN;
        if (begins && !is_used(forensics, notice))
            return;
        bool merges = capture->told.name[0] && (begins || notice->verdict == PM_DUE_MERGE);
        if (merges)
            pm_capture_merge(capture, notice);
        if (notice->is_pause)
            pm_hooks_offer(forensics, &notice->pause, merges ? capture->told.name : NULL);
        pm_memory_drop(&forensics->memory);
    }
}

bool pm_forensics_is_due(struct pausemon_forensics *forensics)
{
    const struct pm_notice *notice = pm_memory_peek(&forensics->memory);

    if (atomic_load(&forensics->cancelled))
        return false;
    return atomic_load(&forensics->asked) || (notice && notice->verdict == PM_DUE_BEGIN);
}

void pm_forensics_idle(struct pausemon_forensics *forensics)
{
    int64_t now_ns = pm_system_monotonic_ns();

    if (pm_elapsed(forensics->idle_ns, now_ns) < PM_NS_PER_S)
        return;
    forensics->idle_ns = now_ns;
    if (forensics->options.idle)
        forensics->options.idle(forensics->options.user);
}

/* ---- run ---- */

static void note_failure(struct pausemon_forensics *forensics, const struct pausemon_error *why)
{
    if (!forensics->has_failed)
        pm_log(&forensics->host, PAUSEMON_LOG_WARNING, "%s", why->text);
    forensics->has_failed = true;
}

/* 1: it was completed. */
static int capture_now(struct pausemon_forensics *forensics, struct pausemon_error *error)
{
    const struct pm_notice *notice = pm_memory_peek(&forensics->memory);
    struct pausemon_error why;

    /* What came since the queue was heard belongs to what is made now. */
    if (notice && notice->verdict != PM_DUE_BEGIN)
        notice = NULL;
    atomic_store(&forensics->asked, false);
    int status = pm_capture_begin(forensics, notice, &why);
    if (notice && notice->is_pause)
        pm_hooks_offer(forensics, &notice->pause, status < 0 ? NULL : forensics->capture.told.name);
    if (notice)
        pm_memory_drop(&forensics->memory);
    if (status < 0) {
        note_failure(forensics, &why);
        if (error)
            *error = why;
        return status;
    }
    forensics->has_failed = false;
    return pm_capture_finish(&forensics->capture) == 0;
}

/* The newer becomes the older: one of them lies before a freeze that began just now. One that could
 * not be read takes no good one's place. */
static void keep_counters(struct pausemon_forensics *forensics)
{
    struct pm_counters *baselines = forensics->baselines, newer = baselines[0];
    int64_t now_ns = pm_monotonic_ns(&forensics->host);
    char root[PATH_MAX];

    if (!forensics->steps->keeps_counters ||
        (newer.at_ns && pm_elapsed(newer.at_ns, now_ns) < BASELINE_NS) ||
        pm_forensics_path(forensics, "/proc", root) < 0)
        return;
    if (newer.at_ns) {
        baselines[0] = baselines[1];
        baselines[1] = newer;
    }
    if (pm_counters_read(&baselines[0], root, &forensics->host) < 0)
        baselines[0].at_ns = 0;
}

int pausemon_forensics_run(struct pausemon_forensics *forensics, struct pausemon_error *error)
{
    int status = 0;

    if (!forensics)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "forensics are needed");
    forensics->idle_ns = pm_system_monotonic_ns();
    if (!atomic_load(&forensics->asked))
        pm_memory_forget(&forensics->memory);
    pm_memory_grow(&forensics->memory, &forensics->host);
    pm_forensics_hear(forensics);
    if (pm_forensics_is_due(forensics))
        status = capture_now(forensics, error);
    else
        keep_counters(forensics);
    if (forensics->capture.is_dirty)
        pm_capture_say(&forensics->capture);
    pm_hooks_run(forensics);
    return status;
}
