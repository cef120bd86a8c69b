/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_SUBSCRIBERS_H
#define PM_ENGINE_SUBSCRIBERS_H

/* Who hears what. May change while it is being told. */

#include <pausemon/monitor.h>
#include <stdbool.h>

#include "base/host.h"

struct pm_subscribers {
    const struct pm_host *host;
    struct pm_subscriber {
        int number;
        uint64_t mask;
        pausemon_event_fn callback; /* NULL: gone, to be swept */
        void *user;
    } * list;
    size_t count, capacity;
    int last_number;
    bool telling; /* callbacks are running */
};

void pm_subscribers_init(struct pm_subscribers *subscribers, const struct pm_host *host);
void pm_subscribers_free(struct pm_subscribers *subscribers);

/* A number above 0, or a negative status. */
int pm_subscribers_add(struct pm_subscribers *subscribers, uint64_t mask,
                       pausemon_event_fn callback, void *user);
void pm_subscribers_remove(struct pm_subscribers *subscribers, int number);

/* Sets the event's size. */
void pm_subscribers_tell(struct pm_subscribers *subscribers, struct pausemon_event *event);

#endif
