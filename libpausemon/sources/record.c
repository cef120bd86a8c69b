/* SPDX-License-Identifier: MIT */
/* Writes what a source sees, as it sees it: a transcript of its rows. */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "core/metrics.h"
#include "formats/json_writer.h"
#include "sources/raw_fields.h"
#include "sources/source.h"

#define FIELD(bit, field, is_signed)                                                               \
    {                                                                                              \
#field, PAUSEMON_HAVE_##bit, is_signed, offsetof(struct pausemon_row, field)               \
    }

const struct pm_raw_field pm_raw_fields[PM_RAW_FIELD_COUNT] = {
    FIELD(PPID, ppid, 1),
    FIELD(START_TIME, start_time, 1),
    FIELD(CPU, cpu_ns, 0),
    FIELD(CPU_RATE, cpu_rate, 0),
    FIELD(MEM, mem, 0),
    FIELD(CMPRS, cmprs, 0),
    FIELD(PAGEINS, pageins, 0),
    FIELD(CSW, csw, 0),
    FIELD(SYSBSD, sysbsd, 0),
    FIELD(THREADS, threads, 0),
    FIELD(RUN_DELAY, run_delay_ns, 0),
    FIELD(IO_BYTES, io_bytes, 0),
    FIELD(CHILD_CPU, child_cpu_ns, 0),
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

/* A list of fields, if there are any. */
static void put_bits(struct pm_json *json, const char *key, uint64_t bits)
{
    const char *before = key;

    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++) {
        if (!(bits & pm_raw_fields[i].have))
            continue;
        pm_json_raw(json, before);
        pm_json_string(json, pm_raw_fields[i].name);
        before = ",";
    }
    if (before != key)
        pm_json_raw(json, "]");
}

static void put_field(struct pm_json *json, const struct pausemon_row *row,
                      const struct pm_raw_field *field)
{
    const void *value = (const char *)row + field->offset;

    pm_json_raw(json, ",");
    pm_json_string(json, field->name);
    if (field->is_signed)
        pm_json_key_i64(json, ":", *(const int64_t *)value);
    else
        pm_json_key_u64(json, ":", *(const uint64_t *)value);
}

static void recorder_put(void *user, const struct pausemon_row *row)
{
    struct recorder *recorder = user;
    struct pm_json *json = &recorder->json;
    char command[PAUSEMON_COMMAND_SIZE];

    begin(recorder);
    if (row->size < PM_ROW_FIRST_SIZE || row->verb >= PM_VERB_COUNT) {
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
    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++)
        if (row->have & pm_raw_fields[i].have)
            put_field(json, row, &pm_raw_fields[i]);
    put_bits(json, ",\"denied\":[", row->denied);
    put_bits(json, ",\"restarted\":[", row->restarted);
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
    struct pausemon_sink sink = {&recorder,        recorder_put, recorder_at,
                                 recorder_skipped, UINT64_MAX,   0};

    if (!source || !write)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a source and a writer are needed");
    pm_json_init(&recorder.json, write, user);
    pm_now(&source->host, &recorder.time);
    int look = pm_source_read(source, source, &sink, error);
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
    if (status == 0)
        return 0;
    pm_source_forget_reader(source); /* what was not written is not known to who reads it */
    return pm_fail(error, status, "the recording cannot be written");
}
