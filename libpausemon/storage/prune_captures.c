/* SPDX-License-Identifier: MIT */
/* Retention of captures. What there is is looked at once, before the first step; which of it goes
 * is then decided in memory, so that a dry run tells just what a real one removes. */
#include "storage/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/tree.h"
#include "core/capture.h"
#include "storage/captures.h"
#include "storage/schema.h"

#define MAX_DIRECTORIES 65536
#define STRAY_NS (INT64_C(86400) * PM_NS_PER_S)
#define UNFINISHED_NS (INT64_C(3600) * PM_NS_PER_S)
#define TOLD_FAILURES 8
#ifdef __APPLE__
#define MODIFIED_AT(info) ((info).st_mtimespec)
#else
#define MODIFIED_AT(info) ((info).st_mtim)
#endif

/* ---- what there is ---- */

static struct pm_evidence *add_evidence(struct pm_prune *prune)
{
    if (prune->evidence_count == prune->evidence_room) {
        size_t room = prune->evidence_room ? 2 * prune->evidence_room : 64;
        struct pm_evidence *grown =
            pm_resize(&prune->storage->host, prune->evidence, room * sizeof *grown);
        if (!grown)
            return NULL;
        prune->evidence = grown;
        prune->evidence_room = room;
    }
    struct pm_evidence *evidence = &prune->evidence[prune->evidence_count++];
    memset(evidence, 0, sizeof *evidence);
    return evidence;
}

/* Anybody can give a file any time. */
static int64_t ns_of(time_t seconds)
{
    const int64_t most = INT64_MAX / PM_NS_PER_S;
    int64_t bounded = seconds < -most ? -most : seconds > most ? most : (int64_t)seconds;

    return bounded * PM_NS_PER_S;
}

/* Only directories with a good name; the rest is somebody else's. */
static int look_at(void *user, const char *name)
{
    struct pm_prune *prune = user;
    struct pausemon_error why;
    struct stat info;

    if (strlen(name) >= PAUSEMON_CAPTURE_NAME_SIZE || !pm_capture_is_name(name) ||
        fstatat(prune->directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode))
        return 0;
    if (prune->evidence_count >= MAX_DIRECTORIES)
        return 1; /* the next time */
    struct pm_evidence *evidence = add_evidence(prune);
    if (!evidence)
        return pm_fail(prune->error, PAUSEMON_ERR_NOMEM, "retention: out of memory");
    memcpy(evidence->name, name, strlen(name) + 1);
    evidence->changed_ns = ns_of(MODIFIED_AT(info).tv_sec);
    if (pm_tree_size(prune->directory, name, &evidence->bytes, &why) < 0)
        pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING,
               "the size of the capture %s is not all known: %s", name, why.text);
    return pm_prune_let_write(prune);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pm_evidence *)a)->name, ((const struct pm_evidence *)b)->name);
}

int pm_prune_look(struct pm_prune *prune)
{
    struct pausemon_error why;

    if (!prune->how.evidence)
        return 0;
    int fd = pm_tree_open(prune->how.evidence, &why);
    if (fd < 0 && why.os_errno == ENOENT)
        return 0; /* nothing was ever captured, or all of it is gone */
    if (fd < 0) {
        pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING, "captures are left alone: %s",
               why.text);
        prune->how.evidence = NULL;
        return 0;
    }
    prune->directory = fd;
    int status = pm_tree_list(fd, look_at, prune, prune->error);
    if (prune->evidence_count)
        qsort(prune->evidence, prune->evidence_count, sizeof *prune->evidence, by_name);
    return status < 0 ? status : 0;
}

void pm_prune_forget(struct pm_prune *prune)
{
    if (prune->directory >= 0)
        close(prune->directory);
    pm_free(&prune->storage->host, prune->evidence);
    if (prune->failed > 0)
        pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING, "%d captures could not be removed",
               prune->failed);
}

static struct pm_evidence *find(struct pm_prune *prune, const char *name)
{
    struct pm_evidence key;

    strncpy(key.name, name, sizeof key.name);
    key.name[sizeof key.name - 1] = '\0';
    return prune->evidence_count == 0 ? NULL
                                      : bsearch(&key, prune->evidence, prune->evidence_count,
                                                sizeof *prune->evidence, by_name);
}

/* ---- one that goes ---- */

static void tell(struct pm_prune *prune, const char *name, uint64_t bytes, uint64_t why)
{
    struct pausemon_removal removal = {sizeof removal, why, NULL, name, bytes, 0, 0};

    if (prune->how.gone)
        prune->how.gone(prune->how.user, &removal);
}

/* What stays is told, and does not keep the rest. */
static void remove_directory(struct pm_prune *prune, struct pm_evidence *evidence)
{
    struct pausemon_error why;

    evidence->gone = true;
    int status = prune->how.dry_run ? 0 : pm_tree_remove(prune->directory, evidence->name, &why);
    if (status == 0 || (status == PAUSEMON_ERR_NOT_FOUND && why.os_errno == ENOENT)) {
        prune->went++;
        return;
    }
    if (prune->failed++ < TOLD_FAILURES)
        pm_log(&prune->storage->host, PAUSEMON_LOG_WARNING, "the capture %s stays: %s",
               evidence->name, why.text);
}

/* Somebody may have pinned its escalation since it was chosen. */
#define NOT_PINNED                                                                                 \
    "NOT EXISTS (SELECT 1 FROM events AS e WHERE e.id = captures.event_id AND e.status = "         \
    "'pinned')"

/* The row by its number: its name may be anything. */
static int remove_row(struct pm_prune *prune, int64_t row)
{
    int status = pm_prune_begin_step(prune);

    if (status < 0)
        return status;
    status = pm_db_run(prune->db, prune->error,
                       "DELETE FROM captures WHERE rowid = ? AND " NOT_PINNED, "i", row);
    /* Or it would be found for ever. */
    if (status == 0)
        status = pm_prune_check_gone(prune, "a capture's row",
                                     "SELECT count(*) FROM captures WHERE rowid = ?", row);
    return pm_prune_end_step(prune, status);
}

/* Of "captures AS c"; what `?1` of the conditions is, is the caller's. One that is being made is
 * not touched, whatever else is true. */
#define CHOOSE(conditions)                                                                         \
    "SELECT " PM_CAPTURE_COLUMNS ", c.rowid FROM captures AS c WHERE " conditions                  \
    " AND (c.complete = 1 OR c.start_timestamp < ?2) ORDER BY c.start_timestamp, c.name LIMIT 1"
#define ROW_COLUMN 7

/* The first row that the statement gives goes, and its directory. 1: it did; 0: there was none.
 * NULL: the statement could not be made, for which `why` has the reason. */
static int remove_one(struct pm_prune *prune, uint64_t why_gone, sqlite3_stmt *row,
                      struct pausemon_error *why)
{
    struct pausemon_capture capture;
    bool named = false;
    int64_t number = 0;
    int status = row ? pm_db_step(prune->db, row, why) : (int)why->status;

    if (status > 0) {
        named = pm_capture_read(&capture, row);
        number = sqlite3_column_int64(row, ROW_COLUMN);
    }
    sqlite3_finalize(row);
    if (status < 0 && prune->error)
        *prune->error = *why;
    if (status <= 0)
        return status;
    struct pm_evidence *evidence = named ? find(prune, capture.name) : NULL;
    if (named)
        tell(prune, capture.name, evidence ? evidence->bytes : 0, why_gone);
    status = remove_row(prune, number);
    if (status < 0)
        return status;
    if (evidence)
        remove_directory(prune, evidence);
    else
        prune->went += named;
    return 1;
}

/* ---- by rows ---- */

static double finished_by(const struct pm_prune *prune)
{
    return pm_db_seconds(prune->now.realtime_ns - UNFINISHED_NS);
}

int pm_prune_captures_of(struct pm_prune *prune, int64_t event_id, uint64_t why_gone)
{
    struct pausemon_error why;
    int status = 0;

    if (!prune->how.evidence)
        return 0;
    do {
        sqlite3_stmt *row = pm_db_query(prune->db, &why, CHOOSE("c.event_id = ?1"), "id", event_id,
                                        finished_by(prune));
        status = remove_one(prune, why_gone, row, &why);
    } while (status > 0);
    return status;
}

int pm_prune_old_captures(struct pm_prune *prune)
{
    struct pausemon_error why;
    int status = 0;

    if (!prune->how.evidence)
        return 0;
    do {
        sqlite3_stmt *row =
            pm_db_query(prune->db, &why,
                        CHOOSE("c.start_timestamp < ?1 AND NOT EXISTS"
                               " (SELECT 1 FROM events AS e WHERE e.id = c.event_id)"),
                        "dd", pm_db_seconds(prune->cutoff_ns), finished_by(prune));
        status = remove_one(prune, PAUSEMON_REMOVAL_AGE, row, &why);
    } while (status > 0);
    return status;
}

/* ---- by directories ---- */

/* A name tells the local time, of whatever zone there was then: good for a day. */
static int64_t time_of(const char *name, int64_t utc_offset_s)
{
    const char *at = name, *end = name + strlen(name);
    struct pm_date date = {0};
    int64_t seconds = 0;

    pm_date_digits(&at, end, 4, 0, &date.year);
    pm_date_digits(&at, end, 2, '-', &date.month);
    pm_date_digits(&at, end, 2, '-', &date.day);
    pm_date_digits(&at, end, 2, '_', &date.hour);
    pm_date_digits(&at, end, 2, '-', &date.minute);
    pm_date_digits(&at, end, 2, '-', &date.second);
    pm_date_to_seconds(&date, &seconds);
    return (seconds - utc_offset_s) * PM_NS_PER_S;
}

/* The row of a directory, if it has one, and that of its escalation. */
static int look_up(struct pm_prune *prune, struct pm_evidence *evidence)
{
    struct pausemon_error why;
    sqlite3_stmt *row = pm_db_query(prune->db, &why,
                                    "SELECT c.start_timestamp, c.complete, e.id, e.status, c.rowid"
                                    " FROM captures AS c LEFT JOIN events AS e"
                                    " ON e.id = c.event_id WHERE c.name = ?",
                                    "t", evidence->name);
    int status = row ? pm_db_step(prune->db, row, &why) : (int)why.status;

    if (status > 0) {
        const char *review = (const char *)sqlite3_column_text(row, 3);
        bool alone = sqlite3_column_type(row, 2) == SQLITE_NULL;
        bool unfinished = sqlite3_column_int64(row, 1) != 1;
        evidence->known = true;
        evidence->row = sqlite3_column_int64(row, 4);
        evidence->start_ns = pm_db_ns(sqlite3_column_double(row, 0));
        evidence->stays =
            (unfinished && evidence->start_ns >= prune->now.realtime_ns - UNFINISHED_NS) ||
            (review && strcmp(review, "pinned") == 0);
        evidence->last =
            !alone &&
            !(review && (strcmp(review, "reviewed") == 0 || strcmp(review, "dismissed") == 0));
    }
    sqlite3_finalize(row);
    if (status < 0 && prune->error)
        *prune->error = why;
    return status < 0 ? status : 0;
}

/* One without a row is young if its name or the file system says so, and is older than our rows if
 * either says that: both err on the side of what is kept. */
static bool is_stray(const struct pm_prune *prune, struct pm_evidence *evidence, int64_t since_ns)
{
    int64_t named_ns = time_of(evidence->name, prune->now.utc_offset_s);
    int64_t changed_ns = evidence->changed_ns, now_ns = prune->now.realtime_ns;
    int64_t newest_ns = named_ns > changed_ns ? named_ns : changed_ns;
    int64_t oldest_ns = named_ns < changed_ns ? named_ns : changed_ns;

    evidence->start_ns = named_ns;
    evidence->stays = newest_ns >= now_ns - STRAY_NS;
    return newest_ns < (oldest_ns < since_ns ? prune->cutoff_ns : now_ns - STRAY_NS);
}

static int sweep_strays(struct pm_prune *prune)
{
    int64_t since_ns;
    int status = pm_state_get(prune->db, "captures_since", INT64_MAX, &since_ns, prune->error);

    for (size_t i = 0; i < prune->evidence_count && status == 0; i++) {
        struct pm_evidence *evidence = &prune->evidence[i];
        if (evidence->gone)
            continue;
        status = look_up(prune, evidence);
        if (status < 0 || evidence->known || !is_stray(prune, evidence, since_ns))
            continue;
        tell(prune, evidence->name, evidence->bytes, PAUSEMON_REMOVAL_STRAY);
        remove_directory(prune, evidence);
        status = pm_prune_let_write(prune);
    }
    return status;
}

/* What may go first is first. */
static int by_worth(const void *a, const void *b)
{
    const struct pm_evidence *one = a, *other = b;

    if (one->last != other->last)
        return one->last ? 1 : -1;
    if (one->start_ns != other->start_ns)
        return one->start_ns < other->start_ns ? -1 : 1;
    return strcmp(one->name, other->name);
}

static int remove_for_size(struct pm_prune *prune, struct pm_evidence *evidence)
{
    tell(prune, evidence->name, evidence->bytes, PAUSEMON_REMOVAL_SIZE);
    int status = pm_prune_begin_step(prune);
    if (status < 0)
        return status;
    status = pm_db_run(prune->db, prune->error,
                       "DELETE FROM captures WHERE name = ? AND " NOT_PINNED, "t", evidence->name);
    if (status == 0)
        status = pm_prune_check_gone(
            prune, evidence->name, "SELECT count(*) FROM captures WHERE rowid = ?", evidence->row);
    status = pm_prune_end_step(prune, status);
    if (status == 0)
        remove_directory(prune, evidence);
    return status;
}

/* One that cannot be removed counts as gone: others would go in its place, one after the other. */
static int shrink_to_limit(struct pm_prune *prune)
{
    uint64_t bytes = 0;
    int status = 0;

    for (size_t i = 0; i < prune->evidence_count; i++)
        bytes += prune->evidence[i].gone ? 0 : prune->evidence[i].bytes;
    if (bytes > prune->max_evidence)
        qsort(prune->evidence, prune->evidence_count, sizeof *prune->evidence, by_worth);
    for (size_t i = 0; i < prune->evidence_count && bytes > prune->max_evidence && status == 0;
         i++) {
        struct pm_evidence *evidence = &prune->evidence[i];
        if (evidence->gone || evidence->stays)
            continue;
        bytes -= evidence->bytes;
        status = remove_for_size(prune, evidence);
    }
    return status;
}

int pm_prune_directories(struct pm_prune *prune)
{
    int status = sweep_strays(prune);

    return status < 0 ? status : shrink_to_limit(prune);
}
