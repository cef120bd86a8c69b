/* SPDX-License-Identifier: MIT */
#include "engine/pulse.h"

#include <string.h>

#include "base/error.h"

int pm_pulse_new(struct pm_pulse **out, const struct pm_host *host, struct pausemon_error *error)
{
    struct pm_pulse *pulse = pm_alloc(host, sizeof *pulse);

    *out = NULL;
    if (!pulse)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "heartbeat: out of memory");
    pulse->host = *host;
    atomic_init(&pulse->holders, 1);
    int status = pm_wake_open(&pulse->wake, error);
    if (status < 0)
        pm_free(host, pulse);
    else
        *out = pulse;
    return status;
}

void pm_pulse_hold(struct pm_pulse *pulse)
{
    atomic_fetch_add(&pulse->holders, 1);
}

void pm_pulse_release(struct pm_pulse *pulse)
{
    if (!pulse || atomic_fetch_sub(&pulse->holders, 1) > 1)
        return;
    struct pm_host host = pulse->host;
    pm_free(&host, pulse->onset);
    pm_wake_close(&pulse->wake);
    pm_free(&host, pulse);
}

void pm_pulse_put(struct pm_pulse *pulse, const struct pm_beat *beat)
{
    uint32_t head = atomic_load_explicit(&pulse->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&pulse->tail, memory_order_acquire);

    if (head - tail == PM_PULSE_SLOTS) {
        atomic_fetch_add(&pulse->lost, 1);
        return;
    }
    pulse->slots[head % PM_PULSE_SLOTS] = *beat;
    atomic_store_explicit(&pulse->head, head + 1, memory_order_release);
}

bool pm_pulse_is_empty(struct pm_pulse *pulse)
{
    return atomic_load_explicit(&pulse->head, memory_order_acquire) ==
           atomic_load_explicit(&pulse->tail, memory_order_relaxed);
}

bool pm_pulse_take(struct pm_pulse *pulse, struct pm_beat *beat)
{
    uint32_t tail = atomic_load_explicit(&pulse->tail, memory_order_relaxed);

    if (pm_pulse_is_empty(pulse))
        return false;
    *beat = pulse->slots[tail % PM_PULSE_SLOTS];
    atomic_store_explicit(&pulse->tail, tail + 1, memory_order_release);
    return true;
}

void pm_pulse_want_look(struct pm_pulse *pulse)
{
    atomic_store(&pulse->look_wanted, true);
    pm_wake_signal(&pulse->wake);
}

bool pm_pulse_take_look(struct pm_pulse *pulse)
{
    return atomic_exchange(&pulse->look_wanted, false);
}

uint64_t pm_pulse_missing_ns(struct pm_pulse *pulse, int64_t now_ns)
{
    int64_t due_ns = atomic_load(&pulse->due_ns);

    return due_ns && now_ns > due_ns && now_ns - due_ns >= pulse->late_ns
               ? (uint64_t)(now_ns - due_ns)
               : 0;
}

/* ---- the onset ---- */

enum onset_state { ONSET_NONE, ONSET_BUSY, ONSET_NEW };

/* The monitor copies for microseconds, but may be stopped while it does. */
#define ONSET_TRIES 100

int pm_pulse_make_onset(struct pm_pulse *pulse, struct pausemon_error *error)
{
    pulse->onset = pm_alloc(&pulse->host, sizeof *pulse->onset);
    if (!pulse->onset)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "heartbeat: out of memory");
    memset(pulse->onset->text, 0, sizeof pulse->onset->text); /* so that it is there */
    memset(pulse->onset->shown, 0, sizeof pulse->onset->shown);
    return 0;
}

/* From anything but BUSY. */
static bool claim_onset(struct pm_onset *onset)
{
    int state = ONSET_NONE;

    if (atomic_compare_exchange_strong(&onset->state, &state, ONSET_BUSY))
        return true;
    return state == ONSET_NEW && atomic_compare_exchange_strong(&onset->state, &state, ONSET_BUSY);
}

void pm_pulse_put_onset(struct pm_pulse *pulse, const char *text, int64_t at_ns)
{
    struct pm_onset *onset = pulse->onset;

    for (int i = 0; !claim_onset(onset); i++) {
        if (i == ONSET_TRIES)
            return;
        pm_sleep_until(pm_system_monotonic_ns() + PM_NS_PER_MS);
    }
    memcpy(onset->text, text, strlen(text) + 1); /* as long as the other */
    onset->at_ns = at_ns;
    atomic_store(&onset->state, ONSET_NEW);
}

bool pm_pulse_take_onset(struct pm_pulse *pulse)
{
    struct pm_onset *onset = pulse->onset;
    int state = ONSET_NEW;

    if (!onset || !atomic_compare_exchange_strong(&onset->state, &state, ONSET_BUSY))
        return false;
    memcpy(onset->shown, onset->text, strlen(onset->text) + 1);
    onset->shown_ns = onset->at_ns;
    atomic_store(&onset->state, ONSET_NONE);
    return true;
}

/* ---- lending ---- */

void pm_pulse_lend(struct pm_pulse *pulse, int priority)
{
    int64_t tid = atomic_load(&pulse->dispatcher_tid);

    if (tid == 0 || atomic_load(&pulse->lent) || pm_thread_lend(tid, priority, &pulse->had) != 0)
        return;
    pulse->lent_tid = tid;
    atomic_store(&pulse->lent, true);
    /* Whoever comes second sees what the first did: one of both gives it back. */
    if (atomic_load(&pulse->closed))
        pm_pulse_give_back(pulse);
}

void pm_pulse_give_back(struct pm_pulse *pulse)
{
    if (atomic_load(&pulse->lent)) {
        pm_thread_take_back(pulse->lent_tid, &pulse->had);
        atomic_store(&pulse->lent, false);
    }
}

void pm_pulse_set_dispatcher(struct pm_pulse *pulse, int64_t tid)
{
    if (atomic_load(&pulse->dispatcher_tid) == tid)
        return;
    pm_pulse_give_back(pulse);
    atomic_store(&pulse->dispatcher_tid, tid);
}

void pm_pulse_close(struct pm_pulse *pulse)
{
    atomic_store(&pulse->closed, true);
    pm_pulse_set_dispatcher(pulse, 0);
    pm_pulse_give_back(pulse);
}
