/* SPDX-License-Identifier: MIT */
#include "storage/storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sized.h"
#include "core/arith.h"
#include "engine/monitor.h"
#include "storage/place.h"
#include "storage/schema.h"

#define DEFAULT_QUEUE 128
#define OPTIONS_FIRST_SIZE PM_END_OF(struct pausemon_storage_options, keep)
#define ALIVE_NS (UINT64_C(10) * PM_NS_PER_S)
#define STALLED_NS (UINT64_C(5) * PM_NS_PER_S)
#define TEXT_LIMIT (1u << 20)

/* ---- life ---- */

static int read_options(struct pausemon_storage_options *options,
                        const struct pausemon_storage_options *given, struct pausemon_error *error)
{
    *options = (struct pausemon_storage_options)PAUSEMON_STORAGE_OPTIONS_INIT;
    if (given && !pm_sized_take(options, sizeof *options, OPTIONS_FIRST_SIZE, given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "options of too small a size");
    if (options->queue == 0)
        options->queue = DEFAULT_QUEUE;
    if (options->queue < 8 || options->queue > 4096)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "queue: %llu records; expected 8..4096, or 0",
                       (unsigned long long)options->queue);
    return 0;
}

int pm_storage_open(struct pausemon_storage **out, const char *path,
                    const struct pausemon_storage_options *given_options, const char *boot_id,
                    const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pausemon_storage_options options;
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !path)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage needs a place and a path");
    int status = read_options(&options, given_options, error);
    if (status < 0)
        return status;
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_storage *storage = pm_alloc(&host, sizeof *storage);
    if (!storage)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "storage: out of memory");
    storage->host = storage->feeder = host;
    storage->group = options.group;
    storage->keep = options.keep != 0;
    pm_buffer_init(&storage->text, &storage->host, TEXT_LIMIT);
    snprintf(storage->boot_id, sizeof storage->boot_id, "%s", boot_id);
    storage->queue = pm_queue_new((size_t)options.queue, &storage->feeder);
    status = storage->queue ? pm_place_resolve(storage->place, path, error)
                            : pm_fail(error, PAUSEMON_ERR_NOMEM, "storage: out of memory");
    if (status == 0)
        status = pm_storage_connect(storage, error);
    if (status < 0)
        pausemon_storage_free(storage);
    else
        *out = storage;
    return status;
}

int pausemon_storage_open(struct pausemon_storage **out, const char *path,
                          const struct pausemon_storage_options *options,
                          const struct pausemon_host *host, struct pausemon_error *error)
{
    char boot_id[PM_BOOT_ID_SIZE];

    pm_boot_id_read(boot_id);
    return pm_storage_open(out, path, options, boot_id, host, error);
}

static bool is_closed(const struct pausemon_storage *storage)
{
    return atomic_load_explicit(&storage->queue->closed, memory_order_acquire);
}

void pausemon_storage_free(struct pausemon_storage *storage)
{
    if (!storage)
        return;
    if (storage->monitor && !is_closed(storage))
        pausemon_monitor_unsubscribe(storage->monitor, storage->subscription);
    pm_db_close(&storage->db);
    pm_buffer_free(&storage->text);
    pm_free(&storage->feeder, storage->queue);
    pm_free(&storage->host, storage);
}

static void hear(void *user, const struct pausemon_event *event)
{
    pm_queue_tell(((struct pausemon_storage *)user)->queue, event);
}

/* Above what the file has and what the monitor has given. */
static void go_on_with_ids(struct pausemon_storage *storage, struct pausemon_monitor *monitor)
{
    int64_t event_id = storage->last_event_id + 1, pause_id = storage->last_pause_id + 1;

    event_id = event_id > monitor->next_event_id ? event_id : monitor->next_event_id;
    pause_id = pause_id > monitor->next_pause_id ? pause_id : monitor->next_pause_id;
    pausemon_monitor_set_next_ids(monitor, event_id, pause_id);
    storage->queue->first_event_id = event_id;
    storage->queue->first_pause_id = pause_id;
}

int pausemon_storage_attach(struct pausemon_storage *storage, struct pausemon_monitor *monitor,
                            struct pausemon_error *error)
{
    const uint64_t mask = PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_TIER | PAUSEMON_EVENT_ESCALATION |
                          PAUSEMON_EVENT_PAUSE | PAUSEMON_EVENT_CLOSE;

    if (!storage || !monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage and a monitor are needed");
    if (storage->monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "the storage is attached already");
    int number = pausemon_monitor_subscribe(monitor, mask, hear, storage, NULL);
    if (number < 0)
        return pm_fail(error, number, "storage: %s", pausemon_status_text(number));
    storage->monitor = monitor;
    storage->subscription = number;
    go_on_with_ids(storage, monitor);
    return 0;
}

/* A disk that hangs ends nothing. */
static bool is_stalled(const struct pausemon_storage *storage)
{
    int64_t since_ns = atomic_load(&storage->flush_since_ns);

    return since_ns && pm_elapsed(since_ns, pm_monotonic_ns(&storage->host)) > STALLED_NS;
}

void pausemon_storage_get_info(const struct pausemon_storage *storage,
                               struct pausemon_storage_info *info)
{
    struct pausemon_storage_info now = {sizeof now, 0, 0, 0, 0};

    now.queued = pm_queue_waiting(storage->queue);
    now.dropped = atomic_load(&storage->queue->dropped) + atomic_load(&storage->gone);
    now.written = atomic_load(&storage->written);
    now.disk = is_stalled(storage) ? PAUSEMON_DISK_STALLED : atomic_load(&storage->disk);
    pm_sized_fill(info, &now, sizeof now);
}

/* ---- flush ---- */

/* A record that no database would take: waiting would not help it. */
static bool is_hopeless(const struct pm_db *db, int status)
{
    if (db->code == 0)
        return status != PAUSEMON_ERR_NOMEM;
    return db->code == SQLITE_CONSTRAINT || db->code == SQLITE_TOOBIG ||
           db->code == SQLITE_MISMATCH;
}

static void note_id(struct pausemon_storage *storage, const struct pm_record *record)
{
    bool pause = record->kind == PM_RECORD_PAUSE;
    int64_t *last = pause ? &storage->last_pause_id : &storage->last_event_id;
    int64_t id = pause ? record->as.pause.info.id : record->escalation.id;

    *last = id > *last ? id : *last;
}

/* Returns how many were hopeless. */
static int write_records(struct pausemon_storage *storage, size_t count,
                         struct pausemon_error *error)
{
    int hopeless = 0;

    for (size_t i = 0; i < count; i++) {
        struct pm_record *record = pm_queue_get(storage->queue, i);
        struct pausemon_error why;
        storage->db.code = 0;
        note_id(storage, record);
        int status = pm_write_record(storage, record, &why);
        if (status >= 0)
            continue;
        if (!is_hopeless(&storage->db, status)) {
            if (error)
                *error = why;
            return status;
        }
        pm_log(&storage->host, PAUSEMON_LOG_WARNING, "a record is left out: %s", why.text);
        hopeless++;
    }
    return hopeless;
}

static int write_state(struct pausemon_storage *storage, const struct pausemon_instant *now,
                       struct pausemon_error *error)
{
    struct pm_db *db = &storage->db;
    int64_t ns = now->realtime_ns;
    int status = pm_storage_keep_ids(storage, ns, error);

    if (status == 0)
        status = pm_state_set(db, "last_alive", ns, ns, error);
    if (status == 0 && storage->ending)
        status = pm_state_set_text(db, "ended_boot_id", storage->boot_id, ns, error);
    return status;
}

/* Everything in one transaction; nothing has left the queue when it fails. Culprits are looked for
 * before it, also if it will fail: they may end, and /proc may keep us waiting. */
static int write_all(struct pausemon_storage *storage, size_t count, const struct pm_hour *mail,
                     struct pausemon_error *error)
{
    struct pausemon_instant now;
    struct pm_db *db = &storage->db;
    int hopeless = 0;

    pm_now(&storage->host, &now);
    for (size_t i = 0; i < count; i++)
        pm_enrich_record(pm_queue_get(storage->queue, i));
    int status = pm_storage_begin(storage, error);
    if (status == 0)
        status = pm_db_exec(db, "BEGIN IMMEDIATE", error);
    if (status == 0)
        status = hopeless = write_records(storage, count, error);
    if (status >= 0)
        status = mail ? pm_write_hour(db, mail, error) : 0;
    if (status == 0)
        status = write_state(storage, &now, error);
    if (status == 0)
        status = pm_db_exec(db, "COMMIT", error);
    if (status < 0) {
        pm_db_rollback(db);
        return status;
    }
    pm_queue_done(storage->queue, count, mail != NULL);
    storage->alive_ns = now.monotonic_ns;
    storage->told_alive = true;
    atomic_fetch_add(&storage->gone, (uint64_t)hopeless);
    atomic_fetch_add(&storage->written, count - (size_t)hopeless);
    return (int)count - hopeless;
}

static uint64_t disk_of(const struct pausemon_storage *storage, int status)
{
    int code = storage->db.code, os_errno = storage->db.os_errno;

    if (storage->read_only)
        return PAUSEMON_DISK_READ_ONLY;
    if (status >= 0)
        return PAUSEMON_DISK_OK;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return PAUSEMON_DISK_LOCKED;
    if (code == SQLITE_FULL || os_errno == ENOSPC || os_errno == EDQUOT)
        return PAUSEMON_DISK_FULL;
    return PAUSEMON_DISK_FAILED;
}

/* Said once when it changes, not every second. */
static void note_disk(struct pausemon_storage *storage, int status, const char *why)
{
    uint64_t disk = disk_of(storage, status);

    if (atomic_exchange(&storage->disk, disk) == disk)
        return;
    if (disk == PAUSEMON_DISK_OK)
        pm_log(&storage->host, PAUSEMON_LOG_INFO, "%s is written again", storage->place);
    else
        pm_log(&storage->host, PAUSEMON_LOG_WARNING, "%s cannot be written, records wait: %s",
               storage->place, why);
}

static bool is_due(const struct pausemon_storage *storage)
{
    return storage->ending || !storage->told_alive ||
           pm_elapsed(storage->alive_ns, pm_monotonic_ns(&storage->host)) >= ALIVE_NS;
}

static int try_to_write(struct pausemon_storage *storage, size_t count, struct pausemon_error *why)
{
    const struct pm_hour *mail = pm_queue_mail(storage->queue);
    int status;

    storage->db.code = storage->db.os_errno = 0;
    /* What is open stays open: when the directory is back, it goes on. */
    status = pm_place_keep(&storage->directory, storage->place, why);
    if (status < 0)
        return status;
    if (storage->db.sql && !pm_place_is(storage->place, &storage->file)) {
        pm_log(&storage->host, PAUSEMON_LOG_WARNING, "%s was removed or replaced: opened anew",
               storage->place);
        pm_db_close(&storage->db);
    }
    if (!storage->db.sql)
        status = pm_storage_connect(storage, why);
    if (status == 0 && !storage->read_only)
        status = write_all(storage, count, mail, why);
    if (status < 0 && storage->db.sql && pm_db_is_corrupt(&storage->db)) {
        status = pm_storage_replace(storage, why->text, why);
        if (status == 0)
            status = write_all(storage, count, mail, why);
    }
    return status;
}

int pausemon_storage_flush(struct pausemon_storage *storage, struct pausemon_error *error)
{
    struct pausemon_error why = {0};

    if (!storage)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage is needed");
    size_t count = pm_queue_ready(storage->queue);
    if (storage->read_only) {
        atomic_fetch_add(&storage->gone, count);
        pm_queue_done(storage->queue, count, pm_queue_mail(storage->queue) != NULL);
        return 0;
    }
    /* Scores go with records or with the sign of life: a disk need not wake every second. */
    if (count == 0 && !is_due(storage))
        return 0;
    atomic_store(&storage->flush_since_ns, pm_monotonic_ns(&storage->host));
    int status = try_to_write(storage, count, &why);
    atomic_store(&storage->flush_since_ns, 0);
    note_disk(storage, status, why.text);
    if (status < 0 && error)
        *error = why;
    return status;
}

int pausemon_storage_finish(struct pausemon_storage *storage, struct pausemon_error *error)
{
    int status, written = 0;

    if (!storage)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a storage is needed");
    storage->ending = true;
    do { /* what had found no room comes in turns; each turn takes some away */
        status = pausemon_storage_flush(storage, error);
        written += status > 0 ? status : 0;
    } while (status >= 0 && (pm_queue_ready(storage->queue) || pm_queue_mail(storage->queue)));
    storage->ending = false;
    return status < 0 ? status : written;
}
