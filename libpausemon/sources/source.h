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
};

/* Whoever reads a source brings one: the collector, the recorder. */
struct pausemon_sink {
    void *user;
    void (*put)(void *user, const struct pausemon_row *row);
    void (*at)(void *user, const struct pausemon_instant *instant);
    void (*skipped)(void *user, uint64_t count);
    uint64_t wants;
};

/* One look; `error` never NULL behind this. enum pausemon_look or a negative status. */
int pm_source_read(struct pausemon_source *source, struct pausemon_sink *sink,
                   struct pausemon_error *error);

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
