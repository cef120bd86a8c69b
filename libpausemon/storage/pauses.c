/* SPDX-License-Identifier: MIT */
#include "storage/pauses.h"

#include <pausemon/json.h>
#include <string.h>

#include "formats/json_reader.h"
#include "formats/json_writer.h"

/* Members of the JSON that are columns as they are, in the order of PM_PAUSE_COLUMNS behind the
 * two times. */
static const struct {
    const char *name;
    bool json; /* a list, kept as text */
} columns[] = {
    {"id", false},        {"duration_ms", false}, {"lost_ms", false}, {"detectors", true},
    {"cause", false},     {"confidence", false},  {"verdict", false}, {"evidence", true},
    {"culprits", true},   {"victims", true},      {"tier", false},    {"event_id", false},
    {"forensics", false},
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])
#define TIME_COUNT 2
#define TIME_SIZE 64 /* of one as text */

/* What forensics has noted stays when the pause is told again. */
static const char insert[] =
    "INSERT INTO pauses (" PM_PAUSE_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (id) DO UPDATE SET start_timestamp = excluded.start_timestamp,"
    " end_timestamp = excluded.end_timestamp, duration_ms = excluded.duration_ms,"
    " lost_ms = excluded.lost_ms, detectors = excluded.detectors, cause = excluded.cause,"
    " confidence = excluded.confidence, verdict = excluded.verdict, evidence = excluded.evidence,"
    " culprits = excluded.culprits, victims = excluded.victims, tier = excluded.tier,"
    " event_id = excluded.event_id";

static void empty(struct pm_buffer *buffer)
{
    pm_buffer_consume(buffer, buffer->length);
}

static int dump_piece(const char *bytes, size_t length, void *user)
{
    return pm_buffer_write(user, bytes, length) < 0 ? -1 : 0;
}

/* As text into the empty buffer. */
static int dump(const json_t *json, struct pm_buffer *text)
{
    empty(text);
    return json_dump_callback(json, dump_piece, text, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0
               ? 0
               : PAUSEMON_ERR_NOMEM;
}

/* ---- writing ---- */

static int bind_member(sqlite3_stmt *statement, int at, const json_t *value, struct pm_buffer *text)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER:
        return sqlite3_bind_int64(statement, at, json_integer_value(value));
    case JSON_REAL:
        return sqlite3_bind_double(statement, at, json_real_value(value));
    case JSON_STRING:
        return sqlite3_bind_text64(statement, at, json_string_value(value),
                                   json_string_length(value), SQLITE_TRANSIENT, SQLITE_UTF8);
    case JSON_NULL:
        return sqlite3_bind_null(statement, at);
    default:
        if (dump(value, text) < 0)
            return SQLITE_NOMEM;
        return sqlite3_bind_text64(statement, at, pm_buffer_content(text), text->length,
                                   SQLITE_TRANSIENT, SQLITE_UTF8);
    }
}

static int bind_all(sqlite3_stmt *statement, const struct pausemon_pause_info *info,
                    const json_t *object, struct pm_buffer *text)
{
    int code = sqlite3_bind_double(statement, 1, pm_db_seconds(info->start.realtime_ns));

    if (code == SQLITE_OK)
        code = sqlite3_bind_double(statement, 2, pm_db_seconds(info->end.realtime_ns));
    for (size_t i = 0; i < COLUMN_COUNT && code == SQLITE_OK; i++) {
        const json_t *value = json_object_get(object, columns[i].name);
        if (value)
            code = bind_member(statement, (int)i + 1 + TIME_COUNT, value, text);
    }
    return code;
}

static json_t *member_at(sqlite3_stmt *row, int at, bool json)
{
    switch (sqlite3_column_type(row, at)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, at));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(row, at));
    case SQLITE_TEXT: {
        const char *bytes = (const char *)sqlite3_column_text(row, at);
        size_t length = (size_t)sqlite3_column_bytes(row, at);
        if (length > PM_JSON_MAX_LINE)
            return NULL;
        return json ? json_loadb(bytes, length, 0, NULL) : json_stringn(bytes, length);
    }
    case SQLITE_NULL:
        return json_null();
    default:
        return NULL;
    }
}

/* Of two tellings of one culprit, what only the older one knew. 0, or -1: no memory. */
static int keep_known(json_t *culprit, const json_t *before)
{
    static const char *const looked_up[] = {"exe", "unit", "uid"};
    int failed = 0;

    for (size_t i = 0; i < sizeof looked_up / sizeof looked_up[0]; i++) {
        json_t *known = json_object_get(before, looked_up[i]);
        if (known && json_is_null(json_object_get(culprit, looked_up[i])))
            failed |= json_object_set(culprit, looked_up[i], known);
    }
    return failed;
}

static bool is_same_process(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "pid"), json_object_get(b, "pid")) &&
           json_equal(json_object_get(a, "command"), json_object_get(b, "command"));
}

/* A culprit may have ended since the pause was first told: then nothing can be looked up, and what
 * is in its row stays. A text that is no list has nothing to keep. */
static int keep_culprits(struct pm_db *db, int64_t id, const json_t *culprits,
                         struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(db, &why, "SELECT culprits FROM pauses WHERE id = ?", "i", id);
    int status = row ? pm_db_step(db, row, &why) : (int)why.status, failed = 0;
    json_t *before = status > 0 ? member_at(row, 0, true) : NULL;

    for (size_t i = 0; i < json_array_size(culprits); i++)
        for (size_t j = 0; j < json_array_size(before); j++) {
            json_t *culprit = json_array_get(culprits, i);
            if (is_same_process(culprit, json_array_get(before, j)))
                failed |= keep_known(culprit, json_array_get(before, j));
        }
    json_decref(before);
    sqlite3_finalize(row);
    if (status < 0 && error)
        *error = why;
    if (status < 0)
        return status;
    return failed ? pm_fail(error, PAUSEMON_ERR_NOMEM, "a pause as JSON: out of memory") : 0;
}

static int insert_row(struct pm_db *db, const struct pausemon_pause *pause, const json_t *object,
                      struct pm_buffer *text, struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *statement = pm_db_query(db, &why, insert, "");
    int status = statement ? 0 : (int)why.status;

    if (statement) {
        int code = bind_all(statement, pausemon_pause_get_info(pause), object, text);
        status = code == SQLITE_OK ? pm_db_step(db, statement, &why) : pm_db_fail(db, code, &why);
    }
    sqlite3_finalize(statement);
    if (status < 0 && error)
        *error = why;
    return status;
}

int pm_pause_write(struct pm_db *db, const struct pausemon_pause *pause, struct pm_buffer *text,
                   struct pausemon_error *error)
{
    empty(text);
    int status = pausemon_json_encode_pause(pause, pm_buffer_write, text);
    if (status < 0)
        return pm_fail(error, status, "a pause as JSON: %s", pausemon_status_text(status));
    json_t *object = pm_json_load(pm_buffer_content(text), text->length, error);
    if (!object)
        return PAUSEMON_ERR_FORMAT;
    status = keep_culprits(db, pausemon_pause_get_info(pause)->id,
                           json_object_get(object, "culprits"), error);
    if (status == 0)
        status = insert_row(db, pause, object, text, error);
    json_decref(object);
    return status;
}

/* ---- reading ---- */

static json_t *time_at(sqlite3_stmt *row, int at, int64_t utc_offset_s, struct pm_buffer *text)
{
    struct pausemon_instant time = {.realtime_ns = pm_db_ns(sqlite3_column_double(row, at)),
                                    .utc_offset_s = utc_offset_s};
    struct pm_json json;

    empty(text);
    pm_json_init(&json, pm_buffer_write, text);
    pm_json_time(&json, &time);
    if (pm_json_flush(&json) < 0)
        return NULL;
    return json_loadb(pm_buffer_content(text), text->length, JSON_DECODE_ANY, NULL);
}

/* Setting a member to NULL fails: so does the row then. */
static int read_members(json_t *object, sqlite3_stmt *row, int64_t utc_offset_s,
                        struct pm_buffer *text)
{
    int failed = json_object_set_new(object, "start", time_at(row, 0, utc_offset_s, text));

    failed |= json_object_set_new(object, "end", time_at(row, 1, utc_offset_s, text));
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        failed |= json_object_set_new(object, columns[i].name,
                                      member_at(row, (int)i + TIME_COUNT, columns[i].json));
    return failed;
}

int pm_pause_read(struct pausemon_pause *pause, sqlite3_stmt *row, int64_t utc_offset_s,
                  struct pm_buffer *text, struct pausemon_error *error)
{
    empty(text);
    if (!pm_buffer_room(text, TIME_SIZE)) /* so that what fails below is the row's fault */
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "a row of pauses: out of memory");
    json_t *object = json_object();
    int status = 0;

    if (!object || read_members(object, row, utc_offset_s, text) != 0)
        status = pm_fail(error, PAUSEMON_ERR_FORMAT, "a row of pauses that makes no pause");
    else if ((status = dump(object, text)) < 0)
        pm_fail(error, status, "a row of pauses: %s", pausemon_status_text(status));
    else
        status = pausemon_json_decode_pause(pause, pm_buffer_content(text), text->length, error);
    json_decref(object);
    return status;
}
