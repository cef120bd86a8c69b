/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_PAUSES_H
#define PM_ENGINE_PAUSES_H

/* Puts together what the detectors report of one standstill, and has it judged when it is over.
 * Times are monotonic, of the monitor's host. */

#include "core/blame.h"
#include "core/cause.h"

/* One report. */
struct pm_report {
    uint64_t detector; /* one bit of enum pausemon_detector */
    int64_t onset_ns, end_ns;
    struct pm_lapse lapse;
};

/* A stall that lasts, by PSI. */
struct pm_pressure {
    int64_t since_ns, until_ns; /* since 0: none */
    struct pm_lapse lapse;
};

struct pm_pauses {
    /* From the configuration. */
    uint64_t record_ns, forensics_ns, share_permille, suppress_ns;
    uint64_t elevated, critical;
    /* The newest pause: it may grow as long as reports touch it. */
    bool exists, told;
    int64_t onset_ns, end_ns;
    uint64_t detectors;
    struct pm_lapse beats, others; /* of the heartbeat; of the rest */
    struct pausemon_pause pause;
    struct pm_pressure memory, io;
    int64_t suppressed_until_ns; /* after a suspend */
};

void pm_pauses_init(struct pm_pauses *pauses, const struct pm_host *host);
void pm_pauses_set_config(struct pm_pauses *pauses, const struct pausemon_config *config);

/* False: the pause that waits to be told has to be told first. */
bool pm_pauses_add(struct pm_pauses *pauses, const struct pm_report *report);

/* What a look's readings say of pressure; `blocked`: uninterruptible processes besides the one with
 * the most I/O. Adds a report at the end of a stall; false as above. */
bool pm_pauses_feel(struct pm_pauses *pauses, const struct pm_growth *growth, uint64_t blocked,
                    int64_t now_ns);

/* Whether there is something to tell at `now_ns`, `watched`: by a heartbeat, whose next report may
 * still come. */
bool pm_pauses_is_due(const struct pm_pauses *pauses, int64_t now_ns, bool watched);

/* When it will be due; -1: nothing waits. */
int64_t pm_pauses_get_due(const struct pm_pauses *pauses, bool watched);

/* Judges it, and blames by the table. True: it is worth telling, and is in pauses->pause, without
 * id where it is new. */
bool pm_pauses_judge(struct pm_pauses *pauses, const struct pausemon_instant *now,
                     const struct pm_table *table, int64_t own_pid);

/* The floor under a sample's stress by the judged pause. */
uint64_t pm_pauses_floor(const struct pm_pauses *pauses);

/* The floor by a stall that goes on. */
uint64_t pm_pauses_pressure_floor(const struct pm_pauses *pauses, int64_t now_ns);

/* Nothing is going on: what processes spend from now on belongs to the next pause. */
bool pm_pauses_are_calm(const struct pm_pauses *pauses, int64_t now_ns);

#endif
