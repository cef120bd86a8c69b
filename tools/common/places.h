/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PLACES_H
#define TOOLS_PLACES_H

/* Where things lie: the user's place first, then the system's. */

#include <pausemon/config.h>

#define PLACE_SIZE 4096
#define PLACE_SYSTEM_CONFIG "/etc/pause-monitor/config.toml"

/* Where a daemon keeps what it knows. */
struct place {
    char directory[PLACE_SIZE]; /* the data directory */
    char database[PLACE_SIZE];
    char socket[PLACE_SIZE];
    char lock[PLACE_SIZE];
    int is_system; /* the system's: /var/lib/pause-monitor, socket and lock in /run/pause-monitor */
};

/* The place of a daemon: everything in `given` if not NULL, else the system's if `system`, else the
 * user's. Nothing is looked at or made. -1: no home, or a path that is empty
 * or too long. */
int place_data(const char *given, int system, struct place *place);

/* The place to read from: `given`, or the user's if there is a database, else the system's if there
 * is one, else the user's. A line on stderr says so when it is the system's. -1: no home and no
 * system's, or a path that is empty or too long, said on stderr. */
int place_find(const char *program, const char *given, struct place *place);

/* What to do about a place that may not be read, on stderr; returns EXIT_ERROR. */
int place_refused(const char *program, const char *path);

/* The configuration that is in force: `given` if not NULL, else the user's if there is one, else
 * the system's if there is one, else the user's, which is then not there. -1: no home. */
int place_config(const char *given, char path[PLACE_SIZE]);

/* Reads it into a new config. Every issue goes to stderr as "path:line: …". A file that is not
 * there is an error only if it was `given`. NULL on failure, which has been told. */
struct pausemon_config *place_load_config(const char *program, const char *given);

#endif
