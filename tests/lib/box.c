/* SPDX-License-Identifier: MIT */
#include "box.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(void *user, const struct pausemon_event *event)
{
    struct box *box = user;

    ck_assert_uint_lt(box->told_count, BOX_TOLD);
    pausemon_json_encode_sample(event->sample, text_write, &box->told[box->told_count++]);
}

void box_init(struct box *box)
{
    static const char *const names[] = {
        "\"quoted\\", "a b) S (c",         "x\n\033[31m", "\303\244\377\376PB",
        "\377PB\376", ",\"sample\":{}}\n", "plain",
    };

    memset(box, 0, sizeof *box);
    harness_init(&box->harness);
    snprintf(box->directory, sizeof box->directory, "/tmp/pausemon-box.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(box->directory));
    snprintf(box->path, sizeof box->path, "%s/box", box->directory);
    box->boot_id = "boot-one";
    box->options = (struct pausemon_blackbox_options)PAUSEMON_BLACKBOX_OPTIONS_INIT;
    for (size_t i = 0; i < BOX_ROWS; i++) {
        struct pausemon_row *row = &box->rows[i];
        *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
        row->pid = (int64_t)i + 1;
        row->have = PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_START_TIME;
        row->start_time = 7;
        row->mem = i * 1000;
        row->state = PAUSEMON_STATE_ZOMBIE;
        snprintf(row->command, sizeof row->command, "%s%40zu", names[i % 7], i);
    }
    box->player = (struct player){.rows = box->rows, .result = PAUSEMON_LOOK_COMPLETE};
    ck_assert_int_eq(player_open(&box->source, &box->player, &box->harness.host), 0);
    ck_assert_int_eq(
        pausemon_monitor_new(&box->monitor, NULL, box->source, &box->harness.host, NULL), 0);
    ck_assert_int_gt(
        pausemon_monitor_subscribe(box->monitor, PAUSEMON_EVENT_SAMPLE, note, box, NULL), 0);
}

void box_end(struct box *box)
{
    const struct dirent *entry;
    char path[512];

    box_close(box);
    pausemon_monitor_free(box->monitor);
    pausemon_source_free(box->source);
    for (size_t i = 0; i < box->told_count; i++)
        text_free(&box->told[i]);
    DIR *dir = opendir(box->directory);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", box->directory, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ck_assert_msg(unlink(path) == 0 || rmdir(path) == 0, "%s stays", path);
    }
    closedir(dir);
    ck_assert_int_eq(rmdir(box->directory), 0);
    ck_assert_int_eq(box->harness.live, 0);
}

int box_open(struct box *box)
{
    struct pausemon_error error = {0};

    memset(&box->before, 0x5A, sizeof box->before);
    box->before.size = sizeof box->before;
    int status = pm_blackbox_open(&box->blackbox, box->path, &box->options, box->boot_id,
                                  &box->before, &box->harness.host, &error);
    if (status == 0)
        ck_assert_int_eq(pausemon_blackbox_attach(box->blackbox, box->monitor, &error), 0);
    else
        ck_assert(!box->blackbox && error.status == status && error.text[0]);
    return status;
}

void box_close(struct box *box)
{
    pausemon_blackbox_free(box->blackbox);
    box->blackbox = NULL;
}

void box_look(struct box *box, size_t processes, size_t times)
{
    box->player.count = processes;
    for (size_t i = 0; i < times; i++) {
        harness_tick(&box->harness, SECOND);
        ck_assert_int_eq(pausemon_monitor_feed(box->monitor), 1);
    }
}

int box_flush(struct box *box)
{
    struct pausemon_error error;
    int written = pausemon_blackbox_flush(box->blackbox, &error);

    ck_assert_msg(written >= 0, "%s", error.text);
    return written;
}

static int compare(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct box *box = user;
    struct text text = {0};
    size_t at = box->first + (size_t)box->read_count;

    pausemon_json_encode_sample(sample, text_write, &text);
    for (; box->read_count == 0 && at < box->told_count; at++)
        if (strcmp(box->told[at].bytes, text.bytes) == 0)
            break;
    ck_assert_msg(at < box->told_count && strcmp(box->told[at].bytes, text.bytes) == 0,
                  "nobody told %s", text.bytes);
    box->first = box->read_count == 0 ? at : box->first;
    box->read_count++;
    box->tier = tier;
    text_free(&text);
    return 0;
}

int box_read(struct box *box, const char *suffix)
{
    struct pausemon_error error = {0};

    memset(&box->info, 0x5A, sizeof box->info);
    box->info.size = sizeof box->info;
    box->first = 0;
    box->read_count = 0;
    int count = pm_blackbox_read(box_file(box, suffix), box->boot_id, &box->info, compare, box,
                                 &box->harness.host, &error);
    ck_assert(count >= 0 || (error.status == count && error.text[0]));
    if (count >= 0) {
        ck_assert_uint_eq(box->read_count, (uint64_t)count);
        ck_assert_uint_eq(box->info.samples, (uint64_t)count);
    }
    return count;
}

const char *box_file(struct box *box, const char *suffix)
{
    static char path[256];

    snprintf(path, sizeof path, "%s%s", box->path, suffix);
    return path;
}

bool box_is_there(struct box *box, const char *suffix)
{
    struct stat info;

    return lstat(box_file(box, suffix), &info) == 0;
}

void box_put_file(struct box *box, const char *suffix, const void *bytes, size_t size)
{
    FILE *file = fopen(box_file(box, suffix), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}
