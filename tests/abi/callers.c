/* SPDX-License-Identifier: MIT */
#include "callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the room ---- */

static void open_parts(struct room *room)
{
    const struct pausemon_host *host = &room->harness.host;
    struct pausemon_error error = {0};

    ck_assert_int_eq(pausemon_config_new(&room->config, host, NULL), 0);
    ck_assert_int_eq(pausemon_sample_new(&room->sample, host, NULL), 0);
    ck_assert_int_eq(player_open(&room->source, &room->player, host), 0);
    ck_assert_int_eq(pausemon_monitor_new(&room->monitor, room->config, room->source, host, &error),
                     0);
    ck_assert_msg(pausemon_storage_open(&room->storage, room->database, NULL, host, &error) == 0,
                  "%s", error.text);
    ck_assert_int_eq(pausemon_history_open(&room->history, room->database, host, &error), 0);
    ck_assert_int_eq(pausemon_alerts_new(&room->alerts, room->config, NULL, host, &error), 0);
}

void room_open(struct room *room)
{
    struct pausemon_blackbox *box;

    memset(room, 0, sizeof *room);
    harness_init(&room->harness);
    snprintf(room->directory, sizeof room->directory, "/tmp/pausemon-callers.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(room->directory));
    snprintf(room->database, sizeof room->database, "%s/db", room->directory);
    snprintf(room->box, sizeof room->box, "%s/box", room->directory);
    open_parts(room);
    ck_assert_int_eq(pausemon_blackbox_open(&box, room->box, NULL, NULL, &room->harness.host, NULL),
                     0);
    ck_assert_int_ge(pausemon_blackbox_finish(box, NULL), 0);
    pausemon_blackbox_free(box);
}

void room_close(struct room *room)
{
    static const char *const names[] = {"db", "db-wal", "db-shm", "box", "box.last", "db.lock"};
    char path[160];

    pausemon_heartbeat_stop(room->heartbeat);
    pausemon_alerts_free(room->alerts);
    pausemon_history_free(room->history);
    pausemon_storage_free(room->storage);
    pausemon_monitor_free(room->monitor);
    pausemon_source_free(room->source);
    pausemon_sample_free(room->sample);
    pausemon_config_free(room->config);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", room->directory, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/events", room->directory);
    rmdir(path);
    ck_assert_msg(rmdir(room->directory) == 0, "something stays in %s", room->directory);
    ck_assert_int_eq(room->harness.live, 0);
}

/* ---- good structs ---- */

static void make_host(struct room *room, void *given)
{
    *(struct pausemon_host *)given = room->harness.host;
}

#define MAKE(name, INIT, ...)                                                                      \
    static void make_##name(struct room *room, void *given)                                        \
    {                                                                                              \
        struct pausemon_##name *made = given;                                                      \
        *made = (struct pausemon_##name)INIT;                                                      \
        (void)room;                                                                                \
        __VA_ARGS__                                                                                \
    }
static int never_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    (void)self;
    (void)sink;
    (void)error;
    return PAUSEMON_ERR_BUSY;
}

MAKE(row, PAUSEMON_ROW_INIT, made->pid = 7; made->have = PAUSEMON_HAVE_MEM; made->mem = 1 << 20;
     strcpy(made->command, "worker");)
MAKE(process, PAUSEMON_PROCESS_INIT, made->pid = 7; made->have = PAUSEMON_HAVE_MEM;
     made->mem = 1 << 20; strcpy(made->command, "worker");)
MAKE(capture, PAUSEMON_CAPTURE_INIT, made->reason = PAUSEMON_CAPTURE_ASKED; made->complete = 1;
     strcpy(made->name, "2026-01-23_12-00-00");)
MAKE(escalation, PAUSEMON_ESCALATION_INIT, made->id = 1; made->notes = "a note";)
MAKE(source_ops, PAUSEMON_SOURCE_OPS_INIT, made->read = never_read;)
MAKE(storage_options, PAUSEMON_STORAGE_OPTIONS_INIT, )
MAKE(retention, PAUSEMON_RETENTION_INIT, made->dry_run = 1;)
MAKE(history_filter, PAUSEMON_HISTORY_FILTER_INIT, )
MAKE(heartbeat_options, PAUSEMON_HEARTBEAT_OPTIONS_INIT, )
MAKE(forensics_options, PAUSEMON_FORENSICS_OPTIONS_INIT, )
MAKE(alerts_options, PAUSEMON_ALERTS_OPTIONS_INIT, )
MAKE(blackbox_options, PAUSEMON_BLACKBOX_OPTIONS_INIT, )
MAKE(storage_info, PAUSEMON_STORAGE_INFO_INIT, )
MAKE(heartbeat_info, PAUSEMON_HEARTBEAT_INFO_INIT, )
MAKE(blackbox_info, PAUSEMON_BLACKBOX_INFO_INIT, )

/* ---- calls ---- */

static int write_nothing(void *user, const char *bytes, size_t length)
{
    (void)user;
    (void)bytes;
    (void)length;
    return 0;
}

/* Makes an object, frees it, tells the status. A failure must leave NULL. */
#define MADE(name, type, freed, ...)                                                               \
    static int name(struct room *room, void *given)                                                \
    {                                                                                              \
        struct type *made = (void *)room;                                                          \
        int status = __VA_ARGS__;                                                                  \
        ck_assert((status == 0) == (made != NULL));                                                \
        freed(made);                                                                               \
        return status;                                                                             \
    }
#define CALLED(name, ...)                                                                          \
    static int name(struct room *room, void *given)                                                \
    {                                                                                              \
        (void)room;                                                                                \
        return __VA_ARGS__;                                                                        \
    }

MADE(host_alerts, pausemon_alerts, pausemon_alerts_free,
     pausemon_alerts_new(&made, room->config, NULL, given, NULL))
MADE(host_blackbox, pausemon_blackbox, pausemon_blackbox_free,
     pausemon_blackbox_open(&made, room->box, NULL, NULL, given, NULL))
MADE(host_collector, pausemon_collector, pausemon_collector_free,
     pausemon_collector_new(&made, NULL, room->source, given, NULL))
MADE(host_config, pausemon_config, pausemon_config_free, pausemon_config_new(&made, given, NULL))
MADE(host_history, pausemon_history, pausemon_history_free,
     pausemon_history_open(&made, room->database, given, NULL))
MADE(host_monitor, pausemon_monitor, pausemon_monitor_free,
     pausemon_monitor_new(&made, NULL, room->source, given, NULL))
MADE(host_pause, pausemon_pause, pausemon_pause_free, pausemon_pause_new(&made, given, NULL))
MADE(host_ring, pausemon_ring, pausemon_ring_free, pausemon_ring_new(&made, 2, given, NULL))
MADE(host_sample, pausemon_sample, pausemon_sample_free, pausemon_sample_new(&made, given, NULL))
MADE(host_tiers, pausemon_tiers, pausemon_tiers_free, pausemon_tiers_new(&made, NULL, given, NULL))
MADE(host_storage, pausemon_storage, pausemon_storage_free,
     pausemon_storage_open(&made, room->database, NULL, given, NULL))
MADE(host_source_open, pausemon_source, pausemon_source_free,
     pausemon_source_open(&made, "procfs", given, NULL))
MADE(host_source_memory, pausemon_source, pausemon_source_free,
     pausemon_source_open_memory(&made, "top", "", 0, given, NULL))
CALLED(host_blackbox_read,
       pausemon_blackbox_read(room->box,
                              &(struct pausemon_blackbox_info)PAUSEMON_BLACKBOX_INFO_INIT, NULL,
                              NULL, given, NULL))

static const char *evidence(const struct room *room)
{
    static char path[96];

    snprintf(path, sizeof path, "%s/events", room->directory);
    return path;
}
MADE(host_forensics, pausemon_forensics, pausemon_forensics_free,
     pausemon_forensics_new(&made, evidence(room), NULL, NULL, given, NULL))
MADE(options_forensics, pausemon_forensics, pausemon_forensics_free,
     pausemon_forensics_new(&made, evidence(room), NULL, given, &room->harness.host, NULL))

static int host_source_new(struct room *room, void *given)
{
    struct pausemon_source_ops ops;
    struct pausemon_source *source = NULL;

    make_source_ops(room, &ops);
    int status = pausemon_source_new(&source, "mine", &ops, NULL, given, NULL);
    ck_assert((status == 0) == (source != NULL));
    pausemon_source_free(source);
    return status;
}

MADE(ops_source, pausemon_source, pausemon_source_free,
     pausemon_source_new(&made, "mine", given, NULL, &room->harness.host, NULL))
MADE(options_storage, pausemon_storage, pausemon_storage_free,
     pausemon_storage_open(&made, room->database, given, &room->harness.host, NULL))
MADE(options_alerts, pausemon_alerts, pausemon_alerts_free,
     pausemon_alerts_new(&made, room->config, given, &room->harness.host, NULL))
CALLED(options_alerts_probe, pausemon_alerts_probe(given, NULL))
MADE(options_blackbox, pausemon_blackbox, pausemon_blackbox_free,
     pausemon_blackbox_open(&made, room->box, given, NULL, &room->harness.host, NULL))
MADE(options_heartbeat, pausemon_heartbeat, pausemon_heartbeat_stop,
     pausemon_heartbeat_start(&made, room->monitor, NULL, given, NULL))

static int heartbeat_info(struct room *room, void *given)
{
    if (!room->heartbeat)
        ck_assert_int_eq(
            pausemon_heartbeat_start(&room->heartbeat, room->monitor, NULL, NULL, NULL), 0);
    pausemon_heartbeat_get_info(room->heartbeat, given);
    return 0;
}

static int storage_info(struct room *room, void *given)
{
    pausemon_storage_get_info(room->storage, given);
    return 0;
}

MADE(info_blackbox, pausemon_blackbox, pausemon_blackbox_free,
     pausemon_blackbox_open(&made, room->box, NULL, given, &room->harness.host, NULL))
CALLED(info_blackbox_read,
       pausemon_blackbox_read(room->box, given, NULL, NULL, &room->harness.host, NULL))

static int skip_event(void *user, const struct pausemon_escalation *escalation)
{
    (void)user;
    (void)escalation;
    return 0;
}

static int skip_pause(void *user, const struct pausemon_pause *pause)
{
    (void)user;
    (void)pause;
    return 0;
}

CALLED(filter_events, pausemon_history_events(room->history, given, skip_event, NULL, NULL))
CALLED(filter_pauses, pausemon_history_pauses(room->history, given, skip_pause, NULL, NULL))
CALLED(retention, pausemon_storage_prune(room->storage, room->config, given, NULL))
CALLED(capture_storage, pausemon_storage_add_capture(room->storage, given, NULL))

static int capture_alerts(struct room *room, void *given)
{
    pausemon_alerts_note_capture(room->alerts, given);
    return 0;
}

static int now(struct room *room, void *given)
{
    struct pausemon_instant instant;

    (void)room;
    pausemon_now(given, &instant);
    return 0;
}

CALLED(process_score, pausemon_score_process(room->config, given))
CALLED(process_encode, pausemon_json_encode_process(given, write_nothing, NULL))
CALLED(process_snapshot,
       pausemon_json_encode_snapshot(room->sample, &(const struct pausemon_process *){given}, 1,
                                     write_nothing, NULL))
CALLED(process_metric, pausemon_process_get_metric(given, PAUSEMON_HAVE_MEM, &(uint64_t){0}))
CALLED(escalation, pausemon_json_encode_escalation(given, write_nothing, NULL))

/* A row cannot be refused, but what became of it is told: by the collector and by the recorder. */
static int put_row(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    (void)error;
    pausemon_sink_put(sink, self);
    return PAUSEMON_LOOK_COMPLETE;
}

static int row(struct room *room, void *given)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    const struct pausemon_host *host = &room->harness.host;
    const struct pausemon_sample *sample;
    struct pausemon_collector *collector;
    struct pausemon_source *source;
    struct text text = {0};

    ops.read = put_row;
    ck_assert_int_eq(pausemon_source_new(&source, "one", &ops, given, host, NULL), 0);
    ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
    bool recorded = strstr(text.bytes, "\"type\":\"process\"") != NULL;
    text_free(&text);
    ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, host, NULL), 0);
    ck_assert_int_eq(pausemon_collector_collect(&sample, collector, NULL), 0);
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    ck_assert_uint_eq(info->process_count, recorded);
    ck_assert_uint_eq(info->unreadable, !recorded);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return recorded ? 0 : PAUSEMON_ERR_INVALID;
}

/* Either side of a copy is taken as far as it goes. */
static int process_copy(struct room *room, void *given)
{
    struct pausemon_process copy = PAUSEMON_PROCESS_INIT;

    (void)room;
    pausemon_process_copy(&copy, given);
    return 0;
}

/* ---- the table ---- */

#define ROW(function, type, crossing, call)                                                        \
    {                                                                                              \
        "pausemon_" #function, "pausemon_" #type, crossing, sizeof(struct pausemon_##type),        \
            sizeof(struct pausemon_##type), make_##type, call                                      \
    }
#define ROW_FROM(function, type, crossing, call, next)                                             \
    {                                                                                              \
        "pausemon_" #function, "pausemon_" #type, crossing, sizeof(struct pausemon_##type),        \
            offsetof(struct pausemon_##type, next), make_##type, call                              \
    }

const struct caller callers[] = {
    ROW(alerts_new, host, TAKEN, host_alerts),
    ROW(blackbox_open, host, TAKEN, host_blackbox),
    ROW(blackbox_read, host, TAKEN, host_blackbox_read),
    ROW(collector_new, host, TAKEN, host_collector),
    ROW(config_new, host, TAKEN, host_config),
    ROW(forensics_new, host, TAKEN, host_forensics),
    ROW(history_open, host, TAKEN, host_history),
    ROW(monitor_new, host, TAKEN, host_monitor),
    ROW(pause_new, host, TAKEN, host_pause),
    ROW(ring_new, host, TAKEN, host_ring),
    ROW(sample_new, host, TAKEN, host_sample),
    ROW(source_new, host, TAKEN, host_source_new),
    ROW(source_open, host, TAKEN, host_source_open),
    ROW(source_open_memory, host, TAKEN, host_source_memory),
    ROW(storage_open, host, TAKEN, host_storage),
    ROW(tiers_new, host, TAKEN, host_tiers),
    ROW(alerts_new, alerts_options, TAKEN, options_alerts),
    ROW(alerts_probe, alerts_options, TAKEN, options_alerts_probe),
    ROW(blackbox_open, blackbox_options, TAKEN, options_blackbox),
    ROW(forensics_new, forensics_options, TAKEN, options_forensics),
    /* Programs of before the witness are taken. */
    ROW_FROM(heartbeat_start, heartbeat_options, TAKEN, options_heartbeat, witness),
    ROW(storage_open, storage_options, TAKEN, options_storage),
    ROW(source_new, source_ops, TAKEN, ops_source),
    ROW(storage_prune, retention, TAKEN, retention),
    ROW(history_events, history_filter, TAKEN, filter_events),
    ROW(history_pauses, history_filter, TAKEN, filter_pauses),
    ROW(storage_add_capture, capture, TAKEN, capture_storage),
    ROW(now, host, TAKEN_VOID, now),
    ROW(alerts_note_capture, capture, TAKEN_VOID, capture_alerts),
    ROW(json_encode_escalation, escalation, TAKEN, escalation),
    ROW(sink_put, row, TAKEN, row),
    ROW(score_process, process, TAKEN, process_score),
    ROW(json_encode_process, process, TAKEN, process_encode),
    ROW(json_encode_snapshot, process, TAKEN, process_snapshot),
    ROW(process_copy, process, TAKEN_VOID, process_copy),
    /* Also what process_copy put into a smaller one. */
    ROW_FROM(process_get_metric, process, TAKEN, process_metric, cmprs),
    ROW(blackbox_open, blackbox_info, FILLED, info_blackbox),
    ROW(blackbox_read, blackbox_info, FILLED, info_blackbox_read),
    ROW(heartbeat_get_info, heartbeat_info, FILLED_VOID, heartbeat_info),
    ROW(storage_get_info, storage_info, FILLED_VOID, storage_info),
};
const size_t caller_count = sizeof callers / sizeof *callers;

const char *const handed_out[] = {"pausemon_artifact",
                                  "pausemon_config_key",
                                  "pausemon_culprit",
                                  "pausemon_event",
                                  "pausemon_evidence",
                                  "pausemon_removal",
                                  "pausemon_pause_info",
                                  "pausemon_history_hour",
                                  "pausemon_sample_info",
                                  "pausemon_victim",
                                  NULL};
const char *const fixed[] = {"pausemon_error", "pausemon_instant", "pausemon_text", NULL};
