/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_SELECT_H
#define PM_CORE_SELECT_H

#include "core/sample.h"
#include "core/table.h"

/* Scores every process of the table, selects the rogues and fills the sample's rogues and
 * counts. Allocates nothing. */
void pm_select(struct pausemon_sample *sample, struct pm_table *table,
               const struct pausemon_config *config);

#endif
