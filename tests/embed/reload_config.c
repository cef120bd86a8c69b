/* SPDX-License-Identifier: MIT */
/* A monitor by a file of settings that is read anew on SIGHUP, until SIGTERM: reload_config FILE.
 * A file that is not good changes nothing. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t asked = 1, stopped;

static void note(int number)
{
    *(number == SIGHUP ? &asked : &stopped) = 1;
}

static void complain(void *path, int level, const struct pausemon_error *error)
{
    const char *how = level == PAUSEMON_LOG_ERROR ? "error" : "warning";
    fprintf(stderr, "%s:%d: %s: %s\n", (char *)path, (int)error->line, how, error->text);
}

static void say(void *file, const struct pausemon_event *event)
{
    fprintf(file, "stress %d\n", (int)pausemon_sample_get_info(event->sample)->stress);
    fflush(file); /* for who reads a pipe */
}

int main(int argc, char **argv)
{
    char *path = argc > 1 ? argv[1] : "config.toml";
    struct pausemon_config *config = NULL;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_error error;

    sigaction(SIGHUP, &(struct sigaction){.sa_handler = note}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = note}, NULL);
    int bad = pausemon_config_new(&config, NULL, &error) < 0 ||
              pausemon_source_open(&source, "auto", NULL, &error) < 0 ||
              pausemon_monitor_new(&monitor, config, source, NULL, &error) < 0 ||
              pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE, say, stdout, &error) < 0;
    if (bad)
        fprintf(stderr, "reload_config: %s\n", error.text);
    while (!bad && !stopped) {
        if (asked) {
            asked = 0;
            pausemon_config_reset(config); /* a key that has left the file has its default again */
            if (pausemon_config_load(config, path, complain, path, &error) == 0)
                pausemon_monitor_set_config(monitor, config);
            else
                fprintf(stderr, "%s; nothing was changed\n", error.text);
        }
        pausemon_monitor_wait(monitor, -1);
    }
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return bad;
}
