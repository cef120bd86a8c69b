/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PLACES_H
#define TOOLS_PLACES_H

/* Where things lie: the user's place first, then the system's. */

#include <pausemon/config.h>
#include <pausemon/place.h>

#define PLACE_SIZE 4096
#define PLACE_SYSTEM_CONFIG "/etc/pause-monitor/config.toml"

/* Where a daemon keeps what it knows. */
struct place {
    char directory[PLACE_SIZE]; /* the data directory */
    char database[PLACE_SIZE];
    char blackbox[PLACE_SIZE];
    char socket[PLACE_SIZE];
    char lock[PLACE_SIZE];
    char evidence[PLACE_SIZE]; /* the directory of captures */
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

/* That its directory is no symbolic link: 0, or -1 after a line on stderr. */
int place_check(const char *program, const struct place *place);

/* refusal.c: who may open a path that may not be opened, and how one becomes that. */
#define PLACE_ADVICE 256
void place_advice(char *text, size_t size, const char *path);

/* The same on stderr, or what `error` says (NULL: nothing) where rights are not what is missing.
 * Returns EXIT_ERROR. */
int place_refused(const char *program, const char *path, const struct pausemon_error *error);

/* The configuration that is in force: `given` if not NULL, else the user's if there is one, else
 * the system's if there is one, else the user's, which is then not there. -1: no home. */
int place_config(const char *given, char path[PLACE_SIZE]);

/* Whether it is a symbolic link: one in force is refused, with this sentence about it. */
#define PLACE_CONFIG_LINK                                                                          \
    "the configuration %s is a symbolic link, which is not followed: put the file itself there, "  \
    "or name it with --config"
int place_config_is_link(const char *path);

/* Reads it into a new config. Every issue goes to stderr as "path:line: …". A file that is not
 * there is an error only if it was `given`; a symbolic link only if it was not. NULL on failure,
 * which has been told. */
struct pausemon_config *place_load_config(const char *program, const char *given);

/* The same, of the system's place alone. */
struct pausemon_config *place_load_system_config(const char *program);

#endif
