/* SPDX-License-Identifier: MIT */
/* Retention. Every step is a transaction of its own and small, and what waits is written between
 * two of them; a dry run is the same in one transaction that is undone. */
#include "storage/prune.h"

#include <stdio.h>
#include <string.h>

#include "base/sized.h"
#include "core/config.h"
#include "storage/events.h"
#include "storage/place.h"

#define DAY_NS (INT64_C(86400) * PM_NS_PER_S)
#define HOUR_NS (INT64_C(3600) * PM_NS_PER_S)
#define STEP_ROWS 500
#define HOW_FIRST_SIZE PM_END_OF(struct pausemon_retention, gone)

/* ---- steps ---- */

int pm_prune_begin_step(struct pm_prune *prune)
{
    return prune->how.dry_run ? 0 : pm_db_exec(prune->db, "BEGIN IMMEDIATE", prune->error);
}

int pm_prune_end_step(struct pm_prune *prune, int status)
{
    if (prune->how.dry_run)
        return status;
    if (status >= 0) {
        int committed = pm_db_exec(prune->db, "COMMIT", prune->error);
        status = committed < 0 ? committed : status;
    }
    if (status < 0) {
        pm_db_rollback(prune->db);
        return status;
    }
    int written = pm_prune_let_write(prune);
    return written < 0 ? written : status;
}

int pm_prune_let_write(struct pm_prune *prune)
{
    struct pausemon_storage *storage = prune->storage;

    /* Whatever comes of it is in the info, and nothing is lost. */
    if (!prune->how.dry_run && pm_queue_waiting(storage->queue) >= storage->queue->capacity / 4)
        pausemon_storage_flush(storage, NULL);
    if (!storage->db.sql)
        return pm_fail(prune->error, PAUSEMON_ERR_IO, "the database is not open");
    return 0;
}

int pm_prune_check_gone(struct pm_prune *prune, const char *what, const char *sql, int64_t id)
{
    int64_t rows;
    struct pausemon_error why;
    sqlite3_stmt *row = NULL;
    int status = 0;

    if (sqlite3_changes(prune->db->sql) > 0)
        return 0;
    row = pm_db_query(prune->db, &why, sql, "i", id);
    status = row ? pm_db_step(prune->db, row, &why) : (int)why.status;
    rows = status > 0 ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_finalize(row);
    if (status >= 0 && rows > 0)
        status = pm_fail(&why, PAUSEMON_ERR_FORMAT, "database: %s cannot be removed", what);
    if (status < 0 && prune->error)
        *prune->error = why;
    return status < 0 ? status : 0;
}

/* ---- escalations ---- */

static int delete_event(struct pm_prune *prune, int64_t id)
{
    static const char *const deletes[] = {
        "DELETE FROM process_sample_records WHERE event_id = ?",
        "DELETE FROM event_samples WHERE event_id = ?", /* legacy: a file of the original's */
        "DELETE FROM events WHERE id = ? AND coalesce(status, '') != 'pinned'",
    };
    /* As the triggers of schema.c do for others: ours are not run. */
    static const char *const loose[] = {
        "UPDATE pauses SET event_id = NULL WHERE event_id = ?",
        "UPDATE captures SET event_id = NULL WHERE event_id = ?",
    };
    char what[40];
    int status = pm_prune_begin_step(prune);

    if (status < 0)
        return status;
    snprintf(what, sizeof what, "event %lld", (long long)id);
    for (size_t i = 0; i < sizeof deletes / sizeof deletes[0] && status == 0; i++)
        status = pm_db_run(prune->db, prune->error, deletes[i], "i", id);
    /* Or it would be found for ever. Somebody may have pinned it since it was: all of it stays. */
    if (status == 0)
        status = pm_prune_check_gone(prune, what, "SELECT count(*) FROM events WHERE id = ?", id);
    for (size_t i = 0; i < sizeof loose / sizeof loose[0] && status == 0; i++)
        status = pm_db_run(prune->db, prune->error, loose[i], "i", id);
    return pm_prune_end_step(prune, status);
}

/* The first escalation that the statement gives goes. 1: it did; 0: there was none. */
static int remove_one(struct pm_prune *prune, uint64_t why_gone, const char *sql, double parameter)
{
    struct pausemon_escalation escalation;
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(prune->db, &why, sql, "d", parameter);
    int status = row ? pm_db_step(prune->db, row, &why) : (int)why.status;

    if (status > 0) {
        int read = pm_event_read(&escalation, row, prune->now.utc_offset_s, &prune->notes, &why);
        status = read < 0 ? read : 1;
    }
    sqlite3_finalize(row);
    if (status < 0 && prune->error)
        *prune->error = why;
    if (status <= 0)
        return status;
    if (prune->how.gone) {
        struct pausemon_removal removal = {sizeof removal, why_gone, &escalation, NULL, 0, 0, 0};
        prune->how.gone(prune->how.user, &removal);
    }
    status = pm_prune_captures_of(prune, escalation.id, why_gone);
    if (status == 0)
        status = delete_event(prune, escalation.id);
    if (status < 0)
        return status;
    prune->went++;
    return 1;
}

static int remove_old_events(struct pm_prune *prune)
{
    int status;

    do
        status = remove_one(prune, PAUSEMON_REMOVAL_AGE,
                            "SELECT " PM_EVENT_COLUMNS " FROM events AS e"
                            " WHERE e.status IN ('reviewed', 'dismissed')"
                            " AND e.end_timestamp < ? ORDER BY e.start_timestamp, e.id LIMIT 1",
                            pm_db_seconds(prune->cutoff_ns));
    while (status > 0);
    return status;
}

/* ---- rows without a review ---- */

/* What is removed by many rows is told once: the statement gives how many pauses, and hours. */
static int tell_rows(struct pm_prune *prune, uint64_t why_gone, const char *sql, double parameter)
{
    struct pausemon_removal removal = {sizeof removal, why_gone, NULL, NULL, 0, 0, 0};
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(prune->db, &why, sql, "d", parameter);
    int status = row ? pm_db_step(prune->db, row, &why) : (int)why.status;

    if (status > 0) {
        removal.pauses = (uint64_t)sqlite3_column_int64(row, 0);
        removal.hours = (uint64_t)sqlite3_column_int64(row, 1);
    }
    sqlite3_finalize(row);
    if (status < 0 && prune->error)
        *prune->error = why;
    if (prune->how.gone && (removal.pauses || removal.hours))
        prune->how.gone(prune->how.user, &removal);
    return status < 0 ? status : 0;
}

/* Until a step finds nothing. */
static int remove_rows(struct pm_prune *prune, const char *sql, double parameter)
{
    int status, removed;

    do {
        status = pm_prune_begin_step(prune);
        if (status == 0)
            status = pm_db_run(prune->db, prune->error, sql, "di", parameter, (int64_t)STEP_ROWS);
        removed = status == 0 ? sqlite3_changes(prune->db->sql) : 0;
        status = pm_prune_end_step(prune, status);
    } while (status == 0 && removed > 0);
    return status;
}

/* What belongs to a pinned escalation stays with it. */
#define PAUSE_MAY_GO                                                                               \
    "NOT EXISTS (SELECT 1 FROM events AS e WHERE e.id = pauses.event_id AND e.status = 'pinned')"

static int remove_old_rows(struct pm_prune *prune)
{
    const double cutoff = pm_db_seconds(prune->cutoff_ns);
    int64_t hour = prune->cutoff_ns / HOUR_NS;
    int status = tell_rows(prune, PAUSEMON_REMOVAL_AGE,
                           "SELECT (SELECT count(*) FROM pauses"
                           " WHERE end_timestamp < ?1 AND " PAUSE_MAY_GO "),"
                           " (SELECT count(DISTINCT hour) FROM score_histogram"
                           " WHERE hour < CAST(?1 / 3600 AS INTEGER))",
                           cutoff);

    if (status == 0)
        status = remove_rows(prune,
                             "DELETE FROM pauses WHERE id IN (SELECT id FROM pauses"
                             " WHERE end_timestamp < ? AND " PAUSE_MAY_GO " LIMIT ?)",
                             cutoff);
    if (status == 0)
        status = remove_rows(prune,
                             "DELETE FROM score_histogram WHERE (hour, score) IN"
                             " (SELECT hour, score FROM score_histogram WHERE hour < ? LIMIT ?)",
                             (double)hour);
    return status;
}

/* ---- size ---- */

static int pages(struct pm_prune *prune, const char *sql, int64_t *bytes)
{
    int status = pm_db_number(prune->db, sql, 0, bytes, prune->error);

    if (status == 0)
        *bytes *= prune->page_size;
    return status;
}

/* Bytes that hold something, and bytes that are free in the file. */
static int measure(struct pm_prune *prune, int64_t *used, int64_t *idle)
{
    int status = pages(prune, "PRAGMA page_count", used);

    if (status == 0)
        status = pages(prune, "PRAGMA freelist_count", idle);
    if (status == 0)
        *used -= *idle;
    return status;
}

static int remove_oldest_pauses(struct pm_prune *prune)
{
    int status = tell_rows(prune, PAUSEMON_REMOVAL_SIZE,
                           "SELECT min(count(*), ?), 0 FROM pauses WHERE " PAUSE_MAY_GO, STEP_ROWS);

    if (status == 0)
        status = pm_prune_begin_step(prune);
    if (status < 0)
        return status;
    status = pm_db_run(prune->db, prune->error,
                       "DELETE FROM pauses WHERE id IN (SELECT id FROM pauses WHERE " PAUSE_MAY_GO
                       " ORDER BY start_timestamp LIMIT ?)",
                       "i", (int64_t)STEP_ROWS);
    int removed = status == 0 ? sqlite3_changes(prune->db->sql) : 0;
    status = pm_prune_end_step(prune, status);
    return status < 0 ? status : removed > 0;
}

/* Samples of escalations that are pinned or go on: about what cannot go. */
#define STAYS                                                                                      \
    "SELECT coalesce(sum(length(r.data)), 0) FROM process_sample_records AS r"                     \
    " JOIN events AS e ON e.id = r.event_id"                                                       \
    " WHERE e.status = 'pinned' OR e.end_timestamp IS NULL"

/* False: all the others together would not make room enough, and would go in vain. */
static bool can_shrink(struct pm_prune *prune, int *status)
{
    int64_t stays;

    *status = pm_db_number(prune->db, STAYS, 0, &stays, prune->error);
    if (*status < 0 || stays <= prune->max_bytes)
        return *status == 0;
    pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING,
           "%s stays over its limit (retention.max_db_mb = %lld): what is pinned or goes on takes"
           " %lld MiB",
           prune->storage->place, (long long)(prune->max_bytes >> 20), (long long)(stays >> 20));
    return false;
}

static int shrink_to_limit(struct pm_prune *prune)
{
    int64_t used, idle;
    int status = measure(prune, &used, &idle);

    if (status == 0 && used > prune->max_bytes && !can_shrink(prune, &status))
        return status;
    while (status == 0 && used > prune->max_bytes) {
        status = remove_one(prune, PAUSEMON_REMOVAL_SIZE,
                            "SELECT " PM_EVENT_COLUMNS " FROM events AS e"
                            " WHERE coalesce(e.status, '') != 'pinned'"
                            " AND e.end_timestamp IS NOT NULL AND ? = 0"
                            " ORDER BY coalesce(e.status, '') NOT IN ('reviewed', 'dismissed'),"
                            " e.start_timestamp, e.id LIMIT 1",
                            0);
        if (status == 0)
            status = remove_oldest_pauses(prune);
        if (status == 0)
            break; /* only what is pinned is left */
        if (status > 0)
            status = measure(prune, &used, &idle);
    }
    return status;
}

/* ---- space ---- */

static int vacuum_incrementally(struct pm_prune *prune)
{
    int64_t used, idle, before = INT64_MAX;
    int status = measure(prune, &used, &idle);

    while (status == 0 && idle > 0 && idle < before) {
        before = idle;
        status = pm_prune_begin_step(prune);
        if (status == 0)
            status = pm_db_exec(prune->db, "PRAGMA incremental_vacuum(256)", prune->error);
        status = pm_prune_end_step(prune, status);
        if (status == 0)
            status = measure(prune, &used, &idle);
    }
    return status;
}

/* A file that was not made for it, the original's: once, and where a quarter of it is free. */
static int vacuum_whole(struct pm_prune *prune)
{
    int64_t used, idle;
    int status = measure(prune, &used, &idle);

    if (status < 0 || idle < used / 3)
        return status;
    if (pm_place_room(prune->storage->place) < 2 * (uint64_t)(used + idle)) {
        pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING,
               "%s keeps its free space: its disk has not twice its size free",
               prune->storage->place);
        return 0;
    }
    return pm_db_exec(prune->db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", prune->error);
}

static int give_back(struct pm_prune *prune)
{
    int64_t mode;
    int status = pm_db_number(prune->db, "PRAGMA auto_vacuum", 0, &mode, prune->error);

    if (status == 0)
        status = mode == 2 ? vacuum_incrementally(prune) : vacuum_whole(prune);
    /* Without it the file stays as long as it was. Others may be reading: then it comes later. */
    if (status == 0)
        pm_db_exec(prune->db, "PRAGMA wal_checkpoint(PASSIVE)", NULL);
    return status;
}

/* ---- all of it ---- */

static int remove_all(struct pm_prune *prune)
{
    int status = remove_old_events(prune);

    if (status == 0)
        status = pm_prune_old_captures(prune);
    if (status == 0)
        status = remove_old_rows(prune);
    if (status == 0)
        status = shrink_to_limit(prune);
    return status < 0 ? status : pm_prune_directories(prune);
}

static int run(struct pm_prune *prune)
{
    int status = pm_db_number(prune->db, "PRAGMA page_size", 4096, &prune->page_size, prune->error);

    if (status == 0)
        status = pm_prune_look(prune);
    if (status == 0 && prune->how.dry_run)
        status = pm_db_exec(prune->db, "BEGIN IMMEDIATE", prune->error);
    if (status == 0)
        status = remove_all(prune);
    if (prune->how.dry_run)
        pm_db_rollback(prune->db);
    else if (status == 0)
        status = give_back(prune);
    return status < 0 ? status : prune->went;
}

int pausemon_storage_prune(struct pausemon_storage *storage, const struct pausemon_config *config,
                           const struct pausemon_retention *how, struct pausemon_error *error)
{
    struct pm_prune prune = {
        .storage = storage, .error = error, .how = PAUSEMON_RETENTION_INIT, .directory = -1};
    int64_t days, megabytes, evidence;

    /* Before anything else: a dry run that is not understood would be none. */
    if (how && !pm_sized_take(&prune.how, sizeof prune.how, HOW_FIRST_SIZE, how))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a retention of too small a size");
    if (!storage || !config ||
        pausemon_config_get_number(config, "retention.events_days", &days) < 0 ||
        pausemon_config_get_number(config, "retention.max_db_mb", &megabytes) < 0 ||
        pausemon_config_get_number(config, "retention.max_forensics_mb", &evidence) < 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage and a config are needed");
    if (storage->read_only)
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                       "%s was written by a newer version: it is left as it is", storage->place);
    if (!storage->db.sql)
        return pm_fail(error, PAUSEMON_ERR_IO, "%s is not open", storage->place);
    if (!pm_place_is(storage->place, &storage->file))
        return pm_fail(error, PAUSEMON_ERR_IO, "%s was removed or replaced since it was opened",
                       storage->place);
    pm_now(&storage->host, &prune.now);
    prune.db = &storage->db;
    prune.cutoff_ns = prune.now.realtime_ns - days * DAY_NS;
    prune.max_bytes = megabytes << 20;
    prune.max_evidence = (uint64_t)evidence << 20;
    pm_buffer_init(&prune.notes, &storage->host, PM_EVENT_NOTES);
    int status = run(&prune);
    pm_prune_forget(&prune);
    pm_buffer_free(&prune.notes);
    return status;
}
