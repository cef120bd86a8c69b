/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_PAST_H
#define MONITOR_PAST_H

/* The incident database, as the monitor reads it: opened for each reading, which is bounded, and
 * closed again. What fails is known->past_why. */

#include "common/places.h"
#include "pausemon-monitor/known.h"

struct past {
    char path[PLACE_SIZE]; /* "": there is none */
    int64_t read_ms;       /* monotonic: of the last reading; 0: none */
};

/* Reads both lists, at most `limit` rows each; known->filter says which events. */
void past_read(struct past *past, struct known *known, uint64_t limit);

/* All that is known of an event, of a pause, as text to be freed; NULL: known->past_why says why.
 */
char *past_tell_event(struct past *past, struct known *known, int64_t id);
char *past_tell_pause(struct past *past, struct known *known, int64_t id);

/* 0, or a negative status and why. */
int past_mark(struct past *past, int64_t id, uint64_t review, char why[200]);

#endif
