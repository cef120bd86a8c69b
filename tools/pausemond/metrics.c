/* SPDX-License-Identifier: MIT */
#include "pausemond/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "pausemond/daemon.h"
#include "pausemond/fd.h"

#define NAME "pausemon.prom"

/* ---- the dispatch thread ---- */

void metrics_note_pause(struct metrics *metrics, const struct pausemon_pause_info *info)
{
    if (info->cause >= METRICS_CAUSES)
        return;
    if (info->id == metrics->last_id) { /* told again: longer, perhaps judged otherwise */
        metrics->pauses[metrics->last_cause]--;
        metrics->lost_ns[metrics->last_cause] -= metrics->last_lost_ns;
    }
    metrics->pauses[info->cause]++;
    metrics->lost_ns[info->cause] += info->lost_ns;
    metrics->last_id = info->id;
    metrics->last_cause = info->cause;
    metrics->last_lost_ns = info->lost_ns;
    metrics->last_end_ns = info->end.realtime_ns;
}

static void add(struct metrics *metrics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct metrics *metrics, const char *format, ...)
{
    size_t room = sizeof metrics->text - metrics->length;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(metrics->text + metrics->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        metrics->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_head(struct metrics *metrics, const char *name, const char *type, const char *help)
{
    add(metrics, "# HELP pausemon_%s %s\n# TYPE pausemon_%s %s\n", name, help, name, type);
}

static void add_number(struct metrics *metrics, const char *name, const char *type,
                       const char *help, uint64_t value)
{
    add_head(metrics, name, type, help);
    add(metrics, "pausemon_%s %" PRIu64 "\n", name, value);
}

static void add_seconds(struct metrics *metrics, uint64_t ns)
{
    add(metrics, " %" PRIu64 ".%03" PRIu64 "\n", ns / NS_PER_S, ns % NS_PER_S / NS_PER_MS);
}

static void add_pauses(struct metrics *metrics)
{
    add_head(metrics, "pauses_total", "counter", "Pauses since the daemon started, by cause.");
    for (uint64_t i = 0; i < METRICS_CAUSES; i++)
        add(metrics, "pausemon_pauses_total{cause=\"%s\"} %" PRIu64 "\n", pausemon_cause_name(i),
            metrics->pauses[i]);
    add_head(metrics, "lost_seconds_total", "counter", "Time lost in pauses, by cause.");
    for (uint64_t i = 0; i < METRICS_CAUSES; i++) {
        add(metrics, "pausemon_lost_seconds_total{cause=\"%s\"}", pausemon_cause_name(i));
        add_seconds(metrics, metrics->lost_ns[i]);
    }
    add_number(metrics, "last_pause_timestamp_seconds", "gauge",
               "When the last pause ended; 0: there was none.",
               (uint64_t)(metrics->last_end_ns / NS_PER_S));
}

static void add_state(struct metrics *metrics, const struct daemon *daemon)
{
    const struct pausemon_ring *ring = pausemon_monitor_get_ring(daemon->monitor);
    size_t count = pausemon_ring_get_count(ring);
    struct pausemon_storage_info info = {.size = sizeof info};

    if (count > 0)
        add_number(metrics, "stress", "gauge", "Stress of the last sample, 0 to 100.",
                   pausemon_sample_get_info(pausemon_ring_get(ring, count - 1, NULL))->stress);
    add_number(metrics, "tier", "gauge", "1 sentinel, 2 elevated, 3 critical.",
               pausemon_monitor_get_tier(daemon->monitor));
    add_number(metrics, "samples_total", "counter", "Looks at all processes.",
               daemon->status.samples);
    add_number(metrics, "events_total", "counter", "Escalations begun.", daemon->status.events);
    add_number(metrics, "captures_total", "counter", "Captures of evidence completed.",
               evidence_count(&daemon->evidence));
    if (daemon->storage)
        pausemon_storage_get_info(daemon->storage, &info);
    add_number(metrics, "dropped_records_total", "counter",
               "Records lost because too many waited for the disk.", info.dropped);
    add_head(metrics, "cpu_seconds_total", "counter", "CPU time the daemon has used.");
    add(metrics, "pausemon_cpu_seconds_total");
    add_seconds(metrics, (uint64_t)daemon->status.measured_cpu_ns);
    if (daemon->status.rss_bytes)
        add_number(metrics, "resident_memory_bytes", "gauge", "Memory of the daemon.",
                   daemon->status.rss_bytes);
}

void metrics_leave(struct daemon *daemon)
{
    struct metrics *metrics = &daemon->metrics;
    const char *directory = pausemon_config_get_text(daemon->config, "metrics.textfile_dir");

    if (!directory || !directory[0] || atomic_load(&metrics->is_full))
        return;
    metrics->length = 0;
    add_pauses(metrics);
    add_state(metrics, daemon);
    atomic_store(&metrics->is_full, 1);
}

/* ---- the writer ---- */

void metrics_write(struct metrics *metrics, const char *path, struct log *log)
{
    if (!atomic_load(&metrics->is_full))
        return;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* It is there to be read by another user. */
    int is_bad =
        directory < 0 || files_replace(directory, NAME, metrics->text, metrics->length, 0644) < 0;
    int os_errno = is_bad ? errno : 0;
    if (directory >= 0)
        close(directory);
    if (os_errno && os_errno != metrics->status)
        log_say_os(log, PAUSEMON_LOG_WARNING, os_errno,
                   "metrics.textfile_dir: cannot write \"%s/" NAME "\"", path);
    metrics->status = os_errno;
    atomic_store(&metrics->is_full, 0);
}
