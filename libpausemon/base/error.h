/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_ERROR_H
#define PM_BASE_ERROR_H

#include "base/host.h"

/* Fills the caller's error (NULL is fine) and returns `status`, so that a failure is one line:
 * return pm_fail(error, PAUSEMON_ERR_FORMAT, "line %d: …", line); */
int pm_fail(struct pausemon_error *error, int status, const char *format, ...) PM_PRINTF(3, 4);

/* The same for a system call that failed: appends ": " and what `os_errno` means, and chooses
 * the status by it. */
int pm_fail_os(struct pausemon_error *error, int os_errno, const char *format, ...) PM_PRINTF(3, 4);

#endif
