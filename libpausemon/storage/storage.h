/* SPDX-License-Identifier: MIT */
#ifndef PM_STORAGE_STORAGE_H
#define PM_STORAGE_STORAGE_H

#include <pausemon/storage.h>

#include "base/boot.h"
#include "base/buffer.h"
#include "storage/captures.h"
#include "storage/db.h"
#include "storage/place.h"
#include "storage/queue.h"

struct pausemon_storage {
    struct pm_host host;   /* of the thread that flushes */
    struct pm_host feeder; /* of the thread that dispatches: a host keeps a zone, so one each */
    struct pm_queue *queue;
    struct pausemon_monitor *monitor; /* NULL: not attached */
    int subscription;
    struct pm_db db;
    struct pm_place_id file;      /* that db has open */
    struct pm_place_id directory; /* that it was first opened in */
    char place[PM_DB_PATH_SIZE];
    char boot_id[PM_BOOT_ID_SIZE]; /* "": not known */
    int64_t group;
    bool begun; /* flushed once: what is open in the file is our own */
    bool noted; /* the file that is open knows of this boot */
    bool read_only, ending;
    bool keep; /* what is no good is not moved aside */
    bool told_alive;
    int64_t alive_ns;                     /* monotonic, of the last last_alive */
    int64_t last_event_id, last_pause_id; /* no id up to it will be given again */
    struct pm_buffer text;                /* of one record */
    struct pm_merges merges;
    _Atomic int64_t flush_since_ns;       /* monotonic; 0: none goes on */
    _Atomic uint64_t written, disk, gone; /* gone: dropped here, not in the queue */
};

/* pausemon_storage_open with the id of this boot, "": not known. */
int pm_storage_open(struct pausemon_storage **storage, const char *path,
                    const struct pausemon_storage_options *options, const char *boot_id,
                    const struct pausemon_host *host, struct pausemon_error *error);

/* open.c: opens or makes the file and brings it up to date; moves what is no good aside. */
int pm_storage_connect(struct pausemon_storage *storage, struct pausemon_error *error);

/* open.c: before the first flush into a file: closes what the run before left open, notes how the
 * boot before ended. Only who writes does it, so not the open. */
int pm_storage_begin(struct pausemon_storage *storage, struct pausemon_error *error);

/* open.c: in the transaction that is open, the ids that will not be given again: some ahead, so
 * that one that was told is not given twice when we are killed before the next flush; none at the
 * end. */
int pm_storage_keep_ids(struct pausemon_storage *storage, int64_t now_ns,
                        struct pausemon_error *error);

/* The file turned out to be corrupt: moves it aside and makes another. */
int pm_storage_replace(struct pausemon_storage *storage, const char *why,
                       struct pausemon_error *error);

/* write.c: asks /proc who the culprits of a pause are, once. May wait: not in a transaction. */
void pm_enrich_record(struct pm_record *record);

/* write.c: one record, in the transaction that is open. */
int pm_write_record(struct pausemon_storage *storage, struct pm_record *record,
                    struct pausemon_error *error);
int pm_write_hour(struct pm_db *db, const struct pm_hour *hour, struct pausemon_error *error);

#endif
