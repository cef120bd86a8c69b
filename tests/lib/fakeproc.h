/* SPDX-License-Identifier: MIT */
#ifndef FAKEPROC_H
#define FAKEPROC_H

/* What the tests of the procfs source share: a tree that looks like /proc, in a temporary
 * directory, and a watcher that looks at such a tree or at the real one. */

#include "harness.h"

#include <limits.h>

/* ---- The tree ---- */

struct fakeproc {
    char root[64]; /* holds a space and a colon: a ROOT may */
    char spec[80]; /* "procfs:ROOT" */
};

/* One process as its files tell it. Everything that is not here gets a number of its own in
 * the files, so that a reader that is off by one field is caught. */
struct fake_process {
    int64_t pid;
    const char *comm; /* any bytes but NUL, as the kernel prints them: unescaped in stat */
    char state;
    int64_t ppid;
    uint64_t flags;
    uint64_t cminflt, majflt;
    uint64_t utime, stime, cutime, cstime; /* ticks */
    uint64_t threads;
    uint64_t start_time;
    uint64_t stat_rss; /* pages: the kernel's approximate number, which nobody should use */
    uint64_t resident; /* pages in statm; VmRSS in status says the same */
    uint64_t swap_kb;
    uint64_t syscr, syscw, read_bytes, write_bytes;
    uint64_t run_delay, csw;               /* of the leader, in PID/schedstat */
    uint64_t thread_run_delay, thread_csw; /* of each further thread */
};

#define FAKE_PF_KTHREAD 0x00200000u
#define FAKE_STAT_FIELDS 52

/* Makes the directory, world-readable, with the files of a /proc that are no processes. */
void fakeproc_open(struct fakeproc *fake);
/* Takes out every process and whatever else a test put in. */
void fakeproc_clear(struct fakeproc *fake);
void fakeproc_close(struct fakeproc *fake);

/* An ordinary sleeping process with one thread. */
struct fake_process fakeproc_ordinary(int64_t pid);

/* Writes all files of a process, over those that are there: stat, statm, status, io, schedstat,
 * task/TID/schedstat. Threads that were there before stay: remove "PID/task" first. */
void fakeproc_put(const struct fakeproc *fake, const struct fake_process *process);
void fakeproc_put_in(const struct fakeproc *fake, const char *directory,
                     const struct fake_process *process);

/* Writes the stat of a process once more, with `text` in the place of one field (1..52), or,
 * where text is NULL, ending before that field. Returns the length of the line. */
size_t fakeproc_spoil(const struct fakeproc *fake, const struct fake_process *process, size_t field,
                      const char *text);

/* One file or directory below the root; directories above it are made. */
void fakeproc_write(const struct fakeproc *fake, const char *path, const char *text);
void fakeproc_mkdir(const struct fakeproc *fake, const char *path);
void fakeproc_remove(const struct fakeproc *fake, const char *path);
void fakeproc_path(const struct fakeproc *fake, const char *path, char full[PATH_MAX]);

/* ROOT/swaps with two areas, of which the second is used. */
void fakeproc_put_swaps(const struct fakeproc *fake, uint64_t used_kb);

/* ---- The watcher ---- */

struct watch {
    struct harness harness;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    const struct pausemon_sample_info *info; /* of the last look that succeeded, else NULL */
    struct pausemon_error error;
};

/* The steps that may fail; none of them asserts, so that they can run in a forked child. */
void watch_init(struct watch *watch);
int watch_start(struct watch *watch, const char *spec, const struct pausemon_config *config);
int watch_look(struct watch *watch);
void watch_stop(struct watch *watch);
const struct pausemon_process *watch_find(const struct watch *watch, int64_t pid);

/* The same for tests in which nothing should fail. `open` is init and start with the defaults;
 * `after` lets time go on and looks; `close` also sees that all memory came back. */
void watch_open(struct watch *watch, const char *spec);
const struct pausemon_sample_info *watch_after(struct watch *watch, int64_t ns);
const struct pausemon_process *watch_get(const struct watch *watch, int64_t pid);
void watch_close(struct watch *watch);

#define SECOND INT64_C(1000000000)

#define KNOWN(process, BIT, field, expected)                                                       \
    do {                                                                                           \
        ck_assert_msg(((process)->have & PAUSEMON_HAVE_##BIT) != 0, #field " of %lld is unknown",  \
                      (long long)(process)->pid);                                                  \
        ck_assert_uint_eq((process)->field, (expected));                                           \
    } while (0)

#define UNKNOWN(process, BIT, field)                                                               \
    do {                                                                                           \
        ck_assert_msg(((process)->have & PAUSEMON_HAVE_##BIT) == 0, #field " of %lld is known",    \
                      (long long)(process)->pid);                                                  \
        ck_assert_uint_eq((process)->field, 0);                                                    \
    } while (0)

/* Valid UTF-8 without control characters (C0, DEL, C1), ended within the array. */
bool command_is_clean(const char command[PAUSEMON_COMMAND_SIZE]);

/* Runs `work` in a forked child that has given up root, where it was root: file rights bind it.
 * Returns what work returned (0..255), 255 for anything else. Nothing in it may assert. */
int run_as_nobody(int (*work)(void *user), void *user);

#endif
