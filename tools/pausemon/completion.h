/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_COMPLETION_H
#define PAUSEMON_COMPLETION_H

/* Completion in shells: scripts made from the tables of commands and options. */

#include "pausemon/commands.h"

/* What a placeholder of the help stands for: "FILE", "C", "table|json|csv". */
enum fill {
    FILL_NOTHING, /* only a person knows */
    FILL_FILES,
    FILL_DIRECTORIES,
    FILL_WORDS /* a known set; a word that ends in ':' is followed by a path */
};

enum fill fill_of(const char *placeholder);

/* The words of a placeholder that stands for words, on stdout, with blanks between; `colon` for
 * each ':' in them. */
void fill_print(const char *placeholder, const char *colon);

#define OPERAND_SIZE 32

/* One thing that may follow a command. */
struct operand {
    char verb[OPERAND_SIZE];     /* "show"; "": a placeholder stands there itself */
    char argument[OPERAND_SIZE]; /* the placeholder behind the verb; "": none */
};

/* The index-th of a command's operands: 0, or -1 past the last. */
int operand_get(const struct command *command, size_t index, struct operand *operand);

/* The verbs of a command, on stdout, with blanks between; returns how many. */
size_t operand_print_verbs(const struct command *command);

/* Its options; none, not NULL, of a command that has no table. */
const struct arg_option *options_of(const struct command *command);

/* Each that is not hidden. */
void each_command(void (*print)(const struct command *command));

/* Once for each program that a command becomes: it is completed too. */
void each_program(void (*print)(const struct command *command));

void completion_bash(void);
void completion_fish(void);
void completion_zsh(void);

#endif
