/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_RIGHTS_H
#define PAUSEMOND_RIGHTS_H

#include "pausemond/log.h"

/* Makes the calling thread hard to starve and the process hard to swap or kill, as far as that is
 * allowed: each refusal is said in a sentence, none is an error. Call it on the dispatch thread
 * when all memory that is needed again and again has been touched. */
void rights_take(struct log *log);

#endif
