/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PATIENCE_MS 100
#define ATTEMPTS 5

/* The other screen, without a cursor; and back, as it was. */
#define TAKE "\033[?1049h\033[?25l"
#define LEAVE "\033[0m\033[2J\033[?25h\033[?1049l"

int terminal_open(struct terminal *terminal)
{
    const int how = O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
    char name[256];

    memset(terminal, 0, sizeof *terminal);
    terminal->fd = -1;
    const int os_errno = ttyname_r(STDOUT_FILENO, name, sizeof name);
    if (os_errno == 0)
        terminal->fd = open(name, how);
    /* In a container it may have no name. */
    if (terminal->fd < 0)
        terminal->fd = open("/dev/tty", how);
    return terminal->fd < 0 ? -1 : 0;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->fd >= 0)
        close(terminal->fd);
    terminal->fd = -1;
    bytes_free(&terminal->out);
}

int terminal_is_lent(const struct terminal *terminal)
{
    const pid_t group = tcgetpgrp(terminal->fd);

    return group > 0 && group != getpgrp();
}

/* Keys come one by one and are not shown; Ctrl-C and Ctrl-Z go on sending signals. */
static int set_raw(const struct terminal *terminal)
{
    struct termios raw = terminal->found;

    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
    raw.c_lflag |= ISIG;
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(terminal->fd, TCSANOW, &raw);
}

int terminal_take(struct terminal *terminal)
{
    if (!terminal->is_taken && tcgetattr(terminal->fd, &terminal->found) < 0)
        return -1;
    terminal->is_taken = 1;
    if (set_raw(terminal) < 0)
        return -1;
    terminal->out.used = terminal->sent = 0;
    bytes_add_text(&terminal->out, TAKE);
    return 0;
}

void terminal_leave(struct terminal *terminal)
{
    if (!terminal->is_taken || terminal_is_lent(terminal))
        return;
    bytes_add_text(&terminal->out, LEAVE);
    for (int i = 0; i < ATTEMPTS && terminal_flush(terminal) > 0; i++) {
        struct pollfd wait = {terminal->fd, POLLOUT, 0};
        poll(&wait, 1, PATIENCE_MS);
    }
    tcsetattr(terminal->fd, TCSANOW, &terminal->found);
    terminal->out.used = terminal->sent = 0;
    terminal->is_taken = 0;
}

void terminal_size(const struct terminal *terminal, int *rows, int *columns)
{
    struct winsize size = {.ws_row = 0};

    ioctl(terminal->fd, TIOCGWINSZ, &size);
    *rows = size.ws_row ? size.ws_row : 24;
    *columns = size.ws_col ? size.ws_col : 80;
}

int terminal_flush(struct terminal *terminal)
{
    struct bytes *out = &terminal->out;

    while (terminal->sent < out->used) {
        const ssize_t done =
            write(terminal->fd, out->at + terminal->sent, out->used - terminal->sent);
        if (done < 0 && errno == EAGAIN)
            return 1;
        if (done < 0 && errno != EINTR)
            return -1;
        terminal->sent += done > 0 ? (size_t)done : 0;
    }
    out->used = terminal->sent = 0;
    return 0;
}

ssize_t terminal_read(const struct terminal *terminal, char *bytes, size_t size)
{
    const ssize_t got = read(terminal->fd, bytes, size);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got > 0 ? got : -1;
}
