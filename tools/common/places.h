/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PLACES_H
#define TOOLS_PLACES_H

/* Where things lie: the user's place first, then the system's. */

#include <pausemon/config.h>

#define PLACE_SIZE 4096

/* The configuration that is in force: `given` if not NULL, else the user's if there is one, else
 * the system's if there is one, else the user's, which is then not there. -1: no home. */
int place_config(const char *given, char path[PLACE_SIZE]);

/* Reads it into a new config. Every issue goes to stderr as "path:line: …". A file that is not
 * there is an error only if it was `given`. NULL on failure, which has been told. */
struct pausemon_config *place_load_config(const char *program, const char *given);

#endif
