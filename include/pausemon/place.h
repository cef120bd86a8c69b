/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_PLACE_H
#define PAUSEMON_PLACE_H

/* Where the daemon keeps what it knows, and looks for its configuration: the user's in
 * $XDG_DATA_HOME, $XDG_CONFIG_HOME or the home directory, the system's in /var/lib/pause-monitor,
 * /etc/pause-monitor and (its socket) /run/pause-monitor.
 * @since 0.1 */

#include <pausemon/common.h>

PAUSEMON_BEGIN_DECLS

enum pausemon_place {
    PAUSEMON_PLACE_DATA = 1, /* the directory of database, black box and evidence */
    PAUSEMON_PLACE_DATABASE = 2,
    PAUSEMON_PLACE_SOCKET = 3,
    PAUSEMON_PLACE_BLACKBOX = 4,
    PAUSEMON_PLACE_EVIDENCE = 5, /* the directory of captures */
    PAUSEMON_PLACE_CONFIG = 6,
    PAUSEMON_PLACE_LOCK = 7 /* held by the daemon as long as it runs; its pid is in it */
};

enum pausemon_owner {
    PAUSEMON_OWNER_ANY = 0, /* the user's if it is there, else the system's if that is, else the
                               user's. All but CONFIG are there when the database is */
    PAUSEMON_OWNER_USER = 1,
    PAUSEMON_OWNER_SYSTEM = 2
};

/* Writes a path: what `place` is, of whom. Reads the environment, but not in a setuid program,
 * where there is no home; makes nothing. Returns whose it is (PAUSEMON_OWNER_USER, _SYSTEM), or
 * PAUSEMON_ERR_NOT_FOUND: there is no home; PAUSEMON_ERR_LIMIT: it does not fit. */
PAUSEMON_API int pausemon_place_find(char *path, size_t size, uint64_t place, uint64_t owner,
                                     struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
