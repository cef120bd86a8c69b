/* SPDX-License-Identifier: MIT */
#ifndef VAULT_H
#define VAULT_H

/* A storage in a directory of its own, fed as a monitor feeds it, and looked at with SQL. */

#include "harness.h"
#include "storage/storage.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

struct vault {
    struct harness harness;
    char directory[64], path[128];
    const char *boot_id;
    struct pausemon_storage_options options;
    struct pausemon_storage *storage;
    struct pausemon_sample *sample;
    struct pausemon_escalation escalation; /* id 0: none */
    int64_t next_event_id;
    uint64_t peak;
};

/* Makes the directory; opens nothing. */
void vault_init(struct vault *vault);

/* What pm_storage_open returned. */
int vault_open(struct vault *vault);

/* Closes the storage without a flush. */
void vault_close(struct vault *vault);

/* Closes and removes all; nothing may be left allocated. */
void vault_end(struct vault *vault);

/* One second later a look with this score, told in the monitor's order: SAMPLE, TIER for each
 * action, EVENT. */
void vault_look(struct vault *vault, uint64_t score, uint64_t tier, uint64_t actions);

/* A whole escalation: entry, `critical` looks in tier 3, exit. Returns its id. */
int64_t vault_escalate(struct vault *vault, int critical);

/* A pause that just ended. */
void vault_pause(struct vault *vault, int64_t id, int64_t ms, uint64_t cause);

/* Returns what flush returned, and fails the test if it is negative. */
int vault_flush(struct vault *vault);

/* The one number that a statement gives, through a connection of the test's own. */
int64_t vault_sql(struct vault *vault, const char *sql);

/* Several statements, through such a connection. */
void vault_exec(struct vault *vault, const char *sql);

/* A file of the directory: "db" + suffix, in a static buffer. */
const char *vault_file(struct vault *vault, const char *suffix);
void vault_put_file(struct vault *vault, const char *suffix, const void *bytes, size_t size);

/* How many files of the directory begin so. */
int vault_count_files(struct vault *vault, const char *prefix);

struct pausemon_storage_info vault_info(struct vault *vault);

#endif
