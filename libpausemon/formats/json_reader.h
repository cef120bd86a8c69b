/* SPDX-License-Identifier: MIT */
#ifndef PM_FORMATS_JSON_READER_H
#define PM_FORMATS_JSON_READER_H

/* One line of JSON as checked values. The only header that knows jansson. */

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define PM_JSON_MAX_LINE (60u << 10)
#define PM_JSON_MAX_DEPTH 16

/* An object, to be given back with json_decref; NULL: `error` says why. Bounded in length and
 * depth before jansson sees a byte. */
json_t *pm_json_load(const char *text, size_t length, struct pausemon_error *error);

/* A reader of one object: the first thing wrong stays in `status` and `error`. */
struct pm_json_reader {
    const json_t *object;
    struct pausemon_error *error;
    int status;
};

/* Fields. Whether a missing one is wrong is said by `needed`; the value stays as it was then. */
void pm_json_get_u64(struct pm_json_reader *reader, const char *key, uint64_t most, bool needed,
                     uint64_t *value);
void pm_json_get_i64(struct pm_json_reader *reader, const char *key, bool needed, int64_t *value);
void pm_json_get_bool(struct pm_json_reader *reader, const char *key, uint64_t *value);

/* Cleaned as names are. */
void pm_json_get_text(struct pm_json_reader *reader, const char *key, bool needed, char *text,
                      size_t size);

/* A number with a fraction, 0..`most`, as so many parts of which `per_one` make one, rounded. */
void pm_json_get_parts(struct pm_json_reader *reader, const char *key, unsigned per_one,
                       double most, uint64_t *parts);

/* Whether there is a value; absent is as good as null. */
bool pm_json_has(const struct pm_json_reader *reader, const char *key);

/* A list of objects, at most `most`: `read` is called with a reader of each, and its index. */
void pm_json_get_list(struct pm_json_reader *reader, const char *key, size_t most,
                      void (*read)(struct pm_json_reader *item, void *user, size_t index),
                      void *user, uint64_t *count);

/* A list of names as bits: `bit_of` gives the bit of one, 0 for a name to be ignored. */
void pm_json_get_bits(struct pm_json_reader *reader, const char *key,
                      uint64_t (*bit_of)(const char *name), uint64_t *bits);

/* ISO 8601 with or without a fraction and a zone. */
void pm_json_get_time(struct pm_json_reader *reader, const char *key,
                      struct pausemon_instant *time);

#endif
