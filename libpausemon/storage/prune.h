/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_PRUNE_H
#define PM_STORAGE_PRUNE_H

/* One run of retention: prune.c removes rows, prune_captures.c captures with their directories. */

#include "storage/storage.h"

/* A directory that is named as captures are. */
struct pm_evidence {
    char name[PAUSEMON_CAPTURE_NAME_SIZE];
    uint64_t bytes;
    int64_t changed_ns; /* realtime, as the file system says */
    /* From the rows, when it comes to choosing: */
    bool known, stays, last;
    int64_t start_ns, row;
    bool gone;
};

struct pm_prune {
    struct pausemon_storage *storage;
    struct pm_db *db;
    struct pausemon_error *error;
    struct pausemon_retention how;
    int64_t cutoff_ns, max_bytes, page_size;
    uint64_t max_evidence;
    struct pausemon_instant now;
    struct pm_buffer notes;
    int went, failed;             /* failed: directories that could not be removed */
    int directory;                /* of captures; -1: it is not there, or not to be touched */
    struct pm_evidence *evidence; /* what is in it, by name */
    size_t evidence_count, evidence_room;
};

/* A small transaction of its own; in a dry run part of the one that is undone. */
int pm_prune_begin_step(struct pm_prune *prune);
int pm_prune_end_step(struct pm_prune *prune, int status);

/* After a row was deleted: that it is not there. Another prune may have been faster; a row that is
 * still there would be found for ever. `sql` counts the rows of that id. */
int pm_prune_check_gone(struct pm_prune *prune, const char *what, const char *sql, int64_t id);

/* What waits to be stored is written if it has become much: between steps that take long. */
int pm_prune_let_write(struct pm_prune *prune);

/* Before the first step: sees what is there. */
int pm_prune_look(struct pm_prune *prune);
void pm_prune_forget(struct pm_prune *prune);

/* Each tells what goes, and removes the row first and then the directory: after a kill between them
 * the directory is a stray. */
int pm_prune_captures_of(struct pm_prune *prune, int64_t event_id, uint64_t why);
int pm_prune_old_captures(struct pm_prune *prune);

/* Strays, and what is too much: after all the rest. */
int pm_prune_directories(struct pm_prune *prune);

#endif
