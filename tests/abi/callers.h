/* SPDX-License-Identifier: MIT */
#ifndef CALLERS_H
#define CALLERS_H

/* Every way a struct of the caller's gets into the library: one row for each function and struct.
 * Only the public API is used, so that the same can be run with a library of a later release. */

#include "harness.h"

/* One of each object that the functions need, in a directory of its own. */
struct room {
    struct harness harness;
    char directory[64], database[96], box[96];
    struct player player;
    struct pausemon_source *source;
    struct pausemon_config *config;
    struct pausemon_sample *sample;
    struct pausemon_monitor *monitor;
    struct pausemon_storage *storage;
    struct pausemon_history *history;
    struct pausemon_heartbeat *heartbeat;
    struct pausemon_alerts *alerts;
};

void room_open(struct room *room);
void room_close(struct room *room);

/* What the function does with the struct. */
enum crossing {
    TAKEN,      /* reads it; refuses one that is too small */
    TAKEN_VOID, /* reads it; can refuse nothing, and ignores one that is too small */
    FILLED,     /* writes it; refuses one that is too small */
    FILLED_VOID /* writes as much of it as there is room for */
};

struct caller {
    const char *function, *structure;
    enum crossing crossing;
    size_t size;  /* of the struct in this release */
    size_t least; /* that the function takes */
    /* Makes a good one of `size` bytes. */
    void (*make)(struct room *room, void *given);
    /* Calls the function; frees what it made. Its status, or 0. */
    int (*call)(struct room *room, void *given);
};

extern const struct caller callers[];
extern const size_t caller_count;

/* Structs with a size that only the library makes; and those whose layout is fixed. */
extern const char *const handed_out[];
extern const char *const fixed[];

#endif
