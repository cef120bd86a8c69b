/* SPDX-License-Identifier: MIT */
#ifndef FARM_H
#define FARM_H

/* A farm of sleeping processes, some of which are woken in turn. It and they end with whoever
 * started it, and at the latest after `seconds`. */

#include <stddef.h>
#include <sys/types.h>

struct farm_plan {
    size_t count;
    unsigned woken_permille; /* of the count, each second, evenly spread */
    unsigned seconds;
};

/* Returns when all are there; the farm's pid, or -1 with errno if they could not all be had. */
pid_t farm_start(const struct farm_plan *plan);

/* Ends all of them, and waits for it. */
void farm_stop(pid_t farm);

#endif
