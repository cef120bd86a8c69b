/* SPDX-License-Identifier: MIT */
#include "engine/pulse.h"

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
