/* SPDX-License-Identifier: MIT */
#ifndef ERRAND_ROOM_H
#define ERRAND_ROOM_H

/* A room for errands: a directory with a script, which is the program. */

#include <sys/types.h>

#include "forensics/errand.h"
#include "harness.h"

#define S(n) ((int64_t)(n)*1000000000)
enum { WIDE_S = 60 };

struct room {
    struct harness harness;
    struct pm_host host;
    char directory[32];
    char script[64]; /* the program */
    char made[64];   /* a path that scripts may write to: $1 */
    char output[64];
    int fds;
    const char *argv[3];
    struct pm_errand errand;
};

extern struct room room;

/* A fixture. Nothing may be left behind: descriptors, memory, children, files. */
void room_enter(void);
void room_leave(void);

void room_write(const char *path, const char *text, mode_t mode);

/* The program becomes this script of /bin/sh; $1 is room.made. */
void room_prepare(const char *body);
void room_keep_output(void);
void room_begin(void);

/* Until its end, which the errand's own limit makes sure of. */
void room_await(void);
void room_run(const char *body); /* the three together */
void room_limit_is_over(void);

void room_check_end(int status, const char *why);
void room_check_output(const char *expected); /* and closes it */

/* The script has got as far as making this file. */
void room_await_made(void);

/* Whoever the script wrote down there is gone, or as good as. */
void room_check_dead(void);

#endif
