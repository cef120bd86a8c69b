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
};

extern const struct command command_sample, command_record, command_config;

#endif
