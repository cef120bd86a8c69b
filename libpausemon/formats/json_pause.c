/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include "base/host.h"
#include "base/sized.h"
#include "core/capture.h"
#include "formats/json_writer.h"

#define MAX_NOTES 4096 /* bytes of a person's notes; escaped they are still under 60 KiB */

/* What the struct had in the first release. */
#define ESCALATION_FIRST_SIZE PM_END_OF(struct pausemon_escalation, notes)

/* ---- pieces ---- */

static void put_text_or_null(struct pm_json *json, const char *before, const char *text)
{
    pm_json_raw(json, before);
    if (text && text[0])
        pm_json_string(json, text);
    else
        pm_json_raw(json, "null");
}

/* Rounded to the nearest; never more than can be read back. */
static void put_ms(struct pm_json *json, const char *before, uint64_t ns)
{
    uint64_t ms = ns / PM_NS_PER_MS + (ns % PM_NS_PER_MS >= PM_NS_PER_MS / 2);

    pm_json_key_u64(json, before, ms < INT64_MAX / PM_NS_PER_MS ? ms : INT64_MAX / PM_NS_PER_MS);
}

/* 0.94, rounded down. */
static void put_hundredths(struct pm_json *json, const char *before, uint64_t thousandths)
{
    uint64_t hundredths = thousandths < 1000 ? thousandths / 10 : 100;
    const char text[] = {(char)('0' + hundredths / 100), '.', (char)('0' + hundredths / 10 % 10),
                         (char)('0' + hundredths % 10), '\0'};

    pm_json_raw(json, before);
    pm_json_raw(json, text);
}

static void put_time(struct pm_json *json, const char *before, const struct pausemon_instant *time)
{
    pm_json_raw(json, before);
    pm_json_time(json, time);
}

/* ---- a pause ---- */

static void put_detectors(struct pm_json *json, uint64_t detectors)
{
    const char *name, *between = "";

    pm_json_raw(json, ",\"detectors\":[");
    for (uint64_t bit = 1; (name = pausemon_detector_name(bit)); bit <<= 1) {
        if (!(detectors & bit))
            continue;
        pm_json_raw(json, between);
        pm_json_string(json, name);
        between = ",";
    }
    pm_json_raw(json, "]");
}

static void put_evidence(struct pm_json *json, const struct pausemon_pause *pause)
{
    const struct pausemon_evidence *evidence;

    pm_json_raw(json, ",\"evidence\":[");
    for (size_t i = 0; (evidence = pausemon_pause_get_evidence(pause, i)); i++) {
        pm_json_raw(json, i ? ",{\"name\":" : "{\"name\":");
        pm_json_string(json, evidence->name);
        pm_json_key_i64(json, ",\"value\":", evidence->value);
        put_ms(json, ",\"window_ms\":", evidence->window_ns);
        pm_json_raw(json, "}");
    }
    pm_json_raw(json, "]");
}

static void put_culprits(struct pm_json *json, const struct pausemon_pause *pause)
{
    const struct pausemon_culprit *culprit;

    pm_json_raw(json, ",\"culprits\":[");
    for (size_t i = 0; (culprit = pausemon_pause_get_culprit(pause, i)); i++) {
        pm_json_key_i64(json, i ? ",{\"pid\":" : "{\"pid\":", culprit->pid);
        pm_json_raw(json, ",\"command\":");
        pm_json_string(json, culprit->command);
        put_text_or_null(json, ",\"resource\":", pausemon_cause_name(culprit->resource));
        put_hundredths(json, ",\"share\":", culprit->share);
        pm_json_key_u64(json, ",\"count\":", culprit->count);
        pm_json_raw(json, culprit->suspect ? ",\"suspect\":true" : ",\"suspect\":false");
        put_text_or_null(json, ",\"exe\":", culprit->exe);
        put_text_or_null(json, ",\"unit\":", culprit->unit);
        pm_json_raw(json, ",\"uid\":");
        if (culprit->uid < 0)
            pm_json_raw(json, "null");
        else
            pm_json_i64(json, culprit->uid);
        pm_json_raw(json, "}");
    }
    pm_json_raw(json, "]");
}

static void put_victims(struct pm_json *json, const struct pausemon_pause *pause)
{
    const struct pausemon_victim *victim;

    pm_json_raw(json, ",\"victims\":[");
    for (size_t i = 0; (victim = pausemon_pause_get_victim(pause, i)); i++) {
        pm_json_key_i64(json, i ? ",{\"pid\":" : "{\"pid\":", victim->pid);
        pm_json_raw(json, ",\"command\":");
        pm_json_string(json, victim->command);
        put_ms(json, ",\"lost_ms\":", victim->lost_ns);
        put_text_or_null(json, ",\"how\":", pausemon_loss_name(victim->how));
        pm_json_raw(json, "}");
    }
    pm_json_raw(json, "]");
}

int pausemon_json_encode_pause(const struct pausemon_pause *pause, pausemon_write_fn write,
                               void *user)
{
    struct pm_json json;

    if (!pause || !write)
        return PAUSEMON_ERR_INVALID;
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    const char *cause = pausemon_cause_name(info->cause);

    pm_json_init(&json, write, user);
    pm_json_key_i64(&json, "{\"id\":", info->id);
    put_time(&json, ",\"start\":", &info->start);
    put_time(&json, ",\"end\":", &info->end);
    put_ms(&json, ",\"duration_ms\":", info->duration_ns);
    put_ms(&json, ",\"lost_ms\":", info->lost_ns);
    put_detectors(&json, info->detectors);
    put_text_or_null(&json, ",\"cause\":", cause ? cause : "unknown");
    put_hundredths(&json, ",\"confidence\":", info->confidence);
    pm_json_raw(&json, ",\"verdict\":\"");
    pausemon_pause_write_verdict(pause, pm_json_escaped, &json);
    pm_json_raw(&json, "\"");
    put_evidence(&json, pause);
    put_culprits(&json, pause);
    put_victims(&json, pause);
    pm_json_key_u64(&json, ",\"tier\":", info->tier);
    if (info->event_id)
        pm_json_key_i64(&json, ",\"event_id\":", info->event_id);
    else
        pm_json_raw(&json, ",\"event_id\":null");
    put_text_or_null(
        &json, ",\"forensics\":", pm_capture_is_name(info->forensics) ? info->forensics : NULL);
    pm_json_raw(&json, "}");
    return pm_json_flush(&json);
}

/* ---- an escalation ---- */

int pausemon_json_encode_escalation(const struct pausemon_escalation *escalation,
                                    pausemon_write_fn write, void *user)
{
    struct pm_json json;

    if (!escalation || !write || escalation->size < ESCALATION_FIRST_SIZE)
        return PAUSEMON_ERR_INVALID;
    /* Times may be anybody's: their difference need not fit. */
    const int64_t from = escalation->start.realtime_ns, to = escalation->end.realtime_ns;

    pm_json_init(&json, write, user);
    pm_json_key_i64(&json, "{\"id\":", escalation->id);
    put_time(&json, ",\"start\":", &escalation->start);
    if (escalation->open) {
        pm_json_raw(&json, ",\"end\":null,\"duration_ms\":null");
    } else {
        put_time(&json, ",\"end\":", &escalation->end);
        put_ms(&json, ",\"duration_ms\":", to > from ? (uint64_t)to - (uint64_t)from : 0);
    }
    pm_json_key_u64(&json, ",\"peak_stress\":", escalation->peak_stress);
    pm_json_key_u64(&json, ",\"peak_tier\":", escalation->peak_tier);
    put_text_or_null(&json, ",\"status\":", pausemon_review_name(escalation->review));
    pm_json_raw(&json, ",\"notes\":");
    if (escalation->notes)
        pm_json_foreign(&json, escalation->notes, MAX_NOTES);
    else
        pm_json_raw(&json, "null");
    pm_json_key_u64(&json, ",\"samples\":", escalation->sample_count);
    pm_json_raw(&json, "}");
    return pm_json_flush(&json);
}
