/* SPDX-License-Identifier: MIT */
/* A program that finds its own hitches: a monitor with a heartbeat in its loop tells a machine that
 * froze from a loop that was busy. */
#include <pausemon/pausemon.h>

#include <poll.h>
#include <stdio.h>
#include <time.h>

static void hear_pause(void *user, const struct pausemon_event *event)
{
    uint64_t *causes = (uint64_t *)user;

    *causes |= UINT64_C(1) << pausemon_pause_get_info(event->pause)->cause;
    pausemon_pause_write_verdict(event->pause, pausemon_write_file, stdout);
    putchar('\n');
}

static double seconds(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC); /* C11 and nothing more */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    struct pausemon_error error;
    struct pausemon_config *config;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;
    uint64_t causes = 0;

    if (pausemon_config_new(&config, NULL, NULL) == 0 &&
        pausemon_config_set(config, "monitor.interval_ms", "200", &error) == 0 &&
        pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, config, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, hear_pause, &causes, NULL) > 0 &&
        pausemon_heartbeat_start(&heartbeat, monitor, config, NULL, &error) == 0) {
        for (int frame = 0; frame < 600 && !causes; frame++) {
            double until = seconds() + 2;
            while (frame == 100 && seconds() < until)
                ; /* the hitch */
            pausemon_monitor_dispatch(monitor);
            poll(NULL, 0, 16);
        }
    }
    pausemon_monitor_free(monitor);
    pausemon_heartbeat_stop(heartbeat);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return causes ? 0 : 1;
}
