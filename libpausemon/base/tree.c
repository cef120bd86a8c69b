/* SPDX-License-Identifier: MIT */
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define SIZE_DEPTH 8
/* A descriptor each. Ours have one level; what somebody has put deeper stays, and is told. */
#define REMOVE_DEPTH 64
#define BLOCK 512 /* what st_blocks counts, whatever the file system's are */
#define PASSES 16 /* of a directory that somebody fills as fast as it is emptied */

/* ---- opening ---- */

/* One name of one directory: no way out of it. */
static int check_name(const char *name, struct pausemon_error *error)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%s\" is no name in a directory", name);
    return 0;
}

/* Systems call a link that was not followed this or that: here it is one thing. */
static int fail_to_open(int parent, const char *path, int os_errno, struct pausemon_error *error)
{
    struct stat info;

    if (fstatat(parent, path, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(info.st_mode))
        return pm_fail_os(error, os_errno, "%s", path);
    pm_fail(error, PAUSEMON_ERR_DENIED, "%s is a symbolic link: nothing is opened through one",
            path);
    if (error)
        error->os_errno = ELOOP;
    return PAUSEMON_ERR_DENIED;
}

static int open_directory(int parent, const char *path, struct pausemon_error *error)
{
    int fd = openat(parent, path, OPEN_DIRECTORY);

    return fd < 0 ? fail_to_open(parent, path, errno, error) : fd;
}

int pm_tree_open(const char *path, struct pausemon_error *error)
{
    char bare[PATH_MAX];
    size_t length = strlen(path);

    /* A slash behind a link would follow it. */
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= sizeof bare)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    memcpy(bare, path, length);
    bare[length] = '\0';
    return open_directory(AT_FDCWD, bare, error);
}

int pm_tree_open_at(int parent, const char *name, struct pausemon_error *error)
{
    int status = check_name(name, error);

    return status < 0 ? status : open_directory(parent, name, error);
}

/* ---- making ---- */

/* Whatever the umask took away, or the directory's group gave. 0 or an errno. */
static int set_rights(int fd, mode_t mode, int64_t group)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return errno;
    if (group >= 0 && info.st_gid != (gid_t)group && fchown(fd, (uid_t)-1, (gid_t)group) != 0)
        return errno;
    return fchmod(fd, mode) != 0 ? errno : 0;
}

/* Nothing is left of what could not be finished. */
static int give_up(int parent, const char *name, int flags, int fd, int os_errno,
                   struct pausemon_error *error)
{
    if (fd >= 0)
        close(fd);
    unlinkat(parent, name, flags);
    return pm_fail_os(error, os_errno, "the rights of %s", name);
}

int pm_tree_make(int parent, const char *name, int64_t group, struct pausemon_error *error)
{
    int status = check_name(name, error);

    if (status < 0)
        return status;
    if (mkdirat(parent, name, 0700) != 0)
        return pm_fail_os(error, errno, "%s cannot be made", name);
    int fd = openat(parent, name, OPEN_DIRECTORY);
    int failed = fd < 0 ? errno : set_rights(fd, group < 0 ? 0700 : 0750, group);
    return failed ? give_up(parent, name, AT_REMOVEDIR, fd, failed, error) : fd;
}

int pm_tree_create(int directory, const char *name, int64_t group, struct pausemon_error *error)
{
    int status = check_name(name, error);

    if (status < 0)
        return status;
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return pm_fail_os(error, errno, "%s cannot be made", name);
    int failed = set_rights(fd, group < 0 ? 0600 : 0640, group);
    return failed ? give_up(directory, name, 0, fd, failed, error) : fd;
}

int pm_tree_write(int fd, const char *bytes, size_t length, struct pausemon_error *error)
{
    while (length > 0) {
        /* More than this at once is refused by some. */
        ssize_t wrote = write(fd, bytes, length < INT_MAX ? length : INT_MAX);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return pm_fail_os(error, wrote < 0 ? errno : ENOSPC, "a file cannot be written");
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return 0;
}

/* ---- walking ---- */

int pm_tree_list(int directory, int (*each)(void *user, const char *name), void *user,
                 struct pausemon_error *error)
{
    /* One of its own: the caller's would be read where it was left, and closed. */
    int fd = openat(directory, ".", OPEN_DIRECTORY), status = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (!dir) {
        int os_errno = errno;
        if (fd >= 0)
            close(fd);
        return pm_fail_os(error, os_errno, "a directory cannot be read");
    }
    while (status == 0 && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = each(user, entry->d_name);
    if (status == 0 && errno != 0)
        status = pm_fail_os(error, errno, "a directory cannot be read");
    closedir(dir);
    return status;
}

/* A directory on the way down. All levels share one error, which is there. */
struct level {
    int fd, depth;
    uint64_t bytes; /* size: so far */
    bool went;      /* remove: something did, in this pass */
    int status;     /* remove: the first failure */
    struct pausemon_error *error;
};

/* Somebody else has removed it: no failure. */
static bool is_gone(const struct level *level)
{
    return level->error->os_errno == ENOENT;
}

/* 1: a directory; 0: anything else, a link too; or a status. */
static int look_at(struct level *level, const char *name, struct stat *info)
{
    if (fstatat(level->fd, name, info, AT_SYMLINK_NOFOLLOW) != 0)
        return pm_fail_os(level->error, errno, "%s", name);
    return S_ISDIR(info->st_mode);
}

/* ---- size ---- */

static uint64_t blocks_of(const struct stat *info)
{
    return (uint64_t)info->st_blocks * BLOCK;
}

static int measure(int parent, const char *name, int depth, uint64_t *bytes,
                   struct pausemon_error *error);

static int add_size(void *user, const char *name)
{
    struct level *level = user;
    struct stat info;
    uint64_t bytes = 0;
    int status = look_at(level, name, &info);

    if (status > 0 && level->depth < SIZE_DEPTH)
        status = measure(level->fd, name, level->depth + 1, &bytes, level->error);
    else if (status >= 0)
        bytes = blocks_of(&info);
    level->bytes += bytes;
    return status < 0 && !is_gone(level) ? status : 0;
}

static int measure(int parent, const char *name, int depth, uint64_t *bytes,
                   struct pausemon_error *error)
{
    struct level level = {.depth = depth, .error = error};
    struct stat info;

    level.fd = open_directory(parent, name, error);
    if (level.fd < 0)
        return level.fd;
    int status =
        fstat(level.fd, &info) == 0 ? 0 : pm_fail_os(error, errno, "%s cannot be read", name);
    if (status == 0) {
        level.bytes = blocks_of(&info);
        status = pm_tree_list(level.fd, add_size, &level, error);
    }
    close(level.fd);
    *bytes = level.bytes;
    return status;
}

int pm_tree_size(int parent, const char *name, uint64_t *bytes, struct pausemon_error *error)
{
    struct pausemon_error why = {0};
    int status = name ? check_name(name, &why) : 0;

    *bytes = 0;
    if (status == 0)
        status = measure(parent, name ? name : ".", 1, bytes, &why);
    if (status < 0 && error)
        *error = why;
    return status;
}

/* ---- removing ---- */

static int remove_directory(int parent, const char *name, int depth, struct pausemon_error *error);

/* One that stays does not keep the others. */
static int remove_entry(void *user, const char *name)
{
    struct level *level = user;
    struct pausemon_error why = {0}, *first = level->error;
    struct stat info;

    level->error = &why;
    int status = look_at(level, name, &info);
    if (status > 0)
        status = remove_directory(level->fd, name, level->depth + 1, &why);
    else if (status == 0 && unlinkat(level->fd, name, 0) != 0)
        status = pm_fail_os(&why, errno, "%s cannot be removed", name);
    bool stays = status < 0 && !is_gone(level);
    level->error = first;
    level->went |= !stays;
    if (stays && level->status == 0) {
        level->status = status;
        *first = why;
    }
    return 0;
}

/* A list that is read while names go from it may leave some out: it is read until nothing goes. */
static int empty(struct level *level)
{
    int status = 0;

    level->went = true;
    for (int pass = 0; pass < PASSES && status == 0 && level->went; pass++) {
        level->went = false;
        level->status = 0;
        status = pm_tree_list(level->fd, remove_entry, level, level->error);
    }
    return status < 0 ? status : level->status;
}

static int remove_directory(int parent, const char *name, int depth, struct pausemon_error *error)
{
    struct level level = {.depth = depth, .error = error};

    if (depth > REMOVE_DEPTH)
        return pm_fail(error, PAUSEMON_ERR_LIMIT, "%s is too deep to be removed", name);
    level.fd = open_directory(parent, name, error);
    if (level.fd < 0)
        return level.fd;
    int status = empty(&level);
    close(level.fd);
    if (status == 0 && unlinkat(parent, name, AT_REMOVEDIR) != 0)
        status = pm_fail_os(error, errno, "%s cannot be removed", name);
    return status;
}

int pm_tree_remove(int parent, const char *name, struct pausemon_error *error)
{
    struct pausemon_error why = {0};
    int status = check_name(name, &why);

    if (status == 0)
        status = remove_directory(parent, name, 1, &why);
    if (status < 0 && error)
        *error = why;
    return status;
}

/* ---- the rest ---- */

uint64_t pm_tree_room(int fd)
{
    struct statvfs info;

    if (fstatvfs(fd, &info) != 0)
        return UINT64_MAX;
    uint64_t blocks = info.f_bavail, size = info.f_frsize;
    return size && blocks > UINT64_MAX / size ? UINT64_MAX : blocks * size;
}
