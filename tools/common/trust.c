/* SPDX-License-Identifier: MIT */
#include "common/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int is_trusted(const char *path, int64_t owner, int *os_errno)
{
    struct stat info;

    *os_errno = 0;
    if (lstat(path, &info) < 0) {
        *os_errno = errno;
        return 0;
    }
    /* A sticky directory keeps others from replacing what is in it, not from making it first. */
    return !S_ISLNK(info.st_mode) && !(info.st_mode & (S_IWGRP | S_IWOTH)) &&
           (info.st_uid == 0 || (int64_t)info.st_uid == owner);
}

int trust_path(const char *path, int64_t owner, char where[PLACE_SIZE], int *os_errno)
{
    size_t length = strlen(path);

    *os_errno = ENAMETOOLONG;
    snprintf(where, PLACE_SIZE, "%s", path);
    if (path[0] != '/' || length >= PLACE_SIZE)
        return 0;
    while (is_trusted(where, owner, os_errno)) {
        char *slash = strrchr(where, '/');
        if (slash[1] == '\0')
            return 1; /* the root directory itself */
        slash[slash == where] = '\0';
    }
    return 0;
}
