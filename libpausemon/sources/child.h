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
    pid_t parent;    /* who started it: after fork() the other one only closes its descriptors */
    int out_fd;      /* its stdout, not blocking; -1: there is no child */
    int err_fd;      /* its stderr, not blocking */
    int pid_fd;      /* readable when it has ended; -1 where there is none */
    int exit_status; /* once it has ended: 0..255, or one of the two below */
    char last_words[200]; /* the last of its stderr */
};

#define PM_CHILD_SIGNALLED (-1) /* a signal ended it */
#define PM_CHILD_TAKEN (-2)     /* the host reaped it: nobody can tell us */

/* No child: may be ended. */
#define PM_CHILD_NONE ((struct pm_child){.out_fd = -1, .err_fd = -1, .pid_fd = -1})

/* argv[0] is a path, never searched for. Its stdin is empty, LC_ALL=C, no other descriptor is
 * inherited, its process group is its own. */
int pm_child_start(struct pm_child *child, const char *const *argv, const struct pm_host *host,
                   struct pausemon_error *error);

/* The same, but its stdin is a pipe: *in_fd is our end of it, not blocking, yours to close; -1 on
 * failure. Who writes there when nobody reads any more gets SIGPIPE. */
int pm_child_start_fed(struct pm_child *child, const char *const *argv, int *in_fd,
                       const struct pm_host *host, struct pausemon_error *error);

/* Keeps the last of what it complains, and its pipe empty; at the end of stderr err_fd is -1.
 * Reading stdout does it too: it is for those who no longer do that. */
void pm_child_listen(struct pm_child *child);

/* Bytes of its stdout; 0 at their end; a negative errno, -EAGAIN when there is nothing yet. */
ssize_t pm_child_read(struct pm_child *child, char *bytes, size_t size);

/* Whether a descriptor says that it has ended, though something else may still hold its output. */
bool pm_child_is_gone(const struct pm_child *child);

/* The same where there is no such descriptor too. Nothing is reaped: if nobody else does it, its
 * pid stays its own. */
bool pm_child_is_over(const struct pm_child *child);

/* Kills it, and what is left of its process group; also when it is over, as long as its pid is
 * certain to be its own. Does not wait. */
void pm_child_kill(const struct pm_child *child);

/* Whether it has ended; then `text` says how ("exit status 1: usage: …"). Does not wait. */
bool pm_child_has_ended(struct pm_child *child, char *text, size_t size);

/* Kills it if it lives, waits at most a fifth of a second, closes everything. */
void pm_child_end(struct pm_child *child);

/* Closes everything, whether it lives or not. */
void pm_child_leave(struct pm_child *child);

#endif
