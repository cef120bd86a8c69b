/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "pausemon/commands.h"
#include "pausemon/purge.h"
#include "pausemon/setup.h"

#define GROUPDEL "/usr/sbin/groupdel"

struct uninstall {
    struct setup setup;
    struct place place;
    char config[PLACE_SIZE];           /* the directory */
    char there[4 * SERVICE_TEXT_SIZE]; /* the file */
    int done, failed;                  /* things */
};

/* ---- the service ---- */

/* 1: the file is there and ours; 0: there is none; -1 after a line on stderr. */
static int look(struct uninstall *uninstall, int directory)
{
    const struct setup *setup = &uninstall->setup;
    const char *program = setup->args->program;

    int length = files_read(directory, setup->service.manager->file, uninstall->there,
                            sizeof uninstall->there);
    if (length < 0 && errno == ENOENT)
        return 0;
    if (length < 0 && (errno == ELOOP || errno == EINVAL))
        return args_fail(program, -1,
                         "%s is a symbolic link, or no ordinary file: it was not touched",
                         setup->path);
    if (length < 0 && errno != EFBIG)
        return args_fail_os(program, -1, errno, "cannot read %s", setup->path);
    if (setup->is_forced || (length >= 0 && strstr(uninstall->there, SERVICE_MARK)))
        return 1;
    return args_fail(program, -1,
                     "%s was not made by `pausemon install`: it was not touched (--force removes "
                     "it all the same)",
                     setup->path);
}

/* A service that cannot be stopped does not keep its file from going: both are told. */
static int remove_service(struct uninstall *uninstall, int directory)
{
    const struct setup *setup = &uninstall->setup;
    const struct service_manager *manager = setup->service.manager;
    struct service_steps steps;

    int there = look(uninstall, directory);
    if (there <= 0)
        return there;
    uninstall->done++;
    manager->stop(&steps, &setup->service);
    int stopped = setup_run(setup, &steps);
    uninstall->failed += stopped < 0;
    if (setup->is_dry) {
        setup_would("remove %s", setup->path);
    } else if (unlinkat(directory, manager->file, 0) < 0) {
        return args_fail_os(setup->args->program, -1, errno, "cannot remove %s", setup->path);
    } else {
        printf("Removed: %s\n", setup->path);
    }
    manager->forget(&steps, &setup->service);
    if (stopped == 0 && setup_run(setup, &steps) < 0)
        uninstall->failed++;
    return 0;
}

/* ---- files ---- */

/* Lists, then removes. */
static void remove_files(struct uninstall *uninstall, const char *directory,
                         const struct purge_rule *rules)
{
    const struct setup *setup = &uninstall->setup;
    const char *program = setup->args->program;

    if (access(directory, F_OK) != 0 && errno == ENOENT)
        return;
    puts(setup->is_dry ? "Would be removed:" : "Removed:");
    int count = purge(program, directory, rules, PURGE_LIST);
    fflush(stdout);
    if (count > 0 && !setup->is_dry)
        count = purge(program, directory, rules, PURGE_REMOVE);
    uninstall->failed += count < 0;
    uninstall->done += count > 0;
}

/* 1: a daemon works in that place, which is told. */
static int is_in_use(const struct uninstall *uninstall)
{
    pid_t pid = 0;
    int held = files_lock_holder(uninstall->place.lock, &pid);

    if (held == 0 || (held < 0 && uninstall->setup.is_dry))
        return 0;
    if (held < 0)
        args_fail_os(uninstall->setup.args->program, 0, errno, "cannot look at %s",
                     uninstall->place.lock);
    else
        args_fail(uninstall->setup.args->program, 0,
                  "a pausemond still runs there, pid %jd: nothing of %s was removed", (intmax_t)pid,
                  uninstall->place.directory);
    return 1;
}

static int find_places(struct uninstall *uninstall)
{
    const struct service *service = &uninstall->setup.service;
    const char *system = "/etc/pause-monitor";
    const char *base = service->config_home ? service->config_home : service->home;
    int length;

    if (service->is_system)
        length = snprintf(uninstall->config, PLACE_SIZE, "%s", system);
    else
        length = snprintf(uninstall->config, PLACE_SIZE, "%s%s/pause-monitor", base,
                          service->config_home ? "" : "/.config");
    if (length < PLACE_SIZE && place_data(NULL, service->is_system, &uninstall->place) == 0)
        return 0;
    return args_fail(uninstall->setup.args->program, -1, "a path is too long");
}

/* ---- the group ---- */

static int has_members(const struct group *group)
{
    const struct passwd *user;
    int found = group->gr_mem[0] != NULL;

    setpwent();
    while (!found && (user = getpwent()))
        found = user->pw_gid == group->gr_gid;
    endpwent();
    return found;
}

/* As long as files belong to it its number must not go to another. */
static void remove_group(struct uninstall *uninstall)
{
    const struct setup *setup = &uninstall->setup;
    struct service_steps steps = {.count = 0};
    const struct group *group = getgrnam(SERVICE_GROUP);
    const int is_used = access(uninstall->place.directory, F_OK) == 0;

    if (!group || setup->service.manager != &service_systemd)
        return;
    if (is_used && !(setup->is_dry && args_get(setup->args, "purge"))) {
        fprintf(stderr, "the group %s stays: data belongs to it\n", SERVICE_GROUP);
        return;
    }
    if (has_members(group)) {
        fprintf(stderr, "the group %s stays: it has members\n", SERVICE_GROUP);
        return;
    }
    service_step(&steps, 0, GROUPDEL, SERVICE_GROUP, (char *)NULL);
    uninstall->failed += setup_run(setup, &steps) < 0;
    uninstall->done++;
}

/* ---- the command ---- */

static void remove_rest(struct uninstall *uninstall)
{
    const struct setup *setup = &uninstall->setup;
    const int is_purging = args_get(setup->args, "purge") != NULL;
    char *runtime = uninstall->there, *slash;

    if (is_in_use(uninstall)) {
        uninstall->failed += is_purging;
        return;
    }
    if (setup->service.is_system) {
        snprintf(runtime, PLACE_SIZE, "%s", uninstall->place.lock);
        if ((slash = strrchr(runtime, '/')))
            *slash = '\0';
        remove_files(uninstall, runtime, purge_runtime);
    }
    if (is_purging) {
        remove_files(uninstall, uninstall->place.directory, purge_data);
        remove_files(uninstall, uninstall->config, purge_config);
    } else if (access(uninstall->place.directory, F_OK) == 0) {
        fprintf(stderr, "kept: %s (--purge removes it, and the configuration)\n",
                uninstall->place.directory);
    }
    if (setup->service.is_system)
        remove_group(uninstall);
}

static int run_uninstall(const struct args *args)
{
    struct uninstall uninstall = {.done = 0};
    struct setup *setup = &uninstall.setup;

    int code = setup_open(setup, args);
    if (code)
        return code;
    if (args_get(args, "keep-data") && args_get(args, "purge"))
        return args_fail(args->program, EXIT_USAGE, "--keep-data and --purge: one of them");
    if (find_places(&uninstall) < 0)
        return EXIT_ERROR;
    int directory = setup_open_directory(setup, 0);
    if (directory < 0 && errno != ENOENT)
        return EXIT_ERROR;
    int status = directory < 0 ? 0 : remove_service(&uninstall, directory);
    if (directory >= 0)
        close(directory);
    if (status < 0)
        return EXIT_ERROR;
    remove_rest(&uninstall);
    if (!uninstall.done && !uninstall.failed)
        puts("There is nothing to remove.");
    return uninstall.failed ? EXIT_ERROR : EXIT_OK;
}

static const struct arg_option options[] = {
    SETUP_OPTIONS,
    {"force", 0, NULL, "remove a file that `pausemon install` did not make"},
    {"keep-data", 0, NULL, "as without it: data and configuration stay"},
    {"purge", 0, NULL, "remove data and configuration too, after listing them"},
    {NULL, 0, NULL, NULL},
};

const struct command command_uninstall = {
    .name = "uninstall",
    .help = "stop the daemon and remove its service; what it recorded stays",
    .more = "--purge removes only what was made by pausemon, by its name, and follows no symbolic "
            "link.\nThe group " SERVICE_GROUP
            " goes when it has no members and no data belongs to it.\n",
    .options = options,
    .run = run_uninstall,
};
