/* SPDX-License-Identifier: MIT */
#include "engine/collector.h"

#include <string.h>

#include "base/error.h"
#include "core/arith.h"
#include "core/select.h"
#include "sources/source.h"

/* What later parts blame by is wanted whatever is judged. */
#define ALWAYS_WANTED                                                                              \
    (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_CPU_RATE | PAUSEMON_HAVE_STATE | PAUSEMON_HAVE_MEM |        \
     PAUSEMON_HAVE_CMPRS | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME |                         \
     PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES | PAUSEMON_HAVE_CHILD_CPU)

struct pausemon_collector {
    struct pm_host host;
    struct pausemon_config config;
    struct pausemon_source *source;
    struct pm_table table;
    struct pausemon_sink sink;
    struct pausemon_sample sample;
    struct pausemon_instant now; /* of the look going on */
    bool begun;                  /* the look going on has put something */
    bool called, looked, ended;
    bool recorded;     /* the look has a time of its own */
    int64_t look_ns;   /* of the last look, in the source's time */
    int64_t called_ns; /* collect was called, in the host's time */
};

static void begin(struct pausemon_collector *collector)
{
    if (!collector->begun)
        pm_table_begin(&collector->table, collector->now.monotonic_ns);
    collector->begun = true;
}

static void sink_put(void *user, const struct pausemon_row *row)
{
    struct pausemon_collector *collector = user;

    begin(collector);
    pm_table_put(&collector->table, row);
}

static void sink_at(void *user, const struct pausemon_instant *instant)
{
    struct pausemon_collector *collector = user;

    if (!collector->begun)
        collector->now = *instant;
    collector->recorded = true;
}

static void sink_skipped(void *user, uint64_t count)
{
    struct pausemon_collector *collector = user;

    begin(collector);
    collector->table.skipped += count;
}

static uint64_t wanted(const struct pausemon_config *config)
{
    uint64_t wants = ALWAYS_WANTED;

    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (config->weight[i] || config->rule[i].enabled)
            wants |= pm_metrics[i].have;
    return wants;
}

void pausemon_collector_set_config(struct pausemon_collector *collector,
                                   const struct pausemon_config *config)
{
    if (config != &collector->config)
        pausemon_config_copy(&collector->config, config);
    collector->sink.wants = wanted(config);
    pm_table_mark_suspects(&collector->table);
}

int pausemon_collector_new(struct pausemon_collector **out, const struct pausemon_config *config,
                           struct pausemon_source *source, const struct pausemon_host *given,
                           struct pausemon_error *error)
{
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !source)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a collector needs a place and a source");
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_collector *collector = pm_alloc(&host, sizeof *collector);
    if (!collector)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "collector: out of memory");
    collector->host = collector->config.host = host;
    collector->source = source;
    collector->sink = (struct pausemon_sink){collector, sink_put, sink_at, sink_skipped, 0, 0};
    pm_sample_init(&collector->sample, &host);
    pm_table_init(&collector->table, &collector->host, &collector->config);
    pm_config_set_defaults(&collector->config);
    pausemon_collector_set_config(collector, config ? config : &collector->config);
    *out = collector;
    return 0;
}

void pausemon_collector_free(struct pausemon_collector *collector)
{
    if (!collector)
        return;
    pm_source_forget_reader(collector->source);
    pm_table_free(&collector->table);
    pm_free(&collector->host, collector);
}

static void fill_info(struct pausemon_collector *collector, uint64_t elapsed_ns, int look,
                      int64_t cost_ns)
{
    struct pausemon_sample_info *info = &collector->sample.info;

    info->time = collector->now;
    info->elapsed_ns = elapsed_ns;
    info->complete = look == PAUSEMON_LOOK_COMPLETE;
    info->cost_us = cost_ns > 0 ? (uint64_t)cost_ns / 1000 : 0;
    collector->table.births = collector->table.deaths = 0; /* they have been told */
}

/* Rates begin at this look, whether or not it becomes a sample. */
static uint64_t note_look(struct pausemon_collector *collector)
{
    int64_t now_ns = collector->now.monotonic_ns;
    uint64_t elapsed_ns = collector->looked ? pm_elapsed(collector->look_ns, now_ns) : 0;

    collector->look_ns = now_ns;
    collector->looked = true;
    return elapsed_ns;
}

int pausemon_collector_collect(const struct pausemon_sample **sample,
                               struct pausemon_collector *collector, struct pausemon_error *error)
{
    int64_t cost_ns = pm_thread_cpu_ns();

    if (sample)
        *sample = NULL;
    if (!sample || !collector)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a collector and a place are needed");
    pm_now(&collector->host, &collector->now);
    collector->called_ns = collector->now.monotonic_ns;
    collector->called = true;
    collector->begun = false;
    int look = pm_source_read(collector->source, collector, &collector->sink, error);
    collector->ended = look == PAUSEMON_ERR_END;
    if (look < 0 && look != PAUSEMON_ERR_BUSY)
        pm_table_doubt(&collector->table);
    if (look < 0 && !collector->begun)
        return look;
    begin(collector);
    uint64_t elapsed_ns = note_look(collector);
    if (look < 0)
        return look;
    int status = pm_table_end(&collector->table, look == PAUSEMON_LOOK_COMPLETE);
    if (status < 0) {
        pm_source_forget_reader(collector->source);
        pm_table_doubt(&collector->table);
        return pm_fail(error, status, "the table of processes: out of memory");
    }
    pm_select(&collector->sample, &collector->table, &collector->config);
    fill_info(collector, elapsed_ns, look, pm_thread_cpu_ns() - cost_ns);
    *sample = &collector->sample;
    return 0;
}

int pausemon_collector_get_fd(const struct pausemon_collector *collector)
{
    return pausemon_source_get_fd(collector->source);
}

int pausemon_collector_get_timeout(struct pausemon_collector *collector)
{
    int64_t now_ns = pm_monotonic_ns(&collector->host);
    int64_t due_ns = pm_source_get_deadline(collector->source);
    uint64_t interval_ns = (uint64_t)collector->config.interval_ms * PM_NS_PER_MS;

    if (collector->ended)
        return -1;
    if (!collector->called)
        return 0;
    /* A clock that went back makes nobody wait longer than an interval. */
    uint64_t passed_ns = pm_elapsed(collector->called_ns, now_ns);
    uint64_t left_ns = passed_ns < interval_ns ? interval_ns - passed_ns : 0;
    if (due_ns >= 0 && pm_elapsed(now_ns, due_ns) < left_ns)
        left_ns = pm_elapsed(now_ns, due_ns);
    /* Up: a timeout that ends too early would be a round for nothing. */
    return (int)((left_ns + PM_NS_PER_MS - 1) / PM_NS_PER_MS);
}

const struct pausemon_process *pausemon_collector_get_process(
    const struct pausemon_collector *collector, size_t index)
{
    return index < collector->table.count ? &collector->table.entries[index].process : NULL;
}

struct pausemon_sample *pm_collector_sample(struct pausemon_collector *collector)
{
    return &collector->sample;
}

struct pm_table *pm_collector_table(struct pausemon_collector *collector)
{
    return &collector->table;
}

bool pm_collector_has_looked(const struct pausemon_collector *collector)
{
    return collector->looked;
}

bool pm_collector_is_recorded(const struct pausemon_collector *collector)
{
    return collector->recorded;
}
