/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_SCHEMA_H
#define PM_STORAGE_SCHEMA_H

/* The tables, and the few values that daemon_state keeps. */

#include "storage/db.h"

#define PM_SCHEMA_ORIGINAL 7 /* of the Python original: daemon_state's schema_version */
#define PM_SCHEMA_OURS 2     /* PRAGMA user_version */

enum pm_schema {
    PM_SCHEMA_EMPTY,
    PM_SCHEMA_KNOWN,  /* ours, or the original's as we know it; perhaps to be migrated */
    PM_SCHEMA_OLD,    /* of the original, below 7: it keeps nothing that we could read */
    PM_SCHEMA_NEW,    /* of a version above ours or the original's 7 */
    PM_SCHEMA_FOREIGN /* a database of something else */
};

/* enum pm_schema, or a negative status. */
int pm_schema_look(struct pm_db *db, struct pausemon_error *error);

/* Before the first table is made: how the file keeps its pages. */
int pm_schema_begin(struct pm_db *db, struct pausemon_error *error);

/* Makes what is missing. In a transaction of the caller. */
int pm_schema_migrate(struct pm_db *db, struct pausemon_error *error);

/* Values of daemon_state. `otherwise` where the key is missing. */
int pm_state_get(struct pm_db *db, const char *key, int64_t otherwise, int64_t *value,
                 struct pausemon_error *error);
/* "" where it is missing. */
int pm_state_get_text(struct pm_db *db, const char *key, char *text, size_t size,
                      struct pausemon_error *error);
int pm_state_set(struct pm_db *db, const char *key, int64_t value, int64_t now_ns,
                 struct pausemon_error *error);
int pm_state_set_text(struct pm_db *db, const char *key, const char *text, int64_t now_ns,
                      struct pausemon_error *error);

#endif
