/* SPDX-License-Identifier: MIT */
/* A game that asks whose doing a late frame was. Frame 60 is its own; so is the loop. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <time.h>

enum { FRAME_NS = 16666667, LATE_NS = 50000000, LOAD_NS = 400000000 };

static int64_t play(int64_t until_ns)
{
    struct pausemon_instant now;

    do
        pausemon_now(NULL, &now);
    while (now.monotonic_ns < until_ns);
    return now.monotonic_ns;
}

static void tell(void *explained, const struct pausemon_event *event)
{
    uint64_t cause = pausemon_pause_get_info(event->pause)->cause;

    fputs(cause == PAUSEMON_CAUSE_HOST ? "ours: " : "not ours: ", stdout);
    if (pausemon_pause_write_verdict(event->pause, pausemon_write_file, stdout) == 0)
        puts("");
    ++*(int *)explained;
}

int main(void)
{
    struct pausemon_config *config = NULL;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;
    struct pausemon_error error;
    int explained = 0;

    if (pausemon_config_new(&config, NULL, &error) == 0 &&
        pausemon_config_set(config, "pause.record_ms", "50", &error) == 0 &&
        pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, config, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, tell, &explained, &error) > 0 &&
        pausemon_heartbeat_start(&heartbeat, monitor, config, NULL, &error) == 0)
        for (int frame = 0; frame < 240; frame++) {
            int64_t begin = play(0), end = play(begin + (frame == 60 ? LOAD_NS : FRAME_NS / 8));
            if (end - begin > LATE_NS)
                pausemon_monitor_report_late(monitor, begin + FRAME_NS, end);
            pausemon_monitor_dispatch(monitor); /* never waits */
            nanosleep(&(struct timespec){0, FRAME_NS - FRAME_NS / 8}, NULL);
        }
    else
        fprintf(stderr, "game_frames: %s\n", error.text);
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return !explained;
}
