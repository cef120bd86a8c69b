/* SPDX-License-Identifier: MIT */
/* Keeps evidence of each freeze in DIRECTORY and has the program HOOK told of it, until SIGTERM:
 * capture_freezes DIRECTORY [HOOK]. SIGUSR1 asks for evidence now. While evidence is kept nothing
 * is looked at; who cannot afford that has a thread for it, as record_incidents.c has. */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t asked, stopped;

static void note(int number)
{
    *(number == SIGUSR1 ? &asked : &stopped) = 1;
}

int main(int argc, char **argv)
{
    const char *place = argc > 1 ? argv[1] : "events", *hook = argc > 2 ? argv[2] : "";
    struct pausemon_config *config = NULL;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_heartbeat *heartbeat = NULL;
    struct pausemon_forensics *keeper = NULL;
    struct pausemon_error error;

    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = note}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = note}, NULL);
    int failed = pausemon_config_new(&config, NULL, &error) < 0 ||
                 pausemon_config_set(config, "forensics.hook", hook, &error) < 0 ||
                 pausemon_source_open(&source, "auto", NULL, &error) < 0 ||
                 pausemon_monitor_new(&monitor, config, source, NULL, &error) < 0 ||
                 pausemon_forensics_new(&keeper, place, config, NULL, NULL, &error) < 0 ||
                 pausemon_forensics_attach(keeper, monitor, &error) < 0 ||
                 pausemon_heartbeat_start(&heartbeat, monitor, config, NULL, &error) < 0;
    for (; !failed && !stopped; pausemon_monitor_wait(monitor, 1000)) {
        if (asked) {
            asked = 0;
            pausemon_forensics_request(keeper);
        }
        int made = pausemon_forensics_run(keeper, &error);
        if (made != 0) /* one that failed is told, and the next may succeed */
            printf("%s: %s\n", place, made > 0 ? "evidence was kept" : error.text);
        fflush(stdout);
    }
    if (failed)
        fprintf(stderr, "capture_freezes: %s\n", error.text);
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_forensics_free(keeper);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return failed;
}
