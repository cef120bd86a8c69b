/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_STUCK_H
#define PM_SOURCES_STUCK_H

/* The tasks that wait uninterruptibly now, as text (see pausemon_monitor_get_onset). Linux;
 * elsewhere PAUSEMON_ERR_UNSUPPORTED. */

#include <stdbool.h>

#include "base/error.h"

#define PM_STUCK_TEXT 16384 /* bytes, its NUL included */

struct pm_stuck {
    uint64_t tasks;  /* in this state */
    uint64_t listed; /* of them, in the text */
    uint64_t seen;   /* tasks looked at */
    bool complete;   /* 0: time or room ran out */
    bool stacks;     /* at least one kernel stack could be read */
    int stack_errno; /* why another could not; 0 */
    char text[PM_STUCK_TEXT];
};

/* Whether there is a way to look. */
bool pm_stuck_is_available(void);

/* Looks at every task below `root` ("/proc") for at most `limit_ns`. Allocates nothing. Reads stat,
 * wchan and, if `stacks`, the kernel stack, which may wait for a task that is just being executed:
 * not for a thread that must not. */
int pm_stuck_look(struct pm_stuck *stuck, const char *root, int64_t limit_ns, bool stacks);

#endif
