/* SPDX-License-Identifier: MIT */
#include "formats/config_prepass.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/config_value.h"

/* "key = [" and '"', '"+' and the newline leave this much for a quoted piece. */
#define PIECE_SIZE (PM_PREPASS_LINE - PM_PREPASS_NAME - 10)

void pm_prepass_init(struct pm_prepass *prepass, const char *text, size_t length)
{
    memset(prepass, 0, sizeof *prepass);
    if (pm_text_starts(text, length, "\xEF\xBB\xBF")) {
        text += 3;
        length -= 3;
    }
    prepass->at = text;
    prepass->end = text + length;
}

/* Every message shows the line it is about, or how it begins. */
static enum pm_prepass_kind fail(const struct pm_prepass *prepass, struct pausemon_error *error,
                                 const char *why)
{
    const char *at = prepass->start, *end = prepass->at;

    while (end > at && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
        end--;
    pm_value_skip_blanks(&at, end);
    pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: %.*s%s", why, (int)(end - at > 80 ? 80 : end - at), at,
            end - at > 80 ? "…" : "");
    error->line = prepass->line;
    return PM_PREPASS_ERROR;
}

/* ---- putting out ---- */

static enum pm_prepass_kind put_piece(struct pm_prepass *prepass, char line[PM_PREPASS_LINE])
{
    char quoted[PIECE_SIZE];
    const char *rest = prepass->text + prepass->text_out;

    prepass->text_out += pm_value_quote(quoted, sizeof quoted, rest, ';');
    prepass->text_left = prepass->text[prepass->text_out] != '\0';
    snprintf(line, PM_PREPASS_LINE, "%s = %s%s%s\n", prepass->key, prepass->in_item ? "[" : "",
             quoted, prepass->text_left ? "+" : "");
    return PM_PREPASS_VALUE;
}

/* The value was walked through once already: nothing here can fail. */
static enum pm_prepass_kind put_item(struct pm_prepass *prepass, char line[PM_PREPASS_LINE])
{
    const char *why;

    bool first = !prepass->in_item;

    if (pm_value_item(&prepass->list, prepass->list_end, first, prepass->text, &why) <= 0) {
        prepass->list = NULL;
        return PM_PREPASS_END;
    }
    prepass->text_out = 0;
    prepass->in_item = true;
    return put_piece(prepass, line);
}

/* ---- reading ---- */

static bool is_bare(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
}

/* A key or a section: bare words, or one in quotes. `dots`: whether words may be joined. */
static bool read_name(const char **at, const char *end, bool dots, char name[PM_PREPASS_NAME],
                      const char **why)
{
    char quote = *at < end && (**at == '"' || **at == '\'') ? *(*at)++ : '\0';
    size_t used = 0;

    *why = "a name of more than 49 bytes";
    while (*at < end && (is_bare(**at) || (dots && **at == '.'))) {
        if (used + 1 >= PM_PREPASS_NAME)
            return false;
        name[used++] = *(*at)++;
    }
    name[used] = '\0';
    *why = "expected a name of letters, digits, _ and -";
    if (quote && (*at >= end || *(*at)++ != quote))
        return false;
    return used > 0;
}

/* Nothing but a comment may follow. */
static bool is_done(const char *at, const char *end)
{
    pm_value_skip_blanks(&at, end);
    return at == end || *at == '#';
}

static enum pm_prepass_kind read_section(struct pm_prepass *prepass, const char *at,
                                         const char *end, char line[PM_PREPASS_LINE],
                                         struct pausemon_error *error)
{
    const char *why;

    if (++at < end && *at == '[')
        return fail(prepass, error, "arrays of tables are not supported");
    pm_value_skip_blanks(&at, end);
    if (!read_name(&at, end, true, prepass->key, &why))
        return fail(prepass, error, why);
    pm_value_skip_blanks(&at, end);
    if (at >= end || *at != ']')
        return fail(prepass, error, "a section without its closing ]");
    if (!is_done(at + 1, end))
        return fail(prepass, error, "something follows the section on its line");
    snprintf(line, PM_PREPASS_LINE, "[%s]\n", prepass->key);
    return PM_PREPASS_SECTION;
}

/* Walks through a value; *at is then behind it. */
static int check_value(struct pm_prepass *prepass, const char **at, const char *end,
                       const char **why)
{
    int status;

    switch (pm_value_kind(*at, end)) {
    case PM_VALUE_TEXT:
        return pm_value_text(at, end, prepass->text, why);
    case PM_VALUE_LIST:
        status = pm_value_item(at, end, true, prepass->text, why);
        while (status > 0)
            status = pm_value_item(at, end, false, prepass->text, why);
        return status;
    default:
        return pm_value_word(at, end, prepass->text, why);
    }
}

static enum pm_prepass_kind put_value(struct pm_prepass *prepass, const char *start,
                                      const char *end, char line[PM_PREPASS_LINE])
{
    prepass->in_item = false;
    prepass->text_out = 0;
    switch (pm_value_kind(start, end)) {
    case PM_VALUE_TEXT:
        return put_piece(prepass, line);
    case PM_VALUE_LIST:
        prepass->list = start;
        prepass->list_end = end;
        snprintf(line, PM_PREPASS_LINE, "%s = [\n", prepass->key);
        return PM_PREPASS_VALUE;
    default:
        snprintf(line, PM_PREPASS_LINE, "%s = %.100s\n", prepass->key, prepass->text);
        return PM_PREPASS_VALUE;
    }
}

static enum pm_prepass_kind read_value(struct pm_prepass *prepass, const char *at, const char *end,
                                       char line[PM_PREPASS_LINE], struct pausemon_error *error)
{
    const char *why;

    if (*at == '=')
        return fail(prepass, error, "a value without a key");
    if (!read_name(&at, end, false, prepass->key, &why))
        return fail(prepass, error, why);
    pm_value_skip_blanks(&at, end);
    if (at < end && *at == '.')
        return fail(prepass, error, "dotted keys are not supported: use a [section]");
    if (at >= end || *at != '=')
        return fail(prepass, error, "expected = and a value");
    at++;
    pm_value_skip_blanks(&at, end);
    const char *start = at;
    if (check_value(prepass, &at, end, &why) < 0)
        return fail(prepass, error, why);
    if (!is_done(at, end))
        return fail(prepass, error, "something follows the value on its line");
    return put_value(prepass, start, end, line);
}

static enum pm_prepass_kind read_line(struct pm_prepass *prepass, char line[PM_PREPASS_LINE],
                                      struct pausemon_error *error)
{
    const char *at = prepass->at;
    const char *newline = memchr(at, '\n', (size_t)(prepass->end - at));
    const char *end = newline ? newline : prepass->end;

    prepass->line++;
    prepass->start = at;
    prepass->at = newline ? newline + 1 : prepass->end;
    if (end > at && end[-1] == '\r')
        end--;
    if (!pm_text_is_utf8(at, (size_t)(end - at)))
        return fail(prepass, error, memchr(at, 0, (size_t)(end - at)) ? "a NUL byte" : "not UTF-8");
    pm_value_skip_blanks(&at, end);
    if (at == end || *at == '#')
        return PM_PREPASS_END;
    return *at == '[' ? read_section(prepass, at, end, line, error)
                      : read_value(prepass, at, end, line, error);
}

enum pm_prepass_kind pm_prepass_next(struct pm_prepass *prepass, char line[PM_PREPASS_LINE],
                                     struct pausemon_error *error)
{
    enum pm_prepass_kind kind = PM_PREPASS_END;

    if (prepass->text_left)
        return put_piece(prepass, line);
    if (prepass->list)
        kind = put_item(prepass, line);
    while (kind == PM_PREPASS_END && prepass->at < prepass->end)
        kind = read_line(prepass, line, error);
    return kind;
}
