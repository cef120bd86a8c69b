/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_TELL_H
#define MONITOR_TELL_H

/* What is known, in words. Each text is cut at TELL_SIZE. */

#include "pausemon-monitor/canvas.h"
#include "pausemon-monitor/known.h"

#define TELL_SIZE 256

/* "connected", "reconnecting in 4 s: no daemon runs", …; returns 0 when it is a trouble. */
int tell_link(char text[TELL_SIZE], const struct known *known);

/* "critical since 12:04:20" */
void tell_tier(char text[TELL_SIZE], const struct known *known);

/* The parts of the line about processes and cost, the most important first: the index-th; 0: there
 * is none. */
int tell_system(char text[TELL_SIZE], const struct known *known, int index);

/* What is not as it should be, likewise. */
int tell_trouble(char text[TELL_SIZE], const struct known *known, int index);

/* How a tier, and a score, look. */
enum canvas_style tell_tier_style(uint64_t tier);
enum canvas_style tell_score_style(uint64_t score);

#endif
