/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_READINGS_PARSE_H
#define PM_SOURCES_READINGS_PARSE_H

/* The texts that the machine's totals are in, over bytes and a length; a text that was cut off
 * gives what it has. Pure. */

#include "core/readings.h"

/* /proc/stat: sets BUSY, SWITCHES and the CPUs. */
void pm_parse_machine_stat(const char *bytes, size_t length, uint64_t ns_per_tick,
                           struct pm_readings *readings);

/* A file of /proc/pressure: sets what it has of the two. Pass PM_READ_COUNT for one not wanted. */
void pm_parse_pressure(const char *bytes, size_t length, enum pm_reading some, enum pm_reading full,
                       struct pm_readings *readings);

/* cpu.stat of a cgroup, version 1 or 2: sets THROTTLED. */
void pm_parse_cpu_stat(const char *bytes, size_t length, struct pm_readings *readings);

#define PM_CGROUP_SIZE 512

/* The path of the cgroup in /proc/PID/cgroup that has this controller of version 1, or with NULL
 * that of version 2: NUL-terminated into `path`. False if there is none or it does not fit. */
bool pm_parse_cgroup(const char *bytes, size_t length, const char *controller,
                     char path[PM_CGROUP_SIZE]);

#endif
