/* SPDX-License-Identifier: MIT */
/* The last ten pauses and escalations: last_incidents [DATABASE], by default that of the daemon,
 * which may be writing it. */
#include <pausemon/pausemon.h>

#include <stdio.h>

static void print_time(const struct pausemon_instant *instant)
{
    char text[PAUSEMON_TIME_SIZE];

    pausemon_time_text(text, instant);
    printf("%s  ", text);
}

static int print_pause(void *user, const struct pausemon_pause *pause)
{
    int status;

    (void)user;
    print_time(&pausemon_pause_get_info(pause)->start);
    status = pausemon_pause_write_verdict(pause, pausemon_write_file, stdout);
    puts("");
    return status;
}

static int print_escalation(void *user, const struct pausemon_escalation *escalation)
{
    (void)user;
    print_time(&escalation->start);
    printf("%s, stress up to %d%s%s%s\n", pausemon_tier_name(escalation->peak_tier),
           (int)escalation->peak_stress, escalation->open ? ", goes on" : "",
           escalation->notes ? ": " : "", escalation->notes ? escalation->notes : "");
    return 0;
}

int main(int argc, char **argv)
{
    struct pausemon_history_filter last = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_history *history = NULL;
    struct pausemon_error error;
    char path[4096];
    int failed;

    last.limit = 10;
    failed = (argc < 2 && pausemon_place_find(path, sizeof path, PAUSEMON_PLACE_DATABASE,
                                              PAUSEMON_OWNER_ANY, &error) < 0) ||
             pausemon_history_open(&history, argc < 2 ? path : argv[1], NULL, &error) < 0 ||
             pausemon_history_pauses(history, &last, print_pause, NULL, &error) < 0 ||
             pausemon_history_events(history, &last, print_escalation, NULL, &error) < 0;
    if (failed)
        fprintf(stderr, "last_incidents: %s\n", error.text);
    pausemon_history_free(history);
    return failed;
}
