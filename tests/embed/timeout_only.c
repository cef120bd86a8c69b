/* SPDX-License-Identifier: MIT */
/* A host that only has timers, such as a game loop: "call me again in so many ms". It keeps the
 * last minute, follows the tiers and looks four times a second. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <time.h>

static void sleep_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

int main(void)
{
    struct pausemon_error error;
    struct pausemon_config *config;
    struct pausemon_source *source = NULL;
    struct pausemon_collector *collector = NULL;
    struct pausemon_tiers *tiers = NULL;
    struct pausemon_ring *ring = NULL;
    const struct pausemon_sample *sample;
    int status = 1;

    if (pausemon_config_new(&config, NULL, &error) < 0 ||
        pausemon_config_set(config, "monitor.interval_ms", "250", &error) < 0 ||
        pausemon_source_open(&source, "auto", NULL, &error) < 0 ||
        pausemon_collector_new(&collector, config, source, NULL, &error) < 0 ||
        pausemon_tiers_new(&tiers, config, NULL, &error) < 0 ||
        pausemon_ring_new(&ring, pausemon_ring_capacity_for(config), NULL, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        goto out;
    }
    while (pausemon_ring_get_count(ring) < 4) {
        sleep_ms(pausemon_collector_get_timeout(collector));
        if (pausemon_collector_collect(&sample, collector, &error) < 0)
            continue;
        const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
        uint64_t actions;
        uint64_t tier =
            pausemon_tiers_update(tiers, info->stress, info->time.monotonic_ns, &actions);
        pausemon_ring_push(ring, sample, tier);
        if (actions & PAUSEMON_TIER2_ENTRY)
            printf("it gets tight\n");
    }
    printf("%zu samples kept\n", pausemon_ring_get_count(ring));
    status = 0;
out:
    pausemon_ring_free(ring);
    pausemon_tiers_free(tiers);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return status;
}
