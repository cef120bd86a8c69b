/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_EVIDENCE_H
#define PAUSEMOND_EVIDENCE_H

/* What is kept beside the database, and what is told beside the socket: the black box, captures,
 * notifications. Each is a subscriber that remembers on the dispatch thread and works on the
 * writer's; one that cannot be had is said at the start, and the others go on. */

#include <pausemon/pausemon.h>
#include <stdatomic.h>

#include "common/places.h"
#include "pausemond/log.h"

#define EVIDENCE_WAITING 32

struct evidence {
    struct log *log;
    struct pausemon_blackbox *blackbox; /* each NULL: it is not to be had */
    struct pausemon_forensics *forensics;
    struct pausemon_alerts *alerts;
    const char *directory; /* of captures */
    /* The writer's: */
    struct pausemon_storage *storage; /* NULL: not open */
    void (*idle)(void *user);         /* while a capture waits for its tools */
    void *user;
    struct pausemon_capture waiting[EVIDENCE_WAITING]; /* whose rows could not be written yet */
    size_t waiting_count;
    int blackbox_status;                        /* as last said */
    char completed[PAUSEMON_CAPTURE_NAME_SIZE]; /* the last: it may be told again */
    int has_capture;                            /* one was completed: there may be too many now */
    _Atomic uint64_t captures;                  /* completed since the start */
    _Atomic int is_blind;                       /* the black box's last flush failed */
};

/* ---- the dispatch thread, while no writer runs ---- */

/* Opens and attaches. */
void evidence_open(struct evidence *evidence, const struct place *place, int64_t group,
                   const struct pausemon_config *config, struct pausemon_monitor *monitor,
                   const struct pausemon_host *host);
void evidence_free(struct evidence *evidence);

/* ---- the dispatch thread, at any time ---- */

/* A capture, whatever happens. Whether that is possible. */
int evidence_ask(struct evidence *evidence);

/* For the status: "ok", "failed", "off"; captures completed since the start. */
const char *evidence_blackbox_state(const struct evidence *evidence);
uint64_t evidence_count(const struct evidence *evidence);

/* A capture that goes on is to end at once, and there will be no other. */
void evidence_cancel(struct evidence *evidence);

/* ---- the writer ---- */

/* What takes a moment: rows, the black box, notifications. */
void evidence_flush(struct evidence *evidence, struct pausemon_storage *storage);

/* What may take long: a capture. After evidence_flush. */
void evidence_capture(struct evidence *evidence);

/* A new configuration. */
void evidence_set_config(struct evidence *evidence, const struct pausemon_config *config);

/* The end in good order. */
void evidence_finish(struct evidence *evidence);

#endif
