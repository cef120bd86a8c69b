/* SPDX-License-Identifier: MIT */
/* The monitor as a GSource of a GLib main loop: its descriptor and its timeout. */
#include <glib.h>
#include <pausemon/pausemon.h>

struct watch {
    GSource source;
    struct pausemon_monitor *monitor;
    GMainLoop *loop;
};

static gboolean prepare(GSource *source, gint *timeout_ms)
{
    *timeout_ms = pausemon_monitor_get_timeout(((struct watch *)source)->monitor);
    return *timeout_ms == 0;
}

/* Without a function of its own for `check` a source is ready when its descriptor is. */
static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    (void)callback, (void)user;
    pausemon_monitor_dispatch(((struct watch *)source)->monitor);
    return G_SOURCE_CONTINUE;
}

static void hear(void *user, const struct pausemon_event *event)
{
    struct watch *watch = (struct watch *)user;
    const struct pausemon_process *worst = pausemon_sample_get_rogue(event->sample, 0);

    g_print("worst: %s\n", worst ? worst->command : "nobody");
    if (pausemon_ring_get_count(pausemon_monitor_get_ring(watch->monitor)) == 2)
        g_main_loop_quit(watch->loop);
}

int main(void)
{
    GSourceFuncs functions = {.prepare = prepare, .dispatch = dispatch};
    GSource *source = g_source_new(&functions, sizeof(struct watch));
    struct watch *watch = (struct watch *)source;
    struct pausemon_source *processes = NULL;
    struct pausemon_error why = {0};

    watch->loop = g_main_loop_new(NULL, FALSE);
    if (pausemon_source_open(&processes, "auto", NULL, &why) == 0 &&
        pausemon_monitor_new(&watch->monitor, NULL, processes, NULL, &why) == 0 &&
        pausemon_monitor_subscribe(watch->monitor, PAUSEMON_EVENT_SAMPLE, hear, watch, &why) > 0) {
        g_source_add_unix_fd(source, pausemon_monitor_get_fd(watch->monitor), G_IO_IN);
        g_source_attach(source, NULL);
        g_main_loop_run(watch->loop);
    }
    if (why.status != 0)
        g_printerr("%s\n", why.text);
    g_source_destroy(source); /* before the monitor, whose descriptor it polls */
    pausemon_monitor_free(watch->monitor);
    pausemon_source_free(processes);
    g_main_loop_unref(watch->loop);
    g_source_unref(source);
    return why.status != 0;
}
