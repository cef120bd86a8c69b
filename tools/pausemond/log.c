/* SPDX-License-Identifier: MIT */
#include "pausemond/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pausemond/fd.h"

#define JOURNAL "/run/systemd/journal/socket"

/* By enum pausemon_log_level: the word on stderr, and syslog's priority. */
static const struct {
    const char *word;
    int priority;
} levels[] = {{"", 6}, {"error: ", 3}, {"warning: ", 4}, {"", 6}, {"debug: ", 7}};

/* Whether stderr is the stream that systemd made: "device:inode" in the environment. */
static int stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[64];
    struct stat info;

    if (!stream || fstat(STDERR_FILENO, &info) < 0)
        return 0;
    snprintf(ours, sizeof ours, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)info.st_dev,
             (uintmax_t)info.st_ino);
    return strcmp(stream, ours) == 0;
}

void log_open(struct log *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL};

    log->level = PAUSEMON_LOG_INFO;
    log->lost = 0;
    log->stderr_is_journal = stderr_is_journal();
    log->journal = log->stderr_is_journal ? fd_socket(SOCK_DGRAM) : -1;
    if (log->journal >= 0 &&
        connect(log->journal, (struct sockaddr *)&address, sizeof address) < 0) {
        close(log->journal);
        log->journal = -1;
    }
}

void log_close(struct log *log)
{
    if (log->journal >= 0)
        close(log->journal);
    log->journal = -1;
}

/* 0 if the journal has it. No value holds a newline, so the simple form of its protocol does. */
static int to_journal(const struct log *log, int level, const char *text)
{
    char fields[LOG_LINE_SIZE + 64];

    if (log->journal < 0)
        return -1;
    int length =
        snprintf(fields, sizeof fields, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=pausemond\n",
                 text, levels[level].priority);
    return send(log->journal, fields, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length ? 0
                                                                                             : -1;
}

/* A terminal that was stopped, a pipe that nobody reads: not a reason to stand still. */
static int to_stderr(const struct log *log, int level, const char *text)
{
    struct pollfd out = {STDERR_FILENO, POLLOUT, 0};
    char line[LOG_LINE_SIZE + 64];
    int length;

    if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
        return -1;
    if (log->stderr_is_journal)
        length = snprintf(line, sizeof line, "<%d>%s\n", levels[level].priority, text);
    else
        length = snprintf(line, sizeof line, "pausemond: %s%s\n", levels[level].word, text);
    return write(STDERR_FILENO, line, (size_t)length) == length ? 0 : -1;
}

static void put(struct log *log, int level, const char *text)
{
    if (to_journal(log, level, text) < 0 && to_stderr(log, level, text) < 0)
        log->lost++;
}

static void finish(struct log *log, int level, char *text)
{
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    unsigned lost = atomic_exchange(&log->lost, 0);
    if (lost > 0) {
        char told[64];
        snprintf(told, sizeof told, "%u lines of this log were lost", lost);
        put(log, PAUSEMON_LOG_WARNING, told);
        if (log->lost > 0) { /* nobody reads yet: this line is lost too */
            log->lost += lost;
            return;
        }
    }
    put(log, level, text);
}

/* `os_errno` 0: nothing stands behind. */
__attribute__((format(printf, 4, 0))) static void say(struct log *log, int level, int os_errno,
                                                      const char *format, va_list arguments)
{
    char text[LOG_LINE_SIZE], why[128];

    if (level > log->level)
        return;
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (os_errno && length >= 0 && (size_t)length < sizeof text) {
        fd_error_text(os_errno, why, sizeof why);
        snprintf(text + length, sizeof text - (size_t)length, ": %s", why);
    }
    finish(log, level, text);
}

void log_say(struct log *log, int level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(log, level, 0, format, arguments);
    va_end(arguments);
}

void log_say_os(struct log *log, int level, int os_errno, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(log, level, os_errno, format, arguments);
    va_end(arguments);
}

int log_fail(struct log *log, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(log, PAUSEMON_LOG_ERROR, 0, format, arguments);
    va_end(arguments);
    return -1;
}

int log_fail_os(struct log *log, int os_errno, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(log, PAUSEMON_LOG_ERROR, os_errno, format, arguments);
    va_end(arguments);
    return -1;
}

static void host_log(void *log, int level, const char *text)
{
    if (level >= PAUSEMON_LOG_ERROR && level <= PAUSEMON_LOG_DEBUG)
        log_say(log, level, "%s", text);
}

void log_host(struct log *log, struct pausemon_host *host)
{
    *host = (struct pausemon_host)PAUSEMON_HOST_INIT;
    host->user = log;
    host->log = host_log;
}
