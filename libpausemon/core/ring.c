/* SPDX-License-Identifier: MIT */
#include <pausemon/ring.h>

#include "base/error.h"
#include "core/config.h"
#include "core/sample.h"

struct pausemon_ring {
    struct pm_host host;
    size_t capacity, count, next;
    struct pm_ring_slot {
        uint64_t tier;
        struct pausemon_sample sample;
    } slots[];
};

#define DEFAULT_CAPACITY 30 /* 30 s at one sample a second */

size_t pausemon_ring_capacity_for(const struct pausemon_config *config)
{
    if (!config)
        return DEFAULT_CAPACITY;
    int64_t samples = config->ring_buffer_seconds * 1000 / config->interval_ms;
    return samples < 1 ? 1 : samples > PAUSEMON_MAX_RING ? PAUSEMON_MAX_RING : (size_t)samples;
}

int pausemon_ring_new(struct pausemon_ring **out, size_t capacity,
                      const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a ring needs a place");
    *out = NULL;
    if (capacity < 1 || capacity > PAUSEMON_MAX_RING)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a ring of %zu samples: 1 to %d can be had",
                       capacity, PAUSEMON_MAX_RING);
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    /* Not zeroed: untouched pages stay away until samples fill them. */
    struct pausemon_ring *ring =
        pm_resize(&host, NULL, sizeof *ring + capacity * sizeof ring->slots[0]);
    if (!ring)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "ring: out of memory");
    ring->host = host;
    ring->capacity = capacity;
    pausemon_ring_clear(ring);
    *out = ring;
    return 0;
}

void pausemon_ring_free(struct pausemon_ring *ring)
{
    if (ring)
        pm_free(&ring->host, ring);
}

void pausemon_ring_clear(struct pausemon_ring *ring)
{
    ring->count = ring->next = 0;
}

void pausemon_ring_push(struct pausemon_ring *ring, const struct pausemon_sample *sample,
                        uint64_t tier)
{
    struct pm_ring_slot *slot = &ring->slots[ring->next];

    pm_sample_init(&slot->sample, &ring->host);
    pausemon_sample_copy(&slot->sample, sample);
    slot->tier = tier;
    ring->next = (ring->next + 1) % ring->capacity;
    if (ring->count < ring->capacity)
        ring->count++;
}

const struct pausemon_sample *pausemon_ring_get(const struct pausemon_ring *ring, size_t index,
                                                uint64_t *tier)
{
    if (index >= ring->count)
        return NULL;
    size_t oldest = ring->next + ring->capacity - ring->count;
    const struct pm_ring_slot *slot = &ring->slots[(oldest + index) % ring->capacity];
    if (tier)
        *tier = slot->tier;
    return &slot->sample;
}

int pausemon_ring_freeze(struct pausemon_ring *copy, const struct pausemon_ring *ring)
{
    uint64_t tier = 0;

    if (!copy || !ring || copy == ring)
        return PAUSEMON_ERR_INVALID;
    if (ring->count > copy->capacity)
        return PAUSEMON_ERR_LIMIT;
    pausemon_ring_clear(copy);
    for (size_t i = 0; i < ring->count; i++) {
        const struct pausemon_sample *sample = pausemon_ring_get(ring, i, &tier);
        pausemon_ring_push(copy, sample, tier);
    }
    return 0;
}

size_t pausemon_ring_get_capacity(const struct pausemon_ring *ring)
{
    return ring->capacity;
}

size_t pausemon_ring_get_count(const struct pausemon_ring *ring)
{
    return ring->count;
}
