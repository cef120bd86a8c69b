/* SPDX-License-Identifier: MIT */
#include "pausemond/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "pausemond/daemon.h"
#include "pausemond/fd.h"
#include "pausemond/rss.h"
#include "pausemond/settings.h"

#define PERMILLE 1000

static int64_t cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * NS_PER_S + used.tv_nsec;
}

void status_begin(struct status *status)
{
    *status = (struct status){.measured_ns = fd_now_ns(), .measured_cpu_ns = cpu_ns()};
    status->rss_bytes = rss_bytes();
    budget_begin(&status->budget);
}

void status_note_sample(struct status *status)
{
    status->samples++;
}

void status_note_tier(struct status *status, const struct pausemon_event *event)
{
    const struct pausemon_instant *now = &pausemon_sample_get_info(event->sample)->time;
    struct pausemon_instant never = {0, 0, 0, 0};

    if (event->action == PAUSEMON_TIER3_ENTRY)
        status->critical_since = *now;
    if (event->action == PAUSEMON_TIER3_EXIT || event->action == PAUSEMON_TIER2_EXIT)
        status->critical_since = never;
    if (event->action == PAUSEMON_TIER2_EXIT)
        status->elevated_since = never;
    else if (status->elevated_since.realtime_ns == 0)
        status->elevated_since = *now;
}

void status_note_escalation(struct status *status, const struct pausemon_escalation *escalation)
{
    /* One is told when it begins, at each rise, and when it ends. */
    if (escalation->id > status->last_event_id)
        status->events++;
    status->last_event_id = escalation->id;
}

void status_measure(struct daemon *daemon, int64_t now_ns)
{
    struct status *status = &daemon->status;
    int64_t used_ns = cpu_ns(), elapsed_ns = now_ns - status->measured_ns, permille = 0;

    pausemon_config_get_number(daemon->config, "monitor.budget_permille", &permille);
    if (elapsed_ns > 0) {
        int64_t cost = (used_ns - status->measured_cpu_ns) * PERMILLE / elapsed_ns;
        uint64_t is_over = cost > permille;
        if (is_over != status->is_over_budget)
            log_say(&daemon->log, is_over ? PAUSEMON_LOG_WARNING : PAUSEMON_LOG_INFO,
                    "used %" PRId64 ".%" PRId64 " %% of a core in the last %" PRId64
                    " s; monitor.budget_permille allows %" PRId64 ".%" PRId64 " %%",
                    cost / 10, cost % 10, elapsed_ns / NS_PER_S, permille / 10, permille % 10);
        status->is_over_budget = is_over;
        if (budget_judge(&status->budget, cost, permille,
                         pausemon_monitor_get_tier(daemon->monitor)))
            settings_pace(daemon);
    }
    status->measured_ns = now_ns;
    status->measured_cpu_ns = used_ns;
    status->rss_bytes = rss_bytes();
}

/* ---- written ---- */

/* By enum pausemon_disk. */
static const char *const disks[] = {"ok", "locked", "full", "failed", "read-only", "stalled"};

static void write_storage(const struct daemon *daemon, struct line *line, uint64_t *queued)
{
    struct pausemon_storage_info info = {.size = sizeof info};
    const char *disk = daemon->disk;

    if (daemon->storage) {
        pausemon_storage_get_info(daemon->storage, &info);
        disk = info.disk < sizeof disks / sizeof disks[0] ? disks[info.disk] : "failed";
    }
    *queued = info.queued;
    line_add(line, ",\"dropped_records\":%" PRIu64 ",\"disk\":\"%s\"", info.dropped, disk);
}

static void write_heartbeat(const struct daemon *daemon, struct line *line)
{
    struct pausemon_heartbeat_info info = {.size = sizeof info};
    int64_t is_wanted = 0;

    pausemon_config_get_number(daemon->config, "heartbeat.enabled", &is_wanted);
    if (daemon->heartbeat)
        pausemon_heartbeat_get_info(daemon->heartbeat, &info);
    line_add(line,
             ",\"heartbeat\":\"%s\",\"beats\":%" PRIu64 ",\"late_beats\":%" PRIu64
             ",\"worst_beat_ms\":%" PRIu64,
             daemon->heartbeat ? "on"
             : is_wanted       ? "refused"
                               : "off",
             info.beats, info.late_beats, info.worst_ns / NS_PER_MS);
}

void status_write(const struct daemon *daemon, struct line *line)
{
    const struct status *status = &daemon->status;
    uint64_t queued;

    line_begin(line);
    line_add(line, "{\"type\":\"status\",\"samples\":%" PRIu64 ",\"events\":%" PRIu64,
             status->samples, status->events);
    line_add(line, ",\"elevated_since\":");
    line_add_time(line, &status->elevated_since);
    line_add(line, ",\"critical_since\":");
    line_add_time(line, &status->critical_since);
    write_storage(daemon, line, &queued);
    line_add(line, ",\"budget\":\"%s\",\"rss_bytes\":%" PRIu64,
             status->is_over_budget ? "over" : "ok", status->rss_bytes);
    line_add(line, ",\"clients\":%zu,\"client_lines_lost\":%" PRIu64, daemon->server.count,
             server_lost(&daemon->server));
    write_heartbeat(daemon, line);
    line_add(line, ",\"longest_dispatch_ms\":%" PRId64 ",\"queued_records\":%" PRIu64,
             status->longest_dispatch_ns / NS_PER_MS, queued);
    line_add(line, ",\"blackbox\":\"%s\",\"captures\":%" PRIu64 ",\"slower\":%" PRIu64,
             evidence_blackbox_state(&daemon->evidence), evidence_count(&daemon->evidence),
             status->budget.slower);
    line_add(line, ",\"source\":");
    line_add_text(line, pausemon_source_get_name(daemon->source));
    line_add(line, ",\"pid\":%jd,\"version\":\"%s\"}", (intmax_t)getpid(), pausemon_version());
}

void status_describe(const struct daemon *daemon, char *text, size_t size)
{
    uint64_t tier = pausemon_monitor_get_tier(daemon->monitor);

    snprintf(text, size, "%s, %" PRIu64 " samples, %" PRIu64 " events, %zu clients%s",
             pausemon_tier_name(tier), daemon->status.samples, daemon->status.events,
             daemon->server.count, daemon->has_ended ? ", the recording is over" : "");
}
