/* SPDX-License-Identifier: MIT */
/* A simulation with memory and a clock of its own: a megabyte that is never exceeded, and time
 * that stands still until it is moved. Once warm, a thousand looks ask for no memory. */
#include "arena.h"
#include <pausemon/pausemon.h>

#include <stdio.h>

struct simulation {
    struct arena arena;
    int64_t now_ns;
};

static void *resize(void *user, void *pointer, size_t size)
{
    return arena_resize(&((struct simulation *)user)->arena, pointer, size);
}

static void read_clock(void *user, struct pausemon_instant *now)
{
    memset(now, 0, sizeof *now);
    now->monotonic_ns = now->boottime_ns = ((struct simulation *)user)->now_ns;
}

/* One process, that takes half a core. */
static int read_process(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    (void)error;
    row.have = PAUSEMON_HAVE_CPU;
    row.cpu_ns = (uint64_t)((struct simulation *)self)->now_ns / 2;
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

int main(void)
{
    static struct simulation simulation;
    const struct pausemon_host host = {sizeof host, &simulation, resize, NULL, read_clock};
    const struct pausemon_source_ops ops = {sizeof ops, read_process, NULL, NULL, NULL};
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    size_t warm = 0;

    if (pausemon_source_new(&source, "simulated", &ops, &simulation, &host, NULL) < 0 ||
        pausemon_monitor_new(&monitor, NULL, source, &host, NULL) < 0)
        return 1;
    for (int look = 0; look <= 1000; look++) {
        simulation.now_ns += 1000000000; /* as long as the default interval */
        pausemon_monitor_feed(monitor);
        warm = look == 0 ? simulation.arena.calls : warm;
    }
    const uint64_t cpu = pausemon_monitor_get_process(monitor, 0)->cpu;
    const size_t more = simulation.arena.calls - warm;
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    printf("%d ‰ of a core; memory was asked for %zu times, %zu left\n", (int)cpu, more,
           simulation.arena.live);
    return cpu == 500 && more == 0 && simulation.arena.live == 0 ? 0 : 1;
}
