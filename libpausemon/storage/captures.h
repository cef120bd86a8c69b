/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_CAPTURES_H
#define PM_STORAGE_CAPTURES_H

/* The rows of captures, and their names in the rows of pauses. */

#include <pausemon/capture.h>

#include "storage/db.h"

/* Of "captures AS c". */
#define PM_CAPTURE_COLUMNS                                                                         \
    "c.name, c.start_timestamp, c.reason, c.event_id, c.pause_id, c.bytes, c.complete"

/* The row that the statement stands on. False: no capture can have such a name. What else is no
 * good in it is as good as unknown. */
bool pm_capture_read(struct pausemon_capture *capture, sqlite3_stmt *row);

/* Inserts or replaces the row of its name, and tells the row of its pause, if that is there. */
int pm_capture_write(struct pm_db *db, const struct pausemon_capture *capture,
                     struct pausemon_error *error);

/* A pause has got its row, perhaps after its capture: then it gets the name. */
int pm_capture_tell_pause(struct pm_db *db, int64_t pause_id, struct pausemon_error *error);

#endif
