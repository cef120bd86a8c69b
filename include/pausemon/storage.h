/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_STORAGE_H
#define PAUSEMON_STORAGE_H

/* The incident database: one SQLite file that the Python original reads too. One storage writes
 * it, as a subscriber of a monitor; any number of histories read it, in any process, also while it
 * is written. [storage]
 * @since 0.1 */

#include <pausemon/capture.h>
#include <pausemon/monitor.h>

PAUSEMON_BEGIN_DECLS

/* ---- writing ---- */

struct pausemon_storage;

struct pausemon_storage_options {
    uint64_t size;
    int64_t group;  /* files belong to this group id and are 0660; -1: 0600 */
    uint64_t queue; /* records that wait in memory, 8..4096; 0: 128. A record is a sample or a
                       pause, about 16 KiB; only what was used becomes resident */
    uint64_t keep;  /* 1: a file that is corrupt, or older than can be read, stays where it is, and
                       that is PAUSEMON_ERR_FORMAT: for who did not come to record */
};
#define PAUSEMON_STORAGE_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(struct pausemon_storage_options), -1, 0, 0                                          \
    }

enum pausemon_disk {
    PAUSEMON_DISK_OK = 0,
    PAUSEMON_DISK_LOCKED = 1,    /* another program holds the database; records wait */
    PAUSEMON_DISK_FULL = 2,      /* no room; records wait */
    PAUSEMON_DISK_FAILED = 3,    /* another failure; records wait */
    PAUSEMON_DISK_READ_ONLY = 4, /* the file is of a newer version: nothing is ever written */
    PAUSEMON_DISK_STALLED = 5    /* a flush has not returned for 5 s; records wait */
};

struct pausemon_storage_info {
    uint64_t size;
    uint64_t queued;  /* records that wait now */
    uint64_t dropped; /* records lost since the open, because too many waited */
    uint64_t written; /* records committed since the open */
    uint64_t disk;    /* enum pausemon_disk: how the last flush ended, or does not */
};

#define PAUSEMON_STORAGE_INFO_INIT                                                                 \
    {                                                                                              \
        sizeof(struct pausemon_storage_info), 0, 0, 0, 0                                           \
    }

/* Opens or makes the file (0600, its -wal and -shm too; never through a symbolic link; the
 * directory must be there). Migrates an older one, moves a corrupt one aside (said in the log;
 * three are kept). What the run before left is not touched yet: whoever prunes may open beside the
 * one that writes.
 * A file newer than this library is opened read-only, said in the log.
 * PAUSEMON_ERR_BUSY, after some seconds: another program holds the database; os_errno ENOSPC or
 * EDQUOT: no room. Both may pass: try again later. Other failures stay.
 * `host`: its functions are called by attach's thread and by flush's, so they must be safe for
 * both; the default is. */
PAUSEMON_API int pausemon_storage_open(struct pausemon_storage **storage, const char *path,
                                       const struct pausemon_storage_options *options,
                                       const struct pausemon_host *host,
                                       struct pausemon_error *error);

/* Subscribes: what the monitor tells is copied into a queue in memory, never waiting; ids go on
 * above the highest ever given (pausemon_monitor_set_next_ids). Before the first flush, and never
 * beside another that writes. An escalation or a pause that was told before is left out, and not
 * counted as dropped. Once; the monitor may be freed before the storage. */
PAUSEMON_API int pausemon_storage_attach(struct pausemon_storage *storage,
                                         struct pausemon_monitor *monitor,
                                         struct pausemon_error *error);

/* Writes what waits, in one transaction; on whichever one thread you like, also while the monitor
 * dispatches on another. May block as long as a disk does, and up to half a second for another
 * program's lock. Returns the records written, or a negative status: nothing is lost then, they
 * wait for the next call. Call it about once a second.
 * The first one also closes an escalation that was left open, at its last sample with the note
 * "interrupted", and notes a boot that ended without shutdown. Culprits are enriched first; a pause
 * that is told again keeps what was known of those that have ended.
 * A kill loses what was not flushed, and of the scores (the histogram) up to the last 20 s: they
 * are no incident, and a disk at rest is not woken for them. Ids that were told and not flushed are
 * not given again, unless there were more than 16: some are left out instead. */
PAUSEMON_API int pausemon_storage_flush(struct pausemon_storage *storage,
                                        struct pausemon_error *error);

/* From any thread that may ask the host for the time. */
PAUSEMON_API void pausemon_storage_get_info(const struct pausemon_storage *storage,
                                            struct pausemon_storage_info *info);

/* A capture was begun, or is complete: its row, and the name in the row of its pause (which may be
 * written after it). Of a capture that is known with another pause, that one was merged into it:
 * its row gets the name, the capture's keeps its own pause. On the flushing thread; writes at once,
 * and before that what waits, where the pause may be among it. On failure nothing is kept of it:
 * call again later. */
PAUSEMON_API int pausemon_storage_add_capture(struct pausemon_storage *storage,
                                              const struct pausemon_capture *capture,
                                              struct pausemon_error *error);

enum pausemon_removal_why {
    PAUSEMON_REMOVAL_AGE = 1,  /* older than retention.events_days */
    PAUSEMON_REMOVAL_SIZE = 2, /* over retention.max_db_mb or max_forensics_mb */
    PAUSEMON_REMOVAL_STRAY = 3 /* a directory that no row knows */
};

/* Something that goes: an escalation, a capture, or rows that are many and small. */
struct pausemon_removal {
    uint64_t size;
    uint64_t why;                                 /* enum pausemon_removal_why */
    const struct pausemon_escalation *escalation; /* with its samples; or NULL */
    const char *capture;                          /* its directory's name; or NULL */
    uint64_t bytes;                               /* of the capture */
    uint64_t pauses;                              /* so many, where it is neither */
    uint64_t hours;                               /* so many of the scores, where it is neither */
};

typedef void (*pausemon_removal_fn)(void *user, const struct pausemon_removal *removal);

struct pausemon_retention {
    uint64_t size;
    const char *evidence; /* the directory of captures ("…/events"); NULL: they are left alone */
    uint64_t dry_run;     /* 1: nothing is changed */
    void *user;
    /* May be NULL: told what goes, before it goes. */
    pausemon_removal_fn gone;
};
#define PAUSEMON_RETENTION_INIT                                                                    \
    {                                                                                              \
        sizeof(struct pausemon_retention), NULL, 0, NULL, NULL                                     \
    }

/* Removes what retention.events_days, max_db_mb and max_forensics_mb no longer allow, and gives
 * space back to the disk. Reviewed and dismissed escalations go by age with their captures, pauses
 * and the scores of an hour by age alone; over a limit the oldest go, unreviewed ones last; pinned
 * ones never. A capture without escalation goes by age like a reviewed one. Directories named as
 * captures are that no row knows go after a day; if they are older than the database (it was moved
 * aside or lost), by age. Nothing else in that directory is touched, no symbolic link is followed.
 * On the flushing thread. `how` may be NULL. Returns how many escalations and captures went. */
PAUSEMON_API int pausemon_storage_prune(struct pausemon_storage *storage,
                                        const struct pausemon_config *config,
                                        const struct pausemon_retention *how,
                                        struct pausemon_error *error);

/* The boot ended in good order: said in the file with a last flush. Call it at the end; not after a
 * failure. */
PAUSEMON_API int pausemon_storage_finish(struct pausemon_storage *storage,
                                         struct pausemon_error *error);

/* Unsubscribes and closes. What was not flushed is lost. Only after flush has returned. */
PAUSEMON_API void pausemon_storage_free(struct pausemon_storage *storage);

/* ---- reading ---- */

struct pausemon_history;

struct pausemon_history_filter {
    uint64_t size;
    int64_t since_ns; /* realtime: that ended, or go on, at or after it; 0: all */
    int64_t until_ns; /* realtime: that began before it; 0: all */
    uint64_t limit;   /* the newest so many; 0: all */
    int64_t id;       /* only this one; 0: all */
    int64_t review;   /* of escalations, enum pausemon_review; -1: any */
    int64_t cause;    /* of pauses, enum pausemon_cause; -1: any */
};
#define PAUSEMON_HISTORY_FILTER_INIT                                                               \
    {                                                                                              \
        sizeof(struct pausemon_history_filter), 0, 0, 0, 0, -1, -1                                 \
    }

/* PAUSEMON_ERR_NOT_FOUND: there is no such file; _DENIED: the rights are missing; _FORMAT: it is no
 * incident database. Never changes the file, but for mark. */
PAUSEMON_API int pausemon_history_open(struct pausemon_history **history, const char *path,
                                       const struct pausemon_host *host,
                                       struct pausemon_error *error);
PAUSEMON_API void pausemon_history_free(struct pausemon_history *history);

/* What a callback gets dies when it returns; it returns 0 to go on, a negative status to stop,
 * which is then returned to who reads. */
typedef int (*pausemon_escalation_fn)(void *user, const struct pausemon_escalation *escalation);
typedef int (*pausemon_pause_fn)(void *user, const struct pausemon_pause *pause);
typedef int (*pausemon_capture_fn)(void *user, const struct pausemon_capture *capture);

/* Each calls back with the newest first, and returns how many there were. `filter` NULL: all. */
PAUSEMON_API int pausemon_history_events(struct pausemon_history *history,
                                         const struct pausemon_history_filter *filter,
                                         pausemon_escalation_fn each, void *user,
                                         struct pausemon_error *error);
PAUSEMON_API int pausemon_history_pauses(struct pausemon_history *history,
                                         const struct pausemon_history_filter *filter,
                                         pausemon_pause_fn each, void *user,
                                         struct pausemon_error *error);

/* The samples of one escalation, the oldest first. One that cannot be read any more is skipped and
 * told in the log. */
PAUSEMON_API int pausemon_history_samples(struct pausemon_history *history, int64_t event_id,
                                          pausemon_sample_fn each, void *user,
                                          struct pausemon_error *error);

/* The captures of one escalation (0: all), the newest first. */
PAUSEMON_API int pausemon_history_captures(struct pausemon_history *history, int64_t event_id,
                                           pausemon_capture_fn each, void *user,
                                           struct pausemon_error *error);

/* How many samples had each score, 0..100, in the hours that since and until touch (realtime ns;
 * 0: all). */
PAUSEMON_API int pausemon_history_histogram(struct pausemon_history *history, int64_t since_ns,
                                            int64_t until_ns, uint64_t counts[101],
                                            struct pausemon_error *error);

/* The samples of one hour of UTC. */
struct pausemon_history_hour {
    uint64_t size;
    int64_t start_ns;     /* realtime */
    uint64_t samples;     /* of all scores; at least 1 */
    uint64_t counts[101]; /* how many samples had each score, 0..100 */
};

typedef int (*pausemon_hour_fn)(void *user, const struct pausemon_history_hour *hour);

/* The same hour by hour, the oldest first; hours of which nothing was kept are left out. Calls back
 * and returns as pausemon_history_events does. */
PAUSEMON_API int pausemon_history_hours(struct pausemon_history *history, int64_t since_ns,
                                        int64_t until_ns, pausemon_hour_fn each, void *user,
                                        struct pausemon_error *error);

/* If a boot ended without shutdown: 1, and *last_alive_ns and *noted_ns (realtime) become when the
 * daemon was last alive before it and when the next start noted it; the newest of these. Else 0. */
PAUSEMON_API int pausemon_history_hard_end(struct pausemon_history *history, int64_t *last_alive_ns,
                                           int64_t *noted_ns, struct pausemon_error *error);

/* Changes one escalation: review as enum pausemon_review; `notes` replaces the notes, NULL leaves
 * them. PAUSEMON_ERR_NOT_FOUND: there is none with that id. The only function here that writes. */
PAUSEMON_API int pausemon_history_mark(struct pausemon_history *history, int64_t event_id,
                                       uint64_t review, const char *notes,
                                       struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
