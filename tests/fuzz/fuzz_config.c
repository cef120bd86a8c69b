/* SPDX-License-Identifier: MIT */
/* A configuration file: the pre-pass by itself, its lines through inih, and the whole way. */
#include "fuzz_config.h"

#include <ctype.h>
#include <ini.h>

#include "formats/config_prepass.h"

/* ---- the pre-pass ---- */

struct expected {
    char key[PM_PREPASS_LINE], value[PM_PREPASS_LINE];
    int calls;
};

static int handle(void *user, const char *section, const char *key, const char *value)
{
    struct expected *expected = user;

    FUZZ_CHECK(section[0] == '\0');
    FUZZ_CHECK(strcmp(key, expected->key) == 0 && strcmp(value, expected->value) == 0);
    expected->calls++;
    return 1;
}

/* inih gives back exactly what the line says. */
static void check_value(const char *line)
{
    struct expected expected = {.calls = 0};
    const char *equals = strstr(line, " = ");

    FUZZ_CHECK(equals && equals > line && equals - line < PM_PREPASS_NAME);
    snprintf(expected.key, sizeof expected.key, "%.*s", (int)(equals - line), line);
    snprintf(expected.value, sizeof expected.value, "%.*s", (int)strlen(equals) - 4, equals + 3);
    FUZZ_CHECK(expected.value[0]);
    FUZZ_CHECK(ini_parse_string(line, handle, &expected) == 0 && expected.calls == 1);
}

static bool is_bare(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Under 200 bytes, no comments, no indentation, no ';', no control character. */
static void check_line(const char *line, enum pm_prepass_kind kind)
{
    size_t length = strnlen(line, PM_PREPASS_LINE), name = 0;

    FUZZ_CHECK(length > 1 && length < PM_PREPASS_LINE && line[length - 1] == '\n');
    FUZZ_CHECK(!strchr(line, ';'));
    for (size_t i = 0, step; i < length - 1; i += step) {
        step = fuzz_utf8((const unsigned char *)line + i, length - 1 - i);
        FUZZ_CHECK(step > 0 && (unsigned char)line[i] >= 0x20 && line[i] != 0x7F);
    }
    if (kind == PM_PREPASS_SECTION) {
        while (is_bare(line[1 + name]) || line[1 + name] == '.')
            name++;
        FUZZ_CHECK(line[0] == '[' && name > 0 && name < PM_PREPASS_NAME);
        FUZZ_CHECK(strcmp(line + 1 + name, "]\n") == 0);
        return;
    }
    while (is_bare(line[name]))
        name++;
    FUZZ_CHECK(name > 0 && name < PM_PREPASS_NAME && strncmp(line + name, " = ", 3) == 0);
    const char *value = line + name + 3;
    if (*value != '[' && *value != '"') /* a word is pure ASCII */
        for (; *value != '\n'; value++)
            FUZZ_CHECK(is_bare(*value) || strchr("+.", *value));
    check_value(line);
}

static void try_prepass(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(data, size), line[PM_PREPASS_LINE];
    struct pausemon_error error;
    struct pm_prepass prepass;
    enum pm_prepass_kind kind;
    size_t limit = size + 2;
    int64_t before = 0;

    pm_prepass_init(&prepass, copy, size);
    do {
        FUZZ_CHECK(limit-- > 0);
        memset(&error, 0x5A, sizeof error);
        memset(line, 0x5A, sizeof line);
        kind = pm_prepass_next(&prepass, line, &error);
        FUZZ_CHECK(prepass.line >= before);
        before = prepass.line;
        if (kind == PM_PREPASS_ERROR) {
            fuzz_check_error(&error, PAUSEMON_ERR_FORMAT);
            FUZZ_CHECK(error.line == prepass.line);
        } else if (kind != PM_PREPASS_END) {
            check_line(line, kind);
        }
    } while (kind != PM_PREPASS_END);
    free(copy);
}

/* ---- the whole way ---- */

struct issues {
    int errors;
    int64_t line; /* of the last one */
    struct pausemon_error first;
};

static void take_issue(void *user, int level, const struct pausemon_error *error)
{
    struct issues *issues = user;

    FUZZ_CHECK(level == PAUSEMON_LOG_ERROR || level == PAUSEMON_LOG_WARNING);
    FUZZ_CHECK(error->text[0] && fuzz_is_clean(error->text, strlen(error->text)));
    /* In the order of lines; 0, the text as a whole, comes last and alone. */
    FUZZ_CHECK(error->line >= issues->line || (error->line == 0 && issues->errors == 0));
    issues->line = error->line;
    if (level == PAUSEMON_LOG_ERROR && issues->errors++ == 0)
        issues->first = *error;
}

static void try_parse(const uint8_t *data, size_t size)
{
    struct issues issues = {.errors = 0};
    struct pausemon_config *config;
    struct pausemon_error error;

    FUZZ_CHECK(pausemon_config_new(&config, NULL, NULL) == 0);
    FUZZ_CHECK(pausemon_config_set(config, "tiers.hold_ms", "1234", NULL) == 0);
    struct fuzz_text before = fuzz_file(config);
    char *copy = fuzz_copy(data, size);
    memset(&error, 0x5A, sizeof error);
    int status = pausemon_config_parse(config, copy, size, take_issue, &issues, &error);
    free(copy);
    fuzz_check_error(&error, status);
    FUZZ_CHECK(status == 0 || status == PAUSEMON_ERR_FORMAT);
    FUZZ_CHECK((status < 0) == (issues.errors > 0));
    if (status < 0) {
        FUZZ_CHECK(memcmp(&error, &issues.first, sizeof error) == 0);
        FUZZ_CHECK(fuzz_same_text(before, fuzz_file(config)));
    } else {
        free(before.bytes);
        fuzz_check_written(config);
    }
    pausemon_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_prepass(data, size);
    try_parse(data, size);
    return 0;
}
