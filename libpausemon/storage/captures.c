/* SPDX-License-Identifier: MIT */
#include "storage/captures.h"

#include <string.h>

#include "core/capture.h"
#include "storage/storage.h"

/* ---- reading ---- */

/* A reason of a later release is 0, which has no name. */
static uint64_t reason_of(const char *text)
{
    const char *name;

    for (uint64_t reason = 1; text && (name = pausemon_capture_reason_name(reason)); reason++)
        if (strcmp(name, text) == 0)
            return reason;
    return 0;
}

static int64_t id_at(sqlite3_stmt *row, int column)
{
    int64_t id = sqlite3_column_int64(row, column);

    return id > 0 ? id : 0;
}

bool pm_capture_read(struct pausemon_capture *capture, sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    int64_t bytes = sqlite3_column_int64(row, 5);

    *capture = (struct pausemon_capture)PAUSEMON_CAPTURE_INIT;
    if (!name || strlen(name) >= sizeof capture->name || !pm_capture_is_name(name))
        return false;
    memcpy(capture->name, name, strlen(name) + 1);
    capture->start_ns = pm_db_ns(sqlite3_column_double(row, 1));
    capture->reason = reason_of((const char *)sqlite3_column_text(row, 2));
    capture->event_id = id_at(row, 3);
    capture->pause_id = id_at(row, 4);
    capture->bytes = bytes > 0 ? (uint64_t)bytes : 0;
    capture->complete = sqlite3_column_int64(row, 6) == 1;
    return true;
}

/* ---- writing ---- */

/* Inserts or replaces the row of its name, and tells the row of its pause, if that is there. */
static int write_row(struct pm_db *db, const struct pausemon_capture *capture,
                     struct pausemon_error *error)
{
    int64_t bytes = capture->bytes < INT64_MAX ? (int64_t)capture->bytes : INT64_MAX;
    int status =
        pm_db_run(db, error,
                  "INSERT INTO captures (name, start_timestamp, reason, event_id,"
                  " pause_id, bytes, complete) VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?)"
                  " ON CONFLICT (name) DO UPDATE SET start_timestamp = excluded.start_timestamp,"
                  " reason = excluded.reason, event_id = excluded.event_id,"
                  " pause_id = coalesce(pause_id, excluded.pause_id), bytes = excluded.bytes,"
                  " complete = excluded.complete",
                  "tdtiiii", capture->name, pm_db_seconds(capture->start_ns),
                  pausemon_capture_reason_name(capture->reason), capture->event_id,
                  capture->pause_id, bytes, (int64_t)(capture->complete != 0));

    if (status == 0 && capture->pause_id)
        status = pm_db_run(db, error, "UPDATE pauses SET forensics = ? WHERE id = ?", "ti",
                           capture->name, capture->pause_id);
    return status;
}

/* The name that was told of it last; NULL: none is known. */
static const char *find_merge(const struct pm_merges *merges, int64_t pause_id)
{
    for (size_t i = 1; i <= PM_MERGES_KEPT; i++) {
        const struct pm_merge *merge = &merges->kept[(merges->next - i) % PM_MERGES_KEPT];
        if (merge->pause_id == pause_id)
            return merge->name;
    }
    return NULL;
}

static void keep_merge(struct pm_merges *merges, const struct pausemon_capture *capture)
{
    struct pm_merge *merge = &merges->kept[merges->next++ % PM_MERGES_KEPT];

    merge->pause_id = capture->pause_id;
    memcpy(merge->name, capture->name, sizeof merge->name);
}

int pm_capture_tell_pause(struct pausemon_storage *storage, int64_t pause_id,
                          struct pausemon_error *error)
{
    const char *name = find_merge(&storage->merges, pause_id);

    if (name)
        return pm_db_run(&storage->db, error,
                         "UPDATE pauses SET forensics = ? WHERE id = ? AND forensics IS NULL", "ti",
                         name, pause_id);
    return pm_db_run(&storage->db, error,
                     "UPDATE pauses SET forensics = (SELECT name FROM captures WHERE pause_id = ?1"
                     " ORDER BY start_timestamp DESC, name DESC LIMIT 1)"
                     " WHERE id = ?1 AND forensics IS NULL",
                     "i", pause_id);
}

/* What a pause that was merged is told by is this one chance: its row names no capture, and the
 * capture's another pause. So it is not to wait in the queue meanwhile. */
static int let_pause_in(struct pausemon_storage *storage, int64_t pause_id,
                        struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *row =
        pm_db_query(&storage->db, &why, "SELECT 1 FROM pauses WHERE id = ?", "i", pause_id);
    int status = row ? pm_db_step(&storage->db, row, &why) : (int)why.status;

    sqlite3_finalize(row);
    if (status == 0 && pm_queue_ready(storage->queue) > 0)
        status = pausemon_storage_flush(storage, &why);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

/* All that a caller of an older release, or a careless one, may have left out or wrong. */
static int check(struct pausemon_capture *capture, const struct pausemon_capture *given,
                 struct pausemon_error *error)
{
    *capture = (struct pausemon_capture)PAUSEMON_CAPTURE_INIT;
    if (!pm_sized_take(capture, sizeof *capture, PM_CAPTURE_FIRST_SIZE, given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a capture of too small a size");
    if (!memchr(capture->name, '\0', sizeof capture->name) || !pm_capture_is_name(capture->name))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%.39s\" is no name of a capture",
                       capture->name);
    if (!pausemon_capture_reason_name(capture->reason))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "%s: its reason is none of those there are",
                       capture->name);
    if (capture->event_id < 0 || capture->pause_id < 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "%s: an id below 0", capture->name);
    return 0;
}

static int write_now(struct pausemon_storage *storage, const struct pausemon_capture *capture,
                     struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    int status = pm_db_exec(db, "BEGIN IMMEDIATE", error);

    if (status == 0)
        status = write_row(db, capture, error);
    if (status == 0)
        status = pm_db_exec(db, "COMMIT", error);
    if (status < 0)
        pm_db_rollback(db);
    else if (capture->pause_id)
        keep_merge(&storage->merges, capture);
    return status;
}

int pausemon_storage_add_capture(struct pausemon_storage *storage,
                                 const struct pausemon_capture *given, struct pausemon_error *error)
{
    struct pausemon_capture capture;

    if (!storage || !given)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage and a capture are needed");
    int status = check(&capture, given, error);
    if (status < 0)
        return status;
    if (storage->read_only)
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                       "%s was written by a newer version: it is left as it is", storage->place);
    if (capture.pause_id && storage->db.sql)
        status = let_pause_in(storage, capture.pause_id, error);
    if (status < 0)
        return status;
    /* The next flush opens it. */
    if (!storage->db.sql || !pm_place_is(storage->place, &storage->file))
        return pm_fail(error, PAUSEMON_ERR_IO, "%s is not open", storage->place);
    return write_now(storage, &capture, error);
}
