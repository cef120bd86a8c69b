/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_FORENSICS_H
#define PM_FORENSICS_FORENSICS_H

#include <limits.h>

#include "core/config.h"
#include "forensics/capture.h"
#include "forensics/counters.h"
#include "forensics/hook.h"
#include "forensics/recorder.h"

struct pausemon_forensics {
    struct pm_host host; /* of run's thread */
    struct pausemon_config *config;
    struct pausemon_forensics_options options;
    char place[PATH_MAX]; /* of the events' directory, links in its parents resolved */
    char root[PATH_MAX];  /* before every path of a tool or of the kernel; "": none */
    const struct pm_steps *steps;
    uint64_t uid;             /* what may be had: 0 is root */
    uint64_t (*room)(int fd); /* pm_tree_room */
    struct pm_memory memory;
    struct pm_capture capture; /* the last one */
    uint64_t used_serial;      /* of the last moment that became a capture */
    bool has_failed;           /* none could be made: that was logged */
    _Atomic bool asked, cancelled;
    struct pm_counters baselines[2]; /* [0] is the newer */
    struct pm_recorder recorder;
    char recorder_why[232]; /* it is switched on and could not be had */
    struct pm_hooks hooks;
    int64_t idle_ns; /* the system's monotonic, of the last call of idle */
};

/* For tests: another table, with a root before every path ("" for none). */
void pm_forensics_set_steps(struct pausemon_forensics *forensics, const struct pm_steps *steps,
                            const char *root);

/* What has been told meanwhile goes where it belongs; it stops at what begins a capture, which is
 * then the oldest notice. */
void pm_forensics_hear(struct pausemon_forensics *forensics);

/* A capture waits. */
bool pm_forensics_is_due(struct pausemon_forensics *forensics);

/* While something is waited for: calls idle about once a second. */
void pm_forensics_idle(struct pausemon_forensics *forensics);

/* The events' directory; it is made if it is not there. Its descriptor. */
int pm_forensics_open_events(const struct pausemon_forensics *forensics,
                             struct pausemon_error *error);

/* ROOT/PATH; PAUSEMON_ERR_LIMIT if it is too long. */
int pm_forensics_path(const struct pausemon_forensics *forensics, const char *path,
                      char out[PATH_MAX]);

#endif
