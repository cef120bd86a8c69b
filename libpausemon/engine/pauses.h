/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_PAUSES_H
#define PM_ENGINE_PAUSES_H

/* Puts together what the detectors report of one standstill, has it judged, and says when it is to
 * be told. Times are monotonic, of the monitor's host. */

#include "core/blame.h"
#include "core/cause.h"

/* One report. */
struct pm_report {
    uint64_t detector; /* one bit of enum pausemon_detector */
    int64_t onset_ns, end_ns;
    struct pm_lapse lapse;
};

/* The reports of one detector, joined. */
struct pm_sighting {
    bool exists;
    int64_t onset_ns, end_ns;
    struct pm_lapse lapse;
};

enum pm_seen_by { PM_SEEN_BY_BEATS, PM_SEEN_BY_LOOKS, PM_SEEN_BY_PRESSURE, PM_SEEN_BY_COUNT };

/* A stall that lasts, by PSI. */
struct pm_stall {
    int64_t since_ns, until_ns; /* since 0: none */
    struct pm_lapse lapse;
};

struct pm_pauses {
    /* From the configuration. */
    uint64_t record_ns, forensics_ns, share_permille, suppress_ns;
    uint64_t elevated, critical;
    /* The newest pause: it grows as long as reports touch it. */
    bool exists;
    bool is_new;              /* reports came since it was judged */
    bool is_told;             /* nothing came since it was told */
    uint64_t told_ns;         /* its duration when it was told; 0: it was not */
    int64_t onset_ns, end_ns; /* of all sightings */
    struct pm_sighting seen[PM_SEEN_BY_COUNT];
    struct pausemon_pause pause;
    struct pm_guilt guilt; /* of its freezes so far */
    struct pm_stall memory, io;
    int64_t suppressed_until_ns; /* after a suspend */
};

void pm_pauses_init(struct pm_pauses *pauses, const struct pm_host *host);
void pm_pauses_set_config(struct pm_pauses *pauses, const struct pausemon_config *config);

/* False: the pause that waits has to be told first. */
bool pm_pauses_add(struct pm_pauses *pauses, const struct pm_report *report);

/* What a look's readings say of pressure; `blocked`: uninterruptible processes besides the one with
 * the most I/O. The end of a stall is a report; false as above, and nothing was taken. */
bool pm_pauses_feel(struct pm_pauses *pauses, const struct pm_growth *growth, uint64_t blocked,
                    int64_t now_ns);

/* There will be no more looks: stalls that go on end. False as above. */
bool pm_pauses_end_stalls(struct pm_pauses *pauses);

/* Judges what is new, and blames by what was spent since the mark: after the first look that
 * follows a report; the mark is to be set then. */
void pm_pauses_judge(struct pm_pauses *pauses, const struct pausemon_instant *now,
                     const struct pm_table *table, int64_t own_pid);

/* When the pause is to be told; -1: nothing waits. `watched`: by a heartbeat, whose next report may
 * still come. */
int64_t pm_pauses_get_due(const struct pm_pauses *pauses, bool watched);

/* It was told, or is not worth it: whether it is. pauses->pause is what to tell, without id where
 * it is new. */
bool pm_pauses_take(struct pm_pauses *pauses);

/* The floor under a sample's stress by the judged pause. */
uint64_t pm_pauses_floor(const struct pm_pauses *pauses);

/* The floor by a stall that goes on. */
uint64_t pm_pauses_stall_floor(const struct pm_pauses *pauses, int64_t now_ns);

/* A stall goes on. */
bool pm_pauses_are_stalled(const struct pm_pauses *pauses);

#endif
