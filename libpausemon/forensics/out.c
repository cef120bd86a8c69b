/* SPDX-License-Identifier: MIT */
#include "forensics/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/tree.h"

#define MIB (UINT64_C(1) << 20)

int pm_out_cut(uint64_t most, struct pausemon_error *why)
{
    if (most % MIB != 0)
        return pm_fail(why, PAUSEMON_ERR_LIMIT, "cut at %llu bytes", (unsigned long long)most);
    return pm_fail(why, PAUSEMON_ERR_LIMIT, "cut at %llu MiB", (unsigned long long)(most / MIB));
}

int pm_out_write(void *user, const char *bytes, size_t length)
{
    struct pm_out *out = user;
    uint64_t room = out->most - out->bytes;
    size_t put = length < room ? length : (size_t)room;
    int status = pm_tree_write(out->fd, bytes, put, out->why);

    if (status < 0)
        return status;
    out->bytes += put;
    return put < length ? pm_out_cut(out->most, out->why) : 0;
}

int pm_out_text(struct pm_out *out, const char *text)
{
    return pm_out_write(out, text, strlen(text));
}

int pm_out_format(struct pm_out *out, const char *format, ...)
{
    va_list arguments;
    char text[512];

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return pm_out_text(out, text);
}
