/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_CONFIG_H
#define FUZZ_CONFIG_H

/* What holds for every configuration. */

#include "fuzz.h"

/* Every key's value, by get. */
static inline struct fuzz_text fuzz_values(const struct pausemon_config *config)
{
    const struct pausemon_config_key *key;
    struct fuzz_text text = {NULL, 0, 0};

    for (size_t i = 0; (key = pausemon_config_get_key(i)); i++) {
        fuzz_write(&text, key->name, strlen(key->name));
        fuzz_write(&text, "=", 1);
        FUZZ_CHECK(pausemon_config_get(config, key->name, fuzz_write, &text) == 0);
        fuzz_write(&text, "\n", 1);
    }
    return text;
}

/* The same as a file, which tells values that were given from defaults; and is faster. */
static inline struct fuzz_text fuzz_file(const struct pausemon_config *config)
{
    struct fuzz_text text = {NULL, 0, 0};

    FUZZ_CHECK(pausemon_config_write(config, fuzz_write, &text) == 0);
    return text;
}

/* Frees both. */
static inline bool fuzz_same_text(struct fuzz_text a, struct fuzz_text b)
{
    bool same = a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;

    free(a.bytes);
    free(b.bytes);
    return same;
}

/* What is written reads back to the same. The values must fit each other. */
static inline void fuzz_check_written(const struct pausemon_config *config)
{
    struct fuzz_text text = fuzz_file(config);
    struct pausemon_config *back;
    struct pausemon_error error;

    FUZZ_CHECK(pausemon_config_check(config, NULL) == 0);
    FUZZ_CHECK(pausemon_config_new(&back, NULL, NULL) == 0);
    char *copy = fuzz_copy(text.bytes, text.length);
    int status = pausemon_config_parse(back, copy, text.length, NULL, NULL, &error);
    if (status < 0)
        fprintf(stderr, "line %lld: %s\n%s\n", (long long)error.line, error.text, text.bytes);
    FUZZ_CHECK(status == 0);
    FUZZ_CHECK(fuzz_same_text(fuzz_values(config), fuzz_values(back)));
    free(copy);
    free(text.bytes);
    pausemon_config_free(back);
}

#endif
