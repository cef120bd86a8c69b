/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A handler is given nothing: what it needs must lie here. */
static int ends[2] = {-1, -1};

static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH};

static void put(int number)
{
    const int os_errno = errno;
    const char byte = (char)number;

    /* A full pipe holds enough to do. */
    const ssize_t done = write(ends[1], &byte, 1);
    (void)done;
    errno = os_errno;
}

int signals_open(void)
{
    struct sigaction action = {.sa_handler = put, .sa_flags = SA_RESTART};
    sigset_t none;

    if (pipe(ends) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) < 0 || fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0)
            return -1;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    /* Whoever goes away, and a terminal that is another's for now, are for us to see. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGTTOU, &action, NULL);
    sigaction(SIGTTIN, &action, NULL);
    /* Whoever started us may have had some blocked. */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

int signals_fd(void)
{
    return ends[0];
}

int signals_next(void)
{
    unsigned char byte;

    return read(ends[0], &byte, 1) == 1 ? byte : 0;
}

void signals_act(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, before;

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, &before);
    raise(number);
    sigaction(number, &before, NULL);
}
