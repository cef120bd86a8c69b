/* SPDX-License-Identifier: MIT */
/* How fast a recorded text of macOS `top -l` is read and judged, from memory. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROCESSES 400
#define MAX_LINE 256

struct text {
    char *bytes;
    size_t length, size;
};

/* As macOS writes it: cells padded to their column, one space between, the last padded too. */
static void put_row(struct text *text, unsigned process, unsigned sample)
{
    static const char *const names[] = {"WindowServer", "kernel_task", "Web Content",
                                        "mdworker_shared", "com.apple.WebKit"};
    static const char *const states[] = {"running", "stuck", "sleeping"};
    unsigned busy = process % 20 == sample % 20, state = busy ? process % 2 : 2;
    char cpu[16];

    snprintf(cpu, sizeof cpu, "%u.%u", busy ? process % 97 : 0, busy ? sample % 10 : 0);
    text->length += (size_t)snprintf(
        text->bytes + text->length, MAX_LINE,
        "%-6u %-16.16s %-5s %-8s %4uM%s %3uM%s %-5u %-10u %-10u %-8u\n", process * 37 + 1,
        names[process % 5], cpu, states[state], process * 11 % 4000, process % 7 ? " " : "+",
        process % 900, process % 9 ? " " : "-", 1 + process % 60,
        process * 1000 + sample * (1 + process % 50), process * 3000 + sample * (2 + process % 90),
        process * 7 + (busy ? sample : 0));
}

static void put_sample(struct text *text, unsigned sample)
{
    time_t seconds = (time_t)1769169600 + (time_t)sample;
    struct tm date;
    char stamp[32];

    gmtime_r(&seconds, &date);
    strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &date);
    text->length += (size_t)sprintf(
        text->bytes + text->length,
        "Processes: %d total, 4 running, %d sleeping, 2345 threads \n%s\n"
        "Load Avg: 2.31, 2.75, 2.90 \nCPU usage: 5.25%% user, 3.5%% sys, 91.70%% idle \n"
        "MemRegions: 120000 total, 5000M resident, 300M private, 1000M shared.\n"
        "PhysMem: 15G used (2000M wired, 1024M compressor), 512M unused.\n"
        "VM: 200T vsize, 5000M framework vsize, 0(0) swapins, 0(0) swapouts.\n"
        "Networks: packets: 1000000/10G in, 2000000/20G out.\n"
        "Disks: 3000000/30G read, 4000000/40G written.\n\n"
        "%-6s %-16s %-5s %-8s %-6s %-5s %-5s %-10s %-10s %-8s\n",
        PROCESSES, PROCESSES - 4, stamp, "PID", "COMMAND", "%CPU", "STATE", "MEM", "CMPRS", "#TH",
        "CSW", "SYSBSD", "PAGEINS");
    for (unsigned process = 0; process < PROCESSES; process++)
        put_row(text, process, sample);
}

static unsigned generate(struct text *text, size_t bytes)
{
    const size_t most = (size_t)(PROCESSES + 16) * MAX_LINE;
    unsigned samples = 0;

    text->size = bytes + most;
    text->bytes = malloc(text->size);
    if (!text->bytes)
        bench_fail("out of memory", NULL);
    for (text->length = 0; text->length < bytes; samples++)
        put_sample(text, samples);
    return samples;
}

static int64_t judge(const struct text *text, unsigned samples)
{
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    struct pausemon_error error;
    unsigned seen = 0;
    int64_t start_ns = bench_cpu_ns();
    int status;

    if (pausemon_source_open_memory(&source, "top", text->bytes, text->length, NULL, &error) < 0)
        bench_fail("the text cannot be opened", &error);
    if (pausemon_collector_new(&collector, NULL, source, NULL, NULL) < 0)
        bench_fail("out of memory", NULL);
    while ((status = pausemon_collector_collect(&sample, collector, &error)) == 0) {
        const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
        if (info->process_count != PROCESSES || info->unreadable || !info->complete)
            bench_fail("a sample was not read as it was written", NULL);
        seen++;
    }
    if (status != PAUSEMON_ERR_END || seen != samples)
        bench_fail("the text was not read to its end", &error);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return bench_cpu_ns() - start_ns;
}

int main(int argc, char **argv)
{
    bool quick = bench_has_option(argc, argv, "--quick");
    struct text text;
    unsigned samples = generate(&text, 20 * 1000 * 1000);
    struct bench_runs ms = {.count = 0};

    for (size_t run = 0; run < (quick ? 3 : 7); run++)
        bench_add(&ms, (double)judge(&text, samples) / 1e6);
    double median = bench_median(&ms);
    printf("  %.1f MB, %u samples of %d processes: %.0f ms (%.0f to %.0f)\n"
           "  %.0f MB/s   %.0f samples/s   %.0f us a sample   %.0f ns a row\n",
           (double)text.length / 1e6, samples, PROCESSES, median, bench_least(&ms), bench_most(&ms),
           (double)text.length / 1e3 / median, samples * 1e3 / median, median * 1e3 / samples,
           median * 1e6 / samples / PROCESSES);
    free(text.bytes);
    return 0;
}
