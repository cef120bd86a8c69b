/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_SIGNALS_H
#define PAUSEMOND_SIGNALS_H

/* Signals, turned into bytes in a pipe: the handler does nothing else. */

#include "pausemond/log.h"

enum signal_message {
    SIGNAL_END = 'e',    /* SIGTERM, SIGINT. A second one ends the program at once */
    SIGNAL_RELOAD = 'r', /* SIGHUP */
    SIGNAL_CAPTURE = 'c' /* SIGUSR1 */
};

/* Makes the pipe and takes the signals. Once a process. 0, or -1, which is said. */
int signals_open(struct log *log);

/* The reading end, and the writing end, where others may put their messages too. */
int signals_reading(void);
int signals_writing(void);

#endif
