/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_WRITER_H
#define PAUSEMOND_WRITER_H

/* The one thread that may wait for a disk: it flushes the storage once a second, prunes it once a
 * day, opens it if that was not possible at the start, and reads the configuration anew when that
 * is asked for. The two threads speak through two pipes, a byte a message. */

#include <pausemon/storage.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "pausemond/evidence.h"
#include "pausemond/log.h"
#include "pausemond/metrics.h"

/* From the writer to the dispatch thread, in the pipe it was given. */
enum writer_message {
    WRITER_RELOADED = 'R', /* writer_take_config has it, unless it was taken already */
    WRITER_REFUSED = 'X',  /* the configuration is no good, which is said */
    WRITER_OPENED = 'O',   /* writer_take_storage has it */
    WRITER_DONE = 'D'      /* the last flush is over */
};

struct writer {
    pthread_t thread;
    int is_running;
    int orders[2]; /* to the writer */
    int answers;   /* the writing end, the owner's */
    struct log *log;
    const char *config_path;
    int is_system;
    struct evidence *evidence;
    struct metrics *metrics;
    const char *database; /* where, how, and with what it is opened */
    struct pausemon_storage_options wishes;
    const struct pausemon_host *host;
    int64_t open_ns;                            /* when to try to; INT64_MAX: not at all */
    int open_status;                            /* of the last try, which was said */
    dev_t device;                               /* of the database's directory, at the first try */
    ino_t inode;                                /* 0: it was not there */
    _Atomic(struct pausemon_storage *) opened;  /* by the writer, not yet taken */
    _Atomic(struct pausemon_storage *) storage; /* attached: to be flushed. NULL: none */
    struct pausemon_config *config;             /* the writer's own copy */
    _Atomic(struct pausemon_config *) fresh;    /* read anew, not yet taken */
    uint64_t dropped;                           /* as last said */
    int64_t flush_ns, prune_ns;                 /* when */
};

/* Starts the thread. `config` is copied. 0, or -1, which is said. */
int writer_start(struct writer *writer, const struct pausemon_config *config, int answers);

/* Opens the storage; also what the thread does then. Whether a failure may pass with time is in
 * writer->open_ns: when to try again, or INT64_MAX. */
int writer_open(struct writer *writer, struct pausemon_storage **storage,
                struct pausemon_error *error);

/* Each only gives the order. */
void writer_reload(struct writer *writer);
void writer_hurry(struct writer *writer); /* a flush and what evidence is due, now */
void writer_end(struct writer *writer);

/* After WRITER_RELOADED: the caller's to free; NULL: it was taken already. */
struct pausemon_config *writer_take_config(struct writer *writer);

/* After WRITER_OPENED: the caller's to attach, to give back by writer_flush, and to free. */
struct pausemon_storage *writer_take_storage(struct writer *writer);

/* From now on this one, which is attached, is flushed and pruned. */
void writer_flush(struct writer *writer, struct pausemon_storage *storage);

/* After WRITER_DONE. */
void writer_join(struct writer *writer);

#endif
