/* SPDX-License-Identifier: MIT */
/* What judging costs: rows from memory through the whole path (put, rates, select, score), and
 * the score alone.
 *
 *   bench_judge [--quick]
 *   bench_judge --only full|adaptive ROWS LOOKS     nothing but that, for counting instructions */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judge {
    struct bench_world world;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
};

struct cost {
    int64_t all_ns, put_ns;
};

static struct cost look(struct judge *judge)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;

    bench_world_step(&judge->world);
    int64_t start_ns = bench_cpu_ns();
    int status = pausemon_collector_collect(&sample, judge->collector, &error);
    struct cost cost = {bench_cpu_ns() - start_ns, judge->world.read_ns};
    if (status < 0)
        bench_fail("a look failed", &error);
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    if (info->process_count != judge->world.count || info->unreadable ||
        (judge->world.look > 1 && info->rated_count != judge->world.count))
        bench_fail("the look did not judge every row", NULL);
    return cost;
}

static void open_judge(struct judge *judge, size_t count, bool adaptive)
{
    bench_world_init(&judge->world, count, adaptive);
    if (bench_world_open(&judge->source, &judge->world) < 0 ||
        pausemon_collector_new(&judge->collector, NULL, judge->source, NULL, NULL) < 0)
        bench_fail("out of memory", NULL);
    look(judge); /* the table grows in the first, and there are no rates before the second */
    look(judge);
}

static void close_judge(struct judge *judge)
{
    pausemon_collector_free(judge->collector);
    pausemon_source_free(judge->source);
    bench_world_free(&judge->world);
}

static void measure_judge(size_t count, bool adaptive, size_t runs, size_t rows_a_run)
{
    struct judge judge;
    struct bench_runs all = {.count = 0}, put = {.count = 0};
    size_t looks = rows_a_run / count;

    open_judge(&judge, count, adaptive);
    for (size_t run = 0; run < runs; run++) {
        struct cost sum = {0, 0};
        for (size_t i = 0; i < looks; i++) {
            struct cost one = look(&judge);
            sum.all_ns += one.all_ns;
            sum.put_ns += one.put_ns;
        }
        bench_add(&all, (double)sum.all_ns / (double)(looks * count));
        bench_add(&put, (double)sum.put_ns / (double)(looks * count));
    }
    printf("  %6zu rows, %-8s  %7.1f ns a process (%.1f to %.1f)   put + rates %.1f, "
           "select + score %.1f\n",
           count, adaptive ? "adaptive" : "full", bench_median(&all), bench_least(&all),
           bench_most(&all), bench_median(&put), bench_median(&all) - bench_median(&put));
    close_judge(&judge);
}

static void measure_score(size_t runs, size_t calls_a_run)
{
    const size_t count = 1000;
    struct judge judge;
    struct bench_runs each = {.count = 0};
    struct pausemon_config *config;
    uint64_t sum = 0;

    open_judge(&judge, count, false);
    if (pausemon_config_new(&config, NULL, NULL) < 0)
        bench_fail("out of memory", NULL);
    for (size_t run = 0; run < runs; run++) {
        size_t calls = 0;
        int64_t start_ns = bench_cpu_ns();
        for (; calls < calls_a_run; calls++)
            sum += (uint64_t)pausemon_score_process(
                config, pausemon_collector_get_process(judge.collector, calls % count));
        bench_add(&each, (double)(bench_cpu_ns() - start_ns) / (double)calls);
    }
    printf("  pausemon_score_process  %7.1f ns a call (%.1f to %.1f), mean score %.1f\n",
           bench_median(&each), bench_least(&each), bench_most(&each),
           (double)sum / (double)(runs * calls_a_run));
    pausemon_config_free(config);
    close_judge(&judge);
}

static int run_only(char **argument)
{
    size_t count = strtoul(argument[1], NULL, 10), looks = strtoul(argument[2], NULL, 10);
    struct judge judge;

    if (count == 0 || looks == 0)
        bench_fail("--only full|adaptive ROWS LOOKS", NULL);
    open_judge(&judge, count, strcmp(argument[0], "adaptive") == 0);
    for (size_t i = 0; i < looks; i++)
        look(&judge);
    close_judge(&judge);
    return 0;
}

int main(int argc, char **argv)
{
    bool quick = bench_has_option(argc, argv, "--quick");
    size_t runs = quick ? 3 : 7, rows = quick ? 400000 : 2000000;

    if (argc == 5 && strcmp(argv[1], "--only") == 0)
        return run_only(argv + 2);
    for (int adaptive = 0; adaptive < 2; adaptive++)
        for (size_t count = 1000; count <= 10000; count *= 10)
            measure_judge(count, adaptive, runs, rows);
    measure_score(runs, quick ? 2000000 : 5000000);
    return 0;
}
