/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_PROCFS_PARSE_H
#define PM_SOURCES_PROCFS_PARSE_H

/* The texts of /proc, over bytes and a length. Each returns false when the text is not what
 * proc(5) says, and then says nothing. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pausemon/process.h>

struct pm_stat {
    const char *command; /* in the text, not terminated */
    size_t command_length;
    uint64_t state; /* enum pausemon_state */
    int64_t ppid;
    bool is_kernel_thread;
    uint64_t cminflt, majflt, utime, stime, cutime, cstime; /* times in clock ticks */
    uint64_t threads, start_time;
};

bool pm_parse_stat(const char *bytes, size_t length, struct pm_stat *stat);

/* Second field of statm: pages. */
bool pm_parse_statm(const char *bytes, size_t length, uint64_t *resident);

/* Of status: bytes. A line that is missing (kernel threads, zombies) is 0. */
bool pm_parse_status(const char *bytes, size_t length, uint64_t *resident, uint64_t *swap);

/* Of io: read and write calls; bytes read from and written to storage. */
bool pm_parse_io_calls(const char *bytes, size_t length, uint64_t *calls);
bool pm_parse_io_bytes(const char *bytes, size_t length, uint64_t *total);

struct pm_schedstat {
    uint64_t run_ns, wait_ns, switches;
};

bool pm_parse_schedstat(const char *bytes, size_t length, struct pm_schedstat *schedstat);

/* /proc/swaps: whether anything is swapped out. */
bool pm_parse_swaps(const char *bytes, size_t length, bool *used);

/* A directory's name as a pid: decimal digits without a leading zero, within int64. */
bool pm_parse_pid(const char *name, int64_t *pid);

#endif
