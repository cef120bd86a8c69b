/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_RSS_H
#define PAUSEMOND_RSS_H

#include <stdint.h>

/* Bytes of this process that are resident; 0: not known. */
uint64_t rss_bytes(void);

#endif
