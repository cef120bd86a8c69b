/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_COLLECTOR_H
#define PM_ENGINE_COLLECTOR_H

/* What the monitor sees of a collector beyond its API. */

#include <pausemon/collector.h>

#include "core/sample.h"
#include "core/table.h"

/* The sample of the last collect, to be completed. */
struct pausemon_sample *pm_collector_sample(struct pausemon_collector *collector);

struct pm_table *pm_collector_table(struct pausemon_collector *collector);

bool pm_collector_has_looked(const struct pausemon_collector *collector);

/* Whether it looked at a recording, whose time is not this machine's. */
bool pm_collector_is_recorded(const struct pausemon_collector *collector);

#endif
