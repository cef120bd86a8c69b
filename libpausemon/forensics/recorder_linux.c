/* SPDX-License-Identifier: MIT */
/* An instance of our own beside the system's trace, which is left alone. Its file tracing_on is
 * kept open: the kernel lets nobody remove an instance that somebody holds, and so whoever finds
 * one that can be removed knows that its daemon is gone, in whatever pid namespace that was. */
#include "forensics/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "forensics/trace_cut.h"

#define TRACEFS 0x74726163
#define BUFFER_KB "1024" /* of each CPU */
#define PREFIX "pausemon-"
#define TRIES 3

/* ---- files of a directory ---- */

static int open_directory(int at_fd, const char *path)
{
    return openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* 0, or an errno. */
static int write_text(int fd, const char *text)
{
    ssize_t got;

    do
        got = write(fd, text, strlen(text));
    while (got < 0 && errno == EINTR);
    return got < 0 ? errno : 0;
}

static int set(int directory_fd, const char *path, const char *text)
{
    int fd = openat(directory_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno;
    int os_errno = write_text(fd, text);
    close(fd);
    return os_errno;
}

/* ---- where it is ---- */

/* The descriptor, or a status. */
static int open_tracefs(const char *root, struct pausemon_error *error)
{
    struct statfs info;
    int fd = open_directory(AT_FDCWD, root);

    if (fd < 0)
        return pm_fail_os(error, errno, "flight recorder: cannot open %s", root);
    if (fstatfs(fd, &info) == 0 && info.f_type == TRACEFS)
        return fd;
    close(fd);
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "flight recorder: no tracefs at %s", root);
}

/* Its instances/: the descriptor, or a status. */
static int open_parent(const char *root, struct pausemon_error *error)
{
    int fd = open_tracefs(root ? root : "/sys/kernel/tracing", error);

    if (fd < 0 && fd != PAUSEMON_ERR_DENIED && !root)
        fd = open_tracefs("/sys/kernel/debug/tracing", error);
    if (fd < 0)
        return fd;
    int parent = open_directory(fd, "instances");
    if (parent < 0)
        parent = pm_fail_os(error, errno, "flight recorder: cannot open instances");
    close(fd);
    return parent;
}

int pm_recorder_probe(const char *root, struct pausemon_error *error)
{
    int parent = open_parent(root, error), status = 0;

    if (parent < 0)
        return parent;
    if (faccessat(parent, ".", W_OK, AT_EACCESS) < 0)
        status = pm_fail_os(error, errno, "flight recorder: may not make an instance");
    else if (faccessat(parent, "../events/sched/sched_switch/enable", F_OK, AT_EACCESS) < 0)
        status = pm_fail_os(error, errno, "flight recorder: no event sched_switch");
    close(parent);
    return status;
}

/* ---- setting up ---- */

static bool is_ours(const char *name)
{
    const char *at = name + sizeof PREFIX - 1, *end = name + strlen(name);
    uint64_t pid;

    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 && pm_parse_u64(&at, end, &pid) &&
           at == end;
}

/* Those that nobody holds. What is removed while the directory is read may hide others: they are
 * found at the next start. */
static void remove_stale(int parent)
{
    _Alignas(struct dirent64) char bytes[4096];
    int fd = open_directory(parent, "."); /* with a position of its own */
    ssize_t size;

    while (fd >= 0 && (size = getdents64(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < size;) {
            struct dirent64 *entry = (struct dirent64 *)(void *)(bytes + at);
            at += entry->d_reclen;
            if (is_ours(entry->d_name))
                unlinkat(parent, entry->d_name, AT_REMOVEDIR);
        }
    if (fd >= 0)
        close(fd);
}

/* Makes the instance and holds it; 0, or an errno. */
static int make(struct pm_recorder *recorder)
{
    int os_errno = 0;

    /* Between the two steps another daemon that starts may take it for one of the dead. */
    for (int i = 0; i < TRIES; i++) {
        if (mkdirat(recorder->parent, recorder->name, 0700) < 0)
            return errno;
        recorder->directory = open_directory(recorder->parent, recorder->name);
        if (recorder->directory >= 0)
            recorder->hold =
                openat(recorder->directory, "tracing_on", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (recorder->hold >= 0)
            return 0;
        os_errno = errno;
        if (recorder->directory >= 0)
            close(recorder->directory);
        recorder->directory = -1;
        unlinkat(recorder->parent, recorder->name, AT_REMOVEDIR);
    }
    return os_errno;
}

/* What a reader needs to see who ran, who waited for what, and for how long. No wake-ups: they
 * would halve the time that the buffer reaches back. Not every kernel has all of them. */
static const char *const events[] = {
    "sched/sched_switch",
    "sched/sched_stat_blocked",
    "sched/sched_process_hang",
    "block/block_rq_issue",
    "block/block_rq_complete",
    "block/block_rq_error",
    "vmscan/mm_vmscan_direct_reclaim_begin",
    "vmscan/mm_vmscan_direct_reclaim_end",
    "vmscan/mm_vmscan_memcg_reclaim_begin",
    "vmscan/mm_vmscan_memcg_reclaim_end",
    "vmscan/mm_vmscan_kswapd_wake",
    "vmscan/mm_vmscan_kswapd_sleep",
    "vmscan/mm_vmscan_throttled",
    "compaction/mm_compaction_begin",
    "compaction/mm_compaction_end",
    "oom/mark_victim",
    "power/suspend_resume",
};

/* How many could be switched on. */
static size_t enable_events(int directory)
{
    size_t count = 0;
    char path[96];

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        snprintf(path, sizeof path, "events/%s/enable", events[i]);
        count += set(directory, path, "1") == 0;
    }
    return count;
}

static int start(struct pm_recorder *recorder, struct pausemon_error *error)
{
    static const struct {
        const char *path, *text;
        bool is_needed;
    } settings[] = {
        {"buffer_size_kb", BUFFER_KB, true},
        {"options/overwrite", "1", true},
        {"trace_clock", "mono", false}, /* pauses are told by it: monotonic_ns */
    };

    int os_errno = write_text(recorder->hold, "0");
    if (os_errno)
        return pm_fail_os(error, os_errno, "flight recorder: tracing_on");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        os_errno = set(recorder->directory, settings[i].path, settings[i].text);
        if (os_errno && settings[i].is_needed)
            return pm_fail_os(error, os_errno, "flight recorder: %s", settings[i].path);
    }
    if (enable_events(recorder->directory) == 0)
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                       "flight recorder: no event could be switched on");
    return pm_recorder_resume(recorder, error);
}

int pm_recorder_open(struct pm_recorder *recorder, const char *root, struct pausemon_error *error)
{
    recorder->is_open = false;
    recorder->directory = recorder->hold = -1;
    recorder->parent = open_parent(root, error);
    if (recorder->parent < 0)
        return recorder->parent;
    recorder->pid = getpid();
    snprintf(recorder->name, sizeof recorder->name, PREFIX "%lld", (long long)recorder->pid);
    remove_stale(recorder->parent);
    int os_errno = make(recorder);
    if (os_errno) {
        close(recorder->parent);
        return pm_fail_os(error, os_errno, "flight recorder: cannot make instances/%s",
                          recorder->name);
    }
    recorder->is_open = true;
    int status = start(recorder, error);
    if (status < 0)
        pm_recorder_close(recorder);
    return status;
}

void pm_recorder_close(struct pm_recorder *recorder)
{
    if (!recorder->is_open)
        return;
    recorder->is_open = false;
    bool is_ours_to_end = recorder->pid == getpid();
    if (is_ours_to_end)
        write_text(recorder->hold, "0");
    close(recorder->hold); /* what is held cannot be removed */
    close(recorder->directory);
    if (is_ours_to_end)
        unlinkat(recorder->parent, recorder->name, AT_REMOVEDIR);
    close(recorder->parent);
}

/* ---- using it ---- */

static int check_open(const struct pm_recorder *recorder, struct pausemon_error *error)
{
    return recorder->is_open
               ? 0
               : pm_fail(error, PAUSEMON_ERR_INVALID, "flight recorder: it is not open");
}

int pm_recorder_stop(struct pm_recorder *recorder, struct pausemon_error *error)
{
    int status = check_open(recorder, error);
    int os_errno = status < 0 ? 0 : write_text(recorder->hold, "0");

    return os_errno ? pm_fail_os(error, os_errno, "flight recorder: cannot stop") : status;
}

int pm_recorder_resume(struct pm_recorder *recorder, struct pausemon_error *error)
{
    int status = check_open(recorder, error);

    if (status < 0)
        return status;
    /* Opening it so empties the buffer. */
    int fd = openat(recorder->directory, "trace", O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return pm_fail_os(error, errno, "flight recorder: cannot empty the buffer");
    close(fd);
    int os_errno = write_text(recorder->hold, "1");
    return os_errno ? pm_fail_os(error, os_errno, "flight recorder: cannot start") : 0;
}

/* What was written to, and how that failed. */
struct target {
    int fd, os_errno;
};

static int put(void *user, const char *bytes, size_t length)
{
    struct target *target = user;

    while (length > 0) {
        ssize_t put = write(target->fd, bytes, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            target->os_errno = errno;
            return PAUSEMON_ERR_IO;
        }
        bytes += put;
        length -= (size_t)put;
    }
    return 0;
}

/* All of the text once; a status. */
static int copy(struct pm_recorder *recorder, struct pm_trace_cut *cut,
                struct pausemon_error *error)
{
    struct target *target = cut->user;
    int fd = openat(recorder->directory, "trace", O_RDONLY | O_NOFOLLOW | O_CLOEXEC), status = 0;
    char bytes[8192];
    ssize_t got = 1;

    if (fd < 0)
        return pm_fail_os(error, errno, "flight recorder: cannot open the trace");
    while (got > 0 && status == 0) {
        if (recorder->goes_on && !recorder->goes_on(recorder->user)) {
            status = pm_fail(error, PAUSEMON_ERR_LIMIT, "ended: the program that watches ends");
            break;
        }
        do
            got = read(fd, bytes, sizeof bytes);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            status = pm_fail_os(error, errno, "flight recorder: cannot read the trace");
        else if (pm_trace_cut_feed(cut, bytes, (size_t)got) < 0)
            status = pm_fail_os(error, target->os_errno, "flight recorder: cannot write the trace");
    }
    close(fd);
    return status;
}

int pm_recorder_save(struct pm_recorder *recorder, int fd, uint64_t max_bytes, uint64_t *bytes,
                     struct pausemon_error *error)
{
    struct target target = {fd, 0};
    struct pm_trace_cut cut = {.write = put, .user = &target, .most = max_bytes};
    off_t start = lseek(fd, 0, SEEK_CUR);
    int status = check_open(recorder, error);

    *bytes = 0;
    status = status < 0 ? status : copy(recorder, &cut, error);
    *bytes = cut.written;
    if (status < 0 || !cut.is_full)
        return status;
    /* Too long: the same again without its beginning, and without a little more, for the names in
     * it may have become known meanwhile. */
    if (start < 0 || ftruncate(fd, start) < 0 || lseek(fd, start, SEEK_SET) < 0)
        return pm_fail_os(error, errno, "flight recorder: cannot cut the trace");
    uint64_t skip = cut.total - max_bytes + max_bytes / 64;
    cut = (struct pm_trace_cut){.write = put, .user = &target, .most = max_bytes, .skip = skip};
    status = copy(recorder, &cut, error);
    *bytes = cut.written;
    return status;
}
