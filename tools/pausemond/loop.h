/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_LOOP_H
#define PAUSEMOND_LOOP_H

#include "pausemond/daemon.h"

/* The dispatch thread's one loop, until a signal ends it. */
void loop_run(struct daemon *daemon);

/* Ends the open event and the writer: waits for its last flush, for a bounded time. 0, or -1 if
 * the disk does not answer: then nothing of the storage may be touched any more. */
int loop_finish(struct daemon *daemon);

#endif
