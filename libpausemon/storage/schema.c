/* SPDX-License-Identifier: MIT */
#include "storage/schema.h"

#include <stdio.h>

/* ---- tables ---- */

/* One step a version: step n leads from n to n + 1. A step is never changed once it was released.
 * The first makes, beside ours, what the original expects, indexes by its names; a file of its own
 * has it already. Its three legacy tables stay empty: its code deletes from event_samples. */
static const char *const steps[] = {
    "CREATE TABLE IF NOT EXISTS daemon_state (key TEXT PRIMARY KEY, value TEXT NOT NULL,"
    " updated_at REAL NOT NULL);"
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL,"
    " end_timestamp REAL, peak_stress INTEGER, peak_tier INTEGER,"
    " status TEXT DEFAULT 'unreviewed', notes TEXT);"
    "CREATE TABLE IF NOT EXISTS process_sample_records (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " event_id INTEGER NOT NULL, tier INTEGER NOT NULL, data TEXT NOT NULL,"
    " FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE);"
    "CREATE TABLE IF NOT EXISTS event_samples (id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL,"
    " timestamp REAL NOT NULL, tier INTEGER,"
    " FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE);"
    "CREATE TABLE IF NOT EXISTS samples (id INTEGER PRIMARY KEY, timestamp REAL NOT NULL);"
    "CREATE TABLE IF NOT EXISTS process_samples (id INTEGER PRIMARY KEY, sample_id INTEGER);"
    "CREATE INDEX IF NOT EXISTS idx_process_sample_records_event"
    " ON process_sample_records(event_id);"
    "CREATE INDEX IF NOT EXISTS idx_events_start ON events(start_timestamp);"
    "CREATE TABLE pauses (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL,"
    " end_timestamp REAL NOT NULL, duration_ms INTEGER NOT NULL, lost_ms INTEGER NOT NULL,"
    " detectors TEXT NOT NULL, cause TEXT NOT NULL, confidence REAL NOT NULL,"
    " verdict TEXT NOT NULL, evidence TEXT NOT NULL, culprits TEXT NOT NULL,"
    " victims TEXT NOT NULL, tier INTEGER, event_id INTEGER, forensics TEXT);"
    "CREATE INDEX pausemon_pauses_start ON pauses(start_timestamp);"
    "CREATE INDEX pausemon_pauses_event ON pauses(event_id);"
    /* No foreign key: the original's prune would fail on it, or leave it dangling. We run no
     * triggers (db.c). */
    "CREATE TRIGGER pausemon_event_gone AFTER DELETE ON events BEGIN"
    " UPDATE pauses SET event_id = NULL WHERE event_id = old.id; END;"
    "CREATE TABLE score_histogram (hour INTEGER NOT NULL, score INTEGER NOT NULL,"
    " count INTEGER NOT NULL, PRIMARY KEY (hour, score)) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO daemon_state (key, value, updated_at) VALUES ('schema_version', '7',"
    " CAST(strftime('%s', 'now') AS REAL));",
    /* Directories of before the table was there have no row, and are no strays for that. */
    "CREATE TABLE captures (name TEXT PRIMARY KEY, start_timestamp REAL NOT NULL,"
    " reason TEXT NOT NULL, event_id INTEGER, pause_id INTEGER, bytes INTEGER NOT NULL,"
    " complete INTEGER NOT NULL);"
    "CREATE INDEX pausemon_captures_start ON captures(start_timestamp);"
    "CREATE INDEX pausemon_captures_event ON captures(event_id);"
    "CREATE INDEX pausemon_captures_pause ON captures(pause_id);"
    "CREATE TRIGGER pausemon_event_gone_captures AFTER DELETE ON events BEGIN"
    " UPDATE captures SET event_id = NULL WHERE event_id = old.id; END;"
    "INSERT OR REPLACE INTO daemon_state (key, value, updated_at) VALUES ('captures_since',"
    " strftime('%s', 'now') || '000000000', CAST(strftime('%s', 'now') AS REAL));",
};

_Static_assert(sizeof steps / sizeof steps[0] == PM_SCHEMA_OURS, "a step a version");

/* A malformed file shows itself at the first read. */
int pm_schema_look(struct pm_db *db, struct pausemon_error *error)
{
    int64_t tables, states, ours, original;
    int status = pm_db_number(db, "SELECT count(*) FROM sqlite_master", 0, &tables, error);

    if (status == 0)
        status = pm_db_number(db,
                              "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                              " AND name IN ('daemon_state', 'events')",
                              0, &states, error);
    if (status == 0)
        status = pm_db_number(db, "PRAGMA user_version", 0, &ours, error);
    if (status < 0)
        return status;
    if (tables == 0)
        return PM_SCHEMA_EMPTY;
    if (states < 2)
        return PM_SCHEMA_FOREIGN;
    status = pm_state_get(db, "schema_version", 0, &original, error);
    if (status < 0)
        return status;
    if (original > PM_SCHEMA_ORIGINAL || ours > PM_SCHEMA_OURS)
        return PM_SCHEMA_NEW;
    return original < PM_SCHEMA_ORIGINAL || ours < 0 ? PM_SCHEMA_OLD : PM_SCHEMA_KNOWN;
}

int pm_schema_begin(struct pm_db *db, struct pausemon_error *error)
{
    return pm_db_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", error);
}

int pm_schema_migrate(struct pm_db *db, struct pausemon_error *error)
{
    char sql[64];
    int64_t version;
    int status = pm_db_number(db, "PRAGMA user_version", 0, &version, error);

    for (; status == 0 && version < PM_SCHEMA_OURS; version++) {
        status = pm_db_exec(db, steps[version], error);
        snprintf(sql, sizeof sql, "PRAGMA user_version = %d", (int)version + 1);
        if (status == 0)
            status = pm_db_exec(db, sql, error);
    }
    return status;
}

/* ---- values ---- */

static sqlite3_stmt *find(struct pm_db *db, const char *key, struct pausemon_error *error)
{
    return pm_db_query(db, error, "SELECT value FROM daemon_state WHERE key = ?", "t", key);
}

int pm_state_get(struct pm_db *db, const char *key, int64_t otherwise, int64_t *value,
                 struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *statement = find(db, key, &why);
    int status = statement ? pm_db_step(db, statement, &why) : (int)why.status;

    *value = status > 0 ? sqlite3_column_int64(statement, 0) : otherwise;
    sqlite3_finalize(statement);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

int pm_state_get_text(struct pm_db *db, const char *key, char *text, size_t size,
                      struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *statement = find(db, key, &why);
    int status = statement ? pm_db_step(db, statement, &why) : (int)why.status;
    const char *value = status > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;

    snprintf(text, size, "%s", value ? value : "");
    sqlite3_finalize(statement);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

int pm_state_set_text(struct pm_db *db, const char *key, const char *text, int64_t now_ns,
                      struct pausemon_error *error)
{
    return pm_db_run(db, error,
                     "INSERT INTO daemon_state (key, value, updated_at) VALUES (?, ?, ?)"
                     " ON CONFLICT (key) DO UPDATE"
                     " SET value = excluded.value, updated_at = excluded.updated_at",
                     "ttd", key, text, pm_db_seconds(now_ns));
}

int pm_state_set(struct pm_db *db, const char *key, int64_t value, int64_t now_ns,
                 struct pausemon_error *error)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    return pm_state_set_text(db, key, text, now_ns, error);
}
