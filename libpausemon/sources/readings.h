/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_READINGS_H
#define PM_SOURCES_READINGS_H

/* Reads the totals of this machine and of one thread. The files stay open: what is read during a
 * standstill must not look up paths first. What cannot be read is not known, and no failure. */

#include <pthread.h>

#include "base/host.h"
#include "core/readings.h"

#define PM_READER_FILES 5

struct pm_reader {
    int files[PM_READER_FILES]; /* by row of the table; -1: not there */
    int thread_fd;              /* schedstat of the thread; -1 */
    clockid_t thread_clock;
    bool has_thread;
    uint64_t ns_per_tick;
    char text[32768];
};

void pm_reader_open(struct pm_reader *reader);
void pm_reader_close(struct pm_reader *reader);

/* From now on it is about this thread of this process. */
void pm_reader_watch(struct pm_reader *reader, pthread_t thread, int64_t tid);

/* All but ASLEEP, which the host's clock tells. Blocks as little as /proc does: no file of another
 * process is read. */
void pm_reader_read(struct pm_reader *reader, struct pm_readings *readings);

#endif
