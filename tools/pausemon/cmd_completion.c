/* SPDX-License-Identifier: MIT */
#include <pausemon/common.h>

#include <string.h>

#include "pausemon/completion.h"

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

#define SHELL_COUNT (sizeof shells / sizeof shells[0])

static int run_completion(const struct args *args)
{
    const char *names[SHELL_COUNT + 1] = {NULL};

    if (args->operand_count != 1)
        return args_fail(args->program, EXIT_USAGE, "for which shell? bash, zsh or fish");
    for (size_t i = 0; i < SHELL_COUNT; i++) {
        names[i] = shells[i].name;
        if (strcmp(args->operands[0], names[i]) == 0) {
            shells[i].print();
            return EXIT_OK;
        }
    }
    const char *near = pausemon_nearest_name(args->operands[0], names);
    return args_fail(args->program, EXIT_USAGE, "unknown shell \"%s\"%s%s%s", args->operands[0],
                     near ? "; did you mean \"" : ": bash, zsh or fish", near ? near : "",
                     near ? "\"?" : "");
}

static const struct arg_option options[] = {
    {NULL, 0, NULL, NULL},
};

const struct command command_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .help = "what a shell needs to complete commands and options, as a script",
    .more = "`meson install` puts them where the shells look. Without it, in bash:\n"
            "source <(pausemon completion bash)\n",
    .options = options,
    .run = run_completion,
    .is_hidden = 1,
};
