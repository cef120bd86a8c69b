/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <string.h>

void pm_map_init(struct pm_map *map, const struct pm_host *host)
{
    memset(map, 0, sizeof *map);
    map->host = host;
}

void pm_map_free(struct pm_map *map)
{
    pm_free(map->host, map->slots);
    map->slots = NULL;
}

static size_t home(const struct pm_map *map, int64_t key)
{
    return (size_t)(((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (map->capacity - 1);
}

/* The slot of the key, or the empty one where it belongs. */
static struct pm_map_slot *find(const struct pm_map *map, int64_t key)
{
    size_t at = home(map, key);

    while (map->slots[at].index != PM_MAP_NONE && map->slots[at].key != key)
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

uint32_t pm_map_get(const struct pm_map *map, int64_t key)
{
    return map->capacity ? find(map, key)->index : PM_MAP_NONE;
}

static int grow(struct pm_map *map)
{
    struct pm_map bigger = *map;

    bigger.capacity = map->capacity ? map->capacity * 2 : 256;
    bigger.slots = pm_resize(map->host, NULL, bigger.capacity * sizeof *bigger.slots);
    if (!bigger.slots)
        return PAUSEMON_ERR_NOMEM;
    for (size_t i = 0; i < bigger.capacity; i++)
        bigger.slots[i] = (struct pm_map_slot){0, PM_MAP_NONE};
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].index != PM_MAP_NONE)
            *find(&bigger, map->slots[i].key) = map->slots[i];
    pm_free(map->host, map->slots);
    *map = bigger;
    return 0;
}

int pm_map_set(struct pm_map *map, int64_t key, uint32_t index)
{
    if ((map->count + 1) * 2 > map->capacity && grow(map) < 0)
        return PAUSEMON_ERR_NOMEM;
    struct pm_map_slot *slot = find(map, key);
    if (slot->index == PM_MAP_NONE)
        map->count++;
    *slot = (struct pm_map_slot){key, index};
    return 0;
}

void pm_map_remove(struct pm_map *map, int64_t key)
{
    if (map->capacity == 0)
        return;
    struct pm_map_slot *hole = find(map, key);
    if (hole->index == PM_MAP_NONE)
        return;
    map->count--;
    /* Move back whatever was pushed past the hole, so that no search stops there. */
    size_t mask = map->capacity - 1, gap = (size_t)(hole - map->slots);
    for (size_t at = (gap + 1) & mask; map->slots[at].index != PM_MAP_NONE; at = (at + 1) & mask) {
        size_t wanted = home(map, map->slots[at].key);
        if (((at - wanted) & mask) < ((at - gap) & mask))
            continue;
        map->slots[gap] = map->slots[at];
        gap = at;
    }
    map->slots[gap].index = PM_MAP_NONE;
}
