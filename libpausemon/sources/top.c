/* SPDX-License-Identifier: MIT */
#include "sources/top.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

#define MAX_SKEW_S 2 /* dates have whole seconds, and top is late under load */

void pm_top_text_init(struct pm_top_text *text, struct pm_host *host)
{
    memset(text, 0, sizeof *text);
    text->host = host;
    text->max_cpu = PM_TOP_MAX_CPU;
    pm_buffer_init(&text->buffer, host, PM_TOP_MAX_SAMPLE);
}

void pm_top_text_free(struct pm_top_text *text)
{
    pm_buffer_free(&text->buffer);
}

void pm_top_text_reset(struct pm_top_text *text)
{
    pm_buffer_consume(&text->buffer, text->buffer.length);
    pm_top_next(&text->splitter);
    text->samples = 0;
}

bool pm_top_text_has_sample(struct pm_top_text *text)
{
    return pm_top_split(&text->splitter, pm_buffer_content(&text->buffer), text->buffer.length);
}

void pm_top_text_describe_date(const struct pm_top_splitter *splitter, char *text, size_t size)
{
    struct pm_date date;

    pm_date_from_seconds(&date, splitter->date_s);
    if (splitter->has_date)
        snprintf(text, size, "%04d/%02d/%02d %02d:%02d:%02d", (int)date.year, (int)date.month,
                 (int)date.day, (int)date.hour, (int)date.minute, (int)date.second);
    else
        snprintf(text, size, "no date");
}

/* Dates have whole seconds and may be missing, stand still or go back: at least a second passes.
 * A local time without its zone is taken as UTC. */
static void set_time(struct pm_top_text *text, struct pausemon_sink *sink)
{
    const struct pm_top_splitter *splitter = &text->splitter;
    struct pausemon_instant time = {0};
    int64_t date_ns = splitter->has_date ? splitter->date_s * PM_NS_PER_S : 0;
    int64_t next_ns = text->time_ns + PM_NS_PER_S;

    if (text->samples == 0)
        next_ns = date_ns;
    else if (splitter->has_date && text->has_base && date_ns - text->base_ns > next_ns)
        next_ns = date_ns - text->base_ns;
    /* The first date does not say how long ago the samples without one were. */
    if (splitter->has_date && !text->has_base) {
        text->has_base = true;
        text->base_ns = date_ns - next_ns;
    }
    text->time_ns = next_ns;
    time.monotonic_ns = time.boottime_ns = text->time_ns;
    time.realtime_ns = splitter->has_date ? date_ns : next_ns;
    pausemon_sink_at(sink, &time);
}

/* Live: whether the sample is as old as our looks say. While we were away top waited for us with a
 * full pipe: what it then hands over is of long ago, and rates over our time would be false. */
static bool is_of_its_time(struct pm_top_text *text)
{
    const struct pm_top_splitter *splitter = &text->splitter;
    int64_t now_ns = pm_monotonic_ns(text->host);
    int64_t dated_s = splitter->date_s - text->live_date_s;
    int64_t passed_s = (now_ns - text->live_ns) / PM_NS_PER_S;
    bool comparable = splitter->has_date && text->was_dated;

    text->was_dated = splitter->has_date;
    text->live_date_s = splitter->date_s;
    text->live_ns = now_ns;
    return !comparable || (dated_s - passed_s <= MAX_SKEW_S && passed_s - dated_s <= MAX_SKEW_S);
}

/* Puts every row that can be read; counts the others. */
static uint64_t put_rows(struct pm_top_text *text, struct pausemon_sink *sink, uint64_t restarted,
                         uint64_t *dropped)
{
    const struct pm_top_splitter *splitter = &text->splitter;
    const char *at = pm_buffer_content(&text->buffer) + splitter->rows_start;
    const char *end = pm_buffer_content(&text->buffer) + splitter->rows_end;
    uint64_t rows = 0;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)(newline - at);
        struct pausemon_row row;

        if (length > 0 && at[length - 1] == '\r')
            length--;
        if (pm_top_parse_row(&splitter->header, at, length, &row)) {
            /* top has nothing to compare with in its first sample: its 0.0 is not a rate. */
            if (text->samples == 0 || row.cpu_rate > text->max_cpu)
                row.have &= ~(uint64_t)PAUSEMON_HAVE_CPU_RATE;
            row.restarted = restarted;
            pausemon_sink_put(sink, &row);
            rows++;
        } else if (pm_top_is_row(at, length)) {
            ++*dropped;
        }
        at = newline + 1;
    }
    return rows;
}

void pm_top_text_drop(struct pm_top_text *text)
{
    pm_buffer_consume(&text->buffer, text->splitter.at);
    pm_top_next(&text->splitter);
    text->samples++;
}

int pm_top_text_deliver(struct pm_top_text *text, struct pausemon_sink *sink, bool dated)
{
    struct pm_top_splitter *splitter = &text->splitter;
    uint64_t dropped = 0, number = text->samples + 1;
    char date[32];

    pm_top_text_describe_date(splitter, date, sizeof date);
    if (splitter->headless)
        pm_log(text->host, PAUSEMON_LOG_WARNING,
               "top: before sample %llu (%s): %llu dates without a header are incomplete",
               (unsigned long long)number, date, (unsigned long long)splitter->headless);
    uint64_t restarted = 0;
    if (dated)
        set_time(text, sink);
    else if (!is_of_its_time(text))
        restarted = PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD;
    uint64_t rows = put_rows(text, sink, restarted, &dropped);
    if (dropped) {
        pausemon_sink_skipped(sink, dropped);
        pm_log(text->host, PAUSEMON_LOG_WARNING,
               "top: sample %llu (%s): %llu rows dropped, misaligned or cut off",
               (unsigned long long)number, date, (unsigned long long)dropped);
    }
    if (rows == 0 && !(splitter->has_total && splitter->total == 0))
        pm_log(text->host, PAUSEMON_LOG_WARNING,
               "top: sample %llu (%s) is incomplete: a header without rows",
               (unsigned long long)number, date);
    /* A row that could not be read is one that was looked at. */
    bool partial = splitter->has_total && rows + dropped < splitter->total;
    pm_top_text_drop(text);
    return partial ? PAUSEMON_LOOK_PARTIAL : PAUSEMON_LOOK_COMPLETE;
}
