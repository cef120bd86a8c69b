/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_FEED_H
#define MONITOR_FEED_H

/* Where what is known comes from: a daemon or this process, and the database. */

#include "pausemon-monitor/link.h"
#include "pausemon-monitor/local.h"
#include "pausemon-monitor/past.h"

struct feed {
    int is_local;
    struct link link;
    struct local local;
    struct past past;
};

/* 0, or an exit code after a line on stderr. Close it in any case. */
int feed_open(struct feed *feed, const struct args *args, struct known *known);
void feed_close(struct feed *feed);

/* What time it is. */
void feed_set_clock(struct known *known);

/* What to wait for, for poll(), and what to do then: 1 if anything is to be shown. */
int feed_fd(const struct feed *feed);
int feed_timeout(struct feed *feed, int64_t now_ms);
int feed_work(struct feed *feed, struct known *known);

/* The database of the daemon that is connected, or was last. */
void feed_find_past(struct feed *feed);

#endif
