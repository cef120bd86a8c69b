/* SPDX-License-Identifier: MIT */
#ifndef REALPROC_H
#define REALPROC_H

/* What tests over the real /proc share: children that are bounded whatever happens to the test
 * (alarm, death signal, end of their pipe), what the kernel says of a process, and looks that
 * are compared with it. */

#include "fakeproc.h"

#include <sys/types.h>

struct child {
    pid_t pid;
    int command; /* what it reads; its end ends a child that reads; -1: closed */
    int ready;   /* what it writes when it is where it should be */
};

/* Forks a child that runs `body`, and returns when that has said it is ready. */
struct child child_start(void (*body)(int command, int ready));
void child_say(int ready);
void child_hear(const struct child *child);
/* Closes its command pipe. */
void child_let_go(struct child *child);
/* Kills and reaps it. */
void child_end(struct child *child);

/* A body: "pm-vfork" waits uninterruptibly until its command pipe is closed. */
void be_uninterruptible(int command, int ready);

/* Waits, at most 5 s and more, until stat shows that letter. */
void wait_for_state(pid_t pid, char state);
int64_t cpu_ns_of(pid_t pid);
int64_t calls_of(pid_t pid); /* syscr + syscw */

/* A watch of the real /proc with the true clock; config NULL: the defaults. */
void open_real(struct watch *watch, const struct pausemon_config *config);
/* One look; the process, or NULL. */
const struct pausemon_process *look_for(struct watch *watch, pid_t pid);
/* The first looks may be spread over the processes: looks until a complete one has it. */
const struct pausemon_process *find_at_last(struct watch *watch, pid_t pid);

/* A counter of the kernel read around two looks: its growth between them lies between `least`
 * and `most`. */
struct bracket {
    int64_t least, most;
    const struct pausemon_process *process; /* after the second look */
};
struct bracket measure(struct watch *watch, pid_t pid, int64_t (*counter)(pid_t), int ms);

#endif
