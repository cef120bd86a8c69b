/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_CAPTURES_H
#define PM_STORAGE_CAPTURES_H

/* The rows of captures, and their names in the rows of pauses. */

#include <pausemon/capture.h>

#include "storage/db.h"

struct pausemon_storage;

/* Of "captures AS c". */
#define PM_CAPTURE_COLUMNS                                                                         \
    "c.name, c.start_timestamp, c.reason, c.event_id, c.pause_id, c.bytes, c.complete"

/* The row that the statement stands on. False: no capture can have such a name. What else is no
 * good in it is as good as unknown. */
bool pm_capture_read(struct pausemon_capture *capture, sqlite3_stmt *row);

#define PM_MERGES_KEPT 16

/* Which capture a pause belongs to, for pauses whose row may be still to come: that of the capture
 * names one pause, and others may have been merged into it. */
struct pm_merges {
    struct pm_merge {
        int64_t pause_id; /* 0: none */
        char name[PAUSEMON_CAPTURE_NAME_SIZE];
    } kept[PM_MERGES_KEPT];
    size_t next; /* the oldest goes */
};

/* A pause has got its row, perhaps after its capture: then it gets the name. */
int pm_capture_tell_pause(struct pausemon_storage *storage, int64_t pause_id,
                          struct pausemon_error *error);

#endif
