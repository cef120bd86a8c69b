/* SPDX-License-Identifier: MIT */
#ifndef WITNESS_STAGE_H
#define WITNESS_STAGE_H

/* What the suites about the witness share: a monitor whose heartbeat beats fast, looks of the
 * test's own, waiting for what other threads do. */

#include "realproc.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/monitor.h"

static struct harness harness;
static struct player player;
static struct pausemon_config *config;
static struct pausemon_source *source;
static struct pausemon_monitor *monitor;
static struct pausemon_heartbeat *heartbeat;
static struct pausemon_error error;

/* ---- Looks of our own ---- */

/* What a look waits for: its end of a pipe. It counts how often it was called. */
struct stage {
    atomic_int looks, returned;
    int gate[2]; /* a look reads a byte of it; -1: it does not */
    int status;
    const char *text;
};

static int play_look(void *user, struct pm_stuck *stuck)
{
    struct stage *stage = user;
    char byte;

    atomic_fetch_add(&stage->looks, 1);
    if (stage->gate[0] >= 0 && read(stage->gate[0], &byte, 1) < 0)
        return PAUSEMON_ERR_IO;
    snprintf(stuck->text, sizeof stuck->text, "%s", stage->text);
    atomic_fetch_add(&stage->returned, 1);
    return stage->status;
}

static struct stage stage;

static void block_looks(void)
{
    ck_assert_int_eq(pipe2(stage.gate, O_CLOEXEC), 0);
}

/* ---- Life around it ---- */

static void *run_nothing(void *argument)
{
    return argument;
}

static void setup(void)
{
    pthread_t first;

    /* A sanitizer starts a thread of its own with the first: it is not to be counted. */
    ck_assert_int_eq(pthread_create(&first, NULL, run_nothing, NULL), 0);
    pthread_join(first, NULL);
    harness_init(&harness);
    harness.host.now = NULL; /* real threads, real time */
    player = (struct player){.result = PAUSEMON_LOOK_COMPLETE};
    stage.gate[0] = stage.gate[1] = -1;
    stage.status = 0;
    stage.text = "pid 1 tid 1 \"x\" in y\n";
    atomic_store(&stage.looks, 0);
    atomic_store(&stage.returned, 0);
    ck_assert_int_eq(pausemon_config_new(&config, &harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "heartbeat.interval_ms", "5", NULL), 0);
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, config, source, &harness.host, &error), 0);
    heartbeat = NULL;
}

static void teardown(void)
{
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    ck_assert_int_eq(harness.live, 0);
}

static int count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int count = -2; /* . and .. */

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* A joined thread may be in the kernel's list for a moment. */
static void check_threads(int expected)
{
    for (int i = 0; i < 2000 && count_threads() != expected; i++)
        poll(NULL, 0, 5);
    ck_assert_int_eq(count_threads(), expected);
}

/* Until it is so; half a minute at most. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        bool holds = (condition);                                                                  \
        for (int turn = 0; turn < 6000 && !holds; turn++) {                                        \
            poll(NULL, 0, 5);                                                                      \
            holds = (condition);                                                                   \
        }                                                                                          \
        ck_assert_msg(holds, "never: " #condition);                                                \
    } while (0)

/* Those that wait come back. */
static void let_looks_go(int count)
{
    close(stage.gate[1]);
    WAIT_UNTIL(atomic_load(&stage.returned) == count);
    close(stage.gate[0]);
}

static int start(uint64_t witness)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;

    options.witness = witness;
    return pausemon_heartbeat_start(&heartbeat, monitor, config, &options, &error);
}

static void stop(void)
{
    pausemon_heartbeat_stop(heartbeat);
    heartbeat = NULL;
}

#endif
