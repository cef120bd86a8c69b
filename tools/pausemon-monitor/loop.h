/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_LOOP_H
#define MONITOR_LOOP_H

#include "pausemon-monitor/feed.h"

/* Shows what is known on the terminal until somebody ends it: 0, or the number of the signal that
 * did, or -1 with errno: there is no terminal. The terminal is as it was found. */
int loop_run(struct feed *feed, struct known *known, int is_ascii, int color);

#endif
