/* SPDX-License-Identifier: MIT */
/* Judges a text that somebody sent: the output of macOS `top -l 2`, here as a string. */
#include <pausemon/pausemon.h>

#include <stdio.h>
#include <string.h>

static const char text[] = "Processes: 2 total, 1 running, 1 sleeping, 5 threads\n"
                           "2026/01/23 12:00:00\n"
                           "\n"
                           "PID   COMMAND    %CPU STATE    MEM   CMPRS #TH CSW   SYSBSD PAGEINS\n"
                           "77    compressor 0.0  running  512M+ 0B    4/1 1000  50000  10     \n"
                           "78    idler      0.0  sleeping 8192K 0B    1   20    30     0      \n"
                           "Processes: 2 total, 1 running, 1 sleeping, 5 threads\n"
                           "2026/01/23 12:00:01\n"
                           "\n"
                           "PID   COMMAND    %CPU STATE    MEM   CMPRS #TH CSW   SYSBSD PAGEINS\n"
                           "77    compressor 99.5 running  513M+ 0B    4/1 3500+ 90000+ 10     \n"
                           "78    idler      0.0  sleeping 8192K 0B    1   20    30     0      \n";

static void complain(void *user, int level, const char *line)
{
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

int main(void)
{
    struct pausemon_host host = PAUSEMON_HOST_INIT;
    struct pausemon_error error;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    uint64_t csw = 0;
    int status;

    host.log = complain;
    if (pausemon_source_open_memory(&source, "top", text, strlen(text), &host, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (pausemon_collector_new(&collector, NULL, source, &host, NULL) < 0)
        return 1;
    while ((status = pausemon_collector_collect(&sample, collector, &error)) == 0) {
        const struct pausemon_process *worst = pausemon_sample_get_rogue(sample, 0);
        if (worst && worst->have & PAUSEMON_HAVE_CSW) {
            csw = worst->csw;
            printf("%s: %d switches per second\n", worst->command, (int)csw);
        }
    }
    if (status != PAUSEMON_ERR_END)
        fprintf(stderr, "%s\n", error.text);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return csw == 2500 ? 0 : 1;
}
