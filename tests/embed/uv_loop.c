/* SPDX-License-Identifier: MIT */
/* The monitor in a libuv loop: a poll handle for its descriptor, a timer for its timeout. */
#define _POSIX_C_SOURCE 200809L /* uv.h needs it */
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <uv.h>

static struct pausemon_monitor *monitor;
static uv_poll_t descriptor;
static uv_timer_t timer;
static int samples;

static void on_timer(uv_timer_t *handle)
{
    pausemon_monitor_dispatch(monitor);
    int timeout_ms = pausemon_monitor_get_timeout(monitor);
    if (samples < 2 && timeout_ms >= 0) { /* two: an example ends; -1: a recording is over */
        uv_timer_start(handle, on_timer, (uint64_t)timeout_ms, 0);
        return;
    }
    uv_close((uv_handle_t *)&descriptor, NULL);
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)handle;
    (void)events;
    if (status == 0)
        on_timer(&timer);
}

static void hear(void *user, const struct pausemon_event *event)
{
    const struct pausemon_process *worst = pausemon_sample_get_rogue(event->sample, 0);

    printf("worst: %s\n", worst ? worst->command : "nobody");
    ++*(int *)user;
}

int main(void)
{
    struct pausemon_error error = {0};
    struct pausemon_source *source = NULL;
    uv_loop_t *loop = uv_default_loop();

    if (pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, NULL, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE, hear, &samples, &error) > 0 &&
        uv_poll_init(loop, &descriptor, pausemon_monitor_get_fd(monitor)) == 0 &&
        uv_poll_start(&descriptor, UV_READABLE, on_readable) == 0 &&
        uv_timer_init(loop, &timer) == 0 && uv_timer_start(&timer, on_timer, 0, 0) == 0)
        uv_run(loop, UV_RUN_DEFAULT);
    fputs(error.text, stderr);
    pausemon_monitor_free(monitor); /* after the handle that polls its descriptor */
    pausemon_source_free(source);
    uv_loop_close(loop);
    return samples == 2 ? 0 : 1;
}
