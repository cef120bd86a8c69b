/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

/* What every target shares. A target is LLVMFuzzerTestOneInput: libFuzzer calls it with inputs of
 * its own, driver.c with those of a corpus. What must always hold is checked with FUZZ_CHECK,
 * which aborts in every build. */

#include <pausemon/pausemon.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef FUZZ_JANSSON
#include <jansson.h>
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

static inline void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* ---- bytes ---- */

/* A block of exactly this size, so that a sanitizer sees every byte read behind it. */
static inline char *fuzz_copy(const void *bytes, size_t size)
{
    char *copy = malloc(size);

    if (!copy)
        copy = malloc(1); /* some give NULL for 0 */
    FUZZ_CHECK(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* The same with a NUL behind it. */
static inline char *fuzz_string(const void *bytes, size_t size)
{
    char *copy = malloc(size + 1);

    FUZZ_CHECK(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

/* Bytes that a writer gave: always NUL-terminated once there are any. */
struct fuzz_text {
    char *bytes;
    size_t length, capacity;
};

static inline int fuzz_write(void *user, const char *bytes, size_t length)
{
    struct fuzz_text *text = user;

    if (text->length + length >= text->capacity) {
        text->capacity = 2 * (text->length + length) + 2048;
        text->bytes = realloc(text->bytes, text->capacity);
        FUZZ_CHECK(text->bytes);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return 0;
}

/* Where chunks end and the like: from the input itself, so that corpus files stay plain texts. */
static inline uint64_t fuzz_seed(const uint8_t *data, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * UINT64_C(1099511628211);
    return hash;
}

static inline uint64_t fuzz_draw(uint64_t *seed, uint64_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % below;
}

/* ---- text ---- */

/* Length of the UTF-8 character, 0 if it is none: by RFC 3629's table, not as the library does. */
static inline size_t fuzz_utf8(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, least, most;
        size_t size;
    } forms[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t size = forms[i].size;
        if (left < size || at[0] < forms[i].first || at[0] > forms[i].last)
            continue;
        if (size > 1 && (at[1] < forms[i].least || at[1] > forms[i].most))
            return 0;
        for (size_t j = 2; j < size; j++)
            if (at[j] < 0x80 || at[j] > 0xBF)
                return 0;
        return size;
    }
    return 0;
}

/* Valid UTF-8 without control characters of either set, NUL included. */
static inline bool fuzz_is_clean(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;

    for (size_t i = 0, step; i < length; i += step) {
        step = fuzz_utf8(at + i, length - i);
        if (step == 0 || at[i] < 0x20 || at[i] == 0x7F || (at[i] == 0xC2 && at[i + 1] < 0xA0))
            return false;
    }
    return true;
}

/* What was filled with 0x5A before the call: left alone on success, whole on failure. */
static inline void fuzz_check_error(const struct pausemon_error *error, int status)
{
    if (status >= 0) {
        for (size_t i = 0; i < sizeof *error; i++)
            FUZZ_CHECK(((const unsigned char *)error)[i] == 0x5A);
        return;
    }
    FUZZ_CHECK(error->status == status);
    FUZZ_CHECK(memchr(error->text, 0, sizeof error->text) && error->text[0]);
    FUZZ_CHECK(fuzz_is_clean(error->text, strlen(error->text)));
    FUZZ_CHECK(error->line >= 0);
}

/* ---- the host: time stands still, log lines are looked at ---- */

static inline void fuzz_log(void *user, int level, const char *text)
{
    (void)user;
    FUZZ_CHECK(level >= PAUSEMON_LOG_ERROR && level <= PAUSEMON_LOG_DEBUG);
    FUZZ_CHECK(text[0] && !strchr(text, '\n'));
}

static inline void fuzz_now(void *user, struct pausemon_instant *now)
{
    (void)user;
    *now = (struct pausemon_instant){INT64_C(1000000000000), INT64_C(2000000000000),
                                     INT64_C(1769198400123456789), -28800};
}

static inline struct pausemon_host fuzz_host(void)
{
    struct pausemon_host host = PAUSEMON_HOST_INIT;

    host.log = fuzz_log;
    host.now = fuzz_now;
    return host;
}

#endif
