/* SPDX-License-Identifier: MIT */
#include "pausemond/listen.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pausemond/fd.h"

/* What server.c accepts in less than a second at its slowest. */
#define BACKLOG 64
#define PATH_LIMIT (sizeof((struct sockaddr_un *)0)->sun_path - 1)

int listener_refuses(const char *path, struct log *log)
{
    if (strlen(path) <= PATH_LIMIT)
        return 0;
    log_fail(log,
             "the socket's path \"%s\" has %zu bytes, this system allows %zu: choose a shorter "
             "--data-dir",
             path, strlen(path), PATH_LIMIT);
    return 1;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path)); /* listener_refuses has measured it */
    return address;
}

/* Takes a socket away that nobody listens to. 0: the place is free. */
static int clear(const char *path, struct log *log)
{
    struct sockaddr_un address = address_of(path);
    struct stat info;

    if (lstat(path, &info) < 0)
        return errno == ENOENT ? 0 : log_fail_os(log, errno, "cannot look at \"%s\"", path);
    if (!S_ISSOCK(info.st_mode))
        return log_fail(log, "\"%s\" is there and is no socket: it was not touched", path);
    int fd = fd_socket(SOCK_STREAM);
    if (fd < 0)
        return log_fail_os(log, errno, "cannot make a socket");
    int status = connect(fd, (struct sockaddr *)&address, sizeof address);
    int os_errno = errno;
    close(fd);
    if (status == 0 || os_errno == EAGAIN || os_errno == EINPROGRESS)
        return log_fail(log, "another program listens on \"%s\"", path);
    errno = os_errno;
    if (os_errno != ECONNREFUSED)
        return log_fail_os(log, errno, "cannot tell whether somebody listens on \"%s\"", path);
    if (unlink(path) < 0)
        return log_fail_os(log, errno, "cannot remove the stale socket \"%s\"", path);
    log_say(log, PAUSEMON_LOG_INFO, "replaces a stale socket");
    return 0;
}

/* The rights are set before anybody can connect. */
static int open_at(struct listener *listener, int64_t group, struct log *log)
{
    struct sockaddr_un address = address_of(listener->path);
    const char *path = listener->path;
    struct stat info;

    listener->fd = fd_socket(SOCK_STREAM);
    if (listener->fd < 0)
        return log_fail_os(log, errno, "cannot make a socket");
    if (bind(listener->fd, (struct sockaddr *)&address, sizeof address) < 0)
        return log_fail_os(log, errno, "cannot make the socket \"%s\"", path);
    if (lstat(path, &info) < 0)
        return log_fail_os(log, errno, "cannot look at \"%s\"", path);
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    if (group >= 0 && lchown(path, (uid_t)-1, (gid_t)group) < 0)
        return log_fail_os(log, errno, "cannot give \"%s\" to group %" PRId64, path, group);
    if (chmod(path, group >= 0 ? 0660 : 0600) < 0)
        return log_fail_os(log, errno, "cannot set the mode of \"%s\"", path);
    if (listen(listener->fd, BACKLOG) < 0)
        return log_fail_os(log, errno, "cannot listen on \"%s\"", path);
    return 0;
}

int listener_open(struct listener *listener, const char *path, int64_t group, struct log *log)
{
    *listener = (struct listener){.fd = -1, .path = path};
    if (listener_refuses(path, log) || clear(path, log) < 0)
        return -1;
    if (open_at(listener, group, log) == 0)
        return 0;
    listener_close(listener);
    return -1;
}

void listener_close(struct listener *listener)
{
    struct stat info;

    if (listener->fd < 0)
        return;
    if (lstat(listener->path, &info) == 0 && info.st_dev == listener->device &&
        info.st_ino == listener->inode && listener->inode != 0)
        unlink(listener->path);
    close(listener->fd);
    listener->fd = -1;
}
