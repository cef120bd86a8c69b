/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/client.h"
#include "common/files.h"
#include "common/out.h"
#include "common/places.h"
#include "common/when.h"
#include "pausemon/commands.h"
#include "pausemon/glance.h"
#include "pausemon/looking.h"

#define POLL_MS 200
#define MARGIN_S 30 /* beyond the longest tool: what was begun before, files, a slow disk */

struct capture {
    const struct args *args;
    struct pausemon_config *config;
    struct pausemon_history *history;
    struct pausemon_storage *storage;
    struct pausemon_forensics *forensics;
    struct glance glance;
    struct place place;
    char evidence[PLACE_SIZE + 8];              /* the directory of captures */
    int64_t asked_ns;                           /* realtime */
    int64_t begun_ms;                           /* monotonic */
    char open_name[PAUSEMON_CAPTURE_NAME_SIZE]; /* one that went on when we asked */
    struct pausemon_capture found;              /* its name is "" before */
    int has_row;                                /* it is in the database */
};

/* Only where somebody watches. */
static void show_progress(const struct capture *capture, int is_over)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (is_over)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\rgathering evidence: %" PRId64 " s ",
                (client_now_ms() - capture->begun_ms) / 1000);
}

/* The library's may be longer than ours. */
static void keep(struct pausemon_capture *to, const struct pausemon_capture *from)
{
    to->start_ns = from->start_ns;
    to->reason = from->reason;
    to->bytes = from->bytes;
    to->complete = from->complete;
    snprintf(to->name, sizeof to->name, "%s", from->name);
}

/* ---- what came of it ---- */

static int tell(const struct capture *capture)
{
    const struct pausemon_capture *found = &capture->found;
    const char *reason = pausemon_capture_reason_name(found->reason);
    char path[2 * PLACE_SIZE];

    snprintf(path, sizeof path, "%s/%s", capture->evidence, found->name);
    if (!args_get(capture->args, "json")) {
        puts(path);
        if (!found->complete)
            args_fail(capture->args->program, 0, "it is not complete: its metadata.json says why");
        return EXIT_OK;
    }
    fputs("{\"capture\":{\"name\":", stdout);
    out_json_text(found->name);
    fputs(",\"path\":", stdout);
    out_json_text(path);
    printf(",\"complete\":%s,\"reason\":", found->complete ? "true" : "false");
    out_json_text(reason ? reason : "unknown");
    printf(",\"bytes\":%" PRIu64 ",\"stored\":%s}}\n", found->bytes,
           capture->has_row ? "true" : "false");
    return EXIT_OK;
}

static int fail(const struct capture *capture)
{
    if (args_get(capture->args, "json"))
        puts("{\"capture\":null}");
    return EXIT_ERROR;
}

/* ---- by the daemon ---- */

static int note_open(void *user, const struct pausemon_capture *one)
{
    struct capture *capture = user;

    if (!one->complete && !capture->open_name[0])
        snprintf(capture->open_name, sizeof capture->open_name, "%s", one->name);
    return 0;
}

/* The one that was begun since, or that we were merged into, once it is complete. */
static int note_found(void *user, const struct pausemon_capture *one)
{
    struct capture *capture = user;
    const int is_merged = capture->open_name[0] && strcmp(one->name, capture->open_name) == 0;

    if (one->start_ns < capture->asked_ns && !is_merged)
        return 0;
    if (!capture->found.complete) /* the newest of those that are */
        keep(&capture->found, one);
    return 0;
}

static int64_t patience_ms(const struct capture *capture)
{
    static const char *const limits[] = {"forensics.spindump_timeout", "forensics.tailspin_timeout",
                                         "forensics.logs_timeout", "forensics.steps_timeout"};
    int64_t longest = 0, limit;

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (pausemon_config_get_number(capture->config, limits[i], &limit) == 0 && limit > longest)
            longest = limit;
    return (longest + MARGIN_S) * 1000;
}

static int wait_for_it(struct capture *capture)
{
    const int64_t deadline_ms = client_now_ms() + patience_ms(capture);
    struct pausemon_error error;
    int status = 0;

    looking_catch_interrupt();
    while (status >= 0 && !capture->found.complete && client_now_ms() < deadline_ms &&
           !looking_is_interrupted()) {
        show_progress(capture, 0);
        looking_wait(-1, POLL_MS);
        status = pausemon_history_captures(capture->history, 0, note_found, capture, &error);
    }
    show_progress(capture, 1);
    if (status < 0) {
        args_fail(capture->args->program, 0, "the daemon was asked; %s", error.text);
        return fail(capture);
    }
    capture->has_row = capture->found.name[0] != '\0';
    if (capture->has_row)
        return tell(capture);
    args_fail(capture->args->program, 0,
              "the daemon was asked, and has begun no capture%s: its log says why",
              looking_is_interrupted() ? " yet" : "");
    return fail(capture);
}

/* The daemon would refuse, and only its log would say so. Where it is not known, it may try. */
static int has_room(const struct capture *capture)
{
    struct statvfs disk;

    if (statvfs(capture->evidence, &disk) < 0 && statvfs(capture->place.directory, &disk) < 0)
        return 1;
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (room >= PAUSEMON_FORENSICS_LEAST_ROOM)
        return 1;
    args_fail(capture->args->program, 0,
              "nothing was captured: the disk of %s has %" PRIu64 " MiB free, %" PRIu64
              " are needed: make room",
              capture->place.directory, room >> 20, PAUSEMON_FORENSICS_LEAST_ROOM >> 20);
    return 0;
}

static int ask(struct capture *capture, pid_t pid)
{
    const char *program = capture->args->program;
    struct pausemon_error error;

    if (!has_room(capture))
        return fail(capture);
    int status = pausemon_history_open(&capture->history, capture->place.database, NULL, &error);
    if (status == 0)
        status = pausemon_history_captures(capture->history, 0, note_open, capture, &error);
    capture->asked_ns = when_now_ns();
    if (kill(pid, SIGUSR1) < 0) {
        if (errno == EPERM)
            args_fail(program, 0, "only root or the daemon's user may ask: sudo pausemon capture");
        else
            args_fail_os(program, 0, errno, "the daemon, pid %jd, cannot be asked", (intmax_t)pid);
        return fail(capture);
    }
    if (status >= 0)
        return wait_for_it(capture);
    args_fail(program, 0,
              "the daemon was asked, but what comes of it cannot be seen (%s): look in "
              "%s",
              error.text, capture->evidence);
    return fail(capture);
}

/* ---- by ourselves ---- */

static void note_changed(void *user, const struct pausemon_capture *one)
{
    struct capture *capture = user;
    struct pausemon_error error;

    keep(&capture->found, one);
    if (!capture->storage)
        return;
    capture->has_row = pausemon_storage_add_capture(capture->storage, one, &error) == 0;
    if (!capture->has_row)
        args_fail(capture->args->program, 0, "it is not in the database: %s", error.text);
}

static void idle(void *user)
{
    struct capture *capture = user;

    show_progress(capture, 0);
    if (looking_is_interrupted()) /* what there is by then is completed */
        pausemon_forensics_cancel(capture->forensics);
}

/* Whose group the files are of: as a daemon has left them, for there they stay its members'; where
 * none has been, the system's. -1: nobody's. */
static int64_t group_of(const struct place *place)
{
    const struct group *group;
    struct stat info;

    if (lstat(place->database, &info) == 0)
        return info.st_mode & S_IWGRP ? (int64_t)info.st_gid : -1;
    group = place->is_system ? getgrnam("pausemon") : NULL;
    return group ? (int64_t)group->gr_gid : -1;
}

/* The data directory, where no daemon has made it yet. The system's is not ours to make; in
 * somebody else's (sudo with the HOME of a user) our files would keep that one's daemon out. */
static int make_place(const struct capture *capture)
{
    const char *path = capture->place.directory, *program = capture->args->program;
    struct stat info;

    int fd = files_make_directory(path, capture->place.is_system ? 0 : 0700);
    if (fd < 0 || fstat(fd, &info) < 0)
        return args_fail_os(program, -1, errno, "cannot open the directory %s", path);
    close(fd);
    if (info.st_uid == geteuid())
        return 0;
    const struct passwd *owner = getpwuid(info.st_uid);
    return args_fail(program, -1, "%s belongs to %s: run this as that user, or name a --data-dir",
                     path, owner ? owner->pw_name : "another user");
}

static int gather(struct capture *capture, const struct pausemon_host *host)
{
    struct pausemon_forensics *forensics = capture->forensics;
    struct pausemon_error error;

    looking_catch_interrupt();
    glance_take(&capture->glance, capture->args->program, capture->config, forensics, host, idle,
                capture);
    pausemon_forensics_request(forensics);
    show_progress(capture, 0);
    int status = pausemon_forensics_run(forensics, &error);
    show_progress(capture, 1);
    if (status < 0) {
        args_fail(capture->args->program, 0, "nothing was captured: %s", error.text);
        return fail(capture);
    }
    if (capture->found.name[0])
        return tell(capture);
    args_fail(capture->args->program, 0, "nothing was captured%s",
              looking_is_interrupted() ? ": interrupted" : "");
    return fail(capture);
}

static int capture_alone(struct capture *capture)
{
    struct pausemon_forensics_options options = PAUSEMON_FORENSICS_OPTIONS_INIT;
    struct pausemon_storage_options wishes = PAUSEMON_STORAGE_OPTIONS_INIT;
    const char *program = capture->args->program;
    struct pausemon_error error;
    struct pausemon_host host;

    args_fail(program, 0,
              "no daemon was watching: there is no ring of what was before, only two looks at now");
    out_host(&host, program);
    options.group = wishes.group = group_of(&capture->place);
    options.only_root = (uint64_t)capture->place.is_system;
    options.user = capture;
    options.idle = idle;
    options.changed = note_changed;
    if (make_place(capture) < 0)
        return fail(capture);
    if (pausemon_storage_open(&capture->storage, capture->place.database, &wishes, &host, &error) <
        0)
        args_fail(program, 0, "it will not be in the database: %s", error.text);
    int code = EXIT_ERROR;
    if (pausemon_forensics_new(&capture->forensics, capture->evidence, capture->config, &options,
                               &host, &error) < 0)
        args_fail(program, 0, "nothing can be captured: %s", error.text);
    else
        code = gather(capture, &host);
    pausemon_forensics_free(capture->forensics);
    glance_free(&capture->glance);
    pausemon_storage_free(capture->storage);
    return code;
}

/* ---- the command ---- */

static int refuse(const struct capture *capture, int why)
{
    if (why == EACCES || why == EPERM)
        args_fail(capture->args->program, 0,
                  "only root or the daemon's user may ask: sudo pausemon capture");
    else
        args_fail_os(capture->args->program, 0, why, "%s", capture->place.lock);
    return fail(capture);
}

/* With the user's daemon, the system's, or none. */
static int run_in_place(struct capture *capture)
{
    const char *given = args_get(capture->args, "data-dir");
    const int has_own = place_data(given, 0, &capture->place) == 0;
    struct place system;
    pid_t pid = 0;

    if (given && !has_own)
        return args_fail(capture->args->program, EXIT_ERROR,
                         "--data-dir: the path is empty or too long");
    int found = has_own ? files_lock_holder(capture->place.lock, &pid) : 0;
    place_data(NULL, 1, &system);
    if (found == 0 && !given) {
        found = files_lock_holder(system.lock, &pid);
        /* Where none works, where one has worked. */
        if (found != 0 || !has_own ||
            (access(capture->place.database, F_OK) < 0 && access(system.database, W_OK) == 0))
            capture->place = system;
    }
    if (found < 0)
        return refuse(capture, errno);
    if (place_check(capture->args->program, &capture->place) < 0)
        return fail(capture);
    snprintf(capture->evidence, sizeof capture->evidence, "%s/events", capture->place.directory);
    capture->begun_ms = client_now_ms();
    return found ? ask(capture, pid) : capture_alone(capture);
}

static int run_capture(const struct args *args)
{
    struct capture capture = {.args = args, .found = PAUSEMON_CAPTURE_INIT};

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    capture.config = place_load_config(args->program, args_get(args, "config"));
    if (!capture.config)
        return EXIT_ERROR;
    int code = run_in_place(&capture);
    pausemon_history_free(capture.history);
    pausemon_config_free(capture.config);
    return code;
}

static const struct arg_option options[] = {
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    {"config", 0, "FILE", "configuration instead of the one in force"},
    {"json", 0, NULL, "one JSON document"},
    {NULL, 0, NULL, NULL},
};

const struct command command_capture = {
    .name = "capture",
    .help = "keep evidence of what this machine does now",
    .more = "Asks the daemon, and waits until it has written the evidence, whose directory is "
            "printed.\nWithout a daemon it gathers what can be had, which is less: nobody watched "
            "before.\n",
    .options = options,
    .run = run_capture,
};
