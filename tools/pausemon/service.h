/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_SERVICE_H
#define PAUSEMON_SERVICE_H

/* The daemon as a service of the system's manager: which file, what is in it, what is run. All of
 * it is made from the fields of struct service, on any system; nothing is looked at or changed. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/places.h"

#define SERVICE_TEXT_SIZE (16u << 10)
#define SERVICE_MAX_WORDS 8
#define SERVICE_MAX_STEPS 4
#define SERVICE_GROUP "pausemon"

struct service_manager;

struct service {
    const struct service_manager *manager;
    const char *program; /* the daemon's absolute path */
    int is_system;
    uint64_t uid;            /* whose session it is, where it is not the system's */
    const char *home;        /* absolute, or NULL; of the user, as the rest: not for the system's */
    const char *config_home; /* XDG_CONFIG_HOME, XDG_DATA_HOME: absolute, or NULL */
    const char *data_home;
};

/* A text that is being written. */
struct service_text {
    size_t used;
    int is_cut; /* it had no room */
    char bytes[SERVICE_TEXT_SIZE];
};

/* Programs to run, one after the other. */
struct service_steps {
    size_t count;
    struct {
        const char *words[SERVICE_MAX_WORDS]; /* ended by NULL */
        int may_fail;                         /* it undoes what may not be there */
    } step[SERVICE_MAX_STEPS];
    char domain[32], target[96], file[PLACE_SIZE]; /* words that are made */
};

/* One row a manager. */
struct service_manager {
    const char *name;
    const char *file; /* its name */
    const char *system_directory;
    const char *user_directory; /* below the home */
    const char *xdg_directory;  /* instead, below XDG_CONFIG_HOME; NULL: that is not looked at */
    void (*write)(struct service_text *text, const struct service *service);
    /* `is_new`: 0: another file of that name was in force before. */
    void (*start)(struct service_steps *steps, const struct service *service, int is_new);
    void (*stop)(struct service_steps *steps, const struct service *service);
    void (*forget)(struct service_steps *steps, const struct service *service); /* file is gone */
    const char *unwritable; /* characters that its file cannot have in the program's path */
};

extern const struct service_manager service_systemd, service_launchd;

/* "systemd", "launchd"; NULL: this system's own. NULL for any other name. */
const struct service_manager *service_manager_named(const char *name);

/* What every file of ours has in it. */
#define SERVICE_MARK "Made by `pausemon install`"

/* The directory that is there, and the one below it, of the file. */
void service_directory(const struct service *service, const char **base, const char **below);
void service_path(const struct service *service, char path[PLACE_SIZE]);

/* The whole file. NULL, or why it cannot be written. */
const char *service_write(struct service_text *text, const struct service *service);

/* ---- for the managers ---- */

void service_add(struct service_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The words of one more program, ended by NULL. */
void service_step(struct service_steps *steps, int may_fail, ...);

#endif
