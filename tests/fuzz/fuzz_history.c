/* SPDX-License-Identifier: MIT */
/* A file that says it is an incident database: read through every function, marked, and opened for
 * writing. What comes out is in range; nothing crashes, hangs or leaks. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char directory[512], path[600];
};

static void make_place(struct place *place)
{
    const char *top = getenv("TMPDIR");

    snprintf(place->directory, sizeof place->directory, "%.400s/fuzz-history.XXXXXX",
             top ? top : "/tmp");
    FUZZ_CHECK(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/db", place->directory);
}

static void write_input(const struct place *place, const uint8_t *data, size_t size)
{
    int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void remove_place(const struct place *place)
{
    char path[1024];
    DIR *dir = opendir(place->directory);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", place->directory, entry->d_name);
        unlink(path); /* not "." and ".." */
    }
    closedir(dir);
    FUZZ_CHECK(rmdir(place->directory) == 0);
}

static int check_event(void *user, const struct pausemon_escalation *escalation)
{
    int64_t *id = user;

    FUZZ_CHECK(escalation->peak_stress <= 100 && pausemon_tier_name(escalation->peak_tier));
    FUZZ_CHECK(pausemon_review_name(escalation->review) && escalation->open <= 1);
    FUZZ_CHECK(!escalation->open || escalation->end.realtime_ns == 0);
    if (escalation->notes)
        FUZZ_CHECK(fuzz_is_clean(escalation->notes, strlen(escalation->notes)));
    *id = escalation->id;
    return 0;
}

static int check_pause(void *user, const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);

    (void)user;
    FUZZ_CHECK(pausemon_cause_name(info->cause) && info->evidence_count <= PAUSEMON_MAX_EVIDENCE);
    FUZZ_CHECK(info->culprit_count <= PAUSEMON_MAX_PARTIES);
    FUZZ_CHECK(info->victim_count <= PAUSEMON_MAX_PARTIES);
    return 0;
}

static int check_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    (void)user;
    FUZZ_CHECK(pausemon_tier_name(tier));
    FUZZ_CHECK(pausemon_sample_get_info(sample)->max_score <= 100);
    return 0;
}

static int check_capture(void *user, const struct pausemon_capture *capture)
{
    (void)user;
    FUZZ_CHECK(memchr(capture->name, 0, sizeof capture->name) && capture->complete <= 1);
    FUZZ_CHECK(strspn(capture->name, "0123456789-_") == strlen(capture->name));
    FUZZ_CHECK(capture->event_id >= 0 && capture->pause_id >= 0);
    FUZZ_CHECK(capture->reason == 0 || pausemon_capture_reason_name(capture->reason));
    return 0;
}

static void check_status(const struct pausemon_error *error, int status)
{
    FUZZ_CHECK(status >= 0 || (error->status == status && error->text[0] &&
                               fuzz_is_clean(error->text, strlen(error->text))));
}

static void read_all(const char *path, const struct pausemon_host *host)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    uint64_t counts[101];
    int64_t id = 1, alive, noted;
    int status = pausemon_history_open(&history, path, host, &error);

    check_status(&error, status);
    if (status < 0)
        return;
    check_status(&error, pausemon_history_events(history, NULL, check_event, &id, &error));
    check_status(&error, pausemon_history_pauses(history, NULL, check_pause, NULL, &error));
    check_status(&error, pausemon_history_samples(history, id, check_sample, NULL, &error));
    check_status(&error, pausemon_history_captures(history, 0, check_capture, NULL, &error));
    check_status(&error, pausemon_history_histogram(history, 0, 0, counts, &error));
    check_status(&error, pausemon_history_hard_end(history, &alive, &noted, &error));
    check_status(&error, pausemon_history_mark(history, id, PAUSEMON_REVIEW_PINNED, "x", &error));
    pausemon_history_free(history);
}

/* Brought up to date or moved aside: after it there is a database, or a reason. */
static void write_some(const char *path, const struct pausemon_host *host)
{
    struct pausemon_storage *storage;
    struct pausemon_config *config;
    struct pausemon_error error = {0};
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    int status = pausemon_storage_open(&storage, path, NULL, host, &error);

    check_status(&error, status);
    if (status < 0)
        return;
    how.dry_run = 1;
    how.evidence = "/nonexistent"; /* rows only: nothing is there to be removed */
    FUZZ_CHECK(pausemon_config_new(&config, host, NULL) == 0);
    check_status(&error, pausemon_storage_flush(storage, &error));
    check_status(&error, pausemon_storage_prune(storage, config, &how, &error));
    check_status(&error, pausemon_storage_prune(storage, config, NULL, &error));
    how.dry_run = 0;
    check_status(&error, pausemon_storage_prune(storage, config, &how, &error));
    check_status(&error, pausemon_storage_finish(storage, &error));
    pausemon_storage_free(storage);
    pausemon_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pausemon_host host = fuzz_host();
    struct place place;

    make_place(&place);
    write_input(&place, data, size);
    read_all(place.path, &host);
    write_some(place.path, &host);
    read_all(place.path, &host);
    remove_place(&place);
    return 0;
}
