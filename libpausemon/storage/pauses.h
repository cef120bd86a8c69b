/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_PAUSES_H
#define PM_STORAGE_PAUSES_H

/* A pause as a row: the members of its JSON are columns. */

#include <pausemon/pause.h>

#include "base/buffer.h"
#include "storage/db.h"

/* Inserts or replaces the row of its id. `text` is room to work in. */
int pm_pause_write(struct pm_db *db, const struct pausemon_pause *pause, struct pm_buffer *text,
                   struct pausemon_error *error);

/* The columns, in the order that pm_pause_read wants them. */
#define PM_PAUSE_COLUMNS                                                                           \
    "start_timestamp, end_timestamp, id, duration_ms, lost_ms, detectors, cause, confidence,"      \
    " verdict, evidence, culprits, victims, tier, event_id, forensics"

/* The row that the statement stands on. PAUSEMON_ERR_FORMAT: it makes no pause. `utc_offset_s` is
 * the reader's: the file keeps none. */
int pm_pause_read(struct pausemon_pause *pause, sqlite3_stmt *row, int64_t utc_offset_s,
                  struct pm_buffer *text, struct pausemon_error *error);

#endif
