/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_SOURCE_H
#define PM_SOURCES_SOURCE_H

#include <pausemon/source.h>

#include "base/error.h"

struct pausemon_source {
    struct pm_host host;
    struct pausemon_source_ops ops;
    void *self;
    char *name;
    const void *reader; /* who took the last look, if that went well */
};

/* Whoever reads a source brings one: the collector, the recorder. */
struct pausemon_sink {
    void *user;
    void (*put)(void *user, const struct pausemon_row *row);
    void (*at)(void *user, const struct pausemon_instant *instant);
    void (*skipped)(void *user, uint64_t count);
    uint64_t wants;
    int wants_full; /* set by pm_source_read */
};

/* One look for `reader`, which only needs to be the same for the same one. enum pausemon_look or
 * a negative status, and then `error` (may be NULL) is filled. */
int pm_source_read(struct pausemon_source *source, const void *reader, struct pausemon_sink *sink,
                   struct pausemon_error *error);

/* The next look is a first one again: its reader has lost what it knew, or is gone. */
void pm_source_forget_reader(struct pausemon_source *source);

/* pausemon_source_new with an error, for openers: their last line. */
int pm_source_wrap(struct pausemon_source **source, const char *name,
                   const struct pausemon_source_ops *ops, void *self,
                   const struct pausemon_host *host, struct pausemon_error *error);

/* Monotonic ns, or -1. */
int64_t pm_source_get_deadline(const struct pausemon_source *source);

/* Openers, one a kind. `argument` is what stands behind the colon, or NULL; `bytes` a recording
 * in memory, or NULL. */
struct pm_opener_input {
    const char *argument;
    const char *bytes;
    size_t length;
    const struct pausemon_host *host;
};

int pm_open_procfs(struct pausemon_source **source, const struct pm_opener_input *input,
                   struct pausemon_error *error);
int pm_open_top_live(struct pausemon_source **source, const struct pm_opener_input *input,
                     struct pausemon_error *error);
int pm_open_top_recording(struct pausemon_source **source, const struct pm_opener_input *input,
                          struct pausemon_error *error);
int pm_open_replay(struct pausemon_source **source, const struct pm_opener_input *input,
                   struct pausemon_error *error);

#endif
