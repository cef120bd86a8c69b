/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_SPSC_H
#define PM_BASE_SPSC_H

/* The indices of a ring between two threads, one that puts and one that takes: no lock, no waiting.
 * The slots are the user's; slot i of `capacity` is at i % capacity. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_spsc {
    _Atomic uint64_t head, tail; /* ever put, ever taken */
};

/* Puts: whether there is room; the slot to fill; then it is filled. */
static inline bool pm_spsc_has_room(struct pm_spsc *ring, size_t capacity)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed) -
               atomic_load_explicit(&ring->tail, memory_order_acquire) <
           capacity;
}

static inline size_t pm_spsc_next(struct pm_spsc *ring, size_t capacity)
{
    return (size_t)(atomic_load_explicit(&ring->head, memory_order_relaxed) % capacity);
}

static inline void pm_spsc_put(struct pm_spsc *ring)
{
    atomic_fetch_add_explicit(&ring->head, 1, memory_order_release);
}

/* Takes: how many are there (any thread may ask); the slot of the index-th of them, the oldest is
 * 0; then the oldest `count` are done with. */
static inline size_t pm_spsc_count(const struct pm_spsc *given)
{
    /* Reading an atomic is no change, but C11 does not say so. */
    struct pm_spsc *ring = (struct pm_spsc *)(uintptr_t)given;
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

    return (size_t)(atomic_load_explicit(&ring->head, memory_order_acquire) - tail);
}

static inline size_t pm_spsc_slot(struct pm_spsc *ring, size_t index, size_t capacity)
{
    return (size_t)((atomic_load_explicit(&ring->tail, memory_order_relaxed) + index) % capacity);
}

static inline void pm_spsc_take(struct pm_spsc *ring, size_t count)
{
    atomic_fetch_add_explicit(&ring->tail, count, memory_order_release);
}

#endif
