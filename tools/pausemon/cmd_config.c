/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/out.h"
#include "common/places.h"
#include "pausemon/commands.h"

/* ---- show ---- */

#define MAX_KEYS 256 /* among which the nearest is looked for */

static void show_key(const struct pausemon_config *config, const char *name, int json)
{
    static const char *const origins[] = {"default", "file", "set"};
    const char *origin = origins[pausemon_config_get_origin(config, name)];

    /* A value as TOML has it is JSON as well. */
    if (json)
        printf("\"%s\":{\"value\":", name);
    else
        printf("%-40s = ", name);
    pausemon_config_get(config, name, pausemon_write_file, stdout);
    if (json)
        printf(",\"origin\":\"%s\"}", origin);
    else
        printf("  (%s)\n", origin);
}

static int unknown_key(const struct args *args, const char *name)
{
    const struct pausemon_config_key *key;
    const char *names[MAX_KEYS + 1] = {NULL};

    for (size_t i = 0; i < MAX_KEYS && (key = pausemon_config_get_key(i)); i++)
        names[i] = key->name;
    const char *near = pausemon_nearest_name(name, names);
    return args_fail(args->program, EXIT_USAGE, "unknown key \"%s\"%s%s%s", name,
                     near ? "; did you mean \"" : " (`pausemon config show` lists all)",
                     near ? near : "", near ? "\"?" : "");
}

static int show(const struct args *args, const char *path)
{
    const struct pausemon_config_key *key;
    const char *wanted = args->operand_count > 1 ? args->operands[1] : NULL;
    struct pausemon_config *config = place_load_config(args->program, args_get(args, "config"));
    int json = args_get(args, "json") != NULL;

    (void)path;
    if (!config)
        return EXIT_ERROR;
    if (wanted && pausemon_config_get_origin(config, wanted) < 0) {
        pausemon_config_free(config);
        return unknown_key(args, wanted);
    }
    const char *between = "{";
    for (size_t i = 0; (key = pausemon_config_get_key(i)); i++) {
        if (wanted && strcmp(wanted, key->name) != 0)
            continue;
        if (json)
            fputs(between, stdout);
        show_key(config, key->name, json);
        between = ",";
    }
    if (json)
        puts("}");
    pausemon_config_free(config);
    return EXIT_OK;
}

/* ---- check, path ---- */

static int check(const struct args *args, const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0 && errno == ENOENT && !args_get(args, "config")) {
        fprintf(stderr, "%s does not exist: the defaults are in force\n", path);
        return EXIT_OK;
    }
    struct pausemon_config *config = place_load_config(args->program, args_get(args, "config"));
    if (!config)
        return EXIT_ERROR;
    fprintf(stderr, "%s is good\n", path);
    pausemon_config_free(config);
    return EXIT_OK;
}

static int print_path(const struct args *args, const char *path)
{
    (void)args;
    puts(path);
    if (access(path, F_OK) != 0)
        fputs("(it does not exist: the defaults are in force)\n", stderr);
    return EXIT_OK;
}

/* ---- reset ---- */

/* sudo with the HOME of a user: a file of root's there is one that the user's daemon cannot read.
 * What somebody names is that one's affair. 0, or -1 after a line on stderr. */
static int check_owner(const struct args *args, const char *path)
{
    char part[PLACE_SIZE], *slash;
    struct stat info;

    snprintf(part, sizeof part, "%s", path);
    while ((slash = strrchr(part, '/')) && slash > part) {
        *slash = '\0';
        if (stat(part, &info) == 0)
            break;
    }
    if (args_get(args, "config") || !slash || slash == part || info.st_uid == geteuid())
        return 0;
    return args_fail(args->program, -1, "%s belongs to somebody else: run this as its owner", part);
}

/* Makes the directories above a file that are missing, for their owner only. */
static int make_directories(const char *path)
{
    char part[PLACE_SIZE];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* A new file with all defaults, as comments. It appears whole or not at all. */
static int write_defaults(const struct args *args, const char *path)
{
    struct pausemon_config *config;
    char fresh[PLACE_SIZE + 16];

    if (pausemon_config_new(&config, NULL, NULL) < 0)
        return args_fail(args->program, EXIT_ERROR, "out of memory");
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int made = make_directories(path);
    unlink(fresh); /* of a run that was killed */
    int fd =
        made < 0 ? -1 : open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    int good = file && pausemon_config_write(config, pausemon_write_file, file) == 0;
    good = file && fclose(file) == 0 && good;
    /* link, not rename: a file that came meanwhile is not lost. */
    good = good && link(fresh, path) == 0;
    int why = errno;
    if (file)
        unlink(fresh);
    pausemon_config_free(config);
    return good ? EXIT_OK
                : args_fail_os(args->program, EXIT_ERROR, why, "cannot write \"%s\"", path);
}

static int reset(const struct args *args, const char *path)
{
    char aside[PLACE_SIZE + 32], stamp[24];
    time_t now = time(NULL);
    struct tm date;

    if (check_owner(args, path) < 0)
        return EXIT_ERROR;
    if (!localtime_r(&now, &date) || !strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &date))
        return args_fail(args->program, EXIT_ERROR, "no time of day");
    snprintf(aside, sizeof aside, "%s.%s", path, stamp);
    if (link(path, aside) == 0) {
        if (unlink(path) != 0)
            return args_fail_os(args->program, EXIT_ERROR, errno, "cannot move \"%s\" aside", path);
        fprintf(stderr, "the old file is now %s\n", aside);
    } else if (errno != ENOENT) {
        return args_fail_os(args->program, EXIT_ERROR, errno, "cannot move \"%s\" to \"%s\"", path,
                            aside);
    }
    int code = write_defaults(args, path);
    if (code == EXIT_OK)
        fprintf(stderr, "%s has the defaults, as comments\n", path);
    return code;
}

/* ---- edit ---- */

#define MAX_WORDS 16

/* $VISUAL or $EDITOR may have arguments; there is no shell to take them apart. */
static int run_editor(const struct args *args, const char *path)
{
    const char *given = getenv("VISUAL");
    char *words[MAX_WORDS + 2], line[1024];
    size_t count = 0;
    int status;

    if (!given || !given[0])
        given = getenv("EDITOR");
    snprintf(line, sizeof line, "%s", given && given[0] ? given : "vi");
    for (char *rest = line, *word; count < MAX_WORDS && (word = strsep(&rest, " "));)
        if (word[0])
            words[count++] = word;
    if (count == 0)
        return args_fail(args->program, -1, "EDITOR is blank");
    words[count++] = (char *)(uintptr_t)path;
    words[count] = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(words[0], words);
        args_fail_os(args->program, 0, errno, "cannot run the editor \"%s\"", words[0]);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
        return args_fail(args->program, -1, "the editor did not end well");
    return 0;
}

static int edit(const struct args *args, const char *path)
{
    if (!args_get(args, "config") && place_config_is_link(path))
        return args_fail(args->program, EXIT_ERROR, PLACE_CONFIG_LINK, path);
    if (check_owner(args, path) < 0)
        return EXIT_ERROR;
    int code = access(path, F_OK) == 0 ? EXIT_OK : write_defaults(args, path);
    if (code != EXIT_OK)
        return code;
    if (run_editor(args, path) < 0)
        return EXIT_ERROR;
    return check(args, path);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(const struct args *args, const char *path);
} verbs[] = {
    {"show", show}, {"check", check}, {"path", print_path}, {"reset", reset}, {"edit", edit}};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static int run_config(const struct args *args)
{
    const char *names[VERB_COUNT + 1] = {NULL};
    const char *word = args->operand_count ? args->operands[0] : "show";
    char path[PLACE_SIZE];

    const size_t most = strcmp(word, "show") == 0 ? 2 : 1; /* operands */

    if (args->operand_count > most)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[most]);
    if (place_config(args_get(args, "config"), path) < 0)
        return args_fail(args->program, EXIT_ERROR,
                         "no place for a configuration: neither HOME nor XDG_CONFIG_HOME is set");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i].name;
        if (strcmp(word, names[i]) == 0)
            return verbs[i].run(args, path);
    }
    const char *near = pausemon_nearest_name(word, names);
    return args_fail(args->program, EXIT_USAGE, "unknown \"%s\"%s%s%s", word,
                     near ? "; did you mean \"" : ": show, check, path, reset or edit",
                     near ? near : "", near ? "\"?" : "");
}

static const struct arg_option options[] = {
    {"config", 0, "FILE", "this file instead of the one in force"},
    {"json", 0, NULL, "show: one JSON object"},
    {NULL, 0, NULL, NULL},
};

const struct command command_config = {
    .name = "config",
    .operands = "show [KEY]|check|path|reset|edit",
    .help = "the settings: every key, its value, where it came from",
    .more = "show   every key, or that one, with its value and where it came from\n"
            "check  reports everything that is wrong with the file\n"
            "path   where the file in force lies\n"
            "reset  a new file with the defaults as comments; an old one is kept beside it\n"
            "edit   opens it in $VISUAL or $EDITOR, and checks it afterwards\n",
    .options = options,
    .run = run_config,
};
