/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_FD_H
#define PAUSEMOND_FD_H

/* Descriptors that never block and that no child inherits, on every system. */

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* macOS knows it not; SIGPIPE is ignored in any case. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* A socket of AF_UNIX; -1 and errno. */
int fd_socket(int type);

/* One of those who wait at a listening socket; -1 and errno. */
int fd_accept(int listening);

/* Both ends of a pipe; -1 and errno. */
int fd_pipe(int ends[2]);

/* What an errno means. */
void fd_error_text(int os_errno, char *text, size_t size);

int64_t fd_now_ns(void);

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS 1000000

#endif
