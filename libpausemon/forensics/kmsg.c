/* SPDX-License-Identifier: MIT */
#include "forensics/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/thread.h"
#include "core/arith.h"
#include "forensics/forensics.h"

#define READS 65536 /* a record each: the kernel holds some thousands */
#define READ_NS (UINT64_C(2) * PM_NS_PER_S)
#define CHUNK 8192 /* the longest record */
#define BEFORE_US UINT64_C(60000000)

/* "6,339,5140900,-" up to the semicolon: the third number. */
static bool parse_time(const char *at, const char *end, uint64_t *us)
{
    uint64_t number;

    for (int i = 0; i < 2; i++) {
        if (!pm_parse_u64(&at, end, &number) || at == end || *at != ',')
            return false;
        at++;
    }
    return pm_parse_u64(&at, end, us) && (at == end || *at == ',');
}

bool pm_kmsg_line(char line[PM_KMSG_LINE], const char *bytes, size_t length, uint64_t since_us)
{
    const char *semicolon = length ? memchr(bytes, ';', length) : NULL;
    uint64_t us;

    if (!semicolon || !parse_time(bytes, semicolon, &us) || us < since_us)
        return false;
    int used = snprintf(line, PM_KMSG_LINE, "[%5llu.%06llu] ", (unsigned long long)(us / 1000000),
                        (unsigned long long)(us % 1000000));
    pm_text_clean(line + used, PM_KMSG_LINE - (size_t)used, semicolon + 1,
                  length - (size_t)(semicolon + 1 - bytes));
    return true;
}

/* Whole lines of what was read; what is behind the last newline is half a line, and left out. */
static int write_lines(struct pm_out *out, const char *bytes, size_t length, uint64_t since_us)
{
    char line[PM_KMSG_LINE];
    const char *end;
    int status = 0;

    while (status == 0 && length > 0 && (end = memchr(bytes, '\n', length))) {
        size_t taken = (size_t)(end - bytes);
        if (pm_kmsg_line(line, bytes, taken, since_us)) {
            status = pm_out_text(out, line);
            if (status == 0)
                status = pm_out_text(out, "\n");
        }
        bytes += taken + 1;
        length -= taken + 1;
    }
    return status;
}

static int read_all(int fd, struct pm_out *out, uint64_t since_us, struct pausemon_error *why)
{
    char bytes[CHUNK];
    int64_t start_ns = pm_system_monotonic_ns();
    int status = 0;

    for (int i = 0; status == 0 && i < READS; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno == EAGAIN))
            return 0;
        if (got < 0 && errno != EPIPE && errno != EINTR) /* EPIPE: overwritten, the next is there */
            return pm_fail_os(why, errno, "/dev/kmsg");
        if (got > 0)
            status = write_lines(out, bytes, (size_t)got, since_us);
        if (pm_elapsed(start_ns, pm_system_monotonic_ns()) > READ_NS)
            return pm_fail(why, PAUSEMON_ERR_LIMIT, "/dev/kmsg: not all was read in 2 s");
    }
    return status;
}

/* The kernel counts from its start and stands still in a suspend, as the monotonic clock does. */
int pm_artifact_kmsg(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why)
{
    int64_t start_ns =
        capture->has_pause ? capture->pause.info.start.monotonic_ns : capture->begun.monotonic_ns;
    uint64_t start_us = start_ns > 0 ? (uint64_t)start_ns / 1000 : 0;
    char path[PATH_MAX];

    if (pm_forensics_path(capture->forensics, "/dev/kmsg", path) < 0)
        return PAUSEMON_ERR_LIMIT;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return pm_fail_os(why, errno, "/dev/kmsg");
    int status = read_all(fd, out, pm_less(start_us, BEFORE_US), why);
    close(fd);
    return status;
}
