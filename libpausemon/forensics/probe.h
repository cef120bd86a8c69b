/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_PROBE_H
#define PM_FORENSICS_PROBE_H

/* What can be expected of the artifacts, without making any. */

#include "core/config.h"
#include "forensics/steps.h"

#define PM_PROBE_TEXT 300

struct pm_probe {
    const struct pausemon_config *config;
    const char *root; /* before every path; "": none */
    uint64_t uid;     /* 0: may do what root may */
    bool has_program; /* one of the step's is there */
    uint64_t state;   /* enum pausemon_artifact_state */
    char text[PM_PROBE_TEXT];
};

/* There will be less of it, or none: the first is what is told, the worse state what holds. */
void pm_probe_note(struct pm_probe *probe, uint64_t state, const char *format, ...) PM_PRINTF(3, 4);

/* Whether a file may be opened for reading: 0 or an errno. Nothing is read. */
int pm_probe_open(const struct pm_probe *probe, const char *path);

/* pausemon_forensics_probe for any table, below any root, as any user. */
int pm_probe_steps(const struct pm_steps *steps, const struct pausemon_config *config,
                   const char *root, uint64_t uid,
                   void (*each)(void *user, const struct pausemon_artifact *artifact), void *user);

#endif
