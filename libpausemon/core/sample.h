/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_SAMPLE_H
#define PM_CORE_SAMPLE_H

#include <pausemon/sample.h>

#include "base/host.h"

struct pausemon_sample {
    struct pm_host host;
    struct pausemon_sample_info info;
    struct pausemon_process rogues[PAUSEMON_MAX_ROGUES];
};

/* In place, for a sample that is part of something else. */
void pm_sample_init(struct pausemon_sample *sample, const struct pm_host *host);

#endif
