/* SPDX-License-Identifier: MIT */
#include "pausemond/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pausemond/fd.h"

/* A handler is given nothing: what it needs must lie here. */
static int ends[2] = {-1, -1};
static volatile sig_atomic_t is_ending;

static void put(int number)
{
    int os_errno = errno;
    char message = SIGNAL_END;

    if (number == SIGHUP)
        message = SIGNAL_RELOAD;
    else if (number == SIGUSR1)
        message = SIGNAL_CAPTURE;
    else if (is_ending)
        _exit(1);
    else
        is_ending = 1;
    /* A full pipe holds enough to do. */
    ssize_t done = write(ends[1], &message, 1);
    (void)done;
    errno = os_errno;
}

int signals_open(struct log *log)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_handler = put, .sa_flags = SA_RESTART};
    sigset_t none;

    if (fd_pipe(ends) < 0)
        return log_fail_os(log, errno, "cannot make a pipe");
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    /* A reader that goes away is an error of ours to see, not a death. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    /* Whoever started us may have had some blocked. */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

int signals_reading(void)
{
    return ends[0];
}

int signals_writing(void)
{
    return ends[1];
}
