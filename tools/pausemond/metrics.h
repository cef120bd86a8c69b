/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_METRICS_H
#define PAUSEMOND_METRICS_H

/* The file pausemon.prom in [metrics] textfile_dir, for Prometheus' node_exporter: written anew
 * every 10 s by the writer, from a text that the dispatch thread leaves in a mailbox. */

#include <pausemon/monitor.h>
#include <stdatomic.h>

#include "pausemond/log.h"

struct daemon;

#define METRICS_SIZE 8192
#define METRICS_CAUSES (PAUSEMON_CAUSE_IO + 1)

struct metrics {
    /* The dispatch thread's: */
    uint64_t pauses[METRICS_CAUSES], lost_ns[METRICS_CAUSES];
    int64_t last_id; /* and what is in the sums of it, because it may be told again */
    uint64_t last_cause, last_lost_ns;
    int64_t last_end_ns; /* realtime; 0: there was none */
    /* Its while `is_full` is 0, else the writer's: */
    atomic_int is_full;
    size_t length;
    char text[METRICS_SIZE];
    int status; /* the writer's: an errno, as last said */
};

/* On the dispatch thread. */
void metrics_note_pause(struct metrics *metrics, const struct pausemon_pause_info *info);
void metrics_leave(struct daemon *daemon);

/* On the writer's; `directory` may be empty: no file. */
void metrics_write(struct metrics *metrics, const char *directory, struct log *log);

#endif
