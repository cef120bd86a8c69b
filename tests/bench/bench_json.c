/* SPDX-License-Identifier: MIT */
/* What the text form of a sample with 20 rogues costs to write and to read. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#define ROGUES 20

struct text {
    char bytes[65536];
    size_t length;
};

static int keep(void *user, const char *bytes, size_t length)
{
    struct text *text = user;

    if (length > sizeof text->bytes - text->length)
        return PAUSEMON_ERR_LIMIT;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return 0;
}

static void print(const char *what, const struct bench_runs *us, size_t bytes)
{
    double median = bench_median(us);

    printf("  %-6s  %9.0f samples/s   %6.1f us a sample (%.1f to %.1f)   %.0f MB/s\n", what,
           1e6 / median, median, bench_least(us), bench_most(us), (double)bytes / median);
}

static void measure_encode(const struct pausemon_sample *sample, struct text *text, size_t runs,
                           size_t looks)
{
    struct bench_runs us = {.count = 0};

    for (size_t run = 0; run < runs; run++) {
        int64_t start_ns = bench_cpu_ns();
        for (size_t i = 0; i < looks; i++) {
            text->length = 0;
            if (pausemon_json_encode_sample(sample, keep, text) < 0)
                bench_fail("encoding failed", NULL);
        }
        bench_add(&us, (double)(bench_cpu_ns() - start_ns) / 1e3 / (double)looks);
    }
    printf("  %zu bytes a sample with %d rogues\n", text->length, ROGUES);
    print("encode", &us, text->length);
}

static void measure_decode(const struct text *text, size_t runs, size_t looks)
{
    struct bench_runs us = {.count = 0};
    struct pausemon_sample *sample;
    struct pausemon_error error;

    if (!pausemon_has("json")) {
        printf("  decode  skipped: this build has no JSON reader\n");
        return;
    }
    if (pausemon_sample_new(&sample, NULL, NULL) < 0)
        bench_fail("out of memory", NULL);
    for (size_t run = 0; run < runs; run++) {
        int64_t start_ns = bench_cpu_ns();
        for (size_t i = 0; i < looks; i++)
            if (pausemon_json_decode_sample(sample, text->bytes, text->length, &error) < 0)
                bench_fail("decoding failed", &error);
        bench_add(&us, (double)(bench_cpu_ns() - start_ns) / 1e3 / (double)looks);
    }
    if (pausemon_sample_get_info(sample)->rogue_count != ROGUES)
        bench_fail("what was decoded has not as many rogues", NULL);
    print("decode", &us, text->length);
    pausemon_sample_free(sample);
}

int main(int argc, char **argv)
{
    static struct text text;
    bool quick = bench_has_option(argc, argv, "--quick");
    size_t runs = quick ? 3 : 7;
    struct bench_world world;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_config *config;
    const struct pausemon_sample *sample = NULL;

    bench_world_init(&world, ROGUES, false);
    for (size_t i = 0; i < ROGUES; i++)
        world.rows[i].state = PAUSEMON_STATE_UNINTERRUPTIBLE; /* stuck at once: all are rogues */
    if (bench_world_open(&source, &world) < 0 || pausemon_config_new(&config, NULL, NULL) < 0 ||
        pausemon_config_set(config, "scoring.stuck_after_ms", "0", NULL) < 0 ||
        pausemon_collector_new(&collector, config, source, NULL, NULL) < 0)
        bench_fail("cannot begin", NULL);
    for (int i = 0; i < 3; i++) {
        bench_world_step(&world);
        if (pausemon_collector_collect(&sample, collector, NULL) < 0)
            bench_fail("a look failed", NULL);
    }
    if (pausemon_sample_get_info(sample)->rogue_count != ROGUES)
        bench_fail("the sample has not as many rogues as it should", NULL);
    measure_encode(sample, &text, runs, quick ? 5000 : 20000);
    measure_decode(&text, runs, quick ? 1000 : 4000);
    pausemon_collector_free(collector);
    pausemon_config_free(config);
    pausemon_source_free(source);
    bench_world_free(&world);
    return 0;
}
