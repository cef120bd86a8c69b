/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_STATUS_H
#define PAUSEMOND_STATUS_H

/* How the daemon itself fares: its counts, its cost, its memory. */

#include <pausemon/monitor.h>

#include "pausemond/budget.h"

struct daemon;
struct line;

#define STATUS_INTERVAL_NS (10 * INT64_C(1000000000))

struct status {
    uint64_t samples, events; /* since the start */
    int64_t last_event_id;
    struct pausemon_instant elevated_since, critical_since; /* all 0: it is not */
    int64_t measured_ns, measured_cpu_ns; /* when, and what the CPU clock said then */
    uint64_t is_over_budget;
    struct budget budget;
    uint64_t rss_bytes;
    int64_t longest_dispatch_ns;
};

void status_begin(struct status *status);
void status_note_sample(struct status *status);
void status_note_tier(struct status *status, const struct pausemon_event *event);
void status_note_escalation(struct status *status, const struct pausemon_escalation *escalation);

/* Measures cost and memory; what changed is said in the log. Every STATUS_INTERVAL_NS. */
void status_measure(struct daemon *daemon, int64_t now_ns);

/* The line for clients, without its newline. */
void status_write(const struct daemon *daemon, struct line *line);

/* A sentence for people: "sentinel, 12 samples". */
void status_describe(const struct daemon *daemon, char *text, size_t size);

#endif
