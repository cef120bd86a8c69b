/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"

#define NOON INT64_C(1769198400) /* 2026-01-23_12-00-00 of the harness's zone, when it begins */

/* ---- what there is ---- */

/* The name of a capture begun so many seconds after the harness. */
const char *stage_name(int64_t offset)
{
    static char names[64][PAUSEMON_CAPTURE_NAME_SIZE];
    static int next;
    char *name = names[next++ % 64];
    time_t local = (time_t)(NOON + offset - 8 * HOUR);
    struct tm date;

    gmtime_r(&local, &date);
    strftime(name, PAUSEMON_CAPTURE_NAME_SIZE, "%Y-%m-%d_%H-%M-%S", &date);
    return name;
}

void stage_set_time(int parent, const char *name, int64_t offset)
{
    const struct timespec times[] = {{NOON + offset, 0}, {NOON + offset, 0}};

    ck_assert_int_eq(utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

const char *stage_add_directory(struct stage *stage, int64_t offset, size_t kib)
{
    static const char zeros[1024] = "not a hole";
    const char *name = stage_name(offset);
    int fd = pm_tree_make(stage->fd, name, -1, &stage->error);

    ck_assert_msg(fd >= 0, "%s", stage->error.text);
    int file = pm_tree_create(fd, "metadata.json", -1, &stage->error);
    for (size_t i = 0; i < kib; i++)
        ck_assert_int_eq(pm_tree_write(file, zeros, sizeof zeros, &stage->error), 0);
    close(file);
    close(fd);
    stage_set_time(stage->fd, name, offset);
    return name;
}

const char *stage_add_row(struct stage *stage, int64_t offset, int64_t event_id, int complete)
{
    struct pausemon_capture capture = PAUSEMON_CAPTURE_INIT;

    capture.start_ns = (NOON + offset) * SECOND;
    capture.reason = PAUSEMON_CAPTURE_TIER;
    capture.event_id = event_id;
    capture.complete = (uint64_t)complete;
    const char *name = stage_name(offset);
    snprintf(capture.name, sizeof capture.name, "%s", name);
    int status = pausemon_storage_add_capture(stage->vault.storage, &capture, &stage->error);
    ck_assert_msg(status == 0, "%s", stage->error.text);
    return name;
}

const char *stage_add(struct stage *stage, int64_t offset, int64_t event_id, size_t kib)
{
    stage_add_row(stage, offset, event_id, 1);
    return stage_add_directory(stage, offset, kib);
}

void stage_add_event(struct stage *stage, int64_t id, int64_t offset, const char *review)
{
    char sql[256];

    snprintf(sql, sizeof sql, "INSERT INTO events VALUES (%d, %lld, %lld, 80, 3, '%s', NULL)",
             (int)id, (long long)(NOON + offset), (long long)(NOON + offset + 60), review);
    vault_exec(&stage->vault, sql);
}

/* The rows know of all captures since so many seconds after the harness. */
void stage_know_since(struct stage *stage, int64_t offset)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "UPDATE daemon_state SET value = '%lld000000000' WHERE key = 'captures_since'",
             (long long)(NOON + offset));
    vault_exec(&stage->vault, sql);
}

bool stage_has(const struct stage *stage, const char *name)
{
    struct stat info;

    return fstatat(stage->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

int64_t stage_rows(struct stage *stage)
{
    return vault_sql(&stage->vault, "SELECT count(*) FROM captures");
}

void stage_begin(struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    vault_init(&stage->vault);
    ck_assert_int_eq(vault_open(&stage->vault), 0);
    int parent = pm_tree_open(stage->vault.directory, &stage->error);
    stage->fd = pm_tree_make(parent, "events", -1, &stage->error);
    ck_assert_int_ge(stage->fd, 0);
    close(parent);
    snprintf(stage->evidence, sizeof stage->evidence, "%s/events", stage->vault.directory);
    stage->days = "90";
    stage->max_evidence = "8";
    stage_know_since(stage, -1000 * DAY_S);
}

void stage_end(struct stage *stage)
{
    close(stage->fd);
    int parent = pm_tree_open(stage->vault.directory, &stage->error);
    int status = pm_tree_remove(parent, "events", &stage->error);
    ck_assert_msg(status == 0, "%s", stage->error.text);
    close(parent);
    vault_end(&stage->vault);
}

/* ---- pruning ---- */

static void note_gone(void *user, const struct pausemon_removal *removal)
{
    static const char *const reasons[] = {"?", "age", "size", "stray"};
    struct stage *stage = user;
    size_t used = strlen(stage->gone);

    ck_assert_uint_eq(removal->size, sizeof *removal);
    ck_assert((removal->capture == NULL) != (removal->escalation == NULL));
    if (removal->capture) {
        ck_assert(removal->bytes == 0 || stage_has(stage, removal->capture));
        snprintf(stage->gone + used, sizeof stage->gone - used, "%s:%s ", reasons[removal->why],
                 removal->capture);
    } else {
        snprintf(stage->gone + used, sizeof stage->gone - used, "%s:%d ", reasons[removal->why],
                 (int)removal->escalation->id);
    }
    stage->bytes += removal->bytes;
}

static int prune_once(struct stage *stage, uint64_t dry)
{
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_config *config;

    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_set(config, "retention.events_days", stage->days, NULL), 0);
    ck_assert_int_eq(
        pausemon_config_set(config, "retention.max_forensics_mb", stage->max_evidence, NULL), 0);
    how.evidence = stage->evidence;
    how.dry_run = dry;
    how.user = stage;
    how.gone = note_gone;
    stage->gone[0] = '\0';
    stage->bytes = 0;
    int went = pausemon_storage_prune(stage->vault.storage, config, &how, &stage->error);
    ck_assert_msg(went >= 0, "prune: %s", stage->error.text);
    pausemon_config_free(config);
    return went;
}

/* First dry, which changes nothing and tells the same. */
int stage_prune(struct stage *stage)
{
    char dry[sizeof stage->gone];
    int64_t rows = stage_rows(stage);
    int fds = count_fds();

    int would = prune_once(stage, 1);
    uint64_t bytes = stage->bytes;
    memcpy(dry, stage->gone, sizeof dry);
    ck_assert_int_eq(stage_rows(stage), rows);
    int went = prune_once(stage, 0);
    ck_assert_str_eq(stage->gone, dry);
    ck_assert_uint_eq(stage->bytes, bytes);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert(strstr(stage->vault.harness.log, "stays") || went == would);
    return went;
}

void stage_expect_gone(const struct stage *stage, const char *format, ...)
{
    char expected[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    ck_assert_str_eq(stage->gone, expected);
}
