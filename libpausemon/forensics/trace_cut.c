/* SPDX-License-Identifier: MIT */
#include "forensics/trace_cut.h"

#include <string.h>

/* Names of tasks are any bytes. Not by characters: one could be cut by the kernel itself, and a
 * trace is large. */
static void clean(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((bytes[i] < 0x20 && bytes[i] != '\t' && bytes[i] != '\n') || bytes[i] >= 0x7F)
            bytes[i] = '?';
}

static int end_line(struct pm_trace_cut *cut)
{
    size_t length = cut->used;

    cut->line[length - 1] = '\n';
    cut->used = 0;
    cut->is_behind = cut->is_behind || cut->line[0] != '#';
    cut->heading += cut->is_behind ? 0 : length;
    if (cut->is_behind && cut->total - length - cut->heading < cut->skip)
        return 0;
    cut->is_full = cut->is_full || length > cut->most - cut->written;
    if (cut->is_full)
        return 0;
    clean(cut->line, length);
    cut->written += length;
    return cut->write(cut->user, cut->line, length);
}

int pm_trace_cut_feed(struct pm_trace_cut *cut, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t room = sizeof cut->line - cut->used, some = length < room ? length : room;
        const char *end = memchr(bytes, '\n', some);
        some = end ? (size_t)(end - bytes) + 1 : some;
        memcpy(cut->line + cut->used, bytes, some);
        cut->used += some;
        cut->total += some;
        bytes += some;
        length -= some;
        if (!end && cut->used < sizeof cut->line)
            continue;
        int status = end_line(cut);
        if (status < 0)
            return status;
    }
    return 0;
}
