/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_GLANCE_H
#define PAUSEMON_GLANCE_H

/* Two looks at this machine, a second apart, for forensics that no daemon feeds: without them there
 * would be no process in the evidence. */

#include <pausemon/pausemon.h>

struct glance {
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
};

/* Attaches, looks, looks again; in between the forensics read what they compare with. `idle` is
 * called while it waits. What fails is said on stderr: there is less evidence then. `config` gets
 * the interval of these looks. */
void glance_take(struct glance *glance, const char *program, struct pausemon_config *config,
                 struct pausemon_forensics *forensics, const struct pausemon_host *host,
                 void (*idle)(void *user), void *user);

/* After the forensics are freed. */
void glance_free(struct glance *glance);

#endif
