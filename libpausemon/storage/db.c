/* SPDX-License-Identifier: MIT */
#include "storage/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- failures ---- */

static const struct {
    int code, status;
} statuses[] = {
    {SQLITE_BUSY, PAUSEMON_ERR_BUSY},       {SQLITE_LOCKED, PAUSEMON_ERR_BUSY},
    {SQLITE_NOMEM, PAUSEMON_ERR_NOMEM},     {SQLITE_NOTADB, PAUSEMON_ERR_FORMAT},
    {SQLITE_CORRUPT, PAUSEMON_ERR_FORMAT},  {SQLITE_ERROR, PAUSEMON_ERR_FORMAT},
    {SQLITE_PERM, PAUSEMON_ERR_DENIED},     {SQLITE_AUTH, PAUSEMON_ERR_DENIED},
    {SQLITE_READONLY, PAUSEMON_ERR_DENIED}, {SQLITE_TOOBIG, PAUSEMON_ERR_LIMIT},
    {SQLITE_CANTOPEN, PAUSEMON_ERR_DENIED},
};

int pm_db_fail(struct pm_db *db, int code, struct pausemon_error *error)
{
    int status = PAUSEMON_ERR_IO;

    db->code = code & 0xFF;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].code == db->code)
            status = statuses[i].status;
    pm_fail(error, status, "database: %s",
            db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
    db->os_errno = db->sql ? sqlite3_system_errno(db->sql) : 0;
    if (db->code == SQLITE_FULL && db->os_errno == 0) /* a write that was cut short */
        db->os_errno = ENOSPC;
    if (error)
        error->os_errno = db->os_errno;
    return status;
}

bool pm_db_is_corrupt(const struct pm_db *db)
{
    return db->code == SQLITE_CORRUPT || db->code == SQLITE_NOTADB;
}

/* ---- opening ---- */

/* "file:" with every byte that means something in a URI escaped. */
static int make_uri(char *uri, size_t size, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = (size_t)snprintf(uri, size, "file:");

    for (; *path; path++) {
        if (used + sizeof "%XX?immutable=1" > size)
            return -1;
        if (strchr("%?#", *path)) {
            uri[used++] = '%';
            uri[used++] = digits[(unsigned char)*path >> 4];
            uri[used++] = digits[(unsigned char)*path & 15];
        } else {
            uri[used++] = *path;
        }
    }
    snprintf(uri + used, size - used, "?immutable=1");
    return 0;
}

/* Nothing in a file may make SQLite do more than read and write tables; closing leaves -wal and
 * -shm where they are, for readers that could not make them. */
static int set_up(struct pm_db *db, enum pm_db_mode mode, int wait_ms, struct pausemon_error *error)
{
    int persist = 1;

    sqlite3_extended_result_codes(db->sql, 1);
    sqlite3_busy_timeout(db->sql, wait_ms);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* Whoever may write to the file may make them, and one can be endless. */
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    if (mode != PM_DB_WRITE)
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return pm_db_exec(db, "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON", error);
}

int pm_db_open(struct pm_db *db, const char *path, enum pm_db_mode mode, int wait_ms,
               struct pausemon_error *error)
{
    char uri[3 * PM_DB_PATH_SIZE];
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;

    *db = (struct pm_db){NULL, 0, 0, getpid()};
    if (!sqlite3_threadsafe())
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "this SQLite knows no threads");
    flags |= mode == PM_DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (mode == PM_DB_FROZEN) {
        flags |= SQLITE_OPEN_URI;
        if (make_uri(uri, sizeof uri, path) < 0)
            return pm_fail_os(error, ENAMETOOLONG, "%s", path);
        path = uri;
    }
    int code = sqlite3_open_v2(path, &db->sql, flags, NULL);
    int status = code == SQLITE_OK ? set_up(db, mode, wait_ms, error) : pm_db_fail(db, code, error);
    if (status < 0)
        pm_db_close(db);
    return status;
}

void pm_db_close(struct pm_db *db)
{
    if (db->sql && db->opened_by == getpid())
        sqlite3_close(db->sql); /* every statement has been finalised where it was made */
    db->sql = NULL;
}

/* ---- statements ---- */

int pm_db_exec(struct pm_db *db, const char *sql, struct pausemon_error *error)
{
    int code = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : pm_db_fail(db, code, error);
}

static int bind(sqlite3_stmt *statement, const char *types, va_list arguments)
{
    int code = SQLITE_OK;

    for (int i = 1; *types && code == SQLITE_OK; types++, i++) {
        const char *text;
        switch (*types) {
        case 'i':
            code = sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
            break;
        case 'd':
            code = sqlite3_bind_double(statement, i, va_arg(arguments, double));
            break;
        case 't':
            text = va_arg(arguments, const char *);
            code = sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
            break;
        default:
            text = va_arg(arguments, const char *);
            code = sqlite3_bind_text64(statement, i, text, va_arg(arguments, size_t),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
        }
    }
    return code;
}

static sqlite3_stmt *prepare(struct pm_db *db, struct pausemon_error *error, const char *sql,
                             const char *types, va_list arguments)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = bind(statement, types, arguments);
    if (code == SQLITE_OK)
        return statement;
    pm_db_fail(db, code, error);
    sqlite3_finalize(statement);
    return NULL;
}

sqlite3_stmt *pm_db_query(struct pm_db *db, struct pausemon_error *error, const char *sql,
                          const char *types, ...)
{
    va_list arguments;

    va_start(arguments, types);
    sqlite3_stmt *statement = prepare(db, error, sql, types, arguments);
    va_end(arguments);
    return statement;
}

int pm_db_step(struct pm_db *db, sqlite3_stmt *statement, struct pausemon_error *error)
{
    int code = sqlite3_step(statement);

    return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : pm_db_fail(db, code, error);
}

int pm_db_run(struct pm_db *db, struct pausemon_error *error, const char *sql, const char *types,
              ...)
{
    va_list arguments;
    struct pausemon_error why;
    int status;

    va_start(arguments, types);
    sqlite3_stmt *statement = prepare(db, &why, sql, types, arguments);
    va_end(arguments);
    if (statement) {
        while ((status = pm_db_step(db, statement, &why)) > 0)
            ;
        sqlite3_finalize(statement);
    } else {
        status = (int)why.status;
    }
    if (status < 0 && error)
        *error = why;
    return status;
}

int pm_db_number(struct pm_db *db, const char *sql, int64_t otherwise, int64_t *number,
                 struct pausemon_error *error)
{
    struct pausemon_error why;
    sqlite3_stmt *statement = pm_db_query(db, &why, sql, "");
    int status = statement ? pm_db_step(db, statement, &why) : (int)why.status;

    *number = otherwise;
    if (status > 0)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

void pm_db_rollback(struct pm_db *db)
{
    int code = db->code;

    /* Some failures have rolled back already. It cannot fail where there is a transaction. */
    if (db->sql && !sqlite3_get_autocommit(db->sql))
        pm_db_exec(db, "ROLLBACK", NULL);
    db->code = code;
}

/* ---- time ---- */

double pm_db_seconds(int64_t realtime_ns)
{
    return (double)realtime_ns / PM_NS_PER_S;
}

int64_t pm_db_ns(double seconds)
{
    if (!(seconds > -9e9 && seconds < 9e9))
        return 0; /* not of our times, or no number */
    double micros = seconds * 1e6;
    return (int64_t)(micros < 0 ? micros - 0.5 : micros + 0.5) * 1000;
}
