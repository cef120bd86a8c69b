/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_SETUP_H
#define PAUSEMON_SETUP_H

/* What `install` and `uninstall` share. */

#include <sys/types.h>

#include "common/args.h"
#include "pausemon/service.h"

#define SETUP_OPTIONS                                                                              \
    {"system", 0, NULL, "the machine's service, for all users, instead of your own; as root"},     \
        {"dry-run", 0, NULL, "change nothing: say what would be done"},                            \
    {                                                                                              \
        "for", 0, "MANAGER", "with --dry-run: systemd or launchd instead of this system's own"     \
    }

struct setup {
    const struct args *args;
    struct service service;
    int is_dry, is_forced;
    char program[PLACE_SIZE]; /* pausemond; "": it is not known where it lies */
    char path[PLACE_SIZE];    /* the service's file */
};

/* 0, or an exit code after a line on stderr. */
int setup_open(struct setup *setup, const struct args *args);

/* Who runs this, and from where: uid, home and the XDG variables. */
void setup_find_user(struct service *service);

/* Opens the directory of the service's file; `mode` as for files_open_directory. -1 after a line on
 * stderr, or if it is not there and nothing is to be made, errno being ENOENT. */
int setup_open_directory(const struct setup *setup, mode_t mode);

/* What would be done, on stderr: "would …". */
void setup_would(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs each, or says that it would. 0, or -1 when one failed, which is told; the rest is not run
 * then, and told too: to be run by hand. */
int setup_run(const struct setup *setup, const struct service_steps *steps);

#endif
