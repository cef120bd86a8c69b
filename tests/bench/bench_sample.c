/* SPDX-License-Identifier: MIT */
/* Looks at all processes once a second, as a monitor does, and says what that cost.
 *
 *   bench_sample [--full] [--looks N]
 *
 * --full: every file of every process in every look. The procfs source trusts CPU clocks only
 * where /proc shows it under its own pid; in a pid namespace of its own, with the outer /proc,
 * it cannot, and reads everything. Needs CAP_SYS_ADMIN.
 *
 * One line of name=value; per look, the first WARM not counted. */
#include "bench.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM 2

struct memory {
    unsigned long calls; /* resizes other than frees */
    size_t live;         /* bytes */
};

static void *count_resize(void *user, void *pointer, size_t size)
{
    struct memory *memory = user;

    memory->live -= pointer ? malloc_usable_size(pointer) : 0;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    memory->calls++;
    void *fresh = realloc(pointer, size);
    memory->live += fresh || pointer ? malloc_usable_size(fresh ? fresh : pointer) : 0;
    return fresh;
}

struct totals {
    unsigned looks;
    int64_t cpu_ns, first_us;
    struct bench_runs each_us; /* of as many as there is room for */
    uint64_t cost_us;
    uint64_t processes, read;
    unsigned long warm_calls;
};

/* How many there are, and of how many the files were read in this look: their memory is new. */
static void count_processes(struct totals *totals, const struct pausemon_collector *collector)
{
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_collector_get_process(collector, i)); i++) {
        totals->processes++;
        totals->read += process->have & PAUSEMON_HAVE_MEM && process->mem_age_ns == 0;
    }
}

static void sleep_until(const struct timespec *start, time_t seconds)
{
    struct timespec due = {start->tv_sec + seconds, start->tv_nsec};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue;
}

static void look_on(struct totals *totals, struct pausemon_collector *collector,
                    const struct memory *memory, unsigned looks)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;
    struct timespec start;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned i = 0; i < looks; i++) {
        /* The waking up is part of the cost, the counting is not. */
        int64_t begin_ns = bench_cpu_ns();
        sleep_until(&start, (time_t)i);
        if (pausemon_collector_collect(&sample, collector, &error) < 0)
            bench_fail("a look failed", &error);
        int64_t took_ns = bench_cpu_ns() - begin_ns;
        const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
        if (i == 0)
            totals->first_us = (int64_t)info->cost_us;
        if (i == WARM - 1)
            totals->warm_calls = memory->calls;
        if (i < WARM)
            continue;
        totals->looks++;
        totals->cpu_ns += took_ns;
        if (totals->each_us.count < BENCH_MAX_RUNS)
            bench_add(&totals->each_us, (double)took_ns / 1e3);
        totals->cost_us += info->cost_us;
        count_processes(totals, collector);
    }
}

static unsigned long resident_kib(void)
{
    unsigned long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu %lu", &size, &pages) != 2)
        bench_fail("/proc/self/statm cannot be read", NULL);
    fclose(file);
    return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void measure(unsigned looks)
{
    struct memory memory = {0, 0};
    struct pausemon_host host = PAUSEMON_HOST_INIT;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_error error;
    struct totals totals = {0};

    host.user = &memory;
    host.resize = count_resize;
    if (pausemon_source_open(&source, "procfs:/proc", &host, &error) < 0)
        bench_fail("/proc cannot be opened", &error);
    if (pausemon_collector_new(&collector, NULL, source, &host, NULL) < 0)
        bench_fail("out of memory", NULL);
    look_on(&totals, collector, &memory, looks);
    printf("cpu_us=%.1f median_us=%.1f worst_us=%.1f cost_us=%.1f first_us=%lld processes=%llu "
           "read=%llu "
           "rss_kib=%lu live_kib=%lu allocations=%lu\n",
           (double)totals.cpu_ns / 1e3 / totals.looks, bench_median(&totals.each_us),
           bench_most(&totals.each_us), (double)totals.cost_us / totals.looks,
           (long long)totals.first_us, (unsigned long long)totals.processes / totals.looks,
           (unsigned long long)totals.read / totals.looks, resident_kib(),
           (unsigned long)(memory.live / 1024), memory.calls - totals.warm_calls);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}

/* Status 2: it is not allowed here. */
static int measure_in_namespace(unsigned looks)
{
    int status;

    if (unshare(CLONE_NEWPID) != 0) {
        printf("a pid namespace of its own: %s\n", strerror(errno));
        return 2;
    }
    pid_t child = fork();
    if (child < 0)
        bench_fail("fork failed", NULL);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        measure(looks);
        exit(0);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    unsigned looks = 10;

    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--looks") == 0)
            looks = (unsigned)strtoul(argv[i + 1], NULL, 10);
    if (looks <= WARM || looks > 3600)
        bench_fail("--looks 3..3600", NULL);
    if (bench_has_option(argc, argv, "--full"))
        return measure_in_namespace(looks);
    measure(looks);
    return 0;
}
