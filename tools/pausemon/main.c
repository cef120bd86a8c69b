/* SPDX-License-Identifier: MIT */
#include <pausemon/pausemon.h>

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/out.h"
#include "pausemon/commands.h"

static const struct command *const commands[] = {
    &command_why,    &command_pauses,    &command_events,    &command_history,    &command_capture,
    &command_status, &command_monitor,   &command_tui,       &command_watch,      &command_daemon,
    &command_doctor, &command_install,   &command_uninstall, &command_sample,     &command_record,
    &command_config, &command_calibrate, &command_prune,     &command_completion,
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

const struct command *commands_get(size_t index)
{
    return index < COMMAND_COUNT ? commands[index] : NULL;
}

static void print_help(FILE *to)
{
    fputs("pausemon: tells what froze this machine, for how long, why, and who did it\n\n"
          "Usage: pausemon COMMAND [OPTION…]\n\nCommands:\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!commands[i]->is_hidden)
            fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->help);
    fputs("\n`pausemon COMMAND --help` says more of each. --version says which build this is.\n"
          "Exit codes: 0 all well, 1 an error, 2 wrong usage, 3 no daemon runs, 4 nothing found,\n"
          "5 all works, but less than could (doctor).\n",
          to);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: pausemon %s%s%s [OPTION…]\n\n%s\n\nOptions:\n", command->name,
           command->operands ? " " : "", command->operands ? command->operands : "", command->help);
    args_print_options(command->options);
    if (command->more)
        printf("\n%s", command->more);
}

static void print_version(void)
{
    static const char *const parts[] = {"json", "config", "storage"};

    printf("pausemon %s", pausemon_version());
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        printf("%s%s: %s", i ? ", " : " (", parts[i], pausemon_has(parts[i]) ? "yes" : "no");
    puts(")");
}

static int unknown_command(const char *word)
{
    const char *names[COMMAND_COUNT + 1] = {NULL};

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    const char *near = pausemon_nearest_name(word, names);
    return args_fail("pausemon", EXIT_USAGE, "unknown %s \"%s\"%s%s%s",
                     word[0] == '-' ? "option" : "command", word,
                     near ? "; did you mean \"" : " (see pausemon --help)", near ? near : "",
                     near ? "\"?" : "");
}

static int run(const struct command *command, int argc, char **argv)
{
    char program[64];

    if (command->run_raw)
        return command->run_raw(argc, argv);
    snprintf(program, sizeof program, "pausemon %s", command->name);
    struct args args = {.program = program, .options = command->options};
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_command_help(command);
            return out_finish("pausemon", stdout) < 0 ? EXIT_ERROR : EXIT_OK;
        }
    if (args_parse(&args, argc, argv) < 0)
        return EXIT_USAGE;
    int code = command->run(&args);
    /* What failed before has been told. */
    int is_good = code == EXIT_OK || code == EXIT_LIMITED;
    return is_good && out_finish(program, stdout) < 0 ? EXIT_ERROR : code;
}

int main(int argc, char **argv)
{
    /* A reader that goes away is an error of ours to see, not a death. */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return out_finish("pausemon", stdout) < 0 ? EXIT_ERROR : EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return out_finish("pausemon", stdout) < 0 ? EXIT_ERROR : EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, argv[1]) == 0)
            return run(commands[i], argc - 2, argv + 2);
    return unknown_command(argv[1]);
}
