/* SPDX-License-Identifier: MIT */
/* Plays a recording through a monitor, on a clock that stands still, and writes what it tells as
 * JSON lines: the same recording gives the same lines, but for what looking cost (cost_us). */
#include <pausemon/pausemon.h>

#include <stdio.h>

static void stand_still(void *user, struct pausemon_instant *now)
{
    (void)user;
    *now = (struct pausemon_instant){1000000000, 1000000000, INT64_C(1769169600000000000), 3600};
}

static int write_out(void *user, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, (FILE *)user) == length ? 0 : PAUSEMON_ERR_IO;
}

static void hear(void *user, const struct pausemon_event *event)
{
    int *status = (int *)user;

    if (event->type == PAUSEMON_EVENT_SAMPLE)
        *status = pausemon_json_encode_sample(event->sample, write_out, stdout);
    else if (event->type == PAUSEMON_EVENT_PAUSE)
        *status = pausemon_json_encode_pause(event->pause, write_out, stdout);
    else if (event->type == PAUSEMON_EVENT_ESCALATION)
        *status = pausemon_json_encode_escalation(event->escalation, write_out, stdout);
    else if (event->type == PAUSEMON_EVENT_ERROR)
        fputs(event->error->text, stdout);
    else if (event->type == PAUSEMON_EVENT_END)
        *status = PAUSEMON_ERR_END;
    if (event->type != PAUSEMON_EVENT_END)
        putchar('\n');
}

int main(int count, char **words)
{
    const uint64_t told = PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_ESCALATION | PAUSEMON_EVENT_PAUSE |
                          PAUSEMON_EVENT_ERROR | PAUSEMON_EVENT_END;
    struct pausemon_host host = PAUSEMON_HOST_INIT;
    struct pausemon_error error;
    struct pausemon_source *source = NULL;
    struct pausemon_monitor *monitor = NULL;
    int status = 0, result = 1;

    host.now = stand_still;
    if (pausemon_source_open(&source, count > 1 ? words[1] : "", &host, &error) < 0 ||
        pausemon_monitor_new(&monitor, NULL, source, &host, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
    } else if (pausemon_monitor_subscribe(monitor, told, hear, &status, NULL) > 0) {
        while (status == 0)
            pausemon_monitor_feed(monitor);
        result = status == PAUSEMON_ERR_END ? 0 : 1;
    }
    pausemon_monitor_free(monitor); /* an escalation that is open ends here, and is told */
    pausemon_source_free(source);
    return result;
}
