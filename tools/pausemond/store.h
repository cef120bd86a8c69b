/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_STORE_H
#define PAUSEMOND_STORE_H

/* The incident database, as the dispatch thread sees it. */

struct daemon;

/* At the start, where waiting is allowed: opens and attaches it. What may pass with time, a lock or
 * a full disk, is said and left to the writer; so is a build without storage. 0, or -1, which is
 * said. */
int store_open(struct daemon *daemon);

/* The writer has opened it meanwhile: attaches it. What was told before is not stored. */
void store_take(struct daemon *daemon);

#endif
