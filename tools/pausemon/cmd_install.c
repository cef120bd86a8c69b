/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/out.h"
#include "common/trust.h"
#include "common/utf8.h"
#include "pausemon/commands.h"
#include "pausemon/setup.h"

#define SYSTEM_STATE "var/lib"
#define SYSTEM_DATA "pause-monitor"
#define GROUPADD "/usr/sbin/groupadd"

struct install {
    struct setup setup;
    struct service_text text;      /* what is to be there */
    char there[SERVICE_TEXT_SIZE]; /* what is */
    int is_there, is_same;
};

/* ---- what is to be installed ---- */

/* A service of root's runs whatever lies there. */
static int check_program(const struct setup *setup)
{
    const char *program = setup->args->program;
    char where[PLACE_SIZE];
    int why;

    if (!setup->program[0])
        return args_fail(program, -1, "this system does not say where this program lies");
    if (access(setup->program, X_OK) != 0)
        return args_fail_os(program, -1, errno, "%s, which is to be run", setup->program);
    if (!setup->service.is_system || setup->is_forced || trust_path(setup->program, 0, where, &why))
        return 0;
    if (why)
        return args_fail_os(program, -1, why, "cannot look at %s", where);
    return args_fail(program, -1,
                     "%s can be changed by others than root, and root would run %s: first `meson "
                     "install` it, or --force",
                     where, setup->program);
}

/* ---- what is there ---- */

/* -1 after a line on stderr. */
static int look(struct install *install, int directory)
{
    const struct setup *setup = &install->setup;
    int length =
        files_read(directory, setup->service.manager->file, install->there, sizeof install->there);

    install->is_there = length >= 0 || errno == EFBIG;
    if (length < 0)
        install->there[0] = '\0';
    install->is_same = length >= 0 && (size_t)length == install->text.used &&
                       memcmp(install->there, install->text.bytes, install->text.used) == 0;
    if (install->is_there || errno == ENOENT)
        return 0;
    if (errno == ELOOP || errno == EINVAL)
        return args_fail(
            setup->args->program, -1,
            "%s is a symbolic link, or no ordinary file: it was not touched; remove it "
            "first",
            setup->path);
    return args_fail_os(setup->args->program, -1, errno, "cannot read %s", setup->path);
}

/* With its newline. */
static size_t line_length(const char *text)
{
    size_t length = strcspn(text, "\n");

    return length + (text[length] == '\n');
}

static void print_lines(char mark, const char *from, const char *to)
{
    char line[512], clean[512];

    for (; from < to; from += line_length(from)) {
        size_t length = strcspn(from, "\n");
        if (length >= sizeof line)
            length = sizeof line - 1;
        memcpy(line, from, length);
        line[length] = '\0';
        utf8_clean(clean, sizeof clean, line);
        fprintf(stderr, "%c %s\n", mark, clean);
    }
}

static int begins_line(const char *text, const char *at)
{
    return at == text || at[-1] == '\n';
}

/* Without what both begin and end with. */
static void print_difference(const char *old, const char *fresh)
{
    size_t length;
    const char *old_end = old + strlen(old), *fresh_end = fresh + strlen(fresh);

    while ((length = line_length(old)) > 0 && length == line_length(fresh) &&
           memcmp(old, fresh, length) == 0) {
        old += length;
        fresh += length;
    }
    while (old_end > old && fresh_end > fresh && old_end[-1] == fresh_end[-1]) {
        old_end--;
        fresh_end--;
    }
    /* The first line of what is common may be common in part only. */
    if (!begins_line(old, old_end) || !begins_line(fresh, fresh_end)) {
        old_end += strcspn(old_end, "\n");
        fresh_end += strcspn(fresh_end, "\n");
    }
    print_lines('-', old, old_end);
    print_lines('+', fresh, fresh_end);
}

static int refuse_other(const struct install *install)
{
    const struct setup *setup = &install->setup;

    args_fail(setup->args->program, 0, "%s is there and differs:", setup->path);
    print_difference(install->there, install->text.bytes);
    return args_fail(setup->args->program, -1,
                     "it was not touched: keep your changes in a drop-in (see its first line), or "
                     "--force");
}

/* ---- the system's group and directory ---- */

static int make_group(const struct setup *setup)
{
    struct service_steps steps = {.count = 0};

    if (getgrnam(SERVICE_GROUP))
        return 0;
    service_step(&steps, 0, GROUPADD, "--system", SERVICE_GROUP, (char *)NULL);
    return setup_run(setup, &steps);
}

/* The daemon gives all that is in it to the group itself, but could not make it: its file system is
 * read-only to it. */
static int make_data(const struct setup *setup)
{
    const char *program = setup->args->program, *place = "/" SYSTEM_STATE "/" SYSTEM_DATA;
    const struct group *group = getgrnam(SERVICE_GROUP);
    struct stat info;

    if (setup->is_dry) {
        if (access(place, F_OK) != 0)
            setup_would("make the directory %s (0750, root:%s)", place, SERVICE_GROUP);
        return 0;
    }
    int above = files_open_directory("/", SYSTEM_STATE, 0755);
    int made = above < 0 ? -1 : mkdirat(above, SYSTEM_DATA, 0750);
    if (above < 0 || (made < 0 && errno != EEXIST)) {
        args_fail_os(program, 0, errno, "cannot make the directory %s", place);
        if (above >= 0)
            close(above);
        return -1;
    }
    int fd = openat(above, SYSTEM_DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(above);
    int status = fd < 0 || fstat(fd, &info) < 0 || info.st_uid != 0 ? -1 : 0;
    if (status < 0)
        args_fail(program, 0, "%s is no directory of root's: it was not touched", place);
    else if (made == 0 && ((group && fchown(fd, 0, group->gr_gid) < 0) || fchmod(fd, 0750) < 0))
        status = args_fail_os(program, -1, errno, "cannot set the rights of %s", place);
    if (fd >= 0)
        close(fd);
    return status;
}

/* ---- doing it ---- */

static int write_file(const struct install *install, int directory)
{
    const struct setup *setup = &install->setup;
    const char *state = install->is_same ? " (as it is there already)" : "";

    if (setup->is_dry) {
        setup_would("write %s (0644)%s: see stdout", setup->path, state);
        fwrite(install->text.bytes, 1, install->text.used, stdout);
        return 0;
    }
    if (install->is_same)
        return 0;
    if (files_replace(directory, setup->service.manager->file, install->text.bytes,
                      install->text.used, 0644) == 0)
        return 0;
    return args_fail_os(setup->args->program, -1, errno, "cannot write %s", setup->path);
}

static void tell(const struct install *install)
{
    const struct setup *setup = &install->setup;
    const struct service *service = &setup->service;

    printf("%s %s, which runs %s\n",
           install->is_same    ? "As it was:"
           : install->is_there ? "Replaced"
                               : "Written:",
           setup->path, setup->program);
    puts("The daemon runs now, and after each start of the machine.");
    if (service->is_system)
        puts("Whoever is to read what it finds: sudo usermod -aG " SERVICE_GROUP
             " USER, then log in again.");
    else if (service->manager == &service_systemd)
        puts("It ends when you log out, unless you let it stay: loginctl enable-linger");
    puts("\nNext:\n"
         "  pausemon status   whether it is well\n"
         "  pausemon why      what froze the machine last\n"
         "  pausemon doctor   what it cannot see here, and how to let it");
}

/* One that was started by hand would keep the service's from starting. */
static int check_holder(const struct install *install)
{
    const struct setup *setup = &install->setup;
    struct place place;
    pid_t pid;

    if (install->is_there || setup->is_dry ||
        place_data(NULL, setup->service.is_system, &place) < 0 ||
        files_lock_holder(place.lock, &pid) != 1)
        return 0;
    return args_fail(setup->args->program, -1,
                     "a pausemond runs already, pid %jd, that no service started: end it first",
                     (intmax_t)pid);
}

static int install_into(struct install *install, int directory)
{
    const struct setup *setup = &install->setup;
    struct service_steps steps;

    if (directory >= 0 && look(install, directory) < 0)
        return EXIT_ERROR;
    if (install->is_there && !install->is_same && !setup->is_forced && refuse_other(install) < 0)
        return EXIT_ERROR;
    if (check_holder(install) < 0)
        return EXIT_ERROR;
    /* launchd has no group to give: there it is the machine's owner who makes it. */
    if (setup->service.is_system && setup->service.manager == &service_systemd &&
        (make_group(setup) < 0 || make_data(setup) < 0))
        return EXIT_ERROR;
    if (write_file(install, directory) < 0)
        return EXIT_ERROR;
    setup->service.manager->start(&steps, &setup->service, !install->is_there || install->is_same);
    int status = setup_run(setup, &steps);
    if (status < 0)
        args_fail(setup->args->program, 0, "%s is in its place, and was not begun", setup->path);
    if (!setup->service.is_system && geteuid() == 0 && !setup->is_dry)
        args_fail(setup->args->program, 0,
                  "this is root's own service, which runs while root is logged in: the machine's "
                  "is installed with --system");
    if (status < 0)
        return EXIT_ERROR;
    if (!setup->is_dry)
        tell(install);
    return EXIT_OK;
}

static int run_install(const struct args *args)
{
    struct install install = {.is_there = 0};
    struct setup *setup = &install.setup;

    int code = setup_open(setup, args);
    if (code)
        return code;
    if (check_program(setup) < 0)
        return EXIT_ERROR;
    const char *why = service_write(&install.text, &setup->service);
    if (why)
        return args_fail(args->program, EXIT_ERROR, "no service can be made: %s", why);
    mode_t mode = setup->is_dry ? 0 : setup->service.is_system ? 0755 : 0700;
    int directory = setup_open_directory(setup, mode);
    if (directory < 0 && (!setup->is_dry || errno != ENOENT))
        return EXIT_ERROR;
    code = install_into(&install, directory);
    if (directory >= 0)
        close(directory);
    return code;
}

static const struct arg_option options[] = {
    SETUP_OPTIONS,
    {"force", 0, NULL, "replace a file that differs; run a program that others can change"},
    {NULL, 0, NULL, NULL},
};

const struct command command_install = {
    .name = "install",
    .help = "let the daemon run from now on: a systemd unit or launchd plist",
    .more = "Yours, which runs while you are logged in; or with --system the machine's, which sees "
            "every\nprocess and is heard by the group " SERVICE_GROUP
            ". --dry-run prints the file on stdout.\n",
    .options = options,
    .run = run_install,
};
