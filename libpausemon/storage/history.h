/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_HISTORY_H
#define PM_STORAGE_HISTORY_H

/* What the files that read the database share. */

#include <pausemon/storage.h>

#include "base/host.h"
#include "storage/db.h"

struct pausemon_history {
    struct pm_host host;
    struct pm_db db;
    char place[PM_DB_PATH_SIZE];
};

/* 1 or 0, or a negative status. */
int pm_history_has_table(struct pausemon_history *history, const char *name,
                         struct pausemon_error *error);

#endif
