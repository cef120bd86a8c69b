/* SPDX-License-Identifier: MIT */
#include <pausemon/pausemon.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "pausemon/completion.h"

static const char *key_name(uint64_t index)
{
    const struct pausemon_config_key *key = pausemon_config_get_key((size_t)index);

    return key ? key->name : NULL;
}

/* Those that mean one thing in all commands. Others stand for what only a person knows, or name
 * their words themselves: "table|json|csv". */
static const struct {
    const char *placeholder;
    enum fill fill;
    const char *words;                  /* or */
    const char *(*name_of)(uint64_t i); /* until NULL */
} fills[] = {
    {"FILE", FILL_FILES, NULL, NULL},
    {"DIR", FILL_DIRECTORIES, NULL, NULL},
    {"SPEC", FILL_WORDS, "auto procfs procfs: top top: replay:", NULL},
    {"FORM", FILL_WORDS, "table json csv", NULL},
    {"MANAGER", FILL_WORDS, "systemd launchd", NULL},
    {"S", FILL_WORDS, NULL, pausemon_review_name},
    {"C", FILL_WORDS, NULL, pausemon_cause_name},
    {"KEY", FILL_WORDS, NULL, key_name},
};

#define FILL_COUNT (sizeof fills / sizeof fills[0])

enum fill fill_of(const char *placeholder)
{
    for (size_t i = 0; i < FILL_COUNT; i++)
        if (strcmp(fills[i].placeholder, placeholder) == 0)
            return fills[i].fill;
    return strchr(placeholder, '|') ? FILL_WORDS : FILL_NOTHING;
}

static void print_words(const char *words, const char *colon)
{
    for (; *words; words++)
        if (*words == ':')
            fputs(colon, stdout);
        else
            putchar(*words == '|' ? ' ' : *words);
}

void fill_print(const char *placeholder, const char *colon)
{
    const char *name;

    for (size_t i = 0; i < FILL_COUNT; i++) {
        if (strcmp(fills[i].placeholder, placeholder) != 0)
            continue;
        if (fills[i].words)
            print_words(fills[i].words, colon);
        else
            for (uint64_t k = 0; (name = fills[i].name_of(k)); k++)
                printf("%s%s", k ? " " : "", name);
        return;
    }
    print_words(placeholder, colon);
}

/* ---- operands ---- */

/* The next word of one alternative, without the brackets of what may be left out. */
static const char *take_word(const char *at, char word[OPERAND_SIZE])
{
    size_t length = 0;

    while (*at == ' ' || *at == '[')
        at++;
    for (; *at && !strchr(" |]", *at); at++)
        if (length + 1 < OPERAND_SIZE)
            word[length++] = *at;
    word[length] = '\0';
    while (*at == ' ' || *at == ']')
        at++;
    return at;
}

/* "[list|show ID|mark ID]": alternatives, each a verb, a placeholder, or one after the other. */
int operand_get(const struct command *command, size_t index, struct operand *operand)
{
    const char *at = command->operands;

    for (size_t i = 0; at && *at; i++) {
        memset(operand, 0, sizeof *operand);
        at = take_word(at, operand->verb);
        if (isupper((unsigned char)operand->verb[0])) {
            memcpy(operand->argument, operand->verb, OPERAND_SIZE);
            operand->verb[0] = '\0';
        } else if (*at != '|') {
            at = take_word(at, operand->argument);
        }
        at += strcspn(at, "|");
        at += *at == '|';
        if (i == index)
            return 0;
    }
    return -1;
}

size_t operand_print_verbs(const struct command *command)
{
    struct operand operand;
    size_t count = 0;

    for (size_t i = 0; operand_get(command, i, &operand) == 0; i++)
        if (operand.verb[0])
            printf("%s%s", count++ ? " " : "", operand.verb);
    return count;
}

const struct arg_option *options_of(const struct command *command)
{
    static const struct arg_option none[] = {{NULL, 0, NULL, NULL}};

    return command->options ? command->options : none;
}

/* Whether it is the first row that becomes its program. */
static int is_first(const struct command *command, size_t index)
{
    const struct command *other;

    if (!command->program)
        return 0;
    for (size_t i = 0; i < index && (other = commands_get(i)); i++)
        if (other->program && strcmp(other->program, command->program) == 0)
            return 0;
    return 1;
}

void each_program(void (*print)(const struct command *command))
{
    const struct command *command;

    for (size_t i = 0; (command = commands_get(i)); i++)
        if (is_first(command, i))
            print(command);
}

void each_command(void (*print)(const struct command *command))
{
    const struct command *command;

    for (size_t i = 0; (command = commands_get(i)); i++)
        if (!command->is_hidden)
            print(command);
}
