/* SPDX-License-Identifier: MIT */
#ifndef SCREEN_STAGE_H
#define SCREEN_STAGE_H

/* What the monitor knows, as a daemon would have told it: the same for every suite. */

#include "pausemon-monitor/known.h"

/* 2026-01-23T12:04:31Z, monotonic 1000 s. */
#define STAGE_NOW_NS (INT64_C(1769169871) * 1000000000)
#define STAGE_NOW_MS INT64_C(1000000)

/* A state that has heard nothing, at that time, of a host named "box". */
struct known *stage_new(void);

/* Hears a line that must be understood. */
void stage_hear(struct known *known, const char *line);

/* Thirty samples, the last with the rogues of a machine that does little. */
void stage_calm(struct known *known);

/* An escalation that is critical: heavy rogues, some of whose values are unknown, pauses, events,
 * and a daemon in trouble. */
void stage_critical(struct known *known);

/* A sample with one rogue whose name is `command`, as it stands in JSON. */
void stage_sample_of(struct known *known, const char *command, int pid, int score);

#endif
