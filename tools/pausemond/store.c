/* SPDX-License-Identifier: MIT */
#include "pausemond/store.h"

#include "pausemond/daemon.h"

#define ADVICE "; mend it, or name another place with --data-dir"

/* 0, or -1, which is said. */
static int attach(struct daemon *daemon, struct pausemon_storage *storage, const char *advice)
{
    struct pausemon_error error;

    if (pausemon_storage_attach(storage, daemon->monitor, &error) < 0) {
        pausemon_storage_free(storage);
        return log_fail(&daemon->log, "%s%s", error.text, advice);
    }
    daemon->storage = storage;
    writer_flush(&daemon->writer, storage);
    return 0;
}

int store_open(struct daemon *daemon)
{
    struct writer *writer = &daemon->writer;
    struct pausemon_storage *storage;
    struct pausemon_error error;

    writer->database = daemon->home.place.database;
    writer->host = &daemon->host;
    writer->wishes = (struct pausemon_storage_options)PAUSEMON_STORAGE_OPTIONS_INIT;
    writer->wishes.group = daemon->home.group;
    int status = writer_open(writer, &storage, &error);
    if (status == 0)
        return attach(daemon, storage, ADVICE);
    if (status == PAUSEMON_ERR_UNSUPPORTED) {
        log_say(&daemon->log, PAUSEMON_LOG_WARNING, "this build has no storage: nothing is kept");
        return 0;
    }
    if (writer->open_ns == INT64_MAX)
        return log_fail(&daemon->log, "%s%s", error.text, ADVICE);
    daemon->disk = status == PAUSEMON_ERR_BUSY ? "locked" : "full";
    log_say(&daemon->log, PAUSEMON_LOG_WARNING, "%s: nothing is stored until \"%s\" can be opened",
            error.text, writer->database);
    return 0;
}

void store_take(struct daemon *daemon)
{
    struct pausemon_storage *storage = writer_take_storage(&daemon->writer);

    daemon->disk = "failed";
    if (attach(daemon, storage, ": nothing is stored") == 0)
        log_say(&daemon->log, PAUSEMON_LOG_INFO,
                "\"%s\" is open: what happens from now on is stored", daemon->home.place.database);
}
