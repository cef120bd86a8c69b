/* SPDX-License-Identifier: MIT */
#include "formats/json_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

void pm_json_init(struct pm_json *json, pausemon_write_fn write, void *user)
{
    json->write = write;
    json->user = user;
    json->status = 0;
    json->used = 0;
}

int pm_json_flush(struct pm_json *json)
{
    if (json->status >= 0 && json->used > 0)
        json->status = json->write(json->user, json->bytes, json->used);
    json->used = 0;
    return json->status < 0 ? json->status : 0;
}

static void put(struct pm_json *json, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t room = sizeof json->bytes - json->used, some = length < room ? length : room;
        memcpy(json->bytes + json->used, bytes, some);
        json->used += some;
        bytes += some;
        length -= some;
        if (json->used == sizeof json->bytes)
            pm_json_flush(json);
    }
}

void pm_json_raw(struct pm_json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_u64(struct pm_json *json, uint64_t value)
{
    if (value > INT64_MAX)
        value = INT64_MAX; /* hardly a JSON reader takes more */
    char digits[24];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    put(json, digits + at, sizeof digits - at);
}

void pm_json_i64(struct pm_json *json, int64_t value)
{
    if (value < 0)
        put(json, "-", 1);
    put_u64(json, value < 0 ? (uint64_t) - (value + 1) + 1 : (uint64_t)value);
}

int pm_json_escaped(void *user, const char *bytes, size_t length)
{
    struct pm_json *json = user;

    for (; length > 0; bytes++, length--) {
        char escape[8];
        if (*bytes == '"' || *bytes == '\\') {
            put(json, "\\", 1);
            put(json, bytes, 1);
        } else if ((unsigned char)*bytes < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*bytes);
            pm_json_raw(json, escape);
        } else {
            put(json, bytes, 1);
        }
    }
    return json->status;
}

void pm_json_string(struct pm_json *json, const char *text)
{
    put(json, "\"", 1);
    pm_json_escaped(json, text, strlen(text));
    put(json, "\"", 1);
}

void pm_json_foreign(struct pm_json *json, const char *text, size_t most)
{
    size_t left = strnlen(text, most), step;
    char escape[8];

    put(json, "\"", 1);
    for (; left > 0; text += step, left -= step) {
        unsigned char lead = (unsigned char)*text;
        step = pm_utf8_length(text, left);
        if (lead == 0x7F || (lead == 0xC2 && step == 2 && (unsigned char)text[1] < 0xA0)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)text[step - 1]);
            pm_json_raw(json, escape);
        } else if (step > 0) {
            pm_json_escaped(json, text, step);
        } else {
            put(json, "?", 1);
            step = 1;
        }
    }
    put(json, "\"", 1);
}

void pm_json_key_u64(struct pm_json *json, const char *text, uint64_t value)
{
    pm_json_raw(json, text);
    put_u64(json, value);
}

void pm_json_key_i64(struct pm_json *json, const char *text, int64_t value)
{
    pm_json_raw(json, text);
    pm_json_i64(json, value);
}

void pm_json_time(struct pm_json *json, const struct pausemon_instant *time)
{
    const int64_t day_s = 86400, micro = 1000000;
    int64_t offset = time->utc_offset_s;
    int64_t micros = time->realtime_ns / 1000 - (time->realtime_ns % 1000 < 0);
    int64_t seconds = micros / micro - (micros % micro < 0);
    struct pm_date date;
    char text[64];

    /* No zone is a day away: a host that says so has lost its mind, not its clock. */
    offset = offset > -day_s && offset < day_s ? offset / 60 * 60 : 0;
    pm_date_from_seconds(&date, seconds + offset);
    int minutes = (int)(offset < 0 ? -offset : offset) / 60;
    snprintf(text, sizeof text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d\"", (int)date.year,
             (int)date.month, (int)date.day, (int)date.hour, (int)date.minute, (int)date.second,
             (int)(micros - seconds * micro), offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    pm_json_raw(json, text);
}
