/* SPDX-License-Identifier: MIT */
#include "common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/places.h"

#define NAME_SIZE 256

/* Closes without losing what errno says; returns -1. */
static int fail(int fd)
{
    int why = errno;

    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

/* ---- directories ---- */

static int step_into(int fd, const char *name, mode_t mode)
{
    const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int next = openat(fd, name, how);

    if (next < 0 && errno == ENOENT && mode != 0 &&
        (mkdirat(fd, name, mode) == 0 || errno == EEXIST))
        next = openat(fd, name, how);
    fail(fd);
    return next;
}

int files_open_directory(const char *base, const char *below, mode_t mode)
{
    char name[NAME_SIZE];
    int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (fd >= 0 && *below) {
        size_t length = strcspn(below, "/");
        if (length >= sizeof name) {
            errno = ENAMETOOLONG;
            return fail(fd);
        }
        memcpy(name, below, length);
        name[length] = '\0';
        below += length;
        below += strspn(below, "/");
        if (length > 0)
            fd = step_into(fd, name, mode);
    }
    return fd;
}

int files_make_directory(const char *path, mode_t mode)
{
    char part[PLACE_SIZE];
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/') /* it would let a link be followed */
        length--;
    errno = ENAMETOOLONG;
    if (length >= sizeof part)
        return -1;
    memcpy(part, path, length);
    part[length] = '\0';
    for (char *at = strchr(part + 1, '/'); at && mode; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    if (mode && mkdir(part, mode) < 0 && errno != EEXIST)
        return -1;
    return open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- reading ---- */

static int read_all(int fd, char *text, size_t size)
{
    size_t used = 0;

    for (;;) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        used += (size_t)got;
        if (got == 0 || used == size)
            break;
    }
    errno = EFBIG;
    if (used == size)
        return -1;
    text[used] = '\0';
    return (int)used;
}

int files_read(int directory, const char *name, char *text, size_t size)
{
    struct stat info;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0)
        return fail(fd);
    errno = EINVAL;
    int length = S_ISREG(info.st_mode) ? read_all(fd, text, size) : -1;
    fail(fd);
    return length;
}

/* ---- writing ---- */

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, text, length);
        if (done < 0 && errno != EINTR)
            return -1;
        text += done > 0 ? done : 0;
        length -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

int files_replace(int directory, const char *name, const char *text, size_t length, mode_t mode)
{
    char fresh[NAME_SIZE];

    errno = ENAMETOOLONG;
    if (snprintf(fresh, sizeof fresh, ".%s.new", name) >= (int)sizeof fresh)
        return -1;
    unlinkat(directory, fresh, 0); /* of a run that was killed */
    int fd = openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int good = write_all(fd, text, length) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    fail(fd);
    if (good && renameat(directory, fresh, directory, name) == 0)
        return 0;
    int why = errno;
    unlinkat(directory, fresh, 0);
    errno = why;
    return -1;
}

/* ---- the lock ---- */

int files_lock_holder(const char *path, pid_t *pid)
{
    struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    if (fcntl(fd, F_GETLK, &holder) < 0)
        return fail(fd);
    close(fd);
    /* A lock for reading is not the daemon's. */
    if (holder.l_type != F_WRLCK || holder.l_pid <= 0)
        return 0;
    *pid = holder.l_pid;
    return 1;
}
