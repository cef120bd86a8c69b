/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_TREE_H
#define PM_BASE_TREE_H

/* Directories and files that are ours alone: made exclusively, never reached through a symbolic
 * link, given their rights at once. Descriptors close on exec. A failure is a negative status. */

#include <stdbool.h>

#include "base/error.h"

/* An open descriptor of a directory; `path` may have links in its parents, not at its end. */
int pm_tree_open(const char *path, struct pausemon_error *error);
int pm_tree_open_at(int parent, const char *name, struct pausemon_error *error);

/* Makes a directory that is not there yet (else os_errno EEXIST): 0700, or with a group (>= 0)
 * 0750. Its descriptor. */
int pm_tree_make(int parent, const char *name, int64_t group, struct pausemon_error *error);

/* Makes a file that is not there yet: 0600, or with a group 0640. Its descriptor, for reading and
 * writing. */
int pm_tree_create(int directory, const char *name, int64_t group, struct pausemon_error *error);

/* Writes all of it; 0 or a status. */
int pm_tree_write(int fd, const char *bytes, size_t length, struct pausemon_error *error);

/* The names in a directory, without "." and ".."; stops when `each` returns other than 0, and
 * returns that. */
int pm_tree_list(int directory, int (*each)(void *user, const char *name), void *user,
                 struct pausemon_error *error);

/* Bytes that a directory takes on its disk, all below it included (to a depth of 8). `name` NULL:
 * `parent` itself. */
int pm_tree_size(int parent, const char *name, uint64_t *bytes, struct pausemon_error *error);

/* Removes a directory and all below it. A symbolic link in it goes, what it leads to stays. */
int pm_tree_remove(int parent, const char *name, struct pausemon_error *error);

/* Bytes that may still be written to its file system; UINT64_MAX: not known. */
uint64_t pm_tree_room(int fd);

#endif
