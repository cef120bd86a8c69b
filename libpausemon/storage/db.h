/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_DB_H
#define PM_STORAGE_DB_H

/* One connection to SQLite, and statements as one call each. The only header that knows sqlite3. */

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define PM_DB_PATH_SIZE 4096

enum pm_db_mode {
    PM_DB_READ,
    PM_DB_WRITE,
    PM_DB_FROZEN /* read, where no -wal and -shm are and none can be made: nobody may write */
};

struct pm_db {
    sqlite3 *sql; /* NULL: not open */
    int code;     /* SQLite's primary code of the last failure */
    int os_errno; /* and the system's, if it had to do with it */
    pid_t opened_by;
};

/* The file must be there. Never through a symbolic link; `path` as pm_place_resolve gave it. */
int pm_db_open(struct pm_db *db, const char *path, enum pm_db_mode mode, int wait_ms,
               struct pausemon_error *error);
/* In a child after fork() it only forgets: the locks and the -shm are the parent's. */
void pm_db_close(struct pm_db *db);

/* Keeps the code, fills the error, returns the status that belongs to the code. */
int pm_db_fail(struct pm_db *db, int code, struct pausemon_error *error);

/* Several statements without parameters. */
int pm_db_exec(struct pm_db *db, const char *sql, struct pausemon_error *error);

/* One statement; `types` has a letter a parameter: i int64_t, d double, t const char * (NULL: SQL's
 * NULL), b const char * and size_t (a text with its length). Rows are ignored. */
int pm_db_run(struct pm_db *db, struct pausemon_error *error, const char *sql, const char *types,
              ...);

/* The same, to be stepped through: NULL on failure. Give it back with sqlite3_finalize. */
sqlite3_stmt *pm_db_query(struct pm_db *db, struct pausemon_error *error, const char *sql,
                          const char *types, ...);

/* 1: there is a row; 0: no more; or a negative status. */
int pm_db_step(struct pm_db *db, sqlite3_stmt *statement, struct pausemon_error *error);

/* The one whole number that a statement gives; `otherwise` without a row. */
int pm_db_number(struct pm_db *db, const char *sql, int64_t otherwise, int64_t *number,
                 struct pausemon_error *error);

/* Whether the file itself is no good: to be moved aside. */
bool pm_db_is_corrupt(const struct pm_db *db);

/* Undoes the transaction that is open, if one is. */
void pm_db_rollback(struct pm_db *db);

/* SQLite keeps times as seconds in a double: good for microseconds, which is what the Python
 * original gives. */
double pm_db_seconds(int64_t realtime_ns);
int64_t pm_db_ns(double seconds);

#endif
