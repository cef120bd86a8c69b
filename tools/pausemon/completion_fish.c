/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "pausemon/completion.h"

/* In single quotes fish knows \\ and \'. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (strchr("\\'", *text))
            putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void print_fill(const char *placeholder)
{
    switch (fill_of(placeholder)) {
    case FILL_FILES:
        fputs(" -r -F", stdout);
        break;
    case FILL_DIRECTORIES:
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
        break;
    case FILL_WORDS:
        fputs(" -x -a '", stdout);
        fill_print(placeholder, ":");
        putchar('\'');
        break;
    case FILL_NOTHING:
        fputs(" -x", stdout);
        break;
    }
}

/* Of a command of pausemon's, or of the program that it becomes. */
static void print_options(const struct command *command, const char *program)
{
    char where[128];

    if (program)
        snprintf(where, sizeof where, "complete -c %s", program);
    else
        snprintf(where, sizeof where, "complete -c pausemon -n '__fish_seen_subcommand_from %s'",
                 command->name);
    for (const struct arg_option *option = options_of(command); option->name; option++) {
        fputs(where, stdout);
        if (option->letter)
            printf(" -s %c", option->letter);
        printf(" -l %s", option->name);
        if (option->value)
            print_fill(option->value);
        fputs(" -d ", stdout);
        print_quoted(option->help);
        putchar('\n');
    }
    if (!command->program)
        printf("%s -s h -l help -d 'say more of it'\n", where);
}

static void print_verbs(const struct command *command)
{
    struct operand operand;

    printf("complete -c pausemon -n '__fish_seen_subcommand_from %s; and not "
           "__fish_seen_subcommand_from ",
           command->name);
    operand_print_verbs(command);
    fputs("' -a '", stdout);
    operand_print_verbs(command);
    puts("'");
    for (size_t i = 0; operand_get(command, i, &operand) == 0; i++) {
        if (!operand.verb[0] || !operand.argument[0] || fill_of(operand.argument) == FILL_NOTHING)
            continue;
        printf("complete -c pausemon -n '__fish_seen_subcommand_from %s; and "
               "__fish_seen_subcommand_from %s'",
               command->name, operand.verb);
        print_fill(operand.argument);
        putchar('\n');
    }
}

static void print_command(const struct command *command)
{
    struct operand operand;

    printf("\ncomplete -c pausemon -n __fish_use_subcommand -a %s -d ", command->name);
    print_quoted(command->help);
    putchar('\n');
    print_options(command, NULL);
    if (operand_get(command, 0, &operand) < 0)
        return;
    if (operand.verb[0]) {
        print_verbs(command);
    } else if (fill_of(operand.argument) != FILL_NOTHING) {
        printf("complete -c pausemon -n '__fish_seen_subcommand_from %s'", command->name);
        print_fill(operand.argument);
        putchar('\n');
    }
}

static void print_program(const struct command *command)
{
    printf("\ncomplete -c %s -f\n", command->program);
    print_options(command, command->program);
}

void completion_fish(void)
{
    puts("# fish completion for pausemon. Made by `pausemon completion fish`: do not edit.\n\n"
         "complete -c pausemon -f\n"
         "complete -c pausemon -n __fish_use_subcommand -s h -l help -d 'the commands'\n"
         "complete -c pausemon -n __fish_use_subcommand -l version -d 'which build this is'");
    each_command(print_command);
    each_program(print_program);
}
