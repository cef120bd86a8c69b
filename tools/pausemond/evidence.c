/* SPDX-License-Identifier: MIT */
#include "pausemond/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- rows of captures ---- */

/* Those that cannot be written now wait for the next flush. */
static void write_rows(struct evidence *evidence)
{
    size_t left = 0;

    for (size_t i = 0; i < evidence->waiting_count; i++) {
        struct pausemon_error error;
        int status = PAUSEMON_ERR_IO;
        if (evidence->storage)
            status = pausemon_storage_add_capture(evidence->storage, &evidence->waiting[i], &error);
        if (status < 0 && status != PAUSEMON_ERR_UNSUPPORTED)
            evidence->waiting[left++] = evidence->waiting[i];
    }
    evidence->waiting_count = left;
}

/* What was told last of one and its pause is all that counts. Beyond the room the oldest gets no
 * row: retention finds its directory all the same. */
static void keep_row(struct evidence *evidence, const struct pausemon_capture *capture)
{
    struct pausemon_capture *waiting = evidence->waiting;
    size_t i = 0;

    while (i < evidence->waiting_count && (waiting[i].pause_id != capture->pause_id ||
                                           strcmp(waiting[i].name, capture->name) != 0))
        i++;
    if (i == EVIDENCE_WAITING)
        memmove(waiting, waiting + 1, --i * sizeof *waiting);
    else if (i == evidence->waiting_count)
        evidence->waiting_count++;
    waiting[i] = *capture;
    waiting[i].size = sizeof *waiting;
}

/* ---- what captures tell ---- */

static void on_capture(void *user, const struct pausemon_capture *capture)
{
    struct evidence *evidence = user;

    keep_row(evidence, capture);
    write_rows(evidence);
    if (!capture->complete || strcmp(evidence->completed, capture->name) == 0)
        return;
    snprintf(evidence->completed, sizeof evidence->completed, "%s", capture->name);
    evidence->has_capture = 1;
    atomic_fetch_add(&evidence->captures, 1);
    log_say(evidence->log, PAUSEMON_LOG_INFO, "evidence of %" PRIu64 " KiB is in \"%s/%s\"",
            (capture->bytes + 1023) / 1024, evidence->directory, capture->name);
    if (evidence->alerts)
        pausemon_alerts_note_capture(evidence->alerts, capture);
}

static void on_idle(void *user)
{
    struct evidence *evidence = user;

    evidence->idle(evidence->user);
}

/* ---- opening ---- */

static void say_before(struct evidence *evidence, const struct pausemon_blackbox_info *before)
{
    time_t last = (time_t)(before->last_ns / 1000000000);
    struct tm date;
    char text[32] = "not known";

    if (before->end == PAUSEMON_BLACKBOX_CLEAN || before->begin_ns == 0)
        return;
    if (before->last_ns && localtime_r(&last, &date))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &date);
    log_say(evidence->log, PAUSEMON_LOG_WARNING, "%s; its last sample: %s",
            before->end == PAUSEMON_BLACKBOX_HARD
                ? "the previous boot ended without shutdown (pausemon why)"
                : "the daemon before has ended without a word",
            text);
}

static void open_blackbox(struct evidence *evidence, const char *path, int64_t group,
                          struct pausemon_monitor *monitor, const struct pausemon_host *host)
{
    struct pausemon_blackbox_options wishes = PAUSEMON_BLACKBOX_OPTIONS_INIT;
    struct pausemon_blackbox_info before = {.size = sizeof before};
    struct pausemon_error error;

    wishes.group = group;
    int status = pausemon_blackbox_open(&evidence->blackbox, path, &wishes, &before, host, &error);
    if (status == 0)
        say_before(evidence, &before);
    if (status == 0)
        status = pausemon_blackbox_attach(evidence->blackbox, monitor, &error);
    if (status == 0)
        return;
    log_say(evidence->log, PAUSEMON_LOG_WARNING, "goes on without a black box: %s", error.text);
    pausemon_blackbox_free(evidence->blackbox);
    evidence->blackbox = NULL;
}

static void open_forensics(struct evidence *evidence, int is_system, int64_t group,
                           const struct pausemon_config *config, struct pausemon_monitor *monitor,
                           const struct pausemon_host *host)
{
    struct pausemon_forensics_options wishes = PAUSEMON_FORENSICS_OPTIONS_INIT;
    struct pausemon_error error;

    wishes.group = group;
    wishes.only_root = (uint64_t)is_system;
    wishes.user = evidence;
    wishes.idle = on_idle;
    wishes.changed = on_capture;
    int status = pausemon_forensics_new(&evidence->forensics, evidence->directory, config, &wishes,
                                        host, &error);
    if (status == 0)
        status = pausemon_forensics_attach(evidence->forensics, monitor, &error);
    if (status == 0)
        return;
    log_say(evidence->log, PAUSEMON_LOG_WARNING, "goes on without captures: %s", error.text);
    pausemon_forensics_free(evidence->forensics);
    evidence->forensics = NULL;
}

static void open_alerts(struct evidence *evidence, int is_system,
                        const struct pausemon_config *config, struct pausemon_monitor *monitor,
                        const struct pausemon_host *host)
{
    struct pausemon_alerts_options wishes = PAUSEMON_ALERTS_OPTIONS_INIT;
    struct pausemon_error error;

    wishes.everybody = (uint64_t)is_system;
    int status = pausemon_alerts_new(&evidence->alerts, config, &wishes, host, &error);
    if (status == 0)
        status = pausemon_alerts_attach(evidence->alerts, monitor, &error);
    if (status == 0)
        return;
    log_say(evidence->log, PAUSEMON_LOG_WARNING, "goes on without notifications: %s", error.text);
    pausemon_alerts_free(evidence->alerts);
    evidence->alerts = NULL;
}

void evidence_open(struct evidence *evidence, const struct place *place, int64_t group,
                   const struct pausemon_config *config, struct pausemon_monitor *monitor,
                   const struct pausemon_host *host)
{
    evidence->directory = place->evidence;
    open_blackbox(evidence, place->blackbox, group, monitor, host);
    open_forensics(evidence, place->is_system, group, config, monitor, host);
    open_alerts(evidence, place->is_system, config, monitor, host);
}

void evidence_free(struct evidence *evidence)
{
    pausemon_alerts_free(evidence->alerts);
    pausemon_forensics_free(evidence->forensics);
    pausemon_blackbox_free(evidence->blackbox);
}

/* ---- asked by the dispatch thread ---- */

int evidence_ask(struct evidence *evidence)
{
    if (evidence->forensics)
        pausemon_forensics_request(evidence->forensics);
    return evidence->forensics != NULL;
}

void evidence_cancel(struct evidence *evidence)
{
    if (evidence->forensics)
        pausemon_forensics_cancel(evidence->forensics);
}

/* ---- the writer ---- */

static void flush_blackbox(struct evidence *evidence)
{
    struct pausemon_error error;
    int status = pausemon_blackbox_flush(evidence->blackbox, &error);

    status = status < 0 ? status : 0;
    if (status < 0 && status != evidence->blackbox_status)
        log_say(evidence->log, PAUSEMON_LOG_WARNING, "the black box is not written: %s",
                error.text);
    if (status == 0 && evidence->blackbox_status < 0)
        log_say(evidence->log, PAUSEMON_LOG_INFO, "the black box is written again");
    evidence->blackbox_status = status;
    atomic_store(&evidence->is_blind, status < 0);
}

void evidence_flush(struct evidence *evidence, struct pausemon_storage *storage)
{
    evidence->storage = storage;
    write_rows(evidence);
    if (evidence->blackbox)
        flush_blackbox(evidence);
    /* What fails is said by it, once. */
    if (evidence->alerts)
        pausemon_alerts_run(evidence->alerts, NULL);
}

void evidence_capture(struct evidence *evidence)
{
    /* What fails is said by it, once. */
    if (evidence->forensics)
        pausemon_forensics_run(evidence->forensics, NULL);
}

void evidence_set_config(struct evidence *evidence, const struct pausemon_config *config)
{
    if (evidence->forensics)
        pausemon_forensics_set_config(evidence->forensics, config);
    if (evidence->alerts)
        pausemon_alerts_set_config(evidence->alerts, config);
}

void evidence_finish(struct evidence *evidence)
{
    struct pausemon_error error;

    write_rows(evidence);
    if (evidence->blackbox && pausemon_blackbox_finish(evidence->blackbox, &error) < 0)
        log_say(evidence->log, PAUSEMON_LOG_WARNING, "the black box was not ended: %s", error.text);
}

/* ---- what the status says ---- */

const char *evidence_blackbox_state(const struct evidence *given)
{
    /* Reading an atomic is no change, but C11 does not say so. */
    struct evidence *evidence = (struct evidence *)(uintptr_t)given;

    if (!evidence->blackbox)
        return "off";
    return atomic_load(&evidence->is_blind) ? "failed" : "ok";
}

uint64_t evidence_count(const struct evidence *given)
{
    struct evidence *evidence = (struct evidence *)(uintptr_t)given;

    return atomic_load(&evidence->captures);
}
