/* SPDX-License-Identifier: MIT */
#include "pauses_stage.h"

#include <stdio.h>
#include <string.h>

static void note(void *user, const struct pausemon_event *event)
{
    struct stage *stage = user;
    char word[64] = "";

    if (event->type == PAUSEMON_EVENT_SAMPLE) {
        stage->stress = pausemon_sample_get_info(event->sample)->stress;
        snprintf(word, sizeof word, "S%d ", (int)event->tier);
    }
    if (event->type == PAUSEMON_EVENT_TIER)
        snprintf(word, sizeof word, "%s ", pausemon_tier_action_name(event->action));
    if (event->type == PAUSEMON_EVENT_ESCALATION)
        snprintf(word, sizeof word, "event%d%s ", (int)event->escalation->id,
                 event->escalation->open ? "" : ".");
    if (event->type == PAUSEMON_EVENT_PAUSE) {
        const struct pausemon_pause_info *info = pausemon_pause_get_info(event->pause);
        uint64_t again = 0;
        for (size_t i = 0; i < stage->pause_count; i++)
            again |= stage->pauses[i].id == info->id;
        ck_assert_uint_eq(event->again, again);
        ck_assert_uint_lt(stage->pause_count, STAGE_PAUSES);
        stage->pauses[stage->pause_count++] = *info;
        pausemon_pause_copy(&stage->last, event->pause);
        snprintf(word, sizeof word, "pause%d:%s ", (int)info->id, pausemon_cause_name(info->cause));
        ck_assert_uint_eq(info->tier, event->tier);
        ck_assert_int_eq(info->event_id, event->escalation ? event->escalation->id : 0);
    }
    if (event->type == PAUSEMON_EVENT_ERROR)
        snprintf(word, sizeof word, "error ");
    if (event->type == PAUSEMON_EVENT_END)
        snprintf(word, sizeof word, "end ");
    if (event->type == PAUSEMON_EVENT_CLOSE)
        snprintf(word, sizeof word, "close ");
    text_write(&stage->told, word, strlen(word));
}

static void read_totals(void *user, struct pm_readings *readings)
{
    struct stage *stage = user;

    *readings = stage->totals;
    readings->at_ns = pm_monotonic_ns(&stage->host);
}

static void set_rows(struct stage *stage)
{
    static const char *const names[STAGE_ROWS] = {"init", "hog", "Xorg", "third"};

    for (size_t i = 0; i < STAGE_ROWS; i++) {
        struct pausemon_row *row = &stage->rows[i];
        *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
        row->pid = (int64_t)i + 1;
        row->start_time = 7;
        row->state = PAUSEMON_STATE_SLEEPING;
        row->mem = 1 << 20;
        row->have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_START_TIME | PAUSEMON_HAVE_MEM |
                    PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES;
        snprintf(row->command, sizeof row->command, "%s", names[i]);
    }
    stage->player = (struct player){.rows = stage->rows, .count = STAGE_ROWS};
}

void stage_open_clock(struct stage *stage, bool frozen)
{
    struct pausemon_error error;

    memset(stage, 0, sizeof *stage);
    harness_init(&stage->harness);
    if (!frozen)
        stage->harness.host.now = NULL;
    set_rows(stage);
    const struct pausemon_host *host = &stage->harness.host;
    pm_host_init(&stage->host, host);
    pm_pause_init(&stage->last, &stage->host);
    ck_assert_int_eq(pausemon_config_new(&stage->config, host, NULL), 0);
    ck_assert_int_eq(player_open(&stage->source, &stage->player, host), 0);
    ck_assert_int_eq(
        pausemon_monitor_new(&stage->monitor, stage->config, stage->source, host, &error), 0);
    pm_monitor_set_reader(stage->monitor, read_totals, stage);
    ck_assert_int_gt(
        pausemon_monitor_subscribe(stage->monitor, PAUSEMON_EVENT_ALL, note, stage, NULL), 0);
    text_write(&stage->told, "", 0);
}

void stage_open(struct stage *stage)
{
    stage_open_clock(stage, true);
}

void stage_close(struct stage *stage)
{
    pausemon_monitor_free(stage->monitor);
    pm_pulse_release(stage->pulse);
    pausemon_source_free(stage->source);
    pausemon_config_free(stage->config);
    text_free(&stage->told);
    ck_assert_int_eq(stage->harness.live, 0);
}

void stage_set(struct stage *stage, const char *name, const char *value)
{
    struct pausemon_error error;

    ck_assert_msg(pausemon_config_set(stage->config, name, value, &error) == 0, "%s", error.text);
    pausemon_monitor_set_config(stage->monitor, stage->config);
}

void stage_watch(struct stage *stage)
{
    struct pausemon_error error;

    ck_assert_int_eq(pm_pulse_new(&stage->pulse, &stage->host, &error), 0);
    ck_assert_int_eq(pm_monitor_attach(stage->monitor, stage->pulse, &error), 0);
}

void stage_dispatch(struct stage *stage, int64_t ms)
{
    harness_tick(&stage->harness, ms * MS);
    int status = pausemon_monitor_dispatch(stage->monitor);
    ck_assert_msg(status >= 0 || status == PAUSEMON_ERR_END, "%d", status);
}

void stage_feed(struct stage *stage, int64_t ms)
{
    harness_tick(&stage->harness, ms * MS);
    int status = pausemon_monitor_feed(stage->monitor);
    ck_assert_msg(status >= 0 || status == PAUSEMON_ERR_END, "%d", status);
}

void stage_grow(struct stage *stage, enum pm_reading which, int64_t ms)
{
    uint64_t unit = pm_reading_rows[which].is_time ? (uint64_t)MS : 1;

    pm_readings_set(&stage->totals, which, stage->totals.value[which] + (uint64_t)ms * unit);
}

void stage_beat(struct stage *stage, int64_t length_ms, enum pm_reading why)
{
    struct pm_beat beat = {.lapse = {.has_guard = true}};

    /* The heartbeat's times are the system's: the test's "now" is this moment. */
    beat.end_ns = pm_system_monotonic_ns();
    beat.onset_ns = beat.end_ns - length_ms * MS;
    beat.lapse.lost_ns = (uint64_t)(length_ms * MS);
    beat.lapse.growth.window_ns = beat.lapse.lost_ns + 50 * (uint64_t)MS;
    beat.lapse.growth.have = UINT64_C(1) << why;
    beat.lapse.growth.value[why] = beat.lapse.lost_ns;
    pm_pulse_put(stage->pulse, &beat);
    pm_pulse_want_look(stage->pulse);
}

void stage_check(struct stage *stage, const char *expected)
{
    ck_assert_str_eq(stage->told.bytes, expected);
    stage->told.length = 0;
    stage->told.bytes[0] = '\0';
}

const char *stage_culprit(const struct stage *stage, size_t index)
{
    const struct pausemon_culprit *culprit = pausemon_pause_get_culprit(&stage->last, index);

    return culprit ? culprit->command : "";
}

const struct pausemon_pause_info *stage_last(const struct stage *stage)
{
    ck_assert_uint_gt(stage->pause_count, 0);
    return &stage->pauses[stage->pause_count - 1];
}
