/* SPDX-License-Identifier: MIT */
/* The configuration's text: pre-pass → inih → the table. inih reads line by line, so that what
 * its handler gets belongs to the line that was handed out last. */
#include <ini.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "core/config_value.h"
#include "formats/config_prepass.h"

#define MAX_TEXT (1u << 20)

struct loader {
    struct pm_prepass prepass;
    struct pausemon_config *config; /* a copy: the caller's stays as it is until all is well */
    pausemon_config_issue_fn issue;
    void *user;
    struct pausemon_error *first; /* the caller's */
    int errors;
    bool known_section;     /* keys of an unknown one are not told again, each by itself */
    bool warned_of_ignored; /* one warning a file */
    int64_t set_in_line[PM_CONFIG_MAX_KEYS];
    char text[PM_CONFIG_TEXT_SIZE]; /* of a value in pieces */
};

static void report(struct loader *loader, int level, struct pausemon_error *error, int64_t line)
{
    error->line = line;
    if (level == PAUSEMON_LOG_ERROR) {
        error->status = PAUSEMON_ERR_FORMAT;
        if (loader->errors++ == 0 && loader->first)
            *loader->first = *error;
    }
    if (loader->issue)
        loader->issue(loader->user, level, error);
}

/* ---- sections ---- */

static bool is_section_of(const char *name, const char *section, size_t length)
{
    const char *dot = strrchr(name, '.');

    return dot && (size_t)(dot - name) == length && strncmp(name, section, length) == 0;
}

static bool is_known_section(const char *section, size_t length)
{
    for (size_t i = 0; i < pm_config_row_count; i++)
        if (is_section_of(pm_config_rows[i].key.name, section, length))
            return true;
    for (size_t i = 0; pm_config_ignored[i]; i++)
        if (is_section_of(pm_config_ignored[i], section, length))
            return true;
    return false;
}

/* A section that only groups others, [scoring], is known as well. */
static void check_section(struct loader *loader, const char *line)
{
    const char *names[PM_CONFIG_MAX_KEYS + 1] = {NULL};
    char sections[PM_CONFIG_MAX_KEYS][PM_PREPASS_NAME], word[PM_PREPASS_NAME];
    size_t length = strlen(line) - 3, count = 0; /* without [ ] and newline */
    struct pausemon_error error;

    loader->known_section = is_known_section(line + 1, length);
    if (loader->known_section)
        return;
    snprintf(word, sizeof word, "%.*s", (int)length, line + 1);
    for (size_t i = 0; i < pm_config_row_count; i++) {
        const char *name = pm_config_rows[i].key.name, *dot = strrchr(name, '.');
        if (!dot)
            continue;
        if (strncmp(name, word, length) == 0 && name[length] == '.') {
            loader->known_section = true; /* it has no keys of its own: each is an unknown one */
            return;
        }
        snprintf(sections[count], sizeof sections[0], "%.*s", (int)(dot - name), name);
        names[count] = sections[count];
        count++;
    }
    const char *near = pausemon_nearest_name(word, names);
    pm_fail(&error, PAUSEMON_ERR_FORMAT, "unknown section [%s]%s%s%s", word,
            near ? "; did you mean [" : "", near ? near : "", near ? "]?" : "");
    report(loader, PAUSEMON_LOG_ERROR, &error, loader->prepass.line);
}

/* ---- values ---- */

static bool is_ignored(struct loader *loader, const char *name)
{
    struct pausemon_error error;

    for (size_t i = 0; pm_config_ignored[i]; i++) {
        if (strcmp(pm_config_ignored[i], name) != 0)
            continue;
        if (!loader->warned_of_ignored) {
            pm_fail(&error, PAUSEMON_OK,
                    "%s does nothing: it and its like were never read by the original either",
                    name);
            report(loader, PAUSEMON_LOG_WARNING, &error, loader->prepass.line);
        }
        loader->warned_of_ignored = true;
        return true;
    }
    return false;
}

/* The first piece of a value: whether the key may be set, and then its row. */
static int find_row(struct loader *loader, const char *name, struct pausemon_error *error)
{
    int row = pm_config_find(name);
    int64_t *line = row >= 0 ? &loader->set_in_line[row] : NULL;

    if (row < 0)
        return pm_config_fail_unknown(error, name);
    if (*line && *line != loader->prepass.line)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s is set again: it was in line %lld", name,
                       (long long)*line);
    *line = loader->prepass.line;
    loader->config->origin[row] = PAUSEMON_CONFIG_ORIGIN_FILE;
    return row;
}

/* Adds a piece to loader->text; whether it was the last. */
static bool add_piece(struct loader *loader, const char *value)
{
    const char *end = value + strlen(value), *why;
    size_t used = strlen(loader->text);
    char piece[PM_CONFIG_TEXT_SIZE];

    if (pm_value_text(&value, end, piece, &why) == 0)
        snprintf(loader->text + used, sizeof loader->text - used, "%s", piece);
    return *value != '+';
}

static int set_value(struct loader *loader, size_t row, const char *value,
                     struct pausemon_error *error)
{
    bool item = value[0] == '[';

    if (strcmp(value, "[") == 0)
        return pm_config_clear_list(loader->config, row, error);
    if (!item && value[0] != '"')
        return pm_config_set_word(loader->config, row, value, error);
    if (!add_piece(loader, value + item))
        return 0;
    int status = item ? pm_config_add_item(loader->config, row, loader->text, error)
                      : pm_config_set_text(loader->config, row, loader->text, error);
    loader->text[0] = '\0';
    return status;
}

/* The original writes it into every file. */
static void warn_of_interval(struct loader *loader, size_t row)
{
    struct pausemon_error error;

    if (pm_config_rows[row].offset != offsetof(struct pausemon_config, sample_interval_ms) ||
        loader->config->sample_interval_ms == 0)
        return;
    pm_fail(&error, PAUSEMON_OK,
            "%s: it is of one-shot top only, and has no effect yet; see monitor.interval_ms",
            pm_config_rows[row].key.name);
    report(loader, PAUSEMON_LOG_WARNING, &error, loader->prepass.line);
}

/* inih's handler. */
static int handle(void *user, const char *section, const char *key, const char *value)
{
    struct loader *loader = user;
    struct pausemon_error error;
    char name[2 * PM_PREPASS_NAME];

    if (!loader->known_section)
        return 1;
    snprintf(name, sizeof name, "%s%s%s", section, section[0] ? "." : "", key);
    if (is_ignored(loader, name))
        return 1;
    int row = find_row(loader, name, &error);
    int status = row < 0 ? row : set_value(loader, (size_t)row, value, &error);
    if (status == 0)
        warn_of_interval(loader, (size_t)row);
    if (status < 0) {
        report(loader, PAUSEMON_LOG_ERROR, &error, loader->prepass.line);
        /* The rest of this value would only say it again. */
        loader->prepass.list = NULL;
        loader->prepass.text_left = false;
        loader->text[0] = '\0';
    }
    return 1;
}

/* inih's reader: as fgets. */
static char *next_line(char *line, int size, void *user)
{
    struct loader *loader = user;
    struct pausemon_error error;
    enum pm_prepass_kind kind;

    if (size < PM_PREPASS_LINE)
        return NULL;
    while ((kind = pm_prepass_next(&loader->prepass, line, &error)) == PM_PREPASS_ERROR)
        report(loader, PAUSEMON_LOG_ERROR, &error, loader->prepass.line);
    if (kind == PM_PREPASS_SECTION)
        check_section(loader, line);
    return kind == PM_PREPASS_END ? NULL : line;
}

/* ---- texts and files ---- */

static void check_whole(struct loader *loader)
{
    struct pausemon_error error;

    /* A sum of weights in which one is missing says nothing new. */
    if (loader->errors == 0 && pausemon_config_check(loader->config, &error) < 0)
        report(loader, PAUSEMON_LOG_ERROR, &error, 0);
}

int pausemon_config_parse(struct pausemon_config *config, const char *text, size_t length,
                          pausemon_config_issue_fn issue, void *user, struct pausemon_error *error)
{
    if (!config || (!text && length))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a config and a text are needed");
    if (length > MAX_TEXT)
        return pm_fail(error, PAUSEMON_ERR_LIMIT,
                       "a configuration of %zu bytes; at most %u are read", length, MAX_TEXT);
    struct loader *loader = pm_alloc(&config->host, sizeof *loader + sizeof *loader->config);
    if (!loader)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "configuration: out of memory");
    loader->config = (struct pausemon_config *)(void *)(loader + 1);
    *loader->config = *config;
    loader->issue = issue;
    loader->user = user;
    loader->first = error;
    loader->known_section = true; /* the part before any section */
    pm_prepass_init(&loader->prepass, text, length);
    int stopped = ini_parse_stream(next_line, loader, handle, loader);
    if (stopped != 0 || loader->prepass.at != loader->prepass.end) {
        struct pausemon_error why;
        pm_fail(&why, PAUSEMON_ERR_FORMAT, "the INI reader stopped (%d)", stopped);
        report(loader, PAUSEMON_LOG_ERROR, &why, loader->prepass.line);
    }
    check_whole(loader);
    int status = loader->errors ? PAUSEMON_ERR_FORMAT : 0;
    if (status == 0) {
        *config = *loader->config;
        pm_config_derive(config);
    }
    pm_free(&config->host, loader);
    return status;
}

static int read_text(int fd, const char *path, char *text, size_t *length,
                     struct pausemon_error *error)
{
    ssize_t got;

    *length = 0;
    while ((got = read(fd, text + *length, MAX_TEXT + 1 - *length)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pm_fail_os(error, errno, "cannot read \"%s\"", path);
        *length += (size_t)got;
    }
    if (*length > MAX_TEXT)
        return pm_fail(error, PAUSEMON_ERR_LIMIT, "\"%s\" has more than %u bytes", path, MAX_TEXT);
    return 0;
}

int pausemon_config_load(struct pausemon_config *config, const char *path,
                         pausemon_config_issue_fn issue, void *user, struct pausemon_error *error)
{
    struct stat info;
    size_t length = 0;

    if (!config || !path)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a config and a path are needed");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return pm_fail_os(error, errno, "cannot open \"%s\"", path);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return pm_fail_os(error, S_ISDIR(info.st_mode) ? EISDIR : EINVAL,
                          "\"%s\" is not a regular file", path);
    }
    char *text = pm_resize(&config->host, NULL, MAX_TEXT + 1);
    int status = text ? read_text(fd, path, text, &length, error)
                      : pm_fail(error, PAUSEMON_ERR_NOMEM, "\"%s\": out of memory", path);
    close(fd);
    if (status == 0)
        status = pausemon_config_parse(config, text, length, issue, user, error);
    pm_free(&config->host, text);
    return status;
}
