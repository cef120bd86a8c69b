/* SPDX-License-Identifier: MIT */
/* One look of a monitor: what it notices of pauses, and what it tells. */
#include <unistd.h>

#include "core/arith.h"
#include "engine/collector.h"
#include "engine/monitor.h"

static void tell(struct pausemon_monitor *monitor, struct pausemon_event *event)
{
    pm_subscribers_tell(&monitor->subscribers, event);
}

bool pm_monitor_is_watched(const struct pausemon_monitor *monitor)
{
    return monitor->pulse && !atomic_load(&monitor->pulse->stopped);
}

/* For how long a beat has been missing at this moment; 0: none is. */
static uint64_t missing_beat_ns(const struct pausemon_monitor *monitor)
{
    return pm_monitor_is_watched(monitor)
               ? pm_pulse_missing_ns(monitor->pulse, pm_system_monotonic_ns())
               : 0;
}

int64_t pm_monitor_get_pause_due(const struct pausemon_monitor *monitor)
{
    bool watched = pm_monitor_is_watched(monitor);

    /* While a beat is missing the pause goes on, and the guard will wake us with its report. */
    if (watched && (missing_beat_ns(monitor) || atomic_load(&monitor->pulse->unreported)))
        return -1;
    return pm_pauses_get_due(&monitor->pauses, watched);
}

/* The heartbeat knows of a late beat that has not been heard yet. */
static bool is_more_to_hear(const struct pausemon_monitor *monitor)
{
    return pm_monitor_is_watched(monitor) &&
           (atomic_load(&monitor->pulse->unreported) || !pm_pulse_is_empty(monitor->pulse));
}

/* ---- what the look itself notices ---- */

static void read_machine(struct pausemon_monitor *monitor, struct pm_readings *readings)
{
    readings->have = 0;
    readings->cpu_count = 0;
    if (monitor->read) {
        monitor->read(monitor->read_user, readings);
        return;
    }
    if (!monitor->reader) {
        monitor->reader = pm_alloc(&monitor->host, sizeof *monitor->reader);
        if (!monitor->reader)
            return; /* nothing is known, and next time it is tried again */
        pm_reader_open(monitor->reader);
    }
    int64_t tid = pm_thread_id();
    if (tid != monitor->reader_tid) {
        /* Dispatched on another thread than before: its totals are others. */
        pm_reader_watch(monitor->reader, pthread_self(), tid);
        monitor->before->have &=
            ~(UINT64_C(1) << PM_READ_OWN_CPU | UINT64_C(1) << PM_READ_RUN_DELAY);
    }
    monitor->reader_tid = tid;
    pm_reader_read(monitor->reader, readings);
}

/* The growth since the look before; false the first time. */
static bool read_growth(struct pausemon_monitor *monitor, const struct pausemon_instant *now,
                        struct pm_growth *growth)
{
    bool had = monitor->has_before;
    struct pm_readings *old = monitor->before;

    read_machine(monitor, monitor->after);
    pm_readings_set(monitor->after, PM_READ_ASLEEP,
                    pm_elapsed(now->monotonic_ns, now->boottime_ns));
    if (had)
        pm_readings_grow(growth, old, monitor->after);
    monitor->before = monitor->after;
    monitor->after = old;
    monitor->has_before = true;
    return had;
}

/* Processes that wait uninterruptibly, besides the one that does the most I/O. */
static uint64_t count_blocked(struct pausemon_monitor *monitor)
{
    const struct pm_table *table = pm_collector_table(monitor->collector);
    const struct pausemon_process *most = NULL;
    uint64_t count = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct pausemon_process *process = &table->entries[i].process;
        count += process->state == PAUSEMON_STATE_UNINTERRUPTIBLE ||
                 process->state == PAUSEMON_STATE_STUCK;
        if (process->have & PAUSEMON_HAVE_IO_BYTES && process->io_bytes > 0 &&
            (!most || process->io_bytes > most->io_bytes))
            most = process;
    }
    return count - (most && (most->state == PAUSEMON_STATE_UNINTERRUPTIBLE ||
                             most->state == PAUSEMON_STATE_STUCK));
}

static void judge_pause(struct pausemon_monitor *monitor, const struct pausemon_instant *now)
{
    pm_pauses_judge(&monitor->pauses, now, pm_collector_table(monitor->collector), getpid());
}

static void tell_pause(struct pausemon_monitor *monitor, struct pausemon_pause *pause)
{
    const struct pausemon_escalation *escalation = &monitor->escalation;
    struct pausemon_event event = {
        .type = PAUSEMON_EVENT_PAUSE,
        .pause = pause,
        .tier = pausemon_tiers_get(monitor->tiers),
        .escalation = escalation->id ? escalation : NULL,
        .again = pause->info.id == monitor->told_pause_id,
    };

    monitor->told_pause_id = pause->info.id;
    pause->info.tier = event.tier;
    if (escalation->id) /* told again after its escalation it still belongs to that */
        pause->info.event_id = escalation->id;
    tell(monitor, &event);
}

/* The pause that waits is to be told; false: it is not worth it. */
static bool take_pause(struct pausemon_monitor *monitor)
{
    struct pausemon_pause_info *info = &monitor->pauses.pause.info;

    if (!pm_pauses_take(&monitor->pauses))
        return false;
    if (info->id == 0)
        info->id = monitor->next_pause_id++;
    return true;
}

static void tell_displaced(struct pausemon_monitor *monitor)
{
    if (monitor->has_displaced)
        tell_pause(monitor, &monitor->displaced);
    monitor->has_displaced = false;
}

/* The pause that waits makes room for another, before a look was had. */
static void displace(struct pausemon_monitor *monitor)
{
    struct pausemon_instant now;

    tell_displaced(monitor);
    pm_now(&monitor->host, &now);
    judge_pause(monitor, &now);
    if (!take_pause(monitor))
        return;
    pausemon_pause_copy(&monitor->displaced, &monitor->pauses.pause);
    monitor->has_displaced = true;
    uint64_t floor = pm_pauses_floor(&monitor->pauses);
    monitor->floor = floor > monitor->floor ? floor : monitor->floor;
}

/* There is no look to tell them with. */
static void tell_waiting(struct pausemon_monitor *monitor)
{
    if (pm_pauses_get_due(&monitor->pauses, false) >= 0)
        displace(monitor);
    tell_displaced(monitor);
}

static void report(struct pausemon_monitor *monitor, const struct pm_report *report)
{
    if (pm_pauses_add(&monitor->pauses, report))
        return;
    displace(monitor);
    pm_pauses_add(&monitor->pauses, report);
}

/* What the program has reported since the last look is of the same window. */
static void add_reported(struct pausemon_monitor *monitor, struct pm_report *late_look)
{
    if (monitor->late_ns == 0)
        return;
    if (late_look->lapse.lost_ns == 0)
        late_look->end_ns = monitor->late_end_ns;
    if (monitor->late_onset_ns < late_look->onset_ns)
        late_look->onset_ns = monitor->late_onset_ns;
    if (monitor->late_ns > late_look->lapse.lost_ns)
        late_look->lapse.lost_ns = monitor->late_ns;
    monitor->late_ns = 0;
}

static void notice_lateness(struct pausemon_monitor *monitor, const struct pausemon_instant *now,
                            const struct pm_growth *growth)
{
    uint64_t elapsed_ns = pm_elapsed(monitor->last_ns, now->monotonic_ns);
    bool late = elapsed_ns > pm_mul_div(monitor->interval_ns, monitor->ratio, 1000);
    struct pm_report late_look = {
        .detector = PAUSEMON_DETECTOR_SAMPLE,
        .end_ns = now->monotonic_ns,
        .onset_ns = now->monotonic_ns,
        .lapse = {.growth = *growth, .canary_on_time = pm_monitor_is_watched(monitor)},
    };

    if (late) {
        late_look.lapse.lost_ns = elapsed_ns - monitor->interval_ns;
        late_look.onset_ns -= (int64_t)late_look.lapse.lost_ns;
        pausemon_tiers_skip(monitor->tiers, (int64_t)late_look.lapse.lost_ns);
    }
    add_reported(monitor, &late_look);
    /* Sleepers on the monotonic clock are never late after a suspend. */
    late_look.lapse.lost_ns += pm_growth_slept(growth);
    if (late_look.lapse.lost_ns > 0)
        report(monitor, &late_look);
}

/* Recordings have their own time, and this machine's readings say nothing of it. */
static void notice(struct pausemon_monitor *monitor, const struct pausemon_instant *now)
{
    struct pm_growth growth = {0};

    if (pm_collector_is_recorded(monitor->collector))
        return;
    if (read_growth(monitor, now, &growth) && monitor->has_last)
        notice_lateness(monitor, now, &growth);
    uint64_t blocked = pm_growth_get(&growth, PM_READ_IO_FULL) > 0 ? count_blocked(monitor) : 0;
    while (!pm_pauses_feel(&monitor->pauses, &growth, blocked, now->monotonic_ns))
        displace(monitor);
}

/* ---- telling ---- */

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

static void tell_sample(struct pausemon_monitor *monitor, const struct pausemon_sample *sample,
                        bool has_pause)
{
    const struct pausemon_sample_info *info = &sample->info;
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
    event.type = PAUSEMON_EVENT_ESCALATION;
    event.action = event.peak = 0;
    if (changed)
        tell(monitor, &event);
    tell_displaced(monitor);
    if (has_pause)
        tell_pause(monitor, &monitor->pauses.pause);
    if (!monitor->escalation.open)
        monitor->escalation.id = 0;
}

/* ---- one look ---- */

/* The heartbeat's threads cost too. */
static uint64_t take_pulse_cost(struct pausemon_monitor *monitor)
{
    uint64_t cpu_ns = monitor->pulse ? atomic_load(&monitor->pulse->cpu_ns) : 0;
    uint64_t cost_ns = pm_elapsed((int64_t)monitor->pulse_cpu_ns, (int64_t)cpu_ns);

    monitor->pulse_cpu_ns = cpu_ns;
    return cost_ns;
}

static void raise_stress(struct pausemon_sample *sample, uint64_t floor)
{
    if (floor > sample->info.stress)
        sample->info.stress = floor;
}

/* Onset is told by a look that comes so soon. */
#define ONSET_NS UINT64_C(300000000)

/* What a stall is blamed by is of this time at least. */
#define STALL_MARK_NS UINT64_C(10000000000)

/* What processes spend from now on is summed up, for the next freeze. Not while one lasts, but at
 * its onset: what they did before it is none of it. */
static void mark_look(struct pausemon_monitor *monitor)
{
    int64_t now_ns = pm_monotonic_ns(&monitor->host);
    uint64_t missing_ns = missing_beat_ns(monitor);

    if (missing_ns >= ONSET_NS || is_more_to_hear(monitor))
        return;
    if (missing_ns == 0 && pm_pauses_are_stalled(&monitor->pauses) &&
        pm_elapsed(monitor->marked_ns, now_ns) < STALL_MARK_NS)
        return;
    monitor->marked_ns = now_ns;
    pm_mark_set(&pm_collector_table(monitor->collector)->mark);
}

static void judge_and_tell(struct pausemon_monitor *monitor, int64_t cost_ns)
{
    struct pausemon_sample *sample = pm_collector_sample(monitor->collector);
    struct pausemon_instant now;

    pm_now(&monitor->host, &now);
    notice(monitor, &now);
    monitor->last_ns = now.monotonic_ns;
    monitor->has_last = true;
    judge_pause(monitor, &now);
    int64_t due_ns = pm_monitor_get_pause_due(monitor);
    bool has_pause = due_ns >= 0 && now.monotonic_ns >= due_ns && take_pause(monitor);
    if (has_pause)
        raise_stress(sample, pm_pauses_floor(&monitor->pauses));
    raise_stress(sample, monitor->floor);
    monitor->floor = 0;
    raise_stress(sample, pm_pauses_stall_floor(&monitor->pauses, now.monotonic_ns));
    cost_ns = pm_thread_cpu_ns() - cost_ns + (int64_t)take_pulse_cost(monitor);
    sample->info.cost_us = cost_ns > 0 ? (uint64_t)cost_ns / 1000 : 0;
    tell_sample(monitor, sample, has_pause);
    mark_look(monitor);
}

static void tell_failure(struct pausemon_monitor *monitor, const struct pausemon_error *error)
{
    monitor->last_ns = pm_monotonic_ns(&monitor->host);
    /* A source that restarts takes its time: that is no freeze. */
    monitor->has_last = pausemon_source_get_fd(monitor->source) < 0;
    tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_ERROR, .error = error});
}

/* A look that gave nothing: what is due is told all the same, or it would be due for ever. */
static void tell_what_is_due(struct pausemon_monitor *monitor)
{
    int64_t due_ns = pm_monitor_get_pause_due(monitor);

    if (monitor->has_displaced || (due_ns >= 0 && pm_monotonic_ns(&monitor->host) >= due_ns))
        tell_waiting(monitor);
}

static void tell_end(struct pausemon_monitor *monitor)
{
    monitor->ended = true;
    if (!pm_pauses_end_stalls(&monitor->pauses)) {
        tell_waiting(monitor);
        pm_pauses_end_stalls(&monitor->pauses);
    }
    tell_waiting(monitor);
}

int pm_monitor_look(struct pausemon_monitor *monitor)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;
    int64_t cost_ns = pm_thread_cpu_ns();
    int status = PAUSEMON_ERR_BUSY;

    monitor->late_asks = false;
    if (!monitor->ended)
        status = pausemon_collector_collect(&sample, monitor->collector, &error);
    if (status == 0) {
        judge_and_tell(monitor, cost_ns);
    } else if (status == PAUSEMON_ERR_END) {
        tell_end(monitor);
        if (monitor->pulse)
            pm_pulse_set_dispatcher(monitor->pulse, 0); /* there will be no look to lend for */
        tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_END});
    } else {
        if (status != PAUSEMON_ERR_BUSY)
            tell_failure(monitor, &error);
        tell_what_is_due(monitor);
    }
    if (monitor->pulse)
        pm_pulse_give_back(monitor->pulse);
    if (monitor->ended)
        return PAUSEMON_ERR_END;
    return status == 0;
}

bool pm_monitor_hear(struct pausemon_monitor *monitor)
{
    struct pm_pulse *pulse = monitor->pulse;
    int64_t shift_ns = 0;
    struct pm_beat beat;

    if (!pulse)
        return false;
    pm_pulse_set_dispatcher(pulse, monitor->ended ? 0 : pm_thread_id());
    pm_wake_clear(&pulse->wake);
    bool wanted = pm_pulse_take_look(pulse);
    /* The heartbeat's time is the system's. */
    if (monitor->host.given.now)
        shift_ns = pm_monotonic_ns(&monitor->host) - pm_system_monotonic_ns();
    if (pm_pulse_take_onset(pulse))
        monitor->onset_ns = pulse->onset->shown_ns + shift_ns;
    /* What is recorded did not happen to this machine, nor now: the first look tells. */
    while (pm_collector_has_looked(monitor->collector) && pm_pulse_take(pulse, &beat))
        if (!monitor->ended && !pm_collector_is_recorded(monitor->collector))
            report(monitor,
                   &(struct pm_report){PAUSEMON_DETECTOR_HEARTBEAT, beat.onset_ns + shift_ns,
                                       beat.end_ns + shift_ns, beat.lapse});
    return wanted || monitor->has_displaced;
}

void pm_monitor_close(struct pausemon_monitor *monitor)
{
    struct pausemon_escalation *escalation = &monitor->escalation;

    if (monitor->waiter.pid == getpid()) /* a child after fork() would take its parent's reports */
        pm_monitor_hear(monitor);
    tell_end(monitor);
    if (escalation->id) {
        escalation->open = 0;
        pm_now(&monitor->host, &escalation->end);
        tell(monitor,
             &(struct pausemon_event){.type = PAUSEMON_EVENT_ESCALATION, .escalation = escalation});
    }
    tell(monitor, &(struct pausemon_event){.type = PAUSEMON_EVENT_CLOSE});
}
