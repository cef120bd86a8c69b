/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/known.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/when.h"

struct known *known_new(void)
{
    struct known *known = calloc(1, sizeof *known);

    if (!known)
        return NULL;
    known->filter = -1;
    int status = pausemon_sample_new(&known->sample, NULL, NULL);
    if (status == 0)
        status = pausemon_sample_new(&known->fresh, NULL, NULL);
    if (status == 0)
        status = pausemon_pause_new(&known->heard_pause, NULL, NULL);
    for (size_t i = 0; status == 0 && i < KNOWN_TOLD; i++)
        status = pausemon_pause_new(&known->told_pauses[i], NULL, NULL);
    if (status == 0)
        return known;
    known_free(known);
    return NULL;
}

void known_free(struct known *known)
{
    if (!known)
        return;
    for (size_t i = 0; i < KNOWN_TOLD; i++)
        pausemon_pause_free(known->told_pauses[i]);
    pausemon_pause_free(known->heard_pause);
    pausemon_sample_free(known->fresh);
    pausemon_sample_free(known->sample);
    free(known);
}

void known_disconnect(struct known *known)
{
    known->has_status = 0;
    known->since_ns = 0;
    known->is_dirty = 1;
}

/* ---- who calmed down ---- */

static int is_same(const struct pausemon_process *a, const struct pausemon_process *b)
{
    return a->pid == b->pid && a->start_time == b->start_time;
}

/* The place of a process among `count`; count: it is not there. */
static size_t find(const struct pausemon_process *rows, size_t count,
                   const struct pausemon_process *process)
{
    size_t i = 0;

    while (i < count && !is_same(&rows[i], process))
        i++;
    return i;
}

static void drop_calm(struct known *known, size_t index)
{
    memmove(&known->calm[index], &known->calm[index + 1],
            (--known->calm_count - index) * sizeof known->calm[0]);
}

static void add_calm(struct known *known, const struct pausemon_process *process)
{
    if (process->score < KNOWN_CALM_SCORE)
        return;
    if (known->calm_count == KNOWN_CALM)
        known->calm_count--;
    memmove(&known->calm[1], &known->calm[0], known->calm_count * sizeof known->calm[0]);
    known->calm[0].process.size = sizeof known->calm[0].process;
    pausemon_process_copy(&known->calm[0].process, process);
    known->calm[0].gone_ms = known->now_ms;
    known->calm_count++;
}

/* Who is back is not calm. */
static void wake(struct known *known, const struct pausemon_process *process)
{
    for (size_t i = 0; i < known->calm_count; i++)
        if (is_same(&known->calm[i].process, process)) {
            drop_calm(known, i);
            return;
        }
}

void known_expire(struct known *known)
{
    while (known->calm_count > 0 &&
           known->now_ms - known->calm[known->calm_count - 1].gone_ms >= KNOWN_CALM_MS)
        known->calm_count--;
}

/* Who was a rogue and is none in `sample` has calmed down; the others are compared with their
 * worst. */
static void follow(struct known *known, const struct pausemon_sample *sample)
{
    const uint64_t count = pausemon_sample_get_info(sample)->rogue_count;
    struct pausemon_process old[PAUSEMON_MAX_ROGUES];
    const size_t old_count = known->worst_count;
    const struct pausemon_process *rogue;
    size_t kept = 0;

    memcpy(old, known->worst, sizeof old);
    for (size_t i = 0; i < count && kept < PAUSEMON_MAX_ROGUES; i++) {
        if (!(rogue = pausemon_sample_get_rogue(sample, i)))
            break;
        const size_t at = find(old, old_count, rogue);
        const int was_worse = at < old_count && old[at].score > rogue->score;
        known->worst[kept].size = sizeof known->worst[kept];
        pausemon_process_copy(&known->worst[kept++], was_worse ? &old[at] : rogue);
        wake(known, rogue);
    }
    known->worst_count = kept;
    for (size_t i = 0; i < old_count; i++)
        if (find(known->worst, kept, &old[i]) == kept)
            add_calm(known, &old[i]);
}

/* ---- samples ---- */

static void push_stress(struct known *known, uint64_t stress, uint64_t tier)
{
    if (known->stress_count == KNOWN_STRESS) {
        known->stress_count--;
        memmove(known->stress, known->stress + 1, known->stress_count);
        memmove(known->tiers, known->tiers + 1, known->stress_count);
    }
    known->stress[known->stress_count] = (uint8_t)(stress > 100 ? 100 : stress);
    known->tiers[known->stress_count++] = (uint8_t)(tier > 3 ? 0 : tier);
}

static void set_tier(struct known *known, uint64_t tier, int64_t now_ns)
{
    if (!pausemon_tier_name(tier))
        return;
    if (tier == PAUSEMON_TIER_SENTINEL)
        known->since_ns = 0;
    else if (tier != known->tier && known->has_sample)
        known->since_ns = now_ns;
    known->tier = tier;
}

void known_take_sample(struct known *known, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);

    set_tier(known, tier, info->time.realtime_ns);
    push_stress(known, info->stress, tier);
    follow(known, sample);
    if (sample != known->sample)
        pausemon_sample_copy(known->sample, sample);
    known->has_sample = 1;
    known->heard_ms = known->now_ms;
    known->look_why[0] = '\0';
}

/* ---- incidents ---- */

/* Whether a belongs above b: newer, and of two that began at once the one told later. */
static int is_newer(int64_t a_ns, int64_t a_id, int64_t b_ns, int64_t b_id)
{
    return a_ns != b_ns ? a_ns > b_ns : a_id > b_id;
}

static void put_pause(struct known *known, const struct known_pause *pause)
{
    size_t count = known->pause_count, at = 0;
    struct known_pause *rows = known->pauses;

    for (size_t i = 0; i < count; i++)
        if (rows[i].id == pause->id) {
            memmove(&rows[i], &rows[i + 1], (--count - i) * sizeof rows[0]);
            break;
        }
    while (at < count && is_newer(rows[at].start_ns, rows[at].id, pause->start_ns, pause->id))
        at++;
    if (at < KNOWN_ROWS) {
        count -= count == KNOWN_ROWS;
        memmove(&rows[at + 1], &rows[at], (count - at) * sizeof rows[0]);
        rows[at] = *pause;
        count++;
    }
    known->pause_count = count;
}

static void put_event(struct known *known, const struct known_event *event)
{
    size_t count = known->event_count, at = 0;
    struct known_event *rows = known->events;

    for (size_t i = 0; i < count; i++)
        if (rows[i].id == event->id) {
            memmove(&rows[i], &rows[i + 1], (--count - i) * sizeof rows[0]);
            break;
        }
    while (at < count && is_newer(rows[at].start_ns, rows[at].id, event->start_ns, event->id))
        at++;
    if (at < KNOWN_ROWS) {
        count -= count == KNOWN_ROWS;
        memmove(&rows[at + 1], &rows[at], (count - at) * sizeof rows[0]);
        rows[at] = *event;
        count++;
    }
    known->event_count = count;
}

static struct known_pause row_of(const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(pause, 0);
    struct known_pause row = {info->id,
                              info->start.realtime_ns,
                              info->duration_ns,
                              info->cause,
                              info->confidence,
                              info->culprit_count,
                              culprit ? culprit->count : 0,
                              ""};

    if (culprit)
        utf8_clean(row.culprit, sizeof row.culprit, culprit->command);
    return row;
}

void known_begin_pauses(struct known *known)
{
    known->pause_count = 0;
}

/* They come with the newest first: nothing is moved. */
void known_add_pause(struct known *known, const struct pausemon_pause *pause)
{
    const struct known_pause row = row_of(pause);

    put_pause(known, &row);
}

void known_end_pauses(struct known *known)
{
    int64_t written = 0;

    for (size_t i = 0; i < known->pause_count; i++)
        written = known->pauses[i].id > written ? known->pauses[i].id : written;
    for (size_t i = 0; i < KNOWN_TOLD; i++)
        if (pausemon_pause_get_info(known->told_pauses[i])->id > written)
            known_add_pause(known, known->told_pauses[i]);
}

const struct pausemon_pause *known_find_pause(const struct known *known, int64_t id)
{
    const struct pausemon_pause *pause = known->told_pauses[(uint64_t)id % KNOWN_TOLD];

    return id > 0 && pausemon_pause_get_info(pause)->id == id ? pause : NULL;
}

void known_take_pause(struct known *known, const struct pausemon_pause *pause)
{
    const int64_t id = pausemon_pause_get_info(pause)->id;

    if (id <= 0)
        return;
    if (pause != known->told_pauses[(uint64_t)id % KNOWN_TOLD])
        pausemon_pause_copy(known->told_pauses[(uint64_t)id % KNOWN_TOLD], pause);
    known_add_pause(known, pause);
    known->is_dirty = 1;
}

static struct known_event row_of_escalation(const struct pausemon_escalation *escalation)
{
    struct known_event row = {
        escalation->id,     escalation->start.realtime_ns, escalation->end.realtime_ns,
        escalation->open,   escalation->peak_stress,       escalation->peak_tier,
        escalation->review, escalation->sample_count,      ""};

    utf8_clean(row.notes, sizeof row.notes, escalation->notes ? escalation->notes : "");
    return row;
}

void known_begin_events(struct known *known)
{
    known->event_count = 0;
}

void known_add_event(struct known *known, const struct pausemon_escalation *escalation)
{
    const struct known_event row = row_of_escalation(escalation);

    put_event(known, &row);
}

static int passes(const struct known *known, const struct known_event *event)
{
    return known->filter < 0 || (uint64_t)known->filter == event->review;
}

void known_end_events(struct known *known)
{
    int64_t written = 0;

    for (size_t i = 0; i < known->event_count; i++)
        written = known->events[i].id > written ? known->events[i].id : written;
    for (size_t i = 0; i < KNOWN_TOLD; i++)
        if (known->told_events[i].id > written && passes(known, &known->told_events[i]))
            put_event(known, &known->told_events[i]);
}

static void tell_event(struct known *known, const struct known_event *event)
{
    if (event->id <= 0)
        return;
    known->told_events[(uint64_t)event->id % KNOWN_TOLD] = *event;
    if (passes(known, event))
        put_event(known, event);
    known->is_dirty = 1;
}

void known_take_event(struct known *known, const struct pausemon_escalation *escalation)
{
    const struct known_event row = row_of_escalation(escalation);

    tell_event(known, &row);
}

/* ---- lines of a daemon ---- */

static void hear_old_sample(void *user, const char *text, size_t length, int64_t tier)
{
    struct known *known = user;

    if (pausemon_json_decode_sample(known->fresh, text, length, NULL) == 0)
        known_take_sample(known, known->fresh, tier > 0 ? (uint64_t)tier : 0);
}

static void hear_state(struct known *known, const char *line, size_t length,
                       const struct message *message)
{
    known->stress_count = known->worst_count = 0;
    known->has_sample = 0;
    message_each_sample(line, length, hear_old_sample, known);
    known->calm_count = 0;
    set_tier(known, (uint64_t)message->tier, known->now_ns);
    known->since_ns = 0; /* the status that follows says it */
}

static void hear_status(struct known *known, const struct message *message)
{
    const char *since =
        known->tier == PAUSEMON_TIER_CRITICAL ? message->critical_since : message->elevated_since;

    known->status = *message;
    known->has_status = 1;
    if (when_read(&known->since_ns, since) < 0)
        known->since_ns = 0;
}

static uint64_t at_least_0(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

static void hear_event(struct known *known, const struct message *message)
{
    const int review = pausemon_review_from_name(message->status);
    struct known_event event = {.id = message->id};

    if (when_read(&event.start_ns, message->start) < 0)
        return;
    event.is_open = when_read(&event.end_ns, message->end) < 0;
    event.peak_stress = at_least_0(message->peak_stress);
    event.peak_tier = at_least_0(message->peak_tier);
    event.review = review < 0 ? 0 : (uint64_t)review;
    event.samples = at_least_0(message->samples);
    utf8_clean(event.notes, sizeof event.notes, message->notes);
    tell_event(known, &event);
}

int known_hear(struct known *known, const char *line, size_t length)
{
    struct message message;
    const int status = message_read(&message, line, length);

    if (status < 0)
        return status;
    if (strcmp(message.type, "error") == 0) {
        snprintf(known->link_why, sizeof known->link_why, "the daemon refuses: %s", message.text);
        return -3;
    }
    if (strcmp(message.type, "initial_state") == 0)
        hear_state(known, line, length, &message);
    else if (strcmp(message.type, "status") == 0)
        hear_status(known, &message);
    else if (strcmp(message.type, "event") == 0)
        hear_event(known, &message);
    else if (strcmp(message.type, "tier") == 0)
        set_tier(known, at_least_0(message.tier), known->now_ns);
    else if (strcmp(message.type, "sample") == 0)
        hear_old_sample(known, line, length, message.tier);
    else if (strcmp(message.type, "pause") == 0 &&
             pausemon_json_decode_pause(known->heard_pause, line, length, NULL) == 0)
        known_take_pause(known, known->heard_pause);
    return 0;
}
