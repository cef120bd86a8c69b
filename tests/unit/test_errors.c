/* SPDX-License-Identifier: MIT */
/* Whoever gets a negative status and has given an error finds it filled. */
#include <string.h>

#include "harness.h"

static struct harness harness;
static struct pausemon_error *why; /* handed to each call */
static struct pausemon_host tiny;  /* smaller than a host has ever been */

#define CALL(name, call)                                                                           \
    static int name(void)                                                                          \
    {                                                                                              \
        return call;                                                                               \
    }                                                                                              \
    struct pausemon_error /* with the semicolon behind it: declared once more */

static void *place;
#define PLACE(type) ((struct pausemon_##type **)(void *)&place)
#define TINY &tiny, why

CALL(alerts_attach, pausemon_alerts_attach(NULL, NULL, why));
CALL(alerts_new, pausemon_alerts_new(NULL, NULL, NULL, NULL, why));
CALL(alerts_host, pausemon_alerts_new(PLACE(alerts), NULL, NULL, TINY));
CALL(alerts_run, pausemon_alerts_run(NULL, why));
CALL(blackbox_attach, pausemon_blackbox_attach(NULL, NULL, why));
CALL(blackbox_finish, pausemon_blackbox_finish(NULL, why));
CALL(blackbox_flush, pausemon_blackbox_flush(NULL, why));
CALL(blackbox_open, pausemon_blackbox_open(NULL, NULL, NULL, NULL, NULL, why));
CALL(blackbox_host, pausemon_blackbox_open(PLACE(blackbox), "/nowhere", NULL, NULL, TINY));
CALL(blackbox_read, pausemon_blackbox_read(NULL, NULL, NULL, NULL, NULL, why));
CALL(collector_collect, pausemon_collector_collect(NULL, NULL, why));
CALL(collector_wait, pausemon_collector_wait(NULL, NULL, 0, why));
CALL(collector_new, pausemon_collector_new(PLACE(collector), NULL, NULL, NULL, why));
CALL(config_check, pausemon_config_check(NULL, why));
CALL(config_load, pausemon_config_load(NULL, NULL, NULL, NULL, why));
CALL(config_new, pausemon_config_new(NULL, NULL, why));
CALL(config_host, pausemon_config_new(PLACE(config), TINY));
CALL(config_parse, pausemon_config_parse(NULL, NULL, 1, NULL, NULL, why));
CALL(config_set, pausemon_config_set(NULL, NULL, NULL, why));
CALL(forensics_attach, pausemon_forensics_attach(NULL, NULL, why));
CALL(forensics_new, pausemon_forensics_new(NULL, NULL, NULL, NULL, NULL, why));
CALL(forensics_host, pausemon_forensics_new(PLACE(forensics), "/nowhere", NULL, NULL, TINY));
CALL(forensics_run, pausemon_forensics_run(NULL, why));
CALL(heartbeat_start, pausemon_heartbeat_start(NULL, NULL, NULL, NULL, why));
CALL(history_open, pausemon_history_open(NULL, NULL, NULL, why));
CALL(history_host, pausemon_history_open(PLACE(history), "/nowhere", TINY));
CALL(history_events, pausemon_history_events(NULL, NULL, NULL, NULL, why));
CALL(history_pauses, pausemon_history_pauses(NULL, NULL, NULL, NULL, why));
CALL(history_samples, pausemon_history_samples(NULL, 0, NULL, NULL, why));
CALL(history_captures, pausemon_history_captures(NULL, 0, NULL, NULL, why));
CALL(history_histogram, pausemon_history_histogram(NULL, 0, 0, NULL, why));
CALL(history_hours, pausemon_history_hours(NULL, 0, 0, NULL, NULL, why));
CALL(history_hard_end, pausemon_history_hard_end(NULL, NULL, NULL, why));
CALL(history_mark, pausemon_history_mark(NULL, 0, 99, NULL, why));
CALL(json_decode_pause, pausemon_json_decode_pause(NULL, NULL, 0, why));
CALL(json_decode_sample, pausemon_json_decode_sample(NULL, NULL, 0, why));
CALL(monitor_new, pausemon_monitor_new(NULL, NULL, NULL, NULL, why));
CALL(monitor_subscribe, pausemon_monitor_subscribe(NULL, 0, NULL, NULL, why));
CALL(pause_new, pausemon_pause_new(NULL, NULL, why));
CALL(pause_host, pausemon_pause_new(PLACE(pause), TINY));
CALL(place_find, pausemon_place_find(NULL, 0, 0, 0, why));
CALL(ring_new, pausemon_ring_new(NULL, 0, NULL, why));
CALL(ring_none, pausemon_ring_new(PLACE(ring), 0, NULL, why));
CALL(ring_host, pausemon_ring_new(PLACE(ring), 1, TINY));
CALL(sample_new, pausemon_sample_new(NULL, NULL, why));
CALL(sample_host, pausemon_sample_new(PLACE(sample), TINY));
CALL(source_new, pausemon_source_new(NULL, NULL, NULL, NULL, NULL, why));
CALL(source_host, pausemon_source_new(PLACE(source), "x", NULL, NULL, TINY));
CALL(source_open, pausemon_source_open(NULL, NULL, NULL, why));
CALL(source_kind, pausemon_source_open(PLACE(source), "nothing", NULL, why));
CALL(source_auto_host, pausemon_source_open(PLACE(source), "auto", TINY));
CALL(source_memory, pausemon_source_open_memory(NULL, NULL, NULL, 0, NULL, why));
CALL(source_live, pausemon_source_open_memory(PLACE(source), "auto", "", 0, NULL, why));
CALL(source_record, pausemon_source_record(NULL, NULL, NULL, why));
CALL(storage_open, pausemon_storage_open(NULL, NULL, NULL, NULL, why));
CALL(storage_host, pausemon_storage_open(PLACE(storage), "/nowhere", NULL, TINY));
CALL(storage_attach, pausemon_storage_attach(NULL, NULL, why));
CALL(storage_add_capture, pausemon_storage_add_capture(NULL, NULL, why));
CALL(storage_finish, pausemon_storage_finish(NULL, why));
CALL(storage_flush, pausemon_storage_flush(NULL, why));
CALL(storage_prune, pausemon_storage_prune(NULL, NULL, NULL, why));
CALL(tiers_new, pausemon_tiers_new(NULL, NULL, NULL, why));
CALL(tiers_host, pausemon_tiers_new(PLACE(tiers), NULL, TINY));

#define ROW(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    int (*call)(void);
} calls[] = {
    ROW(alerts_attach),       ROW(alerts_new),        ROW(alerts_host),
    ROW(alerts_run),          ROW(blackbox_attach),   ROW(blackbox_finish),
    ROW(blackbox_flush),      ROW(blackbox_open),     ROW(blackbox_host),
    ROW(blackbox_read),       ROW(collector_collect), ROW(collector_wait),
    ROW(collector_new),       ROW(config_check),      ROW(config_load),
    ROW(config_new),          ROW(config_host),       ROW(config_parse),
    ROW(config_set),          ROW(forensics_attach),  ROW(forensics_new),
    ROW(forensics_host),      ROW(forensics_run),     ROW(heartbeat_start),
    ROW(history_open),        ROW(history_host),      ROW(history_events),
    ROW(history_pauses),      ROW(history_samples),   ROW(history_captures),
    ROW(history_histogram),   ROW(history_hours),     ROW(history_hard_end),
    ROW(history_mark),        ROW(json_decode_pause), ROW(json_decode_sample),
    ROW(monitor_new),         ROW(monitor_subscribe), ROW(pause_new),
    ROW(pause_host),          ROW(place_find),        ROW(ring_new),
    ROW(ring_none),           ROW(ring_host),         ROW(sample_new),
    ROW(sample_host),         ROW(source_new),        ROW(source_host),
    ROW(source_open),         ROW(source_kind),       ROW(source_auto_host),
    ROW(source_memory),       ROW(source_live),       ROW(source_record),
    ROW(storage_open),        ROW(storage_host),      ROW(storage_attach),
    ROW(storage_add_capture), ROW(storage_finish),    ROW(storage_flush),
    ROW(storage_prune),       ROW(tiers_new),         ROW(tiers_host),
};
#define CALLS ((int)(sizeof calls / sizeof calls[0]))

START_TEST(what_is_refused_is_said)
{
    struct pausemon_error error;
    int status;

    memset(&error, 0x5a, sizeof error);
    why = &error;
    tiny = (struct pausemon_host){.size = 8};
    place = &harness;
    status = calls[_i].call();
    ck_assert_msg(status < 0, "%s: %d", calls[_i].name, status);
    ck_assert_msg(error.status == status, "%s: error.status is %lld, not %d", calls[_i].name,
                  (long long)error.status, status);
    ck_assert_msg(error.text[0] && memchr(error.text, '\0', sizeof error.text), "%s: no text",
                  calls[_i].name);
    ck_assert_msg(error.os_errno >= 0 && error.os_errno < 4096, "%s: errno", calls[_i].name);
    ck_assert_msg(!place || place == &harness, "%s: left a pointer", calls[_i].name);
    why = NULL;
    ck_assert_int_eq(calls[_i].call(), status);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("errors");
    TCase *tests = tcase_create("errors");

    tcase_add_loop_test(tests, what_is_refused_is_said, 0, CALLS);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
