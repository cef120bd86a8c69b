/* SPDX-License-Identifier: MIT */
#include "common/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t client_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Not through a symbolic link, and nothing but a socket. */
static int check_socket(const char *path)
{
    struct stat about;

    if (lstat(path, &about) != 0)
        return -1;
    errno = ENOTSOCK;
    return S_ISSOCK(about.st_mode) ? 0 : -1;
}

static int open_socket(struct client *client, const char *path, int patient)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 2};

    *client = (struct client){.fd = -1};
    errno = ENAMETOOLONG;
    if (strlen(path) >= sizeof address.sun_path || check_socket(path) < 0)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    client->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (client->fd < 0)
        return -1;
    fcntl(client->fd, F_SETFD, FD_CLOEXEC);
    /* Many may be waiting to be let in: then for our turn, but not for ever. */
    if (patient)
        setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    else
        fcntl(client->fd, F_SETFL, O_NONBLOCK);
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        fcntl(client->fd, F_SETFL, O_NONBLOCK);
        return 0;
    }
    int why = errno;
    client_close(client);
    errno = why;
    return -1;
}

int client_open(struct client *client, const char *path)
{
    return open_socket(client, path, 1);
}

int client_open_at_once(struct client *client, const char *path)
{
    return open_socket(client, path, 0);
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

/* Bytes that are there, or CLIENT_WAIT, or CLIENT_GONE. */
static enum client_status fill(struct client *client, int64_t deadline_ms)
{
    struct pollfd wait = {client->fd, POLLIN, 0};
    int64_t left_ms = deadline_ms - client_now_ms();

    int ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return CLIENT_WAIT;
    errno = 0;
    ssize_t got = read(client->fd, client->bytes + client->used, CLIENT_MAX_LINE - client->used);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return CLIENT_WAIT;
    if (got <= 0)
        return CLIENT_GONE;
    client->used += (size_t)got;
    return CLIENT_LINE;
}

enum client_status client_read(struct client *client, int64_t deadline_ms, const char **line,
                               size_t *length)
{
    client->used -= client->taken;
    memmove(client->bytes, client->bytes + client->taken, client->used);
    client->taken = 0;
    for (size_t looked = 0;;) {
        char *end = memchr(client->bytes + looked, '\n', client->used - looked);
        if (end) {
            *end = '\0';
            *line = client->bytes;
            *length = (size_t)(end - client->bytes);
            client->taken = *length + 1;
            return CLIENT_LINE;
        }
        looked = client->used;
        if (client->used == CLIENT_MAX_LINE)
            return CLIENT_TOO_LONG;
        enum client_status status = fill(client, deadline_ms);
        if (status != CLIENT_LINE)
            return status;
    }
}
