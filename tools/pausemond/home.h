/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_HOME_H
#define PAUSEMOND_HOME_H

/* Where the daemon lives: its directories, made and checked, and the lock that makes it the only
 * one there. Nothing is opened through a symbolic link. */

#include <pausemon/config.h>

#include "common/places.h"
#include "pausemond/log.h"

struct home {
    struct place place;
    int64_t group; /* that may read, mark and connect; -1: none */
    int lock_fd;   /* -1: it is not held */
};

/* The place is set. Looks up the group, makes and checks the directories, takes the lock. 0, or -1,
 * which is said. */
int home_open(struct home *home, const struct pausemon_config *config, struct log *log);

/* Gives the lock back. */
void home_close(struct home *home, struct log *log);

#endif
