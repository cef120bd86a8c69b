/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_KNOWN_H
#define MONITOR_KNOWN_H

/* All that the monitor knows and shows: no descriptor, no clock, no file. It hears lines of a
 * daemon, or events of a monitor in this process, and rows of the database. Its bounds hold
 * whatever it hears. */

#include <pausemon/pausemon.h>

#include "common/message.h"

#define KNOWN_STRESS 512 /* of the last samples */
#define KNOWN_ROWS 500   /* of the lists */
#define KNOWN_TOLD 16    /* incidents that came by the link, and may not be written yet */
#define KNOWN_CALM 16
#define KNOWN_CALM_MS 10000
#define KNOWN_CALM_SCORE 15 /* who never had more has not spiked */

enum known_link { LINK_DOWN = 0, LINK_UP, LINK_LOCAL };

/* A process that spiked and is no rogue any more. */
struct known_calm {
    struct pausemon_process process; /* at its worst */
    int64_t gone_ms;
};

struct known_pause {
    int64_t id, start_ns;
    uint64_t duration_ns, cause, confidence, culprits, count;
    char culprit[PAUSEMON_COMMAND_SIZE];
};

struct known_event {
    int64_t id, start_ns, end_ns;
    uint64_t is_open, peak_stress, peak_tier, review, samples;
    char notes[128];
};

struct known {
    /* Set by whoever draws. */
    int64_t now_ns, now_ms; /* realtime, monotonic */
    char host[64];
    /* The link. */
    enum known_link link;
    char link_name[16]; /* "system", or "" */
    char link_why[160]; /* while it is down */
    int64_t retry_ms;   /* monotonic: the next attempt */
    char past_why[200]; /* why there is no history; "" */
    char look_why[200]; /* why a look failed, in this process; "" */
    int64_t heard_ms;   /* monotonic: of the last sample */
    /* Samples. */
    struct pausemon_sample *sample, *fresh;             /* the newest; one to read into */
    struct pausemon_process worst[PAUSEMON_MAX_ROGUES]; /* each rogue of it, at its worst */
    size_t worst_count;
    struct known_calm calm[KNOWN_CALM]; /* the newest first */
    size_t calm_count;
    uint8_t stress[KNOWN_STRESS], tiers[KNOWN_STRESS]; /* the oldest first */
    size_t stress_count;
    uint64_t has_sample, tier;
    int64_t since_ns; /* realtime: the tier is above 1; 0: not known */
    struct message status;
    uint64_t has_status;
    struct pausemon_heartbeat_info
        beats; /* of a heartbeat in this process; size 0: there is none */
    /* Incidents: the newest first. */
    struct known_pause pauses[KNOWN_ROWS];
    struct known_event events[KNOWN_ROWS];
    size_t pause_count, event_count;
    struct pausemon_pause *told_pauses[KNOWN_TOLD]; /* by id modulo; id 0: none */
    struct known_event told_events[KNOWN_TOLD];     /* likewise */
    struct pausemon_pause *heard_pause;             /* one to read into */
    int64_t filter;                                 /* of events, enum pausemon_review; -1: all */
    uint64_t is_dirty;                              /* something was told that the lists may lack */
};

/* NULL without memory. */
struct known *known_new(void);
void known_free(struct known *known);

/* What is true of one connection only is forgotten; samples and incidents stay. */
void known_disconnect(struct known *known);

/* A line of a daemon. 0; -1: it is no message; -2: JSON cannot be read in this build; -3: it is an
 * "error", whose text is in known->link_why. */
int known_hear(struct known *known, const char *line, size_t length);

/* The same by a monitor in this process. */
void known_take_sample(struct known *known, const struct pausemon_sample *sample, uint64_t tier);
void known_take_pause(struct known *known, const struct pausemon_pause *pause);
void known_take_event(struct known *known, const struct pausemon_escalation *escalation);

/* The lists anew: begin, each row, end: then what was told and is not written comes in. */
void known_begin_pauses(struct known *known);
void known_add_pause(struct known *known, const struct pausemon_pause *pause);
void known_end_pauses(struct known *known);
void known_begin_events(struct known *known);
void known_add_event(struct known *known, const struct pausemon_escalation *escalation);
void known_end_events(struct known *known);

/* A pause that was told, by its id; NULL. */
const struct pausemon_pause *known_find_pause(const struct known *known, int64_t id);

/* Lets go of who has been calm for long. */
void known_expire(struct known *known);

#endif
