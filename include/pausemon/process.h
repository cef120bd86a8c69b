/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_PROCESS_H
#define PAUSEMON_PROCESS_H

/* A process as a source saw it (struct pausemon_row: counters since its birth) and as the
 * library judges it (struct pausemon_process: rates over the time between two looks).
 * @since 0.1 */

#include <pausemon/common.h>

PAUSEMON_BEGIN_DECLS

enum pausemon_state {
    PAUSEMON_STATE_UNKNOWN = 0,
    PAUSEMON_STATE_RUNNING = 1,
    PAUSEMON_STATE_SLEEPING = 2,
    PAUSEMON_STATE_IDLE = 3,
    PAUSEMON_STATE_STOPPED = 4,
    PAUSEMON_STATE_HALTED = 5,
    PAUSEMON_STATE_ZOMBIE = 6,
    PAUSEMON_STATE_UNINTERRUPTIBLE = 7, /* now: Linux D, macOS top's "stuck" */
    PAUSEMON_STATE_STUCK = 8            /* for scoring.stuck_after_ms without using CPU: a verdict
                                           of the library, never said by a source */
};

/* Which fields are known. What is not known is 0 and means nothing: unknown is not zero. In
 * struct pausemon_process the bit of a rate is set only if there were two looks to make it of. */
enum pausemon_have {
    PAUSEMON_HAVE_CPU = 1 << 0,
    PAUSEMON_HAVE_MEM = 1 << 1,
    PAUSEMON_HAVE_CMPRS = 1 << 2,
    PAUSEMON_HAVE_PAGEINS = 1 << 3,
    PAUSEMON_HAVE_CSW = 1 << 4,
    PAUSEMON_HAVE_SYSBSD = 1 << 5,
    PAUSEMON_HAVE_THREADS = 1 << 6,
    PAUSEMON_HAVE_PPID = 1 << 7,
    PAUSEMON_HAVE_START_TIME = 1 << 8,
    PAUSEMON_HAVE_RUN_DELAY = 1 << 9,
    PAUSEMON_HAVE_IO_BYTES = 1 << 10,
    PAUSEMON_HAVE_CHILD_CPU = 1 << 11,
    PAUSEMON_HAVE_BLOCKED = 1 << 12,  /* in struct pausemon_process only */
    PAUSEMON_HAVE_CPU_RATE = 1 << 13, /* in struct pausemon_row only */
    PAUSEMON_HAVE_STATE = 1 << 14     /* in struct pausemon_row only: for PARTIAL rows */
};

/* What a row says of its process. */
enum pausemon_row_verb {
    PAUSEMON_ROW_FULL = 0,      /* all that is known now; what `have` lacks is unknown */
    PAUSEMON_ROW_PARTIAL = 1,   /* what `have` lacks is as it was in the row before */
    PAUSEMON_ROW_UNCHANGED = 2, /* looked at: everything is as it was in the row before */
    PAUSEMON_ROW_GONE = 3       /* it has ended */
};

/* One process as a source saw it. Counters are totals since the process began: the library
 * makes rates of them. */
struct pausemon_row {
    uint64_t size;
    uint64_t verb;      /* enum pausemon_row_verb */
    uint64_t have;      /* bits of enum pausemon_have: which of the fields below are set */
    uint64_t denied;    /* bits of fields that were refused (EACCES): the process is counted as
                           unreadable. PARTIAL and UNCHANGED rows keep what was said before */
    uint64_t restarted; /* bits of counters that began anew since the row before (or are sums over
                           other parts than before): no rate this time, and a start for the next */
    int64_t read_ns;    /* when it was read, monotonic; 0: the time of the look */
    int64_t pid;        /* not negative. Where it is no process of this system (a container's inode)
                           leave start_time unknown: with one, both are looked up in /proc */
    int64_t ppid;
    int64_t start_time; /* with pid the identity. Only equality counts. Linux: clock ticks since
                           boot. Without it pid and command are the identity */
    uint64_t state;     /* enum pausemon_state as seen at this moment */
    uint64_t cpu_ns;    /* user + system time of all threads */
    uint64_t cpu_rate;  /* where only a rate is to be had (macOS top): tenths of a percent of one
                           core since the look before. Ignored if cpu_ns is known */
    uint64_t mem;       /* bytes resident */
    uint64_t cmprs;     /* bytes compressed or swapped out */
    uint64_t pageins;   /* major faults */
    uint64_t csw;       /* context switches of all threads */
    uint64_t sysbsd;    /* system calls (Linux: read and write calls) */
    uint64_t threads;
    uint64_t run_delay_ns;               /* time all threads were runnable and waited for a CPU */
    uint64_t io_bytes;                   /* read from and written to storage */
    uint64_t child_cpu_ns;               /* CPU time of children that ended and were waited for */
    char command[PAUSEMON_COMMAND_SIZE]; /* any bytes; cleaned by the library */
};
/* clang-format off */
#define PAUSEMON_ROW_INIT {sizeof(struct pausemon_row), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
                           0, 0, 0, 0, 0, 0, {0}}
/* clang-format on */

/* Makes `command` (of a row, say: PAUSEMON_COMMAND_SIZE bytes) the name, as valid UTF-8; what does
 * not fit is cut between characters. */
PAUSEMON_API void pausemon_command_copy(char *command, const char *name);

/* Why a process was selected. */
enum pausemon_category {
    PAUSEMON_CATEGORY_STUCK = 1 << 0,
    PAUSEMON_CATEGORY_STATE = 1 << 1,
    PAUSEMON_CATEGORY_CPU = 1 << 2,
    PAUSEMON_CATEGORY_MEM = 1 << 3,
    PAUSEMON_CATEGORY_CMPRS = 1 << 4,
    PAUSEMON_CATEGORY_THREADS = 1 << 5,
    PAUSEMON_CATEGORY_CSW = 1 << 6,
    PAUSEMON_CATEGORY_SYSBSD = 1 << 7,
    PAUSEMON_CATEGORY_PAGEINS = 1 << 8
};

/* One process, judged. */
struct pausemon_process {
    uint64_t size;
    uint64_t have; /* bits of enum pausemon_have */
    int64_t pid;
    int64_t ppid;
    int64_t start_time; /* as in struct pausemon_row */
    uint64_t state;     /* enum pausemon_state */
    uint64_t cpu;       /* tenths of a percent of ONE core: 1000 is one core, may exceed it */
    uint64_t mem;       /* bytes resident */
    uint64_t cmprs;     /* bytes compressed or swapped out */
    uint64_t pageins;   /* major faults per second */
    uint64_t csw;       /* context switches per second, all threads */
    uint64_t sysbsd;    /* system calls per second */
    uint64_t threads;
    uint64_t score;      /* 0..100 */
    uint64_t categories; /* bits of enum pausemon_category; 0: not selected */
    uint64_t suspect;    /* 1: the name matches suspects.patterns */
    /* For blame: totals over elapsed_ns, not rates. */
    uint64_t elapsed_ns;   /* between the two looks; 0 after the first look */
    uint64_t run_delay_ns; /* waited for a CPU */
    uint64_t io_bytes;
    uint64_t child_cpu_ns; /* of children that ended in this time */
    uint64_t blocked_ns; /* elapsed_ns if uninterruptible at both ends without using CPU, else 0 */
    uint64_t mem_age_ns; /* with HAVE_MEM: how long before this look it was read */
    uint64_t stuck_ns;   /* in state STUCK: for how long; else 0 */
    char command[PAUSEMON_COMMAND_SIZE]; /* valid UTF-8 without control characters */
};
/* clang-format off */
#define PAUSEMON_PROCESS_INIT {sizeof(struct pausemon_process), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
                               0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}}
/* clang-format on */

/* As much of `from` as `to` has room for (to->size stays); what `from` does not have becomes 0. */
PAUSEMON_API void pausemon_process_copy(struct pausemon_process *to,
                                        const struct pausemon_process *from);

/* The value that belongs to one bit of enum pausemon_have: 0, or PAUSEMON_ERR_NOT_FOUND if the
 * process does not have it, PAUSEMON_ERR_INVALID if it is no metric. */
PAUSEMON_API int pausemon_process_get_metric(const struct pausemon_process *process,
                                             uint64_t have_bit, uint64_t *value);

/* "mem" for PAUSEMON_HAVE_MEM, …: the key in JSON. NULL unless exactly one bit of a metric is
 * set. Static text. */
PAUSEMON_API const char *pausemon_metric_name(uint64_t have_bit);

/* "running", …; "unknown" for anything that is no state. Static text. */
PAUSEMON_API const char *pausemon_state_name(uint64_t state);

/* The state of that name; PAUSEMON_STATE_UNKNOWN for any other text. */
PAUSEMON_API uint64_t pausemon_state_from_name(const char *name);

/* "cpu" for PAUSEMON_CATEGORY_CPU, …; NULL unless exactly one known bit is set. Going through
 * the bits upward gives the order in which categories are listed. */
PAUSEMON_API const char *pausemon_category_name(uint64_t category);

PAUSEMON_END_DECLS
#endif
