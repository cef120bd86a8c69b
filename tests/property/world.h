/* SPDX-License-Identifier: MIT */
#ifndef WORLD_H
#define WORLD_H

/* Random configurations, and a random machine whose looks are played to a collector and to the
 * model alike. The world makes only rows whose meaning the pages settle; what they leave open is
 * in the report of the suites, not here. */

#include "draw.h"
#include "harness.h"
#include "model.h"
#include "same.h"

enum { WORLD_ROWS = 400, WORLD_PIDS = 200 };

enum world_numbers {
    WORLD_TINY,   /* 0..3: ties everywhere */
    WORLD_HONEST, /* what machines do; below 2^50 */
    WORLD_HOSTILE /* up to UINT64_MAX */
};

struct world {
    struct draw *draw;
    struct harness harness;
    struct model model;
    struct player player;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample; /* of the last look */
    enum world_numbers numbers;
    size_t pids;                          /* 1..WORLD_PIDS may live */
    bool any_names;                       /* names of any bytes, instead of a few plain ones */
    bool no_duplicates;                   /* every process has one row at most */
    struct pausemon_row rows[WORLD_ROWS]; /* the look */
    size_t count;
    bool complete;
};

/* A random configuration into both. */
void world_config(struct draw *draw, struct model_config *plain, struct pausemon_config *config);

/* Opens a collector with a random configuration. `world` is large: keep it off the stack. */
void world_open(struct world *world, struct draw *draw, enum world_numbers numbers, size_t pids);
void world_close(struct world *world); /* and checks that all memory came back */

/* Lets time pass, makes the rows of a look. */
void world_step(struct world *world);

/* Other settings, for both, from the next look on. */
void world_reconfigure(struct world *world);

/* Plays the rows to the collector and to the model. */
void world_look(struct world *world);

/* Fails the test where the collector does not say what the model says. */
void world_check(struct world *world);

/* Any order of the rows. */
void world_shuffle(struct draw *draw, struct pausemon_row *rows, size_t count);

/* Fills a command with any bytes: ASCII of all kinds, whole and cut UTF-8, perhaps no NUL. */
void world_any_name(struct draw *draw, char command[PAUSEMON_COMMAND_SIZE]);

#endif
