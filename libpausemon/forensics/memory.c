/* SPDX-License-Identifier: MIT */
#include "forensics/memory.h"

#include <poll.h>
#include <string.h>

#include "base/thread.h"

#define FIRST_PROCESSES 512
#define WAIT_STEP_MS 10

/* ---- room ---- */

static struct pm_processes *make_processes(size_t capacity, const struct pm_host *host)
{
    /* Not zeroed: untouched pages stay away. */
    struct pm_processes *processes =
        pm_resize(host, NULL, sizeof *processes + capacity * sizeof processes->items[0]);

    if (processes)
        processes->capacity = capacity;
    return processes;
}

/* Room for what comes until it is next looked at. */
static size_t enough_for(size_t count)
{
    size_t capacity = count + count / 2 + 64;

    capacity = capacity > FIRST_PROCESSES ? capacity : FIRST_PROCESSES;
    return capacity < PAUSEMON_MAX_PROCESSES ? capacity : PAUSEMON_MAX_PROCESSES;
}

int pm_memory_make(struct pm_memory *memory, struct pausemon_monitor *monitor)
{
    size_t capacity = pausemon_ring_get_capacity(pausemon_monitor_get_ring(monitor));
    size_t count = 0;

    while (count < PAUSEMON_MAX_PROCESSES && pausemon_monitor_get_process(monitor, count))
        count++;
    memory->slots = pm_resize(&memory->host, NULL, PM_NOTICES * sizeof *memory->slots);
    memory->moment.processes = make_processes(enough_for(count), &memory->host);
    if (!memory->slots || !memory->moment.processes ||
        pausemon_ring_new(&memory->moment.ring, capacity, &memory->host.given, NULL) < 0) {
        pm_memory_free(memory, &memory->host);
        return PAUSEMON_ERR_NOMEM;
    }
    memory->room = memory->moment.processes->capacity;
    return 0;
}

void pm_memory_free(struct pm_memory *memory, const struct pm_host *host)
{
    pausemon_ring_free(memory->moment.ring);
    pm_free(host, memory->moment.processes);
    pm_free(host, memory->slots);
    pm_free(host, atomic_exchange(&memory->offered, NULL));
    pm_free(host, atomic_exchange(&memory->retired, NULL));
    memory->moment.ring = NULL;
    memory->moment.processes = NULL;
    memory->slots = NULL;
}

/* ---- the thread that dispatches ---- */

/* A larger room was made: the old one goes back, when there is a place to put it. */
static void take_offered(struct pm_memory *memory)
{
    if (atomic_load_explicit(&memory->retired, memory_order_acquire))
        return;
    struct pm_processes *larger = atomic_exchange(&memory->offered, NULL);
    if (!larger)
        return;
    atomic_store_explicit(&memory->retired, memory->moment.processes, memory_order_release);
    memory->moment.processes = larger;
}

static void copy_processes(struct pm_memory *memory)
{
    struct pm_moment *moment = &memory->moment;
    const struct pausemon_process *process;
    size_t i = 0;

    take_offered(memory);
    for (; (process = pausemon_monitor_get_process(memory->monitor, i)); i++) {
        if (i >= moment->processes->capacity)
            continue;
        moment->processes->items[i].size = sizeof moment->processes->items[i];
        pausemon_process_copy(&moment->processes->items[i], process);
    }
    moment->count = i < moment->processes->capacity ? i : moment->processes->capacity;
    moment->omitted = i - moment->count;
}

static void copy_escalation(struct pausemon_escalation *to, bool *has,
                            const struct pausemon_escalation *from)
{
    *has = from != NULL;
    if (!from)
        return;
    *to = *from;
    to->notes = NULL; /* of the monitor: it dies with the event */
}

bool pm_memory_fill(struct pm_memory *memory, const struct pausemon_escalation *escalation,
                    bool is_asked)
{
    struct pm_moment *moment = &memory->moment;

    if (atomic_load_explicit(&memory->full, memory_order_acquire))
        return false;
    pausemon_ring_freeze(moment->ring, pausemon_monitor_get_ring(memory->monitor));
    copy_processes(memory);
    const char *onset = pausemon_monitor_get_onset(memory->monitor, &moment->onset_ns);
    moment->has_onset = onset != NULL;
    size_t length = onset ? strnlen(onset, sizeof moment->onset - 1) : 0;
    memcpy(moment->onset, onset ? onset : "", length);
    moment->onset[length] = '\0';
    copy_escalation(&moment->escalation, &moment->has_escalation, escalation);
    moment->tier = pausemon_monitor_get_tier(memory->monitor);
    moment->at_ns = pm_monotonic_ns(&memory->host);
    moment->serial = ++memory->given_serial;
    moment->is_asked = is_asked;
    atomic_store_explicit(&memory->full, true, memory_order_release);
    return true;
}

static bool is_capturable(const struct pausemon_pause_info *info)
{
    return pm_cause_get(info->cause)->suffers;
}

static bool is_worth(const struct pm_memory *memory, const struct pausemon_event *event)
{
    return event->type != PAUSEMON_EVENT_PAUSE ||
           pm_pause_is_long(pausemon_pause_get_info(event->pause),
                            (uint64_t)atomic_load(&memory->forensics_ns));
}

/* A pause that is part of the capture that was begun last, whatever the time: it is told again, or
 * by the look that began it. */
static bool is_of_last(const struct pm_memory *memory, const struct pausemon_event *event)
{
    if (event->type != PAUSEMON_EVENT_PAUSE || !memory->begun_look)
        return false;
    const struct pausemon_pause_info *info = pausemon_pause_get_info(event->pause);
    return is_capturable(info) && (memory->begun_pause_id ? info->id == memory->begun_pause_id
                                                          : memory->look == memory->begun_look);
}

static enum pm_due_verdict judge(struct pm_memory *memory, const struct pausemon_event *event,
                                 int64_t now_ns)
{
    int64_t asked_ns = atomic_load(&memory->asked_ns);

    if (asked_ns && (!memory->due.has_begun || asked_ns > memory->due.begun_ns))
        pm_due_note(&memory->due, asked_ns);
    if (is_of_last(memory, event)) {
        memory->begun_pause_id = pausemon_pause_get_info(event->pause)->id;
        return PM_DUE_MERGE;
    }
    return is_worth(memory, event) ? pm_due_judge(&memory->due, now_ns) : PM_DUE_NONE;
}

static void count_skipped(struct pm_memory *memory)
{
    if (memory->skipped_look != memory->look)
        atomic_fetch_add(&memory->skipped, 1);
    memory->skipped_look = memory->look;
}

static void begin(struct pm_memory *memory, struct pm_notice *notice,
                  const struct pausemon_event *event)
{
    memory->begun_look = memory->look;
    memory->begun_pause_id = notice->is_pause ? pausemon_pause_get_info(event->pause)->id : 0;
    if (pm_memory_fill(memory, event->escalation, false))
        notice->serial = memory->given_serial;
}

static void put_notice(struct pm_memory *memory, const struct pausemon_event *event)
{
    if (!pm_spsc_has_room(&memory->notices, PM_NOTICES)) {
        if (is_worth(memory, event))
            count_skipped(memory);
        return;
    }
    struct pm_notice *notice = &memory->slots[pm_spsc_next(&memory->notices, PM_NOTICES)];
    notice->is_pause = event->type == PAUSEMON_EVENT_PAUSE;
    pm_now(&memory->host, &notice->at);
    notice->look = memory->look;
    notice->serial = 0;
    notice->is_worth = is_worth(memory, event);
    notice->verdict = judge(memory, event, notice->at.monotonic_ns);
    copy_escalation(&notice->escalation, &notice->has_escalation, event->escalation);
    if (notice->is_pause) {
        pm_pause_init(&notice->pause, &memory->host);
        pausemon_pause_copy(&notice->pause, event->pause);
    }
    if (notice->verdict == PM_DUE_SKIP)
        count_skipped(memory);
    if (notice->verdict == PM_DUE_BEGIN)
        begin(memory, notice, event);
    pm_spsc_put(&memory->notices);
}

static bool is_noted(const struct pausemon_event *event)
{
    if (event->type == PAUSEMON_EVENT_TIER)
        return event->action == PAUSEMON_TIER3_ENTRY;
    return event->type == PAUSEMON_EVENT_PAUSE &&
           is_capturable(pausemon_pause_get_info(event->pause));
}

void pm_memory_hear(void *user, const struct pausemon_event *event)
{
    struct pm_memory *memory = user;

    if (event->type == PAUSEMON_EVENT_SAMPLE) {
        memory->look++;
        atomic_store(&memory->dispatcher, pm_thread_id());
        atomic_store(&memory->process_count,
                     pausemon_sample_get_info(event->sample)->process_count);
        if (atomic_exchange(&memory->wanted, false))
            pm_memory_fill(memory, event->escalation, true);
    }
    if (is_noted(event))
        put_notice(memory, event);
    if (event->type == PAUSEMON_EVENT_CLOSE)
        atomic_store_explicit(&memory->closed, true, memory_order_release);
}

static bool is_dispatcher(struct pm_memory *memory)
{
    return memory->monitor && !atomic_load(&memory->closed) &&
           atomic_load(&memory->dispatcher) == pm_thread_id();
}

void pm_memory_ask(struct pm_memory *memory)
{
    if (is_dispatcher(memory))
        pm_memory_fill(memory, pausemon_monitor_get_escalation(memory->monitor), true);
}

/* ---- the thread that runs ---- */

const struct pm_notice *pm_memory_peek(struct pm_memory *memory)
{
    if (!memory->slots || pm_spsc_count(&memory->notices) == 0)
        return NULL;
    return &memory->slots[pm_spsc_slot(&memory->notices, 0, PM_NOTICES)];
}

void pm_memory_drop(struct pm_memory *memory)
{
    pm_spsc_take(&memory->notices, 1);
}

bool pm_memory_want(struct pm_memory *memory, int most_ms)
{
    bool is_closed = !memory->monitor || atomic_load(&memory->closed);

    if (atomic_load_explicit(&memory->full, memory_order_acquire))
        return true;
    if (is_closed || atomic_load(&memory->dispatcher) == 0)
        return false;
    if (is_dispatcher(memory))
        return pm_memory_fill(memory, pausemon_monitor_get_escalation(memory->monitor), true);
    atomic_store(&memory->wanted, true);
    for (int waited = 0; waited < most_ms; waited += WAIT_STEP_MS) {
        if (atomic_load_explicit(&memory->full, memory_order_acquire) ||
            atomic_load(&memory->closed))
            break;
        poll(NULL, 0, WAIT_STEP_MS);
    }
    /* Taken by the dispatcher: then it is being filled, which is not waiting for anything. */
    if (!atomic_exchange(&memory->wanted, false))
        for (int i = 0; i < 100 && !atomic_load(&memory->full); i++)
            poll(NULL, 0, 1);
    return atomic_load_explicit(&memory->full, memory_order_acquire);
}

void pm_memory_release(struct pm_memory *memory)
{
    atomic_store_explicit(&memory->full, false, memory_order_release);
}

void pm_memory_forget(struct pm_memory *memory)
{
    if (atomic_load_explicit(&memory->full, memory_order_acquire) && memory->moment.is_asked)
        pm_memory_release(memory);
}

void pm_memory_grow(struct pm_memory *memory, const struct pm_host *host)
{
    size_t count = (size_t)atomic_load(&memory->process_count);

    pm_free(host, atomic_exchange(&memory->retired, NULL));
    if (!memory->monitor || count + count / 8 <= memory->room ||
        memory->room == PAUSEMON_MAX_PROCESSES)
        return;
    struct pm_processes *larger = make_processes(enough_for(count), host);
    if (!larger)
        return;
    memory->room = larger->capacity;
    pm_free(host, atomic_exchange(&memory->offered, larger));
}
