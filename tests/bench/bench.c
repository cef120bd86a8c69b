/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

int64_t bench_cpu_ns(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        bench_fail("the CPU clock cannot be read", NULL);
    return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

void bench_add(struct bench_runs *runs, double value)
{
    size_t at = runs->count;

    if (at == BENCH_MAX_RUNS)
        bench_fail("more runs than there is room for", NULL);
    for (; at > 0 && runs->value[at - 1] > value; at--)
        runs->value[at] = runs->value[at - 1];
    runs->value[at] = value;
    runs->count++;
}

double bench_median(const struct bench_runs *runs)
{
    size_t middle = runs->count / 2;

    if (runs->count == 0)
        return 0;
    return runs->count % 2 ? runs->value[middle]
                           : (runs->value[middle - 1] + runs->value[middle]) / 2;
}

double bench_least(const struct bench_runs *runs)
{
    return runs->count ? runs->value[0] : 0;
}

double bench_most(const struct bench_runs *runs)
{
    return runs->count ? runs->value[runs->count - 1] : 0;
}

void bench_fail(const char *what, const struct pausemon_error *error)
{
    fprintf(stderr, "bench: %s%s%s\n", what, error ? ": " : "", error ? error->text : "");
    exit(1);
}

bool bench_has_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

/* ---- a world of rows ---- */

/* The same values in every run: only the machine may make a difference. */
static uint64_t mix(uint64_t seed)
{
    seed = (seed ^ seed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94D049BB133111EB);
    return seed ^ seed >> 31;
}

/* Most are small and few are large, as on a machine. */
static uint64_t skewed(uint64_t seed, uint64_t most)
{
    uint64_t value = mix(seed) % most;

    return value >> mix(seed + 1) % 16;
}

static void init_row(struct pausemon_row *row, uint64_t number)
{
    static const char *const names[] = {"systemd-journal", "postgres", "kworker/3:1", "bash",
                                        "Web Content",     "node"};

    *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
    row->have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS |
                PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD |
                PAUSEMON_HAVE_THREADS | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME |
                PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES | PAUSEMON_HAVE_CHILD_CPU |
                PAUSEMON_HAVE_STATE;
    row->pid = (int64_t)number * 7 + 1;
    row->ppid = 1;
    row->start_time = (int64_t)(mix(number) % 1000000);
    row->state = mix(number + 5) % 50 ? PAUSEMON_STATE_SLEEPING : PAUSEMON_STATE_RUNNING;
    row->mem = skewed(number + 2, UINT64_C(1) << 33);
    row->cmprs = mix(number) % 4 ? 0 : skewed(number + 3, UINT64_C(1) << 30);
    row->threads = 1 + skewed(number + 4, 100);
    snprintf(row->command, sizeof row->command, "%s-%u",
             names[number % (sizeof names / sizeof names[0])], (unsigned)(number % 100));
}

static void step_row(struct pausemon_row *row, uint64_t seed)
{
    row->cpu_ns += skewed(seed, SECOND_NS);
    row->pageins += skewed(seed + 1, 500);
    row->csw += skewed(seed + 2, 50000);
    row->sysbsd += skewed(seed + 3, 100000);
    row->run_delay_ns += skewed(seed + 4, SECOND_NS / 10);
    row->io_bytes += skewed(seed + 5, 1 << 24);
    row->child_cpu_ns += skewed(seed + 6, SECOND_NS / 10);
}

/* 1 of 20 has run; of the others 1 of 15 has its memory read again; the rest is unchanged. */
static void step_adaptive(struct bench_world *world, size_t i)
{
    const uint64_t idle = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_STATE | PAUSEMON_HAVE_PPID |
                          PAUSEMON_HAVE_START_TIME | PAUSEMON_HAVE_THREADS | PAUSEMON_HAVE_PAGEINS |
                          PAUSEMON_HAVE_CHILD_CPU | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS;
    struct pausemon_row *row = &world->rows[i], whole;

    if (world->look <= 1 || i % 20 == world->look % 20) {
        init_row(&whole, i);
        row->have = whole.have;
        row->verb = PAUSEMON_ROW_FULL;
        memcpy(row->command, whole.command, sizeof row->command);
        step_row(row, i + world->look * world->count);
    } else if (i % 15 == world->look % 15) {
        row->verb = PAUSEMON_ROW_PARTIAL;
        row->have = idle;
    } else {
        row->verb = PAUSEMON_ROW_UNCHANGED;
        row->have = PAUSEMON_HAVE_CPU;
        row->command[0] = '\0';
    }
}

void bench_world_init(struct bench_world *world, size_t count, bool adaptive)
{
    *world = (struct bench_world){.count = count, .adaptive = adaptive, .at_ns = SECOND_NS};
    world->rows = calloc(count, sizeof *world->rows);
    if (!world->rows)
        bench_fail("out of memory", NULL);
    for (size_t i = 0; i < count; i++)
        init_row(&world->rows[i], i);
}

void bench_world_free(struct bench_world *world)
{
    free(world->rows);
    world->rows = NULL;
}

void bench_world_step(struct bench_world *world)
{
    world->look++;
    world->at_ns += SECOND_NS;
    for (size_t i = 0; i < world->count; i++)
        if (world->adaptive)
            step_adaptive(world, i);
        else
            step_row(&world->rows[i], i + world->look * world->count);
}

static int world_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct bench_world *world = self;
    struct pausemon_instant now = {world->at_ns, world->at_ns, world->at_ns, 0};
    int64_t start_ns = bench_cpu_ns();

    (void)error;
    pausemon_sink_at(sink, &now);
    for (size_t i = 0; i < world->count; i++)
        pausemon_sink_put(sink, &world->rows[i]);
    world->read_ns = bench_cpu_ns() - start_ns;
    return PAUSEMON_LOOK_COMPLETE;
}

int bench_world_open(struct pausemon_source **source, struct bench_world *world)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;

    ops.read = world_read;
    return pausemon_source_new(source, "bench", &ops, world, NULL, NULL);
}
