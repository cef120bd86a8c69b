/* SPDX-License-Identifier: MIT */
#include "common/args.h"

#include <pausemon/common.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int args_fail(const char *program, int code, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

int args_fail_os(const char *program, int code, int os_errno, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    errno = os_errno;
    fputs(": ", stderr);
    perror(NULL);
    return code;
}

/* The index of an option, or -1 after a line on stderr. */
static int find_long(const struct args *args, const char *name, size_t length)
{
    const char *names[ARG_MAX_OPTIONS + 1] = {NULL};
    char word[64];

    for (int i = 0; args->options[i].name; i++) {
        names[i] = args->options[i].name;
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return i;
    }
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    const char *near = pausemon_nearest_name(word, names);
    return args_fail(args->program, -1, "unknown option --%s%s%s%s", word,
                     near ? "; did you mean --" : " (see --help)", near ? near : "",
                     near ? "?" : "");
}

static int find_short(const struct args *args, char letter)
{
    for (int i = 0; args->options[i].name; i++)
        if (args->options[i].letter == letter)
            return i;
    return args_fail(args->program, -1, "unknown option -%c (see --help)", letter);
}

/* One option at argv[*at]; moves *at to its last word. */
static int take_option(struct args *args, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *value = NULL;
    int index;

    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");
        index = find_long(args, word + 2, length);
        value = word[2 + length] == '=' ? word + 3 + length : NULL;
    } else {
        index = find_short(args, word[1]);
        value = word[2] ? word + 2 : NULL;
    }
    if (index < 0)
        return -1;
    const struct arg_option *option = &args->options[index];
    if (!option->value && value)
        return args_fail(args->program, -1, "--%s takes no value, but got \"%s\"", option->name,
                         value);
    if (option->value && !value) {
        if (*at + 1 >= argc)
            return args_fail(args->program, -1, "--%s needs a value: %s", option->name,
                             option->value);
        value = argv[++*at];
    }
    args->values[index] = option->value ? value : "";
    return 0;
}

int args_parse(struct args *args, int argc, char **argv)
{
    int only_operands = 0;

    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = 1;
            continue;
        }
        if (!only_operands && word[0] == '-' && word[1] != '\0') {
            if (take_option(args, argc, argv, &at) < 0)
                return -1;
            continue;
        }
        if (args->operand_count == ARG_MAX_OPERANDS)
            return args_fail(args->program, -1, "too many arguments: \"%s\"", word);
        args->operands[args->operand_count++] = word;
    }
    return 0;
}

const char *args_get(const struct args *args, const char *name)
{
    for (int i = 0; args->options[i].name; i++)
        if (strcmp(args->options[i].name, name) == 0)
            return args->values[i];
    return NULL;
}

/* "1", "0.25": digits with at most three behind a point. */
static int read_number(const char *text, int64_t *thousandths)
{
    int64_t unit = 1000, value = 0;
    int count = 0;

    for (; *text; text++) {
        if (*text == '.' && unit == 1000) {
            unit = 100;
            continue;
        }
        if (*text < '0' || *text > '9' || ++count > 12 || unit == 0)
            return -1;
        value = unit == 1000 ? value * 10 + (*text - '0') * 1000 : value + (*text - '0') * unit;
        unit = unit == 1000 ? unit : unit / 10;
    }
    *thousandths = value;
    return count > 0 ? 0 : -1;
}

int args_get_number(const struct args *args, const char *name, int64_t least, int64_t most,
                    int64_t *thousandths)
{
    const char *text = args_get(args, name);

    if (!text)
        return 0;
    if (read_number(text, thousandths) < 0 || *thousandths < least || *thousandths > most)
        return args_fail(args->program, -1, "--%s: \"%s\" is no number from %.10g to %.10g", name,
                         text, (double)least / 1000, (double)most / 1000);
    return 0;
}

void args_print_options(const struct arg_option *options)
{
    for (; options->name; options++) {
        char left[64];
        char letter[8] = "    ";
        if (options->letter)
            snprintf(letter, sizeof letter, "-%c, ", options->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, options->name, options->value ? " " : "",
                 options->value ? options->value : "");
        printf("  %-24s %s\n", left, options->help);
    }
}
