/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

/* What the measuring programs share: CPU time, medians, and rows that look like a machine's. */

#include <pausemon/pausemon.h>
#include <stdbool.h>
#include <stddef.h>

/* CPU time of this process: what others do on the machine disturbs it least. */
int64_t bench_cpu_ns(void);

/* Measurements of one thing, kept to say how far they lie apart. */
#define BENCH_MAX_RUNS 16
struct bench_runs {
    double value[BENCH_MAX_RUNS];
    size_t count;
};
void bench_add(struct bench_runs *runs, double value);
double bench_median(const struct bench_runs *runs);
double bench_least(const struct bench_runs *runs);
double bench_most(const struct bench_runs *runs);

/* Ends the program with status 1: it could not measure. */
void bench_fail(const char *what, const struct pausemon_error *error);

/* True if `name` is among the arguments. */
bool bench_has_option(int argc, char **argv, const char *name);

/* A source of rows in memory, all of which change from look to look. */
struct bench_world {
    struct pausemon_row *rows;
    size_t count;
    uint64_t look;
    bool adaptive;   /* as the procfs source: only a few rows are full, the others unchanged */
    int64_t read_ns; /* CPU time that the last look spent in putting rows */
    int64_t at_ns;   /* the time of the look, in a clock of its own */
};
void bench_world_init(struct bench_world *world, size_t count, bool adaptive);
void bench_world_free(struct bench_world *world);
int bench_world_open(struct pausemon_source **source, struct bench_world *world);
/* Lets a second go by: call it between looks, outside of what is measured. */
void bench_world_step(struct bench_world *world);

#endif
