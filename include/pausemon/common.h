/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_COMMON_H
#define PAUSEMON_COMMON_H

/* What every part of the library shares: status codes, errors, the host, time.
 *
 * Rules that hold everywhere and are not repeated:
 *  - A function that can fail returns an int: 0 or a count on success, a negative
 *    enum pausemon_status on failure. Where it makes an object, the object comes out
 *    through the first parameter, which is set to NULL on failure.
 *    A struct that is only filled comes last, and its `size` is set by you (INIT).
 *  - Freeing NULL does nothing. Any other pointer that is needed and NULL, or a struct whose
 *    `size` is too small, gives PAUSEMON_ERR_INVALID where a status can be returned; nothing of
 *    such a struct but its size is looked at.
 *  - An object and everything made from it belong to one thread at a time. Different
 *    objects share nothing: there are no globals.
 *  - The library never prints, never exits, installs no signal handler, changes no locale,
 *    umask or directory, and starts no thread but a heartbeat's. After fork() only the
 *    parent may go on using an object; the child may free it.
 *  - Structs that you allocate begin with `size`: set it with the INIT macro of the struct.
 *    Structs that the library hands out may grow at the end in later releases: never copy
 *    one with `*`, never walk an array of them; pausemon_process_copy and pausemon_sample_copy
 *    keep one (an array of your own INIT structs is fine).
 *  - [json], [config], [storage]: in builds with that part (pausemon_has); elsewhere the function
 *    is there and returns PAUSEMON_ERR_UNSUPPORTED.
 *  - `@since` names the release that something came with: at the head of a header for all of it,
 *    later at what was added.
 * @since 0.1 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PAUSEMON_BEGIN_DECLS extern "C" {
#define PAUSEMON_END_DECLS }
#else
#define PAUSEMON_BEGIN_DECLS
#define PAUSEMON_END_DECLS
#endif

/* Yours to define where the library is compiled into your program (pausemon.c, or statically). */
#ifndef PAUSEMON_API
#if defined(__GNUC__)
#define PAUSEMON_API __attribute__((visibility("default")))
#else
#define PAUSEMON_API
#endif
#endif

#define PAUSEMON_VERSION_MAJOR 0
#define PAUSEMON_VERSION_MINOR 1
#define PAUSEMON_VERSION_PATCH 0

/* Bounds on what comes from outside. */
#define PAUSEMON_MAX_PROCESSES 65536 /* in one table; more are counted as unreadable */
#define PAUSEMON_MAX_ROGUES 64       /* in one sample; more are counted as omitted */
#define PAUSEMON_MAX_RING 3600       /* samples in one ring */
#define PAUSEMON_COMMAND_SIZE 64     /* a name: at most 63 bytes of valid UTF-8, and a NUL */

PAUSEMON_BEGIN_DECLS

enum pausemon_status {
    PAUSEMON_OK = 0,
    PAUSEMON_ERR_BUSY = -1,        /* nothing yet: wait on the fd or the timeout, call again */
    PAUSEMON_ERR_END = -2,         /* the recording is over */
    PAUSEMON_ERR_NOMEM = -3,       /* the host's resize returned NULL */
    PAUSEMON_ERR_INVALID = -4,     /* an argument is wrong; nothing was changed */
    PAUSEMON_ERR_FORMAT = -5,      /* text or bytes from outside were not understood */
    PAUSEMON_ERR_LIMIT = -6,       /* a bound of the library was reached */
    PAUSEMON_ERR_IO = -7,          /* the system refused; os_errno says how */
    PAUSEMON_ERR_DENIED = -8,      /* the rights are missing */
    PAUSEMON_ERR_NOT_FOUND = -9,   /* the thing named does not exist */
    PAUSEMON_ERR_UNSUPPORTED = -10 /* not on this system, or not in this build */
};

/* Where the world is read, an error tells more than a status. It is yours; you need not
 * initialise it; it is filled when the call fails and left alone when it succeeds; NULL is fine.
 * Its layout is fixed for ever. */
struct pausemon_error {
    int64_t status;   /* the enum pausemon_status that was returned */
    int64_t os_errno; /* errno of the system call that failed, or 0 */
    int64_t line;     /* line of a text, from 1, or 0 */
    char text[232];   /* one line of UTF-8 for a person: the thing, the value, what was expected */
};

/* One reading of all clocks. Its layout is fixed for ever. */
struct pausemon_instant {
    int64_t monotonic_ns; /* CLOCK_MONOTONIC: stands still while the machine sleeps */
    int64_t boottime_ns;  /* CLOCK_BOOTTIME (macOS: continuous time): goes on while it sleeps */
    int64_t realtime_ns;  /* since 1970, UTC */
    int64_t utc_offset_s; /* local time minus UTC, in seconds */
};

/* Fills an error as the library does, for a source of your own: one clean line, cut where it is too
 * long; with os_errno above 0 what that means is appended. Returns `status`; a NULL error is fine.
 */
PAUSEMON_API int pausemon_error_set(struct pausemon_error *error, int status, int os_errno,
                                    const char *text);

enum pausemon_log_level {
    PAUSEMON_LOG_ERROR = 1,
    PAUSEMON_LOG_WARNING = 2,
    PAUSEMON_LOG_INFO = 3,
    PAUSEMON_LOG_DEBUG = 4
};

/* What the library needs of the program it lives in. Every constructor takes one and copies
 * it; NULL, or a NULL member, means the default named below. The functions are called on the
 * thread that uses the object. A test gives failing memory, a captured log and a frozen clock
 * through the same door. */
struct pausemon_host {
    uint64_t size;
    void *user; /* handed to each function */
    /* As realloc; size 0 frees and returns NULL. The old size is not told: a host that needs it
     * keeps it. Default: the C library's. */
    void *(*resize)(void *user, void *pointer, size_t size);
    /* One line without newline, valid during the call. Default: silence. */
    void (*log)(void *user, int level, const char *text);
    /* Fills the four clocks. Default: the system's; the offset is looked up at most once a
     * quarter of an hour, because time-zone files are on a disk. */
    void (*now)(void *user, struct pausemon_instant *now);
};
#define PAUSEMON_HOST_INIT                                                                         \
    {                                                                                              \
        sizeof(struct pausemon_host), NULL, NULL, NULL, NULL                                       \
    }

/* The clocks as an object made with this host reads them; NULL: the system's. */
PAUSEMON_API void pausemon_now(const struct pausemon_host *host, struct pausemon_instant *now);

#define PAUSEMON_TIME_SIZE 32

/* A time for people, local by its utc_offset_s: "2026-11-23 20:14:08". `text` has room for
 * PAUSEMON_TIME_SIZE bytes. */
PAUSEMON_API void pausemon_time_text(char *text, const struct pausemon_instant *instant);

/* Takes the bytes of an encoder, in order. Returns 0, or a negative status that the encoder
 * then returns at once. */
typedef int (*pausemon_write_fn)(void *user, const char *bytes, size_t length);

/* A writer that is ready: `user` is a FILE *. PAUSEMON_ERR_IO when not all could be written. */
PAUSEMON_API int pausemon_write_file(void *user, const char *bytes, size_t length);

/* Text gathered in memory of yours: {array, sizeof array, 0}. Its layout is fixed for ever. */
struct pausemon_text {
    char *bytes;     /* ended by a NUL once something was written */
    size_t capacity; /* of it, for text and NUL */
    size_t length;   /* of the text */
};

/* A writer that is ready: `user` is a struct pausemon_text *. PAUSEMON_ERR_LIMIT when it does not
 * fit: what was written before is kept, nothing is cut in the middle of a piece. */
PAUSEMON_API int pausemon_write_text(void *user, const char *bytes, size_t length);

/* "0.1.0": of the library that runs, which may be newer than the headers. */
PAUSEMON_API const char *pausemon_version(void);

/* 1 if this build has the part ("json", "config", "storage"), else 0. */
PAUSEMON_API int pausemon_has(const char *part);

/* "out of memory" for PAUSEMON_ERR_NOMEM, …; "unknown status" for anything else. */
PAUSEMON_API const char *pausemon_status_text(int status);

/* The name among `names` (ended by NULL) that `word` was probably meant to be: at most a third
 * of its letters differ (two of four or five), and never more than three. NULL when none is. */
PAUSEMON_API const char *pausemon_nearest_name(const char *word, const char *const *names);

PAUSEMON_END_DECLS
#endif
