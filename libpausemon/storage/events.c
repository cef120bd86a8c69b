/* SPDX-License-Identifier: MIT */
#include "storage/events.h"

#include <string.h>

#include "base/text.h"

static uint64_t within(int64_t value, uint64_t least, uint64_t most)
{
    return value < (int64_t)least ? least : value > (int64_t)most ? most : (uint64_t)value;
}

/* Lines become one: names and notes are shown in tables. */
static int read_notes(const char **text, sqlite3_stmt *row, int column, struct pm_buffer *notes)
{
    char copy[PM_EVENT_NOTES];
    const char *bytes = (const char *)sqlite3_column_text(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);

    *text = NULL;
    if (!bytes || length == 0)
        return 0;
    length = length < sizeof copy ? length : sizeof copy;
    for (size_t i = 0; i < length; i++)
        copy[i] = strchr("\n\r\t", bytes[i]) && bytes[i] ? ' ' : bytes[i];
    pm_buffer_consume(notes, notes->length);
    char *room = pm_buffer_room(notes, PM_EVENT_NOTES);
    if (!room)
        return PAUSEMON_ERR_NOMEM;
    pm_text_clean(room, PM_EVENT_NOTES, copy, length);
    *text = room;
    return 0;
}

int pm_event_read(struct pausemon_escalation *escalation, sqlite3_stmt *row, int64_t utc_offset_s,
                  struct pm_buffer *notes, struct pausemon_error *error)
{
    const char *status = (const char *)sqlite3_column_text(row, 5);
    int review = pausemon_review_from_name(status);

    *escalation = (struct pausemon_escalation)PAUSEMON_ESCALATION_INIT;
    escalation->id = sqlite3_column_int64(row, 0);
    escalation->start.realtime_ns = pm_db_ns(sqlite3_column_double(row, 1));
    escalation->start.utc_offset_s = utc_offset_s;
    escalation->open = sqlite3_column_type(row, 2) == SQLITE_NULL;
    if (!escalation->open) {
        escalation->end.realtime_ns = pm_db_ns(sqlite3_column_double(row, 2));
        escalation->end.utc_offset_s = utc_offset_s;
    }
    escalation->peak_stress = within(sqlite3_column_int64(row, 3), 0, 100);
    escalation->peak_tier =
        within(sqlite3_column_int64(row, 4), PAUSEMON_TIER_SENTINEL, PAUSEMON_TIER_CRITICAL);
    escalation->review = review < 0 ? PAUSEMON_REVIEW_UNREVIEWED : (uint64_t)review;
    escalation->sample_count = within(sqlite3_column_int64(row, 7), 0, INT64_MAX);
    if (read_notes(&escalation->notes, row, 6, notes) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "the notes of an event: out of memory");
    return 0;
}
