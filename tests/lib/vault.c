/* SPDX-License-Identifier: MIT */
#include "vault.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void vault_init(struct vault *vault)
{
    memset(vault, 0, sizeof *vault);
    harness_init(&vault->harness);
    snprintf(vault->directory, sizeof vault->directory, "/tmp/pausemon-vault.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(vault->directory));
    snprintf(vault->path, sizeof vault->path, "%s/db", vault->directory);
    vault->options = (struct pausemon_storage_options)PAUSEMON_STORAGE_OPTIONS_INIT;
    vault->boot_id = "boot-one";
    vault->next_event_id = 1;
    ck_assert_int_eq(pausemon_sample_new(&vault->sample, &vault->harness.host, NULL), 0);
}

int vault_open(struct vault *vault)
{
    struct pausemon_error error = {0};
    int status = pm_storage_open(&vault->storage, vault->path, &vault->options, vault->boot_id,
                                 &vault->harness.host, &error);

    ck_assert(status == 0 || (vault->storage == NULL && error.text[0] && error.status == status));
    return status;
}

void vault_close(struct vault *vault)
{
    pausemon_storage_free(vault->storage);
    vault->storage = NULL;
}

void vault_end(struct vault *vault)
{
    char path[512];
    const struct dirent *entry;

    vault_close(vault);
    pausemon_sample_free(vault->sample);
    DIR *dir = opendir(vault->directory);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", vault->directory, entry->d_name);
        if (entry->d_name[0] != '.')
            ck_assert_msg(unlink(path) == 0 || rmdir(path) == 0, "%s stays", path);
    }
    closedir(dir);
    ck_assert_int_eq(rmdir(vault->directory), 0);
    ck_assert_int_eq(vault->harness.live, 0);
}

static void tell(struct vault *vault, struct pausemon_event *event)
{
    event->size = sizeof *event;
    event->escalation = vault->escalation.id ? &vault->escalation : NULL;
    pm_queue_tell(vault->storage->queue, event);
}

static void fill_sample(struct vault *vault, uint64_t score)
{
    struct pausemon_sample *sample = vault->sample;

    sample->info = (struct pausemon_sample_info){.size = sizeof sample->info,
                                                 .time = vault->harness.now,
                                                 .elapsed_ns = SECOND,
                                                 .process_count = 412,
                                                 .rogue_count = 1,
                                                 .max_score = score,
                                                 .stress = score,
                                                 .complete = 1};
    sample->rogues[0] = (struct pausemon_process)PAUSEMON_PROCESS_INIT;
    sample->rogues[0].pid = 41;
    sample->rogues[0].score = score;
    sample->rogues[0].categories = PAUSEMON_CATEGORY_CPU;
    snprintf(sample->rogues[0].command, PAUSEMON_COMMAND_SIZE, "stress-ng \"%d\"", (int)score);
}

/* As the monitor keeps it. */
static bool escalate(struct vault *vault, uint64_t tier, uint64_t actions)
{
    struct pausemon_escalation *escalation = &vault->escalation;

    if (!escalation->id && actions & (PAUSEMON_TIER2_ENTRY | PAUSEMON_TIER3_ENTRY)) {
        *escalation = (struct pausemon_escalation)PAUSEMON_ESCALATION_INIT;
        escalation->id = vault->next_event_id++;
        escalation->start = vault->harness.now;
        escalation->open = 1;
    }
    if (!escalation->id)
        return false;
    uint64_t stress = vault->sample->info.stress;
    bool rises = stress > escalation->peak_stress || tier > escalation->peak_tier;
    escalation->peak_stress = stress > escalation->peak_stress ? stress : escalation->peak_stress;
    escalation->peak_tier = tier > escalation->peak_tier ? tier : escalation->peak_tier;
    if (actions & PAUSEMON_TIER2_EXIT) {
        escalation->open = 0;
        escalation->end = vault->harness.now;
    }
    return rises || !escalation->open;
}

void vault_look(struct vault *vault, uint64_t score, uint64_t tier, uint64_t actions)
{
    harness_tick(&vault->harness, SECOND);
    fill_sample(vault, score);
    bool changed = escalate(vault, tier, actions);
    struct pausemon_event event = {
        .type = PAUSEMON_EVENT_SAMPLE, .sample = vault->sample, .tier = tier};

    tell(vault, &event);
    event.type = PAUSEMON_EVENT_TIER;
    for (uint64_t bit = 1; bit <= actions; bit <<= 1) {
        event.action = bit;
        if (actions & bit)
            tell(vault, &event);
    }
    event = (struct pausemon_event){.type = PAUSEMON_EVENT_ESCALATION};
    if (changed)
        tell(vault, &event);
    if (!vault->escalation.open)
        vault->escalation.id = 0;
}

int64_t vault_escalate(struct vault *vault, int critical)
{
    int64_t id = vault->next_event_id;

    vault_look(vault, 60, 2, PAUSEMON_TIER2_ENTRY);
    for (int i = 0; i < critical; i++)
        vault_look(vault, 80, 3, i == 0 ? PAUSEMON_TIER3_ENTRY : 0);
    vault_look(vault, 5, 1, PAUSEMON_TIER2_EXIT | (critical ? PAUSEMON_TIER3_EXIT : 0));
    return id;
}

void vault_pause(struct vault *vault, int64_t id, int64_t ms, uint64_t cause)
{
    struct pausemon_pause *pause;
    struct pausemon_event event = {.type = PAUSEMON_EVENT_PAUSE};

    ck_assert_int_eq(pausemon_pause_new(&pause, &vault->harness.host, NULL), 0);
    pause->info.id = id;
    pause->info.end = pause->info.start = vault->harness.now;
    pause->info.start.realtime_ns -= ms * 1000000;
    pause->info.duration_ns = pause->info.lost_ns = (uint64_t)ms * 1000000;
    pause->info.detectors = PAUSEMON_DETECTOR_HEARTBEAT;
    pause->info.cause = cause;
    pause->info.confidence = 940;
    pause->info.tier = 2;
    pause->info.event_id = vault->escalation.id;
    pm_pause_add_evidence(pause, "run_delay_ms", ms, 0);
    pause->info.culprit_count = 1;
    pause->culprits[0].size = sizeof pause->culprits[0];
    pause->culprits[0].pid = 41;
    pause->culprits[0].uid = -1;
    pause->culprits[0].resource = PAUSEMON_CAUSE_CPU;
    snprintf(pause->culprits[0].command, PAUSEMON_COMMAND_SIZE, "stress-ng");
    event.pause = pause;
    tell(vault, &event);
    pausemon_pause_free(pause);
}

int vault_flush(struct vault *vault)
{
    struct pausemon_error error = {0};
    int status = pausemon_storage_flush(vault->storage, &error);

    ck_assert_msg(status >= 0, "flush: %s", error.text);
    return status;
}

static sqlite3 *connect_to(struct vault *vault)
{
    sqlite3 *sql;

    ck_assert_int_eq(sqlite3_open_v2(vault->path, &sql, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int persist = 1; /* leave what there is as it is */
    sqlite3_file_control(sql, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_exec(sql, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return sql;
}

int64_t vault_sql(struct vault *vault, const char *text)
{
    sqlite3 *sql = connect_to(vault);
    sqlite3_stmt *statement;

    ck_assert_msg(sqlite3_prepare_v2(sql, text, -1, &statement, NULL) == SQLITE_OK, "%s: %s", text,
                  sqlite3_errmsg(sql));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(sql);
    return number;
}

void vault_exec(struct vault *vault, const char *text)
{
    sqlite3 *sql = connect_to(vault);
    char *why = NULL;

    sqlite3_exec(sql, text, NULL, NULL, &why);
    ck_assert_msg(why == NULL, "%s: %s", text, why);
    sqlite3_close(sql);
}

const char *vault_file(struct vault *vault, const char *suffix)
{
    static char path[256];

    snprintf(path, sizeof path, "%s%s", vault->path, suffix);
    return path;
}

void vault_put_file(struct vault *vault, const char *suffix, const void *bytes, size_t size)
{
    FILE *file = fopen(vault_file(vault, suffix), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

int vault_count_files(struct vault *vault, const char *prefix)
{
    DIR *dir = opendir(vault->directory);
    const struct dirent *entry;
    int count = 0;

    while ((entry = readdir(dir)))
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(dir);
    return count;
}

struct pausemon_storage_info vault_info(struct vault *vault)
{
    struct pausemon_storage_info info = {.size = sizeof info};

    pausemon_storage_get_info(vault->storage, &info);
    ck_assert_uint_eq(info.size, sizeof info);
    return info;
}
