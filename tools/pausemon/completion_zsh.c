/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "pausemon/completion.h"

static const char before[] =
    "# Made by `pausemon completion zsh`: do not edit.\n"
    "\n"
    "# What compadd is to be told, and words. One that ends in : is followed by a path.\n"
    "_pausemon_words() {\n"
    "  local -a told=() words=()\n"
    "  while (( $# )); do\n"
    "    case $1 in\n"
    "    -[JVXx]) told+=(\"$1\" \"$2\"); shift 2 ;;\n"
    "    -*) told+=(\"$1\"); shift ;;\n"
    "    *) words+=(\"$1\"); shift ;;\n"
    "    esac\n"
    "  done\n"
    "  if compset -P '*:'; then\n"
    "    _files\n"
    "    return\n"
    "  fi\n"
    "  compadd \"${told[@]}\" -S '' -- ${(M)words:#*:}\n"
    "  compadd \"${told[@]}\" -- ${words:#*:}\n"
    "}\n"
    "\n";

static const char after[] =
    "_pausemon() {\n"
    "  local curcontext=$curcontext state line\n"
    "  typeset -A opt_args\n"
    "  if [[ $service != pausemon ]]; then\n"
    "    _pausemon_program $service\n"
    "    return\n"
    "  fi\n"
    "  _arguments -C '(- *)'{-h,--help}'[the commands]' '(- *)--version[which build this is]' \\\n"
    "    '1: :_pausemon_commands' '*:: :->rest'\n"
    "  [[ $state == rest ]] && _pausemon_command $words[1]\n"
    "}\n"
    "\n"
    "_pausemon \"$@\"\n";

/* Between single quotes; what _arguments and _describe would take for theirs is escaped. */
static void print_text(const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("\\[]:", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
}

/* ":PLACEHOLDER:action" */
static void print_fill(const char *placeholder)
{
    printf(":%s:", placeholder);
    switch (fill_of(placeholder)) {
    case FILL_FILES:
        fputs("_files", stdout);
        break;
    case FILL_DIRECTORIES:
        fputs("_files -/", stdout);
        break;
    case FILL_WORDS:
        fputs("_pausemon_words ", stdout);
        fill_print(placeholder, "\\:"); /* a colon ends the action */
        break;
    case FILL_NOTHING:
        putchar(' ');
        break;
    }
}

static void print_option(const struct arg_option *option)
{
    const char *name = option->name;
    char letter = option->letter;

    fputs("      '", stdout);
    if (letter && option->value)
        printf("(-%c --%s)'{-%c+,--%s=}'[", letter, name, letter, name);
    else if (letter)
        printf("(-%c --%s)'{-%c,--%s}'[", letter, name, letter, name);
    else
        printf("--%s%s[", name, option->value ? "=" : "");
    print_text(option->help);
    putchar(']');
    if (option->value)
        print_fill(option->value);
    puts("' \\");
}

static void print_operands(const struct command *command)
{
    struct operand operand;

    if (operand_get(command, 0, &operand) < 0)
        return;
    fputs(" \\\n      '1", stdout);
    if (!operand.verb[0]) {
        print_fill(operand.argument);
    } else {
        fputs(":what:(", stdout);
        operand_print_verbs(command);
        fputs(")' \\\n      '2:of it:_pausemon_second", stdout);
    }
    putchar('\'');
}

static void print_command(const struct command *command)
{
    printf("  %s)\n    _arguments -s -S \\\n", command->name);
    for (const struct arg_option *option = options_of(command); option->name; option++)
        print_option(option);
    fputs(command->program ? "      '*: : '" : "      '(- *)'{-h,--help}'[say more of it]'",
          stdout);
    print_operands(command);
    puts("\n    ;;");
}

/* What comes behind a verb. */
static void print_seconds(const struct command *command)
{
    struct operand operand;

    for (size_t i = 0; operand_get(command, i, &operand) == 0; i++)
        if (operand.verb[0] && operand.argument[0] && fill_of(operand.argument) == FILL_WORDS) {
            printf("  '%s %s') _pausemon_words \"$@\" ", command->name, operand.verb);
            fill_print(operand.argument, ":");
            puts(" ;;");
        }
}

static void print_name(const struct command *command)
{
    printf("    '%s:", command->name);
    print_text(command->help);
    puts("'");
}

static void print_program(const struct command *command)
{
    printf(" %s", command->program);
}

static void print_program_case(const struct command *command)
{
    printf("  %s) _pausemon_command %s ;;\n", command->program, command->name);
}

void completion_zsh(void)
{
    fputs("#compdef pausemon", stdout);
    each_program(print_program);
    putchar('\n');
    fputs(before, stdout);
    puts("_pausemon_commands() {\n  local -a commands=(");
    each_command(print_name);
    puts("  )\n  _describe command commands\n}\n\n"
         "_pausemon_second() { # what stands behind a verb\n  case \"$words[1] $words[2]\" in");
    each_command(print_seconds);
    puts("  esac\n}\n\n_pausemon_command() {\n  case $1 in");
    each_command(print_command);
    puts("  esac\n}\n\n_pausemon_program() { # one whose options are those of a command\n"
         "  case $1 in");
    each_program(print_program_case);
    puts("  esac\n}\n");
    fputs(after, stdout);
}
