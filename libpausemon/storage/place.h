/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_PLACE_H
#define PM_STORAGE_PLACE_H

/* The database as files: its path, its rights, what belongs to it, and moving all of it aside. */

#include <stdbool.h>

#include "base/error.h"
#include "storage/db.h"

/* `path` with its directory resolved, so that only the file itself must be no link. The directory
 * has to be there, the file need not. */
int pm_place_resolve(char place[PM_DB_PATH_SIZE], const char *path, struct pausemon_error *error);

/* That neither the file nor its -wal, -shm and -journal is anything but a regular file, where it is
 * there. Returns 1 if the database is there, else 0. */
int pm_place_check(const char *place, struct pausemon_error *error);

/* Makes an empty file that was not there, 0600. */
int pm_place_make(const char *place, struct pausemon_error *error);

/* Which file it is: to see that somebody has removed it, or put another in its place. */
struct pm_place_id {
    uint64_t device, inode; /* 0: it was not there */
};
void pm_place_note(struct pm_place_id *id, const char *place);
bool pm_place_is(const char *place, const struct pm_place_id *id);

/* The directory of the place: the first call notes which it is, each later one refuses any other
 * that has come there, by whatever way: nothing is begun anew in it. */
int pm_place_keep(struct pm_place_id *directory, const char *place, struct pausemon_error *error);

/* Gives the file and what belongs to it the rights they should have (`group` -1: 0600, else 0660
 * and that group), where they are ours. Failures are told in the log: it works all the same. */
void pm_place_set_rights(const char *place, int64_t group, const struct pm_host *host);

/* Renames all of it to NAME.corrupt-YYYYmmdd-HHMMSS[_n], which `aside` becomes, and removes all but
 * the three newest of these. */
int pm_place_move_aside(char aside[PM_DB_PATH_SIZE], const char *place, struct pm_host *host,
                        struct pausemon_error *error);

/* Bytes free in its file system; 0: not known. */
uint64_t pm_place_room(const char *place);

#endif
