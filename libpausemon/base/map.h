/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_MAP_H
#define PM_BASE_MAP_H

/* From a number to an index: open addressing, linear probing, no tombstones. */

#include "base/host.h"

#define PM_MAP_NONE UINT32_MAX

struct pm_map {
    const struct pm_host *host;
    struct pm_map_slot {
        int64_t key;
        uint32_t index; /* PM_MAP_NONE: empty */
    } * slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

void pm_map_init(struct pm_map *map, const struct pm_host *host);
void pm_map_free(struct pm_map *map);

/* PM_MAP_NONE if absent. */
uint32_t pm_map_get(const struct pm_map *map, int64_t key);

/* Adds or replaces. PAUSEMON_ERR_NOMEM leaves the map as it was. */
int pm_map_set(struct pm_map *map, int64_t key, uint32_t index);

void pm_map_remove(struct pm_map *map, int64_t key);

#endif
