/* SPDX-License-Identifier: MIT */
#ifndef STAGE_H
#define STAGE_H

/* A vault with captures beside it, and retention run over both. Times are seconds after the
 * harness's clock began. */

#include "vault.h"

#define MINUTE 60
#define HOUR 3600
#define DAY_S 86400

struct stage {
    struct vault vault;
    struct pausemon_error error;
    char evidence[128];
    int fd;
    const char *days, *max_evidence;
    char gone[2048]; /* "why:what " … */
    uint64_t bytes;
};

void stage_begin(struct stage *stage);
void stage_end(struct stage *stage);

/* The name of a capture begun then; good for some dozens more. */
const char *stage_name(int64_t offset);
void stage_set_time(int parent, const char *name, int64_t offset);

/* A directory with so much in it, a row, or both. */
const char *stage_add_directory(struct stage *stage, int64_t offset, size_t kib);
const char *stage_add_row(struct stage *stage, int64_t offset, int64_t event_id, int complete);
const char *stage_add(struct stage *stage, int64_t offset, int64_t event_id, size_t kib);
void stage_add_event(struct stage *stage, int64_t id, int64_t offset, const char *review);

/* The rows know of all captures since then. */
void stage_know_since(struct stage *stage, int64_t offset);

bool stage_has(const struct stage *stage, const char *name);
int64_t stage_rows(struct stage *stage);

/* First dry, which changes nothing and tells the same. Returns what the real one returned. */
int stage_prune(struct stage *stage);
void stage_expect_gone(const struct stage *stage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
