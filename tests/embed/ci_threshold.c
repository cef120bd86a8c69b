/* SPDX-License-Identifier: MIT */
/* Fails a build whose recording shows more stress than it may: ci_threshold RECORDING MAX, as in
 * `ci_threshold replay:look.jsonl 60`. Exits with 0 (within), 1 (above) or 2 (cannot tell). */
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <stdlib.h>

struct verdict {
    uint64_t allowed, samples, above, failed;
};

static void judge(void *user, const struct pausemon_event *event)
{
    struct verdict *verdict = user;

    if (event->type == PAUSEMON_EVENT_ERROR) {
        fprintf(stderr, "ci_threshold: %s\n", event->error->text);
        verdict->failed++;
    } else {
        const struct pausemon_process *worst = pausemon_sample_get_rogue(event->sample, 0);
        uint64_t stress = pausemon_sample_get_info(event->sample)->stress;

        verdict->samples++;
        if (stress > verdict->allowed && ++verdict->above)
            printf("sample %llu: stress %d, worst %s\n", (unsigned long long)verdict->samples,
                   (int)stress, worst ? worst->command : "-");
    }
}

int main(int argc, char **argv)
{
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_error error;
    struct verdict verdict = {0, 0, 0, 0};

    if (argc != 3) {
        fprintf(stderr, "usage: ci_threshold RECORDING MAX\n");
        return 2;
    }
    verdict.allowed = strtoull(argv[2], NULL, 10);
    if (pausemon_source_open(&source, argv[1], NULL, &error) < 0 ||
        pausemon_monitor_new(&monitor, NULL, source, NULL, &error) < 0 ||
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_ERROR, judge,
                                   &verdict, &error) < 0)
        fprintf(stderr, "ci_threshold: %s\n", error.text);
    else
        while (pausemon_monitor_feed(monitor) >= 0)
            ; /* until the recording is over */
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    return verdict.failed || !verdict.samples ? 2 : verdict.above > 0;
}
