/* SPDX-License-Identifier: MIT */
#include "formats/json_reader.h"

#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

static bool is_too_deep(const char *text, size_t length)
{
    int depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!in_string && (text[i] == '}' || text[i] == ']'))
            depth--;
        if (depth > PM_JSON_MAX_DEPTH)
            return true;
    }
    return false;
}

json_t *pm_json_load(const char *text, size_t length, struct pausemon_error *error)
{
    json_error_t why;
    json_t *json = NULL;

    if (length > PM_JSON_MAX_LINE)
        pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: a line of %zu bytes; at most %u are read",
                length, PM_JSON_MAX_LINE);
    else if (is_too_deep(text, length))
        pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: nested more than %d deep", PM_JSON_MAX_DEPTH);
    else if (!(json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why)))
        pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: %.160s (byte %d)", why.text, why.position);
    if (json && !json_is_object(json)) {
        json_decref(json);
        json = NULL;
        pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: expected an object {…}");
    }
    return json;
}

static void refuse(struct pm_json_reader *reader, const char *key, const char *wanted)
{
    if (reader->status == 0)
        reader->status =
            pm_fail(reader->error, PAUSEMON_ERR_FORMAT, "JSON: \"%s\": expected %s", key, wanted);
}

/* The value; NULL when it is missing, which is told if it is needed. */
static const json_t *get(struct pm_json_reader *reader, const char *key, bool needed)
{
    const json_t *value = json_object_get(reader->object, key);

    if (!value && needed)
        refuse(reader, key, "to be there");
    return value;
}

void pm_json_get_u64(struct pm_json_reader *reader, const char *key, uint64_t most, bool needed,
                     uint64_t *number)
{
    const json_t *value = get(reader, key, needed);

    if (!value)
        return;
    json_int_t integer = json_integer_value(value);
    if (!json_is_integer(value) || integer < 0 || (uint64_t)integer > most)
        refuse(reader, key, most == 100 ? "a whole number 0..100" : "a whole number, not negative");
    else
        *number = (uint64_t)integer;
}

void pm_json_get_i64(struct pm_json_reader *reader, const char *key, bool needed, int64_t *number)
{
    const json_t *value = get(reader, key, needed);

    if (value && !json_is_integer(value))
        refuse(reader, key, "a whole number");
    else if (value)
        *number = json_integer_value(value);
}

void pm_json_get_bool(struct pm_json_reader *reader, const char *key, uint64_t *flag)
{
    const json_t *value = get(reader, key, false);

    if (value && !json_is_boolean(value))
        refuse(reader, key, "true or false");
    else if (value)
        *flag = json_is_true(value);
}

void pm_json_get_text(struct pm_json_reader *reader, const char *key, bool needed, char *text,
                      size_t size)
{
    const json_t *value = get(reader, key, needed);

    if (value && !json_is_string(value))
        refuse(reader, key, "a text");
    else if (value)
        pm_text_clean(text, size, json_string_value(value), json_string_length(value));
}

void pm_json_get_parts(struct pm_json_reader *reader, const char *key, unsigned per_one,
                       double most, uint64_t *parts)
{
    const json_t *value = get(reader, key, true);
    double number = json_number_value(value);

    if (!value)
        return;
    if (!json_is_number(value) || !(number >= 0 && number <= most))
        refuse(reader, key, most <= 1 ? "a number 0..1" : "a number, not negative");
    else
        *parts = (uint64_t)(number * per_one + 0.5);
}

bool pm_json_has(const struct pm_json_reader *reader, const char *key)
{
    const json_t *value = json_object_get(reader->object, key);

    return value && !json_is_null(value);
}

void pm_json_get_list(struct pm_json_reader *reader, const char *key, size_t most,
                      void (*read)(struct pm_json_reader *item, void *user, size_t index),
                      void *user, uint64_t *count)
{
    const json_t *list = get(reader, key, true);

    if (!list || reader->status < 0)
        return;
    if (!json_is_array(list) || json_array_size(list) > most) {
        reader->status = pm_fail(reader->error, PAUSEMON_ERR_FORMAT,
                                 "JSON: \"%s\": expected a list of at most %zu", key, most);
        return;
    }
    for (size_t i = 0; reader->status == 0 && i < json_array_size(list); i++) {
        struct pm_json_reader item = {json_array_get(list, i), reader->error, 0};
        if (json_is_object(item.object))
            read(&item, user, i);
        else
            refuse(&item, key, "a list of objects {…}");
        reader->status = item.status;
    }
    *count = json_array_size(list);
}

void pm_json_get_bits(struct pm_json_reader *reader, const char *key,
                      uint64_t (*bit_of)(const char *name), uint64_t *bits)
{
    const json_t *list = get(reader, key, false);

    if (list && !json_is_array(list))
        refuse(reader, key, "a list of texts");
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name) {
            refuse(reader, key, "a list of texts");
            return;
        }
        *bits |= bit_of(name);
    }
}

/* ---- time ---- */

static bool read_fraction(const char **at, int64_t *ns)
{
    int64_t unit = PM_NS_PER_S / 10;

    *ns = 0;
    if (**at != '.')
        return true;
    for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *ns += (**at - '0') * unit;
    return unit < PM_NS_PER_S / 10;
}

static bool read_zone(const char **at, const char *end, int64_t *offset_s)
{
    int64_t hours = 0, minutes = 0;
    char sign = **at;

    *offset_s = 0;
    if (sign == '\0')
        return true;
    (*at)++;
    if (sign != 'Z' && (!strchr("+-", sign) || !pm_date_digits(at, end, 2, 0, &hours) ||
                        !pm_date_digits(at, end, 2, ':', &minutes)))
        return false;
    *offset_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return **at == '\0' && hours < 24 && minutes < 60;
}

static bool read_time(const char *at, struct pausemon_instant *time)
{
    const char *end = at + strlen(at);
    struct pm_date date;
    int64_t seconds, ns;

    if (!pm_date_digits(&at, end, 4, 0, &date.year) ||
        !pm_date_digits(&at, end, 2, '-', &date.month) ||
        !pm_date_digits(&at, end, 2, '-', &date.day) || (*at != 'T' && *at != ' ') ||
        !pm_date_digits(&at, end, 2, *at, &date.hour) ||
        !pm_date_digits(&at, end, 2, ':', &date.minute) ||
        !pm_date_digits(&at, end, 2, ':', &date.second) || !read_fraction(&at, &ns) ||
        !read_zone(&at, end, &time->utc_offset_s))
        return false;
    if (!pm_date_to_seconds(&date, &seconds))
        return false;
    time->realtime_ns = (seconds - time->utc_offset_s) * PM_NS_PER_S + ns;
    return true;
}

void pm_json_get_time(struct pm_json_reader *reader, const char *key, struct pausemon_instant *time)
{
    const json_t *value = get(reader, key, true);

    if (value && (!json_is_string(value) || !read_time(json_string_value(value), time)))
        refuse(reader, key, "a time like \"2026-01-23T12:00:00.123456-08:00\"");
}
