/* SPDX-License-Identifier: MIT */
#include "engine/monitor.h"

#include <string.h>

#include "base/error.h"
#include "core/arith.h"
#include "core/config.h"
#include "engine/collector.h"
#include "sources/source.h"

/* ---- subscribers ---- */

int pausemon_monitor_subscribe(struct pausemon_monitor *monitor, uint64_t mask,
                               pausemon_event_fn callback, void *user, struct pausemon_error *error)
{
    if (!monitor || !callback)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a monitor and a function to call are needed");
    int number = pm_subscribers_add(&monitor->subscribers, mask, callback, user);
    return number < 0 ? pm_fail(error, number, "subscribe: %s", pausemon_status_text(number))
                      : number;
}

void pausemon_monitor_unsubscribe(struct pausemon_monitor *monitor, int number)
{
    pm_subscribers_remove(&monitor->subscribers, number);
}

int pausemon_monitor_feed(struct pausemon_monitor *monitor)
{
    if (!monitor || monitor->subscribers.telling)
        return PAUSEMON_ERR_INVALID;
    pm_monitor_hear(monitor);
    return pm_monitor_look(monitor);
}

/* How much of that time was reported before. */
static uint64_t reported_of(const struct pausemon_monitor *monitor, int64_t onset_ns,
                            int64_t end_ns)
{
    int64_t from_ns = onset_ns > monitor->late_onset_ns ? onset_ns : monitor->late_onset_ns;
    int64_t to_ns = end_ns < monitor->late_end_ns ? end_ns : monitor->late_end_ns;

    return monitor->late_ns > 0 && from_ns < to_ns ? (uint64_t)(to_ns - from_ns) : 0;
}

int pausemon_monitor_report_late(struct pausemon_monitor *monitor, int64_t onset_ns, int64_t end_ns)
{
    if (!monitor || onset_ns >= end_ns || end_ns > pm_monotonic_ns(&monitor->host))
        return PAUSEMON_ERR_INVALID;
    if (pm_collector_is_recorded(monitor->collector))
        return PAUSEMON_ERR_UNSUPPORTED;
    if (!monitor->has_last)
        return PAUSEMON_ERR_BUSY;
    onset_ns = onset_ns > monitor->last_ns ? onset_ns : monitor->last_ns;
    if (onset_ns >= end_ns)
        return 0;
    uint64_t more_ns = (uint64_t)(end_ns - onset_ns) - reported_of(monitor, onset_ns, end_ns);
    if (monitor->late_ns == 0 || onset_ns < monitor->late_onset_ns)
        monitor->late_onset_ns = onset_ns;
    if (monitor->late_ns == 0 || end_ns > monitor->late_end_ns)
        monitor->late_end_ns = end_ns;
    monitor->late_ns += more_ns;
    monitor->late_asks = true;
    pm_waiter_set_timer(&monitor->waiter, 0);
    return 0;
}

/* ---- pace ---- */

static bool has_pace_of_its_own(const struct pausemon_monitor *monitor)
{
    return pausemon_source_get_fd(monitor->source) >= 0;
}

/* The next point of the grid that lies ahead. */
static void advance(struct pausemon_monitor *monitor, int64_t now_ns)
{
    uint64_t late_ns = pm_elapsed(monitor->due_ns, now_ns);

    monitor->due_ns =
        now_ns - (int64_t)(late_ns % monitor->interval_ns) + (int64_t)monitor->interval_ns;
}

/* When the next look is due by time; -1: it is not. */
static int64_t next_due(const struct pausemon_monitor *monitor)
{
    int64_t due_ns = monitor->due_ns, pause_ns = pm_monitor_get_pause_due(monitor);

    if (has_pace_of_its_own(monitor))
        return pm_source_get_deadline(monitor->source);
    return pause_ns >= 0 && pause_ns < due_ns ? pause_ns : due_ns;
}

/* Nanoseconds until there is something to do; -1: nothing by time. */
static int64_t time_left(const struct pausemon_monitor *monitor)
{
    int64_t now_ns = pm_monotonic_ns(&monitor->host), due_ns = next_due(monitor);

    if (monitor->ended)
        return -1;
    if (!monitor->started || monitor->late_asks)
        return 0;
    if (due_ns < 0)
        return -1;
    /* A clock that went back makes nobody wait longer than an interval. */
    uint64_t left_ns = pm_elapsed(now_ns, due_ns);
    return (int64_t)(left_ns < monitor->interval_ns ? left_ns : monitor->interval_ns);
}

int pausemon_monitor_dispatch(struct pausemon_monitor *monitor)
{
    if (!monitor || monitor->subscribers.telling)
        return PAUSEMON_ERR_INVALID;
    int64_t now_ns = pm_monotonic_ns(&monitor->host);
    if (!monitor->started)
        monitor->due_ns = now_ns;
    /* The grid begins anew where the clock went back behind it. */
    if (monitor->due_ns > now_ns && pm_elapsed(now_ns, monitor->due_ns) > monitor->interval_ns)
        monitor->due_ns = now_ns;
    monitor->started = true;
    int samples = 0;
    bool wanted = pm_monitor_hear(monitor) || monitor->late_asks;
    if (now_ns >= monitor->due_ns && !has_pace_of_its_own(monitor)) {
        advance(monitor, now_ns);
        wanted = true;
    }
    if (wanted || has_pace_of_its_own(monitor) || now_ns >= next_due(monitor))
        samples = pm_monitor_look(monitor);
    pm_waiter_set_timer(&monitor->waiter, time_left(monitor));
    return monitor->ended ? PAUSEMON_ERR_END : samples;
}

int pausemon_monitor_get_fd(const struct pausemon_monitor *monitor)
{
    return monitor->waiter.fd;
}

int pausemon_monitor_get_timeout(struct pausemon_monitor *monitor)
{
    int64_t left_ns = time_left(monitor);

    if (monitor->ended)
        return -1;
    /* A source that wakes by its descriptor is asked once an interval by who follows time alone. */
    if (left_ns < 0)
        left_ns = (int64_t)monitor->interval_ns;
    return (int)((left_ns + PM_NS_PER_MS - 1) / PM_NS_PER_MS);
}

/* ---- life ---- */

void pausemon_monitor_set_config(struct pausemon_monitor *monitor,
                                 const struct pausemon_config *config)
{
    int64_t now_ns = pm_monotonic_ns(&monitor->host);
    uint64_t interval_ns = (uint64_t)config->interval_ms * PM_NS_PER_MS;

    pausemon_collector_set_config(monitor->collector, config);
    pausemon_tiers_set_config(monitor->tiers, config);
    pm_pauses_set_config(&monitor->pauses, config);
    monitor->ratio = (uint64_t)config->pause_threshold_ratio;
    if (interval_ns == monitor->interval_ns)
        return;
    monitor->interval_ns = interval_ns;
    monitor->has_last = false; /* nobody is late by another interval */
    monitor->due_ns = now_ns + (int64_t)interval_ns;
    if (monitor->started)
        pm_waiter_set_timer(&monitor->waiter, time_left(monitor));
}

static void drop_pulse(struct pausemon_monitor *monitor)
{
    if (!monitor->pulse)
        return;
    pm_waiter_remove(&monitor->waiter, monitor->pulse->wake.fd);
    pm_pulse_close(monitor->pulse);
    pm_pulse_release(monitor->pulse);
    monitor->pulse = NULL;
}

int pm_monitor_attach(struct pausemon_monitor *monitor, struct pm_pulse *pulse,
                      struct pausemon_error *error)
{
    if (pm_monitor_is_watched(monitor))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "the monitor has a heartbeat already");
    drop_pulse(monitor);
    int status = pm_waiter_add(&monitor->waiter, pulse->wake.fd, error);
    if (status < 0)
        return status;
    pm_pulse_hold(pulse);
    monitor->pulse = pulse;
    monitor->pulse_cpu_ns = 0;
    return 0;
}

bool pm_monitor_get_beats(const struct pausemon_monitor *monitor, uint64_t *beats, uint64_t *late,
                          uint64_t *worst_ns)
{
    struct pm_pulse *pulse = monitor->pulse;

    *beats = pulse ? atomic_load(&pulse->beats) : 0;
    *late = pulse ? atomic_load(&pulse->late_count) : 0;
    *worst_ns = pulse ? atomic_load(&pulse->worst_ns) : 0;
    return pulse != NULL;
}

void pm_monitor_set_reader(struct pausemon_monitor *monitor,
                           void (*read)(void *user, struct pm_readings *readings), void *user)
{
    monitor->read = read;
    monitor->read_user = user;
}

void pm_monitor_set_stuck(struct pausemon_monitor *monitor,
                          int (*look)(void *user, struct pm_stuck *stuck), void *user)
{
    monitor->stuck = look;
    monitor->stuck_user = user;
}

static int build(struct pausemon_monitor *monitor, const struct pausemon_config *config,
                 const struct pausemon_host *given, struct pausemon_error *error)
{
    int status = pm_waiter_open(&monitor->waiter, error);
    if (status < 0)
        return status;
    if (has_pace_of_its_own(monitor)) {
        int fd = pausemon_source_get_fd(monitor->source);
        status = pm_waiter_add(&monitor->waiter, fd, error);
        if (status < 0)
            return status;
    }
    status = pausemon_collector_new(&monitor->collector, config, monitor->source, given, error);
    if (status == 0)
        status = pausemon_tiers_new(&monitor->tiers, config, given, error);
    if (status == 0)
        status =
            pausemon_ring_new(&monitor->ring, pausemon_ring_capacity_for(config), given, error);
    pm_waiter_set_timer(&monitor->waiter, 0); /* the first look is due */
    return status;
}

int pausemon_monitor_new(struct pausemon_monitor **out, const struct pausemon_config *config,
                         struct pausemon_source *source, const struct pausemon_host *given,
                         struct pausemon_error *error)
{
    struct pausemon_config *defaults = NULL;
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !source)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a monitor needs a place and a source");
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    int status = config ? 0 : pausemon_config_new(&defaults, given, error);
    if (status < 0)
        return status;
    config = config ? config : defaults;
    struct pausemon_monitor *monitor = pm_alloc(&host, sizeof *monitor);
    status = monitor ? 0 : pm_fail(error, PAUSEMON_ERR_NOMEM, "monitor: out of memory");
    if (monitor) {
        monitor->host = host;
        pm_subscribers_init(&monitor->subscribers, &monitor->host);
        monitor->next_event_id = monitor->next_pause_id = 1;
        monitor->source = source;
        monitor->interval_ns = (uint64_t)config->interval_ms * PM_NS_PER_MS;
        monitor->ratio = (uint64_t)config->pause_threshold_ratio;
        pm_pauses_init(&monitor->pauses, &monitor->host);
        pm_pause_init(&monitor->displaced, &monitor->host);
        pm_pauses_set_config(&monitor->pauses, config);
        monitor->before = &monitor->readings[0];
        monitor->after = &monitor->readings[1];
        monitor->waiter = PM_WAITER_NONE;
        status = build(monitor, config, given, error);
    }
    pausemon_config_free(defaults);
    if (status < 0)
        pausemon_monitor_free(monitor);
    else
        *out = monitor;
    return status;
}

void pausemon_monitor_free(struct pausemon_monitor *monitor)
{
    if (!monitor)
        return;
    pm_monitor_close(monitor);
    drop_pulse(monitor);
    if (monitor->reader)
        pm_reader_close(monitor->reader);
    pm_free(&monitor->host, monitor->reader);
    pausemon_collector_free(monitor->collector);
    pausemon_tiers_free(monitor->tiers);
    pausemon_ring_free(monitor->ring);
    pm_waiter_close(&monitor->waiter);
    pm_subscribers_free(&monitor->subscribers);
    pm_free(&monitor->host, monitor);
}

const struct pausemon_ring *pausemon_monitor_get_ring(const struct pausemon_monitor *monitor)
{
    return monitor->ring;
}

uint64_t pausemon_monitor_get_tier(const struct pausemon_monitor *monitor)
{
    return pausemon_tiers_get(monitor->tiers);
}

void pausemon_monitor_set_next_ids(struct pausemon_monitor *monitor, int64_t event_id,
                                   int64_t pause_id)
{
    monitor->next_event_id = event_id > 0 ? event_id : 1;
    monitor->next_pause_id = pause_id > 0 ? pause_id : 1;
}

const struct pausemon_escalation *pausemon_monitor_get_escalation(
    const struct pausemon_monitor *monitor)
{
    return monitor->escalation.id ? &monitor->escalation : NULL;
}

const struct pausemon_process *pausemon_monitor_get_process(const struct pausemon_monitor *monitor,
                                                            size_t index)
{
    return pausemon_collector_get_process(monitor->collector, index);
}

const char *pausemon_monitor_get_onset(const struct pausemon_monitor *monitor, int64_t *taken_ns)
{
    const struct pm_onset *onset = monitor->pulse ? monitor->pulse->onset : NULL;
    bool is_there = onset && onset->shown_ns;

    if (taken_ns)
        *taken_ns = is_there ? monitor->onset_ns : 0;
    return is_there ? onset->shown : NULL;
}

const struct pm_host *pm_monitor_host(const struct pausemon_monitor *monitor)
{
    return &monitor->host;
}
