/* SPDX-License-Identifier: MIT */
#include "storage/queue.h"

#include <string.h>

#define HOUR_NS (INT64_C(3600) * PM_NS_PER_S)

struct pm_queue *pm_queue_new(size_t capacity, const struct pm_host *host)
{
    /* Not zeroed: untouched pages stay away until records fill them. */
    struct pm_queue *queue =
        pm_resize(host, NULL, sizeof *queue + capacity * sizeof queue->slots[0]);

    if (!queue)
        return NULL;
    memset(queue, 0, sizeof *queue);
    queue->host = host;
    queue->capacity = capacity;
    return queue;
}

/* ---- the thread that fills ---- */

/* A free slot, to be put; NULL: none. `left` are to stay free after it. */
static struct pm_record *begin_put(struct pm_queue *queue, enum pm_record_kind kind, size_t left)
{
    if (!pm_spsc_has_room(&queue->ring, queue->capacity - left))
        return NULL;
    struct pm_record *record = &queue->slots[pm_spsc_next(&queue->ring, queue->capacity)];
    record->kind = kind;
    record->enriched = false;
    return record;
}

static void drop(struct pm_queue *queue, uint64_t count)
{
    atomic_fetch_add_explicit(&queue->dropped, count, memory_order_relaxed);
}

static bool is_same(const struct pausemon_escalation *a, const struct pausemon_escalation *b)
{
    return a->id == b->id && a->open == b->open && a->peak_stress == b->peak_stress &&
           a->peak_tier == b->peak_tier;
}

static void set_aside_waits(struct pm_queue *queue)
{
    atomic_store_explicit(&queue->aside_waits, queue->aside.id != 0, memory_order_relaxed);
}

/* A record now carries this state. */
static void note_queued(struct pm_queue *queue, const struct pausemon_escalation *escalation)
{
    queue->queued = *escalation;
    if (queue->aside.id == escalation->id)
        queue->aside.id = 0;
    set_aside_waits(queue);
}

static void offer_aside(struct pm_queue *queue)
{
    struct pm_record *record;

    if (queue->aside.id == 0 || !(record = begin_put(queue, PM_RECORD_ESCALATION, 0)))
        return;
    record->escalation = queue->aside;
    note_queued(queue, &record->escalation);
    pm_spsc_put(&queue->ring);
}

static struct pausemon_escalation copy_of(const struct pausemon_escalation *escalation)
{
    struct pausemon_escalation copy = *escalation;

    copy.notes = NULL; /* dies with the event */
    return copy;
}

static void put_escalation(struct pm_queue *queue, const struct pausemon_escalation *escalation)
{
    if (is_same(escalation, &queue->queued) || is_same(escalation, &queue->aside))
        return;
    if (queue->aside.id && queue->aside.id != escalation->id)
        drop(queue, 1);
    queue->aside = copy_of(escalation);
    set_aside_waits(queue);
    offer_aside(queue);
}

static void put_sample(struct pm_queue *queue, const struct pausemon_event *event)
{
    struct pm_record *record = begin_put(queue, PM_RECORD_SAMPLE, queue->capacity / 4);

    queue->saved = true;
    if (!record) {
        drop(queue, 1);
        return;
    }
    record->tier = event->tier;
    record->escalation = copy_of(event->escalation);
    pm_sample_init(&record->as.sample, queue->host);
    pausemon_sample_copy(&record->as.sample, event->sample);
    note_queued(queue, &record->escalation);
    pm_spsc_put(&queue->ring);
}

static void put_pause(struct pm_queue *queue, const struct pausemon_pause *pause)
{
    struct pm_record *record;

    if (pause->info.id < queue->first_pause_id)
        return;
    record = begin_put(queue, PM_RECORD_PAUSE, 0);
    if (!record) {
        drop(queue, 1);
        return;
    }
    pm_pause_init(&record->as.pause, queue->host);
    pausemon_pause_copy(&record->as.pause, pause);
    if (pause->info.event_id < queue->first_event_id)
        record->as.pause.info.event_id = 0;
    pm_spsc_put(&queue->ring);
}

static void offer_hour(struct pm_queue *queue)
{
    if (queue->hour_count == 0 || atomic_load_explicit(&queue->mail, memory_order_acquire))
        return;
    queue->mailbox = queue->hours[0];
    queue->hours[0] = queue->hours[--queue->hour_count];
    atomic_store_explicit(&queue->mail, true, memory_order_release);
}

static void count_score(struct pm_queue *queue, const struct pausemon_sample_info *info)
{
    int64_t ns = info->time.realtime_ns, hour = ns / HOUR_NS - (ns % HOUR_NS < 0);
    uint64_t score = info->max_score < PM_QUEUE_SCORES ? info->max_score : PM_QUEUE_SCORES - 1;
    size_t i = 0;

    while (i < queue->hour_count && queue->hours[i].hour != hour)
        i++;
    if (i == PM_QUEUE_HOURS) {
        drop(queue, 1);
        return;
    }
    if (i == queue->hour_count) {
        memset(&queue->hours[i], 0, sizeof queue->hours[i]);
        queue->hours[i].hour = hour;
        queue->hour_count++;
    }
    queue->hours[i].counts[score]++;
    offer_hour(queue);
}

/* Saved of a look: what began or raised an escalation, and everything in tier 3. */
static bool is_saved(const struct pausemon_event *event)
{
    const uint64_t actions = PAUSEMON_TIER2_ENTRY | PAUSEMON_TIER2_PEAK | PAUSEMON_TIER3_ENTRY;

    return event->type == PAUSEMON_EVENT_TIER
               ? (event->action & actions) != 0
               : event->type == PAUSEMON_EVENT_SAMPLE && event->tier == PAUSEMON_TIER_CRITICAL;
}

void pm_queue_tell(struct pm_queue *queue, const struct pausemon_event *event)
{
    struct pausemon_event ours = *event;

    if (ours.escalation && ours.escalation->id < queue->first_event_id)
        ours.escalation = NULL;
    event = &ours;
    offer_aside(queue);
    if (event->type == PAUSEMON_EVENT_SAMPLE) {
        queue->saved = false;
        count_score(queue, pausemon_sample_get_info(event->sample));
    }
    if (event->escalation && is_saved(event) && !queue->saved)
        put_sample(queue, event);
    /* TIER comes before EVENT: a sample that is saved carries the state, and EVENT adds nothing. */
    if (event->escalation && event->type != PAUSEMON_EVENT_SAMPLE)
        put_escalation(queue, event->escalation);
    if (event->type == PAUSEMON_EVENT_PAUSE)
        put_pause(queue, event->pause);
    if (event->type == PAUSEMON_EVENT_CLOSE)
        atomic_store_explicit(&queue->closed, true, memory_order_release);
}

/* ---- the thread that flushes ---- */

size_t pm_queue_ready(struct pm_queue *queue)
{
    if (atomic_load_explicit(&queue->closed, memory_order_acquire)) {
        offer_aside(queue);
        offer_hour(queue);
    }
    return pm_spsc_count(&queue->ring);
}

struct pm_record *pm_queue_get(struct pm_queue *queue, size_t index)
{
    return &queue->slots[pm_spsc_slot(&queue->ring, index, queue->capacity)];
}

const struct pm_hour *pm_queue_mail(struct pm_queue *queue)
{
    return atomic_load_explicit(&queue->mail, memory_order_acquire) ? &queue->mailbox : NULL;
}

void pm_queue_done(struct pm_queue *queue, size_t count, bool mail)
{
    pm_spsc_take(&queue->ring, count);
    if (mail)
        atomic_store_explicit(&queue->mail, false, memory_order_release);
}

uint64_t pm_queue_waiting(const struct pm_queue *queue)
{
    return pm_spsc_count(&queue->ring) +
           atomic_load_explicit(&queue->aside_waits, memory_order_relaxed);
}
