/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sized.h"
#include "base/text.h"
#include "storage/captures.h"
#include "storage/events.h"
#include "storage/history.h"
#include "storage/pauses.h"
#include "storage/place.h"
#include "storage/schema.h"

#define WAIT_MS 2000
#define TEXT_LIMIT (1u << 20)
#define FILTER_FIRST_SIZE PM_END_OF(struct pausemon_history_filter, cause)

/* ---- opening ---- */

/* Whether a writer has left something there, or may be writing. */
static bool has_wal(const char *place)
{
    char path[PM_DB_PATH_SIZE + 8];
    struct stat info;

    snprintf(path, sizeof path, "%s-wal", place);
    return lstat(path, &info) == 0 ? info.st_size > 0 : errno != ENOENT;
}

static int look(struct pausemon_history *history, enum pm_db_mode mode,
                struct pausemon_error *error)
{
    int status = pm_db_open(&history->db, history->place, mode, WAIT_MS, error);

    if (status == 0)
        status = pm_schema_look(&history->db, error);
    if (status < 0)
        pm_db_close(&history->db);
    return status;
}

/* A database in WAL mode needs its -wal and -shm to be there, or to be made. Where neither is
 * possible and no -wal holds anything, the file alone is the whole truth. */
static int open_reading(struct pausemon_history *history, struct pausemon_error *error)
{
    struct pausemon_error why;
    int status = look(history, PM_DB_READ, &why);
    int code = history->db.code;

    if (status < 0 && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY)) {
        if (!has_wal(history->place))
            status = look(history, PM_DB_FROZEN, &why);
        else
            status = pm_fail(&why, PAUSEMON_ERR_DENIED,
                             "%s cannot be read: the rights to its -wal and -shm are missing",
                             history->place);
    }
    if (status >= 0 && status != PM_SCHEMA_KNOWN && status != PM_SCHEMA_NEW)
        status = pm_fail(&why, PAUSEMON_ERR_FORMAT, "%s is no incident database%s", history->place,
                         status == PM_SCHEMA_OLD ? " of the original's version 7" : "");
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

static int find_file(struct pausemon_history *history, const char *path,
                     struct pausemon_error *error)
{
    int status = pm_place_resolve(history->place, path, error);

    if (status == 0)
        status = pm_place_check(history->place, error);
    if (status == 0)
        return pm_fail_os(error, ENOENT, "%s", history->place);
    if (status > 0 && faccessat(AT_FDCWD, history->place, R_OK, AT_EACCESS) != 0)
        return pm_fail_os(error, errno, "%s", history->place);
    return status < 0 ? status : 0;
}

int pausemon_history_open(struct pausemon_history **out, const char *path,
                          const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !path)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history needs a place and a path");
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_history *history = pm_alloc(&host, sizeof *history);
    if (!history)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "history: out of memory");
    history->host = host;
    int status = find_file(history, path, error);
    if (status == 0)
        status = open_reading(history, error);
    if (status < 0)
        pausemon_history_free(history);
    else
        *out = history;
    return status;
}

void pausemon_history_free(struct pausemon_history *history)
{
    if (!history)
        return;
    pm_db_close(&history->db);
    pm_free(&history->host, history);
}

/* ---- rows ---- */

struct walk {
    struct pausemon_history *history;
    int64_t utc_offset_s;
    struct pm_buffer text;
    struct pausemon_pause *pause;
    struct pausemon_sample *sample;
    int (*each_event)(void *user, const struct pausemon_escalation *escalation);
    int (*each_pause)(void *user, const struct pausemon_pause *pause);
    int (*each_sample)(void *user, const struct pausemon_sample *sample, uint64_t tier);
    int (*each_capture)(void *user, const struct pausemon_capture *capture);
    void *user;
};

/* 1: told; 0: skipped; negative: stop. */
typedef int (*tell_fn)(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *error);

static void begin_walk(struct walk *walk, struct pausemon_history *history)
{
    struct pausemon_instant now;

    memset(walk, 0, sizeof *walk);
    pm_now(&history->host, &now);
    walk->history = history;
    walk->utc_offset_s = now.utc_offset_s;
    pm_buffer_init(&walk->text, &history->host, TEXT_LIMIT);
}

static void end_walk(struct walk *walk)
{
    pm_buffer_free(&walk->text);
    pausemon_pause_free(walk->pause);
    pausemon_sample_free(walk->sample);
}

/* Tells each row of the statement, which is NULL if it could not be made: then `why` says so.
 * Returns how many were told. */
static int walk_rows(struct walk *walk, sqlite3_stmt *statement, tell_fn tell,
                     struct pausemon_error *why, struct pausemon_error *error)
{
    int status = statement ? 0 : (int)why->status, told = 0;

    while (status >= 0 && (status = pm_db_step(&walk->history->db, statement, why)) > 0) {
        memset(why, 0, sizeof *why);
        status = tell(walk, statement, why);
        told += status > 0;
    }
    sqlite3_finalize(statement);
    if (status < 0 && error)
        *error = *why;
    return status < 0 ? status : told;
}

/* What a callback returned; negative stops. */
static int answer(int status, struct pausemon_error *error)
{
    return status < 0 ? pm_fail(error, status, "stopped by the caller") : 1;
}

static int skip(struct walk *walk, const char *what, int64_t id, const struct pausemon_error *why)
{
    pm_log(&walk->history->host, PAUSEMON_LOG_WARNING, "%s %lld cannot be read: %s", what,
           (long long)id, why->text);
    return 0;
}

static int tell_event(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *error)
{
    struct pausemon_escalation escalation;
    int status = pm_event_read(&escalation, row, walk->utc_offset_s, &walk->text, error);

    return status < 0 ? status : answer(walk->each_event(walk->user, &escalation), error);
}

static int tell_pause(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *error)
{
    int status = pm_pause_read(walk->pause, row, walk->utc_offset_s, &walk->text, error);

    if (status == PAUSEMON_ERR_NOMEM)
        return status;
    if (status < 0)
        return skip(walk, "pause", sqlite3_column_int64(row, 2), error);
    return answer(walk->each_pause(walk->user, walk->pause), error);
}

static int tell_sample(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *error)
{
    const char *text = (const char *)sqlite3_column_text(row, 2);
    size_t length = (size_t)sqlite3_column_bytes(row, 2);
    int64_t tier = sqlite3_column_int64(row, 1);
    int status = pausemon_json_decode_sample(walk->sample, text ? text : "", length, error);

    if (status == PAUSEMON_ERR_NOMEM)
        return status;
    if (status < 0)
        return skip(walk, "sample", sqlite3_column_int64(row, 0), error);
    if (!pausemon_tier_name((uint64_t)tier))
        tier = PAUSEMON_TIER_SENTINEL;
    return answer(walk->each_sample(walk->user, walk->sample, (uint64_t)tier), error);
}

static int tell_capture(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *error)
{
    struct pausemon_capture capture;

    if (pm_capture_read(&capture, row))
        return answer(walk->each_capture(walk->user, &capture), error);
    pm_log(&walk->history->host, PAUSEMON_LOG_WARNING, "a capture has a name that none has");
    return 0;
}

/* ---- queries ---- */

static int read_filter(struct pausemon_history_filter *filter,
                       const struct pausemon_history_filter *given)
{
    *filter = (struct pausemon_history_filter)PAUSEMON_HISTORY_FILTER_INIT;
    if (given && !pm_sized_take(filter, sizeof *filter, FILTER_FIRST_SIZE, given))
        return PAUSEMON_ERR_INVALID;
    if (filter->limit == 0 || filter->limit > INT64_MAX)
        filter->limit = INT64_MAX;
    return (filter->review < 0 || pausemon_review_name((uint64_t)filter->review)) &&
                   (filter->cause < 0 || pausemon_cause_name((uint64_t)filter->cause))
               ? 0
               : PAUSEMON_ERR_INVALID;
}

int pm_history_has_table(struct pausemon_history *history, const char *name,
                         struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *row =
        pm_db_query(&history->db, &why,
                    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", "t", name);
    int status = row ? pm_db_step(&history->db, row, &why) : (int)why.status;

    sqlite3_finalize(row);
    if (status < 0 && error)
        *error = why;
    return status;
}

/* Parameters 1 to 7 of a query: the times, the id, a review or a cause (NULL: any), the limit. */
static sqlite3_stmt *query(struct pausemon_history *history, const char *sql,
                           const struct pausemon_history_filter *filter, const char *kind,
                           struct pausemon_error *error)
{
    return pm_db_query(&history->db, error, sql, "ididiti", filter->since_ns,
                       pm_db_seconds(filter->since_ns), filter->until_ns,
                       pm_db_seconds(filter->until_ns), filter->id, kind, (int64_t)filter->limit);
}

int pausemon_history_events(struct pausemon_history *history,
                            const struct pausemon_history_filter *given,
                            int (*each)(void *user, const struct pausemon_escalation *escalation),
                            void *user, struct pausemon_error *error)
{
    struct pausemon_history_filter filter;
    struct pausemon_error why;
    struct walk walk;

    if (!history || !each || read_filter(&filter, given) < 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "a history, a callback and a filter are needed");
    begin_walk(&walk, history);
    walk.each_event = each;
    walk.user = user;
    sqlite3_stmt *statement = query(
        history,
        "SELECT " PM_EVENT_COLUMNS " FROM events AS e"
        " WHERE (?1 = 0 OR e.end_timestamp IS NULL OR e.end_timestamp >= ?2)"
        " AND (?3 = 0 OR e.start_timestamp < ?4) AND (?5 = 0 OR e.id = ?5)"
        " AND (?6 IS NULL OR coalesce(e.status, 'unreviewed') = ?6)"
        " ORDER BY e.start_timestamp DESC, e.id DESC LIMIT ?7",
        &filter, filter.review < 0 ? NULL : pausemon_review_name((uint64_t)filter.review), &why);
    int status = walk_rows(&walk, statement, tell_event, &why, error);
    end_walk(&walk);
    return status;
}

int pausemon_history_pauses(struct pausemon_history *history,
                            const struct pausemon_history_filter *given,
                            int (*each)(void *user, const struct pausemon_pause *pause), void *user,
                            struct pausemon_error *error)
{
    struct pausemon_history_filter filter;
    struct pausemon_error why;
    struct walk walk;

    if (!history || !each || read_filter(&filter, given) < 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "a history, a callback and a filter are needed");
    int there = pm_history_has_table(history, "pauses", error);
    if (there <= 0)
        return there;
    begin_walk(&walk, history);
    walk.each_pause = each;
    walk.user = user;
    if (pausemon_pause_new(&walk.pause, &history->host.given, NULL) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "history: out of memory");
    sqlite3_stmt *statement =
        query(history,
              "SELECT " PM_PAUSE_COLUMNS " FROM pauses"
              " WHERE (?1 = 0 OR end_timestamp >= ?2) AND (?3 = 0 OR start_timestamp < ?4)"
              " AND (?5 = 0 OR id = ?5) AND (?6 IS NULL OR cause = ?6)"
              " ORDER BY start_timestamp DESC, id DESC LIMIT ?7",
              &filter, filter.cause < 0 ? NULL : pausemon_cause_name((uint64_t)filter.cause), &why);
    int status = walk_rows(&walk, statement, tell_pause, &why, error);
    end_walk(&walk);
    return status;
}

int pausemon_history_samples(struct pausemon_history *history, int64_t event_id,
                             int (*each)(void *user, const struct pausemon_sample *sample,
                                         uint64_t tier),
                             void *user, struct pausemon_error *error)
{
    struct pausemon_error why;
    struct walk walk;

    if (!history || !each)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and a callback are needed");
    begin_walk(&walk, history);
    walk.each_sample = each;
    walk.user = user;
    if (pausemon_sample_new(&walk.sample, &history->host.given, NULL) < 0)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "history: out of memory");
    sqlite3_stmt *statement = pm_db_query(
        &history->db, &why,
        "SELECT id, tier, data FROM process_sample_records WHERE event_id = ? ORDER BY id", "i",
        event_id);
    int status = walk_rows(&walk, statement, tell_sample, &why, error);
    end_walk(&walk);
    return status;
}

int pausemon_history_captures(struct pausemon_history *history, int64_t event_id,
                              int (*each)(void *user, const struct pausemon_capture *capture),
                              void *user, struct pausemon_error *error)
{
    struct pausemon_error why;
    struct walk walk;

    if (!history || !each)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and a callback are needed");
    int there = pm_history_has_table(history, "captures", error); /* since version 2 of ours */
    if (there <= 0)
        return there;
    begin_walk(&walk, history);
    walk.each_capture = each;
    walk.user = user;
    sqlite3_stmt *statement = pm_db_query(&history->db, &why,
                                          "SELECT " PM_CAPTURE_COLUMNS " FROM captures AS c"
                                          " WHERE ?1 = 0 OR c.event_id = ?1"
                                          " ORDER BY c.start_timestamp DESC, c.name DESC",
                                          "i", event_id);
    int status = walk_rows(&walk, statement, tell_capture, &why, error);
    end_walk(&walk);
    return status;
}

int pausemon_history_hard_end(struct pausemon_history *history, int64_t *last_alive_ns,
                              int64_t *noted_ns, struct pausemon_error *error)
{
    int64_t alive, noted;

    if (!history || !last_alive_ns || !noted_ns)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and two places are needed");
    int status = pm_state_get(&history->db, "hard_end_last_alive", 0, &alive, error);
    if (status == 0)
        status = pm_state_get(&history->db, "hard_end_noted", 0, &noted, error);
    if (status < 0 || noted == 0)
        return status;
    *last_alive_ns = alive;
    *noted_ns = noted;
    return 1;
}

/* ---- the one that writes ---- */

static int mark(struct pm_db *db, int64_t event_id, uint64_t review, const char *notes,
                struct pausemon_error *error)
{
    int status = pm_schema_look(db, error);

    if (status == PM_SCHEMA_NEW)
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                       "the database was written by a newer version: it is left as it is");
    if (status >= 0)
        status = pm_db_run(db, error,
                           "UPDATE events SET status = ?, notes = CASE WHEN ?2 IS NULL THEN notes"
                           " ELSE nullif(?2, '') END WHERE id = ?3",
                           "tti", pausemon_review_name(review), notes, event_id);
    if (status == 0 && sqlite3_changes(db->sql) == 0)
        status =
            pm_fail(error, PAUSEMON_ERR_NOT_FOUND, "there is no event %lld", (long long)event_id);
    return status;
}

int pausemon_history_mark(struct pausemon_history *history, int64_t event_id, uint64_t review,
                          const char *notes, struct pausemon_error *error)
{
    struct pm_db db;

    if (!history || !pausemon_review_name(review))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and a review are needed");
    if (notes && (strlen(notes) >= PM_EVENT_NOTES || !pm_text_is_utf8(notes, strlen(notes))))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "notes: expected UTF-8, at most %u bytes",
                       PM_EVENT_NOTES - 1);
    if (faccessat(AT_FDCWD, history->place, W_OK, AT_EACCESS) != 0)
        return pm_fail_os(error, errno, "%s", history->place);
    int status = pm_db_open(&db, history->place, PM_DB_WRITE, WAIT_MS, error);
    if (status == 0)
        status = mark(&db, event_id, review, notes, error);
    pm_db_close(&db);
    return status;
}
