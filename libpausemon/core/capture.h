/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_CAPTURE_H
#define PM_CORE_CAPTURE_H

#include <pausemon/capture.h>
#include <stdbool.h>

#include "base/sized.h"

/* What it had in the first release: nobody may bring less. */
#define PM_CAPTURE_FIRST_SIZE PM_END_OF(struct pausemon_capture, name)

/* Whether a name is one of a capture: YYYY-mm-dd_HH-MM-SS, perhaps with _N. */
bool pm_capture_is_name(const char *name);

#endif
