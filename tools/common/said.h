/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_SAID_H
#define TOOLS_SAID_H

/* Moments as people say them, in the time zone of the process. */

#include <stdint.h>

struct said {
    int64_t second; /* since 1970 */
    int64_t other;  /* clocks were set back: that time came twice, and this is the second one; else
                       -1 */
};

#define SAID_UNKNOWN (-1) /* the text is no form of a time */
#define SAID_NEVER                                                                                 \
    (-2) /* it is, but there was no such time: a 30th of February, clocks that were                \
            set forward, a year that is out of range */

/* For people: what said_read understands. */
#define SAID_FORMS                                                                                 \
    "HH:MM[:SS], yesterday HH:MM, YYYY-MM-DD HH:MM[:SS], 2026-01-23T12:04:31-08:00 (or Z), "       \
    "10 minutes ago"

/* A clock time without a day is the last one that has come, as of `now` (seconds since 1970). 0 or
 * one of the above. */
int said_read(const char *text, int64_t now, struct said *when);

#define SAID_SIZE 40

/* "2026-01-23T12:04:31-08:00": local time. */
void said_print(char text[SAID_SIZE], int64_t second);

#endif
