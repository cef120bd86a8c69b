/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_COMMANDS_H
#define PAUSEMON_COMMANDS_H

#include "common/args.h"

/* One row a command: main.c loops over them. */
struct command {
    const char *name;
    const char *operands; /* for the help: "FILE" */
    const char *help;     /* one line */
    const char *more;     /* the rest of --help, or NULL */
    const struct arg_option *options;
    int (*run)(const struct args *args); /* returns the exit code */
    /* Instead of options and run, for a command whose words are not ours to understand. */
    int (*run_raw)(int argc, char **argv);
    const char *program; /* the program that run_raw becomes, whose options `options` are */
    int is_hidden;       /* not in the list of --help */
};

/* The rows of the table; NULL past the last. */
const struct command *commands_get(size_t index);

extern const struct command command_calibrate, command_capture, command_completion, command_config,
    command_daemon, command_doctor, command_events, command_history, command_install,
    command_monitor, command_pauses, command_prune, command_record, command_sample, command_status,
    command_tui, command_uninstall, command_watch, command_why;

#endif
