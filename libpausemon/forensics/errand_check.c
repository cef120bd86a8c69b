/* SPDX-License-Identifier: MIT */
/* What may be run, and what of its output is for people. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "forensics/errand.h"

#define PATH_SIZE 1024

#ifdef O_PATH
#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#else
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#endif

/* Up to `length` it is `path`: a name for a sentence. */
static int refuse(struct pausemon_error *error, const char *path, size_t length, const char *why)
{
    return pm_fail(error, PAUSEMON_ERR_DENIED, "%.*s %s", (int)length, path, why);
}

static int check_owner(const struct stat *info, int64_t trusted_uid, const char *path,
                       size_t length, struct pausemon_error *error)
{
    if (info->st_uid != 0 && (int64_t)info->st_uid != trusted_uid)
        return refuse(error, path, length,
                      trusted_uid == 0 ? "does not belong to root"
                                       : "belongs neither to root nor to this user");
    if (info->st_mode & (S_IWGRP | S_IWOTH))
        return refuse(error, path, length, "can be written by others than its owner");
    return 0;
}

static int check_file(int directory, const char *name, const char *path, int64_t trusted_uid,
                      struct pausemon_error *error)
{
    struct stat info;
    int flags = trusted_uid < 0 ? 0 : AT_SYMLINK_NOFOLLOW;

    if (fstatat(directory, name, &info, flags) < 0)
        return pm_fail_os(error, errno, "%s", path);
    if (S_ISLNK(info.st_mode))
        return refuse(error, path, strlen(path), "is a symbolic link: give what it stands for");
    if (!S_ISREG(info.st_mode))
        return refuse(error, path, strlen(path), "is no regular file");
    if (faccessat(directory, name, X_OK, AT_EACCESS) < 0)
        return errno == EACCES ? refuse(error, path, strlen(path), "is not executable")
                               : pm_fail_os(error, errno, "%s", path);
    return trusted_uid < 0 ? 0 : check_owner(&info, trusted_uid, path, strlen(path), error);
}

/* Opens the directory `name` in *directory in its place. `length`: of `path` up to its end. */
static int go_down(int *directory, const char *name, const char *path, size_t length,
                   struct pausemon_error *error)
{
    struct stat info;
    int below = openat(*directory, name, DIRECTORY_FLAGS), failure = errno;

    if (below < 0) {
        if (fstatat(*directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
            return refuse(error, path, length, "is a symbolic link: give the path it stands for");
        return pm_fail_os(error, failure, "%.*s", (int)length, path);
    }
    close(*directory);
    *directory = below;
    if (fstat(below, &info) < 0)
        return pm_fail_os(error, errno, "%.*s", (int)length, path);
    return check_owner(&info, 0, path, length, error);
}

/* From the root on, each directory by itself: none of them is anybody else's. */
static int check_from_root(const char *path, struct pausemon_error *error)
{
    char name[PATH_SIZE];
    size_t at = 0;
    int directory = open("/", DIRECTORY_FLAGS);
    int status =
        directory < 0 ? pm_fail_os(error, errno, "/") : go_down(&directory, ".", "/", 1, error);

    while (status == 0) {
        at += strspn(path + at, "/");
        size_t length = strcspn(path + at, "/");
        memcpy(name, path + at, length);
        name[length] = '\0';
        at += length;
        if (path[at] == '\0') {
            status = check_file(directory, name, path, 0, error);
            break;
        }
        status = strcmp(name, "..") == 0 ? refuse(error, path, strlen(path), "goes up again")
                                         : go_down(&directory, name, path, at, error);
    }
    if (directory >= 0)
        close(directory);
    return status;
}

int pm_errand_check(const char *path, int64_t trusted_uid, struct pausemon_error *error)
{
    if (path[0] != '/')
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%.100s\" is no path from / on", path);
    if (strlen(path) >= PATH_SIZE)
        return pm_fail(error, PAUSEMON_ERR_LIMIT, "the path %.60s… is too long", path);
    return trusted_uid == 0 ? check_from_root(path, error)
                            : check_file(AT_FDCWD, path, path, trusted_uid, error);
}

/* pm_text_clean knows all that does not belong into a line; here there are lines. */
size_t pm_errand_clean(char *to, const char *bytes, size_t length)
{
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        size_t run = at;
        while (run < length && bytes[run] != '\n' && bytes[run] != '\t' && bytes[run] != '\0')
            run++;
        /* Never longer than it was; its NUL is overwritten, or stands where the input had more. */
        char *end = to + used;
        pm_text_clean(end, run - at + 1, bytes + at, run - at);
        used += strlen(end);
        if (run < length)
            to[used++] = bytes[run] == '\0' ? ' ' : bytes[run];
        at = run + 1;
    }
    return used;
}
