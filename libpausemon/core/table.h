/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_TABLE_H
#define PM_CORE_TABLE_H

/* All processes, by identity: rows come in, rates come out. One pass: begin, put …, end. */

#include <stdbool.h>

#include "base/map.h"
#include "core/config.h"
#include "core/spent.h"

struct pm_entry {
    struct pausemon_row last;        /* what is known: the last row, over those before it */
    struct pausemon_process process; /* judged from the last two */
    struct pm_spent spent;
    uint64_t owed_ns; /* of its child time to come: what children that ended had been seen to use */
    uint64_t owed_mark; /* when it was last owed something */
    int64_t uninterruptible_since_ns;
    int64_t mem_read_ns;
    uint64_t pass;      /* in which it was last seen */
    uint64_t full_pass; /* in which it last had a full row */
};

struct pm_table {
    const struct pm_host *host;
    const struct pausemon_config *config;
    struct pm_entry *entries; /* dense, in no order */
    size_t count, capacity;
    struct pm_map index; /* from pid */
    uint64_t pass;
    int64_t look_ns;
    uint64_t lost_pass;      /* up to this one rows may have been lost */
    uint64_t skipped;        /* in this pass */
    uint64_t births, deaths; /* since a sample told them */
    bool seen_all;           /* the pass before saw everybody: who is new was born since */
    struct pm_mark mark;
    int status; /* a negative one if this pass lost something */
};

/* The host and the config must live as long as the table. */
void pm_table_init(struct pm_table *table, const struct pm_host *host,
                   const struct pausemon_config *config);
void pm_table_free(struct pm_table *table);

void pm_table_begin(struct pm_table *table, int64_t look_ns);
void pm_table_put(struct pm_table *table, const struct pausemon_row *row);

/* Absence is death only in a complete pass. Returns the status. */
int pm_table_end(struct pm_table *table, bool complete);

/* A look failed: what a row leaves out can no longer be taken from the row before, until a full
 * one comes. */
void pm_table_doubt(struct pm_table *table);

/* Marks suspects anew, after the config changed. */
void pm_table_mark_suspects(struct pm_table *table);

#endif
