/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_PULSE_H
#define PM_ENGINE_PULSE_H

/* What a heartbeat and its monitor share: reports one way, without a lock. Each holds one end; who
 * lets go last frees it. */

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "core/cause.h"
#include "sources/stuck.h"

/* A late beat that is over. Times are the system's monotonic. */
struct pm_beat {
    int64_t onset_ns, end_ns;
    struct pm_lapse lapse;
};

/* What the witness saw, and the monitor's copy of it. */
struct pm_onset {
    atomic_int state;         /* of the first two */
    int64_t at_ns;            /* the system's monotonic */
    char text[PM_STUCK_TEXT]; /* as struct pm_stuck has it */
    int64_t shown_ns;         /* 0: nothing was taken yet */
    char shown[PM_STUCK_TEXT];
};

#define PM_PULSE_SLOTS 64 /* a power of two */

struct pm_pulse {
    struct pm_host host;
    struct pm_wake wake; /* readable: there is a report, or a look is wanted */
    atomic_int holders;
    atomic_bool stopped; /* the heartbeat is gone */
    /* From the guard, read by the monitor. */
    struct pm_beat slots[PM_PULSE_SLOTS];
    atomic_uint_least32_t head, tail; /* written: head; read: tail */
    atomic_uint_least64_t lost;       /* reports that found it full */
    /* From the canary, which knows before a guard that is starved like it. */
    atomic_int_least64_t due_ns;  /* its next beat; 0: it has not begun */
    atomic_bool unreported;       /* a late beat is over, and the guard has not reported it yet */
    int64_t late_ns;              /* what is late; set before the threads begin */
    atomic_uint_least64_t cpu_ns; /* that its threads have used */
    /* What the canary felt since its start. */
    atomic_uint_least64_t beats, late_count, worst_ns;
    atomic_bool look_wanted;
    struct pm_onset *onset; /* from the witness; NULL: there is none. Set before it begins */
    /* Lending. */
    atomic_int_least64_t dispatcher_tid; /* who dispatches; 0: nobody any more */
    atomic_bool lent;                    /* lent_tid has the guard's priority */
    atomic_bool closed;                  /* the monitor is gone: nothing is lent any more */
    int64_t lent_tid;                    /* written by the guard, before lent */
    struct pm_thread_priority had;       /* what that thread had */
};

/* With one holder. */
int pm_pulse_new(struct pm_pulse **out, const struct pm_host *host, struct pausemon_error *error);
void pm_pulse_hold(struct pm_pulse *pulse);
void pm_pulse_release(struct pm_pulse *pulse);

/* The guard's side. */
void pm_pulse_put(struct pm_pulse *pulse, const struct pm_beat *beat);
void pm_pulse_want_look(struct pm_pulse *pulse);

/* The thread that dispatches gets this priority, unless it has real time already, until it gives it
 * back. */
void pm_pulse_lend(struct pm_pulse *pulse, int priority);

/* The witness's side: room for an onset, made beforehand; then each takes the place of the one
 * before. */
int pm_pulse_make_onset(struct pm_pulse *pulse, struct pausemon_error *error);
void pm_pulse_put_onset(struct pm_pulse *pulse, const char *text, int64_t at_ns);

/* The monitor's side. */
/* Copies the newest onset to where it is shown; false: there is no newer one. */
bool pm_pulse_take_onset(struct pm_pulse *pulse);
void pm_pulse_set_dispatcher(struct pm_pulse *pulse, int64_t tid);
void pm_pulse_give_back(struct pm_pulse *pulse);
void pm_pulse_close(struct pm_pulse *pulse);

/* For how long a beat has been missing at a time of the system's monotonic clock; 0: none is. */
uint64_t pm_pulse_missing_ns(struct pm_pulse *pulse, int64_t now_ns);

/* False: there is none. */
bool pm_pulse_take(struct pm_pulse *pulse, struct pm_beat *beat);
bool pm_pulse_is_empty(struct pm_pulse *pulse);

/* Whether a look was wanted since the last call. */
bool pm_pulse_take_look(struct pm_pulse *pulse);

#endif
