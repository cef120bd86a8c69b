/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

/* Options from a table; help from the same table. */

#include <stddef.h>
#include <stdint.h>

struct arg_option {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* what it takes, for the help: "N"; NULL: nothing */
    const char *help;
};

#define ARG_MAX_OPTIONS 16
#define ARG_MAX_OPERANDS 4

struct args {
    const char *program;                 /* "pausemon sample", for messages */
    const struct arg_option *options;    /* ended by a NULL name */
    const char *values[ARG_MAX_OPTIONS]; /* by option: NULL if absent, "" if it takes nothing */
    const char *operands[ARG_MAX_OPERANDS];
    size_t operand_count;
};

/* Reads argv[0] on. 0, or -1 after a line on stderr that names the nearest option. */
int args_parse(struct args *args, int argc, char **argv);

/* The value of an option, by its name; NULL if it was not given. */
const char *args_get(const struct args *args, const char *name);

/* A decimal number with at most three decimals, in thousandths, of an option that was given; -1
 * after a line on stderr if it is none or outside least..most (thousandths too). */
int args_get_number(const struct args *args, const char *name, int64_t least, int64_t most,
                    int64_t *thousandths);

/* A line an option. */
void args_print_options(const struct arg_option *options);

/* "pausemon: …" on stderr; returns `code`. */
int args_fail(const char *program, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with what `os_errno` means behind it. */
int args_fail_os(const char *program, int code, int os_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

enum exit_code {
    EXIT_OK = 0,
    EXIT_ERROR = 1,
    EXIT_USAGE = 2,
    EXIT_NO_DAEMON = 3,
    EXIT_NOTHING = 4,
    EXIT_LIMITED = 5 /* doctor: nothing is broken, something could be had that is not */
};

#endif
