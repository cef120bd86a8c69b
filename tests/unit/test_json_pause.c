/* SPDX-License-Identifier: MIT */
/* Pauses and escalations as JSON, there and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pause_support.h"

/* The one of the specification. */
static struct pausemon_pause *typical(void)
{
    struct pausemon_pause *pause = new_pause(PAUSEMON_CAUSE_CPU, 2310 * MS);

    pause->info.id = 1;
    pause->info.start =
        (struct pausemon_instant){5, 6, INT64_C(1769198400123456000), -8 * INT64_C(3600)};
    pause->info.end =
        (struct pausemon_instant){7, 8, INT64_C(1769198402433456000), -8 * INT64_C(3600)};
    pause->info.lost_ns = 2290 * MS;
    pause->info.detectors = PAUSEMON_DETECTOR_HEARTBEAT | PAUSEMON_DETECTOR_SAMPLE;
    pause->info.tier = PAUSEMON_TIER_ELEVATED;
    pm_pause_add_evidence(pause, "run_delay_ms", 2290, 2400 * MS);
    struct pausemon_culprit *culprit = add_culprit(pause, "stress-ng", 8, 969);
    culprit->uid = 0;
    add_victim(pause, "Xorg");
    add_victim(pause, "sshd");
    return pause;
}

static const char typical_text[] =
    "{\"id\":1,\"start\":\"2026-01-23T12:00:00.123456-08:00\","
    "\"end\":\"2026-01-23T12:00:02.433456-08:00\",\"duration_ms\":2310,\"lost_ms\":2290,"
    "\"detectors\":[\"heartbeat\",\"sample\"],\"cause\":\"cpu\",\"confidence\":0.94,"
    "\"verdict\":\"froze 2.31 s: cpu starvation (confidence 0.94). "
    "Culprit: stress-ng ×8, 96 % of CPU. Victims: Xorg, sshd.\","
    "\"evidence\":[{\"name\":\"run_delay_ms\",\"value\":2290,\"window_ms\":2400}],"
    "\"culprits\":[{\"pid\":41,\"command\":\"stress-ng\",\"resource\":\"cpu\",\"share\":0.96,"
    "\"count\":8,\"suspect\":false,\"exe\":null,\"unit\":null,\"uid\":0}],"
    "\"victims\":[{\"pid\":9,\"command\":\"Xorg\",\"lost_ms\":2200,\"how\":\"run_delay\"},"
    "{\"pid\":9,\"command\":\"sshd\",\"lost_ms\":2200,\"how\":\"run_delay\"}],"
    "\"tier\":2,\"event_id\":null,\"forensics\":null}";

/* Everything at its maximum, and of the bytes that take most room. */
static struct pausemon_pause *greatest(int filler)
{
    struct pausemon_pause *pause = new_pause(PAUSEMON_CAUSE_MEMORY, INT64_MAX);

    pause->info.id = pause->info.event_id = INT64_MAX;
    pause->info.detectors = UINT64_MAX;
    pause->info.confidence = 990;
    pause->info.tier = PAUSEMON_TIER_CRITICAL;
    for (int i = 0; i < PAUSEMON_MAX_EVIDENCE + 1; i++) {
        pm_pause_add_evidence(pause, "", INT64_MIN, UINT64_MAX);
        memset(pause->evidence[i % PAUSEMON_MAX_EVIDENCE].name, filler, 39);
    }
    for (int i = 0; i < PAUSEMON_MAX_PARTIES; i++) {
        struct pausemon_culprit *culprit = add_culprit(pause, "", INT64_MAX, 1000);
        memset(culprit->command, filler, sizeof culprit->command - 1);
        memset(culprit->exe, filler, sizeof culprit->exe - 1);
        memset(culprit->unit, filler, sizeof culprit->unit - 1);
        culprit->pid = culprit->uid = INT64_MAX;
        culprit->suspect = 1;
        add_victim(pause, "");
        memset(pause->victims[i].command, filler, sizeof pause->victims[i].command - 1);
        pause->victims[i].pid = INT64_MAX;
        pause->victims[i].lost_ns = UINT64_MAX;
        pause->victims[i].how = PAUSEMON_LOSS_BLOCKED;
    }
    return pause;
}

static char *encode(const struct pausemon_pause *pause)
{
    struct text text = {0};

    ck_assert_int_eq(pausemon_json_encode_pause(pause, text_write, &text), 0);
    ck_assert_uint_lt(text.length, 60 << 10);
    return text.bytes;
}

/* ---- There and back ---- */

START_TEST(a_pause_is_written_as_the_specification_has_it)
{
    struct pausemon_pause *pause = typical();
    char *text = encode(pause);

    ck_assert_str_eq(text, typical_text);
    free(text);
    pausemon_pause_free(pause);
}
END_TEST

static void check_round_trip(struct pausemon_pause *pause)
{
    struct pausemon_pause *back = new_pause(PAUSEMON_CAUSE_IO, 1);
    struct pausemon_error error;
    char *text = encode(pause);

    ck_assert_msg(pausemon_json_decode_pause(back, text, strlen(text), &error) == 0, "%s: %s",
                  error.text, text);
    char *again = encode(back);
    ck_assert_str_eq(again, text);
    free(again);
    free(text);
    pausemon_pause_free(back);
    pausemon_pause_free(pause);
}

START_TEST(what_was_read_is_written_the_same)
{
    check_round_trip(typical());
    check_round_trip(greatest('x'));
    check_round_trip(greatest('"'));
    for (uint64_t cause = 0; pausemon_cause_name(cause); cause++)
        check_round_trip(new_pause(cause, 1));
    struct pausemon_pause *foreign = typical();
    foreign->info.cause = foreign->culprits[0].resource = 4711;
    foreign->victims[0].how = 4711;
    foreign->info.confidence = foreign->culprits[0].share = UINT64_MAX;
    char *text = encode(foreign);
    ck_assert_ptr_nonnull(strstr(text, "\"cause\":\"unknown\""));
    ck_assert_ptr_nonnull(strstr(text, "\"how\":null"));
    free(text);
    pausemon_pause_free(foreign);
}
END_TEST

START_TEST(every_field_comes_back)
{
    struct pausemon_pause *pause = typical(), *back = new_pause(0, 0);

    pause->info.event_id = 77;
    snprintf(pause->culprits[0].exe, sizeof pause->culprits[0].exe, "/usr/bin/\\\"stress\"");
    snprintf(pause->culprits[0].unit, sizeof pause->culprits[0].unit, "user@0.service");
    pause->culprits[0].suspect = 1;
    char *text = encode(pause);
    ck_assert_int_eq(pausemon_json_decode_pause(back, text, strlen(text), NULL), 0);
    const struct pausemon_pause_info *info = pausemon_pause_get_info(back);
    ck_assert_int_eq(info->id, 1);
    ck_assert_int_eq(info->event_id, 77);
    ck_assert_int_eq(info->start.realtime_ns, pause->info.start.realtime_ns);
    ck_assert_int_eq(info->start.monotonic_ns, 0);
    ck_assert_uint_eq(info->duration_ns, 2310 * MS);
    ck_assert_uint_eq(info->lost_ns, 2290 * MS);
    ck_assert_uint_eq(info->detectors, pause->info.detectors);
    ck_assert_uint_eq(info->confidence, 940);
    ck_assert_uint_eq(info->tier, 2);
    const struct pausemon_evidence *evidence = pausemon_pause_get_evidence(back, 0);
    ck_assert_str_eq(evidence->name, "run_delay_ms");
    ck_assert_int_eq(evidence->value, 2290);
    ck_assert_uint_eq(evidence->window_ns, 2400 * MS);
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(back, 0);
    ck_assert_str_eq(culprit->exe, pause->culprits[0].exe);
    ck_assert_str_eq(culprit->unit, "user@0.service");
    ck_assert_uint_eq(culprit->resource, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(culprit->share, 960);
    ck_assert_uint_eq(culprit->suspect, 1);
    ck_assert_int_eq(culprit->uid, 0);
    const struct pausemon_victim *victim = pausemon_pause_get_victim(back, 1);
    ck_assert_str_eq(victim->command, "sshd");
    ck_assert_uint_eq(victim->how, PAUSEMON_LOSS_RUN_DELAY);
    free(text);
    pausemon_pause_free(back);
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(even_with_everything_at_its_maximum_it_is_short)
{
    static const char fillers[] = {'x', '"', '\x01'};

    for (size_t i = 0; i < sizeof fillers; i++) {
        struct pausemon_pause *pause = greatest(fillers[i]);
        free(encode(pause)); /* which looks at the length */
        pausemon_pause_free(pause);
    }
}
END_TEST

/* ---- Hostile text ---- */

/* The typical text with one piece exchanged must be refused. */
static void check_refused(const char *piece, const char *other, const char *why)
{
    struct pausemon_pause *pause = new_pause(PAUSEMON_CAUSE_IO, 7 * SECOND);
    struct pausemon_error error;
    char text[4096];
    const char *at = strstr(typical_text, piece);

    ck_assert_msg(at != NULL, "no %s", piece);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - typical_text), typical_text, other,
             at + strlen(piece));
    char *before = encode(pause);
    ck_assert_msg(pausemon_json_decode_pause(pause, text, strlen(text), &error) ==
                      PAUSEMON_ERR_FORMAT,
                  "accepted: %s", text);
    ck_assert_msg(strstr(error.text, why) != NULL, "no \"%s\" in \"%s\"", why, error.text);
    char *after = encode(pause);
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    pausemon_pause_free(pause);
}

START_TEST(what_makes_no_sense_is_refused_and_changes_nothing)
{
    static const char *const table[][3] = {
        {"\"id\":1", "\"id\":-1", "\"id\""},
        {"\"id\":1,", "", "\"id\""},
        {"2026-01-23T12:00:00", "2026-13-23T12:00:00", "\"start\""},
        {"\"duration_ms\":2310", "\"duration_ms\":9223372036854775807", "\"duration_ms\""},
        {"\"lost_ms\":2290", "\"lost_ms\":\"x\"", "\"lost_ms\""},
        {"[\"heartbeat\",\"sample\"]", "\"heartbeat\"", "\"detectors\""},
        {"\"cause\":\"cpu\"", "\"cause\":7", "\"cause\""},
        {"\"confidence\":0.94", "\"confidence\":1.1", "0..1"},
        {"\"confidence\":0.94", "\"confidence\":-0.1", "0..1"},
        {"[{\"name\"", "[7,{\"name\"", "\"evidence\""},
        {"\"value\":2290", "\"value\":2.5", "\"value\""},
        {"\"window_ms\":2400", "\"window_ms\":-1", "\"window_ms\""},
        {"\"pid\":41", "\"pid\":-41", "\"pid\""},
        {"\"command\":\"stress-ng\"", "\"command\":null", "\"command\""},
        {"\"resource\":\"cpu\"", "\"resource\":[]", "\"resource\""},
        {"\"share\":0.96", "\"share\":\"all\"", "\"share\""},
        {"\"suspect\":false", "\"suspect\":0", "\"suspect\""},
        {"\"exe\":null", "\"exe\":{}", "\"exe\""},
        {"\"uid\":0", "\"uid\":-1", "\"uid\""},
        {"\"how\":\"run_delay\"", "\"how\":1", "\"how\""},
        {"\"tier\":2", "\"tier\":4", "\"tier\""},
        {"\"event_id\":null", "\"event_id\":\"x\"", "\"event_id\""},
        {"\"victims\":[", "\"others\":[", "\"victims\""},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_refused(table[i][0], table[i][1], table[i][2]);
}
END_TEST

START_TEST(lists_that_are_too_long_are_refused)
{
    char many[2048] = "";

    for (int i = 0; i < PAUSEMON_MAX_EVIDENCE; i++)
        strcat(many, "{\"name\":\"x\",\"value\":1,\"window_ms\":1},");
    strcat(many, "{\"name\":\"run");
    check_refused("{\"name\":\"run", many, "at most 24");
}
END_TEST

START_TEST(unknown_keys_and_names_are_ignored_and_names_cleaned)
{
    static const char text[] =
        "{\"later\":{\"a\":[1]},\"id\":3,\"start\":\"2026-01-23T12:00:00Z\","
        "\"end\":\"2026-01-23T12:00:01Z\",\"duration_ms\":1000,\"lost_ms\":0,"
        "\"detectors\":[\"dowsing\",\"pressure\"],\"cause\":\"poltergeist\",\"confidence\":0,"
        "\"evidence\":[],\"culprits\":[],\"victims\":[{\"pid\":1,\"command\":\"a\\u001b[2Jb\\n\","
        "\"lost_ms\":1,\"how\":\"haunted\"}],\"tier\":0,\"event_id\":null}";
    struct pausemon_pause *pause = new_pause(0, 0);

    ck_assert_int_eq(pausemon_json_decode_pause(pause, text, sizeof text - 1, NULL), 0);
    ck_assert_uint_eq(pause->info.cause, PAUSEMON_CAUSE_UNKNOWN);
    ck_assert_uint_eq(pause->info.detectors, PAUSEMON_DETECTOR_PRESSURE);
    ck_assert_str_eq(pause->victims[0].command, "a?[2Jb?");
    ck_assert_uint_eq(pause->victims[0].how, 0);
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(what_may_be_null_may_be_absent)
{
    static const char text[] =
        "{\"id\":3,\"start\":\"2026-01-23T12:00:00Z\",\"end\":\"2026-01-23T12:00:01Z\","
        "\"duration_ms\":1000,\"lost_ms\":0,\"detectors\":[],\"confidence\":0,\"evidence\":[],"
        "\"culprits\":[{\"pid\":41,\"command\":\"x\",\"share\":1,\"count\":1,\"suspect\":false}],"
        "\"victims\":[{\"pid\":9,\"command\":\"y\",\"lost_ms\":1}],\"tier\":0}";
    struct pausemon_pause *pause = typical();
    struct pausemon_error error = {0};

    ck_assert_msg(pausemon_json_decode_pause(pause, text, sizeof text - 1, &error) == 0, "%s",
                  error.text);
    ck_assert_uint_eq(pause->info.cause, PAUSEMON_CAUSE_UNKNOWN);
    ck_assert_int_eq(pause->info.event_id, 0);
    ck_assert_int_eq(pause->culprits[0].uid, -1); /* unknown is not root */
    ck_assert_str_eq(pause->culprits[0].exe, "");
    ck_assert_str_eq(pause->culprits[0].unit, "");
    ck_assert_uint_eq(pause->victims[0].how, 0);
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(the_evidence_is_named_or_it_is_null)
{
    static const struct {
        const char *given, *read;
    } cases[] = {
        {"\"2026-01-23_12-00-00_2\"", "2026-01-23_12-00-00_2"},
        {"null", ""},
        {"\"\"", ""},
        {"\"../../etc/passwd\"", ""},
        {"\"2026-13-23_12-00-00\"", ""},
        {"\"2026-01-23_12-00-00/..\"", ""},
        {"\"2026-01-23_12-00-00_11111111111111111111111111111111111111\"", ""},
        {"7", ""},
        {"[\"2026-01-23_12-00-00\"]", ""},
    };
    char text[2048];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pausemon_pause *pause = new_pause(0, 0);
        snprintf(text, sizeof text, "%.*s%s}", (int)strlen(typical_text) - (int)strlen("null}"),
                 typical_text, cases[i].given);
        ck_assert_int_eq(pausemon_json_decode_pause(pause, text, strlen(text), NULL), 0);
        ck_assert_str_eq(pausemon_pause_get_info(pause)->forensics, cases[i].read);
        check_round_trip(pause);
    }
    /* Nor is anything else ever written. */
    struct pausemon_pause *pause = typical();
    snprintf(pause->info.forensics, sizeof pause->info.forensics, "\"},{\"");
    char *written = encode(pause);
    ck_assert_str_eq(written, typical_text);
    free(written);
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(every_prefix_of_a_text_is_refused)
{
    struct pausemon_pause *pause = new_pause(0, 0);

    for (size_t length = 0; length < sizeof typical_text - 1; length++) {
        char *copy = malloc(length ? length : 1);
        memcpy(copy, typical_text, length);
        ck_assert_int_eq(pausemon_json_decode_pause(pause, copy, length, NULL),
                         PAUSEMON_ERR_FORMAT);
        free(copy);
    }
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(without_memory_decoding_fails_and_changes_nothing)
{
    struct harness harness;
    struct pausemon_pause *pause;

    harness_init(&harness);
    harness.fail_at = 1;
    ck_assert_int_eq(pausemon_pause_new(&pause, &harness.host, NULL), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(pause);
    ck_assert_int_eq(pausemon_pause_new(&pause, &harness.host, NULL), 0);
    harness.fail_at = 1;
    ck_assert_int_eq(pausemon_json_decode_pause(pause, typical_text, sizeof typical_text - 1, NULL),
                     PAUSEMON_ERR_NOMEM);
    ck_assert_int_eq(pause->info.id, 0);
    ck_assert_int_eq(pausemon_json_decode_pause(pause, typical_text, sizeof typical_text - 1, NULL),
                     0);
    pausemon_pause_free(pause);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

/* ---- Arguments and writers that fail ---- */

static int write_little(void *user, const char *bytes, size_t length)
{
    int *calls = user;

    (void)bytes;
    (void)length;
    return --*calls < 0 ? PAUSEMON_ERR_IO : 0;
}

START_TEST(a_writer_that_fails_ends_it_with_its_status)
{
    struct pausemon_escalation escalation = PAUSEMON_ESCALATION_INIT;
    struct pausemon_pause *pause = greatest('x');
    int status, calls = 0;

    for (int allowed = 0; allowed < 100; allowed++) {
        calls = allowed;
        status = pausemon_json_encode_pause(pause, write_little, &calls);
        ck_assert_int_eq(status, calls < 0 ? PAUSEMON_ERR_IO : 0);
        ck_assert_int_ge(calls, -1); /* not called again after its failure */
        calls = allowed;
        status = pausemon_pause_write_verdict(pause, write_little, &calls);
        ck_assert_int_eq(status, calls < 0 ? PAUSEMON_ERR_IO : 0);
        ck_assert_int_ge(calls, -1);
    }
    ck_assert_int_ge(calls, 0); /* a hundred calls were enough */
    calls = 0;
    ck_assert_int_eq(pausemon_json_encode_escalation(&escalation, write_little, &calls),
                     PAUSEMON_ERR_IO);
    pausemon_pause_free(pause);
}
END_TEST

START_TEST(what_is_missing_is_said)
{
    struct pausemon_escalation escalation = PAUSEMON_ESCALATION_INIT;
    struct pausemon_pause *pause = typical();
    struct text text = {0};

    ck_assert_int_eq(pausemon_json_encode_pause(NULL, text_write, &text), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_json_encode_pause(pause, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_pause_write_verdict(NULL, text_write, &text), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_pause_write_verdict(pause, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_json_decode_pause(NULL, "", 0, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_json_decode_pause(pause, NULL, 0, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_json_encode_escalation(NULL, text_write, &text),
                     PAUSEMON_ERR_INVALID);
    escalation.size = 8;
    ck_assert_int_eq(pausemon_json_encode_escalation(&escalation, text_write, &text),
                     PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(text.bytes);
    pausemon_duration_text(NULL, 0);
    pausemon_pause_free(pause);
}
END_TEST

/* ---- Escalations ---- */

static void check_escalation(const struct pausemon_escalation *escalation, const char *expected)
{
    struct text text = {0};

    ck_assert_int_eq(pausemon_json_encode_escalation(escalation, text_write, &text), 0);
    ck_assert_str_eq(text.bytes, expected);
    text_free(&text);
}

START_TEST(an_escalation_is_written_open_and_ended)
{
    struct pausemon_escalation escalation = PAUSEMON_ESCALATION_INIT;

    escalation.id = 3;
    escalation.start.realtime_ns = INT64_C(1769198400123456000);
    escalation.open = 1;
    escalation.peak_stress = 77;
    escalation.peak_tier = 3;
    escalation.sample_count = 12;
    check_escalation(&escalation,
                     "{\"id\":3,\"start\":\"2026-01-23T20:00:00.123456+00:00\",\"end\":null,"
                     "\"duration_ms\":null,\"peak_stress\":77,\"peak_tier\":3,"
                     "\"status\":\"unreviewed\",\"notes\":null,\"samples\":12}");
    escalation.open = 0;
    escalation.end.realtime_ns = escalation.start.realtime_ns + 1500500000;
    escalation.review = PAUSEMON_REVIEW_PINNED;
    escalation.notes = "a \"b\"\n\x1b[2J\x7f\xc2\x9b ü \xff";
    check_escalation(&escalation,
                     "{\"id\":3,\"start\":\"2026-01-23T20:00:00.123456+00:00\","
                     "\"end\":\"2026-01-23T20:00:01.623956+00:00\",\"duration_ms\":1501,"
                     "\"peak_stress\":77,\"peak_tier\":3,\"status\":\"pinned\","
                     "\"notes\":\"a \\\"b\\\"\\u000a\\u001b[2J\\u007f\\u009b ü ?\","
                     "\"samples\":12}");
}
END_TEST

START_TEST(notes_however_long_stay_within_the_line)
{
    struct pausemon_escalation escalation = PAUSEMON_ESCALATION_INIT;
    struct text text = {0};
    char *notes = malloc(100001);

    memset(notes, '\x01', 100000);
    notes[100000] = '\0';
    escalation.notes = notes;
    escalation.start.realtime_ns = INT64_MIN;
    escalation.end.realtime_ns = INT64_MAX;
    ck_assert_int_eq(pausemon_json_encode_escalation(&escalation, text_write, &text), 0);
    ck_assert_uint_lt(text.length, 60 << 10);
    text_free(&text);
    free(notes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_pause");
    TCase *tcase = tcase_create("json_pause");

    tcase_add_test(tcase, a_pause_is_written_as_the_specification_has_it);
    tcase_add_test(tcase, what_was_read_is_written_the_same);
    tcase_add_test(tcase, every_field_comes_back);
    tcase_add_test(tcase, even_with_everything_at_its_maximum_it_is_short);
    tcase_add_test(tcase, what_makes_no_sense_is_refused_and_changes_nothing);
    tcase_add_test(tcase, lists_that_are_too_long_are_refused);
    tcase_add_test(tcase, unknown_keys_and_names_are_ignored_and_names_cleaned);
    tcase_add_test(tcase, what_may_be_null_may_be_absent);
    tcase_add_test(tcase, the_evidence_is_named_or_it_is_null);
    tcase_add_test(tcase, every_prefix_of_a_text_is_refused);
    tcase_add_test(tcase, without_memory_decoding_fails_and_changes_nothing);
    tcase_add_test(tcase, a_writer_that_fails_ends_it_with_its_status);
    tcase_add_test(tcase, what_is_missing_is_said);
    tcase_add_test(tcase, an_escalation_is_written_open_and_ended);
    tcase_add_test(tcase, notes_however_long_stay_within_the_line);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
