/* SPDX-License-Identifier: MIT */
#include "pausemond/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pausemond/fd.h"

/* A whole number above 0 in the environment; else 0. */
static int64_t number_from(const char *name)
{
    const char *text = getenv(name);
    int64_t number = 0;

    if (!text || !*text)
        return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > INT64_C(1000000000000))
            return 0;
        number = number * 10 + (*text - '0');
    }
    return number;
}

static int connect_to(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || length >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* not a file: a name of the kernel's own */
        address.sun_path[0] = '\0';
    return connect(fd, (struct sockaddr *)&address,
                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

int notify_open(struct notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    int64_t pid = number_from("WATCHDOG_PID");

    *notify = (struct notify){.fd = path ? fd_socket(SOCK_DGRAM) : -1};
    if (notify->fd < 0)
        return path ? -1 : 0;
    if (connect_to(notify->fd, path) < 0) {
        notify_close(notify);
        return -1;
    }
    if (!getenv("WATCHDOG_PID") || pid == getpid())
        notify->interval_ns = number_from("WATCHDOG_USEC") * 1000 / 2;
    return 0;
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *state)
{
    if (notify->fd >= 0)
        send(notify->fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void notify_status(const struct notify *notify, const char *text)
{
    char state[256];

    snprintf(state, sizeof state, "STATUS=%s", text);
    notify_send(notify, state);
}

void notify_reloading(const struct notify *notify)
{
    char state[96];

    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, fd_now_ns() / 1000);
    notify_send(notify, state);
}

int64_t notify_watchdog(struct notify *notify, int64_t now_ns)
{
    if (notify->fd < 0 || notify->interval_ns <= 0)
        return INT64_MAX;
    if (now_ns >= notify->due_ns) {
        notify_send(notify, "WATCHDOG=1");
        notify->due_ns = now_ns + notify->interval_ns;
    }
    return notify->due_ns;
}
