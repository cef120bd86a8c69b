/* SPDX-License-Identifier: MIT */
#include "alert_desk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDE_MS = 60000 };

void desk_init(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    harness_init(&desk->harness);
    strcpy(desk->root, "/tmp/test_alerts.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(desk->root));
    ck_assert_int_eq(chmod(desk->root, 0755), 0);
    snprintf(desk->log, sizeof desk->log, "%s/log", desk->root);
    desk->fds = count_fds();
    ck_assert_int_eq(pausemon_config_new(&desk->config, &desk->harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_sample_new(&desk->sample, &desk->harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_pause_new(&desk->pause, &desk->harness.host, NULL), 0);
    desk->sample->info = (struct pausemon_sample_info){
        .size = sizeof desk->sample->info, .rogue_count = 1, .max_score = 93, .stress = 93};
    desk->sample->rogues[0] = (struct pausemon_process)PAUSEMON_PROCESS_INIT;
    desk->sample->rogues[0].pid = 41;
    desk->sample->rogues[0].score = 93;
    strcpy(desk->sample->rogues[0].command, "stress-ng");
}

void desk_set(struct desk *desk, const char *settings)
{
    char text[256], *rest = NULL;

    snprintf(text, sizeof text, "%s", settings);
    for (char *one = strtok_r(text, ";", &rest); one; one = strtok_r(NULL, ";", &rest)) {
        char *value = strchr(one, '=');
        *value++ = '\0';
        ck_assert_int_eq(pausemon_config_set(desk->config, one, value, NULL), 0);
    }
}

void desk_open(struct desk *desk, const struct pm_alert_system *system, bool everybody)
{
    struct pausemon_alerts_options options = PAUSEMON_ALERTS_OPTIONS_INIT;

    options.everybody = everybody;
    ck_assert_int_eq(
        pausemon_alerts_new(&desk->alerts, desk->config, &options, &desk->harness.host, NULL), 0);
    pm_alerts_set_system(desk->alerts, desk->root, system);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void desk_end(struct desk *desk)
{
    pausemon_alerts_free(desk->alerts);
    pausemon_pause_free(desk->pause);
    pausemon_sample_free(desk->sample);
    pausemon_config_free(desk->config);
    ck_assert_int_eq(desk->harness.live, 0);
    ck_assert_int_eq(count_fds(), desk->fds);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(nftw(desk->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void desk_write(const struct desk *desk, const char *path, const char *text, unsigned mode)
{
    char full[256];

    snprintf(full, sizeof full, "%s%s", desk->root, path);
    for (char *at = full + strlen(desk->root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(full, 0755);
        *at = '/';
    }
    if (!text)
        return;
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

void desk_install(const struct desk *desk, const char *path)
{
    char text[512];

    snprintf(text, sizeof text,
             "#!/bin/sh\nline=${0##*/}\nfor word; do line=\"$line[$word]\"; done\n"
             "printf '%%s\\n' \"$line\" >>%s\n",
             desk->log);
    desk_write(desk, path, text, 0755);
}

char *desk_log(const struct desk *desk)
{
    char *text = access(desk->log, F_OK) == 0 ? read_file(desk->log, NULL) : strdup("");

    truncate(desk->log, 0);
    return text;
}

void desk_check_log(const struct desk *desk, const char *expected)
{
    char *told = desk_log(desk);

    ck_assert_str_eq(told, expected);
    free(told);
}

/* Without taking the end from those who run: only its descriptor is asked. */
static bool await_programs(struct desk *desk)
{
    bool any = false;

    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++) {
        const struct pm_errand *errand = &desk->alerts->programs[i].errand;
        struct pollfd end = {errand->child.pid_fd, POLLIN, 0};
        if (!errand->is_running)
            continue;
        any = true;
        ck_assert_int_ge(end.fd, 0);
        ck_assert_int_eq(poll(&end, 1, WIDE_MS), 1);
    }
    return any;
}

int desk_settle(struct desk *desk)
{
    int begun, sum = 0;

    do {
        begun = pausemon_alerts_run(desk->alerts, NULL);
        sum += begun > 0 ? begun : 0;
    } while (await_programs(desk));
    return sum;
}

static void tell(struct desk *desk, struct pausemon_event *event)
{
    event->size = sizeof *event;
    event->escalation = desk->escalation.id ? &desk->escalation : NULL;
    long allocations = desk->harness.allocations;
    pm_notices_tell(&desk->alerts->notices, event);
    ck_assert_int_eq(desk->harness.allocations, allocations);
}

void desk_pause(struct desk *desk, int64_t id, int64_t ms, uint64_t cause)
{
    struct pausemon_event event = {.type = PAUSEMON_EVENT_PAUSE, .pause = desk->pause};
    struct pausemon_pause_info *info = &desk->pause->info;

    info->id = id;
    info->event_id = desk->escalation.id;
    info->duration_ns = info->lost_ns = (uint64_t)ms * 1000000;
    info->cause = cause;
    info->confidence = 940;
    tell(desk, &event);
}

void desk_sample(struct desk *desk, uint64_t tier)
{
    struct pausemon_event event = {
        .type = PAUSEMON_EVENT_SAMPLE, .sample = desk->sample, .tier = tier};

    harness_tick(&desk->harness, 1000000000);
    desk->sample->info.time = desk->harness.now;
    tell(desk, &event);
}

void desk_tier(struct desk *desk, uint64_t action)
{
    struct pausemon_event event = {
        .type = PAUSEMON_EVENT_TIER, .sample = desk->sample, .action = action};

    tell(desk, &event);
}

void desk_capture(struct desk *desk, int64_t pause_id, uint64_t reason)
{
    struct pausemon_capture capture = PAUSEMON_CAPTURE_INIT;

    capture.event_id = desk->escalation.id;
    capture.pause_id = pause_id;
    capture.reason = reason;
    strcpy(capture.name, "2026-01-23_12-00-00");
    pausemon_alerts_note_capture(desk->alerts, &capture); /* it was begun */
    capture.complete = 1;
    pausemon_alerts_note_capture(desk->alerts, &capture);
}
