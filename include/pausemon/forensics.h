/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_FORENSICS_H
#define PAUSEMON_FORENSICS_H

/* Forensics: what a freeze left behind, written into a directory of its own (capture.h). A
 * subscriber of a monitor that remembers, in memory made beforehand, what is to be kept; and a run,
 * on another thread, that writes it and asks the system's tools.
 *
 * A pause of pause.forensics_ms or more (cause cpu, memory, io or unknown), the entry into
 * CRITICAL, or a request begins a capture. Another within 30 s is merged into it: said in its
 * metadata. Repeated captures back off, to one in 10 minutes; a request is never put off.
 * @since 0.1 */

#include <pausemon/capture.h>
#include <pausemon/monitor.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_forensics;

/* Bytes that must be free on the disk of the evidence; with less nothing is captured. */
#define PAUSEMON_FORENSICS_LEAST_ROOM (UINT64_C(256) << 20)

struct pausemon_forensics_options {
    uint64_t size;
    int64_t group;      /* directories 0750 and files 0640 of this group id; -1: 0700 and 0600 */
    uint64_t only_root; /* 1: forensics.hook is refused unless it, and every directory above it,
                           belongs to root and nobody else can write there. 0: root's or the
                           user's own, and not writable by others; for root as 1. A symbolic link
                           is refused too */
    void *user;
    /* Called about once a second while a run waits for tools, on its thread: to flush a storage. */
    void (*idle)(void *user);
    /* A directory was made, and once more when it is complete; then for each pause that was merged
     * into it once more, with the pause_id of that one. On the run's thread. */
    void (*changed)(void *user, const struct pausemon_capture *capture);
};
#define PAUSEMON_FORENSICS_OPTIONS_INIT                                                            \
    {                                                                                              \
        sizeof(struct pausemon_forensics_options), -1, 0, NULL, NULL, NULL                         \
    }

/* `directory` ("…/events") is made if it is not there; never through a symbolic link; its parent
 * must be there. `config` is copied. `host`: its functions are called by attach's thread and by
 * run's, so they must be safe for both; the default is. With forensics.flight_recorder a tracefs
 * instance of its own is set up (Linux, root); where that is refused the log says so, once. */
PAUSEMON_API int pausemon_forensics_new(struct pausemon_forensics **forensics,
                                        const char *directory, const struct pausemon_config *config,
                                        const struct pausemon_forensics_options *options,
                                        const struct pausemon_host *host,
                                        struct pausemon_error *error);

/* Subscribes. Nothing that the monitor then tells is waited for, allocated for or written. Once;
 * the monitor may be freed before the forensics. */
PAUSEMON_API int pausemon_forensics_attach(struct pausemon_forensics *forensics,
                                           struct pausemon_monitor *monitor,
                                           struct pausemon_error *error);

/* Asks for a capture by the next run, whatever happens. From any thread, not from a signal handler;
 * on the one that dispatches all is remembered at once, else run waits some seconds for the next
 * look. Without a monitor there is no ring: that is said in the metadata. */
PAUSEMON_API void pausemon_forensics_request(struct pausemon_forensics *forensics);

/* From any thread: a run that goes on ends its tools at once and completes what it has, and no
 * further one captures: before the end of a program that shall not wait. */
PAUSEMON_API void pausemon_forensics_cancel(struct pausemon_forensics *forensics);

/* Does what is due: on whichever one thread you like, about once a second. Writes what is in
 * memory first, then runs the steps side by side, each with its limit; runs forensics.hook for each
 * pause of cause cpu, memory, io or unknown. May take as long as the longest limit. When nothing is
 * due it keeps the counters that a capture is compared with up to date (every 10 s, some files of
 * /proc). Returns the number of captures that were completed, 0 or 1, or a negative status when one
 * could not be made at all (PAUSEMON_ERR_LIMIT: less than 256 MiB are free on its disk, or its
 * directory holds more than twice retention.max_forensics_mb: pausemon_storage_prune removes
 * captures, this never does). What could not be had otherwise is said in metadata.json. */
PAUSEMON_API int pausemon_forensics_run(struct pausemon_forensics *forensics,
                                        struct pausemon_error *error);

/* Reload; on run's thread. What is captured meanwhile keeps its settings. */
PAUSEMON_API void pausemon_forensics_set_config(struct pausemon_forensics *forensics,
                                                const struct pausemon_config *config);

/* Ends what still runs (bounded: a fifth of a second each), removes the tracefs instance,
 * unsubscribes, frees. Only after run has returned. */
PAUSEMON_API void pausemon_forensics_free(struct pausemon_forensics *forensics);

enum pausemon_artifact_state {
    PAUSEMON_ARTIFACT_OK = 0,
    PAUSEMON_ARTIFACT_LIMITED = 1, /* there will be less of it */
    PAUSEMON_ARTIFACT_MISSING = 2  /* there will be none */
};

/* What can be expected of one artifact on this machine, with these rights. Static but for `text`,
 * which dies when the callback returns. */
struct pausemon_artifact {
    uint64_t size;
    const char *name; /* "system.log" */
    uint64_t state;   /* enum pausemon_artifact_state */
    const char *text; /* what is lost, and how to get it; "" when OK */
};

typedef void (*pausemon_artifact_fn)(void *user, const struct pausemon_artifact *artifact);

/* Every artifact of this system, in order, without making any. Runs no program. */
PAUSEMON_API int pausemon_forensics_probe(const struct pausemon_config *config,
                                          pausemon_artifact_fn each, void *user);

PAUSEMON_END_DECLS
#endif
