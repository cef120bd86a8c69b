/* SPDX-License-Identifier: MIT */
#ifndef ALERT_DESK_H
#define ALERT_DESK_H

/* Alerts below a root of their own, where stand-ins write down how they were called; told what a
 * monitor tells. */

#include "core/pause.h"
#include "core/sample.h"
#include "forensics/alerts.h"
#include "harness.h"

struct desk {
    struct harness harness;
    char root[32], log[64];
    int fds;
    struct pausemon_config *config;
    struct pausemon_alerts *alerts;
    struct pausemon_sample *sample;
    struct pausemon_pause *pause;
    struct pausemon_escalation escalation; /* id 0: none */
};

/* Makes the root; opens nothing. */
void desk_init(struct desk *desk);

/* "alerts.sound=false;…": settings other than the defaults. */
void desk_set(struct desk *desk, const char *settings);

void desk_open(struct desk *desk, const struct pm_alert_system *system, bool everybody);

/* Frees and removes all; nothing may be left: memory, descriptors, children. */
void desk_end(struct desk *desk);

/* Below the root; directories are made. */
void desk_write(const struct desk *desk, const char *path, const char *text, unsigned mode);

/* A program that appends its name and arguments to the log, as name[a][b]. */
void desk_install(const struct desk *desk, const char *path);

/* What the log holds, which is then empty. Free it. */
char *desk_log(const struct desk *desk);
void desk_check_log(const struct desk *desk, const char *expected);

/* Runs, and then again as often as it takes until nothing is left to do. Returns how many
 * notifications were begun in all. */
int desk_settle(struct desk *desk);

/* As a monitor tells them, in the escalation that is open. */
void desk_pause(struct desk *desk, int64_t id, int64_t ms, uint64_t cause);
void desk_sample(struct desk *desk, uint64_t tier); /* one second later */
void desk_tier(struct desk *desk, uint64_t action);
void desk_capture(struct desk *desk, int64_t pause_id, uint64_t reason);

#endif
