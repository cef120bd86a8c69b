/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_ROGUES_H
#define MONITOR_ROGUES_H

#include "pausemon-monitor/canvas.h"
#include "pausemon-monitor/known.h"

/* The table of rogues and, dimmed, of those that calmed down, in `rows` rows with its head: columns
 * that have no room are left out whole. With `is_old` all of it is dimmed. */
void rogues_draw(struct canvas *canvas, const struct known *known, int row, int rows, int is_old);

/* Rows that it has something for, with its head. */
int rogues_rows(const struct known *known);

#endif
