/* SPDX-License-Identifier: MIT */
#ifndef PM_FORMATS_JSON_WRITER_H
#define PM_FORMATS_JSON_WRITER_H

/* JSON, streamed through a small buffer. The first failure of `write` stays in `status`, and
 * nothing is written after it. */

#include <pausemon/common.h>

struct pm_json {
    pausemon_write_fn write;
    void *user;
    int status;
    size_t used;
    char bytes[1024];
};

void pm_json_init(struct pm_json *json, pausemon_write_fn write, void *user);

/* Hands on what is left; the status. */
int pm_json_flush(struct pm_json *json);

void pm_json_raw(struct pm_json *json, const char *text);
void pm_json_i64(struct pm_json *json, int64_t value);
void pm_json_string(struct pm_json *json, const char *text); /* valid UTF-8 */

/* The inside of a string, piece by piece. A pausemon_write_fn: `json` is a struct pm_json. */
int pm_json_escaped(void *json, const char *bytes, size_t length);

/* Text that nobody has looked at, as a string: control characters of both sets are escaped,
 * invalid bytes become '?', and it is cut after `most` bytes. */
void pm_json_foreign(struct pm_json *json, const char *text, size_t most);

/* `text` is what stands before the value: ",\"pid\":". */
void pm_json_key_u64(struct pm_json *json, const char *text, uint64_t value);
void pm_json_key_i64(struct pm_json *json, const char *text, int64_t value);

/* "2026-01-23T12:00:00.123456-08:00", with quotes. */
void pm_json_time(struct pm_json *json, const struct pausemon_instant *time);

#endif
