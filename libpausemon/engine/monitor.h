/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_MONITOR_H
#define PM_ENGINE_MONITOR_H

#include <pausemon/monitor.h>

#include "base/waiter.h"
#include "engine/pauses.h"
#include "engine/pulse.h"
#include "engine/subscribers.h"
#include "sources/readings.h"

struct pausemon_monitor {
    struct pm_host host;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_tiers *tiers;
    struct pausemon_ring *ring;
    struct pm_waiter waiter;
    struct pm_subscribers subscribers;
    struct pausemon_escalation escalation; /* id 0: none is open */
    int64_t next_event_id, next_pause_id;
    /* pace */
    uint64_t interval_ns;
    int64_t due_ns; /* of the next look, for a source without a descriptor */
    bool started, ended;
    /* pauses */
    uint64_t ratio;  /* sentinel.pause_threshold_ratio, thousandths */
    int64_t last_ns; /* a look was last had, or failed; host's clock */
    bool has_last;
    int64_t late_onset_ns, late_end_ns; /* what the program has reported; equal: nothing */
    uint64_t late_ns;                   /* of it, what was lost */
    bool late_asks;                     /* for a look: once, also if that fails */
    int64_t marked_ns;                  /* what processes spend is summed since then */
    struct pm_pauses pauses;
    struct pausemon_pause displaced; /* judged because another began: told with the next sample */
    bool has_displaced;
    int64_t told_pause_id;                                  /* of the pause that was told last */
    uint64_t floor;                                         /* its, under that sample's stress */
    struct pm_pulse *pulse;                                 /* of the heartbeat; NULL: none */
    uint64_t pulse_cpu_ns;                                  /* of it, told with samples so far */
    void (*read)(void *user, struct pm_readings *readings); /* NULL: `reader` */
    void *read_user;
    int (*stuck)(void *user, struct pm_stuck *stuck); /* NULL: the machine's */
    void *stuck_user;
    int64_t onset_ns;         /* what the pulse's onset shows, on the host's clock */
    struct pm_reader *reader; /* opened with the first look that needs it */
    int64_t reader_tid;       /* the thread it is about */
    struct pm_readings readings[2], *before, *after;
    bool has_before;
};

/* One look, if the source has one, and all that it tells. 1: a sample was told. */
int pm_monitor_look(struct pausemon_monitor *monitor);

/* Takes over what the heartbeat has reported; whether it wants a look. */
bool pm_monitor_hear(struct pausemon_monitor *monitor);

/* When a look should be had to tell the pause that waits; -1: none waits. */
int64_t pm_monitor_get_pause_due(const struct pausemon_monitor *monitor);

/* A heartbeat watches: more reports may come. */
bool pm_monitor_is_watched(const struct pausemon_monitor *monitor);

/* The last events: the pause that waits, the end of the escalation, CLOSE. */
void pm_monitor_close(struct pausemon_monitor *monitor);

/* The monitor takes a hold of the pulse. PAUSEMON_ERR_INVALID if it has one whose heartbeat still
 * beats. */
int pm_monitor_attach(struct pausemon_monitor *monitor, struct pm_pulse *pulse,
                      struct pausemon_error *error);

/* What the heartbeat's canary has felt since it started; false: there is no heartbeat. */
bool pm_monitor_get_beats(const struct pausemon_monitor *monitor, uint64_t *beats, uint64_t *late,
                          uint64_t *worst_ns);

const struct pm_host *pm_monitor_host(const struct pausemon_monitor *monitor);

/* For tests: readings of the machine come from here. */
void pm_monitor_set_reader(struct pausemon_monitor *monitor,
                           void (*read)(void *user, struct pm_readings *readings), void *user);

/* For tests: what a witness sees comes from here. Before the heartbeat is started. */
void pm_monitor_set_stuck(struct pausemon_monitor *monitor,
                          int (*look)(void *user, struct pm_stuck *stuck), void *user);

#endif
