/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_LISTEN_H
#define PAUSEMOND_LISTEN_H

/* The socket in the file system. A stale one is replaced, one that somebody listens to never. */

#include <sys/stat.h>

#include "pausemond/log.h"

struct listener {
    int fd;
    const char *path; /* the caller's */
    dev_t device;     /* which file it is: only this one is removed */
    ino_t inode;
};

/* `group` -1: for the owner only, 0600; else 0660. 0, or -1, which is said. */
int listener_open(struct listener *listener, const char *path, int64_t group, struct log *log);

/* Whether the path is too long for a socket, which is said. */
int listener_refuses(const char *path, struct log *log);

void listener_close(struct listener *listener);

#endif
