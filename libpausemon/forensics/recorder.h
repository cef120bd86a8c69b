/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_RECORDER_H
#define PM_FORENSICS_RECORDER_H

/* The flight recorder: a tracefs instance of our own, in overwrite mode, with the scheduler's,
 * block layer's and reclaim's events. Linux, root; elsewhere opening is PAUSEMON_ERR_UNSUPPORTED.
 * All of it on run's thread. */

#include <stdbool.h>

#include "base/error.h"

struct pm_recorder {
    bool is_open;
    int directory; /* of the instance */
    int parent;    /* of instances/ */
    int hold;      /* its tracing_on: while it is open, nobody can remove the instance */
    int64_t pid;   /* who opened it: a child after fork() only closes its descriptors */
    char name[40]; /* "pausemon-PID" */
    /* Set by who has opened it: asked again and again while a text is saved, which takes long on a
     * machine with many CPUs; false: it ends there. NULL: it goes on. */
    bool (*goes_on)(void *user);
    void *user;
};

/* Sets it up and starts it. `root`: where tracefs is; NULL: /sys/kernel/tracing, else
 * /sys/kernel/debug/tracing. Instances of daemons that are gone ("pausemon-PID", held by nobody)
 * are removed. One a process: a second one is refused (EEXIST). */
int pm_recorder_open(struct pm_recorder *recorder, const char *root, struct pausemon_error *error);

/* Stops; then what it holds, as text, into a regular file at its position, at most so many bytes
 * (the heading and the newest lines); then goes on empty. *bytes: how many. The text may be read
 * twice: a second of CPU time on a machine with many CPUs. */
int pm_recorder_stop(struct pm_recorder *recorder, struct pausemon_error *error);
int pm_recorder_save(struct pm_recorder *recorder, int fd, uint64_t max_bytes, uint64_t *bytes,
                     struct pausemon_error *error);
int pm_recorder_resume(struct pm_recorder *recorder, struct pausemon_error *error);

/* Removes the instance. */
void pm_recorder_close(struct pm_recorder *recorder);

/* Whether it could be had: 0, or a status and why. */
int pm_recorder_probe(const char *root, struct pausemon_error *error);

#endif
