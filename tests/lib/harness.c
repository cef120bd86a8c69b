/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *count_resize(void *user, void *pointer, size_t size)
{
    struct harness *harness = user;

    if (size == 0) {
        if (pointer)
            harness->live--;
        free(pointer);
        return NULL;
    }
    if (harness->fail_at > 0 && --harness->fail_at == 0) {
        harness->fail_at = harness->fail_always ? 1 : 0;
        return NULL;
    }
    void *fresh = realloc(pointer, size);
    ck_assert_ptr_nonnull(fresh);
    harness->allocations++;
    if (!pointer)
        harness->live++;
    return fresh;
}

static void capture_log(void *user, int level, const char *text)
{
    struct harness *harness = user;
    size_t used = strlen(harness->log);

    snprintf(harness->log + used, sizeof harness->log - used, "%c: %s\n", "?EWID"[level], text);
}

static void frozen_now(void *user, struct pausemon_instant *now)
{
    const struct harness *harness = user;

    now->monotonic_ns = harness->now.monotonic_ns;
    now->boottime_ns = harness->now.boottime_ns;
    now->realtime_ns = harness->now.realtime_ns;
    now->utc_offset_s = harness->now.utc_offset_s;
}

void harness_init(struct harness *harness)
{
    memset(harness, 0, sizeof *harness);
    harness->host = (struct pausemon_host){sizeof(struct pausemon_host), harness, count_resize,
                                           capture_log, frozen_now};
    harness->now =
        (struct pausemon_instant){1000000000000, 1000000000000, 1769198400123456000, -8 * 3600};
}

void harness_tick(struct harness *harness, int64_t ns)
{
    harness->now.monotonic_ns += ns;
    harness->now.boottime_ns += ns;
    harness->now.realtime_ns += ns;
}

int text_write(void *user, const char *bytes, size_t length)
{
    struct text *text = user;
    char *fresh = realloc(text->bytes, text->length + length + 1);

    ck_assert_ptr_nonnull(fresh);
    memcpy(fresh + text->length, bytes, length);
    text->bytes = fresh;
    text->length += length;
    text->bytes[text->length] = '\0';
    return 0;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct text text = {0};
    char chunk[4096];
    size_t got;

    ck_assert_msg(file != NULL, "cannot open %s", path);
    text_write(&text, "", 0);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_write(&text, chunk, got);
    fclose(file);
    if (length)
        *length = text.length;
    return text.bytes;
}

const char *test_path(const char *relative)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", TESTS_DIR, relative);
    return path;
}

const char *recording_path(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/../../shared/recordings/macos-top/%s", TESTS_DIR, name);
    if (access(path, R_OK) == 0)
        return path;
    fprintf(stderr, "# skipped: no recording %s\n", path);
    return NULL;
}

static int player_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct player *player = self;

    player->wants = pausemon_sink_wants(sink);
    if (player->result < 0) {
        snprintf(error->text, sizeof error->text, "the player was told to fail");
        return player->result;
    }
    for (size_t i = 0; i < player->count; i++)
        pausemon_sink_put(sink, &player->rows[i]);
    if (player->skipped)
        pausemon_sink_skipped(sink, player->skipped);
    return player->result;
}

int player_open(struct pausemon_source **source, struct player *player,
                const struct pausemon_host *host)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;

    ops.read = player_read;
    return pausemon_source_new(source, "player", &ops, player, host, NULL);
}

int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

int harness_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
