/* SPDX-License-Identifier: MIT */
#include "forensics/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/thread.h"
#include "base/tree.h"
#include "core/arith.h"
#include "forensics/forensics.h"

#define MIB (UINT64_C(1) << 20)
#define NAMES 1000 /* of one second */
#define SAME_LOOK_MS 20
#define BEFORE_S 60

/* ---- what it is about ---- */

static void take_pause(struct pm_capture *capture, const struct pausemon_pause *pause)
{
    pm_pause_init(&capture->pause, &capture->forensics->host);
    pausemon_pause_copy(&capture->pause, pause);
    capture->has_pause = true;
    capture->told.pause_id = pause->info.id;
}

static void take_escalation(struct pm_capture *capture,
                            const struct pausemon_escalation *escalation)
{
    /* One that began later is another's. */
    if (capture->has_escalation && capture->escalation.id != escalation->id)
        return;
    capture->escalation = *escalation;
    capture->has_escalation = true;
    capture->told.event_id = escalation->id;
}

static void add_merged(struct pm_capture *capture, const struct pausemon_pause_info *info)
{
    struct pm_merged *merged = NULL;

    for (size_t i = 0; i < capture->merged_count; i++)
        if (capture->merged[i].pause_id == info->id)
            merged = &capture->merged[i];
    if (!merged && capture->merged_count == PM_MERGED_MAX) {
        capture->merged_omitted++;
        return;
    }
    if (!merged)
        merged = &capture->merged[capture->merged_count++];
    merged->pause_id = info->id;
    merged->duration_ms = info->duration_ns / PM_NS_PER_MS;
}

void pm_capture_merge(struct pm_capture *capture, const struct pm_notice *notice)
{
    capture->is_dirty = true;
    if (notice->has_escalation)
        take_escalation(capture, &notice->escalation);
    if (!notice->is_pause)
        return;
    const struct pausemon_pause_info *info = &notice->pause.info;
    bool is_it = capture->has_pause ? capture->pause.info.id == info->id
                                    : capture->look && notice->look == capture->look;
    if (!is_it) {
        add_merged(capture, info);
        return;
    }
    take_pause(capture, &notice->pause);
    if (notice->is_worth)
        capture->told.reason = PAUSEMON_CAPTURE_PAUSE;
}

/* When it was seen to be due: run may come later, after a suspend, or when the time was set. */
static void set_begun(struct pm_capture *capture, const struct pm_notice *notice)
{
    if (notice)
        capture->begun = notice->at;
    else
        pm_now(&capture->forensics->host, &capture->begun);
    capture->told.start_ns = capture->begun.realtime_ns;
}

static void plan(struct pm_capture *capture, struct pausemon_forensics *forensics,
                 const struct pm_notice *notice)
{
    memset(capture, 0, sizeof *capture);
    capture->forensics = forensics;
    capture->directory = -1;
    capture->told = (struct pausemon_capture)PAUSEMON_CAPTURE_INIT;
    capture->told.reason = !notice            ? PAUSEMON_CAPTURE_ASKED
                           : notice->is_pause ? PAUSEMON_CAPTURE_PAUSE
                                              : PAUSEMON_CAPTURE_TIER;
    capture->look = notice ? notice->look : 0;
    capture->steps = forensics->steps;
    capture->most_bytes = (uint64_t)forensics->config->max_artifact_mb * MIB;
    for (size_t i = 0; i < capture->steps->count; i++)
        capture->results[i].name = capture->steps->rows[i].name;
    if (notice && notice->is_pause)
        take_pause(capture, &notice->pause);
    if (notice && notice->has_escalation)
        take_escalation(capture, &notice->escalation);
    set_begun(capture, notice);
}

void pm_capture_window(const struct pm_capture *capture, int64_t *since_s, int64_t *until_s)
{
    const struct pausemon_instant *start =
        capture->has_pause ? &capture->pause.info.start : &capture->begun;
    struct pausemon_instant now;

    pm_now(&capture->forensics->host, &now);
    /* Where the time was set back meanwhile, logs have what happened by the time of before. */
    int64_t passed_ns = (int64_t)pm_elapsed(start->boottime_ns, now.boottime_ns);
    int64_t until_ns = start->realtime_ns + passed_ns;
    until_ns = until_ns > now.realtime_ns ? until_ns : now.realtime_ns;
    *since_s = start->realtime_ns / PM_NS_PER_S - BEFORE_S;
    *until_s = until_ns / PM_NS_PER_S + 1;
    *since_s = *since_s < 0 ? 0 : *since_s;
}

/* ---- its directory ---- */

/* "2026-01-23_12-00-00", from the second of one second on with _2, _3, … */
static int make_directory(struct pm_capture *capture, int events, struct pausemon_error *error)
{
    char name[PAUSEMON_CAPTURE_NAME_SIZE], suffix[8] = "";
    struct pausemon_error why = {0};
    struct pm_date date;
    int fd = -1;

    pm_date_from_seconds(&date,
                         capture->begun.realtime_ns / PM_NS_PER_S + capture->begun.utc_offset_s);
    for (int n = 2; n <= NAMES; n++) {
        snprintf(name, sizeof name, "%04d-%02d-%02d_%02d-%02d-%02d%s", (int)date.year,
                 (int)date.month, (int)date.day, (int)date.hour, (int)date.minute, (int)date.second,
                 suffix);
        fd = pm_tree_make(events, name, capture->forensics->options.group, &why);
        if (fd >= 0 || why.os_errno != EEXIST)
            break;
        snprintf(suffix, sizeof suffix, "_%d", n);
    }
    if (fd < 0)
        return pm_fail(error, (int)why.status, "%s/%s", capture->forensics->place, why.text);
    snprintf(capture->told.name, sizeof capture->told.name, "%s", name);
    capture->directory = fd;
    return 0;
}

static int check_room(const struct pausemon_forensics *forensics, int events,
                      struct pausemon_error *error)
{
    uint64_t room = forensics->room(events);

    if (room >= PAUSEMON_FORENSICS_LEAST_ROOM)
        return 0;
    return pm_fail(error, PAUSEMON_ERR_LIMIT,
                   "no capture is made in %.120s: its disk has %llu MiB free, %llu are needed",
                   forensics->place, (unsigned long long)(room / MIB),
                   (unsigned long long)(PAUSEMON_FORENSICS_LEAST_ROOM / MIB));
}

/* Retention keeps it below half of that. Where there is none (no storage, one that cannot be
 * written) all the evidence of years would be kept. */
static int check_growth(const struct pausemon_forensics *forensics, int events,
                        struct pausemon_error *error)
{
    uint64_t most = 2 * MIB * (uint64_t)forensics->config->max_forensics_mb, bytes;

    /* What cannot be measured is no reason to keep nothing. */
    if (pm_tree_size(events, NULL, &bytes, NULL) < 0 || bytes <= most)
        return 0;
    return pm_fail(error, PAUSEMON_ERR_LIMIT,
                   "no capture is made in %.80s: it holds %llu MiB, and nothing removes what is "
                   "beyond retention.max_forensics_mb",
                   forensics->place, (unsigned long long)(bytes / MIB));
}

static int make(struct pm_capture *capture, struct pausemon_error *error)
{
    struct pausemon_forensics *forensics = capture->forensics;
    int events = pm_forensics_open_events(forensics, error);

    if (events < 0)
        return events;
    int status = check_room(forensics, events, error);
    if (status == 0)
        status = check_growth(forensics, events, error);
    if (status == 0)
        status = make_directory(capture, events, error);
    close(events);
    return status;
}

/* ---- its artifacts ---- */

int pm_capture_open_file(struct pm_capture *capture, size_t step, struct pm_out *out,
                         struct pausemon_error *why)
{
    int fd = pm_tree_create(capture->directory, capture->steps->rows[step].name,
                            capture->forensics->options.group, why);

    *out = (struct pm_out){.fd = fd, .most = capture->most_bytes, .why = why};
    return fd < 0 ? fd : 0;
}

void pm_capture_close_file(struct pm_capture *capture, size_t step, struct pm_out *out)
{
    struct pm_result *result = &capture->results[step];

    if (out->fd >= 0)
        close(out->fd);
    result->bytes = out->fd >= 0 ? out->bytes : 0;
    if (out->fd >= 0 && result->bytes == 0)
        unlinkat(capture->directory, result->name, 0);
    out->fd = -1;
}

bool pm_capture_is_off(struct pm_capture *capture, size_t step)
{
    const struct pm_step *row = &capture->steps->rows[step];
    const char *config = (const char *)capture->forensics->config;
    int64_t value = 1;

    if (row->setting)
        memcpy(&value, config + row->setting_at, sizeof value);
    if (value)
        return false;
    snprintf(capture->results[step].error, sizeof capture->results[step].error,
             "%s is switched off", row->setting);
    return true;
}

static void write_artifact(struct pm_capture *capture, size_t step)
{
    struct pm_result *result = &capture->results[step];
    struct pausemon_error why = {0};
    int64_t start_ns = pm_system_monotonic_ns();
    struct pm_out out;

    if (pm_capture_is_off(capture, step))
        return;
    int status = pm_capture_open_file(capture, step, &out, &why);
    if (status == 0)
        status = capture->steps->rows[step].write(capture, &out, &why);
    pm_capture_close_file(capture, step, &out);
    if (status < 0 && !why.text[0])
        pm_fail(&why, status, "%s", pausemon_status_text(status));
    snprintf(result->error, sizeof result->error, "%s", why.text);
    result->ms = pm_elapsed(start_ns, pm_system_monotonic_ns()) / PM_NS_PER_MS;
}

static void write_artifacts(struct pm_capture *capture)
{
    for (size_t i = 0; i < capture->steps->count; i++) {
        const struct pm_step *step = &capture->steps->rows[i];
        if (!step->of_moment)
            pm_moment_release(capture); /* the next freeze may come */
        if (step->write)
            write_artifact(capture, i);
    }
    pm_tools_run(capture);
}

/* What was held for it goes back, and what was stopped goes on. */
static void end(struct pm_capture *capture)
{
    struct pausemon_error why;

    pm_moment_release(capture);
    if (capture->recorder_stopped && pm_recorder_resume(&capture->forensics->recorder, &why) < 0)
        pm_log(&capture->forensics->host, PAUSEMON_LOG_WARNING, "flight recorder: %s", why.text);
    capture->recorder_stopped = false;
    if (capture->directory >= 0)
        close(capture->directory);
    capture->directory = -1;
}

/* ---- all of it ---- */

static uint64_t sum_bytes(const struct pm_capture *capture)
{
    uint64_t bytes = capture->metadata_bytes;

    for (size_t i = 0; i < capture->steps->count; i++)
        bytes += capture->results[i].bytes;
    return bytes;
}

static void tell(struct pm_capture *capture)
{
    const struct pausemon_forensics_options *options = &capture->forensics->options;

    capture->told.bytes = sum_bytes(capture);
    capture->told_pause_id = capture->told.pause_id;
    if (options->changed)
        options->changed(options->user, &capture->told);
}

/* Once of each pause that was merged, so that its row too leads here. */
static void tell_merged(struct pm_capture *capture)
{
    const struct pausemon_forensics_options *options = &capture->forensics->options;
    struct pausemon_capture told = capture->told;

    for (size_t i = 0; i < capture->merged_count; i++) {
        if (capture->merged[i].is_told)
            continue;
        capture->merged[i].is_told = true;
        told.pause_id = capture->merged[i].pause_id;
        if (options->changed)
            options->changed(options->user, &told);
    }
}

/* It may have been removed meanwhile, by retention or by a person. */
static int reopen(struct pm_capture *capture, struct pausemon_error *error)
{
    int events = pm_forensics_open_events(capture->forensics, error);

    if (events < 0)
        return events;
    capture->directory = pm_tree_open_at(events, capture->told.name, error);
    close(events);
    return capture->directory < 0 ? capture->directory : 0;
}

static void note_unsaid(struct pm_capture *capture, int status, const char *why)
{
    if (!capture->has_failed)
        pm_log(&capture->forensics->host, PAUSEMON_LOG_WARNING,
               "capture %s: metadata.json cannot be written: %s", capture->told.name, why);
    capture->has_failed = true;
    /* What is gone needs no metadata; a full disk may have room again. */
    capture->is_dirty = status != PAUSEMON_ERR_NOT_FOUND;
}

int pm_capture_say(struct pm_capture *capture)
{
    bool was_complete = capture->told.complete, was_open = capture->directory >= 0;
    struct pausemon_error why;
    int status = was_open ? 0 : reopen(capture, &why);

    capture->told.complete = capture->is_finished;
    if (status == 0)
        status = pm_metadata_write(capture, &why);
    if (!was_open && capture->directory >= 0) {
        close(capture->directory);
        capture->directory = -1;
    }
    if (status < 0) {
        capture->told.complete = was_complete;
        note_unsaid(capture, status, why.text);
        return status;
    }
    capture->is_dirty = capture->has_failed = false;
    if (capture->is_finished && (!was_complete || capture->told_pause_id != capture->told.pause_id))
        tell(capture);
    if (capture->is_finished)
        tell_merged(capture);
    return 0;
}

int pm_capture_begin(struct pausemon_forensics *forensics, const struct pm_notice *notice,
                     struct pausemon_error *error)
{
    struct pm_capture *capture = &forensics->capture;
    struct pausemon_error why;

    plan(capture, forensics, notice);
    /* First of all: it writes over what it has. */
    capture->recorder_stopped =
        forensics->recorder.is_open && pm_recorder_stop(&forensics->recorder, &why) == 0;
    pm_moment_use(capture, notice);
    int status = make(capture, error);
    if (status < 0) {
        end(capture);
        return status;
    }
    capture->skipped_before = atomic_exchange(&forensics->memory.skipped, 0);
    if (!notice) /* never 0: that is none */
        atomic_store(&forensics->memory.asked_ns, capture->begun.monotonic_ns | 1);
    pm_capture_say(capture);
    tell(capture);
    return 0;
}

int pm_capture_finish(struct pm_capture *capture)
{
    pm_forensics_hear(capture->forensics);
    /* The tier is told before the pause that raised it: both are one. */
    if (capture->told.reason == PAUSEMON_CAPTURE_TIER && !capture->has_pause) {
        poll(NULL, 0, SAME_LOOK_MS);
        pm_forensics_hear(capture->forensics);
    }
    write_artifacts(capture);
    pm_forensics_hear(capture->forensics);
    capture->is_finished = true;
    int status = pm_capture_say(capture);
    end(capture);
    return status;
}
