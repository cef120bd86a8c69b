/* SPDX-License-Identifier: MIT */
#include "sources/procfs_parse.h"

#include <string.h>

#include "base/text.h"

#define PF_KTHREAD 0x00200000

static uint64_t state_of(char letter)
{
    switch (letter) {
    case 'R':
        return PAUSEMON_STATE_RUNNING;
    case 'S':
        return PAUSEMON_STATE_SLEEPING;
    case 'D':
        return PAUSEMON_STATE_UNINTERRUPTIBLE;
    case 'I':
    case 'P':
        return PAUSEMON_STATE_IDLE;
    case 'T':
    case 't':
        return PAUSEMON_STATE_STOPPED;
    case 'Z':
        return PAUSEMON_STATE_ZOMBIE;
    default:
        return PAUSEMON_STATE_UNKNOWN;
    }
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
}

static bool next_number(const char **at, const char *end, uint64_t *value)
{
    skip_blanks(at, end);
    return pm_parse_u64(at, end, value);
}

/* A field that may be negative or too large to matter. */
static bool skip_field(const char **at, const char *end)
{
    skip_blanks(at, end);
    const char *start = *at;
    while (*at < end && **at != ' ' && **at != '\t' && **at != '\n')
        (*at)++;
    return *at > start;
}

/* Fields 4 to 22, by number in proc(5); 0: not of interest. */
static bool parse_fields(const char *at, const char *end, struct pm_stat *stat)
{
    uint64_t flags = 0, ppid = 0, unused;
    uint64_t *const wanted[23] = {
        [4] = &ppid,           [9] = &flags,
        [11] = &stat->cminflt, [12] = &stat->majflt,
        [14] = &stat->utime,   [15] = &stat->stime,
        [16] = &stat->cutime,  [17] = &stat->cstime,
        [20] = &stat->threads, [22] = &stat->start_time,
    };

    for (int field = 4; field <= 22; field++)
        if (wanted[field] ? !next_number(&at, end, wanted[field]) : !skip_field(&at, end))
            return false;
    /* A start time that the end of the text cut short would be another identity. */
    if (!next_number(&at, end, &unused))
        return false;
    stat->ppid = ppid > INT64_MAX ? 0 : (int64_t)ppid;
    stat->is_kernel_thread = flags & PF_KTHREAD;
    return stat->start_time <= INT64_MAX;
}

bool pm_parse_stat(const char *bytes, size_t length, struct pm_stat *stat)
{
    const char *end = bytes + length;
    const char *open = memchr(bytes, '(', length), *close = end;

    /* The name may hold anything, parentheses and newlines too: it ends at the last ')'. */
    while (close > bytes && close[-1] != ')')
        close--;
    if (!open || close <= open + 1)
        return false;
    memset(stat, 0, sizeof *stat);
    stat->command = open + 1;
    stat->command_length = (size_t)(close - 1 - stat->command);
    if (end - close < 3 || close[0] != ' ' || close[2] != ' ')
        return false;
    stat->state = state_of(close[1]);
    return parse_fields(close + 3, end, stat);
}

bool pm_parse_statm(const char *bytes, size_t length, uint64_t *resident)
{
    const char *at = bytes, *end = bytes + length;
    uint64_t size;

    return next_number(&at, end, &size) && next_number(&at, end, resident) && at < end;
}

/* Calls for each "name: number" line; the line must be whole. */
static bool find_line(const char *bytes, size_t length, const char *name, uint64_t *value)
{
    const char *at = bytes, *end = bytes + length;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            return false;
        if (pm_text_starts(at, (size_t)(line_end - at), name)) {
            at += strlen(name);
            return next_number(&at, line_end, value);
        }
        at = line_end + 1;
    }
    return false;
}

bool pm_parse_status(const char *bytes, size_t length, uint64_t *resident, uint64_t *swap)
{
    uint64_t unused;

    *resident = *swap = 0;
    /* It stands behind what is wanted: the text is whole so far. */
    if (!find_line(bytes, length, "Threads:", &unused))
        return false;
    find_line(bytes, length, "VmRSS:", resident);
    find_line(bytes, length, "VmSwap:", swap);
    if (*resident > UINT64_MAX / 1024 || *swap > UINT64_MAX / 1024)
        return false;
    *resident *= 1024;
    *swap *= 1024;
    return true;
}

static bool find_sum(const char *bytes, size_t length, const char *one, const char *other,
                     uint64_t *sum)
{
    uint64_t more;

    if (!find_line(bytes, length, one, sum) || !find_line(bytes, length, other, &more))
        return false;
    *sum += more;
    return *sum >= more;
}

bool pm_parse_io_calls(const char *bytes, size_t length, uint64_t *calls)
{
    return find_sum(bytes, length, "syscr:", "syscw:", calls);
}

bool pm_parse_io_bytes(const char *bytes, size_t length, uint64_t *total)
{
    return find_sum(bytes, length, "read_bytes:", "write_bytes:", total);
}

bool pm_parse_schedstat(const char *bytes, size_t length, struct pm_schedstat *schedstat)
{
    const char *at = bytes, *end = bytes + length;

    return next_number(&at, end, &schedstat->run_ns) &&
           next_number(&at, end, &schedstat->wait_ns) &&
           next_number(&at, end, &schedstat->switches) && at < end && *at == '\n';
}

bool pm_parse_swaps(const char *bytes, size_t length, bool *used)
{
    const char *at = bytes, *end = bytes + length, *line_end;
    bool heading = true;

    *used = false;
    /* Filename  Type  Size  Used  Priority; the name has its blanks as \040. */
    for (; at < end && (line_end = memchr(at, '\n', (size_t)(end - at))); at = line_end + 1) {
        uint64_t size, kib;
        if (heading) {
            heading = false;
            continue;
        }
        if (!skip_field(&at, line_end) || !skip_field(&at, line_end) ||
            !next_number(&at, line_end, &size) || !next_number(&at, line_end, &kib))
            return false;
        *used = *used || kib > 0;
    }
    return at == end;
}

bool pm_parse_pid(const char *name, int64_t *pid)
{
    const char *at = name, *end = name + strlen(name);
    uint64_t value;

    if (*name == '0' || !pm_parse_u64(&at, end, &value) || at != end || value > INT64_MAX)
        return false;
    *pid = (int64_t)value;
    return true;
}
