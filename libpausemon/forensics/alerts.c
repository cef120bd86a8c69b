/* SPDX-License-Identifier: MIT */
#include "forensics/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/capture.h"

#define OPTIONS_FIRST_SIZE PM_END_OF(struct pausemon_alerts_options, everybody)
#define LIMIT_NS (INT64_C(10) * PM_NS_PER_S) /* for each program */

/* ---- life ---- */

static void take_settings(struct pausemon_alerts *alerts, const struct pausemon_config *config)
{
    struct pm_notices *notices = &alerts->notices;
    bool any = config->alerts_enabled && !config->learning_mode;

    atomic_store(&notices->pause_min_ns,
                 any && config->pause_detected ? config->pause_min_duration * PM_NS_PER_MS : -1);
    atomic_store(&notices->critical_ns,
                 any && config->critical_stress ? config->critical_duration * PM_NS_PER_S : -1);
    atomic_store(&notices->elevated, any && config->elevated_entered ? 0 : -1);
    alerts->captures = any && config->forensics_completed;
    alerts->sound = config->sound != 0;
}

static int take_first_settings(struct pausemon_alerts *alerts, const struct pausemon_config *given,
                               struct pausemon_error *error)
{
    struct pausemon_config *config = NULL;

    if (!given && pausemon_config_new(&config, &alerts->host.given, NULL) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "alerts: out of memory");
    take_settings(alerts, given ? given : config);
    pausemon_config_free(config);
    return 0;
}

int pausemon_alerts_new(struct pausemon_alerts **out, const struct pausemon_config *config,
                        const struct pausemon_alerts_options *given,
                        const struct pausemon_host *given_host, struct pausemon_error *error)
{
    struct pausemon_alerts_options options = PAUSEMON_ALERTS_OPTIONS_INIT;
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "alerts need a place");
    *out = NULL;
    if (given && !pm_sized_take(&options, sizeof options, OPTIONS_FIRST_SIZE, given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "options of too small a size");
    if (pm_host_take(&host, given_host, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_alerts *alerts = pm_alloc(&host, sizeof *alerts);
    if (!alerts)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "alerts: out of memory");
    alerts->host = host;
    alerts->everybody = options.everybody != 0;
    pm_alerts_set_system(alerts, "", NULL);
    int status = take_first_settings(alerts, config, error);
    if (status < 0)
        pausemon_alerts_free(alerts);
    else
        *out = alerts;
    return status;
}

void pm_alerts_set_system(struct pausemon_alerts *alerts, const char *root,
                          const struct pm_alert_system *system)
{
    alerts->system = system ? system : pm_alert_here();
    snprintf(alerts->root, sizeof alerts->root, "%s", root);
}

void pausemon_alerts_set_config(struct pausemon_alerts *alerts,
                                const struct pausemon_config *config)
{
    if (alerts && config)
        take_settings(alerts, config);
}

static void hear(void *user, const struct pausemon_event *event)
{
    pm_notices_tell(&((struct pausemon_alerts *)user)->notices, event);
}

int pausemon_alerts_attach(struct pausemon_alerts *alerts, struct pausemon_monitor *monitor,
                           struct pausemon_error *error)
{
    const uint64_t mask =
        PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_TIER | PAUSEMON_EVENT_PAUSE | PAUSEMON_EVENT_CLOSE;

    if (!alerts || !monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "alerts and a monitor are needed");
    if (alerts->monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "the alerts are attached already");
    int number = pausemon_monitor_subscribe(monitor, mask, hear, alerts, NULL);
    if (number < 0)
        return pm_fail(error, number, "alerts: %s", pausemon_status_text(number));
    alerts->monitor = monitor;
    alerts->subscription = number;
    return 0;
}

void pausemon_alerts_free(struct pausemon_alerts *alerts)
{
    if (!alerts)
        return;
    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++)
        pm_errand_end(&alerts->programs[i].errand, "the alerts end");
    if (alerts->monitor && !atomic_load_explicit(&alerts->notices.closed, memory_order_acquire))
        pausemon_monitor_unsubscribe(alerts->monitor, alerts->subscription);
    pm_free(&alerts->host, alerts);
}

void pausemon_alerts_note_capture(struct pausemon_alerts *alerts,
                                  const struct pausemon_capture *given)
{
    struct pausemon_capture capture = PAUSEMON_CAPTURE_INIT;

    if (!alerts || !given ||
        !pm_sized_take(&capture, sizeof capture, PM_CAPTURE_FIRST_SIZE, given) ||
        !capture.complete || !alerts->captures)
        return;
    if (alerts->captured_count == PM_ALERT_SLOTS) {
        atomic_fetch_add_explicit(&alerts->notices.dropped, 1, memory_order_relaxed);
        return;
    }
    struct pm_alert *notice = &alerts->captured[alerts->captured_count++];
    memset(notice, 0, sizeof *notice);
    notice->kind = PM_ALERT_CAPTURE;
    notice->event_id = capture.event_id;
    notice->pause_id = capture.pause_id;
    notice->reason = capture.reason;
    memcpy(notice->name, capture.name, sizeof capture.name - 1);
}

/* ---- which notices are told ---- */

/* The one it belongs to, by its escalation or its pause; a new one has rank 0. */
static struct pm_alert_incident *find_incident(struct pausemon_alerts *alerts,
                                               const struct pm_alert *notice)
{
    size_t count = alerts->incident_count;

    for (size_t i = 0; i < count && i < PM_ALERT_INCIDENTS; i++) {
        struct pm_alert_incident *incident =
            &alerts->incidents[(count - 1 - i) % PM_ALERT_INCIDENTS];
        if ((notice->event_id && incident->event_id == notice->event_id) ||
            (notice->pause_id && incident->pause_id == notice->pause_id))
            return incident;
    }
    struct pm_alert_incident *incident = &alerts->incidents[count % PM_ALERT_INCIDENTS];
    alerts->incident_count++;
    *incident = (struct pm_alert_incident){notice->event_id, notice->pause_id, 0};
    return incident;
}

/* One notification an incident, and one more only if it became worse than the first said. */
static bool is_news(struct pausemon_alerts *alerts, const struct pm_alert *notice)
{
    static const int ranks[PM_ALERT_KIND_COUNT] = {[PM_ALERT_ELEVATED] = 1,
                                                   [PM_ALERT_CAPTURE] = 1,
                                                   [PM_ALERT_PAUSE] = 2,
                                                   [PM_ALERT_CRITICAL] = 2};
    struct pm_alert_incident *incident = find_incident(alerts, notice);
    bool news = ranks[notice->kind] > incident->rank;

    if (notice->event_id)
        incident->event_id = notice->event_id; /* a pause may get into an escalation later */
    if (notice->pause_id)
        incident->pause_id = notice->pause_id;
    if (news)
        incident->rank = ranks[notice->kind];
    return news;
}

/* The settings may have changed since it was put down. */
static bool is_wanted(struct pausemon_alerts *alerts, const struct pm_alert *notice)
{
    const struct pm_notices *notices = &alerts->notices;

    switch (notice->kind) {
    case PM_ALERT_PAUSE:
        return notices->pause_min_ns >= 0;
    case PM_ALERT_CRITICAL:
        return notices->critical_ns >= 0;
    case PM_ALERT_ELEVATED:
        return notices->elevated >= 0;
    default:
        return alerts->captures;
    }
}

/* A pause that was told again meanwhile, and is longer by now. */
static bool is_retold(struct pm_notices *notices, const struct pm_alert *notice)
{
    size_t count = pm_spsc_count(&notices->ring);

    for (size_t i = 1; i < count && notice->kind == PM_ALERT_PAUSE && notice->pause_id; i++) {
        const struct pm_alert *later =
            &notices->slots[pm_spsc_slot(&notices->ring, i, PM_ALERT_SLOTS)];
        if (later->kind == PM_ALERT_PAUSE && later->pause_id == notice->pause_id)
            return true;
    }
    return false;
}

static bool choose(struct pausemon_alerts *alerts, const struct pm_alert *notice)
{
    if (!is_wanted(alerts, notice) || !is_news(alerts, notice))
        return false;
    pm_alert_write(&alerts->text, notice);
    return true;
}

/* The next text that is to be told; false: there is none. */
static bool next_text(struct pausemon_alerts *alerts)
{
    struct pm_notices *notices = &alerts->notices;
    bool chosen = false;

    while (!chosen && pm_spsc_count(&notices->ring) > 0) {
        const struct pm_alert *notice =
            &notices->slots[pm_spsc_slot(&notices->ring, 0, PM_ALERT_SLOTS)];
        chosen = !is_retold(notices, notice) && choose(alerts, notice);
        pm_spsc_take(&notices->ring, 1);
    }
    while (!chosen && alerts->captured_count > 0) {
        chosen = choose(alerts, &alerts->captured[0]);
        memmove(&alerts->captured[0], &alerts->captured[1],
                --alerts->captured_count * sizeof alerts->captured[0]);
    }
    return chosen;
}

/* ---- telling ---- */

/* Said once, until it works again. */
static void say_trouble(struct pausemon_alerts *alerts, const char *why)
{
    if (!alerts->trouble_said)
        pm_log(&alerts->host, PAUSEMON_LOG_WARNING, "notifications do not work: %s", why);
    alerts->trouble_said = true;
}

static void look_after(struct pausemon_alerts *alerts)
{
    uint64_t dropped = atomic_load_explicit(&alerts->notices.dropped, memory_order_relaxed);

    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++) {
        struct pm_errand *errand = &alerts->programs[i].errand;
        if (!errand->is_running || !pm_errand_look(errand))
            continue;
        if (errand->status < 0)
            say_trouble(alerts, errand->why);
        else
            alerts->trouble_said = false;
    }
    if (dropped != alerts->dropped_said)
        pm_log(&alerts->host, PAUSEMON_LOG_WARNING, "%llu notifications found no room",
               (unsigned long long)(dropped - alerts->dropped_said));
    alerts->dropped_said = dropped;
}

static struct pm_alert_program *find_free(struct pausemon_alerts *alerts)
{
    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++)
        if (!alerts->programs[i].errand.is_running)
            return &alerts->programs[i];
    return NULL;
}

static int start(struct pausemon_alerts *alerts, struct pm_alert_program *program,
                 const struct pm_alert_user *user, struct pausemon_error *error)
{
    struct pm_errand *errand = &program->errand;
    int status = pm_alert_check_programs(alerts->system, alerts->root, alerts->everybody, error);

    if (status < 0)
        return status;
    status = pm_alert_compose(&program->command, alerts->system, alerts->root, &alerts->text,
                              alerts->sound, user, alerts->everybody);
    if (status < 0)
        return pm_fail(error, status, "the text of a notification is too long");
    *errand = (struct pm_errand){.argv = program->command.argv, .limit_ns = LIMIT_NS, .out_fd = -1};
    status = pm_errand_start(errand, &alerts->host);
    return status < 0 ? pm_fail(error, status, "%s", errand->why) : 0;
}

static void choose_users(struct pausemon_alerts *alerts)
{
    alerts->next_user = 0;
    if (alerts->everybody) {
        alerts->user_count = alerts->system->find_users(alerts->root, alerts->users);
        return;
    }
    alerts->users[0] = (struct pm_alert_user){(uint32_t)geteuid(), (uint32_t)getegid()};
    alerts->user_count = 1;
}

int pausemon_alerts_run(struct pausemon_alerts *alerts, struct pausemon_error *error)
{
    struct pm_alert_program *program;
    struct pausemon_error why;
    int begun = 0, failed = 0;

    if (!alerts)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "alerts are needed");
    look_after(alerts);
    while ((program = find_free(alerts))) {
        if (alerts->next_user == alerts->user_count) {
            if (!next_text(alerts))
                break;
            choose_users(alerts);
            continue;
        }
        int status = start(alerts, program, &alerts->users[alerts->next_user++], &why);
        begun += status == 0;
        if (status == 0)
            continue;
        failed = pm_fail(error, status, "%s", why.text);
        say_trouble(alerts, why.text);
    }
    return failed < 0 ? failed : begun;
}

int pausemon_alerts_probe(const struct pausemon_alerts_options *given, struct pausemon_error *error)
{
    struct pausemon_alerts_options options = PAUSEMON_ALERTS_OPTIONS_INIT;

    if (given && !pm_sized_take(&options, sizeof options, OPTIONS_FIRST_SIZE, given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "options of too small a size");
    return pm_alerts_probe(pm_alert_here(), "", getenv("DBUS_SESSION_BUS_ADDRESS"),
                           options.everybody != 0, error);
}
