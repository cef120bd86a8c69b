/* SPDX-License-Identifier: MIT */
/* Prints each pause of this machine as soon as it is over, until SIGINT or SIGTERM. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void tell(void *user, const struct pausemon_event *event)
{
    char when[PAUSEMON_TIME_SIZE];

    (void)user;
    pausemon_time_text(when, &pausemon_pause_get_info(event->pause)->start);
    printf("%s  %s", when, event->again ? "(still the same) " : "");
    if (pausemon_pause_write_verdict(event->pause, pausemon_write_file, stdout) < 0 ||
        puts("") == EOF || fflush(stdout) == EOF)
        stopped = 1; /* nobody reads any more */
}

int main(void)
{
    struct sigaction action = {.sa_handler = stop};
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;
    struct pausemon_error error;
    int ready;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    ready = pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
            pausemon_monitor_new(&monitor, NULL, source, NULL, &error) == 0 &&
            pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, tell, NULL, &error) > 0 &&
            pausemon_heartbeat_start(&heartbeat, monitor, NULL, NULL, &error) == 0;
    if (!ready)
        fprintf(stderr, "print_pauses: %s\n", error.text);
    while (ready && !stopped)
        pausemon_monitor_wait(monitor, -1);
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    return ready ? 0 : 1;
}
