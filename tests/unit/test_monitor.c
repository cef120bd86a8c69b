/* SPDX-License-Identifier: MIT */
/* The monitor: one order of events however it is driven. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define SECOND INT64_C(1000000000)

/* A source with a script, a character a look: '.' calm, '!' a zombie and a stuck process, 'x' a
 * failure; at the end the recording is over. */
struct script {
    const char *at;
    int64_t looks;
};

static int script_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct script *script = self;
    char step = *script->at ? *script->at++ : '\0';

    if (step == '\0')
        return PAUSEMON_ERR_END;
    if (step == 'x') {
        snprintf(error->text, sizeof error->text, "told to fail");
        return PAUSEMON_ERR_IO;
    }
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    row.pid = 1;
    row.have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS;
    row.cpu_ns = (uint64_t)++script->looks * 1000;
    row.state = step == '!' ? PAUSEMON_STATE_UNINTERRUPTIBLE : PAUSEMON_STATE_SLEEPING;
    row.mem = step == '!' ? UINT64_C(8) << 30 : 1;
    row.cmprs = step == '!' ? UINT64_C(1) << 30 : 0;
    strcpy(row.command, "one");
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

struct stage {
    struct harness harness;
    struct script script;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct text told; /* "S1 T1 E " … */
};

static void note(void *user, const struct pausemon_event *event)
{
    struct stage *stage = user;
    char word[32];

    ck_assert_uint_ge(event->size, sizeof *event);
    if (event->type == PAUSEMON_EVENT_SAMPLE)
        snprintf(word, sizeof word, "S%d ", (int)event->tier);
    else if (event->type == PAUSEMON_EVENT_TIER)
        snprintf(word, sizeof word, "%s ", pausemon_tier_action_name(event->action));
    else if (event->type == PAUSEMON_EVENT_ERROR)
        snprintf(word, sizeof word, "error(%s) ", event->error->text);
    else if (event->type == PAUSEMON_EVENT_ESCALATION)
        snprintf(word, sizeof word, "event%d%s ", (int)event->escalation->id,
                 event->escalation->open ? "" : ".");
    else if (event->type == PAUSEMON_EVENT_PAUSE)
        snprintf(word, sizeof word, "pause%d ", (int)pausemon_pause_get_info(event->pause)->id);
    else
        snprintf(word, sizeof word, "%s ", event->type == PAUSEMON_EVENT_END ? "end" : "close");
    text_write(&stage->told, word, strlen(word));
}

static void open_stage(struct stage *stage, const char *script, bool frozen)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_error error;

    memset(stage, 0, sizeof *stage);
    harness_init(&stage->harness);
    if (!frozen)
        stage->harness.host.now = NULL;
    stage->script.at = script;
    ops.read = script_read;
    const struct pausemon_host *host = &stage->harness.host;
    ck_assert_int_eq(pausemon_config_new(&stage->config, host, NULL), 0);
    pausemon_config_set(stage->config, "monitor.interval_ms", "100", NULL);
    pausemon_config_set(stage->config, "tiers.hold_ms", "0", NULL);
    pausemon_config_set(stage->config, "tiers.elevated_threshold", "20", NULL);
    pausemon_config_set(stage->config, "tiers.critical_threshold", "90", NULL);
    if (!frozen) /* a busy machine has pauses of its own */
        pausemon_config_set(stage->config, "sentinel.pause_threshold_ratio", "100", NULL);
    ck_assert_int_eq(
        pausemon_source_new(&stage->source, "script", &ops, &stage->script, host, NULL), 0);
    ck_assert_int_eq(
        pausemon_monitor_new(&stage->monitor, stage->config, stage->source, host, &error), 0);
    ck_assert_int_gt(
        pausemon_monitor_subscribe(stage->monitor, PAUSEMON_EVENT_ALL, note, stage, NULL), 0);
}

static void close_stage(struct stage *stage)
{
    pausemon_monitor_free(stage->monitor);
    pausemon_source_free(stage->source);
    pausemon_config_free(stage->config);
    text_free(&stage->told);
    ck_assert_int_eq(stage->harness.live, 0);
}

struct guest {
    struct stage *stage;
    int number;
    int leaves; /* unsubscribes this number when called */
    int calls;
    int refused; /* what dispatch said inside */
};

static void count_calls(void *user, const struct pausemon_event *event)
{
    (void)event;
    ((struct guest *)user)->calls++;
}

/* ---- One order of events ---- */

static const char script[] = "..!!x..";
static const char expected[] =
    "S1 S1 S2 tier2_entry event1 S2 error(told to fail) S1 tier2_exit event1. S1 end ";

START_TEST(following_the_timeout_alone_tells_all)
{
    struct stage stage;
    int timeout;

    open_stage(&stage, script, true);
    while ((timeout = pausemon_monitor_get_timeout(stage.monitor)) >= 0) {
        ck_assert_int_le(timeout, 100);
        harness_tick(&stage.harness, timeout * INT64_C(1000000));
        ck_assert_int_ne(pausemon_monitor_dispatch(stage.monitor), PAUSEMON_ERR_INVALID);
    }
    ck_assert_str_eq(stage.told.bytes, expected);
    close_stage(&stage);
}
END_TEST

START_TEST(following_the_descriptor_alone_tells_the_same)
{
    struct stage stage;

    open_stage(&stage, script, false);
    struct pollfd wait = {pausemon_monitor_get_fd(stage.monitor), POLLIN, 0};
    while (!stage.told.bytes || !strstr(stage.told.bytes, "end")) {
        ck_assert_msg(poll(&wait, 1, 20000) == 1, "the descriptor stayed silent");
        ck_assert_int_ne(pausemon_monitor_dispatch(stage.monitor), PAUSEMON_ERR_INVALID);
    }
    ck_assert_str_eq(stage.told.bytes, expected);
    ck_assert_int_eq(poll(&wait, 1, 0), 0); /* and is silent after the end */
    close_stage(&stage);
}
END_TEST

START_TEST(feeding_it_with_a_frozen_clock_tells_the_same)
{
    struct stage stage;

    open_stage(&stage, script, true);
    for (size_t i = 0; i < sizeof script; i++) /* the last is the end */
        ck_assert_int_ne(pausemon_monitor_feed(stage.monitor), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_monitor_feed(stage.monitor), PAUSEMON_ERR_END);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), PAUSEMON_ERR_END);
    ck_assert_str_eq(stage.told.bytes, expected);
    close_stage(&stage);
}
END_TEST

/* A source that sets the pace itself, by its descriptor. */
START_TEST(a_source_with_a_descriptor_is_heard_through_the_monitors)
{
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_error error;
    struct guest guest = {0};
    int fds = count_fds();

    setenv("PAUSEMON_TOP", test_path("tools/top-standin"), 1);
    setenv("STANDIN_MODE", "true-pace", 1);
    setenv("STANDIN_PERIOD", "0.2", 1);
    ck_assert_int_eq(pausemon_source_open(&source, "top", NULL, &error), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, NULL, source, NULL, &error), 0);
    pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE, count_calls, &guest, NULL);
    struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
    while (guest.calls < 3) {
        ck_assert_msg(poll(&wait, 1, 20000) == 1, "the descriptor stayed silent");
        ck_assert_int_ge(pausemon_monitor_dispatch(monitor), 0);
        ck_assert_int_le(pausemon_monitor_get_timeout(monitor), 1000);
    }
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* ---- Pace ---- */

START_TEST(looks_that_were_missed_are_not_made_up_for)
{
    struct stage stage;

    open_stage(&stage, "..........", true);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    harness_tick(&stage.harness, SECOND * 55 / 100); /* five and a half intervals */
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 0);
    ck_assert_int_eq(pausemon_monitor_get_timeout(stage.monitor), 50); /* on the grid again */
    close_stage(&stage);
}
END_TEST

START_TEST(a_clock_that_goes_back_stops_nobody)
{
    struct stage stage;

    open_stage(&stage, "....", true);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    harness_tick(&stage.harness, -500 * SECOND);
    ck_assert_int_le(pausemon_monitor_get_timeout(stage.monitor), 100);
    ck_assert_int_eq(pausemon_monitor_dispatch(stage.monitor), 1);
    close_stage(&stage);
}
END_TEST

START_TEST(a_reload_changes_the_pace_and_keeps_ring_and_tier)
{
    struct stage stage;

    open_stage(&stage, "!!......", true);
    pausemon_monitor_dispatch(stage.monitor);
    harness_tick(&stage.harness, SECOND / 10);
    pausemon_monitor_dispatch(stage.monitor);
    ck_assert_uint_eq(pausemon_monitor_get_tier(stage.monitor), PAUSEMON_TIER_ELEVATED);
    pausemon_config_set(stage.config, "monitor.interval_ms", "2000", NULL);
    pausemon_monitor_set_config(stage.monitor, stage.config);
    ck_assert_int_eq(pausemon_monitor_get_timeout(stage.monitor), 2000);
    ck_assert_uint_eq(pausemon_monitor_get_tier(stage.monitor), PAUSEMON_TIER_ELEVATED);
    ck_assert_uint_eq(pausemon_ring_get_count(pausemon_monitor_get_ring(stage.monitor)), 2);
    close_stage(&stage);
}
END_TEST

/* ---- Subscribers ---- */

static void visit(void *user, const struct pausemon_event *event)
{
    struct guest *guest = user;

    guest->calls += event->type != PAUSEMON_EVENT_CLOSE;
    if (guest->leaves)
        pausemon_monitor_unsubscribe(guest->stage->monitor, guest->leaves);
    if (event->type != PAUSEMON_EVENT_CLOSE)
        guest->refused = pausemon_monitor_dispatch(guest->stage->monitor);
}

START_TEST(subscribers_leave_in_any_order_also_while_they_are_called)
{
    struct guest guests[4] = {{0}};
    struct stage stage;

    open_stage(&stage, "....", true);
    for (int i = 0; i < 4; i++) {
        guests[i].stage = &stage;
        guests[i].number = pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_SAMPLE, visit,
                                                      &guests[i], NULL);
        ck_assert_int_gt(guests[i].number, 0);
    }
    guests[0].leaves = guests[0].number; /* itself */
    guests[1].leaves = guests[2].number; /* one that is still to come */
    pausemon_monitor_feed(stage.monitor);
    pausemon_monitor_feed(stage.monitor);
    pausemon_monitor_unsubscribe(stage.monitor, guests[3].number);
    pausemon_monitor_unsubscribe(stage.monitor, guests[3].number); /* again: nothing */
    pausemon_monitor_feed(stage.monitor);
    ck_assert_int_eq(guests[0].calls, 1);
    ck_assert_int_eq(guests[1].calls, 3);
    ck_assert_int_eq(guests[2].calls, 0);
    ck_assert_int_eq(guests[3].calls, 2);
    ck_assert_int_eq(guests[1].refused, PAUSEMON_ERR_INVALID);
    close_stage(&stage);
}
END_TEST

static void invite(void *user, const struct pausemon_event *event)
{
    struct guest *guest = user;

    if (event->type == PAUSEMON_EVENT_SAMPLE)
        for (int i = 0; i < 20; i++) /* the list grows under the loop */
            pausemon_monitor_subscribe(guest->stage->monitor, PAUSEMON_EVENT_END, visit, guest,
                                       NULL);
}

START_TEST(who_subscribes_in_a_callback_hears_the_next_event)
{
    struct guest guest = {0};
    struct stage stage;

    open_stage(&stage, ".", true);
    guest.stage = &stage;
    pausemon_monitor_subscribe(stage.monitor, PAUSEMON_EVENT_SAMPLE, invite, &guest, NULL);
    pausemon_monitor_feed(stage.monitor);
    pausemon_monitor_feed(stage.monitor);
    ck_assert_int_eq(guest.calls, 20);
    close_stage(&stage);
}
END_TEST

/* ---- Resources ---- */

START_TEST(every_allocation_may_fail_and_nothing_leaks)
{
    struct player player = {.result = PAUSEMON_LOOK_COMPLETE};
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_error error;
    struct harness harness;
    int failures = 0, fds = count_fds();

    harness_init(&harness);
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    for (long at = 1;; at++) {
        long before = harness.live;
        harness.fail_at = at;
        int status = pausemon_monitor_new(&monitor, NULL, source, &harness.host, &error);
        harness.fail_at = 0;
        if (status == 0)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(monitor);
        ck_assert_int_eq(harness.live, before);
        failures++;
    }
    ck_assert_int_gt(failures, 3);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    ck_assert_int_eq(harness.live, 0);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(a_steady_dispatch_allocates_nothing)
{
    struct stage stage;

    open_stage(&stage, "..!!..!!..!!..!!..!!..!!", true);
    for (int i = 0; i < 4; i++)
        pausemon_monitor_feed(stage.monitor);
    long before = stage.harness.allocations;
    for (int i = 0; i < 16; i++)
        pausemon_monitor_feed(stage.monitor);
    ck_assert_int_eq(stage.harness.allocations, before);
    close_stage(&stage);
}
END_TEST

START_TEST(freeing_tells_everybody_once)
{
    struct stage stage;

    open_stage(&stage, ".", true);
    pausemon_monitor_free(stage.monitor);
    stage.monitor = NULL;
    ck_assert_str_eq(stage.told.bytes, "close ");
    close_stage(&stage);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("monitor");
    TCase *tcase = tcase_create("monitor");

    tcase_add_test(tcase, following_the_timeout_alone_tells_all);
    tcase_add_test(tcase, following_the_descriptor_alone_tells_the_same);
    tcase_add_test(tcase, feeding_it_with_a_frozen_clock_tells_the_same);
    tcase_add_test(tcase, a_source_with_a_descriptor_is_heard_through_the_monitors);
    tcase_add_test(tcase, looks_that_were_missed_are_not_made_up_for);
    tcase_add_test(tcase, a_clock_that_goes_back_stops_nobody);
    tcase_add_test(tcase, a_reload_changes_the_pace_and_keeps_ring_and_tier);
    tcase_add_test(tcase, subscribers_leave_in_any_order_also_while_they_are_called);
    tcase_add_test(tcase, who_subscribes_in_a_callback_hears_the_next_event);
    tcase_add_test(tcase, every_allocation_may_fail_and_nothing_leaks);
    tcase_add_test(tcase, a_steady_dispatch_allocates_nothing);
    tcase_add_test(tcase, freeing_tells_everybody_once);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
