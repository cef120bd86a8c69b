/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_PAINT_H
#define MONITOR_PAINT_H

/* The bytes that turn what a terminal shows into what a canvas holds. */

#include "pausemon-monitor/canvas.h"

struct bytes {
    char *at;
    size_t used, room;
    int is_short; /* memory was: what is there is not whole */
};

void bytes_add(struct bytes *bytes, const char *text, size_t length);
void bytes_add_text(struct bytes *bytes, const char *text);
void bytes_free(struct bytes *bytes);

/* `shown` is what the terminal shows, NULL: nothing is known of it; of the size of `canvas`.
 * Without `color` no colour is asked for, and what colour would say is bold or reversed. */
void paint(struct bytes *bytes, const struct canvas *canvas, const struct canvas *shown, int color);

#endif
