/* SPDX-License-Identifier: MIT */
/* How well do threads of this machine sleep? Twenty beats of the heartbeat, beside a monitor that
 * says so when one of them was a pause. */
#include <pausemon/pausemon.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

static void hear_pause(void *user, const struct pausemon_event *event)
{
    char text[PAUSEMON_DURATION_SIZE];

    (void)user;
    pausemon_duration_text(text, pausemon_pause_get_info(event->pause)->duration_ns);
    printf("a pause of %s\n", text);
}

int main(void)
{
    struct pausemon_heartbeat_info info = PAUSEMON_HEARTBEAT_INFO_INIT;
    struct pausemon_error error;
    struct pausemon_config *config;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;

    if (pausemon_config_new(&config, NULL, &error) == 0 &&
        pausemon_config_set(config, "heartbeat.interval_ms", "20", &error) == 0 &&
        pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, config, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, hear_pause, NULL, &error) > 0 &&
        pausemon_heartbeat_start(&heartbeat, monitor, config, NULL, &error) == 0) {
        struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
        while (info.beats < 20) {
            poll(&wait, 1, 100);
            pausemon_monitor_dispatch(monitor);
            pausemon_heartbeat_get_info(heartbeat, &info);
        }
        printf("%" PRIu64 " beats, %" PRIu64 " late\n", info.beats, info.late_beats);
    } else {
        fprintf(stderr, "%s\n", error.text);
    }
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return info.beats >= 20 ? 0 : 1;
}
