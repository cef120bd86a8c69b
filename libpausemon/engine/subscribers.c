/* SPDX-License-Identifier: MIT */
#include "engine/subscribers.h"

#include <string.h>

void pm_subscribers_init(struct pm_subscribers *subscribers, const struct pm_host *host)
{
    memset(subscribers, 0, sizeof *subscribers);
    subscribers->host = host;
}

void pm_subscribers_free(struct pm_subscribers *subscribers)
{
    pm_free(subscribers->host, subscribers->list);
}

int pm_subscribers_add(struct pm_subscribers *subscribers, uint64_t mask,
                       pausemon_event_fn callback, void *user)
{
    if (subscribers->count == subscribers->capacity) {
        size_t capacity = subscribers->capacity ? subscribers->capacity * 2 : 8;
        void *fresh =
            pm_resize(subscribers->host, subscribers->list, capacity * sizeof *subscribers->list);
        if (!fresh)
            return PAUSEMON_ERR_NOMEM;
        subscribers->list = fresh;
        subscribers->capacity = capacity;
    }
    if (subscribers->last_number == INT32_MAX)
        return PAUSEMON_ERR_LIMIT;
    subscribers->list[subscribers->count++] =
        (struct pm_subscriber){++subscribers->last_number, mask, callback, user};
    return subscribers->last_number;
}

static void sweep(struct pm_subscribers *subscribers)
{
    size_t kept = 0;

    for (size_t i = 0; i < subscribers->count; i++)
        if (subscribers->list[i].callback)
            subscribers->list[kept++] = subscribers->list[i];
    subscribers->count = kept;
}

void pm_subscribers_remove(struct pm_subscribers *subscribers, int number)
{
    for (size_t i = 0; i < subscribers->count; i++)
        if (subscribers->list[i].number == number)
            subscribers->list[i].callback = NULL;
    if (!subscribers->telling)
        sweep(subscribers);
}

void pm_subscribers_tell(struct pm_subscribers *subscribers, struct pausemon_event *event)
{
    size_t count = subscribers->count; /* who subscribes meanwhile hears the next one */

    event->size = sizeof *event;
    subscribers->telling = true;
    for (size_t i = 0; i < count; i++) {
        /* A copy: the list may move when somebody subscribes. */
        struct pm_subscriber subscriber = subscribers->list[i];
        if (subscriber.callback && subscriber.mask & event->type)
            subscriber.callback(subscriber.user, event);
    }
    subscribers->telling = false;
    sweep(subscribers);
}
