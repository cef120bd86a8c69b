/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_SOURCE_H
#define PAUSEMON_SOURCE_H

/* Where processes come from: the system, a recording, or your own code.
 * @since 0.1 */

#include <pausemon/process.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_source;

/* Opens a source by its specification:
 *   "auto"           the best for this system: procfs on Linux, top on macOS
 *   "procfs[:ROOT]"  Linux; ROOT is /proc unless named
 *   "top"            macOS top, live, one long-lived child (elsewhere only if the environment
 *                    variable PAUSEMON_TOP names a program that speaks macOS top)
 *   "top:FILE"       a recorded text of macOS `top -l N`
 *   "replay:FILE"    what pausemon_source_record wrote [json]
 * Recordings end with PAUSEMON_ERR_END; their time is their own.
 * The child of "top" is in a process group of its own, inherits no descriptor, and is waited for
 * by its pid only; a program that reaps it or ignores SIGCHLD does no harm. */
PAUSEMON_API int pausemon_source_open(struct pausemon_source **source, const char *spec,
                                      const struct pausemon_host *host,
                                      struct pausemon_error *error);

/* The same for a recording in memory: `format` is "top" or "replay" [json]. The bytes are yours and
 * must stay until the source is freed. */
PAUSEMON_API int pausemon_source_open_memory(struct pausemon_source **source, const char *format,
                                             const void *bytes, size_t length,
                                             const struct pausemon_host *host,
                                             struct pausemon_error *error);

/* Closes files and ends children (bounded: a child that does not end is left behind). Free the
 * collector that uses the source first. */
PAUSEMON_API void pausemon_source_free(struct pausemon_source *source);

/* What was opened, for people: "procfs:/proc". Valid until the source is freed. */
PAUSEMON_API const char *pausemon_source_get_name(const struct pausemon_source *source);

/* Takes one look and writes it as JSON lines that "replay:FILE" reads: one line for the look,
 * one a process, one for the end. Returns 0; PAUSEMON_ERR_BUSY and PAUSEMON_ERR_END as
 * pausemon_collector_collect, nothing being written then. Not on a source that a collector
 * uses: each would miss the other's looks. One recording a source: later looks build upon earlier
 * ones. */
PAUSEMON_API int pausemon_source_record(struct pausemon_source *source, pausemon_write_fn write,
                                        void *user, struct pausemon_error *error);

/* For sources whose looks come when they like (a child, a socket): a descriptor that stays the
 * same for life and is readable when a look may be ready; -1 where there is none, that is where
 * a look can be had at any time. Only to be waited on. */
PAUSEMON_API int pausemon_source_get_fd(const struct pausemon_source *source);

/* ---- Sources of your own ---- */

/* Where a source puts what it sees. Valid during `read` only. */
struct pausemon_sink;

/* One process. At most one row for a process in a look; a second one is ignored. A row that
 * makes no sense (negative pid, unknown verb) is counted as skipped. The row is copied. */
PAUSEMON_API void pausemon_sink_put(struct pausemon_sink *sink, const struct pausemon_row *row);

/* Only for recordings: the time of this look, instead of the host's clock. Call it before the
 * first row. */
PAUSEMON_API void pausemon_sink_at(struct pausemon_sink *sink,
                                   const struct pausemon_instant *instant);

/* Processes that are there and could not be read at all: counted as unreadable. */
PAUSEMON_API void pausemon_sink_skipped(struct pausemon_sink *sink, uint64_t count);

/* 1: whoever reads knows nothing from before (its first look, or the one after a look that
 * failed): every row must be FULL. Only sources that give other rows need to ask. */
PAUSEMON_API int pausemon_sink_wants_full(const struct pausemon_sink *sink);

/* Bits of enum pausemon_have that the reader has a use for. A source may skip what costs it
 * something and is not wanted. */
PAUSEMON_API uint64_t pausemon_sink_wants(const struct pausemon_sink *sink);

/* What `read` returns when it went well. */
enum pausemon_look {
    PAUSEMON_LOOK_COMPLETE = 0, /* a process without a row has ended */
    PAUSEMON_LOOK_PARTIAL = 1   /* a process without a row was not looked at: it stays, without
                                   rates this time */
};

struct pausemon_source_ops {
    uint64_t size;
    /* Takes one look: puts rows, returns enum pausemon_look, or a negative status: ERR_BUSY
     * (no look is ready, nothing was put), ERR_END (there will be none), any other (the look
     * failed; the next may succeed), with `error`, never NULL, filled. It must not block. */
    int (*read)(void *self, struct pausemon_sink *sink, struct pausemon_error *error);
    /* NULL, or a descriptor as pausemon_source_get_fd. */
    int (*get_fd)(void *self);
    /* NULL, or when `read` should be called even though the descriptor stays silent: monotonic
     * ns, or -1. Asked only of a source with a descriptor: without one, looks are due by
     * monitor.interval_ms. */
    int64_t (*get_deadline)(void *self);
    /* NULL, or called once, when the source is freed, or when pausemon_source_new fails. */
    void (*close)(void *self);
};
#define PAUSEMON_SOURCE_OPS_INIT                                                                   \
    {                                                                                              \
        sizeof(struct pausemon_source_ops), NULL, NULL, NULL, NULL                                 \
    }

/* Makes a source of your functions. `self` is handed to each. `name` is for people; copied. */
PAUSEMON_API int pausemon_source_new(struct pausemon_source **source, const char *name,
                                     const struct pausemon_source_ops *ops, void *self,
                                     const struct pausemon_host *host,
                                     struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
