/* SPDX-License-Identifier: MIT */
#include "pausemon/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/run.h"
#include "common/self.h"
#include "common/utf8.h"

#define DAEMON "pausemond"

/* ---- arguments ---- */

static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);

    return value && value[0] == '/' ? value : NULL;
}

void setup_find_user(struct service *service)
{
    service->uid = (uint64_t)geteuid();
    service->home = absolute("HOME");
    service->config_home = absolute("XDG_CONFIG_HOME");
    service->data_home = absolute("XDG_DATA_HOME");
}

/* sudo may leave the HOME of who called it: what root did there would be in that one's way, and
 * what lies there may lead root anywhere. */
static int check_home(const struct setup *setup)
{
    const struct service *service = &setup->service;
    const char *places[] = {service->home, service->config_home, service->data_home};
    struct stat info;

    if (!service->home)
        return args_fail(setup->args->program, EXIT_ERROR,
                         "no place for a service of yours: HOME is not set");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i] && stat(places[i], &info) == 0 && info.st_uid != geteuid())
            return args_fail(setup->args->program, EXIT_ERROR,
                             "%s belongs to somebody else: run this as its owner, or with --system",
                             places[i]);
    return 0;
}

static int find_manager(struct setup *setup)
{
    const char *name = args_get(setup->args, "for");

    setup->service.manager = service_manager_named(name);
    if (!setup->service.manager)
        return args_fail(setup->args->program, EXIT_USAGE,
                         "--for: unknown manager \"%s\": systemd or launchd", name);
    if (name && !setup->is_dry)
        return args_fail(setup->args->program, EXIT_USAGE, "--for needs --dry-run");
    return 0;
}

int setup_open(struct setup *setup, const struct args *args)
{
    struct service *service = &setup->service;

    memset(setup, 0, sizeof *setup);
    setup->args = args;
    setup->is_dry = args_get(args, "dry-run") != NULL;
    setup->is_forced = args_get(args, "force") != NULL;
    service->is_system = args_get(args, "system") != NULL;
    service->program = setup->program;
    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    int code = find_manager(setup);
    if (code)
        return code;
    setup_find_user(service);
    code = service->is_system ? 0 : check_home(setup);
    if (code)
        return code;
    if (service->is_system && geteuid() != 0 && !setup->is_dry)
        return args_fail(args->program, EXIT_ERROR,
                         "the machine's service needs root: sudo %s "
                         "--system",
                         args->program);
    if (self_beside(setup->program, DAEMON) < 0)
        setup->program[0] = '\0';
    service_path(service, setup->path);
    return 0;
}

/* ---- the directory ---- */

int setup_open_directory(const struct setup *setup, mode_t mode)
{
    const char *program = setup->args->program, *base, *below;
    struct stat info;

    service_directory(&setup->service, &base, &below);
    int fd = files_open_directory(base, below, mode);
    if (fd < 0 && errno == ENOENT && mode == 0)
        return -1;
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return args_fail(program, -1,
                         "%s: a directory above it is none, or a symbolic link, which is not "
                         "followed",
                         setup->path);
    if (fd < 0 || fstat(fd, &info) < 0)
        return args_fail_os(program, -1, errno, "cannot open the directory of %s", setup->path);
    if (info.st_uid == geteuid() || setup->is_dry)
        return fd;
    close(fd);
    return args_fail(program, -1,
                     "the directory of %s belongs to somebody else: run this as its owner, or with "
                     "--system",
                     setup->path);
}

/* ---- programs ---- */

/* As a shell would have it. */
static void print_word(FILE *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:@%+=,";
    char clean[PLACE_SIZE];

    utf8_clean(clean, sizeof clean, word);
    if (clean[0] && clean[strspn(clean, plain)] == '\0') {
        fprintf(to, " %s", clean);
        return;
    }
    fputs(" '", to);
    for (const char *at = clean; *at; at++)
        fprintf(to, *at == '\'' ? "'\\''" : "%c", *at);
    fputc('\'', to);
}

static void print_words(const char *before, const char *const *words)
{
    fputs(before, stderr);
    for (; *words; words++)
        print_word(stderr, *words);
    fputc('\n', stderr);
}

void setup_would(const char *format, ...)
{
    va_list arguments;

    fputs("would ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static int run_one(const struct setup *setup, const char *const *words)
{
    const char *program = setup->args->program;
    int code = run_program(words);

    if (code < 0)
        args_fail_os(program, 0, errno, "cannot run %s", words[0]);
    else if (code > 0)
        args_fail(program, 0, "%s failed (%d)", words[0], code);
    return code;
}

int setup_run(const struct setup *setup, const struct service_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        const char *const *words = steps->step[i].words;
        if (setup->is_dry) {
            print_words("would run:", words);
            continue;
        }
        if (run_one(setup, words) == 0 || steps->step[i].may_fail)
            continue;
        args_fail(setup->args->program, 0,
                  "to be run by hand, where %s runs:", setup->service.manager->name);
        for (; i < steps->count; i++)
            print_words("   ", steps->step[i].words);
        return -1;
    }
    return 0;
}
