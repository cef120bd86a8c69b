/* SPDX-License-Identifier: MIT */
#include "pausemon/purge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/args.h"
#include "common/places.h"
#include "common/utf8.h"

#define TWO "[0-9][0-9]"

static const struct purge_rule evidence[] = {{"*", NULL}, {NULL, NULL}};

static const struct purge_rule captures[] = {
    {TWO TWO "-" TWO "-" TWO "_" TWO "-" TWO "-" TWO, evidence},
    {TWO TWO "-" TWO "-" TWO "_" TWO "-" TWO "-" TWO "_[0-9]*", evidence},
    {NULL, NULL},
};

const struct purge_rule purge_data[] = {
    {"data.db", NULL},
    {"data.db-wal", NULL},
    {"data.db-shm", NULL},
    {"data.db-journal", NULL},
    {"data.db.corrupt-*", NULL},
    {"blackbox", NULL},
    {"blackbox.new", NULL},
    {"blackbox.last", NULL},
    {"blackbox.damaged", NULL},
    {"daemon.pid", NULL},
    {"daemon.sock", NULL},
    {"events", captures},
    {NULL, NULL},
};

const struct purge_rule purge_config[] = {
    {"config.toml", NULL},
    {"config.toml.new", NULL},
    {"config.toml." TWO TWO TWO TWO "-*", NULL},
    {NULL, NULL},
};

const struct purge_rule purge_runtime[] = {
    {"daemon.pid", NULL},
    {"daemon.sock", NULL},
    {NULL, NULL},
};

struct purge {
    const char *program;
    enum purge_how how;
    int count, left; /* of ours; of others */
};

static void say(const char *before, const char *path, FILE *to)
{
    char clean[PLACE_SIZE];

    utf8_clean(clean, sizeof clean, path);
    fprintf(to, "%s%s\n", before, clean);
}

static int purge_in(struct purge *purge, int fd, const char *path, const struct purge_rule *rules);

/* Whether it is of the kind that the rule says. */
static int is_kind(const struct purge_rule *rule, const struct stat *info)
{
    return rule->below ? S_ISDIR(info->st_mode) : S_ISREG(info->st_mode) || S_ISSOCK(info->st_mode);
}

static const struct purge_rule *rule_of(const struct purge_rule *rules, const char *name,
                                        const struct stat *info)
{
    for (; rules->pattern; rules++)
        if (fnmatch(rules->pattern, name, 0) == 0 && is_kind(rules, info))
            return rules;
    return NULL;
}

static int purge_entry(struct purge *purge, int fd, const char *path, const char *name,
                       const struct purge_rule *rules)
{
    char whole[PLACE_SIZE];
    struct stat info;
    int status = 0;

    if (snprintf(whole, sizeof whole, "%s/%s", path, name) >= (int)sizeof whole)
        return args_fail(purge->program, -1, "%s: a path in it is too long", path);
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : args_fail_os(purge->program, -1, errno, "%s", whole);
    const struct purge_rule *rule = rule_of(rules, name, &info);
    if (!rule) {
        purge->left++;
        if (purge->how == PURGE_REMOVE)
            say("left, it is not ours: ", whole, stderr);
        return 0;
    }
    purge->count++;
    if (rule->below) {
        int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        status = below < 0 ? args_fail_os(purge->program, -1, errno, "%s", whole)
                           : purge_in(purge, below, whole, rule->below);
    } else if (purge->how == PURGE_LIST) {
        say("", whole, stdout);
    }
    if (status < 0 || purge->how == PURGE_LIST ||
        unlinkat(fd, name, rule->below ? AT_REMOVEDIR : 0) == 0 || errno == ENOTEMPTY)
        return status;
    return args_fail_os(purge->program, -1, errno, "cannot remove %s", whole);
}

/* Takes the descriptor. */
static int purge_in(struct purge *purge, int fd, const char *path, const struct purge_rule *rules)
{
    const struct dirent *entry;
    DIR *directory = fdopendir(fd);
    int status = 0;

    if (!directory) {
        close(fd);
        return args_fail_os(purge->program, -1, errno, "%s", path);
    }
    while (status == 0 && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = purge_entry(purge, dirfd(directory), path, entry->d_name, rules);
    closedir(directory);
    return status;
}

int purge(const char *program, const char *directory, const struct purge_rule *rules,
          enum purge_how how)
{
    struct purge purge = {.program = program, .how = how};
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && (errno == ENOENT))
        return 0;
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return args_fail(program, -1,
                         "%s is no directory, or a symbolic link: what is behind it was not "
                         "touched",
                         directory);
    if (fd < 0)
        return args_fail_os(program, -1, errno, "cannot open %s", directory);
    if (purge_in(&purge, fd, directory, rules) < 0)
        return -1;
    purge.count++; /* the directory */
    if (how == PURGE_LIST && purge.left == 0)
        say("", directory, stdout);
    if (how == PURGE_REMOVE && rmdir(directory) < 0 && errno != ENOTEMPTY && errno != EEXIST)
        return args_fail_os(program, -1, errno, "cannot remove %s", directory);
    return purge.count;
}
