/* SPDX-License-Identifier: MIT */
/* A source of one's own: a program that schedules jobs shows them as processes, and learns which
 * of them hogs. Job 2 burns 90 % of a core; job 3 has not been looked at. */
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <string.h>

#define LOOK_NS 1000000000

struct jobs {
    int64_t looks;
};

static int read_jobs(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct jobs *jobs = (struct jobs *)self;
    struct pausemon_instant time = {0};
    (void)error;

    time.monotonic_ns = ++jobs->looks * LOOK_NS;
    pausemon_sink_at(sink, &time);
    for (int64_t id = 1; id <= 3; id++) {
        struct pausemon_row row = PAUSEMON_ROW_INIT;
        row.pid = id;
        row.have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM;
        row.state = PAUSEMON_STATE_RUNNING;
        row.cpu_ns = (uint64_t)(jobs->looks * LOOK_NS / 100 * (id == 2 ? 90 : 1));
        row.mem = 1 << 20;
        if (id == 3 && jobs->looks > 1)
            row.verb = PAUSEMON_ROW_UNCHANGED;
        snprintf(row.command, sizeof row.command, "job %d", (int)id);
        pausemon_sink_put(sink, &row);
    }
    return PAUSEMON_LOOK_COMPLETE;
}

int main(void)
{
    struct jobs jobs = {0};
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample = NULL;
    struct pausemon_error error;

    ops.read = read_jobs;
    if (pausemon_source_new(&source, "jobs", &ops, &jobs, NULL, &error) < 0 ||
        pausemon_collector_new(&collector, NULL, source, NULL, &error) < 0 ||
        pausemon_collector_collect(&sample, collector, &error) < 0 || /* rates need two looks */
        pausemon_collector_collect(&sample, collector, &error) < 0)
        return fprintf(stderr, "%s\n", error.text), 1;
    const struct pausemon_process *worst = pausemon_sample_get_rogue(sample, 0);
    int right = worst && strcmp(worst->command, "job 2") == 0 && worst->cpu == 900;
    printf("%s\n", right ? "job 2 hogs: 90.0 % of a core" : "wrong");
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return right ? 0 : 1;
}
