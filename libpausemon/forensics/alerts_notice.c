/* SPDX-License-Identifier: MIT */
/* What is worth telling, and in which words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/arith.h"
#include "forensics/alerts.h"

/* ---- on the thread that dispatches ---- */

/* A free slot, to be put; NULL: none, which is counted. */
static struct pm_alert *begin_put(struct pm_notices *notices, enum pm_alert_kind kind)
{
    if (!pm_spsc_has_room(&notices->ring, PM_ALERT_SLOTS)) {
        atomic_fetch_add_explicit(&notices->dropped, 1, memory_order_relaxed);
        return NULL;
    }
    struct pm_alert *notice = &notices->slots[pm_spsc_next(&notices->ring, PM_ALERT_SLOTS)];
    memset(notice, 0, sizeof *notice);
    notice->kind = kind;
    return notice;
}

/* What does not fit is left out; the text is cut on a character when it is cleaned. */
static int append(void *user, const char *bytes, size_t length)
{
    char *text = user;
    size_t used = strlen(text), room = PM_ALERT_TEXT_SIZE - 1 - used;

    memcpy(text + used, bytes, length < room ? length : room);
    return 0;
}

static bool is_freeze(uint64_t cause)
{
    return cause == PAUSEMON_CAUSE_CPU || cause == PAUSEMON_CAUSE_MEMORY ||
           cause == PAUSEMON_CAUSE_IO || cause == PAUSEMON_CAUSE_UNKNOWN;
}

static void hear_pause(struct pm_notices *notices, const struct pausemon_event *event)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(event->pause);
    int64_t least_ns = atomic_load_explicit(&notices->pause_min_ns, memory_order_relaxed);

    if (least_ns < 0 || info->duration_ns < (uint64_t)least_ns || !is_freeze(info->cause))
        return;
    struct pm_alert *notice = begin_put(notices, PM_ALERT_PAUSE);
    if (!notice)
        return;
    notice->event_id = info->event_id;
    notice->pause_id = info->id;
    notice->ns = info->duration_ns;
    pausemon_pause_write_verdict(event->pause, append, notice->verdict);
    pm_spsc_put(&notices->ring);
}

static void put_stress(struct pm_notices *notices, enum pm_alert_kind kind,
                       const struct pausemon_event *event, uint64_t lasted_ns)
{
    const struct pausemon_process *worst = pausemon_sample_get_rogue(event->sample, 0);
    struct pm_alert *notice = begin_put(notices, kind);

    if (!notice)
        return;
    notice->event_id = event->escalation ? event->escalation->id : 0;
    notice->ns = lasted_ns;
    notice->stress = pausemon_sample_get_info(event->sample)->stress;
    notice->pid = worst ? worst->pid : -1;
    notice->score = worst ? worst->score : 0;
    if (worst)
        memcpy(notice->name, worst->command, sizeof notice->name - 1);
    pm_spsc_put(&notices->ring);
}

/* The tier of each sample tells how long it has been critical. */
static void hear_sample(struct pm_notices *notices, const struct pausemon_event *event)
{
    int64_t now_ns = pausemon_sample_get_info(event->sample)->time.monotonic_ns;
    int64_t after_ns = atomic_load_explicit(&notices->critical_ns, memory_order_relaxed);
    bool was_critical = notices->is_critical;

    notices->is_critical = event->tier == PAUSEMON_TIER_CRITICAL;
    if (notices->is_critical && !was_critical) {
        notices->critical_since_ns = now_ns;
        notices->critical_told = false;
    }
    if (!notices->is_critical || notices->critical_told || after_ns < 0)
        return;
    uint64_t lasted_ns = pm_elapsed(notices->critical_since_ns, now_ns);
    if (lasted_ns < (uint64_t)after_ns)
        return;
    notices->critical_told = true;
    put_stress(notices, PM_ALERT_CRITICAL, event, lasted_ns);
}

static void hear_tier(struct pm_notices *notices, const struct pausemon_event *event)
{
    if (event->action & (PAUSEMON_TIER2_ENTRY | PAUSEMON_TIER3_ENTRY) &&
        atomic_load_explicit(&notices->elevated, memory_order_relaxed) >= 0)
        put_stress(notices, PM_ALERT_ELEVATED, event, 0);
}

void pm_notices_tell(struct pm_notices *notices, const struct pausemon_event *event)
{
    if (event->type == PAUSEMON_EVENT_SAMPLE)
        hear_sample(notices, event);
    if (event->type == PAUSEMON_EVENT_TIER)
        hear_tier(notices, event);
    if (event->type == PAUSEMON_EVENT_PAUSE)
        hear_pause(notices, event);
    if (event->type == PAUSEMON_EVENT_CLOSE)
        atomic_store_explicit(&notices->closed, true, memory_order_release);
}

/* ---- on the thread that runs ---- */

static void write_pause(struct pm_alert_text *text, const struct pm_alert *notice)
{
    char verdict[PM_ALERT_TEXT_SIZE], duration[PAUSEMON_DURATION_SIZE];

    pausemon_duration_text(duration, notice->ns);
    pm_text_clean(verdict, sizeof verdict, notice->verdict, strlen(notice->verdict));
    snprintf(text->title, sizeof text->title, "This machine froze for %s", duration);
    snprintf(text->body, sizeof text->body, "%s\npausemon why tells more.", verdict);
}

static void write_worst(char *to, size_t size, const struct pm_alert *notice)
{
    char name[PAUSEMON_COMMAND_SIZE];

    pm_text_clean(name, sizeof name, notice->name, strlen(notice->name));
    if (notice->pid < 0)
        snprintf(to, size, "No process stands out.");
    else
        snprintf(to, size, "The worst is %s (pid %" PRId64 ") with a score of %" PRIu64 ".",
                 name[0] ? name : "a process without a name", notice->pid, notice->score);
}

static void write_critical(struct pm_alert_text *text, const struct pm_alert *notice)
{
    char duration[PAUSEMON_DURATION_SIZE];
    uint64_t seconds = notice->ns / PM_NS_PER_S;

    if (seconds < 60)
        snprintf(duration, sizeof duration, "%" PRIu64 " s", seconds);
    else
        pausemon_duration_text(duration, notice->ns);
    if (seconds == 0)
        snprintf(text->title, sizeof text->title, "Stress is critical");
    else
        snprintf(text->title, sizeof text->title, "Stress has been critical for %s", duration);
    write_worst(text->body, sizeof text->body, notice);
}

static void write_elevated(struct pm_alert_text *text, const struct pm_alert *notice)
{
    snprintf(text->title, sizeof text->title, "Stress is elevated: %" PRIu64 " of 100",
             notice->stress);
    write_worst(text->body, sizeof text->body, notice);
}

static void write_capture(struct pm_alert_text *text, const struct pm_alert *notice)
{
    static const char *const titles[] = {
        [PAUSEMON_CAPTURE_PAUSE] = "Evidence of a freeze was kept",
        [PAUSEMON_CAPTURE_TIER] = "Evidence of critical stress was kept",
        [PAUSEMON_CAPTURE_ASKED] = "The evidence that was asked for is there",
    };
    bool known = notice->reason > 0 && notice->reason < sizeof titles / sizeof titles[0];
    char name[PAUSEMON_COMMAND_SIZE];

    pm_text_clean(name, sizeof name, notice->name, strlen(notice->name));
    snprintf(text->title, sizeof text->title, "%s",
             known ? titles[notice->reason] : "Evidence was kept");
    snprintf(text->body, sizeof text->body, "It is in events/%s.", name);
}

void pm_alert_write(struct pm_alert_text *text, const struct pm_alert *notice)
{
    static const struct {
        void (*write)(struct pm_alert_text *text, const struct pm_alert *notice);
        bool urgent;
    } kinds[PM_ALERT_KIND_COUNT] = {
        [PM_ALERT_PAUSE] = {write_pause, true},
        [PM_ALERT_CRITICAL] = {write_critical, true},
        [PM_ALERT_ELEVATED] = {write_elevated, false},
        [PM_ALERT_CAPTURE] = {write_capture, false},
    };

    memset(text, 0, sizeof *text);
    text->urgent = kinds[notice->kind].urgent;
    kinds[notice->kind].write(text, notice);
}
