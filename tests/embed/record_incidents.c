/* SPDX-License-Identifier: MIT */
/* Records incidents until SIGTERM: record_incidents DATABASE. It looks on this thread and writes on
 * another, because a disk may wait. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int stopped;

static void stop(int number)
{
    stopped = number;
}

static void *write_incidents(void *storage)
{
    struct pausemon_error error;

    for (; !stopped; sleep(1))
        if (pausemon_storage_flush(storage, &error) < 0) /* they wait, and nothing is lost */
            fprintf(stderr, "record_incidents: %s\n", error.text);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "data.db";
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;
    struct pausemon_storage *storage = NULL;
    struct pausemon_error error;
    pthread_t writer;
    int code;

    sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
    int failed = pausemon_storage_open(&storage, path, NULL, NULL, &error) < 0 ||
                 pausemon_source_open(&source, "auto", NULL, &error) < 0 ||
                 pausemon_monitor_new(&monitor, NULL, source, NULL, &error) < 0 ||
                 pausemon_storage_attach(storage, monitor, &error) < 0 ||
                 pausemon_heartbeat_start(&heartbeat, monitor, NULL, NULL, &error) < 0 ||
                 ((code = pthread_create(&writer, NULL, write_incidents, storage)) != 0 &&
                  pausemon_error_set(&error, PAUSEMON_ERR_IO, code, "cannot start a thread") < 0);
    while (!failed && !stopped)
        pausemon_monitor_wait(monitor, -1);
    if (!failed)
        pthread_join(writer, NULL);
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor); /* ends what is open, and the storage hears it */
    if (failed || (failed = pausemon_storage_finish(storage, &error) < 0))
        fprintf(stderr, "record_incidents: %s\n", error.text);
    pausemon_storage_free(storage);
    pausemon_source_free(source);
    return failed;
}
