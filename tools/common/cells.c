/* SPDX-License-Identifier: MIT */
#include "common/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cell_size(char *cell, uint64_t bytes)
{
    static const char units[] = "BKMGTPE";
    size_t unit = 0;
    uint64_t rest = 0;

    while (bytes >= 1024 && unit < sizeof units - 2) {
        rest = bytes % 1024;
        bytes /= 1024;
        unit++;
    }
    if (unit > 0 && bytes < 10)
        snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64 "%c", bytes, rest * 10 / 1024,
                 units[unit]);
    else
        snprintf(cell, CELL_SIZE, "%" PRIu64 "%c", bytes, units[unit]);
}

void cell_percent(char *cell, uint64_t tenths)
{
    snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

void cell_count(char *cell, uint64_t count)
{
    snprintf(cell, CELL_SIZE, "%" PRIu64, count);
}

/* The first `count` categories and how many are left. */
static int list_some(char *cell, uint64_t categories, int count)
{
    int used = 0, listed = 0, left = 0;

    cell[0] = '\0';
    for (uint64_t bit = 1; pausemon_category_name(bit); bit <<= 1) {
        if (!(categories & bit))
            continue;
        if (listed < count)
            used += snprintf(cell + used, (size_t)(CELL_SIZE - used), "%s%s", used ? "," : "",
                             pausemon_category_name(bit));
        else
            left++;
        listed++;
    }
    if (left)
        used += snprintf(cell + used, (size_t)(CELL_SIZE - used), "%s+%d", used ? "," : "", left);
    return used;
}

void cell_why(char *cell, uint64_t categories, int width)
{
    for (int count = 9; count >= 0 && list_some(cell, categories, count) > width;)
        count--;
}
