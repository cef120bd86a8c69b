/* SPDX-License-Identifier: MIT */
#include "core/pause.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "core/metrics.h"

/* ---- names ---- */

static const struct pm_cause causes[] = {
    [PAUSEMON_CAUSE_UNKNOWN] = {"unknown", "froze",
                                "cause unknown; what was read does not explain it", 0, 0, 1},
    [PAUSEMON_CAUSE_SUSPEND] = {"suspend", "slept", "the machine was suspended", 0, 0, 0},
    [PAUSEMON_CAUSE_HOST] = {"host", "saw nothing for", "the monitoring program itself was busy", 1,
                             0, 0},
    [PAUSEMON_CAUSE_STOPPED] = {"stopped", "saw nothing for", "the monitoring program was stopped",
                                1, 0, 0},
    [PAUSEMON_CAUSE_VM] = {"vm", "froze", "the virtual machine did not run", 1, 0, 0},
    [PAUSEMON_CAUSE_CPU] = {"cpu", "froze", "cpu starvation", 1, 1, 1},
    [PAUSEMON_CAUSE_MEMORY] = {"memory", "froze", "memory pressure", 1, 1, 1},
    [PAUSEMON_CAUSE_IO] = {"io", "froze", "waiting for I/O", 1, 1, 1},
};

#define CAUSE_COUNT (sizeof causes / sizeof causes[0])

static const struct pm_named_bit detectors[] = {
    {PAUSEMON_DETECTOR_HEARTBEAT, "heartbeat"},
    {PAUSEMON_DETECTOR_SAMPLE, "sample"},
    {PAUSEMON_DETECTOR_PRESSURE, "pressure"},
};

const char *pausemon_cause_name(uint64_t cause)
{
    return cause < CAUSE_COUNT ? causes[cause].name : NULL;
}

const struct pm_cause *pm_cause_get(uint64_t cause)
{
    return &causes[cause < CAUSE_COUNT ? cause : PAUSEMON_CAUSE_UNKNOWN];
}

/* A long stutter of which little was lost is not a long freeze. A third, for the kernel may serve
 * the starved for a whole second between two beats: of 3 s of a hog, 1.34 s were lost. */
bool pm_pause_is_long(const struct pausemon_pause_info *info, uint64_t least_ns)
{
    bool is_dense = info->lost_ns >= info->duration_ns / 3;

    return pm_cause_get(info->cause)->suffers &&
           (info->lost_ns >= least_ns || (is_dense && info->duration_ns >= least_ns));
}

const char *pausemon_detector_name(uint64_t detector)
{
    for (size_t i = 0; i < sizeof detectors / sizeof detectors[0]; i++)
        if (detectors[i].bit == detector)
            return detectors[i].name;
    return NULL;
}

const char *pausemon_loss_name(uint64_t how)
{
    return how == PAUSEMON_LOSS_RUN_DELAY ? "run_delay"
           : how == PAUSEMON_LOSS_BLOCKED ? "blocked"
                                          : NULL;
}

/* ---- the object ---- */

void pm_pause_init(struct pausemon_pause *pause, const struct pm_host *host)
{
    pause->host = *host;
    pm_pause_clear(pause);
}

void pm_pause_clear(struct pausemon_pause *pause)
{
    memset(&pause->info, 0, sizeof pause->info);
    pause->info.size = sizeof pause->info;
}

int pausemon_pause_new(struct pausemon_pause **out, const struct pausemon_host *given,
                       struct pausemon_error *error)
{
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a pause needs a place");
    *out = NULL;
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_pause *pause = pm_alloc(&host, sizeof *pause);
    if (!pause)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "pause: out of memory");
    pm_pause_init(pause, &host);
    *out = pause;
    return 0;
}

void pausemon_pause_free(struct pausemon_pause *pause)
{
    if (pause)
        pm_free(&pause->host, pause);
}

void pausemon_pause_copy(struct pausemon_pause *to, const struct pausemon_pause *from)
{
    struct pm_host host;

    if (!to || !from || to == from)
        return;
    host = to->host;
    *to = *from;
    to->host = host;
}

const struct pausemon_pause_info *pausemon_pause_get_info(const struct pausemon_pause *pause)
{
    return &pause->info;
}

const struct pausemon_evidence *pausemon_pause_get_evidence(const struct pausemon_pause *pause,
                                                            size_t index)
{
    return index < pause->info.evidence_count ? &pause->evidence[index] : NULL;
}

const struct pausemon_culprit *pausemon_pause_get_culprit(const struct pausemon_pause *pause,
                                                          size_t index)
{
    return index < pause->info.culprit_count ? &pause->culprits[index] : NULL;
}

const struct pausemon_victim *pausemon_pause_get_victim(const struct pausemon_pause *pause,
                                                        size_t index)
{
    return index < pause->info.victim_count ? &pause->victims[index] : NULL;
}

void pm_pause_add_evidence(struct pausemon_pause *pause, const char *name, int64_t value,
                           uint64_t window_ns)
{
    if (pause->info.evidence_count >= PAUSEMON_MAX_EVIDENCE)
        return;
    struct pausemon_evidence *evidence = &pause->evidence[pause->info.evidence_count++];
    memset(evidence, 0, sizeof *evidence);
    evidence->size = sizeof *evidence;
    evidence->value = value;
    evidence->window_ns = window_ns;
    snprintf(evidence->name, sizeof evidence->name, "%s", name);
}
