/* SPDX-License-Identifier: MIT */
#include "pausemond/server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pausemond/fd.h"

/* Accepted in one round; after a full one the socket rests, so that a flood of connections costs
 * little. All who can wait in listen.c's backlog are served within a second. */
#define ACCEPT_BATCH 8
#define ACCEPT_REST_NS (INT64_C(100) * NS_PER_MS)
#define ACCEPT_PAUSE_NS NS_PER_S

static const char too_many[] =
    "{\"type\":\"error\",\"text\":\"64 clients are connected already, and no more are let in\"}\n";

int server_open(struct server *server, const char *path, int64_t group, struct log *log)
{
    server->log = log;
    server->count = 0;
    return listener_open(&server->listener, path, group, log);
}

void server_close(struct server *server)
{
    for (size_t i = 0; i < server->count; i++)
        client_close(&server->clients[i]);
    server->count = 0;
    listener_close(&server->listener);
}

/* ---- who comes ---- */

static void admit(struct server *server, int fd, int64_t now_ns)
{
    struct client *client = &server->clients[server->count];

    if (server->count == SERVER_CLIENTS) {
        send(fd, too_many, sizeof too_many - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        close(fd);
        return;
    }
    if (client_open(client, fd, now_ns) < 0) {
        log_say(server->log, PAUSEMON_LOG_WARNING, "a client was turned away: out of memory");
        return;
    }
    server->count++;
    server->greet(server->user, client);
}

/* One that cannot be accepted keeps the socket readable: look away for a while. */
static void look_away(struct server *server, int os_errno, int64_t now_ns)
{
    if (!server->cannot_accept)
        log_say_os(server->log, PAUSEMON_LOG_WARNING, os_errno,
                   "no client can be accepted for now");
    server->cannot_accept = 1;
    server->accept_after_ns = now_ns + ACCEPT_PAUSE_NS;
}

/* Nobody is waiting any more. */
static void look_back(struct server *server)
{
    if (server->cannot_accept)
        log_say(server->log, PAUSEMON_LOG_INFO, "clients are accepted again");
    server->cannot_accept = 0;
}

static void accept_some(struct server *server, int64_t now_ns)
{
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int fd = fd_accept(server->listener.fd), os_errno = errno;
        if (fd >= 0) {
            admit(server, fd, now_ns);
            continue;
        }
        if (os_errno == EAGAIN || os_errno == EWOULDBLOCK)
            look_back(server);
        else if (os_errno != EINTR && os_errno != ECONNABORTED)
            look_away(server, os_errno, now_ns);
        return;
    }
    server->accept_after_ns = now_ns + ACCEPT_REST_NS;
}

/* ---- who goes ---- */

static void let_go(struct server *server, size_t index)
{
    struct client *client = &server->clients[index];

    server->lost += client->lost;
    client_close(client);
    *client = server->clients[--server->count];
}

static int is_resting(const struct server *server, int64_t now_ns)
{
    return now_ns < server->accept_after_ns;
}

int64_t server_due(const struct server *server, int64_t now_ns)
{
    return is_resting(server, now_ns) ? server->accept_after_ns : INT64_MAX;
}

size_t server_prepare(struct server *server, struct pollfd *polls, int64_t now_ns)
{
    for (size_t i = server->count; i-- > 0;) {
        const struct client *client = &server->clients[i];
        int is_stalled = !client->gone && client_is_stalled(client, now_ns);
        if (is_stalled)
            log_say(server->log, PAUSEMON_LOG_INFO,
                    "a client that read nothing for 30 s was let go; %llu lines for it were lost",
                    (unsigned long long)client->lost);
        if (is_stalled || client->gone)
            let_go(server, i);
    }
    polls[0] = (struct pollfd){is_resting(server, now_ns) ? -1 : server->listener.fd, POLLIN, 0};
    for (size_t i = 0; i < server->count; i++)
        polls[i + 1] =
            (struct pollfd){server->clients[i].fd, client_events(&server->clients[i], now_ns), 0};
    return server->count + 1;
}

void server_serve(struct server *server, const struct pollfd *polls, int64_t now_ns)
{
    /* Those that were there when it was prepared; who comes now comes behind them. */
    for (size_t i = 0, count = server->count; i < count; i++)
        if (polls[i + 1].revents)
            client_serve(&server->clients[i], polls[i + 1].revents, now_ns);
    if (polls[0].revents || (server->cannot_accept && !is_resting(server, now_ns)))
        accept_some(server, now_ns);
}

void server_send(struct server *server, enum client_line kind, const struct line *line)
{
    int64_t now_ns = fd_now_ns();

    for (size_t i = 0; i < server->count; i++)
        client_send(&server->clients[i], kind, line->bytes, line->length, now_ns);
}

uint64_t server_lost(const struct server *server)
{
    uint64_t lost = server->lost;

    for (size_t i = 0; i < server->count; i++)
        lost += server->clients[i].lost;
    return lost;
}
