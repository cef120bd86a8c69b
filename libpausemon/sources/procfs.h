/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_PROCFS_H
#define PM_SOURCES_PROCFS_H

/* The procfs source in two halves: procfs.c walks the directory and knows what has changed,
 * procfs_read.c reads one process. */

#include <stdbool.h>

#include "base/map.h"
#include "sources/source.h"

/* A thread costs a file, 15 to 20 µs: beyond these the sums over threads are unknown. */
#define PM_PROCFS_MAX_THREADS 256       /* of one process */
#define PM_PROCFS_MAX_THREADS_LOOK 1024 /* of all processes in one look */

/* Which threads: a hash of their ids, in any order, how many, and the largest id. */
struct pm_procfs_threads {
    uint64_t key, count;
    int64_t last;
};

struct pm_procfs {
    struct pm_host host;
    int root_fd;
    char name[512];  /* "procfs:ROOT", for messages */
    bool has_clocks; /* the pids are those of our own namespace */
    uint64_t page_size, ns_per_tick;
    uint64_t wants;
    bool wants_full; /* in this look: nothing may be taken as known */
    bool swap_used;  /* in this look */
    bool incomplete; /* in this look: somebody was not looked at */
    bool exhausted;  /* at this process: no descriptor or memory was left to read it with */
    struct pm_procfs_threads threads; /* of this process: those the sums are over */
    uint64_t child_faults;            /* of this process: see read_io() */
    size_t threads_left;              /* in this look */
    uint64_t skipped;                 /* in this look */
    uint64_t look;
    struct pm_procfs_known {
        int64_t pid;
        uint64_t clock_ns;
        uint64_t look; /* in which it was last seen */
        uint64_t state;
        bool denied; /* something of it was refused */
        struct pm_procfs_threads threads;
        uint64_t child_faults;
    } * known;
    size_t count, capacity;
    struct pm_map index;
    char text[8192];                                       /* one file */
    char entries[32768] __attribute__((aligned(8)));       /* of the root directory */
    char thread_entries[8192] __attribute__((aligned(8))); /* of a task directory */
};

enum pm_procfs_result {
    PM_PROCFS_OK,
    PM_PROCFS_GONE,
    PM_PROCFS_UNREADABLE /* it is there, and nothing can be said of it */
};

/* CPU time of a process by its clock: no file, no right, nanoseconds. False: it is gone. */
bool pm_procfs_clock(int64_t pid, uint64_t *cpu_ns);

/* Everything that is wanted of one process. Uses row->cpu_ns if it is already there. `known` is
 * what was read before, or NULL. */
enum pm_procfs_result pm_procfs_read_full(struct pm_procfs *procfs, struct pausemon_row *row,
                                          const struct pm_procfs_known *known);

/* What may have changed although the process did not run: state and memory. */
enum pm_procfs_result pm_procfs_read_idle(struct pm_procfs *procfs, struct pausemon_row *row);

/* One file below the root into procfs->text. The length, or a negative errno. */
int pm_procfs_read_file(struct pm_procfs *procfs, int directory_fd, const char *path);

#endif
