/* SPDX-License-Identifier: MIT */
#include "pausemond/client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pausemond/fd.h"

/* Who writes to us without end gets this much of our time, and no more. */
#define INPUT_CHUNK 4096
#define INPUT_PAUSE_NS (100 * NS_PER_MS)

int client_open(struct client *client, int fd, int64_t now_ns)
{
    *client = (struct client){.fd = fd, .progress_ns = now_ns};
    if (queue_open(&client->queue, CLIENT_QUEUE) == 0)
        return 0;
    close(fd);
    return -1;
}

void client_close(struct client *client)
{
    close(client->fd);
    queue_close(&client->queue);
}

static int is_for_later(int os_errno)
{
    return os_errno == EAGAIN || os_errno == EWOULDBLOCK || os_errno == EINTR ||
           os_errno == ENOBUFS;
}

static void push(struct client *client, int64_t now_ns)
{
    const char *bytes;
    size_t length;

    while (!client->gone && (bytes = queue_peek(&client->queue, &length))) {
        ssize_t sent = send(client->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) {
            client->gone = sent < 0 && !is_for_later(errno);
            return;
        }
        queue_take(&client->queue, (size_t)sent);
        client->progress_ns = now_ns;
    }
}

void client_send(struct client *client, enum client_line kind, const char *line, size_t length,
                 int64_t now_ns)
{
    if (client->gone)
        return;
    if (client->queue.used == 0)
        client->progress_ns = now_ns;
    if (queue_put(&client->queue, line, length, kind == CLIENT_SAMPLE ? CLIENT_RESERVE : 0) < 0)
        client->lost++;
    push(client, now_ns);
}

static void discard(struct client *client, int64_t now_ns)
{
    char bytes[INPUT_CHUNK];
    ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    client->input_after_ns = now_ns + INPUT_PAUSE_NS;
    if (got == 0)
        client->input_ended = 1;
    else if (got < 0 && !is_for_later(errno))
        client->gone = 1;
}

short client_events(const struct client *client, int64_t now_ns)
{
    int input = !client->input_ended && now_ns >= client->input_after_ns;
    int output = client->queue.used > 0;

    return (short)((input ? POLLIN : 0) | (output ? POLLOUT : 0));
}

void client_serve(struct client *client, short events, int64_t now_ns)
{
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        client->gone = 1; /* both directions are closed: nobody is left to read */
    if (!client->gone && events & POLLIN)
        discard(client, now_ns);
    if (!client->gone && events & POLLOUT)
        push(client, now_ns);
}

int client_is_stalled(const struct client *client, int64_t now_ns)
{
    return client->queue.used > 0 && now_ns - client->progress_ns >= CLIENT_PATIENCE_NS;
}
