/* SPDX-License-Identifier: MIT */
/* The commands that are programs of their own. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/programs.h"
#include "common/self.h"
#include "pausemon/commands.h"

#define DAEMON "pausemond"
#define MONITOR "pausemon-monitor"
#define MAX_WORDS 64

/* Becomes that program. Returns only when it cannot. */
static int become(const char *name, const char *program, int argc, char **argv)
{
    char path[PLACE_SIZE];
    char *words[MAX_WORDS + 2] = {(char *)(uintptr_t)program};

    if (argc > MAX_WORDS)
        return args_fail(name, EXIT_USAGE, "too many arguments");
    memcpy(words + 1, argv, (size_t)argc * sizeof *argv);
    signal(SIGPIPE, SIG_DFL); /* what is ignored would stay ignored */
    /* The one beside this program, which is of the same build; else PATH knows. */
    if (self_beside(path, program) == 0)
        execv(path, words);
    execvp(program, words);
    return args_fail_os(name, EXIT_ERROR, errno, "cannot run %s", program);
}

static int run_daemon(int argc, char **argv)
{
    return become("pausemon daemon", DAEMON, argc, argv);
}

static int run_monitor(int argc, char **argv)
{
    return become("pausemon monitor", MONITOR, argc, argv);
}

const struct command command_daemon = {
    .name = "daemon",
    .help = "run pausemond, which watches and records; the options are its",
    .options = program_daemon_options,
    .run_raw = run_daemon,
    .program = DAEMON,
};

const struct command command_monitor = {
    .name = "monitor",
    .help = "show on a full screen what the daemon sees; the options are pausemon-monitor's",
    .options = program_monitor_options,
    .run_raw = run_monitor,
    .program = MONITOR,
};

const struct command command_tui = {
    .name = "tui",
    .help = "the same as monitor",
    .options = program_monitor_options,
    .run_raw = run_monitor,
    .program = MONITOR,
};
