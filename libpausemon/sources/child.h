/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_CHILD_H
#define PM_SOURCES_CHILD_H

/* A program that we started and read from. The host may reap our children or ignore SIGCHLD, so
 * the end is known by the end of its output, and a pid that may have been reaped is never
 * signalled: on Linux signals go through a pidfd that was proven to be the child's. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct pm_child {
    pid_t pid;
    pid_t parent; /* who started it: after fork() the other one only closes its descriptors */
    int out_fd;   /* its stdout, not blocking; -1: there is no child */
    int err_fd;   /* its stderr, not blocking */
    int pid_fd;   /* readable when it has ended; -1 where there is none */
    char last_words[200]; /* the last of its stderr */
};

/* No child: may be ended. */
#define PM_CHILD_NONE ((struct pm_child){.out_fd = -1, .err_fd = -1, .pid_fd = -1})

/* argv[0] is a path, never searched for. Its stdin is empty, LC_ALL=C, no other descriptor is
 * inherited, its process group is its own. */
int pm_child_start(struct pm_child *child, const char *const *argv, const struct pm_host *host,
                   struct pausemon_error *error);

/* Bytes of its stdout; 0 at their end; a negative errno, -EAGAIN when there is nothing yet. */
ssize_t pm_child_read(struct pm_child *child, char *bytes, size_t size);

/* Whether a descriptor says that it has ended, though something else may still hold its output. */
bool pm_child_is_gone(const struct pm_child *child);

/* Whether it has ended; then `text` says how ("exit status 1: usage: …"). Does not wait. */
bool pm_child_has_ended(struct pm_child *child, char *text, size_t size);

/* Kills it if it lives, waits at most a fifth of a second, closes everything. */
void pm_child_end(struct pm_child *child);

#endif
