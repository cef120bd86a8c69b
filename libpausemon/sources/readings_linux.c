/* SPDX-License-Identifier: MIT */
#include "sources/readings.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sources/procfs_parse.h"
#include "sources/readings_parse.h"

/* ---- files of the machine ---- */

static void take_stat(struct pm_reader *reader, size_t length, struct pm_readings *readings)
{
    pm_parse_machine_stat(reader->text, length, reader->ns_per_tick, readings);
}

static void take_cpu(struct pm_reader *reader, size_t length, struct pm_readings *readings)
{
    pm_parse_pressure(reader->text, length, PM_READ_CPU_SOME, PM_READ_COUNT, readings);
}

static void take_memory(struct pm_reader *reader, size_t length, struct pm_readings *readings)
{
    pm_parse_pressure(reader->text, length, PM_READ_MEMORY_SOME, PM_READ_MEMORY_FULL, readings);
}

static void take_io(struct pm_reader *reader, size_t length, struct pm_readings *readings)
{
    pm_parse_pressure(reader->text, length, PM_READ_IO_SOME, PM_READ_IO_FULL, readings);
}

static void take_cgroup(struct pm_reader *reader, size_t length, struct pm_readings *readings)
{
    pm_parse_cpu_stat(reader->text, length, readings);
}

static const struct {
    const char *path; /* NULL: found by our cgroup */
    void (*take)(struct pm_reader *reader, size_t length, struct pm_readings *readings);
} files[PM_READER_FILES] = {
    {"/proc/stat", take_stat},
    {"/proc/pressure/cpu", take_cpu},
    {"/proc/pressure/memory", take_memory},
    {"/proc/pressure/io", take_io},
    {NULL, take_cgroup},
};

static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* Where a file of /proc comes in pieces, each but the last is about a page. */
#define LEAST_PIECE 1024

/* What there is now; 0: nothing. */
static size_t read_file(struct pm_reader *reader, int fd)
{
    size_t used = 0;
    ssize_t got = LEAST_PIECE;

    while (fd >= 0 && got >= LEAST_PIECE && used < sizeof reader->text) {
        got = pread(fd, reader->text + used, sizeof reader->text - used, (off_t)used);
        used += got > 0 ? (size_t)got : 0;
    }
    return used;
}

/* cpu.stat of the cgroup we are in, where such hierarchies are mounted by custom. */
static int open_cgroup(struct pm_reader *reader)
{
    static const struct {
        const char *controller, *mount;
    } places[] = {{NULL, "/sys/fs/cgroup"},
                  {"cpu", "/sys/fs/cgroup/cpu"},
                  {"cpu", "/sys/fs/cgroup/cpu,cpuacct"}};
    char group[PM_CGROUP_SIZE], path[PM_CGROUP_SIZE + 64];
    int fd = open_file("/proc/self/cgroup"), found = -1;
    size_t length = read_file(reader, fd);

    if (fd >= 0)
        close(fd);
    for (size_t i = 0; i < sizeof places / sizeof places[0] && found < 0; i++) {
        if (!pm_parse_cgroup(reader->text, length, places[i].controller, group))
            continue;
        snprintf(path, sizeof path, "%s%s/cpu.stat", places[i].mount, group);
        found = open_file(path);
    }
    return found;
}

void pm_reader_open(struct pm_reader *reader)
{
    long ticks = sysconf(_SC_CLK_TCK);

    reader->ns_per_tick = PM_NS_PER_S / (uint64_t)(ticks > 0 ? ticks : 100);
    reader->thread_fd = -1;
    reader->has_thread = false;
    for (size_t i = 0; i < PM_READER_FILES; i++)
        reader->files[i] = files[i].path ? open_file(files[i].path) : open_cgroup(reader);
}

void pm_reader_close(struct pm_reader *reader)
{
    for (size_t i = 0; i < PM_READER_FILES; i++)
        if (reader->files[i] >= 0)
            close(reader->files[i]);
    if (reader->thread_fd >= 0)
        close(reader->thread_fd);
}

void pm_reader_watch(struct pm_reader *reader, pthread_t thread, int64_t tid)
{
    char path[64];

    if (reader->thread_fd >= 0)
        close(reader->thread_fd);
    snprintf(path, sizeof path, "/proc/self/task/%lld/schedstat", (long long)tid);
    reader->thread_fd = open_file(path);
    reader->has_thread = pthread_getcpuclockid(thread, &reader->thread_clock) == 0;
}

static void read_thread(struct pm_reader *reader, struct pm_readings *readings)
{
    struct pm_schedstat schedstat;
    struct rusage usage;
    int64_t own_ns = reader->has_thread ? pm_clock_ns(reader->thread_clock) : -1;
    size_t length = read_file(reader, reader->thread_fd);

    if (own_ns >= 0)
        pm_readings_set(readings, PM_READ_OWN_CPU, (uint64_t)own_ns);
    /* All zeros: the kernel does not count. */
    if (pm_parse_schedstat(reader->text, length, &schedstat) && schedstat.switches > 0)
        pm_readings_set(readings, PM_READ_RUN_DELAY, schedstat.wait_ns);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        pm_readings_set(readings, PM_READ_FAULTS, (uint64_t)usage.ru_majflt);
}

void pm_reader_read(struct pm_reader *reader, struct pm_readings *readings)
{
    readings->have = 0;
    readings->cpu_count = 0;
    readings->at_ns = pm_clock_ns(CLOCK_MONOTONIC);
    for (size_t i = 0; i < PM_READER_FILES; i++)
        files[i].take(reader, read_file(reader, reader->files[i]), readings);
    read_thread(reader, readings);
}
