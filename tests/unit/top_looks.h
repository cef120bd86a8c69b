/* SPDX-License-Identifier: MIT */
#ifndef TOP_LOOKS_H
#define TOP_LOOKS_H

/* What the three suites of the macOS `top` source share: a collector over a text, one look at a
 * time, and its processes by pid. */

#include "harness.h"

#include <string.h>

struct looks {
    struct harness harness;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample_info *info; /* of the last look */
    int status;                              /* of the last collect */
    struct pausemon_error error;             /* of the last failure */
};

static inline void looks_collect_from(struct looks *looks)
{
    int status =
        pausemon_collector_new(&looks->collector, NULL, looks->source, &looks->harness.host, NULL);

    ck_assert_int_eq(status, 0);
    looks->info = NULL;
}

/* The bytes must stay until looks_close. */
static inline void looks_open_bytes(struct looks *looks, const void *bytes, size_t length)
{
    harness_init(&looks->harness);
    int status = pausemon_source_open_memory(&looks->source, "top", bytes, length,
                                             &looks->harness.host, &looks->error);
    ck_assert_msg(status == 0, "open: %d", status);
    looks_collect_from(looks);
}

static inline void looks_open_text(struct looks *looks, const char *text)
{
    looks_open_bytes(looks, text, strlen(text));
}

/* A specification, as people write it; the harness is ready. */
static inline void looks_open_with_harness(struct looks *looks, const char *spec)
{
    int status = pausemon_source_open(&looks->source, spec, &looks->harness.host, &looks->error);

    ck_assert_msg(status == 0, "open %s: %d %s", spec, status, status ? looks->error.text : "");
    looks_collect_from(looks);
}

static inline void looks_open(struct looks *looks, const char *spec)
{
    harness_init(&looks->harness);
    looks_open_with_harness(looks, spec);
}

/* One collect; info is NULL, and error filled, when it fails. */
static inline int looks_try(struct looks *looks)
{
    const struct pausemon_sample *sample = NULL;

    memset(&looks->error, 0, sizeof looks->error);
    looks->status = pausemon_collector_collect(&sample, looks->collector, &looks->error);
    looks->info = NULL;
    if (looks->status == 0) {
        ck_assert_ptr_nonnull(sample);
        looks->info = pausemon_sample_get_info(sample);
        return 0;
    }
    ck_assert_ptr_null(sample);
    /* "not yet" and "over" are no failures that need words */
    if (looks->status != PAUSEMON_ERR_BUSY && looks->status != PAUSEMON_ERR_END)
        ck_assert_int_eq(looks->error.status, looks->status);
    return looks->status;
}

static inline void looks_next(struct looks *looks)
{
    int status = looks_try(looks);

    ck_assert_msg(status == 0, "no look: %d %s", status, looks->error.text);
}

static inline void looks_end(struct looks *looks)
{
    ck_assert_int_eq(looks_try(looks), PAUSEMON_ERR_END);
}

/* Nothing may be left of it, in memory counted by the host. */
static inline void looks_close(struct looks *looks)
{
    pausemon_collector_free(looks->collector);
    pausemon_source_free(looks->source);
    ck_assert_int_eq(looks->harness.live, 0);
}

static inline const struct pausemon_process *looks_find(const struct looks *looks, int64_t pid)
{
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_collector_get_process(looks->collector, i)); i++)
        if (process->pid == pid)
            return process;
    return NULL;
}

static inline const struct pausemon_process *looks_need(const struct looks *looks, int64_t pid)
{
    const struct pausemon_process *process = looks_find(looks, pid);

    ck_assert_msg(process != NULL, "no process %d in this look", (int)pid);
    return process;
}

/* xorshift: the same numbers everywhere. *state must not be 0. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
