/* SPDX-License-Identifier: MIT */
#include <pausemon/monitor.h>

#include <stdbool.h>
#include <string.h>

#include "base/waiter.h"
#include "core/arith.h"
#include "core/config.h"
#include "engine/subscribers.h"
#include "sources/source.h"

struct pausemon_monitor {
    struct pm_host host;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_tiers *tiers;
    struct pausemon_ring *ring;
    struct pm_waiter waiter;
    uint64_t interval_ns;
    int64_t due_ns; /* of the next look, for a source without a descriptor */
    bool started, ended;
    struct pm_subscribers subscribers;
    struct pausemon_escalation escalation; /* id 0: none is open */
    int64_t next_event_id, next_pause_id;
};

/* ---- subscribers ---- */

int pausemon_monitor_subscribe(struct pausemon_monitor *monitor, uint64_t mask,
                               pausemon_event_fn callback, void *user)
{
    if (!monitor || !callback)
        return PAUSEMON_ERR_INVALID;
    return pm_subscribers_add(&monitor->subscribers, mask, callback, user);
}

void pausemon_monitor_unsubscribe(struct pausemon_monitor *monitor, int number)
{
    pm_subscribers_remove(&monitor->subscribers, number);
}

static void tell(struct pausemon_monitor *monitor, struct pausemon_event *event)
{
    pm_subscribers_tell(&monitor->subscribers, event);
}

/* ---- looks ---- */

/* Keeps the escalation current; whether there is something to tell of it. */
static bool escalate(struct pausemon_monitor *monitor, const struct pausemon_sample_info *info,
                     uint64_t tier, uint64_t actions)
{
    struct pausemon_escalation *escalation = &monitor->escalation;
    uint64_t peak = pausemon_tiers_get_peak(monitor->tiers);
    bool begins = !escalation->id && actions & (PAUSEMON_TIER2_ENTRY | PAUSEMON_TIER3_ENTRY);

    if (!escalation->id && !begins)
        return false;
    if (begins) {
        *escalation = (struct pausemon_escalation)PAUSEMON_ESCALATION_INIT;
        escalation->id = monitor->next_event_id++;
        escalation->start = info->time;
        escalation->open = 1;
    }
    bool rises = peak > escalation->peak_stress || tier > escalation->peak_tier;
    escalation->peak_stress = peak > escalation->peak_stress ? peak : escalation->peak_stress;
    escalation->peak_tier = tier > escalation->peak_tier ? tier : escalation->peak_tier;
    if (actions & PAUSEMON_TIER2_EXIT) {
        escalation->open = 0;
        escalation->end = info->time;
    }
    return rises || !escalation->open;
}

static void tell_sample(struct pausemon_monitor *monitor, const struct pausemon_sample *sample)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    uint64_t actions;
    uint64_t tier =
        pausemon_tiers_update(monitor->tiers, info->stress, info->time.monotonic_ns, &actions);
    bool changed = escalate(monitor, info, tier, actions);
    struct pausemon_event event = {
        .type = PAUSEMON_EVENT_SAMPLE,
        .sample = sample,
        .tier = tier,
        .escalation = monitor->escalation.id ? &monitor->escalation : NULL,
    };

    pausemon_ring_push(monitor->ring, sample, tier);
    tell(monitor, &event);
    event.type = PAUSEMON_EVENT_TIER;
    event.peak = pausemon_tiers_get_peak(monitor->tiers);
    for (uint64_t bit = 1; bit <= actions; bit <<= 1) {
        event.action = bit;
        if (actions & bit)
            tell(monitor, &event);
    }
    event.type = PAUSEMON_EVENT_EVENT;
    event.action = event.peak = 0;
    if (changed)
        tell(monitor, &event);
    if (!monitor->escalation.open)
        monitor->escalation.id = 0;
}

int pausemon_monitor_feed(struct pausemon_monitor *monitor)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;

    if (!monitor || monitor->subscribers.telling)
        return PAUSEMON_ERR_INVALID;
    if (monitor->ended)
        return 0;
    int status = pausemon_collector_collect(&sample, monitor->collector, &error);
    if (status == 0) {
        tell_sample(monitor, sample);
        return 1;
    }
    if (status == PAUSEMON_ERR_END) {
        monitor->ended = true;
        tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_END});
    } else if (status != PAUSEMON_ERR_BUSY) {
        tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_ERROR, .error = &error});
    }
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

/* Nanoseconds until there is something to do; -1: nothing by time. */
static int64_t time_left(const struct pausemon_monitor *monitor)
{
    int64_t now_ns = pm_monotonic_ns(&monitor->host), due_ns = monitor->due_ns;

    if (monitor->ended)
        return -1;
    if (!monitor->started)
        return 0;
    if (has_pace_of_its_own(monitor)) {
        due_ns = pm_source_get_deadline(monitor->source);
        if (due_ns < 0)
            return -1;
    }
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
    if (has_pace_of_its_own(monitor)) {
        samples = pausemon_monitor_feed(monitor);
    } else if (now_ns >= monitor->due_ns) {
        advance(monitor, now_ns);
        samples = pausemon_monitor_feed(monitor);
    }
    pm_waiter_set_timer(&monitor->waiter, time_left(monitor));
    return samples;
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
    if (interval_ns == monitor->interval_ns)
        return;
    monitor->interval_ns = interval_ns;
    monitor->due_ns = now_ns + (int64_t)interval_ns;
    if (monitor->started)
        pm_waiter_set_timer(&monitor->waiter, time_left(monitor));
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
    status = pausemon_collector_new(&monitor->collector, config, monitor->source, given);
    if (status == 0)
        status = pausemon_tiers_new(&monitor->tiers, config, given);
    if (status == 0)
        status = pausemon_ring_new(&monitor->ring, pausemon_ring_capacity_for(config), given);
    pm_waiter_set_timer(&monitor->waiter, 0); /* the first look is due */
    return status < 0 ? pm_fail(error, status, "monitor: %s", pausemon_status_text(status)) : 0;
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
    pm_host_init(&host, given);
    if (!config && pausemon_config_new(&defaults, given) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "monitor: out of memory");
    config = config ? config : defaults;
    struct pausemon_monitor *monitor = pm_alloc(&host, sizeof *monitor);
    int status = monitor ? 0 : pm_fail(error, PAUSEMON_ERR_NOMEM, "monitor: out of memory");
    if (monitor) {
        monitor->host = host;
        pm_subscribers_init(&monitor->subscribers, &monitor->host);
        monitor->next_event_id = monitor->next_pause_id = 1;
        monitor->source = source;
        monitor->interval_ns = (uint64_t)config->interval_ms * PM_NS_PER_MS;
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
    if (monitor->escalation.id) {
        monitor->escalation.open = 0;
        pm_now(&monitor->host, &monitor->escalation.end);
        tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_EVENT,
                                               .escalation = &monitor->escalation});
    }
    tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_CLOSE});
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
