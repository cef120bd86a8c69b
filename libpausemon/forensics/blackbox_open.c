/* SPDX-License-Identifier: MIT */
/* The black box as a file: made anew, what was there moved out of its way. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forensics/blackbox.h"

struct place {
    int directory;
    char name[NAME_MAX + 1];
    char fresh[NAME_MAX + 1];   /* while it is made */
    char last[NAME_MAX + 1];    /* of a boot that ended without shutdown */
    char damaged[NAME_MAX + 1]; /* no black box */
};

/* ---- bytes ---- */

int pm_box_write(int fd, const char *bytes, size_t size, size_t at)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, bytes, size, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : EIO;
        bytes += done;
        size -= (size_t)done;
        at += (size_t)done;
    }
    return 0;
}

int pm_box_sync(int fd)
{
#ifdef __APPLE__
    return fcntl(fd, F_FULLFSYNC) == 0 || fsync(fd) == 0 ? 0 : errno;
#else
    return fdatasync(fd) == 0 ? 0 : errno;
#endif
}

/* ---- names ---- */

static int open_directory(const char *path, size_t length, struct pausemon_error *error)
{
    char directory[PATH_MAX];

    if (length >= sizeof directory)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    memcpy(directory, path, length);
    directory[length] = '\0';
    int fd = open(length > 0 ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? pm_fail_os(error, errno, "the directory of %s", path) : fd;
}

static int find_place(struct place *place, const char *path, struct pausemon_error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    place->directory = -1;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%s\" names no file", path);
    if (strlen(name) + sizeof ".damaged" > sizeof place->damaged)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", name);
    snprintf(place->name, sizeof place->name, "%s", name);
    snprintf(place->fresh, sizeof place->fresh, "%s.new", name);
    snprintf(place->last, sizeof place->last, "%s.last", name);
    snprintf(place->damaged, sizeof place->damaged, "%s.damaged", name);
    place->directory = open_directory(path, slash ? (size_t)(slash - path) + 1 : 0, error);
    return place->directory < 0 ? place->directory : 0;
}

/* That it is a regular file where it is there at all. */
static int check_kind(const struct place *place, const char *name, struct pausemon_error *error)
{
    struct stat info;

    if (fstatat(place->directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : pm_fail_os(error, errno, "%s", name);
    if (S_ISLNK(info.st_mode))
        return pm_fail(error, PAUSEMON_ERR_DENIED,
                       "%s is a symbolic link: nothing is opened through one", name);
    return S_ISREG(info.st_mode)
               ? 0
               : pm_fail(error, PAUSEMON_ERR_DENIED, "%s is no regular file", name);
}

/* ---- what is there ---- */

/* What it is to be called from now on; NULL: there is nothing, or nothing worth keeping. */
static int look_at_old(const struct place *place, const char *boot_id, const char **keep_as,
                       struct pausemon_blackbox_info *before, const struct pm_host *host,
                       struct pausemon_error *error)
{
    struct pausemon_error why = {0};
    struct pm_box *box;

    *keep_as = NULL;
    int status = pm_box_load(&box, place->directory, place->name, host, &why);
    if (status == PAUSEMON_ERR_NOT_FOUND)
        return 0;
    if (status == PAUSEMON_ERR_FORMAT || status == PAUSEMON_ERR_IO) {
        *keep_as = place->damaged;
        pm_log(host, PAUSEMON_LOG_ERROR, "black box: moved to %s and begun anew: %s",
               place->damaged, why.text);
        return 0;
    }
    if (status == 0) {
        pm_box_tell(box, boot_id, before);
        status = pm_box_each(box, before, NULL, NULL, host, &why);
        /* One that holds nothing does not take the place of one that does. */
        bool holds = before->samples + before->torn > 0;
        *keep_as = before->end == PAUSEMON_BLACKBOX_HARD && holds ? place->last : NULL;
        pm_free(host, box);
    }
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : 0;
}

/* ---- the new one ---- */

static void set_rights(int fd, int64_t group, const struct pm_host *host)
{
    struct pausemon_error why;
    mode_t mode = group < 0 ? 0600 : 0640;

    /* The group first: nobody else's may read it meanwhile. */
    if ((group >= 0 && fchown(fd, (uid_t)-1, (gid_t)group) != 0) || fchmod(fd, mode) != 0) {
        pm_fail_os(&why, errno, "black box: its rights cannot be set");
        pm_log(host, PAUSEMON_LOG_WARNING, "%s", why.text);
    }
}

/* All its bytes, so that no later write needs room, nor the file system's journal. */
static int fill(int fd, const struct pm_box_run *run)
{
    char bytes[PM_BOX_FIRST] = {0};
    int failed = 0;

    for (size_t at = PM_BOX_FIRST; failed == 0 && at < PM_BOX_SIZE; at += sizeof bytes)
        failed = pm_box_write(fd, bytes, sizeof bytes, at);
    pm_box_put_run(bytes, run);
    pm_box_put_state(bytes + PM_BOX_STATE_AT, run->id, false);
    if (failed == 0)
        failed = pm_box_write(fd, bytes, sizeof bytes, 0);
    if (failed == 0 && fsync(fd) != 0)
        failed = errno;
    return failed;
}

static int make_fresh(const struct place *place, const struct pm_box_run *run, int64_t group,
                      const struct pm_host *host, struct pausemon_error *error)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

    unlinkat(place->directory, place->fresh, 0); /* of one that was killed here */
    int fd = openat(place->directory, place->fresh, flags, 0600);
    if (fd < 0)
        return pm_fail_os(error, errno, "%s cannot be made", place->fresh);
    set_rights(fd, group, host);
    int failed = fill(fd, run);
    if (failed == 0)
        return fd;
    close(fd);
    unlinkat(place->directory, place->fresh, 0);
    return pm_fail_os(error, failed, "%s cannot be written", place->fresh);
}

static int move(const struct place *place, const char *from, const char *to,
                struct pausemon_error *error)
{
    return renameat(place->directory, from, place->directory, to) == 0
               ? 0
               : pm_fail_os(error, errno, "%s cannot be renamed to %s", from, to);
}

/* The old one goes only when the new one is whole. */
static int exchange(const struct place *place, const struct pm_box_run *run, int64_t group,
                    const char *keep_as, const struct pm_host *host, struct pausemon_error *error)
{
    int fd = make_fresh(place, run, group, host, error);

    if (fd < 0)
        return fd;
    int status = keep_as ? move(place, place->name, keep_as, error) : 0;
    if (status == 0)
        status = move(place, place->fresh, place->name, error);
    if (status < 0) {
        unlinkat(place->directory, place->fresh, 0);
        close(fd);
        return status;
    }
    fsync(place->directory); /* not every file system can: then it does so by itself */
    return fd;
}

int pm_box_make(const char *path, const struct pm_box_run *run, int64_t group,
                struct pausemon_blackbox_info *before, const struct pm_host *host,
                struct pausemon_error *error)
{
    const char *keep_as;
    struct place place;
    int status = find_place(&place, path, error);

    if (status == 0)
        status = check_kind(&place, place.name, error);
    if (status == 0)
        status = check_kind(&place, place.last, error);
    if (status == 0)
        status = look_at_old(&place, run->boot_id, &keep_as, before, host, error);
    if (status == 0)
        status = exchange(&place, run, group, keep_as, host, error);
    if (place.directory >= 0)
        close(place.directory);
    return status;
}
