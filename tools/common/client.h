/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

/* The daemon's socket, as its reader sees it: lines, bounded; whoever serves them is not trusted.
 */

#include <stddef.h>
#include <stdint.h>

#define CLIENT_MAX_LINE (64u << 10)

enum client_status {
    CLIENT_LINE = 1,
    CLIENT_WAIT = 0,     /* the time is over, or a signal came */
    CLIENT_GONE = -1,    /* the other end closed, or errno says more; 0: it closed */
    CLIENT_TOO_LONG = -2 /* a line beyond CLIENT_MAX_LINE: this is no daemon of ours */
};

struct client {
    int fd;
    size_t used;  /* bytes that are there */
    size_t taken; /* of them, the line that was handed out */
    char bytes[CLIENT_MAX_LINE + 1];
};

/* 0, or -1 with errno: ENOENT, ECONNREFUSED: nobody listens; ENAMETOOLONG; ENOTSOCK; EAGAIN: it
 * does not take connections. Waits for its turn 2 s at most; client_open_at_once does not. */
int client_open(struct client *client, const char *path);
int client_open_at_once(struct client *client, const char *path);
void client_close(struct client *client);

/* The next line, without its newline and with a NUL; valid until the next call. Waits until
 * `deadline_ms` (monotonic), however slowly bytes come. */
enum client_status client_read(struct client *client, int64_t deadline_ms, const char **line,
                               size_t *length);

/* The clock of the deadline. */
int64_t client_now_ms(void);

#endif
