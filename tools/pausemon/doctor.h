/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_DOCTOR_H
#define PAUSEMON_DOCTOR_H

/* What works here: checks, each with one or more findings. */

#include <pausemon/pausemon.h>
#include <sys/types.h>

#include "common/args.h"
#include "common/message.h"
#include "common/places.h"

#define DOCTOR_MAX 48
#define DOCTOR_TEXT 512

enum doctor_state {
    DOCTOR_OK = 0,
    DOCTOR_LIMITED = 1, /* works, but less than could be had */
    DOCTOR_BROKEN = 2
};

struct doctor_finding {
    enum doctor_state state;
    char name[40], text[DOCTOR_TEXT];
    char advice[DOCTOR_TEXT]; /* what to do; "" */
};

struct doctor {
    const struct args *args;
    struct pausemon_host host;
    struct pausemon_config *config; /* the defaults where it is no good; NULL: before that check */
    struct place place;
    struct message status; /* of the daemon that runs; its type is "" when none has spoken */
    pid_t pid;             /* of the daemon; 0: none runs, or it is not known */
    int is_foreign;        /* it is another user's, with rights of its own */
    const char *name;      /* of the check that looks */
    size_t count;
    struct doctor_finding findings[DOCTOR_MAX];
};

/* One row a check. */
struct doctor_check {
    const char *name;
    void (*look)(struct doctor *doctor);
};

/* A finding of the check that looks; `advice` may be NULL. Texts are cleaned and cut. */
void doctor_find(struct doctor *doctor, enum doctor_state state, const char *advice,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "the daemon", or "a daemon that you start": whose rights are looked at. */
const char *doctor_subject(const struct doctor *doctor);

/* doctor_daemon.c: which place, and who works there. 0, or -1 after a line on stderr. */
int doctor_find_place(struct doctor *doctor);
void doctor_daemon(struct doctor *doctor);
void doctor_socket(struct doctor *doctor);
void doctor_service(struct doctor *doctor);

/* doctor_place.c */
void doctor_config(struct doctor *doctor);
void doctor_database(struct doctor *doctor);
void doctor_blackbox(struct doctor *doctor);
void doctor_hook(struct doctor *doctor);
void doctor_notifications(struct doctor *doctor);
void doctor_artifacts(struct doctor *doctor);

/* doctor_source.c */
void doctor_source(struct doctor *doctor);

/* doctor_linux.c, doctor_none.c */
void doctor_others(struct doctor *doctor);
void doctor_rights(struct doctor *doctor);
void doctor_pressure(struct doctor *doctor);
void doctor_memory(struct doctor *doctor);
void doctor_scheduling(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_machine(struct doctor *doctor);

#endif
