/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_MONITOR_H
#define PAUSEMON_MONITOR_H

/* A collector with a pace, a ring and tiers, that tells subscribers what happens. You own the
 * loop: wait for the descriptor, or for the timeout, or for both, then dispatch. Each way alone
 * gives the same events.
 * @since 0.1 */

#include <pausemon/collector.h>
#include <pausemon/escalation.h>
#include <pausemon/pause.h>
#include <pausemon/ring.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_monitor;

/* Bits of a subscriber's mask, and the type of an event: one bit. */
enum pausemon_event_type {
    PAUSEMON_EVENT_SAMPLE = 1 << 0,     /* a look was judged */
    PAUSEMON_EVENT_TIER = 1 << 1,       /* the tier manager did something */
    PAUSEMON_EVENT_ESCALATION = 1 << 2, /* one began, rose or ended */
    PAUSEMON_EVENT_PAUSE = 1 << 3,      /* a pause is over and judged */
    PAUSEMON_EVENT_ERROR = 1 << 4,      /* a look failed; it goes on */
    PAUSEMON_EVENT_END = 1 << 5,        /* the recording is over; told once */
    PAUSEMON_EVENT_CLOSE = 1 << 6       /* the monitor is being freed: the last event of all */
};
#define PAUSEMON_EVENT_ALL UINT64_MAX

/* Everything in it dies when the callback returns. What does not belong to a type is 0 or NULL. */
struct pausemon_event {
    uint64_t size;
    uint64_t type;                        /* one bit of enum pausemon_event_type */
    const struct pausemon_sample *sample; /* SAMPLE; TIER: the sample that did it */
    const struct pausemon_error *error;   /* ERROR */
    uint64_t tier;                        /* SAMPLE, TIER: enum pausemon_tier, after it */
    uint64_t action;                      /* TIER: one bit of enum pausemon_tier_action */
    uint64_t peak;                        /* TIER: the highest stress since the entry */
    /* SAMPLE, TIER, ESCALATION, PAUSE: the one that is open, or (in what its last sample tells)
       was; else NULL */
    const struct pausemon_escalation *escalation;
    const struct pausemon_pause *pause; /* PAUSE. Told again with the same id, and longer, when
                                           more of the same comes within 1.5 s */
    uint64_t again;                     /* PAUSE. 1: this pause was told before, shorter */
};

/* What one look tells, in order: SAMPLE, TIER for each action, ESCALATION, PAUSE. A PAUSE comes
 * alone where others began before a look could be had. Runs on the thread that dispatches. It may
 * read the monitor, subscribe and unsubscribe; it must not dispatch, feed (PAUSEMON_ERR_INVALID) or
 * free. */
typedef void (*pausemon_event_fn)(void *user, const struct pausemon_event *event);

/* `config` is copied; NULL: the defaults. The source stays yours and must live longer. */
PAUSEMON_API int pausemon_monitor_new(struct pausemon_monitor **monitor,
                                      const struct pausemon_config *config,
                                      struct pausemon_source *source,
                                      const struct pausemon_host *host,
                                      struct pausemon_error *error);

/* Ends the escalation that is open (ESCALATION), tells every subscriber CLOSE, then frees. */
PAUSEMON_API void pausemon_monitor_free(struct pausemon_monitor *monitor);

/* From the next event on. Returns a number above 0 for unsubscribe, or a negative status. For one
 * event subscribers are called in the order they came; a sample comes before what its tier did. */
PAUSEMON_API int pausemon_monitor_subscribe(struct pausemon_monitor *monitor, uint64_t mask,
                                            pausemon_event_fn callback, void *user,
                                            struct pausemon_error *error);

/* Not called again, not even for the event that is being told. In any order, also in a callback.
 * A number that is not (or no longer) in use does nothing. */
PAUSEMON_API void pausemon_monitor_unsubscribe(struct pausemon_monitor *monitor, int number);

/* One descriptor for life, readable when dispatch has something to do. */
PAUSEMON_API int pausemon_monitor_get_fd(const struct pausemon_monitor *monitor);

/* For poll(): milliseconds until dispatch has something to do; -1 after END. */
PAUSEMON_API int pausemon_monitor_get_timeout(struct pausemon_monitor *monitor);

/* Takes a look if one is due, and tells. Looks are due on a grid of monitor.interval_ms from the
 * first dispatch on; those that were missed are not made up for. A source with a descriptor sets
 * the pace itself. Never blocks. Returns the number of samples, 0 or 1; PAUSEMON_ERR_END when the
 * recording is over (END was told); PAUSEMON_ERR_INVALID in a callback. A failed look is an event.
 */
PAUSEMON_API int pausemon_monitor_dispatch(struct pausemon_monitor *monitor);

/* For programs without a loop of their own: sleeps until dispatch has something to do, at most
 * timeout_ms (-1: as long as it takes) or until a signal was handled, then dispatches. Returns what
 * dispatch returns; 0 when the time is over or a signal was handled. */
PAUSEMON_API int pausemon_monitor_wait(struct pausemon_monitor *monitor, int timeout_ms);

/* For a program with deadlines of its own (frames, ticks, requests): it was late between these, on
 * the monotonic clock of the monitor's host. The next dispatch looks at once, and a pause is told
 * as soon as nothing more can belong to it: of cause HOST if the program itself was busy or (with a
 * heartbeat) waited, else of what froze the machine. What lies before the last look is not counted,
 * so report before you dispatch; what was reported already counts once, so report in order. As any
 * pause it must be pause.record_ms long.
 * PAUSEMON_ERR_INVALID: it does not end after it began, or has not ended; PAUSEMON_ERR_BUSY: there
 * was no look yet; PAUSEMON_ERR_UNSUPPORTED: a recording. */
PAUSEMON_API int pausemon_monitor_report_late(struct pausemon_monitor *monitor, int64_t onset_ns,
                                              int64_t end_ns);

/* The same as dispatch at once, due or not: drives a monitor without clock and descriptor. */
PAUSEMON_API int pausemon_monitor_feed(struct pausemon_monitor *monitor);

/* Reload: settings whose key can be reloaded take effect at once (a new interval from now on). The
 * ring, the tier with its peak and timers, and what is known of the processes stay. */
PAUSEMON_API void pausemon_monitor_set_config(struct pausemon_monitor *monitor,
                                              const struct pausemon_config *config);

/* The ids of the next escalation and the next pause; 1 at first. Later ones count up from there.
 * Both above 0. */
PAUSEMON_API void pausemon_monitor_set_next_ids(struct pausemon_monitor *monitor, int64_t event_id,
                                                int64_t pause_id);

/* The escalation that is open; NULL in tier 1. Valid until the next dispatch or feed. */
PAUSEMON_API const struct pausemon_escalation *pausemon_monitor_get_escalation(
    const struct pausemon_monitor *monitor);

/* All processes of the last look; as pausemon_collector_get_process. */
PAUSEMON_API const struct pausemon_process *pausemon_monitor_get_process(
    const struct pausemon_monitor *monitor, size_t index);

/* What the heartbeat's witness saw at the onset of the newest standstill: a line a task that waited
 * uninterruptibly (pid, tid, name, where in the kernel), its kernel stack indented below it where
 * that may be read; cleaned text of at most 16 KiB. *taken_ns (may be NULL) becomes when, on the
 * monitor's monotonic clock. NULL: nothing was seen yet, or there is no witness. Valid until the
 * next dispatch or feed. */
PAUSEMON_API const char *pausemon_monitor_get_onset(const struct pausemon_monitor *monitor,
                                                    int64_t *taken_ns);

/* Valid until the next dispatch or feed; to keep it, pausemon_ring_freeze. */
PAUSEMON_API const struct pausemon_ring *pausemon_monitor_get_ring(
    const struct pausemon_monitor *monitor);

/* enum pausemon_tier. */
PAUSEMON_API uint64_t pausemon_monitor_get_tier(const struct pausemon_monitor *monitor);

PAUSEMON_END_DECLS
#endif
