/* SPDX-License-Identifier: MIT */
#include "engine/pulse.h"

struct pm_pulse *pm_pulse_new(const struct pm_host *host, struct pausemon_error *error)
{
    struct pm_pulse *pulse = pm_alloc(host, sizeof *pulse);

    if (!pulse)
        return NULL;
    pulse->host = *host;
    atomic_init(&pulse->holders, 1);
    if (pm_wake_open(&pulse->wake, error) < 0) {
        pm_free(host, pulse);
        return NULL;
    }
    return pulse;
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
