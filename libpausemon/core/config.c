/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/config_value.h"

int pm_config_find(const char *name)
{
    for (size_t i = 0; name && i < pm_config_row_count; i++)
        if (strcmp(pm_config_rows[i].key.name, name) == 0)
            return (int)i;
    return -1;
}

static int64_t *number_of(struct pausemon_config *config, const struct pm_config_row *row)
{
    return (int64_t *)(void *)((char *)config + row->offset);
}

static struct pm_config_list *list_of(struct pausemon_config *config,
                                      const struct pm_config_row *row)
{
    return (struct pm_config_list *)(void *)((char *)config + row->offset);
}

static bool is_list(const struct pm_config_row *row)
{
    return row->key.type_id == PAUSEMON_CONFIG_TYPE_LIST;
}

/* "a whole number 0..100": what a row wants. */
static void describe(const struct pm_config_row *row, char *text, size_t size)
{
    static const char *const names[] = {
        [PAUSEMON_CONFIG_TYPE_BOOL] = "true or false",
        [PAUSEMON_CONFIG_TYPE_INT] = "a whole number ",
        [PAUSEMON_CONFIG_TYPE_NUM] = "a number ",
        [PAUSEMON_CONFIG_TYPE_TEXT] = "a \"text\" in quotes",
        [PAUSEMON_CONFIG_TYPE_LIST] = "a list [\"text\", \"text\"]",
    };

    snprintf(text, size, "%s%s", names[row->key.type_id], row->key.range);
}

static int fail_type(struct pausemon_error *error, const struct pm_config_row *row,
                     const char *what)
{
    char wanted[96];

    describe(row, wanted, sizeof wanted);
    return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: expected %s, not %.64s", row->key.name, wanted,
                   what);
}

int pm_config_set_word(struct pausemon_config *config, size_t index, const char *word,
                       struct pausemon_error *error)
{
    const struct pm_config_row *row = &pm_config_rows[index];
    int64_t value = 0;
    int status = 0;

    if (row->key.type_id == PAUSEMON_CONFIG_TYPE_BOOL) {
        value = strcmp(word, "true") == 0;
        if (!value && strcmp(word, "false") != 0)
            return fail_type(error, row, word);
    } else if (row->key.type_id == PAUSEMON_CONFIG_TYPE_INT) {
        status = pm_value_int(word, &value);
    } else if (row->key.type_id == PAUSEMON_CONFIG_TYPE_NUM) {
        status = pm_value_num(word, &value);
    } else {
        return fail_type(error, row, word);
    }
    if (status == PAUSEMON_ERR_LIMIT)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: %.64s has more than three decimals",
                       row->key.name, word);
    if (status < 0)
        return fail_type(error, row, word);
    if (value < row->least || value > row->most)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: %.64s is out of range %s", row->key.name,
                       word, row->key.range);
    *number_of(config, row) = value;
    return 0;
}

int pm_config_set_text(struct pausemon_config *config, size_t index, const char *text,
                       struct pausemon_error *error)
{
    const struct pm_config_row *row = &pm_config_rows[index];

    if (row->key.type_id != PAUSEMON_CONFIG_TYPE_TEXT) {
        char quoted[48];
        pm_value_quote(quoted, sizeof quoted, text, 0);
        return fail_type(error, row, quoted);
    }
    if (!pm_text_is_utf8(text, strlen(text)))
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: a text that is not UTF-8", row->key.name);
    if (strlen(text) >= PM_CONFIG_TEXT_SIZE)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: a text of more than %d bytes",
                       row->key.name, PM_CONFIG_TEXT_SIZE - 1);
    snprintf((char *)config + row->offset, PM_CONFIG_TEXT_SIZE, "%s", text);
    return 0;
}

int pm_config_clear_list(struct pausemon_config *config, size_t index, struct pausemon_error *error)
{
    const struct pm_config_row *row = &pm_config_rows[index];

    if (!is_list(row))
        return fail_type(error, row, "a list");
    memset(list_of(config, row), 0, sizeof(struct pm_config_list));
    return 0;
}

static int check_state(const struct pm_config_row *row, const char *text,
                       struct pausemon_error *error)
{
    const char *names[PM_STATE_COUNT + 1] = {NULL};

    for (size_t i = 0; i < PM_STATE_COUNT; i++) {
        names[i] = pm_states[i].name;
        if (strcmp(names[i], text) == 0)
            return 0;
    }
    const char *near = pausemon_nearest_name(text, names);
    return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: \"%.64s\" is no state%s%s%s", row->key.name,
                   text,
                   near ? "; did you mean \""
                        : ": running, sleeping, idle, stopped, halted, "
                          "zombie, uninterruptible, stuck, unknown",
                   near ? near : "", near ? "\"?" : "");
}

int pm_config_add_item(struct pausemon_config *config, size_t index, const char *text,
                       struct pausemon_error *error)
{
    const struct pm_config_row *row = &pm_config_rows[index];
    struct pm_config_list *list = list_of(config, row);
    size_t length = strlen(text);

    if (!is_list(row))
        return fail_type(error, row, "a list");
    if (list->count >= PM_CONFIG_LIST_MAX)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: a list of more than %d items",
                       row->key.name, PM_CONFIG_LIST_MAX);
    if (!pm_text_is_utf8(text, length))
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: a text that is not UTF-8", row->key.name);
    if (length >= sizeof list->items[0])
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: \"%.24s…\" has more than %zu bytes",
                       row->key.name, text, sizeof list->items[0] - 1);
    if (list == &config->states) {
        int status = check_state(row, text, error);
        if (status < 0)
            return status;
    }
    memcpy(list->items[list->count++], text, length + 1);
    return 0;
}

void pm_config_derive(struct pausemon_config *config)
{
    for (size_t i = 0; i < PM_METRIC_COUNT; i++) {
        const struct pm_metric_row *metric = &pm_metrics[i];

        config->full_units[i] = (uint64_t)config->full[i] * metric->full_scale;
        config->threshold_units[i] =
            (uint64_t)config->rule[i].threshold * metric->threshold_scale / 1000;
    }
}

int pausemon_config_check(const struct pausemon_config *config, struct pausemon_error *error)
{
    int64_t sum = config ? config->state_weight : 0;

    if (!config)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a config is needed");
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (i != PM_THREADS)
            sum += config->weight[i];
    if (sum != 100)
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "scoring.weights: the sum without threads is %d, and must be 100", (int)sum);
    if (config->elevated_threshold >= config->critical_threshold)
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "tiers.elevated_threshold: %d must be below tiers.critical_threshold, "
                       "which is %d",
                       (int)config->elevated_threshold, (int)config->critical_threshold);
    return 0;
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

int pm_config_fail_unknown(struct pausemon_error *error, const char *name)
{
    const char *names[PM_CONFIG_MAX_KEYS + 1] = {NULL}, *parts[PM_CONFIG_MAX_KEYS + 1] = {NULL};

    for (size_t i = 0; i < pm_config_row_count; i++) {
        names[i] = pm_config_rows[i].key.name;
        parts[i] = last_part(names[i]);
    }
    const char *near = pausemon_nearest_name(name, names);
    /* Or nearly the right key in the wrong section. */
    const char *part = near ? NULL : pausemon_nearest_name(last_part(name), parts);
    for (size_t i = 0; part && !near; i++)
        near = parts[i] == part ? names[i] : NULL;
    return pm_fail(error, PAUSEMON_ERR_NOT_FOUND, "unknown key \"%s\"%s%s%s", name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int set_list(struct pausemon_config *config, size_t row, const char *value,
                    struct pausemon_error *error)
{
    const char *at = value, *end = value + strlen(value), *why = "";
    const char *name = pm_config_rows[row].key.name;
    char text[PM_CONFIG_TEXT_SIZE];

    int status = pm_config_clear_list(config, row, error);
    for (bool first = true; status >= 0; first = false) {
        status = pm_value_item(&at, end, first, text, &why);
        if (status <= 0)
            break;
        status = pm_config_add_item(config, row, text, error);
    }
    if (status < 0 && *why)
        return pm_fail(error, status, "%s: %s", name, why);
    if (status == 0 && at != end)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: \"%.64s\" after the list", name, at);
    return status;
}

/* With or without quotes. */
static int set_text(struct pausemon_config *config, size_t row, const char *value,
                    struct pausemon_error *error)
{
    const char *at = value, *end = value + strlen(value), *why;
    char text[PM_CONFIG_TEXT_SIZE];

    if (pm_value_kind(value, end) != PM_VALUE_TEXT)
        return pm_config_set_text(config, row, value, error);
    int status = pm_value_text(&at, end, text, &why);
    if (status < 0 || at != end)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s: %s", pm_config_rows[row].key.name,
                       status < 0 ? why : "something follows the text");
    return pm_config_set_text(config, row, text, error);
}

static int set_value(struct pausemon_config *config, size_t row, const char *value,
                     struct pausemon_error *error)
{
    if (pm_config_rows[row].key.type_id == PAUSEMON_CONFIG_TYPE_TEXT)
        return set_text(config, row, value, error);
    if (is_list(&pm_config_rows[row]) && value[0] == '[')
        return set_list(config, row, value, error);
    return pm_config_set_word(config, row, value, error);
}

int pausemon_config_set(struct pausemon_config *config, const char *name, const char *value,
                        struct pausemon_error *error)
{
    int row = pm_config_find(name);

    if (!config || !name || !value)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a config, a key and a value are needed");
    if (row < 0)
        return pm_config_fail_unknown(error, name);
    /* A list that fails half-way must leave the old one. */
    struct pm_config_list before;
    if (is_list(&pm_config_rows[row]))
        before = *list_of(config, &pm_config_rows[row]);
    int status = set_value(config, (size_t)row, value, error);
    if (status < 0) {
        if (is_list(&pm_config_rows[row]))
            *list_of(config, &pm_config_rows[row]) = before;
        return status;
    }
    config->origin[row] = PAUSEMON_CONFIG_ORIGIN_SET;
    pm_config_derive(config);
    return 0;
}

void pm_config_set_defaults(struct pausemon_config *config)
{
    for (size_t i = 0; i < pm_config_row_count; i++)
        set_value(config, i, pm_config_rows[i].fallback, NULL); /* a test checks every one */
    config->multiplier[PAUSEMON_STATE_UNKNOWN] = 1000;
    pm_config_derive(config);
}

int pausemon_config_new(struct pausemon_config **out, const struct pausemon_host *given,
                        struct pausemon_error *error)
{
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a configuration needs a place");
    *out = NULL;
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_config *config = pm_alloc(&host, sizeof *config);
    *out = config;
    if (!config)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "configuration: out of memory");
    config->host = host;
    pm_config_set_defaults(config);
    return 0;
}

void pausemon_config_free(struct pausemon_config *config)
{
    if (config)
        pm_free(&config->host, config);
}

void pausemon_config_reset(struct pausemon_config *config)
{
    struct pm_host host;

    if (!config)
        return;
    host = config->host;
    memset(config, 0, sizeof *config);
    config->host = host;
    pm_config_set_defaults(config);
}

void pausemon_config_copy(struct pausemon_config *to, const struct pausemon_config *from)
{
    struct pm_host host = to->host;

    *to = *from;
    to->host = host;
}
