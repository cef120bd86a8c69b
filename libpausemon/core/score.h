/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_SCORE_H
#define PM_CORE_SCORE_H

#include "core/config.h"

uint64_t pm_score(const struct pausemon_config *config, const struct pausemon_process *process);

#endif
