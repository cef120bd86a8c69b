/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_VIEW_H
#define MONITOR_VIEW_H

/* What is known, on a canvas: nothing else is looked at. */

#include "pausemon-monitor/canvas.h"
#include "pausemon-monitor/known.h"
#include "pausemon-monitor/ui.h"

#define VIEW_MIN_ROWS 15
#define VIEW_MIN_COLUMNS 60

/* All of it. ui_fit must have been called. */
void view_draw(struct canvas *canvas, const struct known *known, const struct ui *ui);

/* Between the title and the keys. */
#define VIEW_GRAPH 8 /* rows that the graph has at the most */
void view_main(struct canvas *canvas, const struct known *known, int graph_most);
void view_events(struct canvas *canvas, const struct known *known, const struct ui *ui);
void view_pauses(struct canvas *canvas, const struct known *known, const struct ui *ui);
void view_detail(struct canvas *canvas, const struct ui *ui);
void view_help(struct canvas *canvas);

/* The title alone; the rows that view_main would like to have with one for the graph. */
void view_title(struct canvas *canvas, const struct known *known);
int view_main_rows(const struct known *known, int columns);

/* A pause, and an event, in one line of `width` columns at the most. */
void view_pause_row(struct canvas *canvas, int row, int column, int width,
                    const struct known *known, const struct known_pause *pause);
void view_event_row(struct canvas *canvas, int row, int column, int width,
                    const struct known *known, const struct known_event *event);

#endif
