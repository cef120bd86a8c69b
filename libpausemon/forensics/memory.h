/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_MEMORY_H
#define PM_FORENSICS_MEMORY_H

/* What is remembered at the moment of a freeze, on the thread that dispatches: in memory made
 * beforehand, without a lock, a disk or an allocation. The thread that runs takes it from here. */

#include <pausemon/monitor.h>

#include "base/spsc.h"
#include "core/pause.h"
#include "forensics/due.h"
#include "sources/stuck.h"

#define PM_NOTICES 16

/* One thing that was told: a pause, or the entry into CRITICAL. */
struct pm_notice {
    enum pm_due_verdict verdict;
    bool is_pause;
    bool is_worth;   /* it would begin a capture if none had just been begun */
    uint64_t look;   /* that told it */
    uint64_t serial; /* of the moment that is its own; 0: it has none */
    struct pausemon_instant at;
    bool has_escalation;
    struct pausemon_escalation escalation;
    struct pausemon_pause pause;
};

struct pm_processes {
    size_t capacity;
    struct pausemon_process items[];
};

/* How all was when a capture fell due. */
struct pm_moment {
    uint64_t serial; /* from 1 */
    bool is_asked;   /* a request's: no notice has it */
    int64_t at_ns;
    uint64_t tier;
    struct pausemon_ring *ring;
    struct pm_processes *processes;
    size_t count, omitted; /* processes; omitted: no room for them */
    bool has_escalation;
    struct pausemon_escalation escalation;
    bool has_onset;
    int64_t onset_ns;
    char onset[PM_STUCK_TEXT];
};

struct pm_memory {
    struct pm_host host; /* of the thread that dispatches */
    struct pausemon_monitor *monitor;
    int subscription;
    /* The thread that dispatches. */
    struct pm_due due;
    uint64_t look;          /* how many there were */
    uint64_t begun_look;    /* that began the last capture; 0: none did */
    uint64_t skipped_look;  /* that was put off last: one freeze is counted once */
    int64_t begun_pause_id; /* the pause it is about; 0: not known yet */
    uint64_t given_serial;
    /* Both. */
    _Atomic bool closed;
    _Atomic bool wanted;        /* run's thread wants a moment, with the next look */
    _Atomic bool full;          /* the moment is filled, and run's; else it is the dispatcher's */
    _Atomic int64_t dispatcher; /* thread of the last look; 0: none was told */
    _Atomic int64_t asked_ns;   /* the last capture that was asked for was begun; 0: none */
    _Atomic int64_t forensics_ns;
    _Atomic uint64_t process_count;
    _Atomic uint64_t skipped; /* freezes put off by the back-off, and what found no room */
    _Atomic(struct pm_processes *) offered; /* a larger one, for the moment */
    _Atomic(struct pm_processes *) retired; /* for run's thread to free */
    struct pm_moment moment;
    size_t room; /* run's: of the largest that was made */
    struct pm_spsc notices;
    struct pm_notice *slots;
};

/* Makes room: the ring's copy, processes, notices. The memory is zeroed but for its host. */
int pm_memory_make(struct pm_memory *memory, struct pausemon_monitor *monitor);
void pm_memory_free(struct pm_memory *memory, const struct pm_host *host);

/* The dispatcher: one event. `memory` is a struct pm_memory. */
void pm_memory_hear(void *memory, const struct pausemon_event *event);

/* The dispatcher: the moment is now, if run's thread is done with the one before. `is_asked`: for a
 * request. */
bool pm_memory_fill(struct pm_memory *memory, const struct pausemon_escalation *escalation,
                    bool is_asked);

/* Any thread, after a request: if it is the dispatcher, the moment is now; it need not wait for the
 * next look, which may be a minute away. */
void pm_memory_ask(struct pm_memory *memory);

/* Run's thread. The oldest notice, NULL: none; then it is done with. */
const struct pm_notice *pm_memory_peek(struct pm_memory *memory);
void pm_memory_drop(struct pm_memory *memory);

/* Run's thread: waits, at most `most_ms`, until the next look has filled the moment. Where that
 * thread dispatches too, it fills it. Whether there is one. */
bool pm_memory_want(struct pm_memory *memory, int most_ms);
void pm_memory_release(struct pm_memory *memory);

/* Run's thread, while nothing is asked for: a moment that was filled for a request too late to be
 * taken would be taken for the next one, and keep that from being remembered. */
void pm_memory_forget(struct pm_memory *memory);

/* Run's thread: a larger room where processes have outgrown it. Without memory it stays. */
void pm_memory_grow(struct pm_memory *memory, const struct pm_host *host);

#endif
