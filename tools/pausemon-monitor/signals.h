/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_SIGNALS_H
#define MONITOR_SIGNALS_H

/* Signals, turned into their numbers in a pipe: the handler does nothing else. SIGHUP, SIGINT,
 * SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH. */

/* Makes the pipe and takes the signals. Once a process. 0, or -1 with errno. */
int signals_open(void);

/* The reading end, to wait for; the next number, or 0: there is none. */
int signals_fd(void);
int signals_next(void);

/* Does to this process what the signal does to one that has not taken it. Returns when it was
 * SIGTSTP and the process goes on. */
void signals_act(int number);

#endif
