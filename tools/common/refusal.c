/* SPDX-License-Identifier: MIT */
/* Who may open what could not be opened: the rights of what refused say so. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/args.h"
#include "common/places.h"

#define GROUP "pausemon"
#define NAME_SIZE 64
#ifdef __APPLE__
#define JOIN "sudo dseditgroup -o edit -a USER -t user %s"
#else
#define JOIN "sudo usermod -aG %s USER"
#endif

/* The file, or the directory above it that keeps us from seeing it. -1: not known. */
static int find_refuser(const char *path, struct stat *info)
{
    char part[PLACE_SIZE];

    snprintf(part, sizeof part, "%s", path);
    while (lstat(part, info) < 0) {
        char *slash = strrchr(part, '/');
        if (errno != EACCES || !slash || slash == part)
            return -1;
        *slash = '\0';
    }
    return 0;
}

/* What it takes of a group: to go into a directory, to write to a socket, to read. */
static int grants_group(const struct stat *info)
{
    mode_t needed = S_ISDIR(info->st_mode) ? S_IXGRP : S_ISSOCK(info->st_mode) ? S_IWGRP : S_IRGRP;

    /* Nobody is to be made a member of root's own. */
    return info->st_gid != 0 && (info->st_mode & needed) == needed;
}

static void advise_group(char *text, size_t size, const char *group)
{
    snprintf(text, size, "it is for members of the group %s: " JOIN ", then log in again", group,
             group);
}

void place_advice(char *text, size_t size, const char *path)
{
    const struct passwd *owner;
    const struct group *group;
    struct stat info;

    if (find_refuser(path, &info) < 0) {
        advise_group(text, size, GROUP);
    } else if (grants_group(&info)) {
        char number[NAME_SIZE];
        snprintf(number, sizeof number, "%ju", (uintmax_t)info.st_gid);
        group = getgrgid(info.st_gid);
        advise_group(text, size, group ? group->gr_name : number);
    } else if (info.st_uid == geteuid()) {
        snprintf(text, size, "it is yours, and its mode %04o keeps you out: chmod u+rwX it",
                 (unsigned)info.st_mode & 07777);
    } else if (info.st_uid == 0) {
        snprintf(text, size,
                 "it is for root alone: sudo; or a group " GROUP
                 ", if there is one when the system's daemon starts");
    } else {
        owner = getpwuid(info.st_uid);
        snprintf(text, size, "it is for its owner%s%s alone", owner ? " " : "",
                 owner ? owner->pw_name : "");
    }
}

int place_refused(const char *program, const char *path, const struct pausemon_error *error)
{
    char advice[PLACE_ADVICE];
    struct stat info;

    /* A link, or no file, or one beside it that is none: no group would help. */
    int is_other = lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
    if (error && (is_other || access(path, R_OK | W_OK) == 0))
        return args_fail(program, EXIT_ERROR, "%s", error->text);
    place_advice(advice, sizeof advice, path);
    return args_fail(program, EXIT_ERROR, "%s may not be opened: %s", path, advice);
}
