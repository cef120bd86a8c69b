/* SPDX-License-Identifier: MIT */
#include <pausemon/pausemon.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/out.h"
#include "common/programs.h"
#include "pausemon-monitor/loop.h"
#include "pausemon-monitor/once.h"
#include "pausemon-monitor/signals.h"

#define PROGRAM "pausemon-monitor"

static void print_help(void)
{
    puts("Usage: " PROGRAM " [OPTION…]\n\n"
         "Shows what the daemon sees, as it happens: stress, the processes behind it, pauses and\n"
         "events. ? in it tells the keys; q quits.\n\nOptions:");
    args_print_options(program_monitor_options);
    puts("\nExit codes: 0 all well, 1 an error, 2 wrong usage, 3 no daemon runs (--once).");
}

/* 0, or an exit code. */
static int check(const struct args *args)
{
    static const char *const for_local[] = {"source", "interval"};

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    if (args_get(args, "local"))
        return args_get(args, "data-dir")
                   ? args_fail(args->program, EXIT_USAGE, "--data-dir: --local has no daemon")
                   : 0;
    for (size_t i = 0; i < sizeof for_local / sizeof for_local[0]; i++)
        if (args_get(args, for_local[i]))
            return args_fail(args->program, EXIT_USAGE, "--%s is for --local", for_local[i]);
    return 0;
}

static int is_plain(const struct args *args)
{
    const char *term = getenv("TERM");

    return args_get(args, "once") || !isatty(STDOUT_FILENO) || !term || !term[0] ||
           strcmp(term, "dumb") == 0;
}

/* A signal's number, or an exit code below 0x100. */
static int run(const struct args *args, struct feed *feed, struct known *known, int *ended_by)
{
    const char *no_color = getenv("NO_COLOR");
    const int is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;

    int code = feed_open(feed, args, known);
    if (code != EXIT_OK)
        return code;
    if (is_plain(args))
        return once_run(feed, args, known, is_ascii);
    *ended_by = loop_run(feed, known, is_ascii, !no_color || !no_color[0]);
    return *ended_by < 0 ? args_fail_os(args->program, EXIT_ERROR, errno, "no terminal") : EXIT_OK;
}

int main(int argc, char **argv)
{
    struct args args = {.program = PROGRAM, .options = program_monitor_options};
    int ended_by = 0;

    /* A reader that goes away is an error of ours to see, not a death. */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "");
    if (args_parse(&args, argc - 1, argv + 1) < 0)
        return EXIT_USAGE;
    if (args_get(&args, "help"))
        print_help();
    if (args_get(&args, "version"))
        printf("pausemon-monitor %s\n", pausemon_version());
    if (args_get(&args, "help") || args_get(&args, "version"))
        return out_finish(PROGRAM, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
    int code = check(&args);
    if (code != EXIT_OK)
        return code;
    struct known *known = known_new();
    struct feed *feed = calloc(1, sizeof *feed);
    if (known && feed) {
        code = run(&args, feed, known, &ended_by);
        feed_close(feed);
    } else {
        code = args_fail(PROGRAM, EXIT_ERROR, "out of memory");
    }
    free(feed);
    known_free(known);
    if (ended_by > 0)
        signals_act(ended_by);
    return code;
}
