/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_LOG_H
#define PAUSEMOND_LOG_H

/* One line each: to the journal with its own fields if stderr is the journal, else to stderr. From
 * any thread. A line that would have to wait for its reader is lost, counted, and told with the
 * next one. That holds for the journal, pipes and terminals. A regular file always claims to be
 * ready: if stderr is one, a stuck disk holds up whoever says something, the dispatch thread too.
 * Give a daemon that is to tell of stuck disks the journal, or a pipe. */

#include <pausemon/common.h>
#include <stdatomic.h>

#define LOG_LINE_SIZE 1024

struct log {
    int journal;           /* the socket; -1: stderr */
    int stderr_is_journal; /* then a line there begins with its priority, "<4>" */
    int level;             /* what is said: up to this one */
    atomic_uint lost;
};

void log_open(struct log *log);
void log_close(struct log *log);

/* `level` is enum pausemon_log_level. Control bytes become `?`. */
void log_say(struct log *log, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with what `os_errno` means behind it. */
void log_say_os(struct log *log, int level, int os_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Both at the level of errors; they return -1. */
int log_fail(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
int log_fail_os(struct log *log, int os_errno, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A host whose log goes here. */
void log_host(struct log *log, struct pausemon_host *host);

#endif
