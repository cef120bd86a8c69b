/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_EVENTS_H
#define PM_STORAGE_EVENTS_H

/* A row of events as an escalation. */

#include <pausemon/escalation.h>

#include "base/buffer.h"
#include "storage/db.h"

/* Of "events AS e". */
#define PM_EVENT_COLUMNS                                                                           \
    "e.id, e.start_timestamp, e.end_timestamp, e.peak_stress, e.peak_tier, e.status, e.notes,"     \
    " (SELECT count(*) FROM process_sample_records AS r WHERE r.event_id = e.id)"

/* The row that the statement stands on: whatever is in it, the escalation is a good one. Its notes
 * are in `notes`, cleaned, and at most PM_EVENT_NOTES long. */
#define PM_EVENT_NOTES (16u << 10)
int pm_event_read(struct pausemon_escalation *escalation, sqlite3_stmt *row, int64_t utc_offset_s,
                  struct pm_buffer *notes, struct pausemon_error *error);

#endif
