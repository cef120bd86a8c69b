/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_UNIT_PARSE_H
#define PM_SOURCES_UNIT_PARSE_H

/* Texts of /proc that say whose a process is, over bytes and a length. Pure. */

#include <stddef.h>
#include <stdint.h>

/* The real uid in status; -1: none. */
int64_t pm_parse_uid(const char *bytes, size_t length);

/* From /proc/PID/cgroup: the systemd unit ("ssh.service"), else the container
 * ("container 0123456789ab"); "" if it is in neither. Cleaned. */
void pm_parse_unit(const char *bytes, size_t length, char *unit, size_t size);

#endif
