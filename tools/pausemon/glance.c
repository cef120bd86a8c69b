/* SPDX-License-Identifier: MIT */
#include "pausemon/glance.h"

#include "common/args.h"
#include "common/client.h"
#include "pausemon/looking.h"

#define INTERVAL "1000" /* ms, between the looks */
#define ENOUGH 2        /* looks: the second has rates */
#define STEP_MS 250
#define PATIENCE_MS 6000 /* a source may need a while for its first */

static size_t count_looks(const struct pausemon_monitor *monitor)
{
    return pausemon_ring_get_count(pausemon_monitor_get_ring(monitor));
}

static int open_monitor(struct glance *glance, const struct pausemon_config *config,
                        struct pausemon_forensics *forensics, const struct pausemon_host *host,
                        struct pausemon_error *error)
{
    const char *spec = pausemon_config_get_text(config, "monitor.source");
    int status = pausemon_source_open(&glance->source, spec, host, error);

    if (status == 0)
        status = pausemon_monitor_new(&glance->monitor, config, glance->source, host, error);
    return status < 0 ? status : pausemon_forensics_attach(forensics, glance->monitor, error);
}

void glance_take(struct glance *glance, const char *program, struct pausemon_config *config,
                 struct pausemon_forensics *forensics, const struct pausemon_host *host,
                 void (*idle)(void *user), void *user)
{
    const int64_t deadline_ms = client_now_ms() + PATIENCE_MS;
    struct pausemon_error error;

    /* Looks at another pace than the configured would be late ones: pauses. */
    pausemon_config_set(config, "monitor.interval_ms", INTERVAL, NULL);
    if (open_monitor(glance, config, forensics, host, &error) < 0) {
        args_fail(program, 0, "processes are left out: %s", error.text);
        return;
    }
    pausemon_forensics_run(forensics, NULL); /* nothing is due: it reads its counters */
    while (pausemon_monitor_dispatch(glance->monitor) >= 0 &&
           count_looks(glance->monitor) < ENOUGH && client_now_ms() < deadline_ms &&
           !looking_is_interrupted()) {
        int timeout_ms = pausemon_monitor_get_timeout(glance->monitor);
        idle(user);
        looking_wait(pausemon_monitor_get_fd(glance->monitor),
                     timeout_ms < 0 || timeout_ms > STEP_MS ? STEP_MS : timeout_ms);
    }
    if (count_looks(glance->monitor) < ENOUGH)
        args_fail(program, 0, "the source of processes gave too little: rates are missing");
}

void glance_free(struct glance *glance)
{
    pausemon_monitor_free(glance->monitor);
    pausemon_source_free(glance->source);
}
