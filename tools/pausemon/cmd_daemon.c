/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/places.h"
#include "pausemon/commands.h"

#define DAEMON "pausemond"
#define DAEMON_MAX_WORDS 64

/* The one beside this program, which is of the same build. Returns only when there is none. */
static void run_beside(char **argv)
{
    char path[PLACE_SIZE];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof DAEMON);

    if (length <= 0)
        return; /* not on this system: PATH knows */
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return;
    memcpy(slash + 1, DAEMON, sizeof DAEMON);
    execv(path, argv);
}

static int run_daemon(int argc, char **argv)
{
    char *words[DAEMON_MAX_WORDS + 2] = {(char *)(uintptr_t)DAEMON};

    if (argc > DAEMON_MAX_WORDS)
        return args_fail("pausemon daemon", EXIT_USAGE, "too many arguments");
    memcpy(words + 1, argv, (size_t)argc * sizeof *argv);
    signal(SIGPIPE, SIG_DFL); /* what is ignored would stay ignored */
    run_beside(words);
    execvp(DAEMON, words);
    return args_fail_os("pausemon daemon", EXIT_ERROR, errno, "cannot run " DAEMON);
}

const struct command command_daemon = {
    .name = "daemon",
    .help = "run pausemond, which watches and records; the options are its",
    .run_raw = run_daemon,
};
