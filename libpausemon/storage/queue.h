/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_QUEUE_H
#define PM_STORAGE_QUEUE_H

/* What waits to be written: filled by the thread that dispatches, emptied by the one that flushes.
 * No lock, no waiting, no allocation once made.
 *
 * Three things wait, each in its own way:
 *  - Records, in a ring of slots. Samples leave the last quarter free for the others; what finds
 *    no room is counted as dropped.
 *  - The state of the escalation: every record of a sample carries it, so that its row is there
 *    before what refers to it. A state that no record carried and that found no room stays aside,
 *    the newest in place of the one before, and is offered again at each event: its peaks only
 *    rise and its end comes once, so nothing is lost unless another escalation begins meanwhile.
 *    What the monitor had begun before is left out: in the file its id may be something else's.
 *  - The scores, counted by hour; one hour at a time is handed over in a mailbox. */

#include <pausemon/monitor.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/spsc.h"
#include "core/pause.h"
#include "core/sample.h"

#define PM_QUEUE_SCORES 101
#define PM_QUEUE_HOURS 48 /* that scores are counted for while nothing can be written */

enum pm_record_kind { PM_RECORD_ESCALATION, PM_RECORD_SAMPLE, PM_RECORD_PAUSE };

struct pm_record {
    enum pm_record_kind kind;
    bool enriched;                         /* the consumer's */
    uint64_t tier;                         /* SAMPLE */
    struct pausemon_escalation escalation; /* ESCALATION, SAMPLE; without notes */
    union {
        struct pausemon_sample sample;
        struct pausemon_pause pause;
    } as;
};

struct pm_hour {
    int64_t hour; /* since 1970 */
    uint32_t counts[PM_QUEUE_SCORES];
};

struct pm_queue {
    const struct pm_host *host; /* of the thread that fills */
    size_t capacity;
    struct pm_spsc ring;
    _Atomic uint64_t dropped;
    _Atomic uint64_t aside_waits; /* for whoever counts what waits */
    _Atomic bool closed;          /* nobody fills any more: what is aside belongs to the consumer */
    _Atomic bool mail;            /* the mailbox is full */
    struct pm_hour mailbox;
    /* Of the thread that fills: */
    int64_t first_event_id, first_pause_id;   /* below: from before the attach, not ours */
    struct pausemon_escalation aside, queued; /* waits for room; was queued last */
    bool saved;                               /* the sample of this look has been queued */
    size_t hour_count;
    struct pm_hour hours[PM_QUEUE_HOURS];
    struct pm_record slots[];
};

/* `host` must live as long. NULL: out of memory. */
struct pm_queue *pm_queue_new(size_t capacity, const struct pm_host *host);

/* ---- the thread that fills ---- */

/* What a monitor tells. */
void pm_queue_tell(struct pm_queue *queue, const struct pausemon_event *event);

/* ---- the thread that flushes ---- */

/* How many records can be read now. */
size_t pm_queue_ready(struct pm_queue *queue);

/* Of those ready, the oldest has index 0. */
struct pm_record *pm_queue_get(struct pm_queue *queue, size_t index);

/* The scores of one hour; NULL: none were handed over. */
const struct pm_hour *pm_queue_mail(struct pm_queue *queue);

/* They have been dealt with: the oldest `count` records, and the mail if it was taken. */
void pm_queue_done(struct pm_queue *queue, size_t count, bool mail);

/* From any thread: records that wait. */
uint64_t pm_queue_waiting(const struct pm_queue *queue);

#endif
