/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_DAEMON_H
#define PAUSEMOND_DAEMON_H

/* The whole. Everything in it belongs to the dispatch thread, but for the writer, which says
 * itself what is whose, and the log, which is everybody's. */

#include <pausemon/pausemon.h>

#include "pausemond/evidence.h"
#include "pausemond/home.h"
#include "pausemond/line.h"
#include "pausemond/log.h"
#include "pausemond/metrics.h"
#include "pausemond/notify.h"
#include "pausemond/server.h"
#include "pausemond/status.h"
#include "pausemond/writer.h"

struct daemon {
    const char *config_path; /* --config; NULL: the one in force */
    int is_system;           /* --system */
    struct log log;
    struct pausemon_host host;
    struct home home;
    struct notify notify;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_heartbeat *heartbeat; /* NULL: it is off, or was refused */
    struct pausemon_storage *storage;     /* NULL: this build has none, or it is not open yet */
    const char *disk;                     /* what the status says of it then */
    struct evidence evidence;
    struct writer writer;
    struct server server;
    struct status status;
    struct metrics metrics;
    struct line line;   /* the one that is being written */
    int is_ready;       /* the first look was taken, well or not */
    int is_failing;     /* the last look failed */
    uint64_t told_tier; /* that was logged last; 0: none was */
    int has_ended;      /* the recording is over */
    int has_pause;      /* one was told: people ask soon */
};

#endif
