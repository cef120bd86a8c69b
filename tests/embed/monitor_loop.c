/* SPDX-License-Identifier: MIT */
/* The monitor in a program's own poll loop: one descriptor, one call, one callback. */
#include <pausemon/pausemon.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

static void hear(void *user, const struct pausemon_event *event)
{
    int *samples = (int *)user;

    if (event->type == PAUSEMON_EVENT_SAMPLE) {
        const struct pausemon_sample_info *info = pausemon_sample_get_info(event->sample);
        printf("%" PRIu64 " processes, stress %" PRIu64 "\n", info->process_count, info->stress);
        ++*samples;
    } else if (event->type == PAUSEMON_EVENT_TIER) {
        printf("%s\n", pausemon_tier_action_name(event->action));
    } else if (event->type == PAUSEMON_EVENT_ERROR) {
        fprintf(stderr, "%s\n", event->error->text);
    }
}

int main(void)
{
    struct pausemon_error error;
    struct pausemon_config *config;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    int samples = 0;

    if (pausemon_config_new(&config, NULL, &error) == 0 &&
        pausemon_config_set(config, "monitor.interval_ms", "200", &error) == 0 &&
        pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, config, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_ALL, hear, &samples, &error) > 0) {
        struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
        while (samples < 3 && poll(&wait, 1, -1) >= 0)
            pausemon_monitor_dispatch(monitor);
    } else {
        fprintf(stderr, "%s\n", error.text);
    }
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return samples == 3 ? 0 : 1;
}
