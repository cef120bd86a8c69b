/* SPDX-License-Identifier: MIT */
/* Built instead of the rest of the room where there is no sqlite3 or no jansson. */
#include <pausemon/storage.h>

#include "base/error.h"
#include "base/sized.h"

static int refuse(struct pausemon_error *error)
{
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "no incident database: built without storage");
}

int pausemon_storage_open(struct pausemon_storage **storage, const char *path,
                          const struct pausemon_storage_options *options,
                          const struct pausemon_host *host, struct pausemon_error *error)
{
    (void)path;
    (void)options;
    (void)host;
    if (storage)
        *storage = NULL;
    return refuse(error);
}

int pausemon_storage_attach(struct pausemon_storage *storage, struct pausemon_monitor *monitor,
                            struct pausemon_error *error)
{
    (void)storage;
    (void)monitor;
    return refuse(error);
}

int pausemon_storage_flush(struct pausemon_storage *storage, struct pausemon_error *error)
{
    (void)storage;
    return refuse(error);
}

void pausemon_storage_get_info(const struct pausemon_storage *storage,
                               struct pausemon_storage_info *info)
{
    (void)storage;
    pm_sized_fill(info, &(struct pausemon_storage_info){0}, sizeof *info);
}

int pausemon_storage_add_capture(struct pausemon_storage *storage,
                                 const struct pausemon_capture *capture,
                                 struct pausemon_error *error)
{
    (void)storage;
    (void)capture;
    return refuse(error);
}

int pausemon_storage_prune(struct pausemon_storage *storage, const struct pausemon_config *config,
                           const struct pausemon_retention *how, struct pausemon_error *error)
{
    (void)storage;
    (void)config;
    (void)how;
    return refuse(error);
}

int pausemon_storage_finish(struct pausemon_storage *storage, struct pausemon_error *error)
{
    (void)storage;
    return refuse(error);
}

void pausemon_storage_free(struct pausemon_storage *storage)
{
    (void)storage; /* there is none */
}

int pausemon_history_open(struct pausemon_history **history, const char *path,
                          const struct pausemon_host *host, struct pausemon_error *error)
{
    (void)path;
    (void)host;
    if (history)
        *history = NULL;
    return refuse(error);
}

void pausemon_history_free(struct pausemon_history *history)
{
    (void)history;
}

int pausemon_history_events(struct pausemon_history *history,
                            const struct pausemon_history_filter *filter,
                            int (*each)(void *user, const struct pausemon_escalation *escalation),
                            void *user, struct pausemon_error *error)
{
    (void)history;
    (void)filter;
    (void)each;
    (void)user;
    return refuse(error);
}

int pausemon_history_pauses(struct pausemon_history *history,
                            const struct pausemon_history_filter *filter,
                            int (*each)(void *user, const struct pausemon_pause *pause), void *user,
                            struct pausemon_error *error)
{
    (void)history;
    (void)filter;
    (void)each;
    (void)user;
    return refuse(error);
}

int pausemon_history_samples(struct pausemon_history *history, int64_t event_id,
                             int (*each)(void *user, const struct pausemon_sample *sample,
                                         uint64_t tier),
                             void *user, struct pausemon_error *error)
{
    (void)history;
    (void)event_id;
    (void)each;
    (void)user;
    return refuse(error);
}

int pausemon_history_captures(struct pausemon_history *history, int64_t event_id,
                              int (*each)(void *user, const struct pausemon_capture *capture),
                              void *user, struct pausemon_error *error)
{
    (void)history;
    (void)event_id;
    (void)each;
    (void)user;
    return refuse(error);
}

int pausemon_history_histogram(struct pausemon_history *history, int64_t since_ns, int64_t until_ns,
                               uint64_t counts[101], struct pausemon_error *error)
{
    (void)history;
    (void)since_ns;
    (void)until_ns;
    (void)counts;
    return refuse(error);
}

int pausemon_history_hours(struct pausemon_history *history, int64_t since_ns, int64_t until_ns,
                           int (*each)(void *user, const struct pausemon_history_hour *hour),
                           void *user, struct pausemon_error *error)
{
    (void)history;
    (void)since_ns;
    (void)until_ns;
    (void)each;
    (void)user;
    return refuse(error);
}

int pausemon_history_hard_end(struct pausemon_history *history, int64_t *last_alive_ns,
                              int64_t *noted_ns, struct pausemon_error *error)
{
    (void)history;
    (void)last_alive_ns;
    (void)noted_ns;
    return refuse(error);
}

int pausemon_history_mark(struct pausemon_history *history, int64_t event_id, uint64_t review,
                          const char *notes, struct pausemon_error *error)
{
    (void)history;
    (void)event_id;
    (void)review;
    (void)notes;
    return refuse(error);
}
