/* SPDX-License-Identifier: MIT */
#include "storage/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/calendar.h"

#define KEPT_ASIDE 3
#ifdef __APPLE__
#define CHANGED_AT(info) ((info).st_ctimespec)
#else
#define CHANGED_AT(info) ((info).st_ctim)
#endif

#define ASIDE ".corrupt-"

/* What belongs to a database; the file itself comes first. */
static const char *const parts[] = {"", "-wal", "-shm", "-journal"};

#define PART_COUNT (sizeof parts / sizeof parts[0])

/* `longest` bytes must fit behind the path: what it is renamed to. */
static int join(char to[PM_DB_PATH_SIZE], const char *directory, const char *name)
{
    const size_t longest = sizeof ASIDE "YYYYmmdd-HHMMSS_9999-journal";
    int length = snprintf(to, PM_DB_PATH_SIZE, "%s/%s", directory, name);

    return length < 0 || (size_t)length + longest > PM_DB_PATH_SIZE ? -1 : 0;
}

static void part_of(char to[PM_DB_PATH_SIZE], const char *place, size_t part)
{
    snprintf(to, PM_DB_PATH_SIZE, "%s%s", place, parts[part]);
}

int pm_place_resolve(char place[PM_DB_PATH_SIZE], const char *path, struct pausemon_error *error)
{
    char directory[PM_DB_PATH_SIZE], real[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "\"%s\" names no file", path);
    if (length >= sizeof directory)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    memcpy(directory, path, length);
    directory[length] = '\0';
    const char *start = !slash ? "." : length == 0 ? "/" : directory;
    if (!realpath(start, real))
        return pm_fail_os(error, errno, "the directory %s", start);
    if (join(place, strcmp(real, "/") == 0 ? "" : real, name) < 0)
        return pm_fail_os(error, ENAMETOOLONG, "%.60s…", path);
    return 0;
}

static void directory_of(char directory[PM_DB_PATH_SIZE], const char *place)
{
    const char *slash = strrchr(place, '/');

    snprintf(directory, PM_DB_PATH_SIZE, "%.*s", slash > place ? (int)(slash - place) : 1, place);
}

int pm_place_check(const char *place, struct pausemon_error *error)
{
    char path[PM_DB_PATH_SIZE];
    struct stat info;
    int there = 0;

    for (size_t i = 0; i < PART_COUNT; i++) {
        part_of(path, place, i);
        if (lstat(path, &info) != 0) {
            if (errno != ENOENT)
                return pm_fail_os(error, errno, "%s", path);
            continue;
        }
        if (S_ISLNK(info.st_mode))
            return pm_fail(error, PAUSEMON_ERR_DENIED,
                           "%s is a symbolic link: nothing is opened through one", path);
        if (!S_ISREG(info.st_mode))
            return pm_fail(error, PAUSEMON_ERR_DENIED, "%s is no regular file", path);
        there |= i == 0;
    }
    return there;
}

int pm_place_make(const char *place, struct pausemon_error *error)
{
    int fd = open(place, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return pm_fail_os(error, errno, "%s cannot be made", place);
    int failed = fchmod(fd, 0600) != 0 ? errno : 0; /* whatever the umask took away */
    /* New: no connection can hold a lock that this would give up. */
    close(fd);
    return failed ? pm_fail_os(error, failed, "the rights of %s", place) : 0;
}

void pm_place_note(struct pm_place_id *id, const char *place)
{
    struct stat info = {0};

    lstat(place, &info);
    id->device = (uint64_t)info.st_dev;
    id->inode = (uint64_t)info.st_ino;
}

bool pm_place_is(const char *place, const struct pm_place_id *id)
{
    struct pm_place_id now;

    pm_place_note(&now, place);
    return now.device == id->device && now.inode == id->inode;
}

int pm_place_keep(struct pm_place_id *directory, const char *place, struct pausemon_error *error)
{
    char path[PM_DB_PATH_SIZE];
    struct stat info;

    directory_of(path, place);
    if (lstat(path, &info) != 0)
        return pm_fail_os(error, errno, "the directory %s", path);
    struct pm_place_id now = {(uint64_t)info.st_dev, (uint64_t)info.st_ino};
    if (directory->inode == 0 && S_ISDIR(info.st_mode))
        *directory = now;
    if (now.device == directory->device && now.inode == directory->inode)
        return 0;
    return pm_fail(error, PAUSEMON_ERR_DENIED,
                   "the directory %s was replaced: put the old one back, or start anew", path);
}

/* By path: opening and closing would give up the locks that connections of this process hold. */
static int set_rights(const char *path, mode_t mode, int64_t group)
{
    struct stat info;

    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid())
        return 0;
    if (group >= 0 && info.st_gid != (gid_t)group && lchown(path, (uid_t)-1, (gid_t)group) != 0)
        return -1;
    if ((info.st_mode & 07777) == mode)
        return 0;
    return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

void pm_place_set_rights(const char *place, int64_t group, const struct pm_host *host)
{
    char path[PM_DB_PATH_SIZE];
    struct pausemon_error why;

    for (size_t i = 0; i < PART_COUNT; i++) {
        part_of(path, place, i);
        if (set_rights(path, group < 0 ? 0600 : 0660, group) < 0) {
            pm_fail_os(&why, errno, "the rights of %s cannot be set", path);
            pm_log(host, PAUSEMON_LOG_WARNING, "%s", why.text);
        }
    }
}

/* ---- aside ---- */

/* "NAME.corrupt-20260123-120020", with or without a number; not its other parts, and not what
 * somebody else named alike. */
static bool is_aside(const char *name, const char *base)
{
    static const char pattern[] = "dddddddd-dddddd";
    size_t length = strlen(base);

    if (strncmp(name, base, length) != 0 || strncmp(name + length, ASIDE, strlen(ASIDE)) != 0)
        return false;
    name += length + strlen(ASIDE);
    for (const char *at = pattern; *at; at++, name++)
        if (*at == 'd' ? *name < '0' || *name > '9' : *name != *at)
            return false;
    if (*name == '_')
        name += 1 + strspn(name + 1, "0123456789");
    return *name == '\0';
}

static int compare(const struct timespec *a, const struct timespec *b)
{
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec < b->tv_sec ? -1 : 1;
    return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/* The one that was renamed first; how many there are. Names tell seconds only. */
static size_t find_oldest(const char *directory, const char *base, char oldest[NAME_MAX + 1])
{
    DIR *dir = opendir(directory);
    struct timespec since = {0, 0};
    const struct dirent *entry;
    struct stat info;
    size_t count = 0;

    while (dir && (entry = readdir(dir))) {
        if (!is_aside(entry->d_name, base) ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        struct timespec changed = CHANGED_AT(info);
        int order = compare(&changed, &since);
        if (count++ > 0 && (order > 0 || (order == 0 && strcmp(entry->d_name, oldest) > 0)))
            continue;
        since = changed;
        snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
    return count;
}

static void remove_old(const char *place, const struct pm_host *host)
{
    char directory[PM_DB_PATH_SIZE], path[PM_DB_PATH_SIZE], part[PM_DB_PATH_SIZE];
    char oldest[NAME_MAX + 1];
    const char *slash = strrchr(place, '/');

    snprintf(directory, sizeof directory, "%.*s", (int)(slash - place) + 1, place);
    while (find_oldest(directory, slash + 1, oldest) > KEPT_ASIDE) {
        if (join(path, directory, oldest) < 0)
            return;
        for (size_t i = PART_COUNT; i-- > 0;) {
            part_of(part, path, i);
            if (unlink(part) != 0 && (i == 0 || errno != ENOENT)) {
                pm_log(host, PAUSEMON_LOG_WARNING, "%s cannot be removed", part);
                return;
            }
        }
    }
}

static void name_aside(char aside[PM_DB_PATH_SIZE], const char *place, struct pm_host *host)
{
    struct pausemon_instant now;
    struct pm_date date;
    struct stat info;
    char suffix[16] = "";

    pm_now(host, &now);
    pm_date_from_seconds(&date, now.realtime_ns / PM_NS_PER_S + now.utc_offset_s);
    for (int n = 1; n < 10000; n++) {
        snprintf(aside, PM_DB_PATH_SIZE, "%s" ASIDE "%04d%02d%02d-%02d%02d%02d%s", place,
                 (int)date.year, (int)date.month, (int)date.day, (int)date.hour, (int)date.minute,
                 (int)date.second, suffix);
        if (lstat(aside, &info) != 0)
            return;
        snprintf(suffix, sizeof suffix, "_%d", n);
    }
}

int pm_place_move_aside(char aside[PM_DB_PATH_SIZE], const char *place, struct pm_host *host,
                        struct pausemon_error *error)
{
    char from[PM_DB_PATH_SIZE], to[PM_DB_PATH_SIZE];

    name_aside(aside, place, host);
    /* The file last: a crash between leaves a database that is moved again, not one whose -wal
     * would be taken for that of the next. */
    for (size_t i = PART_COUNT; i-- > 0;) {
        part_of(from, place, i);
        part_of(to, aside, i);
        if (rename(from, to) != 0 && errno != ENOENT)
            return pm_fail_os(error, errno, "%s cannot be moved aside", from);
    }
    remove_old(place, host);
    return 0;
}

uint64_t pm_place_room(const char *place)
{
    struct statvfs info;

    if (statvfs(place, &info) != 0)
        return 0;
    return (uint64_t)info.f_bavail * (uint64_t)info.f_frsize;
}
