/* SPDX-License-Identifier: MIT */
/* metadata.json: what a capture is about, and how each of its artifacts went. */
#include <errno.h>
#include <pausemon/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/tree.h"
#include "forensics/forensics.h"
#include "formats/json_writer.h"

#define NAME "metadata.json"
#define NEW_NAME "metadata.json.new"

/* The encoders end with a brace of their own: this hands on what they write. */
static int pass_on(void *user, const char *bytes, size_t length)
{
    struct pm_json *json = user;

    if (pm_json_flush(json) == 0)
        json->status = json->write(json->user, bytes, length);
    return json->status;
}

static void put_bool(struct pm_json *json, const char *before, bool value)
{
    pm_json_raw(json, before);
    pm_json_raw(json, value ? "true" : "false");
}

static void put_text_or_null(struct pm_json *json, const char *before, const char *text)
{
    pm_json_raw(json, before);
    if (text && text[0])
        pm_json_foreign(json, text, SIZE_MAX);
    else
        pm_json_raw(json, "null");
}

static void put_id(struct pm_json *json, const char *before, int64_t id)
{
    if (id)
        pm_json_key_i64(json, before, id);
    else
        put_text_or_null(json, before, NULL);
}

static void put_about(struct pm_json *json, struct pm_capture *capture)
{
    const struct pausemon_capture *told = &capture->told;

    put_text_or_null(json, "{\n\"reason\":", pausemon_capture_reason_name(told->reason));
    put_bool(json, ",\n\"complete\":", told->complete);
    pm_json_raw(json, ",\n\"begun\":");
    pm_json_time(json, &capture->begun);
    put_id(json, ",\n\"pause_id\":", told->pause_id);
    put_id(json, ",\n\"event_id\":", told->event_id);
    pm_json_raw(json, ",\n\"pause\":");
    if (capture->has_pause) {
        snprintf(capture->pause.info.forensics, sizeof capture->pause.info.forensics, "%s",
                 told->name);
        pausemon_json_encode_pause(&capture->pause, pass_on, json);
    } else {
        pm_json_raw(json, "null");
    }
    pm_json_raw(json, ",\n\"event\":");
    if (capture->has_escalation)
        pausemon_json_encode_escalation(&capture->escalation, pass_on, json);
    else
        pm_json_raw(json, "null");
}

static void put_moment(struct pm_json *json, const struct pm_capture *capture)
{
    if (capture->has_moment) {
        pm_json_key_u64(json, ",\n\"peak_score\":", capture->peak_score);
        pm_json_key_u64(json, ",\n\"sample_count\":", capture->sample_count);
        pm_json_key_u64(json, ",\n\"tier\":", capture->tier);
        pm_json_key_u64(json, ",\n\"process_count\":", capture->process_count);
        pm_json_key_u64(json, ",\n\"processes_omitted\":", capture->processes_omitted);
    } else {
        pm_json_raw(json, ",\n\"peak_score\":null,\n\"sample_count\":0,\n\"tier\":null");
    }
    pm_json_key_u64(json, ",\n\"skipped_before\":", capture->skipped_before);
}

static void put_merged(struct pm_json *json, const struct pm_capture *capture)
{
    pm_json_raw(json, ",\n\"merged\":[");
    for (size_t i = 0; i < capture->merged_count; i++) {
        pm_json_key_i64(json, i ? ",{\"pause\":" : "{\"pause\":", capture->merged[i].pause_id);
        pm_json_key_u64(json, ",\"duration_ms\":", capture->merged[i].duration_ms);
        pm_json_raw(json, "}");
    }
    pm_json_raw(json, "]");
    if (capture->merged_omitted)
        pm_json_key_u64(json, ",\n\"merged_omitted\":", capture->merged_omitted);
}

static void put_artifacts(struct pm_json *json, const struct pm_capture *capture)
{
    pm_json_raw(json, ",\n\"artifacts\":[");
    for (size_t i = 0; i < capture->steps->count; i++) {
        const struct pm_result *result = &capture->results[i];
        bool is_unknown = !capture->is_finished && !result->bytes && !result->error[0];
        pm_json_raw(json, i ? ",\n{\"name\":" : "\n{\"name\":");
        pm_json_foreign(json, result->name, SIZE_MAX);
        pm_json_key_u64(json, ",\"bytes\":", result->bytes);
        pm_json_key_u64(json, ",\"ms\":", result->ms);
        put_text_or_null(json, ",\"error\":", is_unknown ? "not yet" : result->error);
        pm_json_raw(json, "}");
    }
    pm_json_raw(json, "\n]\n}\n");
}

static int write_all(struct pm_capture *capture, struct pm_out *out)
{
    struct pm_json json;

    pm_json_init(&json, pm_out_write, out);
    put_about(&json, capture);
    put_moment(&json, capture);
    put_merged(&json, capture);
    put_artifacts(&json, capture);
    return pm_json_flush(&json);
}

int pm_metadata_write(struct pm_capture *capture, struct pausemon_error *error)
{
    struct pm_out out = {.most = UINT64_MAX, .why = error};

    unlinkat(capture->directory, NEW_NAME, 0); /* of one that a full disk kept from being written */
    out.fd = pm_tree_create(capture->directory, NEW_NAME, capture->forensics->options.group, error);
    if (out.fd < 0)
        return out.fd;
    int status = write_all(capture, &out);
    close(out.fd);
    if (status == 0 && renameat(capture->directory, NEW_NAME, capture->directory, NAME) != 0)
        status = pm_fail_os(error, errno, NAME);
    if (status < 0)
        unlinkat(capture->directory, NEW_NAME, 0);
    else
        capture->metadata_bytes = out.bytes;
    return status;
}
