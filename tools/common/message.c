/* SPDX-License-Identifier: MIT */
#include "common/message.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

/* A number has no room. */
static const struct {
    const char *key;
    size_t offset, room;
} fields[] = {
#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct message, name), 0                                                   \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct message, name), sizeof(((struct message *)0)->name)                 \
    }
    TEXT(type),
    TEXT(text),
    NUMBER(samples),
    NUMBER(tier),
    NUMBER(max_score),
    NUMBER(dropped_records),
    NUMBER(rss_bytes),
    NUMBER(pid),
    TEXT(disk),
    TEXT(budget),
    TEXT(heartbeat),
    TEXT(elevated_since),
    TEXT(critical_since),
    TEXT(version),
    NUMBER(beats),
    NUMBER(late_beats),
    NUMBER(worst_beat_ms),
    NUMBER(slower),
    NUMBER(stress),
    TEXT(blackbox),
    TEXT(source),
    NUMBER(id),
    NUMBER(peak_stress),
    NUMBER(peak_tier),
    TEXT(start),
    TEXT(end),
    TEXT(status),
    TEXT(notes),
};

int message_read(struct message *message, const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, 0, NULL);

    memset(message, 0, sizeof *message);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const json_t *value = json_object_get(json, fields[i].key);
        char *to = (char *)message + fields[i].offset;
        int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
        if (fields[i].room == 0)
            memcpy(to, &number, sizeof number);
        else if (json_is_string(value))
            utf8_clean(to, fields[i].room, json_string_value(value));
    }
    json_decref(json);
    return message->type[0] ? 0 : -1;
}

int message_each_sample(const char *line, size_t length,
                        void (*each)(void *user, const char *text, size_t length, int64_t tier),
                        void *user)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    const json_t *samples = json_object_get(json, "samples");

    for (size_t i = 0; i < json_array_size(samples); i++) {
        const json_t *sample = json_array_get(samples, i), *tier = json_object_get(sample, "tier");
        char *text = json_dumps(sample, JSON_COMPACT);
        if (text)
            each(user, text, strlen(text), json_is_integer(tier) ? json_integer_value(tier) : -1);
        free(text);
    }
    json_decref(json);
    return json ? 0 : -1;
}

size_t message_make_safe(char *out, const char *line, size_t length)
{
    char *at = out;
    uint32_t point;

    /* All that is harmful and below 32 stands between tokens: it is white space. The rest is inside
       strings, and none of it needs two escapes. */
    for (size_t step; length > 0; line += step, length -= step) {
        step = utf8_next(line, length, &point);
        if (utf8_is_harmless(point)) {
            memcpy(at, line, step);
            at += step;
        } else if (point < 0x20) {
            *at++ = ' ';
        } else {
            at += snprintf(at, 7, "\\u%04x", (unsigned)point);
        }
    }
    *at = '\0';
    return (size_t)(at - out);
}
