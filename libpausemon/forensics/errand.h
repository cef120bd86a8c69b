/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_ERRAND_H
#define PM_FORENSICS_ERRAND_H

/* A program that is sent off with a limit: by argv (argv[0] is a path), in its own process group,
 * no shell. Several run side by side. What `sources/child.h` says of children holds. */

#include <poll.h>

#include "sources/child.h"

#define PM_ERRAND_POLLS 4
#define PM_ERRAND_WHY_SIZE 240

struct pm_errand {
    /* Set before the start; all of it must live until the end. */
    const char *const *argv;
    int64_t limit_ns;   /* then it is killed, with its group */
    int out_fd;         /* a file that takes its stdout; -1: read and thrown away */
    uint64_t max_bytes; /* of stdout; more: it is killed, what came is kept. 0: no limit */
    bool clean;         /* stdout is text for people: see pm_errand_clean */
    const char *input;  /* for its stdin; NULL: it is empty */
    size_t input_length;
    /* How it goes. */
    bool is_running;
    int64_t start_ns, deadline_ns; /* monotonic, of the system */
    uint64_t bytes;                /* written to out_fd */
    uint64_t ms;                   /* that it took */
    int status;                    /* after its end: 0, or negative; then `why` says more. 0 with a
                                      `why`: nobody knows, the host took its exit status */
    char why[PM_ERRAND_WHY_SIZE];  /* "exit status 1: usage: …", "took longer than 10 s: ended" */
    struct pm_child child;
    bool is_ending; /* it was killed; until deadline_ns it may end */
    bool output_over;
    size_t input_sent;
    int in_fd;
    size_t held_length; /* of a character whose rest has not come */
    char held[4];
};

/* 0, or a status that is also in errand->status, with errand->why. */
int pm_errand_start(struct pm_errand *errand, const struct pm_host *host);

/* Moves what there is to move, without waiting; true: it is over (also if it never began). It is
 * over when the program has ended, whoever else holds its stdout: that is read as far as it goes,
 * and what is left of its group is killed. */
bool pm_errand_look(struct pm_errand *errand);

/* Waits until one of them has something, or `timeout_ms` is over, then looks at all; the number
 * that still run. */
size_t pm_errand_wait(struct pm_errand *errands, size_t count, int timeout_ms);

/* Kills it if it runs, and waits at most a fifth of a second. */
void pm_errand_end(struct pm_errand *errand, const char *why);

/* Text for people: NUL becomes a space; what pm_text_clean replaces in a line (control bytes, what
 * is no UTF-8) becomes '?', but newline and tab stay. `to` has room for length + 1. Returns how
 * many bytes it became, never more than they were. */
size_t pm_errand_clean(char *to, const char *bytes, size_t length);

/* Whether `path` (from / on) may be run: a regular, executable file. With `trusted_uid` >= 0 also:
 * it belongs to root or to that user and nobody else can write it, nor (trusted_uid 0) any
 * directory above it; and it is no symbolic link, nor (trusted_uid 0) is any directory above it. 0,
 * or a status and why. */
int pm_errand_check(const char *path, int64_t trusted_uid, struct pausemon_error *error);

#endif
