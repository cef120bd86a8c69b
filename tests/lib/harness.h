/* SPDX-License-Identifier: MIT */
#ifndef HARNESS_H
#define HARNESS_H

/* What every suite shares: a host with counted memory, a frozen clock and a captured log; a
 * writer into memory; a source that plays rows; the TAP runner. */

#include <check.h>
#include <pausemon/pausemon.h>
#include <stdbool.h>

struct harness {
    struct pausemon_host host;   /* hand out &harness.host; user is the harness */
    struct pausemon_instant now; /* the frozen clock: move it with harness_tick */
    long allocations;            /* successful resizes to a size above 0 */
    long live;                   /* blocks not freed yet */
    long fail_at;                /* the n-th allocation from now fails, once; 0: none */
    bool fail_always;            /* every allocation after fail_at fails too */
    char log[16384];             /* "W: text\n" a line: E W I D */
};

/* Starts at monotonic 1000 s, 2026-01-23T12:00:00.123456-08:00. */
void harness_init(struct harness *harness);

/* Lets all three clocks go on. */
void harness_tick(struct harness *harness, int64_t ns);

/* A pausemon_write_fn that appends to a struct text; always NUL-terminated. */
struct text {
    char *bytes;
    size_t length;
};
int text_write(void *user, const char *bytes, size_t length);
void text_free(struct text *text);

/* The whole file, NUL-terminated; fails the test when it cannot be read. Free it. */
char *read_file(const char *path, size_t *length);

/* A file of the tests directory: "golden/top/x.txt" → absolute path in a static buffer. */
const char *test_path(const char *relative);

/* A recording beside the project, or NULL when it is absent: skip then, and say so. */
const char *recording_path(const char *name);

/* A source that plays what the test put into it: set rows and count, then collect. */
struct player {
    const struct pausemon_row *rows;
    size_t count;
    uint64_t skipped;
    int result;     /* enum pausemon_look or a status */
    uint64_t wants; /* what the sink asked for, after a look */
};
int player_open(struct pausemon_source **source, struct player *player,
                const struct pausemon_host *host);

/* Descriptors open now. */
int count_fds(void);

/* Runs all, prints TAP on stdout, returns main's exit code. */
int harness_run(Suite *suite);

#endif
