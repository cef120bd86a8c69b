/* SPDX-License-Identifier: MIT */
/* A pause in JSON: what is read can be written, reads back, and is then the same; what is refused
 * leaves the pause as it was. */
#include "fuzz.h"

static const char before_text[] =
    "{\"id\":1,\"start\":\"2026-01-23T12:00:00.123456-08:00\","
    "\"end\":\"2026-01-23T12:00:02.433456-08:00\",\"duration_ms\":2310,\"lost_ms\":2290,"
    "\"detectors\":[\"heartbeat\"],\"cause\":\"cpu\",\"confidence\":0.94,"
    "\"verdict\":\"froze 2.31 s: cpu starvation (confidence 0.94). "
    "Culprit: x, 96 % of CPU. Victim: y.\","
    "\"evidence\":[{\"name\":\"run_delay_ms\",\"value\":2290,\"window_ms\":2400}],"
    "\"culprits\":[{\"pid\":41,\"command\":\"x\",\"resource\":\"cpu\",\"share\":0.96,\"count\":1,"
    "\"suspect\":false,\"exe\":null,\"unit\":null,\"uid\":0}],"
    "\"victims\":[{\"pid\":9,\"command\":\"y\",\"lost_ms\":2200,\"how\":\"run_delay\"}],"
    "\"tier\":2,\"event_id\":null,\"forensics\":null}";

static struct fuzz_text encode(const struct pausemon_pause *pause)
{
    struct fuzz_text text = {NULL, 0, 0};

    FUZZ_CHECK(pausemon_json_encode_pause(pause, fuzz_write, &text) == 0);
    FUZZ_CHECK(text.length > 2 && text.length < (60u << 10));
    FUZZ_CHECK(fuzz_is_clean(text.bytes, text.length));
#ifdef FUZZ_JANSSON
    json_error_t why;
    json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, &why);
    FUZZ_CHECK(json_is_object(json));
    json_decref(json);
#endif
    return text;
}

static void check_text(const char *text, size_t size)
{
    FUZZ_CHECK(memchr(text, 0, size) && fuzz_is_clean(text, strlen(text)));
}

static void check_decoded(const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    const struct pausemon_evidence *evidence;
    const struct pausemon_culprit *culprit;
    const struct pausemon_victim *victim;
    size_t count = 0;

    FUZZ_CHECK(info->id >= 0 && info->event_id >= 0 && info->tier <= PAUSEMON_TIER_CRITICAL);
    FUZZ_CHECK(pausemon_cause_name(info->cause) && info->confidence <= 1000);
    FUZZ_CHECK(info->start.monotonic_ns == 0 && info->start.boottime_ns == 0);
    FUZZ_CHECK(memchr(info->forensics, 0, sizeof info->forensics) &&
               strspn(info->forensics, "0123456789-_") == strlen(info->forensics));
    FUZZ_CHECK(info->duration_ns <= INT64_MAX && info->lost_ns <= INT64_MAX);
    for (; (evidence = pausemon_pause_get_evidence(pause, count)); count++)
        check_text(evidence->name, sizeof evidence->name);
    FUZZ_CHECK(info->evidence_count == count && count <= PAUSEMON_MAX_EVIDENCE);
    for (count = 0; (culprit = pausemon_pause_get_culprit(pause, count)); count++) {
        check_text(culprit->command, sizeof culprit->command);
        check_text(culprit->exe, sizeof culprit->exe);
        check_text(culprit->unit, sizeof culprit->unit);
        FUZZ_CHECK(culprit->share <= 1000 && culprit->suspect <= 1 && culprit->uid >= -1);
        FUZZ_CHECK(culprit->pid >= 0 && pausemon_cause_name(culprit->resource));
    }
    FUZZ_CHECK(info->culprit_count == count && count <= PAUSEMON_MAX_PARTIES);
    for (count = 0; (victim = pausemon_pause_get_victim(pause, count)); count++) {
        check_text(victim->command, sizeof victim->command);
        FUZZ_CHECK(victim->pid >= 0 && victim->lost_ns <= INT64_MAX);
    }
    FUZZ_CHECK(info->victim_count == count && count <= PAUSEMON_MAX_PARTIES);
}

/* The text reads back, and what was read writes the same text. */
static void check_round_trip(const struct pausemon_pause *pause)
{
    struct fuzz_text text = encode(pause);
    struct pausemon_pause *back;

    FUZZ_CHECK(pausemon_pause_new(&back, NULL, NULL) == 0);
    char *copy = fuzz_copy(text.bytes, text.length);
    FUZZ_CHECK(pausemon_json_decode_pause(back, copy, text.length, NULL) == 0);
    struct fuzz_text again = encode(back);
    FUZZ_CHECK(again.length == text.length && memcmp(again.bytes, text.bytes, text.length) == 0);
    free(again.bytes);
    free(copy);
    free(text.bytes);
    pausemon_pause_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pausemon_pause *pause;
    struct pausemon_error error;
    char *copy = fuzz_copy(data, size);

    FUZZ_CHECK(pausemon_pause_new(&pause, NULL, NULL) == 0);
    FUZZ_CHECK(pausemon_json_decode_pause(pause, before_text, sizeof before_text - 1, NULL) == 0);
    memset(&error, 0x5A, sizeof error);
    int status = pausemon_json_decode_pause(pause, copy, size, &error);
    fuzz_check_error(&error, status);
    FUZZ_CHECK(status == 0 || status == PAUSEMON_ERR_FORMAT);
    if (status == 0) {
        check_decoded(pause);
        check_round_trip(pause);
    } else {
        struct fuzz_text text = encode(pause);
        FUZZ_CHECK(strcmp(text.bytes, before_text) == 0);
        free(text.bytes);
    }
    pausemon_pause_free(pause);
    free(copy);
    return 0;
}
