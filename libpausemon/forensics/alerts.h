/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_ALERTS_H
#define PM_FORENSICS_ALERTS_H

/* Notifications. The thread that dispatches puts down notices, in slots made beforehand; the one
 * that runs decides which of them are told, makes their texts and sends programs off. What the
 * first needs of the settings is a few numbers. */

#include <pausemon/alerts.h>
#include <stdatomic.h>

#include "base/spsc.h"
#include "core/config.h"
#include "forensics/errand.h"

#define PM_ALERT_SLOTS 16
#define PM_ALERT_PROGRAMS 4 /* at once */
#define PM_ALERT_USERS 8
#define PM_ALERT_INCIDENTS 32 /* remembered */
#define PM_ALERT_TEXT_SIZE 1024
#define PM_ALERT_ARGUMENTS 32
#define PM_ALERT_STORE_SIZE 8192 /* of one program's arguments */

/* ---- what is to be told (alerts_notice.c) ---- */

enum pm_alert_kind {
    PM_ALERT_PAUSE,
    PM_ALERT_CRITICAL,
    PM_ALERT_ELEVATED,
    PM_ALERT_CAPTURE,
    PM_ALERT_KIND_COUNT
};

struct pm_alert {
    enum pm_alert_kind kind;
    int64_t event_id, pause_id; /* 0: none */
    uint64_t ns;                /* PAUSE: how long; CRITICAL: for how long now */
    uint64_t stress;            /* CRITICAL, ELEVATED */
    uint64_t reason;            /* CAPTURE */
    int64_t pid;                /* CRITICAL, ELEVATED: of the worst rogue; -1: there is none */
    uint64_t score;
    char name[PAUSEMON_COMMAND_SIZE]; /* of the worst rogue, or of the capture */
    char verdict[PM_ALERT_TEXT_SIZE]; /* PAUSE */
};

/* Filled by the thread that dispatches. */
struct pm_notices {
    struct pm_spsc ring;
    struct pm_alert slots[PM_ALERT_SLOTS];
    _Atomic uint64_t dropped;
    _Atomic bool closed; /* the monitor is gone */
    /* Set by the thread that runs. Below 0: none are told. */
    _Atomic int64_t pause_min_ns, critical_ns, elevated;
    /* Of the thread that dispatches: */
    bool is_critical, critical_told;
    int64_t critical_since_ns;
};

/* What a monitor tells. Does not wait, allocate or read a clock. */
void pm_notices_tell(struct pm_notices *notices, const struct pausemon_event *event);

struct pm_alert_text {
    bool urgent;
    char title[128], body[2 * PM_ALERT_TEXT_SIZE]; /* plain text, cleaned */
};

void pm_alert_write(struct pm_alert_text *text, const struct pm_alert *notice);

/* ---- how it is told (alerts_system.c) ---- */

struct pm_alert_user {
    uint32_t uid, gid;
};

/* Arguments; what is not static is in the store. */
struct pm_alert_command {
    const char *argv[PM_ALERT_ARGUMENTS];
    size_t count, used;
    char store[PM_ALERT_STORE_SIZE];
};

/* One system's way. A part of argv may hold {root} {uid} {gid} {urgency} {title} {body}; one that
 * begins with '?' is there only with a sound, one with '!' only without. */
struct pm_alert_system {
    const char *const *self; /* ended by NULL; for the user we are */
    const char *const *everybody;
    const char *missing; /* what to do about a program that is not there */
    bool has_markup;     /* the body is markup, with escapes of C */
    /* Who has a session; at most PM_ALERT_USERS. `root` stands before all paths. */
    size_t (*find_users)(const char *root, struct pm_alert_user *users);
    /* Whether the user we are has one. `address`: of a session bus, or NULL. */
    int (*find_own)(const char *root, const char *address, struct pausemon_error *error);
};
extern const struct pm_alert_system pm_alert_linux, pm_alert_darwin;
const struct pm_alert_system *pm_alert_here(void);

/* PAUSEMON_ERR_LIMIT: the texts are too long. */
int pm_alert_compose(struct pm_alert_command *command, const struct pm_alert_system *system,
                     const char *root, const struct pm_alert_text *text, bool sound,
                     const struct pm_alert_user *user, bool for_other);

/* Whether its programs are there. */
int pm_alert_check_programs(const struct pm_alert_system *system, const char *root, bool everybody,
                            struct pausemon_error *error);
int pm_alerts_probe(const struct pm_alert_system *system, const char *root, const char *address,
                    bool everybody, struct pausemon_error *error);

/* ---- the whole (alerts.c) ---- */

struct pm_alert_incident {
    int64_t event_id, pause_id;
    int rank; /* of what was told of it */
};

struct pm_alert_program {
    struct pm_errand errand;
    struct pm_alert_command command;
};

struct pausemon_alerts {
    struct pm_host host;
    struct pausemon_monitor *monitor; /* NULL: not attached */
    int subscription;
    bool everybody, sound, captures;
    bool trouble_said;
    uint64_t dropped_said;
    const struct pm_alert_system *system;
    char root[128];
    struct pm_notices notices;
    struct pm_alert captured[PM_ALERT_SLOTS]; /* of run's own thread: they wait for their turn */
    size_t captured_count;
    struct pm_alert_incident incidents[PM_ALERT_INCIDENTS];
    size_t incident_count;     /* ever */
    struct pm_alert_text text; /* that is being told */
    struct pm_alert_user users[PM_ALERT_USERS];
    size_t user_count, next_user; /* to whom; those before it have been */
    struct pm_alert_program programs[PM_ALERT_PROGRAMS];
};

/* For tests: a root before all paths, and another system's way (NULL: ours). */
void pm_alerts_set_system(struct pausemon_alerts *alerts, const char *root,
                          const struct pm_alert_system *system);

#endif
