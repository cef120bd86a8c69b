/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/looking.h"
#include "pausemon/table.h"

/* A source that only ever fails is given up: at once if it should always answer, after so many
 * tries if it has a child that is restarted. */
#define MAX_FAILURES 5

struct sampling {
    struct looking looking;
    struct pausemon_collector *collector;
    const struct pausemon_process **processes; /* grows */
    size_t capacity;
    int all, json;
    int64_t wanted; /* -1: all there are */
    int64_t looks, printed;
    int failures; /* in a row */
    int failed;   /* any */
};

static int by_score(const void *a, const void *b)
{
    const struct pausemon_process *one = *(const struct pausemon_process *const *)a;
    const struct pausemon_process *other = *(const struct pausemon_process *const *)b;

    if (one->score != other->score)
        return one->score < other->score ? 1 : -1;
    if (one->cpu != other->cpu)
        return one->cpu < other->cpu ? 1 : -1;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

/* The rogues, in their order, or everybody. */
static int gather(struct sampling *sampling, const struct pausemon_sample *sample, size_t *count)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    size_t needed = sampling->all ? info->process_count : info->rogue_count;

    if (needed > sampling->capacity) {
        void *fresh = realloc(sampling->processes, needed * sizeof *sampling->processes);
        if (!fresh)
            return -1;
        sampling->processes = fresh;
        sampling->capacity = needed;
    }
    for (size_t i = 0; i < needed; i++)
        sampling->processes[i] = sampling->all
                                     ? pausemon_collector_get_process(sampling->collector, i)
                                     : pausemon_sample_get_rogue(sample, i);
    if (sampling->all && needed > 0)
        qsort(sampling->processes, needed, sizeof *sampling->processes, by_score);
    *count = needed;
    return 0;
}

/* 0, or -1 when the output is closed. */
static int print_sample(struct sampling *sampling, const struct pausemon_sample *sample)
{
    size_t count;

    if (gather(sampling, sample, &count) < 0 ||
        (!sampling->json && table_print(sample, sampling->processes, count) < 0))
        return args_fail("pausemon sample", -1, "out of memory");
    if (sampling->json && sampling->all)
        pausemon_json_encode_snapshot(sample, sampling->processes, count, pausemon_write_file,
                                      stdout);
    else if (sampling->json)
        pausemon_json_encode_sample(sample, pausemon_write_file, stdout);
    if (sampling->json)
        putchar('\n');
    sampling->printed++;
    return out_finish("pausemon sample", stdout);
}

/* One look: 1 to go on, 0 at the end. */
static int look(struct sampling *sampling)
{
    const struct pausemon_sample *sample;
    struct pausemon_error error;

    int status = pausemon_collector_collect(&sample, sampling->collector, &error);
    if (status == PAUSEMON_ERR_BUSY)
        return 1;
    if (status == PAUSEMON_ERR_END)
        return 0;
    if (status < 0) {
        args_fail("pausemon sample", 0, "%s", error.text);
        sampling->failed = 1;
        int tries = pausemon_collector_get_fd(sampling->collector) >= 0 ? MAX_FAILURES : 1;
        return sampling->looking.is_recording || ++sampling->failures < tries;
    }
    sampling->failures = 0;
    sampling->looks++;
    if (pausemon_sample_get_info(sample)->rated_count > 0 && print_sample(sampling, sample) < 0) {
        sampling->failed = 1;
        return 0;
    }
    return sampling->wanted < 0 || sampling->printed < sampling->wanted;
}

static int finish(const struct sampling *sampling)
{
    if (sampling->failed)
        return EXIT_ERROR;
    if (sampling->printed == 0 && !looking_is_interrupted())
        return args_fail("pausemon sample", EXIT_ERROR,
                         "%s: %lld look%s, and rates need two of the same processes",
                         pausemon_source_get_name(sampling->looking.source),
                         (long long)sampling->looks, sampling->looks == 1 ? "" : "s");
    return EXIT_OK;
}

static int run_sample(const struct args *args)
{
    struct sampling sampling = {.all = args_get(args, "all") != NULL,
                                .json = args_get(args, "json") != NULL};
    struct looking *looking = &sampling.looking;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    int code = looking_open(looking, args);
    if (code == 0 && pausemon_collector_new(&sampling.collector, looking->config, looking->source,
                                            &looking->host, NULL) < 0)
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    if (code == 0) {
        looking_catch_interrupt();
        sampling.wanted = looking->count > 0                             ? looking->count
                          : looking->count == 0 || looking->is_recording ? -1
                                                                         : 1;
        while (look(&sampling) && !looking_is_interrupted())
            if (!looking->is_recording)
                looking_wait(pausemon_collector_get_fd(sampling.collector),
                             pausemon_collector_get_timeout(sampling.collector));
        code = finish(&sampling);
    }
    free(sampling.processes);
    pausemon_collector_free(sampling.collector);
    looking_close(looking);
    return code;
}

static const struct arg_option options[] = {
    LOOKING_OPTIONS,
    {"all", 'a', NULL, "every process, not only the rogues"},
    {"json", 0, NULL, "a JSON object a line"},
    {NULL, 0, NULL, NULL},
};

const struct command command_sample = {
    .name = "sample",
    .help = "look now, judge every process, show the rogues",
    .more =
        "Rates need two looks, so the first sample comes after one interval. Without -n one sample "
        "is\n"
        "shown, of a recording all. \"-\" is what could not be read: unknown, not zero. CMPRS is "
        "memory\n"
        "compressed or swapped out; PAGEINS major faults, CSW context switches, SYSBSD system "
        "calls\n"
        "(on Linux read and write calls), each per second. \"!\" marks a name in "
        "suspects.patterns.\n",
    .options = options,
    .run = run_sample,
};
