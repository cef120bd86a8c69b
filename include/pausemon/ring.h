/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_RING_H
#define PAUSEMON_RING_H

/* The last samples. All memory is taken when the ring is made; nothing allocates after that.
 * About 16 KiB of address space a sample, of which only what rogues fill becomes resident.
 * @since 0.1 */

#include <pausemon/config.h>
#include <pausemon/sample.h>
#include <pausemon/tiers.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_ring;

/* sentinel.ring_buffer_seconds × 1000 ÷ monitor.interval_ms, within 1..PAUSEMON_MAX_RING. NULL:
 * the defaults (30). */
PAUSEMON_API size_t pausemon_ring_capacity_for(const struct pausemon_config *config);

/* `capacity` 1..PAUSEMON_MAX_RING, else PAUSEMON_ERR_INVALID. */
PAUSEMON_API int pausemon_ring_new(struct pausemon_ring **ring, size_t capacity,
                                   const struct pausemon_host *host, struct pausemon_error *error);
PAUSEMON_API void pausemon_ring_free(struct pausemon_ring *ring);

/* Copies the sample in; the oldest goes when the ring is full. */
PAUSEMON_API void pausemon_ring_push(struct pausemon_ring *ring,
                                     const struct pausemon_sample *sample, uint64_t tier);

/* Makes `copy`, which was made beforehand, hold what `ring` holds. PAUSEMON_ERR_LIMIT, and
 * nothing changed, if the ring holds more than the copy's capacity. */
PAUSEMON_API int pausemon_ring_freeze(struct pausemon_ring *copy, const struct pausemon_ring *ring);

PAUSEMON_API void pausemon_ring_clear(struct pausemon_ring *ring);
PAUSEMON_API size_t pausemon_ring_get_capacity(const struct pausemon_ring *ring);
PAUSEMON_API size_t pausemon_ring_get_count(const struct pausemon_ring *ring);

/* The oldest has index 0. NULL when index is not below the count; *tier, if not NULL, is set
 * only otherwise. Valid until the ring is next written. */
PAUSEMON_API const struct pausemon_sample *pausemon_ring_get(const struct pausemon_ring *ring,
                                                             size_t index, uint64_t *tier);

PAUSEMON_END_DECLS
#endif
