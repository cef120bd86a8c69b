/* SPDX-License-Identifier: MIT */
/* Writes what a source sees, as it sees it: a transcript of its rows. */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "formats/json_writer.h"
#include "sources/raw_fields.h"
#include "sources/source.h"

#define FIELD(bit, field)                                                                          \
    {                                                                                              \
#field, PAUSEMON_HAVE_##bit, offsetof(struct pausemon_row, field)                          \
    }

const struct pm_raw_field pm_raw_fields[PM_RAW_FIELD_COUNT] = {
    FIELD(PPID, ppid),
    FIELD(START_TIME, start_time),
    FIELD(CPU, cpu_ns),
    FIELD(CPU_RATE, cpu_rate),
    FIELD(MEM, mem),
    FIELD(CMPRS, cmprs),
    FIELD(PAGEINS, pageins),
    FIELD(CSW, csw),
    FIELD(SYSBSD, sysbsd),
    FIELD(THREADS, threads),
    FIELD(RUN_DELAY, run_delay_ns),
    FIELD(IO_BYTES, io_bytes),
    FIELD(CHILD_CPU, child_cpu_ns),
};

const char *const pm_verb_names[PM_VERB_COUNT] = {"full", "partial", "unchanged", "gone"};

struct recorder {
    struct pm_json json;
    struct pausemon_instant time;
    bool begun;
    uint64_t skipped;
};

static void begin(struct recorder *recorder)
{
    struct pm_json *json = &recorder->json;

    if (recorder->begun)
        return;
    recorder->begun = true;
    pm_json_key_i64(json, "{\"type\":\"look\",\"monotonic_ns\":", recorder->time.monotonic_ns);
    pm_json_key_i64(json, ",\"boottime_ns\":", recorder->time.boottime_ns);
    pm_json_key_i64(json, ",\"realtime_ns\":", recorder->time.realtime_ns);
    pm_json_key_i64(json, ",\"utc_offset_s\":", recorder->time.utc_offset_s);
    pm_json_raw(json, "}\n");
}

static void put_denied(struct pm_json *json, uint64_t denied)
{
    const char *before = ",\"denied\":[";

    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++) {
        if (!(denied & pm_raw_fields[i].have))
            continue;
        pm_json_raw(json, before);
        pm_json_string(json, pm_raw_fields[i].name);
        before = ",";
    }
    if (before[1] == '\0')
        pm_json_raw(json, "]");
}

static void recorder_put(void *user, const struct pausemon_row *row)
{
    struct recorder *recorder = user;
    struct pm_json *json = &recorder->json;
    char command[PAUSEMON_COMMAND_SIZE];

    begin(recorder);
    if (row->size < sizeof *row || row->verb >= PM_VERB_COUNT) {
        recorder->skipped++;
        return;
    }
    pm_json_key_i64(json, "{\"type\":\"process\",\"pid\":", row->pid);
    pm_json_raw(json, ",\"verb\":");
    pm_json_string(json, pm_verb_names[row->verb]);
    pm_json_raw(json, ",\"command\":");
    pm_text_clean(command, sizeof command, row->command,
                  strnlen(row->command, sizeof row->command));
    pm_json_string(json, command);
    if (row->verb == PAUSEMON_ROW_FULL || row->have & PAUSEMON_HAVE_STATE) {
        pm_json_raw(json, ",\"state\":");
        pm_json_string(json, pausemon_state_name(row->state));
    }
    pm_json_key_i64(json, ",\"read_ns\":", row->read_ns);
    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++) {
        if (!(row->have & pm_raw_fields[i].have))
            continue;
        pm_json_raw(json, ",");
        pm_json_string(json, pm_raw_fields[i].name);
        pm_json_key_u64(
            json, ":",
            *(const uint64_t *)(const void *)((const char *)row + pm_raw_fields[i].offset));
    }
    put_denied(json, row->denied);
    pm_json_raw(json, "}\n");
}

static void recorder_at(void *user, const struct pausemon_instant *instant)
{
    struct recorder *recorder = user;

    if (!recorder->begun)
        recorder->time = *instant;
}

static void recorder_skipped(void *user, uint64_t count)
{
    struct recorder *recorder = user;

    recorder->skipped += count;
}

int pausemon_source_record(struct pausemon_source *source, pausemon_write_fn write, void *user,
                           struct pausemon_error *error)
{
    struct recorder recorder = {.skipped = 0};
    struct pausemon_sink sink = {&recorder, recorder_put, recorder_at, recorder_skipped,
                                 UINT64_MAX};

    if (!source || !write)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a source and a writer are needed");
    pm_json_init(&recorder.json, write, user);
    pm_now(&source->host, &recorder.time);
    int look = pm_source_read(source, &sink, error);
    if (look < 0) {
        /* What was seen before it failed stands without its end: replay says so. */
        pm_json_flush(&recorder.json);
        return look;
    }
    begin(&recorder);
    pm_json_raw(&recorder.json, look == PAUSEMON_LOOK_COMPLETE
                                    ? "{\"type\":\"end\",\"complete\":true"
                                    : "{\"type\":\"end\",\"complete\":false");
    pm_json_key_u64(&recorder.json, ",\"skipped\":", recorder.skipped);
    pm_json_raw(&recorder.json, "}\n");
    int status = pm_json_flush(&recorder.json);
    return status < 0 ? pm_fail(error, status, "the recording cannot be written") : 0;
}
