/* SPDX-License-Identifier: MIT */
/* Who takes most of this machine now: worst_processes [SOURCE]. It takes two looks, because rates
 * are over the time between them. */
#include <pausemon/pausemon.h>

#include <stdio.h>

static void print(const struct pausemon_process *process)
{
    uint64_t cpu;

    printf("%5d %8lld ", (int)process->score, (long long)process->pid);
    if (pausemon_process_get_metric(process, PAUSEMON_HAVE_CPU, &cpu) == 0)
        printf("%7.1f", (double)cpu / 10);
    else
        printf("%7s", "-"); /* unknown is not zero */
    printf("  %s\n", process->command);
}

/* The first sample with rates. It belongs to the collector. NULL: there is none. */
static const struct pausemon_sample *look(struct pausemon_collector *collector,
                                          struct pausemon_error *error)
{
    const struct pausemon_sample *sample;
    int status;

    do
        status = pausemon_collector_wait(&sample, collector, -1, error);
    while (status == PAUSEMON_ERR_BUSY ||
           (status == 0 && pausemon_sample_get_info(sample)->rated_count == 0));
    return sample;
}

int main(int argc, char **argv)
{
    struct pausemon_source *source = NULL;
    struct pausemon_collector *collector = NULL;
    const struct pausemon_sample *sample = NULL;
    const struct pausemon_process *rogue;
    struct pausemon_error error;

    if (pausemon_source_open(&source, argc > 1 ? argv[1] : "auto", NULL, &error) < 0 ||
        pausemon_collector_new(&collector, NULL, source, NULL, &error) < 0 ||
        !(sample = look(collector, &error)))
        fprintf(stderr, "worst_processes: %s\n", error.text);
    else
        puts("score      pid   cpu %  command");
    for (size_t i = 0; sample && (rogue = pausemon_sample_get_rogue(sample, i)); i++)
        print(rogue);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return sample ? 0 : 1;
}
