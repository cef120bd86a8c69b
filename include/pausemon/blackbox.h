/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_BLACKBOX_H
#define PAUSEMON_BLACKBOX_H

/* The black box: the last samples and what the heartbeat felt, in one small file (256 KiB) of
 * checksummed records that is synced about once a second, so that they can be read after a hard
 * freeze or a power cut. [json] for reading; writing needs nothing.
 * @since 0.1 */

#include <pausemon/monitor.h>

PAUSEMON_BEGIN_DECLS

/* ---- writing ---- */

struct pausemon_blackbox;

struct pausemon_blackbox_options {
    uint64_t size;
    int64_t group; /* the file is 0640 and of this group id; -1: 0600 */
};
#define PAUSEMON_BLACKBOX_OPTIONS_INIT                                                             \
    {                                                                                              \
        sizeof(struct pausemon_blackbox_options), -1                                               \
    }

/* How the run that wrote a black box ended. */
enum pausemon_blackbox_end {
    PAUSEMON_BLACKBOX_RUNS = 0,  /* it has not ended in good order, in this boot: it goes on, or was
                                    killed */
    PAUSEMON_BLACKBOX_CLEAN = 1, /* in good order, or with its boot's shutdown */
    PAUSEMON_BLACKBOX_HARD = 2   /* its boot ended without shutdown */
};

struct pausemon_blackbox_info {
    uint64_t size;
    uint64_t end;     /* enum pausemon_blackbox_end */
    int64_t begin_ns; /* realtime at which its run began */
    int64_t last_ns;  /* realtime of the last sample; 0: there is none */
    uint64_t samples; /* that can be trusted */
    uint64_t torn;    /* records that were begun and not completed, or damaged */
    uint64_t stale;   /* records of another run, not to be trusted */
    uint64_t lost;    /* samples that were not written, because the disk did not answer */
    uint64_t beats;   /* of the heartbeat, as of the last sample */
    uint64_t late_beats;
    uint64_t worst_beat_ns;
    char boot_id[64]; /* of the boot that wrote it; "": not known */
};

#define PAUSEMON_BLACKBOX_INFO_INIT                                                                \
    {                                                                                              \
        sizeof(struct pausemon_blackbox_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                       \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Makes PATH anew (0600; never through a symbolic link; its directory must be there; room for all
 * of it is taken at once). One that is there and whose boot ended without shutdown is kept as
 * PATH.last, in place of an older one, and `before` (may be NULL) is filled from what was there
 * (all 0: nothing, or no black box). What was there and is no black box
 * is moved to PATH.damaged, said in the log. In builds without json `before` knows nothing of the
 * heartbeat, nor of what was lost. */
PAUSEMON_API int pausemon_blackbox_open(struct pausemon_blackbox **blackbox, const char *path,
                                        const struct pausemon_blackbox_options *options,
                                        struct pausemon_blackbox_info *before,
                                        const struct pausemon_host *host,
                                        struct pausemon_error *error);

/* Subscribes: every sample is copied into memory made beforehand. Once; the monitor may be freed
 * before the black box. */
PAUSEMON_API int pausemon_blackbox_attach(struct pausemon_blackbox *blackbox,
                                          struct pausemon_monitor *monitor,
                                          struct pausemon_error *error);

/* Writes what waits and syncs; on whichever one thread you like, about once a second. May block as
 * long as a disk does. Returns the records written, or a negative status: it goes on with the next
 * call. */
PAUSEMON_API int pausemon_blackbox_flush(struct pausemon_blackbox *blackbox,
                                         struct pausemon_error *error);

/* The run ends in good order: said in the file, with a last flush. */
PAUSEMON_API int pausemon_blackbox_finish(struct pausemon_blackbox *blackbox,
                                          struct pausemon_error *error);

/* Unsubscribes and closes. Only after flush has returned. */
PAUSEMON_API void pausemon_blackbox_free(struct pausemon_blackbox *blackbox);

/* ---- reading ---- */

/* Reads one, also while it is written: fills `info` and calls back with
 * each sample that can be trusted, the oldest first; `each` may be NULL, and returns 0 to go on or
 * a negative status to stop, which is then returned. Returns how many samples there were.
 * PAUSEMON_ERR_NOT_FOUND, _DENIED; _FORMAT: it is no black box. */
PAUSEMON_API int pausemon_blackbox_read(const char *path, struct pausemon_blackbox_info *info,
                                        pausemon_sample_fn each, void *user,
                                        const struct pausemon_host *host,
                                        struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
