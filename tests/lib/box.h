/* SPDX-License-Identifier: MIT */
#ifndef BOX_H
#define BOX_H

/* A black box in a directory of its own, fed by a monitor on a frozen clock, and compared with what
 * the monitor told. */

#include "forensics/blackbox.h"
#include "harness.h"

#define SECOND INT64_C(1000000000)
#define BOX_ROWS 70
#define BOX_TOLD 4096

struct box {
    struct harness harness;
    char directory[64], path[96];
    const char *boot_id;
    struct pausemon_blackbox_options options;
    struct pausemon_blackbox *blackbox;
    struct pausemon_blackbox_info before;
    struct pausemon_row rows[BOX_ROWS];
    struct player player;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct text told[BOX_TOLD]; /* every sample as JSON */
    size_t told_count;
    /* What box_read found. */
    struct pausemon_blackbox_info info;
    size_t first; /* of those that were told, the oldest that was read */
    uint64_t read_count, tier;
};

/* A directory and a monitor; opens nothing. */
void box_init(struct box *box);

/* Closes and removes all; nothing may be left allocated. */
void box_end(struct box *box);

/* What pm_blackbox_open returned; attached on success. */
int box_open(struct box *box);
void box_close(struct box *box);

/* Looks, a second apart, with so many processes; nothing is flushed. */
void box_look(struct box *box, size_t processes, size_t times);

/* The number of records; fails the test if it is negative. */
int box_flush(struct box *box);

/* Reads "box" + suffix; each sample must be one that was told, the one behind the one before.
 * Returns how many, or a status. */
int box_read(struct box *box, const char *suffix);

/* A file of the directory: "box" + suffix, in a static buffer. */
const char *box_file(struct box *box, const char *suffix);
bool box_is_there(struct box *box, const char *suffix);
void box_put_file(struct box *box, const char *suffix, const void *bytes, size_t size);

#endif
