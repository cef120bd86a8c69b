/* SPDX-License-Identifier: MIT */
/* Opening the database: what is there is looked at, brought up to date, or moved aside. */
#include <pausemon/json.h>
#include <stdio.h>
#include <string.h>

#include "storage/place.h"
#include "storage/schema.h"
#include "storage/storage.h"

#define OPEN_WAIT_MS 5000
#define FLUSH_WAIT_MS 500

/* More than are given between two flushes. */
#define IDS_AHEAD 16

/* Ids that leave room to count on from: what lies above was not given by anybody. */
#define ID_LIMIT (INT64_C(1) << 53)

/* ---- what the last run left ---- */

static int find_last_id(struct pm_db *db, const char *key, const char *sql, int64_t *id,
                        struct pausemon_error *error)
{
    int64_t kept, found;
    int status = pm_state_get(db, key, 0, &kept, error);

    if (status == 0)
        status = pm_db_number(db, sql, 0, &found, error);
    if (status < 0)
        return status;
    kept = kept < ID_LIMIT ? kept : 0;
    *id = kept > *id ? kept : *id;
    *id = found > *id ? found : *id;
    return 0;
}

/* Above what is in the tables, what ever was, and what this run has given out already. */
static int find_last_ids(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    int status = find_last_id(db, "last_event_id",
                              "SELECT coalesce(max(id), 0) FROM events WHERE id < 1 << 53",
                              &storage->last_event_id, error);

    if (status == 0)
        status = find_last_id(db, "last_pause_id",
                              "SELECT coalesce(max(id), 0) FROM pauses WHERE id < 1 << 53",
                              &storage->last_pause_id, error);
    /* A capture may have got its row before its pause did. */
    if (status == 0)
        status =
            find_last_id(db, "last_pause_id",
                         "SELECT coalesce(max(pause_id), 0) FROM captures WHERE pause_id < 1 << 53",
                         &storage->last_pause_id, error);
    return status;
}

int pm_storage_keep_ids(struct pausemon_storage *storage, int64_t now_ns,
                        struct pausemon_error *error)
{
    int64_t ahead = storage->ending ? 0 : IDS_AHEAD;
    int status =
        pm_state_set(&storage->db, "last_event_id", storage->last_event_id + ahead, now_ns, error);

    return status < 0 ? status
                      : pm_state_set(&storage->db, "last_pause_id", storage->last_pause_id + ahead,
                                     now_ns, error);
}

/* When the last sample of an escalation was taken; its start if none can be read. */
static int find_end(struct pausemon_storage *storage, int64_t id, double *end,
                    struct pausemon_error *error)
{
    struct pausemon_sample *sample;

    if (pausemon_sample_new(&sample, &storage->host.given, NULL) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "storage: out of memory");
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(
        &storage->db, &why,
        "SELECT data FROM process_sample_records WHERE event_id = ? ORDER BY id DESC LIMIT 1", "i",
        id);
    int status = row ? pm_db_step(&storage->db, row, &why) : (int)why.status;
    const char *text = status > 0 ? (const char *)sqlite3_column_text(row, 0) : NULL;
    if (text && pausemon_json_decode_sample(sample, text, (size_t)sqlite3_column_bytes(row, 0),
                                            NULL) == 0) {
        double last = pm_db_seconds(pausemon_sample_get_info(sample)->time.realtime_ns);
        *end = last > *end ? last : *end;
    }
    sqlite3_finalize(row);
    pausemon_sample_free(sample);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

/* 1: one was closed; 0: none is open. */
static int close_one(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(&storage->db, &why,
                                    "SELECT id, start_timestamp FROM events"
                                    " WHERE end_timestamp IS NULL LIMIT 1",
                                    "");
    int status = row ? pm_db_step(&storage->db, row, &why) : (int)why.status;
    int64_t id = status > 0 ? sqlite3_column_int64(row, 0) : 0;
    double end = status > 0 ? sqlite3_column_double(row, 1) : 0;

    sqlite3_finalize(row);
    if (status < 0 && error)
        *error = why;
    if (status <= 0)
        return status;
    status = find_end(storage, id, &end, error);
    if (status == 0)
        status = pm_db_run(&storage->db, error,
                           "UPDATE events SET end_timestamp = ?, notes ="
                           " CASE WHEN coalesce(notes, '') = '' THEN 'interrupted'"
                           " ELSE notes || '; interrupted' END WHERE id = ?",
                           "di", end, id);
    if (status == 0 && sqlite3_changes(storage->db.sql) == 0)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "database: event %lld cannot be closed",
                       (long long)id);
    return status < 0 ? status : 1;
}

/* A boot that ended without a word: neither a finish nor a start on the same boot came after the
 * last sign of life. 1: it did. */
static int note_boot(struct pausemon_storage *storage, struct pausemon_error *error)
{
    char boot_id[PM_BOOT_ID_SIZE], ended[PM_BOOT_ID_SIZE];
    struct pausemon_instant now;
    struct pm_db *db = &storage->db;
    int64_t alive_ns;
    int hard = 0;

    pm_now(&storage->host, &now);
    int status = pm_state_get_text(db, "boot_id", boot_id, sizeof boot_id, error);
    if (status == 0)
        status = pm_state_get_text(db, "ended_boot_id", ended, sizeof ended, error);
    if (status == 0)
        status = pm_state_get(db, "last_alive", 0, &alive_ns, error);
    if (status == 0 && boot_id[0] && storage->boot_id[0] &&
        strcmp(boot_id, storage->boot_id) != 0 && strcmp(boot_id, ended) != 0) {
        status = pm_state_set(db, "hard_end_last_alive", alive_ns, now.realtime_ns, error);
        if (status == 0)
            status = pm_state_set(db, "hard_end_noted", now.realtime_ns, now.realtime_ns, error);
        hard = 1;
    }
    if (status == 0)
        status = pm_state_set_text(db, "boot_id", storage->boot_id, now.realtime_ns, error);
    if (status == 0)
        status = pm_state_set_text(db, "ended_boot_id", "", now.realtime_ns, error);
    if (status == 0)
        status = pm_state_set(db, "last_alive", now.realtime_ns, now.realtime_ns, error);
    return status < 0 ? status : hard;
}

int pm_storage_begin(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    int hard = 0;

    if (storage->noted)
        return 0;
    int status = pm_db_exec(db, "BEGIN IMMEDIATE", error);
    if (status == 0 && !storage->begun)
        while ((status = close_one(storage, error)) > 0)
            ;
    if (status == 0)
        status = hard = note_boot(storage, error);
    if (status >= 0)
        status = pm_db_exec(db, "COMMIT", error);
    if (status < 0) {
        pm_db_rollback(db);
        return status;
    }
    if (hard > 0)
        pm_log(&storage->host, PAUSEMON_LOG_WARNING, "the previous boot ended without shutdown");
    storage->begun = storage->noted = true;
    return 0;
}

/* ---- the file ---- */

/* WAL, so that readers do not wait. Every commit is synced: kill -9 would lose nothing without, but
 * what was written last before a machine froze for good is just what one wants to read then. At
 * rest that is one sync in ten seconds, on a thread that nothing waits for. */
static int set_journal(struct pm_db *db, struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(db, &why, "PRAGMA journal_mode = WAL", "");
    int status = row ? pm_db_step(db, row, &why) : (int)why.status;
    const char *mode = status > 0 ? (const char *)sqlite3_column_text(row, 0) : NULL;
    bool wal = mode && strcmp(mode, "wal") == 0;

    sqlite3_finalize(row);
    if (status < 0 && error)
        *error = why;
    if (status < 0)
        return status;
    if (!wal)
        return pm_fail(error, PAUSEMON_ERR_IO,
                       "database: its file system cannot have it in WAL mode");
    return pm_db_exec(db, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304", error);
}

static int bring_up_to_date(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    struct pausemon_instant now;
    int status = set_journal(db, error);

    pm_now(&storage->host, &now);
    if (status == 0)
        status = pm_db_exec(db, "BEGIN IMMEDIATE", error);
    if (status == 0)
        status = pm_schema_migrate(db, error);
    if (status == 0)
        status = find_last_ids(storage, error);
    if (status == 0)
        status = pm_storage_keep_ids(storage, now.realtime_ns, error);
    if (status == 0)
        status = pm_db_exec(db, "COMMIT", error);
    if (status < 0)
        pm_db_rollback(db);
    return status;
}

/* Nothing is written: the ids alone are of use, and those only as far as they can be read. */
static void settle_for_reading(struct pausemon_storage *storage)
{
    find_last_ids(storage, NULL);
    pm_db_close(&storage->db);
    storage->read_only = true;
    atomic_store(&storage->disk, PAUSEMON_DISK_READ_ONLY);
    pm_log(&storage->host, PAUSEMON_LOG_ERROR,
           "%s was written by a newer version: it is left as it is, nothing is stored",
           storage->place);
}

/* 1: what is there is no good and has to go; `error` says why. */
static int connect_once(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    int status = pm_place_keep(&storage->directory, storage->place, error);

    if (status == 0)
        status = pm_place_check(storage->place, error);
    if (status == 0)
        status = pm_place_make(storage->place, error);
    if (status >= 0)
        status = pm_db_open(db, storage->place, PM_DB_WRITE, OPEN_WAIT_MS, error);
    if (status == 0) /* by its path: somebody may have been faster */
        status = pm_place_keep(&storage->directory, storage->place, error);
    int look = status < 0 ? status : pm_schema_look(db, error);
    if (look == PM_SCHEMA_NEW) {
        settle_for_reading(storage);
        return 0;
    }
    if (look == PM_SCHEMA_OLD) {
        pm_fail(error, PAUSEMON_ERR_FORMAT, "of a version of the original before 7");
        return 1;
    }
    if (look == PM_SCHEMA_FOREIGN)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s is no incident database", storage->place);
    status = look == PM_SCHEMA_EMPTY ? pm_schema_begin(db, error) : look < 0 ? look : 0;
    if (status == 0)
        status = bring_up_to_date(storage, error);
    if (status < 0)
        return pm_db_is_corrupt(db) ? 1 : status;
    sqlite3_busy_timeout(db->sql, FLUSH_WAIT_MS);
    pm_place_set_rights(storage->place, storage->group, &storage->host);
    pm_place_note(&storage->file, storage->place);
    storage->noted = false;
    return 0;
}

int pm_storage_replace(struct pausemon_storage *storage, const char *why,
                       struct pausemon_error *error)
{
    char aside[PM_DB_PATH_SIZE];

    pm_db_close(&storage->db);
    if (storage->keep)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: %s", storage->place, why);
    int status = pm_place_move_aside(aside, storage->place, &storage->host, error);
    if (status < 0)
        return status;
    pm_log(&storage->host, PAUSEMON_LOG_ERROR, "%s is moved aside to %s and begun anew: %s",
           storage->place, strrchr(aside, '/') + 1, why);
    status = connect_once(storage, error);
    if (status != 0)
        pm_db_close(&storage->db);
    return status > 0 ? PAUSEMON_ERR_FORMAT : status;
}

int pm_storage_connect(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pausemon_error why = {0};
    int status = connect_once(storage, &why);

    if (status > 0)
        return pm_storage_replace(storage, why.text, error);
    if (status < 0) {
        pm_db_close(&storage->db);
        if (error)
            *error = why;
    }
    return status;
}
