/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_TERMINAL_H
#define MONITOR_TERMINAL_H

/* The terminal: taken, written to without waiting, and given back as it was found. */

#include <sys/types.h>
#include <termios.h>

#include "pausemon-monitor/paint.h"

struct terminal {
    int fd; /* of our own: that it does not block concerns nobody else */
    int is_taken;
    struct termios found;
    struct bytes out; /* to be written: from `sent` on */
    size_t sent;
};

/* The terminal of standard output. 0, or -1 with errno. */
int terminal_open(struct terminal *terminal);
void terminal_close(struct terminal *terminal);

/* Takes it, or takes it once more when somebody else had it in between. -1: it is gone. */
int terminal_take(struct terminal *terminal);

/* Gives it back. What waits to be written is written if that takes less than half a second. */
void terminal_leave(struct terminal *terminal);

/* Another program has it now: it is not to be touched. */
int terminal_is_lent(const struct terminal *terminal);

void terminal_size(const struct terminal *terminal, int *rows, int *columns);

/* Writes what can be written now of terminal->out: 0: all; 1: more waits; -1: it is gone. */
int terminal_flush(struct terminal *terminal);

/* Bytes, 0: there are none now; -1: it is gone. */
ssize_t terminal_read(const struct terminal *terminal, char *bytes, size_t size);

#endif
