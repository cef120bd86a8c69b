/* SPDX-License-Identifier: MIT */
#include "pausemond/home.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_GROUP "pausemon"

/* ---- rights ---- */

static int find_group(struct home *home, const struct pausemon_config *config, struct log *log)
{
    const char *name = pausemon_config_get_text(config, "monitor.socket_group");
    int is_asked = name && name[0];

    if (!is_asked && !home->place.is_system)
        return 0;
    name = is_asked ? name : SYSTEM_GROUP;
    errno = 0;
    const struct group *group = getgrnam(name);
    if (group)
        home->group = (int64_t)group->gr_gid;
    else if (is_asked)
        return log_fail(log, "monitor.socket_group: there is no group \"%s\"", name);
    else
        log_say(log, PAUSEMON_LOG_INFO, "there is no group \"%s\": only root can connect", name);
    return 0;
}

/* The parents that are missing, each for its owner only. 0, or -1 and errno. */
static int make_parents(const char *path)
{
    char parent[PLACE_SIZE];

    snprintf(parent, sizeof parent, "%s", path);
    for (char *at = strchr(parent + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(parent, 0700) < 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    return 0;
}

/* Whose it is, and who else may write there. */
static int check_directory(const struct home *home, int fd, const char *path, struct log *log)
{
    mode_t refused = home->place.is_system ? S_IWOTH : S_IWGRP | S_IWOTH;
    struct stat info;

    if (fstat(fd, &info) < 0)
        return log_fail_os(log, errno, "cannot look at the directory \"%s\"", path);
    if (info.st_uid != geteuid())
        return log_fail(log, "\"%s\" belongs to user %ju, not to %ju who runs this", path,
                        (uintmax_t)info.st_uid, (uintmax_t)geteuid());
    if (info.st_mode & refused)
        return log_fail(log, "\"%s\" can be written by others (mode %04o): chmod go-w it", path,
                        (unsigned)info.st_mode & 07777);
    return 0;
}

/* A group of -1 and a mode of 0 stay as they are. */
static int set_mode(int fd, const char *path, int64_t group, mode_t mode, struct log *log)
{
    if (group >= 0 && fchown(fd, (uid_t)-1, (gid_t)group) < 0)
        return log_fail_os(log, errno, "cannot give \"%s\" to group %" PRId64, path, group);
    if (mode != 0 && fchmod(fd, mode) < 0)
        return log_fail_os(log, errno, "cannot set the mode of \"%s\"", path);
    return 0;
}

static int open_directory(const struct home *home, const char *path, struct log *log)
{
    mode_t mode = home->place.is_system || home->group >= 0 ? 0750 : 0700;

    if (make_parents(path) < 0)
        return log_fail_os(log, errno, "cannot make the directories above \"%s\"", path);
    int is_new = mkdir(path, mode) == 0;
    if (!is_new && errno != EEXIST)
        return log_fail_os(log, errno, "cannot make the directory \"%s\"", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return log_fail(log, "\"%s\" is no directory (a symbolic link to one is refused)", path);
    if (fd < 0)
        return log_fail_os(log, errno, "cannot open the directory \"%s\"", path);
    if (check_directory(home, fd, path, log) == 0 &&
        set_mode(fd, path, home->group, is_new || home->group >= 0 ? mode : 0, log) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ---- the only one ---- */

static int refuse_second(const struct home *home, int fd, struct log *log)
{
    struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    const int known = fcntl(fd, F_GETLK, &holder) == 0 && holder.l_pid > 0;
    /* A group may read the file, and so lock it for reading. */
    if (known && holder.l_type == F_RDLCK)
        return log_fail(log,
                        "pid %jd, which is no pausemond, holds \"%s\": end it, or remove the file",
                        (intmax_t)holder.l_pid, home->place.lock);
    if (known && holder.l_type != F_UNLCK)
        return log_fail(log, "another pausemond runs already, pid %jd (it holds \"%s\")",
                        (intmax_t)holder.l_pid, home->place.lock);
    return log_fail(log, "another pausemond runs already (it holds \"%s\")", home->place.lock);
}

static int lock(const struct home *home, int fd, struct log *log)
{
    struct flock wish = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat info;

    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return log_fail(log, "the lock \"%s\" is no file", home->place.lock);
    if (fcntl(fd, F_SETLK, &wish) == 0)
        return 0;
    if (errno == EACCES || errno == EAGAIN)
        return refuse_second(home, fd, log);
    return log_fail_os(log, errno, "cannot lock \"%s\"", home->place.lock);
}

/* It is the lock that counts: on a full disk the number may find no room. */
static void write_pid(const struct home *home, struct log *log)
{
    char pid[32];
    int length = snprintf(pid, sizeof pid, "%jd\n", (intmax_t)getpid());

    if (ftruncate(home->lock_fd, 0) < 0 || pwrite(home->lock_fd, pid, (size_t)length, 0) != length)
        log_say_os(log, PAUSEMON_LOG_WARNING, errno, "cannot write \"%s\"", home->place.lock);
}

/* The file stays when the daemon ends: unlinking it would let two hold a lock each. Until the lock
 * is held it is another's: nothing in it is touched. */
static int take_lock(struct home *home, int directory, struct log *log)
{
    int fd = openat(directory, "daemon.pid", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return log_fail_os(log, errno, "cannot open the lock \"%s\"", home->place.lock);
    if (lock(home, fd, log) < 0) {
        close(fd);
        return -1;
    }
    home->lock_fd = fd;
    write_pid(home, log);
    /* Who may connect may also see whom to signal. */
    return set_mode(fd, home->place.lock, home->group, home->group >= 0 ? 0640 : 0600, log);
}

/* Without slashes at the end: they would let a symbolic link be followed. */
static void directory_of(char path[PLACE_SIZE], const char *file)
{
    snprintf(path, PLACE_SIZE, "%s", file);
    char *end = strrchr(path, '/');
    while (end > path && end[-1] == '/')
        end--;
    end[end == path] = '\0';
}

int home_open(struct home *home, const struct pausemon_config *config, struct log *log)
{
    char path[PLACE_SIZE];

    if (find_group(home, config, log) < 0)
        return -1;
    directory_of(path, home->place.database);
    int data = open_directory(home, path, log);
    if (data < 0)
        return -1;
    directory_of(path, home->place.lock);
    int runtime = open_directory(home, path, log);
    int status = runtime < 0 ? -1 : take_lock(home, runtime, log);
    close(data);
    if (runtime >= 0)
        close(runtime);
    return status;
}

void home_close(struct home *home, struct log *log)
{
    if (home->lock_fd < 0)
        return;
    /* Nobody shall signal who has taken our number. */
    if (ftruncate(home->lock_fd, 0) < 0)
        log_say_os(log, PAUSEMON_LOG_WARNING, errno, "cannot empty \"%s\"", home->place.lock);
    close(home->lock_fd);
    home->lock_fd = -1;
}
