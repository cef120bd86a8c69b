/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_MESSAGE_H
#define TOOLS_MESSAGE_H

/* Lines of the daemon's socket. The one place of the tools that knows jansson. */

#include <stddef.h>
#include <stdint.h>

/* What a line says, as far as it is understood. A key that is missing, or of another type, is -1,
 * or "". Texts are cleaned. */
struct message {
    char type[16];
    char text[128]; /* of an "error" */
    int64_t samples, tier, max_score, dropped_records, rss_bytes, pid;
    char disk[16], budget[16], heartbeat[16];
    char elevated_since[40], critical_since[40], version[32];
    int64_t beats, late_beats, worst_beat_ms, slower, stress;
    char blackbox[16], source[64];
    /* Of an "event"; "samples" is those kept of it. */
    int64_t id, peak_stress, peak_tier;
    char start[40], end[40], status[16], notes[128];
};

/* 0; -1: it is no JSON object, or has no type; -2: built without JSON. */
int message_read(struct message *message, const char *line, size_t length);

/* Calls back with each sample of an "initial_state", the oldest first, as the text of an object of
 * its own, and its tier (-1: it has none). A line of another type has none. 0, or as message_read.
 */
int message_each_sample(const char *line, size_t length,
                        void (*each)(void *user, const char *text, size_t length, int64_t tier),
                        void *user);

/* A line that message_read took, as JSON that does nothing to a terminal: what is not harmless is
 * escaped. `out` has room for MESSAGE_SAFE_SIZE(length). Returns its length, NUL excluded. */
#define MESSAGE_SAFE_SIZE(length) (6 * (length) + 1)
size_t message_make_safe(char *out, const char *line, size_t length);

#endif
