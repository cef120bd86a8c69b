/* SPDX-License-Identifier: MIT */
#include "pausemond/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pausemond/fd.h"
#include "pausemond/settings.h"

#define FLUSH_INTERVAL_NS NS_PER_S
#define OPEN_INTERVAL_NS (10 * NS_PER_S)
#define FIRST_PRUNE_NS (60 * NS_PER_S)
#define PRUNE_INTERVAL_NS (24 * 3600 * NS_PER_S)
/* SQLite's deepest need is well below it; all of it is locked memory one day. */
#define STACK_SIZE (256 * 1024)

#define ORDER_RELOAD 'r'
#define ORDER_HURRY 'h'
#define ORDER_END 'e'

static void answer(const struct writer *writer, char message)
{
    /* The pipe is never full: one answer an order, and orders are few. */
    if (write(writer->answers, &message, 1) != 1)
        log_fail_os(writer->log, errno, "the writer cannot answer");
}

/* ---- the disk ---- */

/* The storage knows its directory from the first good open on. Before that, between two tries,
 * somebody may put another, or a link, in its place: nothing is begun there. */
static int is_replaced(struct writer *writer)
{
    const char *slash = strrchr(writer->database, '/');
    char path[PLACE_SIZE];
    struct stat info;

    snprintf(path, sizeof path, "%.*s", (int)(slash - writer->database), writer->database);
    if (lstat(path, &info) < 0)
        return writer->inode != 0;
    if (writer->inode == 0) {
        writer->device = info.st_dev;
        writer->inode = info.st_ino;
    }
    return info.st_dev != writer->device || info.st_ino != writer->inode;
}

int writer_open(struct writer *writer, struct pausemon_storage **storage,
                struct pausemon_error *error)
{
    if (is_replaced(writer)) {
        snprintf(error->text, sizeof error->text, "the directory of %.200s was replaced",
                 writer->database);
        writer->open_status = PAUSEMON_ERR_DENIED;
        writer->open_ns = fd_now_ns() + OPEN_INTERVAL_NS;
        return writer->open_status;
    }
    int status =
        pausemon_storage_open(storage, writer->database, &writer->wishes, writer->host, error);
    int may_pass = status < 0 && (status == PAUSEMON_ERR_BUSY || error->os_errno == ENOSPC ||
                                  error->os_errno == EDQUOT);

    writer->open_status = status;
    writer->open_ns = may_pass ? fd_now_ns() + OPEN_INTERVAL_NS : INT64_MAX;
    return status;
}

/* The start has said why it was not possible then. */
static void try_to_open(struct writer *writer)
{
    struct pausemon_storage *storage;
    struct pausemon_error error;
    int before = writer->open_status;

    if (writer_open(writer, &storage, &error) == 0) {
        atomic_store(&writer->opened, storage);
        answer(writer, WRITER_OPENED);
        return;
    }
    if (writer->open_status != before)
        log_say(writer->log, PAUSEMON_LOG_WARNING, "%s%s", error.text,
                writer->open_ns < INT64_MAX ? "" : "; until the next start nothing is stored");
}

/* The storage says itself, through its host's log, that it cannot write and that it can again. What
 * was lost in between is said here, when it is over. */
static int flush(struct writer *writer, struct pausemon_storage *storage)
{
    struct pausemon_storage_info info = {.size = sizeof info};
    int status = pausemon_storage_flush(storage, NULL);

    pausemon_storage_get_info(storage, &info);
    if (status >= 0 && info.dropped > writer->dropped) {
        log_say(writer->log, PAUSEMON_LOG_WARNING,
                "%" PRIu64 " records were lost, because too many waited",
                info.dropped - writer->dropped);
        writer->dropped = info.dropped;
    }
    return status;
}

static void prune(struct writer *writer, struct pausemon_storage *storage)
{
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_error error;

    writer->prune_ns = fd_now_ns() + PRUNE_INTERVAL_NS;
    how.evidence = writer->evidence->directory;
    int gone = pausemon_storage_prune(storage, writer->config, &how, &error);
    if (gone < 0)
        log_say(writer->log, PAUSEMON_LOG_WARNING, "old records were not removed: %s", error.text);
    else if (gone > 0)
        log_say(writer->log, PAUSEMON_LOG_INFO, "%d old events and captures were removed", gone);
}

static void finish(struct writer *writer, struct pausemon_storage *storage)
{
    struct pausemon_storage_info info = {.size = sizeof info};
    struct pausemon_error error;

    int status = flush(writer, storage);
    if (status >= 0)
        status = pausemon_storage_finish(storage, &error);
    pausemon_storage_get_info(storage, &info);
    if (status < 0)
        log_say(writer->log, PAUSEMON_LOG_WARNING,
                "the last flush failed (%s): %" PRIu64 " records are lost",
                pausemon_status_text(status), info.queued);
}

/* ---- the thread ---- */

static void reload(struct writer *writer)
{
    struct pausemon_config *fresh = settings_load(writer->config_path, writer->is_system);

    if (!fresh) {
        answer(writer, WRITER_REFUSED);
        return;
    }
    pausemon_config_copy(writer->config, fresh);
    evidence_set_config(writer->evidence, fresh);
    pausemon_config_free(atomic_exchange(&writer->fresh, fresh));
    answer(writer, WRITER_RELOADED);
}

/* The next order; 0: something may be due. */
static char wait_for_order(const struct writer *writer)
{
    struct pollfd wait = {writer->orders[0], POLLIN, 0};
    int64_t left_ns = writer->flush_ns - fd_now_ns();
    char order = 0;

    if (poll(&wait, 1, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0) == 1 &&
        read(writer->orders[0], &order, 1) != 1)
        order = 0;
    return order;
}

/* By the clock, not when no order comes: orders may come all the time. Whether anything was. */
static int do_what_is_due(struct writer *writer)
{
    struct pausemon_storage *storage = atomic_load(&writer->storage);
    int64_t now_ns = fd_now_ns();

    if (now_ns < writer->flush_ns)
        return 0;
    writer->flush_ns = now_ns + FLUSH_INTERVAL_NS;
    if (now_ns >= writer->open_ns)
        try_to_open(writer);
    if (storage)
        flush(writer, storage);
    evidence_flush(writer->evidence, storage);
    metrics_write(writer->metrics, pausemon_config_get_text(writer->config, "metrics.textfile_dir"),
                  writer->log);
    if (storage && now_ns >= writer->prune_ns)
        prune(writer, storage);
    return 1;
}

/* While a capture waits for its tools. Retention and what opens the storage can wait for it. */
static void on_idle(void *user)
{
    struct writer *writer = user;
    struct pausemon_storage *storage = atomic_load(&writer->storage);

    if (storage)
        flush(writer, storage);
    evidence_flush(writer->evidence, storage);
}

/* After all that is due at once. Its size may be too much at once too. */
static void capture(struct writer *writer)
{
    evidence_capture(writer->evidence);
    if (writer->evidence->has_capture)
        writer->prune_ns = 0;
    writer->evidence->has_capture = 0;
}

static void *run(void *user)
{
    struct writer *writer = user;
    struct pausemon_storage *storage;
    char order = 0;

    while (order != ORDER_END) {
        order = wait_for_order(writer);
        if (order == ORDER_RELOAD)
            reload(writer);
        if (order == ORDER_HURRY)
            writer->flush_ns = 0;
        if (order != ORDER_END && do_what_is_due(writer))
            capture(writer);
    }
    if ((storage = atomic_load(&writer->storage)))
        finish(writer, storage);
    evidence_finish(writer->evidence);
    answer(writer, WRITER_DONE);
    return NULL;
}

/* ---- what the dispatch thread calls ---- */

static int start_thread(struct writer *writer)
{
    sigset_t all, before;
    pthread_attr_t attributes;

    int os_errno = pthread_attr_init(&attributes);
    if (os_errno)
        return os_errno;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* inherited: signals are the main thread's */
    os_errno = pthread_create(&writer->thread, &attributes, run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return os_errno;
}

int writer_start(struct writer *writer, const struct pausemon_config *config, int answers)
{
    writer->evidence->idle = on_idle;
    writer->evidence->user = writer;
    writer->answers = answers;
    writer->prune_ns = fd_now_ns() + FIRST_PRUNE_NS;
    int status = pausemon_config_new(&writer->config, NULL, NULL);
    if (status < 0)
        return log_fail(writer->log, "%s", pausemon_status_text(status));
    pausemon_config_copy(writer->config, config);
    if (fd_pipe(writer->orders) < 0)
        return log_fail_os(writer->log, errno, "cannot make a pipe");
    int os_errno = start_thread(writer);
    writer->is_running = os_errno == 0;
    return os_errno ? log_fail_os(writer->log, os_errno, "cannot start the writer") : 0;
}

static void give_order(struct writer *writer, char order)
{
    if (write(writer->orders[1], &order, 1) != 1)
        log_fail_os(writer->log, errno, "the writer takes no orders");
}

void writer_reload(struct writer *writer)
{
    give_order(writer, ORDER_RELOAD);
}

void writer_hurry(struct writer *writer)
{
    give_order(writer, ORDER_HURRY);
}

void writer_end(struct writer *writer)
{
    evidence_cancel(writer->evidence);
    give_order(writer, ORDER_END);
}

struct pausemon_config *writer_take_config(struct writer *writer)
{
    return atomic_exchange(&writer->fresh, NULL);
}

struct pausemon_storage *writer_take_storage(struct writer *writer)
{
    return atomic_exchange(&writer->opened, NULL);
}

void writer_flush(struct writer *writer, struct pausemon_storage *storage)
{
    atomic_store(&writer->storage, storage);
}

void writer_join(struct writer *writer)
{
    if (!writer->is_running)
        return;
    pthread_join(writer->thread, NULL);
    writer->is_running = 0;
    close(writer->orders[0]);
    close(writer->orders[1]);
    pausemon_config_free(atomic_exchange(&writer->fresh, NULL));
    pausemon_config_free(writer->config);
    pausemon_storage_free(atomic_exchange(&writer->opened, NULL));
}
