/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

PM_PRINTF(3, 0)
static void fill(struct pausemon_error *error, int status, const char *format, va_list arguments)
{
    char text[512];

    memset(error, 0, sizeof *error);
    error->status = status;
    vsnprintf(text, sizeof text, format, arguments);
    pm_text_clean(error->text, sizeof error->text, text, strlen(text));
}

int pm_fail(struct pausemon_error *error, int status, const char *format, ...)
{
    va_list arguments;

    if (error) {
        va_start(arguments, format);
        fill(error, status, format, arguments);
        va_end(arguments);
    }
    return status;
}

static int status_of(int os_errno)
{
    switch (os_errno) {
    case EACCES:
    case EPERM:
        return PAUSEMON_ERR_DENIED;
    case ENOENT:
    case ENOTDIR:
        return PAUSEMON_ERR_NOT_FOUND;
    case ENOMEM:
        return PAUSEMON_ERR_NOMEM;
    default:
        return PAUSEMON_ERR_IO;
    }
}

int pausemon_error_set(struct pausemon_error *error, int status, int os_errno, const char *text)
{
    text = text ? text : "";
    if (os_errno <= 0)
        return pm_fail(error, status, "%s", text);
    pm_fail_os(error, os_errno, "%s", text);
    if (error)
        error->status = status;
    return status;
}

/* Two functions have the name strerror_r: GNU's returns the text, which may lie elsewhere. */
static const char *os_text(int os_errno, char *room, size_t size)
{
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    return strerror_r(os_errno, room, size);
#else
    if (strerror_r(os_errno, room, size) != 0)
        snprintf(room, size, "error %d", os_errno);
    return room;
#endif
}

int pm_fail_os(struct pausemon_error *error, int os_errno, const char *format, ...)
{
    int status = status_of(os_errno);
    va_list arguments;
    char why[128];
    size_t used;

    if (!error)
        return status;
    va_start(arguments, format);
    fill(error, status, format, arguments);
    va_end(arguments);
    error->os_errno = os_errno;
    used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, ": %s",
             os_text(os_errno, why, sizeof why));
    return status;
}

static const char *const status_texts[] = {
    "ok",
    "nothing yet",
    "the recording is over",
    "out of memory",
    "invalid argument",
    "not understood",
    "a limit was reached",
    "the system refused",
    "the rights are missing",
    "not found",
    "not supported here",
};

const char *pausemon_status_text(int status)
{
    if (status > 0 || status < PAUSEMON_ERR_UNSUPPORTED)
        return "unknown status";
    return status_texts[-status];
}

const char *pausemon_version(void)
{
    return PM_VERSION;
}

int pausemon_has(const char *part)
{
    static const struct {
        const char *name;
        int built;
    } parts[] = {{"json", PM_HAS_JSON}, {"config", PM_HAS_CONFIG}, {"storage", PM_HAS_STORAGE}};

    for (size_t i = 0; part && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].name, part) == 0)
            return parts[i].built;
    return 0;
}
