/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/config_value.h"

struct writer {
    pausemon_write_fn write;
    void *user;
    int status;
};

static void put(struct writer *writer, const char *text)
{
    if (writer->status >= 0)
        writer->status = writer->write(writer->user, text, strlen(text));
}

/* 950 → "0.95", 2000 → "2.0": at least one decimal. */
static void format_num(char *text, size_t size, int64_t thousandths)
{
    int used = snprintf(text, size, "%lld.%03d", (long long)(thousandths / 1000),
                        (int)(thousandths % 1000));

    for (int drop = 0; drop < 2 && text[used - 1] == '0'; drop++)
        text[--used] = '\0';
}

static void put_quoted(struct writer *writer, const char *text)
{
    char quoted[PM_CONFIG_TEXT_SIZE * 6 + 3];

    pm_value_quote(quoted, sizeof quoted, text, 0);
    put(writer, quoted);
}

static void put_value(struct writer *writer, const struct pausemon_config *config,
                      const struct pm_config_row *row)
{
    const void *field = (const char *)config + row->offset;
    const struct pm_config_list *list = field;
    char text[32];

    switch (row->key.type_id) {
    case PAUSEMON_CONFIG_TYPE_TEXT:
        put_quoted(writer, field);
        return;
    case PAUSEMON_CONFIG_TYPE_LIST:
        put(writer, "[");
        for (int64_t i = 0; i < list->count; i++) {
            put(writer, i ? ", " : "");
            put_quoted(writer, list->items[i]);
        }
        put(writer, "]");
        return;
    case PAUSEMON_CONFIG_TYPE_BOOL:
        put(writer, *(const int64_t *)field ? "true" : "false");
        return;
    case PAUSEMON_CONFIG_TYPE_NUM:
        format_num(text, sizeof text, *(const int64_t *)field);
        break;
    default:
        snprintf(text, sizeof text, "%lld", (long long)*(const int64_t *)field);
    }
    put(writer, text);
}

int pausemon_config_get(const struct pausemon_config *config, const char *name,
                        pausemon_write_fn write, void *user)
{
    struct writer writer = {write, user, 0};
    int row = pm_config_find(name);

    if (!config || !name || !write)
        return PAUSEMON_ERR_INVALID;
    if (row < 0)
        return PAUSEMON_ERR_NOT_FOUND;
    put_value(&writer, config, &pm_config_rows[row]);
    return writer.status;
}

int pausemon_config_get_number(const struct pausemon_config *config, const char *name,
                               int64_t *value)
{
    int row = pm_config_find(name);

    if (!config || !name || !value)
        return PAUSEMON_ERR_INVALID;
    if (row < 0)
        return PAUSEMON_ERR_NOT_FOUND;
    if (pm_config_rows[row].key.type_id >= PAUSEMON_CONFIG_TYPE_TEXT)
        return PAUSEMON_ERR_INVALID;
    *value = *(const int64_t *)(const void *)((const char *)config + pm_config_rows[row].offset);
    return 0;
}

const char *pausemon_config_get_text(const struct pausemon_config *config, const char *name)
{
    int row = pm_config_find(name);

    if (!config || row < 0 || pm_config_rows[row].key.type_id != PAUSEMON_CONFIG_TYPE_TEXT)
        return NULL;
    return (const char *)config + pm_config_rows[row].offset;
}

const struct pausemon_config_key *pausemon_config_get_key(size_t index)
{
    return index < pm_config_row_count ? &pm_config_rows[index].key : NULL;
}

int pausemon_config_get_origin(const struct pausemon_config *config, const char *name)
{
    int row = pm_config_find(name);

    if (!config || !name)
        return PAUSEMON_ERR_INVALID;
    return row < 0 ? PAUSEMON_ERR_NOT_FOUND : config->origin[row];
}

/* The part of "scoring.weights.cpu" before its last dot. */
static size_t section_length(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? (size_t)(dot - name) : 0;
}

int pausemon_config_write(const struct pausemon_config *config, pausemon_write_fn write, void *user)
{
    struct writer writer = {write, user, 0};
    const char *before = "";
    char line[256];

    if (!config || !write)
        return PAUSEMON_ERR_INVALID;
    put(&writer, "# pausemon configuration. A key that is commented out has its default.\n");
    for (size_t i = 0; i < pm_config_row_count; i++) {
        const struct pausemon_config_key *key = &pm_config_rows[i].key;
        size_t section = section_length(key->name);

        if (section != section_length(before) || strncmp(before, key->name, section) != 0) {
            snprintf(line, sizeof line, "\n[%.*s]\n", (int)section, key->name);
            put(&writer, line);
        }
        before = key->name;
        snprintf(line, sizeof line, "# %s (%s%s%s)\n%s%s = ", key->help, key->type,
                 key->range[0] ? " " : "", key->range,
                 config->origin[i] == PAUSEMON_CONFIG_ORIGIN_DEFAULT ? "# " : "",
                 key->name + (section ? section + 1 : 0));
        put(&writer, line);
        put_value(&writer, config, &pm_config_rows[i]);
        put(&writer, "\n");
    }
    return writer.status;
}
