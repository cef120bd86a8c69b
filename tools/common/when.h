/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_WHEN_H
#define TOOLS_WHEN_H

/* Times, as people and as JSON write them. All are nanoseconds since 1970. */

#include <stdint.h>

#define WHEN_SIZE 40

int64_t when_now_ns(void);

/* Local time: "12:04:31", with the date in front when it is not the day of `now_ns`. */
void when_text(char text[WHEN_SIZE], int64_t realtime_ns, int64_t now_ns);

/* The same within 12 columns: "12:04:31", "Jan 23 12:04"; "2025-01-23" if it is long ago. */
void when_short(char text[WHEN_SIZE], int64_t realtime_ns, int64_t now_ns);

/* "2026-01-23T12:00:00.123456-08:00", as the library writes it. 0, or -1 for any other text. */
int when_read(int64_t *realtime_ns, const char *text);

#endif
