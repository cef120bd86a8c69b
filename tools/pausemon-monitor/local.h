/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_LOCAL_H
#define MONITOR_LOCAL_H

/* A monitor and its heartbeat in this process, instead of a daemon. */

#include "common/args.h"
#include "pausemon-monitor/known.h"

struct local {
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_heartbeat *heartbeat;
    struct known *known;
    int changed;
};

/* By --config, --source, --interval. 0, or an exit code after a line on stderr. */
int local_open(struct local *local, const struct args *args, struct known *known);
void local_close(struct local *local);

/* Looks if it is time. Returns 1 if anything is to be shown. */
int local_work(struct local *local);

#endif
