/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/self.h"
#include "pausemon/commands.h"

#define DAEMON "pausemond"
#define DAEMON_MAX_WORDS 64

static int run_daemon(int argc, char **argv)
{
    char path[PLACE_SIZE];
    char *words[DAEMON_MAX_WORDS + 2] = {(char *)(uintptr_t)DAEMON};

    if (argc > DAEMON_MAX_WORDS)
        return args_fail("pausemon daemon", EXIT_USAGE, "too many arguments");
    memcpy(words + 1, argv, (size_t)argc * sizeof *argv);
    signal(SIGPIPE, SIG_DFL); /* what is ignored would stay ignored */
    /* The one beside this program, which is of the same build; else PATH knows. */
    if (self_beside(path, DAEMON) == 0)
        execv(path, words);
    execvp(DAEMON, words);
    return args_fail_os("pausemon daemon", EXIT_ERROR, errno, "cannot run " DAEMON);
}

const struct command command_daemon = {
    .name = "daemon",
    .help = "run pausemond, which watches and records; the options are its",
    .run_raw = run_daemon,
};
