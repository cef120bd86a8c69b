/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_CONFIG_H
#define PAUSEMON_CONFIG_H

/* The settings: one table of keys, with a default for each. A key's name is its section and its
 * key with a dot between: "tiers.hold_ms"; "learning_mode" has no section.
 * @since 0.1 */

#include <pausemon/common.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_config;

enum pausemon_config_type {
    PAUSEMON_CONFIG_TYPE_BOOL = 1, /* true or false */
    PAUSEMON_CONFIG_TYPE_INT = 2,  /* a whole number */
    PAUSEMON_CONFIG_TYPE_NUM = 3,  /* a number with at most three decimals */
    PAUSEMON_CONFIG_TYPE_TEXT = 4, /* "text", at most 1023 bytes */
    PAUSEMON_CONFIG_TYPE_LIST = 5  /* ["text", …], at most 64 of at most 63 bytes */
};

/* One row of the table. Static; may grow at the end. */
struct pausemon_config_key {
    uint64_t size;
    const char *name;
    const char *type;  /* "bool", "int", "num", "text", "list": for people */
    const char *range; /* "1..100", or "" where there is none */
    const char *help;  /* one line */
    uint64_t type_id;  /* enum pausemon_config_type */
    uint64_t reload;   /* 1: takes effect on reload */
};

enum pausemon_config_origin {
    PAUSEMON_CONFIG_ORIGIN_DEFAULT = 0,
    PAUSEMON_CONFIG_ORIGIN_FILE = 1, /* read from text */
    PAUSEMON_CONFIG_ORIGIN_SET = 2   /* pausemon_config_set */
};

/* The defaults. */
PAUSEMON_API int pausemon_config_new(struct pausemon_config **config,
                                     const struct pausemon_host *host,
                                     struct pausemon_error *error);
PAUSEMON_API void pausemon_config_free(struct pausemon_config *config);

/* All defaults again: a reload begins with it, so that a key that is no longer in the file is what
 * it was without. Allocates nothing, cannot fail. */
PAUSEMON_API void pausemon_config_reset(struct pausemon_config *config);

/* Makes `to` equal to `from`, origins too. Allocates nothing, cannot fail. */
PAUSEMON_API void pausemon_config_copy(struct pausemon_config *to,
                                       const struct pausemon_config *from);

/* Something in a text: `level` is PAUSEMON_LOG_ERROR (it was refused) or
 * PAUSEMON_LOG_WARNING (it was accepted and has no effect); error->line says where, 0: the
 * text as a whole. The struct is valid during the call. */
typedef void (*pausemon_config_issue_fn)(void *user, int level, const struct pausemon_error *error);

/* Reads a TOML text over the values that are there. All that is wrong is reported, in the order
 * of lines, through `issue` (may be NULL). With any error the config stays as it was and
 * PAUSEMON_ERR_FORMAT is returned, `error` holding the first of them. Over 1 MiB:
 * PAUSEMON_ERR_LIMIT. [config] */
PAUSEMON_API int pausemon_config_parse(struct pausemon_config *config, const char *text,
                                       size_t length, pausemon_config_issue_fn issue, void *user,
                                       struct pausemon_error *error);

/* The same for a file: over the values that are there (pausemon_config_reset before a reload). If
 * it cannot be read (PAUSEMON_ERR_NOT_FOUND, _DENIED, _IO, _LIMIT) that is in `error` only, and
 * `issue` is not called. [config] */
PAUSEMON_API int pausemon_config_load(struct pausemon_config *config, const char *path,
                                      pausemon_config_issue_fn issue, void *user,
                                      struct pausemon_error *error);

/* Sets one key; `value` as it would stand in the file, except that texts need no quotes.
 * Whether values fit each other is not looked at: pausemon_config_check. */
PAUSEMON_API int pausemon_config_set(struct pausemon_config *config, const char *name,
                                     const char *value, struct pausemon_error *error);

/* 0 if the values fit each other (the weights' sum, the order of thresholds), else
 * PAUSEMON_ERR_INVALID and why. Parsing includes it. */
PAUSEMON_API int pausemon_config_check(const struct pausemon_config *config,
                                       struct pausemon_error *error);

/* The value as it would stand in the file, through `write`. PAUSEMON_ERR_NOT_FOUND for a name
 * that is no key. */
PAUSEMON_API int pausemon_config_get(const struct pausemon_config *config, const char *name,
                                     pausemon_write_fn write, void *user);

/* A bool (0, 1) or int, as such; a num in thousandths. PAUSEMON_ERR_NOT_FOUND for a name that is
 * no key, PAUSEMON_ERR_INVALID for a text or list. */
PAUSEMON_API int pausemon_config_get_number(const struct pausemon_config *config, const char *name,
                                            int64_t *value);

/* A text as it is, without quotes: valid until the config is changed. NULL for a name that is no
 * key or no text. */
PAUSEMON_API const char *pausemon_config_get_text(const struct pausemon_config *config,
                                                  const char *name);

/* The rows of the table, in order; NULL past the last. */
PAUSEMON_API const struct pausemon_config_key *pausemon_config_get_key(size_t index);

/* Where a value came from: enum pausemon_config_origin, or PAUSEMON_ERR_NOT_FOUND. */
PAUSEMON_API int pausemon_config_get_origin(const struct pausemon_config *config, const char *name);

/* Writes all keys with their values as a file that pausemon_config_parse reads back to the
 * same, each with its help as a comment; a key at its default is itself a comment. */
PAUSEMON_API int pausemon_config_write(const struct pausemon_config *config,
                                       pausemon_write_fn write, void *user);

PAUSEMON_END_DECLS
#endif
