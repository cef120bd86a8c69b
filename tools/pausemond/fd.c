/* SPDX-License-Identifier: MIT */
/* The XSI strerror_r: the GNU one is another function of that name. */
#undef _GNU_SOURCE
#define _XOPEN_SOURCE 700

#include "pausemond/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The descriptor with its flags; -1, and it is closed. */
static int with_flags(int fd)
{
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    int os_errno = errno;
    close(fd);
    errno = os_errno;
    return -1;
}

int fd_socket(int type)
{
    return with_flags(socket(AF_UNIX, type, 0));
}

int fd_accept(int listening)
{
    return with_flags(accept(listening, NULL, NULL));
}

int fd_pipe(int ends[2])
{
    if (pipe(ends) < 0)
        return -1;
    int reading = with_flags(ends[0]);
    int writing = with_flags(ends[1]);
    if (reading >= 0 && writing >= 0)
        return 0;
    if (reading >= 0)
        close(reading);
    if (writing >= 0)
        close(writing);
    return -1;
}

void fd_error_text(int os_errno, char *text, size_t size)
{
    if (strerror_r(os_errno, text, size) != 0)
        snprintf(text, size, "error %d", os_errno);
}

int64_t fd_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}
