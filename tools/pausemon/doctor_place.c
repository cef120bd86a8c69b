/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "common/trust.h"
#include "pausemon/doctor.h"

#define MIB (UINT64_C(1) << 20)
#define LOW_MIB (PAUSEMON_FORENSICS_LEAST_ROOM / MIB)
#define FULL_MIB 16
#define FRESH_S 30

/* ---- configuration ---- */

struct issues {
    int errors, warnings;
    int64_t line; /* of the first error, else of the first warning */
    char text[DOCTOR_TEXT];
};

static void count_issue(void *user, int level, const struct pausemon_error *error)
{
    struct issues *issues = user;
    const int is_error = level == PAUSEMON_LOG_ERROR;

    if (is_error ? issues->errors == 0 : issues->errors + issues->warnings == 0) {
        issues->line = error->line;
        snprintf(issues->text, sizeof issues->text, "%s", error->text);
    }
    issues->errors += is_error;
    issues->warnings += !is_error;
}

void doctor_config(struct doctor *doctor)
{
    const char *given = args_get(doctor->args, "config");
    struct issues issues = {.errors = 0};
    struct pausemon_error error;
    char path[PLACE_SIZE];
    struct stat info;

    if (pausemon_config_new(&doctor->config, NULL, NULL) < 0) {
        doctor_find(doctor, DOCTOR_BROKEN, NULL, "out of memory");
        return;
    }
    if (place_config(given, path) < 0 || (!given && lstat(path, &info) != 0 && errno == ENOENT)) {
        doctor_find(doctor, DOCTOR_OK, NULL, "there is no file: the defaults are in force");
        return;
    }
    if (!given && place_config_is_link(path)) {
        doctor_find(doctor, DOCTOR_BROKEN, "put the file itself there, or name it with --config",
                    "%s is a symbolic link, which the daemon does not follow", path);
        return;
    }
    int status = pausemon_config_load(doctor->config, path, count_issue, &issues, &error);
    if (status == PAUSEMON_ERR_UNSUPPORTED)
        doctor_find(doctor, DOCTOR_LIMITED, "build it with inih",
                    "this build reads no configuration: the defaults are in force");
    else if (issues.errors > 0)
        doctor_find(doctor, DOCTOR_BROKEN, "`pausemon config check` tells all of it",
                    "%s:%" PRId64 ": %s (%d errors)", path, issues.line, issues.text,
                    issues.errors);
    else if (status < 0)
        doctor_find(doctor, DOCTOR_BROKEN, "the daemon does not start without reading it", "%s",
                    error.text);
    else if (issues.warnings > 0)
        doctor_find(doctor, DOCTOR_LIMITED, "`pausemon config check` tells all of it",
                    "%s:%" PRId64 ": %s (%d warnings)", path, issues.line, issues.text,
                    issues.warnings);
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "%s", path);
}

/* ---- database ---- */

static int see_pause(void *user, const struct pausemon_pause *pause)
{
    (void)user;
    (void)pause;
    return 0;
}

static int see_event(void *user, const struct pausemon_escalation *escalation)
{
    (void)user;
    (void)escalation;
    return 0;
}

static int see_capture(void *user, const struct pausemon_capture *capture)
{
    (void)user;
    (void)capture;
    return 0;
}

/* What `why` and the lists need. */
static int read_all(const char *path, struct pausemon_error *error)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_history *history;

    int status = pausemon_history_open(&history, path, NULL, error);
    filter.limit = 1;
    if (status == 0)
        status = pausemon_history_pauses(history, &filter, see_pause, NULL, error);
    if (status >= 0)
        status = pausemon_history_events(history, &filter, see_event, NULL, error);
    if (status >= 0)
        status = pausemon_history_captures(history, 0, see_capture, NULL, error);
    pausemon_history_free(history);
    return status;
}

static void judge_room(struct doctor *doctor, uint64_t size)
{
    const char *path = doctor->place.database;
    struct statvfs disk;

    if (statvfs(doctor->place.directory, &disk) < 0) {
        doctor_find(doctor, DOCTOR_OK, NULL, "%s, %" PRIu64 " MiB; room on its disk: not known",
                    path, size / MIB);
        return;
    }
    const uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize / MIB;
    const int is_full = free_mib < FULL_MIB, is_low = free_mib < LOW_MIB;
    doctor_find(doctor,
                is_full  ? DOCTOR_BROKEN
                : is_low ? DOCTOR_LIMITED
                         : DOCTOR_OK,
                is_low ? "make room on its disk: below 256 MiB no evidence is captured" : NULL,
                "%s, %" PRIu64 ".%" PRIu64 " MiB; %" PRIu64 " MiB are free on its disk", path,
                size / MIB, size % MIB * 10 / MIB, free_mib);
}

static void say_refused(struct doctor *doctor, const char *path)
{
    char advice[PLACE_ADVICE];

    place_advice(advice, sizeof advice, path);
    doctor_find(doctor, DOCTOR_LIMITED, advice, "%s may not be read by you", path);
}

static void judge_failure(struct doctor *doctor, int status, const struct pausemon_error *error)
{
    if (status == PAUSEMON_ERR_NOT_FOUND)
        doctor_find(doctor, DOCTOR_LIMITED, "a daemon makes it when it begins",
                    "%s: nothing is recorded yet", doctor->place.database);
    else if (status == PAUSEMON_ERR_DENIED)
        say_refused(doctor, doctor->place.database);
    else if (status == PAUSEMON_ERR_UNSUPPORTED)
        doctor_find(doctor, DOCTOR_LIMITED, "build it with sqlite3 and jansson",
                    "this build keeps no database");
    else
        doctor_find(doctor, DOCTOR_BROKEN,
                    "a daemon that starts moves a corrupt one aside and begins anew", "%s: %s",
                    doctor->place.database, error->text);
}

void doctor_database(struct doctor *doctor)
{
    const char *path = doctor->place.database;
    struct pausemon_error error = {.status = 0};
    struct stat info = {.st_size = 0};

    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)) {
        doctor_find(doctor, DOCTOR_BROKEN, "move it away",
                    "%s is a symbolic link, which is not followed", path);
        return;
    }
    int status = read_all(path, &error);
    if (status < 0)
        judge_failure(doctor, status, &error);
    else
        judge_room(doctor, info.st_size > 0 ? (uint64_t)info.st_size : 0);
}

/* ---- black box ---- */

static void judge_blackbox(struct doctor *doctor, const struct pausemon_blackbox_info *info)
{
    const int64_t age_s = info->last_ns ? (int64_t)time(NULL) - info->last_ns / 1000000000 : -1;
    const int is_watched = doctor->status.type[0] != '\0';

    if (is_watched && info->end == PAUSEMON_BLACKBOX_RUNS && age_s > FRESH_S)
        doctor_find(doctor, DOCTOR_BROKEN, "see the daemon's log: its disk may hang",
                    "nothing was written for %" PRId64 " s, though the daemon runs", age_s);
    else if (info->lost > 0)
        doctor_find(doctor, DOCTOR_LIMITED, "its disk was too slow",
                    "%" PRIu64 " samples were lost", info->lost);
    else if (info->end == PAUSEMON_BLACKBOX_HARD)
        doctor_find(doctor, DOCTOR_OK, NULL,
                    "holds what was seen before a boot that ended without shutdown: %" PRIu64
                    " samples",
                    info->samples);
    else if (age_s < 0)
        doctor_find(doctor, DOCTOR_OK, NULL, "is there, and has no sample yet");
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "%" PRIu64 " samples, the last %" PRId64 " s ago%s",
                    info->samples, age_s,
                    info->end == PAUSEMON_BLACKBOX_CLEAN ? ", ended in good order" : "");
}

void doctor_blackbox(struct doctor *doctor)
{
    struct pausemon_blackbox_info info = {.size = sizeof info};
    struct pausemon_error error = {.status = 0};
    char path[PLACE_SIZE + 16];

    snprintf(path, sizeof path, "%s/blackbox", doctor->place.directory);
    int status = pausemon_blackbox_read(path, &info, NULL, NULL, NULL, &error);
    if (status >= 0)
        judge_blackbox(doctor, &info);
    else if (status == PAUSEMON_ERR_NOT_FOUND)
        doctor_find(doctor, DOCTOR_LIMITED, "a daemon makes it when it begins",
                    "there is none: of a hard freeze the last seconds would be lost");
    else if (status == PAUSEMON_ERR_DENIED)
        say_refused(doctor, path);
    else if (status == PAUSEMON_ERR_UNSUPPORTED)
        doctor_find(doctor, DOCTOR_LIMITED, "build it with jansson",
                    "this build cannot read it; it is written all the same");
    else
        doctor_find(doctor, DOCTOR_BROKEN, "a daemon that starts moves it aside", "%s", error.text);
}

/* ---- hook ---- */

/* As forensics.h has it: root's, or in the user's place also one's own, and nobody else's. */
void doctor_hook(struct doctor *doctor)
{
    static const char advice[] = "the file and each directory above it: chown root, chmod go-w";
    const char *hook =
        doctor->config ? pausemon_config_get_text(doctor->config, "forensics.hook") : NULL;
    const int64_t owner = doctor->place.is_system ? 0 : (int64_t)geteuid();
    char where[PLACE_SIZE];
    int os_errno;

    if (!hook || !hook[0]) {
        doctor_find(doctor, DOCTOR_OK, NULL, "none is configured (forensics.hook)");
        return;
    }
    char *path = hook[0] == '/' ? realpath(hook, NULL) : NULL;
    if (!path)
        doctor_find(doctor, DOCTOR_BROKEN, "forensics.hook needs the absolute path of a program",
                    "%s: %s", hook, hook[0] == '/' ? "there is no such file" : "no absolute path");
    else if (access(path, X_OK) != 0)
        doctor_find(doctor, DOCTOR_BROKEN, "chmod +x it", "%s cannot be run", hook);
    else if (!trust_path(path, owner, where, &os_errno))
        doctor_find(doctor, DOCTOR_BROKEN, advice, "%s is not run: %s can be changed by others",
                    hook, where);
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "%s", hook);
    free(path);
}

/* ---- what the library's parts say of themselves ---- */

void doctor_notifications(struct doctor *doctor)
{
    struct pausemon_alerts_options options = PAUSEMON_ALERTS_OPTIONS_INIT;
    struct pausemon_error error = {.status = 0};
    int64_t is_wanted = 1, is_learning = 0;

    if (doctor->config) {
        pausemon_config_get_number(doctor->config, "alerts.enabled", &is_wanted);
        pausemon_config_get_number(doctor->config, "learning_mode", &is_learning);
    }
    options.everybody = (uint64_t)doctor->place.is_system;
    if (!is_wanted || is_learning)
        doctor_find(doctor, DOCTOR_OK, NULL, "switched off (%s)",
                    is_wanted ? "learning_mode" : "alerts.enabled");
    else if (pausemon_alerts_probe(&options, &error) < 0)
        doctor_find(doctor, DOCTOR_LIMITED, NULL, "nobody is told of pauses: %s", error.text);
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "can be shown");
}

/* What is there only for who asks for it: its absence is a choice, no shortcoming. */
static const struct {
    const char *artifact, *key;
} choices[] = {
    {"trace.txt", "forensics.flight_recorder"},
    {"cmdlines.txt", "forensics.cmdline"},
};

/* The setting by which it is switched off; NULL: it is not. */
static const char *switched_off(const struct doctor *doctor, const char *artifact)
{
    int64_t is_on = 1;

    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (strcmp(choices[i].artifact, artifact) == 0 &&
            pausemon_config_get_number(doctor->config, choices[i].key, &is_on) == 0 && !is_on)
            return choices[i].key;
    return NULL;
}

static void add_artifact(void *user, const struct pausemon_artifact *artifact)
{
    struct doctor *doctor = user;
    const char *key = switched_off(doctor, artifact->name);
    char name[40];

    snprintf(name, sizeof name, "artifact %s", artifact->name);
    doctor->name = name;
    if (key)
        doctor_find(doctor, DOCTOR_OK, NULL, "none, because %s is switched off", key);
    else if (artifact->state == PAUSEMON_ARTIFACT_OK)
        doctor_find(doctor, DOCTOR_OK, NULL, "can be had");
    else
        doctor_find(doctor, DOCTOR_LIMITED, NULL, "%s%s",
                    artifact->state == PAUSEMON_ARTIFACT_MISSING ? "there will be none: " : "",
                    artifact->text ? artifact->text : "");
}

void doctor_artifacts(struct doctor *doctor)
{
    if (doctor->config && pausemon_forensics_probe(doctor->config, add_artifact, doctor) < 0)
        doctor_find(doctor, DOCTOR_LIMITED, NULL, "what a capture would hold is not known");
}
