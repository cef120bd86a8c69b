/* SPDX-License-Identifier: MIT */
/* Keeps the last 30 seconds in memory, and prints them as JSON lines on SIGUSR1. Ends with SIGTERM.
 */
#define _POSIX_C_SOURCE 200809L
#include <pausemon/pausemon.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t asked, stopped;

static void note(int number)
{
    if (number == SIGUSR1)
        asked = 1;
    else
        stopped = 1;
}

static int dump(const struct pausemon_ring *ring, FILE *file)
{
    const struct pausemon_sample *sample;
    int status = 0;

    for (size_t i = 0; status == 0 && (sample = pausemon_ring_get(ring, i, NULL)); i++) {
        status = pausemon_json_encode_sample(sample, pausemon_write_file, file);
        if (status == 0)
            status = pausemon_write_file(file, "\n", 1);
    }
    return fflush(file) == 0 ? status : PAUSEMON_ERR_IO;
}

int main(void)
{
    struct sigaction action = {.sa_handler = note};
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    struct pausemon_error error;
    int failed;

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    failed = pausemon_source_open(&source, "auto", NULL, &error) < 0 ||
             pausemon_monitor_new(&monitor, NULL, source, NULL, &error) < 0;
    while (!failed && !stopped) {
        pausemon_monitor_wait(monitor, -1); /* until a look is due, or a signal came */
        if (asked) {
            asked = 0;
            if (dump(pausemon_monitor_get_ring(monitor), stdout) < 0)
                failed = pausemon_error_set(&error, PAUSEMON_ERR_IO, 0, "cannot write") < 0;
        }
    }
    if (failed)
        fprintf(stderr, "dump_ring: %s\n", error.text);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    return failed;
}
