/* SPDX-License-Identifier: MIT */
/* Looks at the first thread of every process, and then at the others of those that have several:
 * where time runs out, what most people look for has been seen. */
#include "sources/stuck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/thread.h"
#include "sources/procfs_parse.h"
#include "sources/stuck_text.h"

#define MOST_THREADS 64   /* of one process */
#define MOST_THREADED 768 /* processes whose other threads are looked at */

struct look {
    struct pm_stuck_writer writer;
    int64_t deadline_ns;
    bool stacks;
    bool timed_out;
    size_t threaded_count;
    int64_t threaded[MOST_THREADED]; /* pids */
    char stat[1024], wchan[256], stack[4096];
};

/* Entries of a directory, without memory of its own. */
struct entries {
    int fd;
    ssize_t size, at;
    _Alignas(struct dirent64) char bytes[2048];
};

static bool is_over(struct look *look)
{
    look->timed_out = look->timed_out || pm_system_monotonic_ns() >= look->deadline_ns;
    return look->timed_out;
}

static int open_directory(int at_fd, const char *path)
{
    return openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Where the root is a copy, a name may be anything: a link is not followed, a pipe does not block.
 * The length, or a negative errno. */
static ssize_t read_file(int at_fd, const char *path, char *bytes, size_t size)
{
    int fd = openat(at_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -errno;
    do
        got = read(fd, bytes, size);
    while (got < 0 && errno == EINTR);
    got = got < 0 ? -errno : got;
    close(fd);
    return got;
}

/* The next name that is a number; false: there are no more. */
static bool next_entry(struct entries *entries, int64_t *number)
{
    for (;;) {
        if (entries->at >= entries->size) {
            entries->size = getdents64(entries->fd, entries->bytes, sizeof entries->bytes);
            entries->at = 0;
        }
        if (entries->size <= 0)
            return false;
        struct dirent64 *entry = (struct dirent64 *)(void *)(entries->bytes + entries->at);
        entries->at += entry->d_reclen;
        if (pm_parse_pid(entry->d_name, number))
            return true;
    }
}

/* ---- one task ---- */

static size_t read_stack(struct look *look, int root_fd, int64_t pid, int64_t tid)
{
    char path[80];

    if (!look->stacks || !pm_stuck_takes_stacks(&look->writer))
        return 0;
    snprintf(path, sizeof path, "%lld/task/%lld/stack", (long long)pid, (long long)tid);
    ssize_t got = read_file(root_fd, path, look->stack, sizeof look->stack);
    if (got < 0 && got != -ENOENT && got != -ESRCH)
        look->writer.stuck->stack_errno = (int)-got;
    return got > 0 ? (size_t)got : 0;
}

static void add(struct look *look, int root_fd, int64_t pid, int64_t tid,
                const struct pm_stat *stat)
{
    struct pm_stuck_task task = {.pid = pid,
                                 .tid = tid,
                                 .name = stat->command,
                                 .name_length = stat->command_length,
                                 .wchan = look->wchan,
                                 .stack = look->stack};
    char path[80];

    snprintf(path, sizeof path, "%lld/task/%lld/wchan", (long long)pid, (long long)tid);
    ssize_t got = read_file(root_fd, path, look->wchan, sizeof look->wchan);
    task.wchan_length = got > 0 ? (size_t)got : 0;
    task.stack_length = read_stack(look, root_fd, pid, tid);
    pm_stuck_add(&look->writer, &task);
}

/* How many threads its process has; 0: it is gone. */
static uint64_t look_at(struct look *look, int root_fd, int64_t pid, int64_t tid)
{
    struct pm_stat stat;
    char path[80];

    snprintf(path, sizeof path, "%lld/task/%lld/stat", (long long)pid, (long long)tid);
    ssize_t got = read_file(root_fd, path, look->stat, sizeof look->stat);
    if (got <= 0 || !pm_parse_stat(look->stat, (size_t)got, &stat))
        return 0;
    look->writer.stuck->seen++;
    if (stat.state == PAUSEMON_STATE_UNINTERRUPTIBLE)
        add(look, root_fd, pid, tid, &stat);
    return stat.threads;
}

/* ---- all of them ---- */

static void look_at_first_threads(struct look *look, int root_fd)
{
    struct entries entries = {.fd = root_fd};
    int64_t pid;

    while (!is_over(look) && next_entry(&entries, &pid)) {
        if (look_at(look, root_fd, pid, pid) < 2)
            continue;
        if (look->threaded_count < MOST_THREADED)
            look->threaded[look->threaded_count++] = pid;
        else
            look->writer.stuck->complete = false;
    }
}

static void look_at_other_threads(struct look *look, int root_fd, int64_t pid)
{
    struct entries entries = {.fd = -1};
    size_t count = 0;
    char path[64];
    int64_t tid;

    snprintf(path, sizeof path, "%lld/task", (long long)pid);
    entries.fd = open_directory(root_fd, path);
    if (entries.fd < 0)
        return; /* gone, most likely */
    while (!is_over(look) && next_entry(&entries, &tid)) {
        if (count++ == MOST_THREADS) {
            look->writer.stuck->complete = false;
            break;
        }
        if (tid != pid)
            look_at(look, root_fd, pid, tid);
    }
    close(entries.fd);
}

bool pm_stuck_is_available(void)
{
    return true;
}

int pm_stuck_look(struct pm_stuck *stuck, const char *root, int64_t limit_ns, bool stacks)
{
    struct look look;
    int root_fd = open_directory(AT_FDCWD, root);

    pm_stuck_begin(&look.writer, stuck);
    if (root_fd < 0)
        return errno == ENOENT ? PAUSEMON_ERR_NOT_FOUND : PAUSEMON_ERR_IO;
    look.deadline_ns = pm_system_monotonic_ns() + limit_ns;
    look.stacks = stacks;
    look.timed_out = false;
    look.threaded_count = 0;
    look_at_first_threads(&look, root_fd);
    for (size_t i = 0; i < look.threaded_count && !is_over(&look); i++)
        look_at_other_threads(&look, root_fd, look.threaded[i]);
    close(root_fd);
    stuck->complete = stuck->complete && !look.timed_out;
    pm_stuck_finish(&look.writer);
    return 0;
}
