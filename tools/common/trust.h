/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_TRUST_H
#define TOOLS_TRUST_H

#include <stdint.h>

#include "common/places.h"

/* Whether nobody but root, and `owner` (0: root alone), can change what `path` names: the file and
 * every directory above it belong to one of them, and nobody else can write there. `path` is
 * absolute and has no symbolic links in it (realpath). 1; else 0, `where` being the one that can be
 * changed, and *os_errno 0, or why it could not be looked at. */
int trust_path(const char *path, int64_t owner, char where[PLACE_SIZE], int *os_errno);

#endif
