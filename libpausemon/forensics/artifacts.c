/* SPDX-License-Identifier: MIT */
/* What a capture writes by itself: the frozen ring, processes, counters, tasks, the trace. */
#include <pausemon/json.h>
#include <stdio.h>
#include <string.h>

#include "base/thread.h"
#include "core/arith.h"
#include "forensics/forensics.h"

#define STUCK_NS (INT64_C(200) * PM_NS_PER_MS)

/* ---- of the moment ---- */

static int fail_without_moment(const struct pm_capture *capture, struct pausemon_error *why)
{
    return pm_fail(why, PAUSEMON_ERR_NOT_FOUND, "%s", capture->why_none);
}

/* What was remembered for a request shows how all was then. */
static void note_early(const struct pm_capture *capture, struct pausemon_error *why)
{
    char ago[PAUSEMON_DURATION_SIZE];

    if (!capture->early_ns)
        return;
    pausemon_duration_text(ago, capture->early_ns);
    pm_fail(why, 0, "remembered for a request, %s before this was begun", ago);
}

/* A sample's text, with a key put before its first. */
struct prefixed {
    struct pm_out *out;
    const char *prefix;
};

static int write_prefixed(void *user, const char *bytes, size_t length)
{
    struct prefixed *prefixed = user;
    int status = 0;

    if (prefixed->prefix && length > 0) {
        status = pm_out_text(prefixed->out, prefixed->prefix);
        prefixed->prefix = NULL;
        bytes++; /* its brace */
        length--;
    }
    return status < 0 ? status : pm_out_write(prefixed->out, bytes, length);
}

int pm_artifact_ring(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why)
{
    const struct pausemon_sample *sample;
    char prefix[40];
    uint64_t tier;
    int status;

    if (!capture->moment)
        return fail_without_moment(capture, why);
    status = pm_out_text(out, "[");
    for (size_t i = 0; status == 0 && (sample = pausemon_ring_get(capture->moment->ring, i, &tier));
         i++) {
        snprintf(prefix, sizeof prefix, "%s\n{\"tier\":%llu,", i ? "," : "",
                 (unsigned long long)tier);
        struct prefixed prefixed = {out, prefix};
        status = pausemon_json_encode_sample(sample, write_prefixed, &prefixed);
    }
    if (status == 0)
        note_early(capture, why);
    return status < 0 ? status : pm_out_text(out, "\n]\n");
}

int pm_artifact_processes(struct pm_capture *capture, struct pm_out *out,
                          struct pausemon_error *why)
{
    const struct pm_moment *moment = capture->moment;
    int status;

    if (!moment)
        return fail_without_moment(capture, why);
    status = pm_out_text(out, "[");
    for (size_t i = 0; status == 0 && i < moment->count; i++) {
        status = pm_out_text(out, i ? ",\n" : "\n");
        if (status == 0)
            status = pausemon_json_encode_process(&moment->processes->items[i], pm_out_write, out);
    }
    if (status == 0)
        note_early(capture, why);
    if (status == 0 && moment->omitted)
        pm_fail(why, 0, "%zu processes found no room and are left out", moment->omitted);
    return status < 0 ? status : pm_out_text(out, "\n]\n");
}

/* ---- of the kernel ---- */

/* The newest that was read before the freeze began. */
static const struct pm_counters *find_baseline(const struct pm_capture *capture)
{
    const struct pm_counters *baselines = capture->forensics->baselines;
    int64_t start_ns =
        capture->has_pause ? capture->pause.info.start.monotonic_ns : capture->begun.monotonic_ns;

    for (int i = 0; i < 2; i++)
        if (baselines[i].at_ns && baselines[i].at_ns <= start_ns)
            return &baselines[i];
    return NULL;
}

int pm_artifact_pressure(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why)
{
    struct pausemon_forensics *forensics = capture->forensics;
    const struct pm_counters *before = find_baseline(capture);
    struct pm_counters after;
    char root[PATH_MAX];

    if (!before)
        return pm_fail(why, PAUSEMON_ERR_NOT_FOUND,
                       "no counters were read before it began: there is nothing to compare with");
    int status = pm_forensics_path(forensics, "/proc", root);
    pm_counters_init(&after, &forensics->host);
    if (status == 0)
        status = pm_counters_read(&after, root, &forensics->host);
    if (status == 0)
        status = pm_counters_write(before, &after, pm_out_write, out);
    pm_counters_free(&after);
    return status < 0 ? status : pm_out_text(out, "\n");
}

static int write_onset(const struct pm_capture *capture, struct pm_out *out)
{
    const struct pm_moment *moment = capture->moment;
    char ago[PAUSEMON_DURATION_SIZE];

    if (!moment)
        return pm_out_format(out, "at onset: not known: %s\n", capture->why_none);
    if (!moment->has_onset)
        return pm_out_text(out, "at onset: not known: no heartbeat has seen a standstill begin\n");
    pausemon_duration_text(ago, pm_elapsed(moment->onset_ns, capture->begun.monotonic_ns));
    int status = pm_out_format(
        out, "at onset of the newest standstill, %s before the capture was begun:\n", ago);
    if (status == 0)
        status = pm_out_text(out, moment->onset[0] ? moment->onset : "none\n");
    return status;
}

int pm_artifact_stuck(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why)
{
    struct pausemon_forensics *forensics = capture->forensics;
    struct pm_stuck *stuck = pm_alloc(&forensics->host, sizeof *stuck);
    char root[PATH_MAX];

    int status = write_onset(capture, out);
    if (status == 0 && !stuck)
        status = pm_fail(why, PAUSEMON_ERR_NOMEM, "after: out of memory");
    if (status == 0)
        status = pm_forensics_path(forensics, "/proc", root);
    if (status == 0) {
        status = pm_stuck_look(stuck, root, STUCK_NS, true);
        if (status < 0)
            pm_fail(why, status, "after: %s", pausemon_status_text(status));
    }
    if (status == 0)
        status = pm_out_text(out, "\nafter:\n");
    if (status == 0)
        status = pm_out_text(out, stuck->text);
    if (status == 0 && stuck->stack_errno && !stuck->stacks)
        pm_fail_os(why, stuck->stack_errno, "without kernel stacks");
    pm_free(&forensics->host, stuck);
    return status;
}

int pm_artifact_trace(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why)
{
    struct pausemon_forensics *forensics = capture->forensics;

    if (!forensics->recorder.is_open)
        return pm_fail(why, PAUSEMON_ERR_UNSUPPORTED, "%s",
                       forensics->recorder_why[0]
                           ? forensics->recorder_why
                           : "forensics.flight_recorder was off when the program began");
    if (!capture->recorder_stopped)
        return pm_fail(why, PAUSEMON_ERR_IO, "the flight recorder could not be stopped");
    return pm_recorder_save(&forensics->recorder, out->fd, out->most, &out->bytes, why);
}
