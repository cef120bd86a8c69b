/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "pausemon/doctor.h"
#include "pausemon/looking.h"

#define LOOKS 2
#define BETWEEN_MS 200
#define PATIENCE_MS 10000 /* macOS top takes its time for the first one */

struct census {
    uint64_t processes, unreadable;
};

/* 0, or a negative status and why. */
static int look(struct census *census, struct pausemon_collector *collector,
                struct pausemon_error *error)
{
    const int64_t deadline_ms = client_now_ms() + PATIENCE_MS;
    const struct pausemon_sample *sample;

    for (int looks = 0; looks < LOOKS;) {
        int status = pausemon_collector_collect(&sample, collector, error);
        if (status < 0 && (status != PAUSEMON_ERR_BUSY || client_now_ms() > deadline_ms))
            return status;
        if (status == 0) {
            const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
            *census = (struct census){info->process_count, info->unreadable};
            looks++;
        }
        if (looks < LOOKS)
            looking_wait(-1, BETWEEN_MS);
    }
    return 0;
}

static void judge(struct doctor *doctor, const struct census *census, const char *name)
{
    const char *advice =
        geteuid() == 0 ? "more than root's rights keep them: a container, or a security module"
                       : "the daemon as root: sudo pausemon install --system";
    /* What this look cannot see, a daemon of another user may. */
    const int counts = census->unreadable > 0 && !doctor->is_foreign;

    if (census->unreadable == 0)
        doctor_find(doctor, DOCTOR_OK, NULL, "%s: all of %" PRIu64 " processes can be read", name,
                    census->processes);
    else
        doctor_find(doctor, counts ? DOCTOR_LIMITED : DOCTOR_OK, counts ? advice : NULL,
                    "%s: %" PRIu64 " of %" PRIu64 " processes cannot be read fully%s", name,
                    census->unreadable, census->processes,
                    counts ? "" : " (with your rights; the daemon has others)");
}

void doctor_source(struct doctor *doctor)
{
    const char *spec =
        doctor->config ? pausemon_config_get_text(doctor->config, "monitor.source") : NULL;
    struct pausemon_collector *collector = NULL;
    struct pausemon_source *source = NULL;
    struct pausemon_error error = {.text = "out of memory"};
    struct census census = {.processes = 0};

    spec = spec ? spec : "auto";
    if (strncmp(spec, "top:", 4) == 0 || strncmp(spec, "replay:", 7) == 0) {
        doctor_find(doctor, DOCTOR_LIMITED, "monitor.source = \"auto\"",
                    "%s is a recording: this machine is not watched", spec);
        return;
    }
    int status = pausemon_source_open(&source, spec, NULL, &error);
    if (status == 0)
        status = pausemon_collector_new(&collector, doctor->config, source, NULL, NULL);
    if (status == 0)
        status = look(&census, collector, &error);
    if (status < 0)
        doctor_find(doctor, DOCTOR_BROKEN, "monitor.source = \"auto\"", "%s: %s", spec,
                    status == PAUSEMON_ERR_BUSY ? "no look came in 10 s" : error.text);
    else
        judge(doctor, &census, pausemon_source_get_name(source));
    pausemon_collector_free(collector);
    pausemon_source_free(source);
}
