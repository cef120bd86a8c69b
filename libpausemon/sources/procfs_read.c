/* SPDX-License-Identifier: MIT */
/* Reads one process. Never cmdline, environ, maps, smaps: they can hang the reader or stall the
 * process (docs/decisions/0005). */
#include "sources/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sources/procfs_parse.h"

bool pm_procfs_clock(int64_t pid, uint64_t *cpu_ns)
{
    struct timespec time;
    /* What clock_getcpuclockid(3) computes, without its system call to check the pid. */
    clockid_t clock = (clockid_t)(~(uint32_t)pid << 3 | 2);

    if (pid > INT32_MAX || clock_gettime(clock, &time) != 0)
        return false;
    *cpu_ns = (uint64_t)time.tv_sec * PM_NS_PER_S + (uint64_t)time.tv_nsec;
    return true;
}

/* That we could not ask is not an answer: nothing was refused, nobody is gone. */
static int note_failure(struct pm_procfs *procfs, int os_errno)
{
    if (os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOMEM)
        procfs->exhausted = true;
    return -os_errno;
}

int pm_procfs_read_file(struct pm_procfs *procfs, int directory_fd, const char *path)
{
    /* Where the root is a copy, a name may be anything: a link is not followed, a pipe does not
     * block. */
    int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t length;

    if (fd < 0)
        return note_failure(procfs, errno);
    do
        length = read(fd, procfs->text, sizeof procfs->text);
    while (length < 0 && errno == EINTR);
    int result = length < 0 ? note_failure(procfs, errno) : (int)length;
    close(fd);
    return result;
}

/* "PID/name"; digits by hand, for there are several a process. */
static const char *make_path(char path[64], int64_t pid, const char *name)
{
    char digits[24];
    size_t count = 0, used = 0;

    do
        digits[count++] = (char)('0' + pid % 10);
    while ((pid /= 10) > 0);
    while (count > 0)
        path[used++] = digits[--count];
    path[used++] = '/';
    memcpy(path + used, name, strlen(name) + 1); /* one of those in this file: they fit */
    return path;
}

static int read_of(struct pm_procfs *procfs, int64_t pid, const char *name)
{
    char path[64];

    return pm_procfs_read_file(procfs, procfs->root_fd, make_path(path, pid, name));
}

static bool is_gone(int result)
{
    return result == -ENOENT || result == -ESRCH;
}

/* ---- the files; each sets its bits, or those of `denied` ---- */

static void set_stat(const struct pm_procfs *procfs, struct pausemon_row *row,
                     const struct pm_stat *stat)
{
    pm_text_clean(row->command, sizeof row->command, stat->command, stat->command_length);
    row->state = stat->state;
    row->ppid = stat->ppid;
    row->start_time = (int64_t)stat->start_time;
    row->threads = stat->threads;
    row->pageins = stat->majflt;
    row->child_cpu_ns = (stat->cutime + stat->cstime) * procfs->ns_per_tick;
    row->have |= PAUSEMON_HAVE_STATE | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME |
                 PAUSEMON_HAVE_THREADS | PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CHILD_CPU;
    if (!(row->have & PAUSEMON_HAVE_CPU)) {
        row->cpu_ns = (stat->utime + stat->stime) * procfs->ns_per_tick;
        row->have |= PAUSEMON_HAVE_CPU;
    }
}

static enum pm_procfs_result read_stat(struct pm_procfs *procfs, struct pausemon_row *row,
                                       struct pm_stat *stat)
{
    int length = read_of(procfs, row->pid, "stat");

    if (is_gone(length))
        return PM_PROCFS_GONE;
    if ((length == -EACCES || length == -EPERM) && row->have & PAUSEMON_HAVE_CPU) {
        /* hidepid: the files are hidden, the clock is not. */
        row->denied = procfs->wants & ~(uint64_t)PAUSEMON_HAVE_CPU;
        return PM_PROCFS_OK;
    }
    if (length < 0 || !pm_parse_stat(procfs->text, (size_t)length, stat))
        return PM_PROCFS_UNREADABLE;
    set_stat(procfs, row, stat);
    return PM_PROCFS_OK;
}

static void read_memory(struct pm_procfs *procfs, struct pausemon_row *row)
{
    const uint64_t have = PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS;
    uint64_t pages = 0;
    bool known;

    if (procfs->swap_used) {
        int length = read_of(procfs, row->pid, "status");
        known = length > 0 && pm_parse_status(procfs->text, (size_t)length, &row->mem, &row->cmprs);
    } else {
        int length = read_of(procfs, row->pid, "statm");
        known = length > 0 && pm_parse_statm(procfs->text, (size_t)length, &pages) &&
                pages <= UINT64_MAX / procfs->page_size;
        row->mem = pages * procfs->page_size;
        row->cmprs = 0; /* nothing of anybody is swapped out */
    }
    *(known ? &row->have : &row->denied) |= have;
}

/* With a child that it waits for, a process gets all that the child, and those that the child had
 * waited for, ever read and wrote: that is none of its own. It gets their page faults too, and
 * there is no process without any. */
static void read_io(struct pm_procfs *procfs, struct pausemon_row *row,
                    const struct pm_procfs_known *known)
{
    const uint64_t have = PAUSEMON_HAVE_SYSBSD | PAUSEMON_HAVE_IO_BYTES;
    int length = read_of(procfs, row->pid, "io");
    size_t size = length > 0 ? (size_t)length : 0;

    *(pm_parse_io_calls(procfs->text, size, &row->sysbsd) ? &row->have : &row->denied) |=
        PAUSEMON_HAVE_SYSBSD;
    *(pm_parse_io_bytes(procfs->text, size, &row->io_bytes) ? &row->have : &row->denied) |=
        PAUSEMON_HAVE_IO_BYTES;
    if (known && known->child_faults != procfs->child_faults)
        row->restarted |= have;
}

static uint64_t hash(int64_t tid)
{
    uint64_t mixed = (uint64_t)tid * UINT64_C(0x9E3779B97F4A7C15);

    return mixed ^ mixed >> 29;
}

/* Sums over threads, and which they were. None of the old ones has ended if the first so many of
 * now are the old ones (the kernel lists them as they began), or those up to the largest old id
 * (ids grow, until they wrap). Either proves it. */
struct sum {
    uint64_t run_ns;
    struct pm_procfs_threads threads, old;
    uint64_t first_key, lower_key;
};

static bool add_thread(struct pm_procfs *procfs, int length, int64_t tid, struct sum *sum,
                       struct pausemon_row *row)
{
    struct pm_schedstat schedstat;

    if (length < 0 || !pm_parse_schedstat(procfs->text, (size_t)length, &schedstat))
        return false;
    row->csw += schedstat.switches;
    row->run_delay_ns += schedstat.wait_ns;
    sum->run_ns += schedstat.run_ns;
    sum->threads.key += hash(tid);
    if (sum->threads.count++ < sum->old.count)
        sum->first_key += hash(tid);
    if (tid <= sum->old.last)
        sum->lower_key += hash(tid);
    if (tid > sum->threads.last)
        sum->threads.last = tid;
    return true;
}

static bool add_threads(struct pm_procfs *procfs, int task_fd, struct sum *sum,
                        struct pausemon_row *row)
{
    char path[64];
    ssize_t size;

    while ((size = getdents64(task_fd, procfs->thread_entries, sizeof procfs->thread_entries)) >
           0) {
        for (ssize_t at = 0; at < size;) {
            struct dirent64 *entry = (struct dirent64 *)(void *)(procfs->thread_entries + at);
            int64_t tid;
            at += entry->d_reclen;
            if (!pm_parse_pid(entry->d_name, &tid))
                continue;
            int length = pm_procfs_read_file(procfs, task_fd, make_path(path, tid, "schedstat"));
            /* One that ended while we read is not in the sum, nor in its key. */
            if (!is_gone(length) && !add_thread(procfs, length, tid, sum, row))
                return false;
        }
    }
    return size == 0;
}

static bool sum_schedstat(struct pm_procfs *procfs, struct sum *sum, struct pausemon_row *row)
{
    char path[64];

    if (row->threads <= 1)
        return add_thread(procfs, read_of(procfs, row->pid, "schedstat"), row->pid, sum, row);
    int task_fd = openat(procfs->root_fd, make_path(path, row->pid, "task"),
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (task_fd < 0) {
        note_failure(procfs, errno);
        return false;
    }
    bool good = add_threads(procfs, task_fd, sum, row);
    close(task_fd);
    return good;
}

/* Unknown, though nobody refused them: past the bounds, and where the kernel does not count (all
 * is 0 although the process has run). A thread that ended took its counts with it: then the sum
 * starts anew. */
static void read_schedstat(struct pm_procfs *procfs, struct pausemon_row *row,
                           const struct pm_procfs_known *known)
{
    const uint64_t have = PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_RUN_DELAY;
    struct sum sum = {.run_ns = 0};

    if (known)
        sum.old = known->threads;
    procfs->threads = (struct pm_procfs_threads){0};
    if (row->threads > 1) {
        if (row->threads > PM_PROCFS_MAX_THREADS || row->threads > procfs->threads_left)
            return;
        procfs->threads_left -= (size_t)row->threads;
    }
    if (!sum_schedstat(procfs, &sum, row)) {
        row->denied |= have;
        return;
    }
    procfs->threads = sum.threads;
    if (sum.run_ns > 0 || row->csw > 0 || row->cpu_ns == 0)
        row->have |= have;
    if (known && sum.first_key != sum.old.key && sum.lower_key != sum.old.key)
        row->restarted |= have;
}

/* What was refused may have been refused because the process ended meanwhile. */
static enum pm_procfs_result settle(const struct pm_procfs *procfs, const struct pausemon_row *row)
{
    uint64_t unused;

    return row->denied && procfs->has_clocks && !pm_procfs_clock(row->pid, &unused) ? PM_PROCFS_GONE
                                                                                    : PM_PROCFS_OK;
}

enum pm_procfs_result pm_procfs_read_full(struct pm_procfs *procfs, struct pausemon_row *row,
                                          const struct pm_procfs_known *known)
{
    struct pm_stat stat = {0};
    enum pm_procfs_result result = read_stat(procfs, row, &stat);

    if (result != PM_PROCFS_OK || row->denied)
        return result;
    procfs->child_faults = stat.cminflt;
    if (stat.is_kernel_thread) {
        /* No memory of its own; its I/O is done for others and not in its io file. */
        row->have |= PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS;
    } else {
        if (procfs->wants & (PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS))
            read_memory(procfs, row);
        if (procfs->wants & (PAUSEMON_HAVE_SYSBSD | PAUSEMON_HAVE_IO_BYTES))
            read_io(procfs, row, known);
    }
    if (procfs->wants & (PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_RUN_DELAY))
        read_schedstat(procfs, row, known);
    return settle(procfs, row);
}

enum pm_procfs_result pm_procfs_read_idle(struct pm_procfs *procfs, struct pausemon_row *row)
{
    struct pm_stat stat = {0};
    enum pm_procfs_result result = read_stat(procfs, row, &stat);

    if (result != PM_PROCFS_OK || row->denied)
        return result;
    if (!stat.is_kernel_thread && procfs->wants & (PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS))
        read_memory(procfs, row);
    return settle(procfs, row);
}
