/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include <string.h>

#include "core/capture.h"
#include "core/pause.h"
#include "formats/json_reader.h"

/* ---- names ---- */

/* A name of a later release is unknown, as is null. */
static uint64_t read_cause(struct pm_json_reader *reader, const char *key)
{
    char text[32] = "";
    const char *name;

    if (pm_json_has(reader, key))
        pm_json_get_text(reader, key, true, text, sizeof text);
    for (uint64_t cause = 0; (name = pausemon_cause_name(cause)); cause++)
        if (strcmp(name, text) == 0)
            return cause;
    return PAUSEMON_CAUSE_UNKNOWN;
}

static uint64_t read_loss(struct pm_json_reader *reader)
{
    char text[32] = "";
    const char *name;

    if (pm_json_has(reader, "how"))
        pm_json_get_text(reader, "how", true, text, sizeof text);
    for (uint64_t how = 1; (name = pausemon_loss_name(how)); how++)
        if (strcmp(name, text) == 0)
            return how;
    return 0;
}

static uint64_t detector_of(const char *text)
{
    const char *name;

    for (uint64_t bit = 1; (name = pausemon_detector_name(bit)); bit <<= 1)
        if (strcmp(name, text) == 0)
            return bit;
    return 0;
}

/* ---- pieces ---- */

static void read_ms(struct pm_json_reader *reader, const char *key, uint64_t *ns)
{
    uint64_t ms = 0;

    pm_json_get_u64(reader, key, INT64_MAX / PM_NS_PER_MS, true, &ms);
    *ns = ms * PM_NS_PER_MS;
}

/* Not negative. */
static void read_id(struct pm_json_reader *reader, const char *key, int64_t *id)
{
    uint64_t value = 0;

    pm_json_get_u64(reader, key, INT64_MAX, true, &value);
    *id = (int64_t)value;
}

static void read_optional(struct pm_json_reader *reader, const char *key, char *text, size_t size)
{
    if (pm_json_has(reader, key))
        pm_json_get_text(reader, key, true, text, size);
}

/* Whatever is no name of a capture leads nowhere: as good as null. */
static void read_forensics(const struct pm_json_reader *reader, char *name, size_t size)
{
    const char *text = json_string_value(json_object_get(reader->object, "forensics"));

    if (text && strlen(text) < size && pm_capture_is_name(text))
        memcpy(name, text, strlen(text) + 1);
}

/* ---- the lists ---- */

static void read_evidence(struct pm_json_reader *reader, void *user, size_t index)
{
    struct pausemon_evidence *evidence = &((struct pausemon_pause *)user)->evidence[index];

    memset(evidence, 0, sizeof *evidence);
    evidence->size = sizeof *evidence;
    pm_json_get_text(reader, "name", true, evidence->name, sizeof evidence->name);
    pm_json_get_i64(reader, "value", true, &evidence->value);
    read_ms(reader, "window_ms", &evidence->window_ns);
}

static void read_culprit(struct pm_json_reader *reader, void *user, size_t index)
{
    struct pausemon_culprit *culprit = &((struct pausemon_pause *)user)->culprits[index];

    memset(culprit, 0, sizeof *culprit);
    culprit->size = sizeof *culprit;
    culprit->uid = -1;
    read_id(reader, "pid", &culprit->pid);
    pm_json_get_text(reader, "command", true, culprit->command, sizeof culprit->command);
    culprit->resource = read_cause(reader, "resource");
    pm_json_get_parts(reader, "share", 1000, 1, &culprit->share);
    pm_json_get_u64(reader, "count", INT64_MAX, true, &culprit->count);
    pm_json_get_bool(reader, "suspect", &culprit->suspect);
    read_optional(reader, "exe", culprit->exe, sizeof culprit->exe);
    read_optional(reader, "unit", culprit->unit, sizeof culprit->unit);
    if (pm_json_has(reader, "uid"))
        read_id(reader, "uid", &culprit->uid);
}

static void read_victim(struct pm_json_reader *reader, void *user, size_t index)
{
    struct pausemon_victim *victim = &((struct pausemon_pause *)user)->victims[index];

    memset(victim, 0, sizeof *victim);
    victim->size = sizeof *victim;
    read_id(reader, "pid", &victim->pid);
    pm_json_get_text(reader, "command", true, victim->command, sizeof victim->command);
    read_ms(reader, "lost_ms", &victim->lost_ns);
    victim->how = read_loss(reader);
}

/* ---- the pause ---- */

static void read_info(struct pm_json_reader *reader, struct pausemon_pause_info *info)
{
    read_id(reader, "id", &info->id);
    pm_json_get_time(reader, "start", &info->start);
    pm_json_get_time(reader, "end", &info->end);
    read_ms(reader, "duration_ms", &info->duration_ns);
    read_ms(reader, "lost_ms", &info->lost_ns);
    pm_json_get_bits(reader, "detectors", detector_of, &info->detectors);
    info->cause = read_cause(reader, "cause");
    pm_json_get_parts(reader, "confidence", 1000, 1, &info->confidence);
    pm_json_get_u64(reader, "tier", PAUSEMON_TIER_CRITICAL, true, &info->tier);
    if (pm_json_has(reader, "event_id"))
        read_id(reader, "event_id", &info->event_id);
    read_forensics(reader, info->forensics, sizeof info->forensics);
}

int pausemon_json_decode_pause(struct pausemon_pause *pause, const char *text, size_t length,
                               struct pausemon_error *error)
{
    struct pm_json_reader reader = {NULL, error, 0};

    if (!pause || !text)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a pause and a text are needed");
    struct pausemon_pause *fresh = pm_alloc(&pause->host, sizeof *fresh);

    if (!fresh)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "JSON: out of memory");
    pm_pause_init(fresh, &pause->host);
    json_t *object = pm_json_load(text, length, error);
    reader.object = object;
    if (!object)
        reader.status = PAUSEMON_ERR_FORMAT;
    else
        read_info(&reader, &fresh->info);
    if (reader.status == 0) {
        pm_json_get_list(&reader, "evidence", PAUSEMON_MAX_EVIDENCE, read_evidence, fresh,
                         &fresh->info.evidence_count);
        pm_json_get_list(&reader, "culprits", PAUSEMON_MAX_PARTIES, read_culprit, fresh,
                         &fresh->info.culprit_count);
        pm_json_get_list(&reader, "victims", PAUSEMON_MAX_PARTIES, read_victim, fresh,
                         &fresh->info.victim_count);
    }
    if (reader.status == 0)
        pausemon_pause_copy(pause, fresh);
    json_decref(object);
    pm_free(&fresh->host, fresh);
    return reader.status;
}
