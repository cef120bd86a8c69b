/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_KMSG_H
#define PM_FORENSICS_KMSG_H

/* Records of /dev/kmsg: "6,339,5140900,-;text", then lines that begin with a space. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_KMSG_LINE 1200 /* of what is written of one, its NUL included */

/* The line for people, "[    5.140900] text", into `line`, cleaned and cut; false: it is no record,
 * or older than `since_us` of the kernel's clock. `length` without the newline. */
bool pm_kmsg_line(char line[PM_KMSG_LINE], const char *bytes, size_t length, uint64_t since_us);

#endif
