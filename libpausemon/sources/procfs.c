/* SPDX-License-Identifier: MIT */
/* Linux: all processes of a proc file system.
 *
 * A process whose CPU clock did not move has not run, so nothing it does has changed: it costs a
 * clock, no file. What others can change about it (memory by reclaim, a state set from outside)
 * is read again every REFRESH looks; what was uninterruptible, every time. */
#include "sources/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sources/procfs_parse.h"

#define PROC_MAGIC 0x9fa0
#define REFRESH 15

/* ---- what is known from the look before ---- */

static struct pm_procfs_known *find_known(struct pm_procfs *procfs, int64_t pid)
{
    uint32_t index = pm_map_get(&procfs->index, pid);

    return index == PM_MAP_NONE ? NULL : &procfs->known[index];
}

/* Without memory a process stays unknown, and is read fully every time. */
static struct pm_procfs_known *add_known(struct pm_procfs *procfs, int64_t pid)
{
    if (procfs->count == procfs->capacity) {
        size_t capacity = procfs->capacity ? procfs->capacity * 2 : 256;
        void *fresh = pm_resize(&procfs->host, procfs->known, capacity * sizeof *procfs->known);
        if (!fresh)
            return NULL;
        procfs->known = fresh;
        procfs->capacity = capacity;
    }
    if (pm_map_set(&procfs->index, pid, (uint32_t)procfs->count) < 0)
        return NULL;
    struct pm_procfs_known *known = &procfs->known[procfs->count++];
    *known = (struct pm_procfs_known){.pid = pid};
    return known;
}

static void forget_ended(struct pm_procfs *procfs)
{
    for (size_t i = procfs->count; i-- > 0;) {
        struct pm_procfs_known *known = &procfs->known[i], *last;
        if (known->look == procfs->look)
            continue;
        pm_map_remove(&procfs->index, known->pid);
        last = &procfs->known[--procfs->count];
        if (known == last)
            continue;
        *known = *last;
        pm_map_set(&procfs->index, known->pid, (uint32_t)i); /* replaces: cannot fail */
    }
}

/* ---- one process ---- */

static enum pm_procfs_result read_row(struct pm_procfs *procfs, struct pausemon_row *row,
                                      const struct pm_procfs_known *known)
{
    bool unchanged =
        procfs->has_clocks && !procfs->wants_full && known && known->clock_ns == row->cpu_ns;

    if (!unchanged)
        return pm_procfs_read_full(procfs, row, known);
    bool refresh = (uint64_t)row->pid % REFRESH == procfs->look % REFRESH;
    if (known->state == PAUSEMON_STATE_UNINTERRUPTIBLE || refresh) {
        row->verb = PAUSEMON_ROW_PARTIAL;
        return pm_procfs_read_idle(procfs, row);
    }
    row->verb = PAUSEMON_ROW_UNCHANGED;
    row->state = known->state;
    return PM_PROCFS_OK;
}

/* It stays as it is known, and is read fully next time. */
static void postpone(struct pm_procfs *procfs, struct pm_procfs_known *known)
{
    procfs->incomplete = true;
    /* Who was refused something counts already. */
    procfs->skipped += !known || !known->denied;
    if (!known)
        return;
    known->clock_ns = UINT64_MAX;
    known->look = procfs->look;
}

static void remember(const struct pm_procfs *procfs, struct pm_procfs_known *known,
                     const struct pausemon_row *row)
{
    known->clock_ns = row->cpu_ns;
    known->state = row->state;
    known->look = procfs->look;
    if (row->verb == PAUSEMON_ROW_FULL) {
        known->threads = procfs->threads;
        known->child_faults = procfs->child_faults;
        known->denied = row->denied != 0;
    }
}

static void look_at(struct pm_procfs *procfs, int64_t pid, struct pausemon_sink *sink)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    struct pm_procfs_known *known = find_known(procfs, pid);

    row.pid = pid;
    row.read_ns = pm_monotonic_ns(&procfs->host);
    if (procfs->has_clocks) {
        if (!pm_procfs_clock(pid, &row.cpu_ns))
            return; /* gone since the directory was read */
        row.have = PAUSEMON_HAVE_CPU;
    }
    procfs->exhausted = false;
    enum pm_procfs_result result = read_row(procfs, &row, known);
    if (procfs->exhausted) {
        postpone(procfs, known);
        return;
    }
    if (result == PM_PROCFS_UNREADABLE)
        procfs->skipped++;
    if (result != PM_PROCFS_OK)
        return;
    pausemon_sink_put(sink, &row);
    if (!known)
        known = add_known(procfs, pid);
    if (known)
        remember(procfs, known, &row);
}

/* ---- the source ---- */

static void begin(struct pm_procfs *procfs, const struct pausemon_sink *sink)
{
    int length = pm_procfs_read_file(procfs, procfs->root_fd, "swaps");

    procfs->look++;
    procfs->skipped = 0;
    procfs->incomplete = false;
    procfs->wants_full = pausemon_sink_wants_full(sink);
    procfs->threads_left = PM_PROCFS_MAX_THREADS_LOOK;
    procfs->wants = pausemon_sink_wants(sink);
    /* A kernel without swapping has no such file. What cannot be understood may be in use. */
    if (length < 0)
        procfs->swap_used = length != -ENOENT;
    else if (!pm_parse_swaps(procfs->text, (size_t)length, &procfs->swap_used))
        procfs->swap_used = true;
}

static int procfs_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct pm_procfs *procfs = self;
    uint64_t found = 0;
    ssize_t size;

    begin(procfs, sink);
    if (lseek(procfs->root_fd, 0, SEEK_SET) < 0)
        return pm_fail_os(error, errno, "%s: cannot read the directory again", procfs->name);
    while ((size = getdents64(procfs->root_fd, procfs->entries, sizeof procfs->entries)) > 0) {
        for (ssize_t at = 0; at < size;) {
            struct dirent64 *entry = (struct dirent64 *)(void *)(procfs->entries + at);
            int64_t pid;
            at += entry->d_reclen;
            if (!pm_parse_pid(entry->d_name, &pid))
                continue;
            found++;
            look_at(procfs, pid, sink);
        }
    }
    if (size < 0)
        return pm_fail_os(error, errno, "%s: cannot read the directory", procfs->name);
    if (found == 0)
        return pm_fail(error, PAUSEMON_ERR_NOT_FOUND,
                       "%s: no process in it: this does not look like a proc file system",
                       procfs->name);
    if (procfs->skipped)
        pausemon_sink_skipped(sink, procfs->skipped);
    forget_ended(procfs);
    return procfs->incomplete ? PAUSEMON_LOOK_PARTIAL : PAUSEMON_LOOK_COMPLETE;
}

static void procfs_close(void *self)
{
    struct pm_procfs *procfs = self;

    close(procfs->root_fd);
    pm_map_free(&procfs->index);
    pm_free(&procfs->host, procfs->known);
    pm_free(&procfs->host, procfs);
}

/* Clocks go by our pids: only a /proc that shows us under our own pid speaks of the same ones. */
static bool is_own_proc(int root_fd)
{
    struct statfs fs;
    char target[24], pid[24];
    ssize_t length;

    if (fstatfs(root_fd, &fs) != 0 || fs.f_type != PROC_MAGIC)
        return false;
    length = readlinkat(root_fd, "self", target, sizeof target - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    return strcmp(target, pid) == 0;
}

int pm_open_procfs(struct pausemon_source **source, const struct pm_opener_input *input,
                   struct pausemon_error *error)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    const char *root = input->argument ? input->argument : "/proc";
    struct pm_host host;

    pm_host_init(&host, input->host);
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pm_fail_os(error, errno, "procfs: cannot open \"%s\"", root);
    struct pm_procfs *procfs = pm_alloc(&host, sizeof *procfs);
    if (!procfs) {
        close(fd);
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "procfs: out of memory");
    }
    procfs->host = host;
    procfs->root_fd = fd;
    snprintf(procfs->name, sizeof procfs->name, "procfs:%s", root);
    procfs->has_clocks = is_own_proc(fd);
    procfs->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    procfs->ns_per_tick = PM_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    pm_map_init(&procfs->index, &procfs->host);
    ops.read = procfs_read;
    ops.close = procfs_close;
    return pm_source_wrap(source, procfs->name, &ops, procfs, input->host, error);
}
