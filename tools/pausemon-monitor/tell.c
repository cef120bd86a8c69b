/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/when.h"

#define SILENCE_MS 3000

enum canvas_style tell_tier_style(uint64_t tier)
{
    static const enum canvas_style styles[] = {STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD};

    return styles[tier < sizeof styles / sizeof styles[0] ? tier : 0];
}

enum canvas_style tell_score_style(uint64_t score)
{
    return score >= 75 ? STYLE_BAD : score >= 50 ? STYLE_WARN : STYLE_PLAIN;
}

/* ---- the link ---- */

/* Two looks that did not come, and some time. */
static int64_t silence_ms(const struct known *known)
{
    return SILENCE_MS +
           2 * (int64_t)(pausemon_sample_get_info(known->sample)->elapsed_ns / 1000000);
}

int tell_link(char text[TELL_SIZE], const struct known *known)
{
    const int64_t silent_ms = known->now_ms - known->heard_ms;
    const int64_t left_ms = known->retry_ms - known->now_ms;

    if (known->link == LINK_DOWN) {
        snprintf(text, TELL_SIZE, "reconnecting in %" PRId64 " s: %s",
                 left_ms > 0 ? (left_ms + 999) / 1000 : 0, known->link_why);
        return 0;
    }
    if (silent_ms > silence_ms(known)) {
        snprintf(text, TELL_SIZE, "no sample for %" PRId64 " s", silent_ms / 1000);
        return 0;
    }
    if (known->link == LINK_LOCAL)
        snprintf(text, TELL_SIZE, "local, nothing is recorded");
    else
        snprintf(text, TELL_SIZE, "connected%s%s", known->link_name[0] ? ": " : "",
                 known->link_name);
    return 1;
}

void tell_tier(char text[TELL_SIZE], const struct known *known)
{
    const char *name = pausemon_tier_name(known->tier);
    char when[WHEN_SIZE];

    if (known->tier > PAUSEMON_TIER_SENTINEL && known->since_ns > 0) {
        when_short(when, known->since_ns, known->now_ns);
        snprintf(text, TELL_SIZE, "%s since %s", name, when);
    } else {
        snprintf(text, TELL_SIZE, "%s",
                 !name                                   ? "unknown"
                 : known->tier == PAUSEMON_TIER_SENTINEL ? "calm (sentinel)"
                                                         : name);
    }
}

/* ---- the system ---- */

/* "412 processes"; nothing of nothing. */
static int tell_count(char text[TELL_SIZE], uint64_t count, const char *one, const char *more)
{
    snprintf(text, TELL_SIZE, "%" PRIu64 " %s", count, count == 1 ? one : more);
    return 1;
}

static int tell_processes(char *text, const struct known *known)
{
    return tell_count(text, pausemon_sample_get_info(known->sample)->process_count, "process",
                      "processes");
}

static int tell_rogues(char *text, const struct known *known)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(known->sample);

    return tell_count(text, info->rogue_count + info->rogues_omitted, "rogue", "rogues");
}

static int tell_unreadable(char *text, const struct known *known)
{
    snprintf(text, TELL_SIZE, "%" PRIu64 " unreadable",
             pausemon_sample_get_info(known->sample)->unreadable);
    return 1;
}

static int tell_cost(char *text, const struct known *known)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(known->sample);

    if (info->elapsed_ns == 0)
        return 0;
    snprintf(text, TELL_SIZE, "cost %.2f %%",
             100.0 * 1e3 * (double)info->cost_us / (double)info->elapsed_ns);
    return 1;
}

static int tell_beats(char *text, const struct known *known)
{
    const struct message *status = &known->status;
    int64_t late = status->late_beats;

    if (known->beats.size > 0) {
        late = (int64_t)known->beats.late_beats;
    } else if (!known->has_status) {
        return 0;
    } else if (status->heartbeat[0] && strcmp(status->heartbeat, "on") != 0) {
        snprintf(text, TELL_SIZE, "heartbeat %s", status->heartbeat);
        return 1;
    }
    if (late > 0)
        return tell_count(text, (uint64_t)late, "late beat", "late beats");
    snprintf(text, TELL_SIZE, "no late beat");
    return late == 0;
}

static int tell_worst_beat(char *text, const struct known *known)
{
    const int64_t worst_ms = known->beats.size > 0 ? (int64_t)(known->beats.worst_ns / 1000000)
                             : known->has_status   ? known->status.worst_beat_ms
                                                   : -1;

    snprintf(text, TELL_SIZE, "latest by %" PRId64 " ms", worst_ms);
    return worst_ms > 0;
}

static int tell_memory(char *text, const struct known *known)
{
    if (!known->has_status || known->status.rss_bytes <= 0)
        return 0;
    snprintf(text, TELL_SIZE, "daemon %" PRId64 ", %.1f MiB",
             known->status.pid > 0 ? known->status.pid : 0,
             (double)known->status.rss_bytes / (1 << 20));
    return 1;
}

static int tell_source(char *text, const struct known *known)
{
    if (!known->has_status || !known->status.source[0])
        return 0;
    snprintf(text, TELL_SIZE, "source %s", known->status.source);
    return 1;
}

static int tell_totals(char *text, const struct known *known)
{
    if (!known->has_status || known->status.samples < 0)
        return 0;
    snprintf(text, TELL_SIZE, "%" PRId64 " samples since its start", known->status.samples);
    return 1;
}

typedef int (*tell_fn)(char *text, const struct known *known);

/* The index-th of those that have something to say. */
static int tell_nth(const tell_fn *tellers, size_t count, char *text, const struct known *known,
                    int index)
{
    for (size_t i = 0; i < count; i++)
        if (tellers[i](text, known) && index-- == 0)
            return 1;
    return 0;
}

int tell_system(char text[TELL_SIZE], const struct known *known, int index)
{
    static const tell_fn tellers[] = {tell_processes, tell_rogues, tell_unreadable,
                                      tell_cost,      tell_beats,  tell_worst_beat,
                                      tell_memory,    tell_source, tell_totals};

    if (!known->has_sample)
        return 0;
    return tell_nth(tellers, sizeof tellers / sizeof tellers[0], text, known, index);
}

/* ---- troubles ---- */

/* A word of the status that is not "ok". */
static int is_bad(const struct known *known, const char *word)
{
    return known->has_status && word[0] && strcmp(word, "ok") != 0;
}

static int tell_disk(char *text, const struct known *known)
{
    const int64_t dropped = known->has_status ? known->status.dropped_records : 0;

    if (!is_bad(known, known->status.disk) && dropped <= 0)
        return 0;
    const int length = snprintf(text, TELL_SIZE, "disk %s", known->status.disk);
    if (dropped > 0 && length < TELL_SIZE)
        snprintf(text + length, (size_t)(TELL_SIZE - length), ", %" PRId64 " record%s lost",
                 dropped, dropped == 1 ? "" : "s");
    return 1;
}

static int tell_budget(char *text, const struct known *known)
{
    const int64_t slower = known->has_status ? known->status.slower : 0;

    if (!is_bad(known, known->status.budget) && slower <= 1)
        return 0;
    snprintf(text, TELL_SIZE, "budget %s", known->status.budget);
    if (slower > 1)
        snprintf(text, TELL_SIZE, "over its budget: looks are %" PRId64 " times as far apart",
                 slower);
    return 1;
}

static int tell_blackbox(char *text, const struct known *known)
{
    if (!is_bad(known, known->status.blackbox))
        return 0;
    snprintf(text, TELL_SIZE, "black box %s", known->status.blackbox);
    return 1;
}

static int tell_partial(char *text, const struct known *known)
{
    if (!known->has_sample || pausemon_sample_get_info(known->sample)->complete)
        return 0;
    snprintf(text, TELL_SIZE, "not all processes were looked at");
    return 1;
}

static int tell_past(char *text, const struct known *known)
{
    if (!known->past_why[0] || known->link == LINK_LOCAL)
        return 0;
    snprintf(text, TELL_SIZE, "%s", known->past_why);
    return 1;
}

static int tell_look(char *text, const struct known *known)
{
    snprintf(text, TELL_SIZE, "%s", known->look_why);
    return known->look_why[0] != '\0';
}

int tell_trouble(char text[TELL_SIZE], const struct known *known, int index)
{
    static const tell_fn tellers[] = {tell_look,     tell_disk,    tell_budget,
                                      tell_blackbox, tell_partial, tell_past};

    return tell_nth(tellers, sizeof tellers / sizeof tellers[0], text, known, index);
}
