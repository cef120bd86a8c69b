/* SPDX-License-Identifier: MIT */
/* A program with a poll loop of its own: three samples, the worst process of each. */
#include <pausemon/pausemon.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct pausemon_error error;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    int seen = 0;

    if (pausemon_source_open(&source, argc > 1 ? argv[1] : "auto", NULL, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (pausemon_collector_new(&collector, NULL, source, NULL, NULL) < 0)
        return 1;
    while (seen < 3) {
        struct pollfd wait = {pausemon_collector_get_fd(collector), POLLIN, 0};
        poll(&wait, 1, pausemon_collector_get_timeout(collector));

        int status = pausemon_collector_collect(&sample, collector, &error);
        if (status == PAUSEMON_ERR_BUSY)
            continue;
        if (status < 0) {
            fprintf(stderr, "%s\n", error.text);
            break;
        }
        const struct pausemon_process *worst = pausemon_sample_get_rogue(sample, 0);
        if (pausemon_sample_get_info(sample)->rated_count == 0 || !worst)
            continue;
        printf("%s (%" PRId64 "): %" PRIu64 "\n", worst->command, worst->pid, worst->score);
        seen++;
    }
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return seen == 3 ? 0 : 1;
}
