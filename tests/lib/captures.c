/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "captures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- life ---- */

static void note_idle(void *user)
{
    ((struct captures *)user)->idle++;
}

static void note_change(void *user, const struct pausemon_capture *capture)
{
    struct captures *captures = user;

    ck_assert_uint_lt(captures->told_count, CAPTURES_TOLD);
    captures->told[captures->told_count++] = *capture;
}

void captures_init(struct captures *captures)
{
    memset(captures, 0, sizeof *captures);
    stage_open(&captures->stage);
    stage_grow(&captures->stage, PM_READ_RUN_DELAY, 0);
    stage_feed(&captures->stage, 0);
    stage_feed(&captures->stage, 1000);
    snprintf(captures->directory, sizeof captures->directory, "/tmp/captures.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(captures->directory));
    snprintf(captures->events, sizeof captures->events, "%s/events", captures->directory);
    snprintf(captures->root, sizeof captures->root, "%s/root", captures->directory);
    ck_assert_int_eq(mkdir(captures->root, 0700), 0);
    captures->steps = &pm_steps_linux;
    captures->options = (struct pausemon_forensics_options)PAUSEMON_FORENSICS_OPTIONS_INIT;
    captures->options.user = captures;
    captures->options.idle = note_idle;
    captures->options.changed = note_change;
}

void captures_open(struct captures *captures)
{
    ck_assert_msg(pausemon_forensics_new(&captures->forensics, captures->events,
                                         captures->stage.config, &captures->options,
                                         &captures->stage.harness.host, &captures->error) == 0,
                  "%s", captures->error.text);
    pm_forensics_set_steps(captures->forensics, captures->steps, captures->root);
}

void captures_attach(struct captures *captures)
{
    captures_open(captures);
    ck_assert_int_eq(
        pausemon_forensics_attach(captures->forensics, captures->stage.monitor, &captures->error),
        0);
    stage_feed(&captures->stage, 1000);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void captures_end(struct captures *captures)
{
    pausemon_forensics_free(captures->forensics);
    stage_close(&captures->stage);
    ck_assert_int_eq(nftw(captures->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- what is there ---- */

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

static void put_file(struct captures *captures, const char *path, const char *first,
                     const char *text, mode_t mode)
{
    char full[256];

    snprintf(full, sizeof full, "%s%s", captures->root, path);
    make_parents(full);
    FILE *file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "%s%s", first, text), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(full, mode), 0);
}

void captures_file(struct captures *captures, const char *path, const char *text)
{
    put_file(captures, path, "", text, 0600);
}

void captures_tool(struct captures *captures, const char *path, const char *script)
{
    put_file(captures, path, "#!/bin/sh\n", script, 0700);
}

void captures_set(struct captures *captures, const char *name, const char *value)
{
    ck_assert_int_eq(pausemon_config_set(captures->stage.config, name, value, NULL), 0);
    pausemon_forensics_set_config(captures->forensics, captures->stage.config);
}

/* ---- what happens ---- */

void captures_freeze(struct captures *captures, int64_t ms)
{
    captures->stage.rows[1].cpu_ns += (uint64_t)(ms * MS);
    stage_grow(&captures->stage, PM_READ_RUN_DELAY, ms);
    stage_feed(&captures->stage, 1000 + ms);
}

void captures_calm(struct captures *captures, int seconds)
{
    for (int i = 0; i < seconds; i++)
        stage_feed(&captures->stage, 1000);
}

int captures_run(struct captures *captures)
{
    return pausemon_forensics_run(captures->forensics, &captures->error);
}

/* ---- what was made ---- */

static int is_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int captures_count(struct captures *captures)
{
    struct dirent **list;
    int count = scandir(captures->events, &list, is_name, alphasort);

    for (int i = 0; i < count; i++)
        free(list[i]);
    if (count >= 0)
        free(list);
    return count;
}

const char *captures_name(struct captures *captures, int index)
{
    static char name[256];
    struct dirent **list;
    int count = scandir(captures->events, &list, is_name, alphasort);

    ck_assert_int_lt(index, count);
    snprintf(name, sizeof name, "%s", list[index]->d_name);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    return name;
}

const char *captures_path(struct captures *captures, const char *name, const char *file)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s/%s", captures->events, name, file);
    return path;
}

bool captures_has(struct captures *captures, const char *name, const char *file)
{
    return access(captures_path(captures, name, file), F_OK) == 0;
}

char *captures_text(struct captures *captures, const char *name, const char *file)
{
    return read_file(captures_path(captures, name, file), NULL);
}

json_t *captures_json(struct captures *captures, const char *name, const char *file)
{
    json_error_t error;
    json_t *json =
        json_load_file(captures_path(captures, name, file), JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json != NULL, "%s: line %d: %s", file, error.line, error.text);
    return json;
}

static json_t *find(json_t *metadata, const char *artifact)
{
    json_t *all = json_object_get(metadata, "artifacts"), *one;
    size_t i;

    json_array_foreach(all, i, one) if (strcmp(json_string_value(json_object_get(one, "name")),
                                               artifact) == 0) return one;
    ck_abort_msg("no artifact %s", artifact);
    return NULL;
}

const char *captures_error(json_t *metadata, const char *artifact)
{
    static char text[256];
    const char *error = json_string_value(json_object_get(find(metadata, artifact), "error"));

    snprintf(text, sizeof text, "%s", error ? error : "");
    return text;
}

json_int_t captures_bytes(json_t *metadata, const char *artifact)
{
    return json_integer_value(json_object_get(find(metadata, artifact), "bytes"));
}
