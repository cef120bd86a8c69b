/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_LINK_H
#define MONITOR_LINK_H

/* The connection to the daemon, made anew when it breaks: after 1 s, then 2, up to 30. Never waits.
 */

#include "common/client.h"
#include "common/places.h"
#include "pausemon-monitor/known.h"

struct link {
    struct client client; /* fd -1: there is no connection */
    struct place place;   /* of the daemon, or where one would be */
    const char *given;    /* --data-dir, or NULL */
    int64_t next_ms, wait_ms;
    int is_behind; /* lines may wait that were read already */
};

/* `given` must live as long. */
void link_init(struct link *link, const char *given);
void link_close(struct link *link);

/* Connects if it is time, and hears what has come. Returns 1 if anything is to be shown. */
int link_work(struct link *link, struct known *known);

/* For poll(): -1 is for ever. */
int link_timeout(const struct link *link, int64_t now_ms);

#endif
