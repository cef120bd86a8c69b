/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "pausemon/completion.h"

/* Bash splits words at '=' and ':' unless it was told otherwise; 3.2, which macOS has, knows
 * neither compopt nor mapfile. */
static const char before[] =
    "# bash completion for pausemon. Made by `pausemon completion bash`: do not edit.\n"
    "# shellcheck shell=bash\n"
    "\n"
    "_pausemon_paths() { # -f or -d, what they begin with, what is to stand before them\n"
    "    local path\n"
    "    while IFS= read -r path; do\n"
    "        COMPREPLY+=(\"$3$path\")\n"
    "    done < <(compgen \"$1\" -- \"$2\")\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "\n"
    "_pausemon_words() { # a list, what they begin with. One that ends in : is followed by a path\n"
    "    local word front=''\n"
    "    if [[ $2 == *:* ]]; then\n"
    "        [[ $COMP_WORDBREAKS == *:* ]] || front=${2%%:*}:\n"
    "        _pausemon_paths -f \"${2#*:}\" \"$front\"\n"
    "        return\n"
    "    fi\n"
    "    for word in $1; do\n"
    "        [[ $word == \"$2\"* ]] && COMPREPLY+=(\"$word\")\n"
    "    done\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null\n"
    "}\n"
    "\n";

static const char after[] =
    "_pausemon() {\n"
    "    local IFS=$' \\t\\n' command=${1##*/} cur i kind='' only='' values='' verb='' wants='' "
    "word\n"
    "    local given=0 last=$COMP_CWORD\n"
    "    local -a words=()\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i <= last; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ ${#words[@]} -gt 0 && ($word == : || ${COMP_WORDS[i - 1]} == :) ]]; then\n"
    "            words[${#words[@]} - 1]+=$word\n"
    "        elif [[ $word != = || $i -eq $last ]]; then\n"
    "            words+=(\"${word#=}\")\n"
    "        fi\n"
    "    done\n"
    "    last=$((${#words[@]} - 1))\n"
    "    cur=${words[last]}\n"
    "    i=0\n"
    "    if ! _pausemon_program; then\n"
    "        if [[ $last -eq 0 ]]; then\n"
    "            _pausemon_words \"$(_pausemon_commands)\" \"$cur\"\n"
    "            return\n"
    "        fi\n"
    "        command=${words[0]} i=1\n"
    "    fi\n"
    "    for (( ; i < last; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ $wants ]]; then\n"
    "            wants=''\n"
    "        elif [[ $only || $word != -?* ]]; then\n"
    "            [[ $given -gt 0 ]] || verb=$word\n"
    "            given=$((given + 1))\n"
    "        elif [[ $word == -- ]]; then\n"
    "            only=1\n"
    "        elif _pausemon_value \"$command $word\"; then\n"
    "            wants=1\n"
    "        fi\n"
    "    done\n"
    "    if [[ ! $wants ]]; then\n"
    "        kind=words values=''\n"
    "        if [[ $cur == -* && ! $only ]] || ! _pausemon_operand \"$command $given $verb\"; "
    "then\n"
    "            [[ $only ]] || _pausemon_options\n"
    "        fi\n"
    "    fi\n"
    "    case $kind in\n"
    "    words) _pausemon_words \"$values\" \"$cur\" ;;\n"
    "    files) _pausemon_paths -f \"$cur\" '' ;;\n"
    "    directories) _pausemon_paths -d \"$cur\" '' ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "complete -F _pausemon pausemon";

static const char *const kinds[] = {
    [FILL_NOTHING] = "nothing",
    [FILL_FILES] = "files",
    [FILL_DIRECTORIES] = "directories",
    [FILL_WORDS] = "words",
};

static void print_fill(const char *placeholder)
{
    enum fill fill = fill_of(placeholder);

    printf("kind=%s", kinds[fill]);
    if (fill == FILL_WORDS) {
        printf(" values='");
        fill_print(placeholder, ":");
        putchar('\'');
    }
    puts(" ;;");
}

static void print_values(const struct command *command)
{
    for (const struct arg_option *option = options_of(command); option->name; option++) {
        if (!option->value)
            continue;
        printf("    '%s --%s'", command->name, option->name);
        if (option->letter)
            printf(" | '%s -%c'", command->name, option->letter);
        printf(") ");
        print_fill(option->value);
    }
}

static void print_options(const struct command *command)
{
    printf("    %s) values='--help", command->name);
    for (const struct arg_option *option = options_of(command); option->name; option++)
        if (option->letter != 'h')
            printf(" --%s", option->name);
    puts("' ;;");
}

/* One that only a person knows is none: options are offered instead. */
static void print_operand(const char *name, int count, const char *verb, const char *placeholder)
{
    if (fill_of(placeholder) == FILL_NOTHING)
        return;
    printf("    '%s %d %s') ", name, count, verb);
    print_fill(placeholder);
}

static void print_operands(const struct command *command)
{
    struct operand operand;

    if (operand_get(command, 0, &operand) < 0)
        return;
    if (operand.verb[0]) {
        printf("    '%s 0 ') kind=words values='", command->name);
        operand_print_verbs(command);
        puts("' ;;");
    } else {
        print_operand(command->name, 0, "", operand.argument);
    }
    for (size_t i = 0; operand_get(command, i, &operand) == 0; i++)
        if (operand.verb[0])
            print_operand(command->name, 1, operand.verb, operand.argument);
}

static void print_name(const struct command *command)
{
    printf(" %s", command->name);
}

static void print_program(const struct command *command)
{
    printf(" %s", command->program);
}

static void print_program_case(const struct command *command)
{
    printf("    %s) command=%s ;;\n", command->program, command->name);
}

void completion_bash(void)
{
    fputs(before, stdout);
    puts("_pausemon_value() { # \"command option\": what follows it; false: nothing does\n"
         "    case $1 in");
    each_command(print_values);
    puts("    *) return 1 ;;\n    esac\n}\n\n"
         "_pausemon_options() { # of $command\n    case $command in");
    each_command(print_options);
    puts("    esac\n}\n\n"
         "_pausemon_operand() { # \"command count verb\": what comes next; false: nothing known\n"
         "    case $1 in");
    each_command(print_operands);
    puts("    *) return 1 ;;\n    esac\n}\n\n"
         "_pausemon_program() { # one whose options are those of a command\n"
         "    case $command in");
    each_program(print_program_case);
    puts("    *) return 1 ;;\n    esac\n}\n");
    fputs("_pausemon_commands() {\n    echo '--help --version", stdout);
    each_command(print_name);
    puts("'\n}\n");
    fputs(after, stdout);
    each_program(print_program);
    putchar('\n');
}
