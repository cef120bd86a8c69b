/* SPDX-License-Identifier: MIT */
/* The programs of a table: side by side, each with its limit and its file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/thread.h"
#include "core/arith.h"
#include "forensics/errand.h"
#include "forensics/forensics.h"
#include "forensics/words.h"

#define TICK_MS 250

struct tool {
    size_t step;
    struct pm_out out;
    struct pausemon_error why;
    struct pm_words words;
};

struct tools {
    size_t count;
    struct pm_errand errands[PM_TOOLS_MAX]; /* one beside the other, as they are waited for */
    struct tool tools[PM_TOOLS_MAX];
};

static void set_error(struct pm_result *result, const char *text)
{
    snprintf(result->error, sizeof result->error, "%s", text);
}

/* ---- its start ---- */

/* The first that is there, as it is called and (with the root) where it is. */
static int find_program(const struct pausemon_forensics *forensics, const struct pm_step *step,
                        char path[PATH_MAX], struct pausemon_error *why)
{
    struct pausemon_error error;
    int status = PAUSEMON_ERR_NOT_FOUND;

    for (size_t i = 0; step->programs[i]; i++) {
        int found = pm_forensics_path(forensics, step->programs[i], path);
        if (found == 0)
            found = pm_errand_check(path, -1, &error);
        if (found == 0)
            return 0;
        if (i == 0 && found == PAUSEMON_ERR_NOT_FOUND)
            pm_fail(why, found, "%s is not there", step->programs[i]);
        else if (i == 0)
            pm_fail(why, found, "%s", error.text);
    }
    return status;
}

static int64_t limit_ns(const struct pausemon_forensics *forensics, const struct pm_step *step)
{
    int64_t seconds;

    memcpy(&seconds, (const char *)forensics->config + step->limit, sizeof seconds);
    return seconds * PM_NS_PER_S;
}

/* Its command line; false: there is nothing for it to do. */
static int put_words(struct pm_capture *capture, struct tool *tool, const char *program)
{
    const struct pm_step *step = &capture->steps->rows[tool->step];
    struct pm_values values = {.capture = capture, .name = step->name};
    bool fits;

    pm_capture_window(capture, &values.since_s, &values.until_s);
    pm_words_init(&tool->words);
    fits = pm_words_add(&tool->words, program);
    for (size_t i = 0; fits && step->arguments[i]; i++)
        fits = pm_words_expand(&tool->words, step->arguments[i], &values);
    if (!fits)
        return pm_fail(&tool->why, PAUSEMON_ERR_LIMIT, "its command line is too long");
    if (step->words && !step->words(capture, &tool->words))
        return pm_fail(&tool->why, PAUSEMON_ERR_NOT_FOUND, "no process is known to ask about");
    return 0;
}

static int start(struct pm_capture *capture, struct tool *tool, struct pm_errand *errand)
{
    const struct pausemon_forensics *forensics = capture->forensics;
    const struct pm_step *step = &capture->steps->rows[tool->step];
    char program[PATH_MAX];

    if (step->needs_root && forensics->uid != 0)
        return pm_fail(&tool->why, PAUSEMON_ERR_DENIED, "Operation not permitted: needs root");
    int status = find_program(forensics, step, program, &tool->why);
    if (status == 0)
        status = put_words(capture, tool, program);
    if (status < 0)
        return status;
    *errand = (struct pm_errand){
        .argv = tool->words.argv,
        .limit_ns = limit_ns(forensics, step),
        .out_fd = step->makes_file ? -1 : tool->out.fd,
        .max_bytes = capture->most_bytes,
        .clean = step->is_text,
    };
    status = pm_errand_start(errand, &forensics->host);
    return status < 0 ? pm_fail(&tool->why, status, "%s", errand->why) : 0;
}

/* ---- its end ---- */

static int remove_file(struct pm_capture *capture, struct tool *tool)
{
    unlinkat(capture->directory, capture->results[tool->step].name, 0);
    return (int)tool->why.status;
}

/* What it made by itself: it must be a file, of the rights that all have, and not too large: half
 * of such a file is none. What is not so goes. */
static int adopt_file(struct pm_capture *capture, struct tool *tool)
{
    int64_t group = capture->forensics->options.group;
    const char *name = capture->results[tool->step].name;
    struct stat info;

    int fd = openat(capture->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    tool->out.fd = fd;
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        pm_fail(&tool->why, PAUSEMON_ERR_DENIED, "what it made is no file: removed");
        return remove_file(capture, tool);
    }
    if ((uint64_t)info.st_size > capture->most_bytes) {
        pm_fail(&tool->why, PAUSEMON_ERR_LIMIT, "more than %llu MiB: removed",
                (unsigned long long)(capture->most_bytes >> 20));
        return remove_file(capture, tool);
    }
    if ((group >= 0 && fchown(fd, (uid_t)-1, (gid_t)group) != 0) ||
        fchmod(fd, group >= 0 ? 0640 : 0600) != 0) {
        pm_fail_os(&tool->why, errno, "the rights of %s", name);
        return remove_file(capture, tool);
    }
    tool->out.bytes = (uint64_t)info.st_size;
    return 0;
}

static void check_growth(struct pm_capture *capture, struct tool *tool, struct pm_errand *errand)
{
    struct stat info;

    if (errand->is_running && capture->steps->rows[tool->step].makes_file &&
        fstatat(capture->directory, capture->results[tool->step].name, &info,
                AT_SYMLINK_NOFOLLOW) == 0 &&
        (uint64_t)info.st_size > capture->most_bytes)
        pm_errand_end(errand, "its file is too large");
}

/* Something else in its place: both are told. */
static void do_instead(struct pm_capture *capture, struct tool *tool)
{
    const struct pm_step *step = &capture->steps->rows[tool->step];
    struct pausemon_error why = {0}, both;

    tool->out.why = &why;
    int status = step->instead(capture, &tool->out, &why);
    if (status < 0 && !why.text[0])
        pm_fail(&why, status, "%s", pausemon_status_text(status));
    if (status == 0 && tool->out.bytes == 0)
        pm_fail(&why, 0, "%s told nothing either", step->instead_name);
    else if (!why.text[0])
        pm_fail(&why, 0, "%s is here in its place", step->instead_name);
    pm_fail(&both, status, "%.110s; %.110s", tool->why.text[0] ? tool->why.text : "it told nothing",
            why.text);
    tool->why = both;
}

static void finish(struct pm_capture *capture, struct tool *tool, const struct pm_errand *errand)
{
    const struct pm_step *step = &capture->steps->rows[tool->step];
    struct pm_result *result = &capture->results[tool->step];

    if (!step->makes_file)
        tool->out.bytes = errand->bytes;
    else if (errand->start_ns)
        adopt_file(capture, tool);
    if (step->instead && tool->out.fd >= 0 && tool->out.bytes == 0)
        do_instead(capture, tool);
    if (!tool->why.text[0] && tool->out.bytes == 0)
        pm_fail(&tool->why, 0, "it told nothing");
    set_error(result, tool->why.text);
    pm_capture_close_file(capture, tool->step, &tool->out);
}

static void note_end(struct pm_capture *capture, struct tool *tool, const struct pm_errand *errand)
{
    bool is_full = errand->status == PAUSEMON_ERR_LIMIT && errand->max_bytes &&
                   errand->bytes >= errand->max_bytes;

    capture->results[tool->step].ms = errand->ms;
    if (is_full)
        pm_out_cut(capture->most_bytes, &tool->why);
    else if (errand->why[0])
        pm_fail(&tool->why, errand->status, "%s", errand->why);
}

/* ---- all of them ---- */

static void begin_all(struct pm_capture *capture, struct tools *tools)
{
    for (size_t i = 0; i < capture->steps->count && tools->count < PM_TOOLS_MAX; i++) {
        const struct pm_step *step = &capture->steps->rows[i];
        if (step->write || pm_capture_is_off(capture, i))
            continue;
        struct tool *tool = &tools->tools[tools->count];
        struct pm_errand *errand = &tools->errands[tools->count];
        memset(errand, 0, sizeof *errand);
        *tool = (struct tool){.step = i, .out = {.fd = -1}};
        tools->count++;
        int status =
            step->makes_file ? 0 : pm_capture_open_file(capture, i, &tool->out, &tool->why);
        if (status == 0)
            start(capture, tool, errand);
    }
}

static void end_all(struct tools *tools)
{
    for (size_t i = 0; i < tools->count; i++)
        pm_errand_end(&tools->errands[i], "ended: the program that watches ends");
}

static void wait_for_all(struct pm_capture *capture, struct tools *tools)
{
    while (pm_errand_wait(tools->errands, tools->count, TICK_MS) > 0) {
        for (size_t i = 0; i < tools->count; i++)
            check_growth(capture, &tools->tools[i], &tools->errands[i]);
        pm_forensics_hear(capture->forensics);
        pm_forensics_idle(capture->forensics);
        if (atomic_load(&capture->forensics->cancelled))
            end_all(tools);
    }
}

void pm_tools_run(struct pm_capture *capture)
{
    const struct pm_host *host = &capture->forensics->host;
    struct tools *tools = pm_alloc(host, sizeof *tools);

    if (!tools) {
        for (size_t i = 0; i < capture->steps->count; i++)
            if (!capture->steps->rows[i].write)
                set_error(&capture->results[i], "out of memory");
        return;
    }
    begin_all(capture, tools);
    wait_for_all(capture, tools);
    for (size_t i = 0; i < tools->count; i++) {
        if (tools->errands[i].start_ns)
            note_end(capture, &tools->tools[i], &tools->errands[i]);
        finish(capture, &tools->tools[i], &tools->errands[i]);
    }
    pm_free(host, tools);
}
