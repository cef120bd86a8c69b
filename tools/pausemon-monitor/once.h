/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_ONCE_H
#define MONITOR_ONCE_H

#include "common/args.h"
#include "pausemon-monitor/feed.h"

/* What the first view would show, as plain lines on stdout. An exit code. */
int once_run(struct feed *feed, const struct args *args, struct known *known, int is_ascii);

#endif
