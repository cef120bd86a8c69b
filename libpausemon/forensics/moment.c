/* SPDX-License-Identifier: MIT */
/* What a capture takes from the moment that was remembered. */
#include "core/arith.h"
#include "forensics/forensics.h"

#define WANT_MS 3000 /* for the look that shows how all is now */

static void add_pid(struct pm_capture *capture, int64_t pid)
{
    for (size_t i = 0; i < capture->pid_count; i++)
        if (capture->pids[i] == pid)
            return;
    if (pid > 0 && capture->pid_count < PM_PIDS_MAX)
        capture->pids[capture->pid_count++] = pid;
}

void pm_moment_add_parties(struct pm_capture *capture)
{
    const struct pausemon_culprit *culprit;
    const struct pausemon_victim *victim;

    if (!capture->has_pause)
        return;
    for (size_t i = 0; (culprit = pausemon_pause_get_culprit(&capture->pause, i)); i++)
        add_pid(capture, culprit->pid);
    for (size_t i = 0; (victim = pausemon_pause_get_victim(&capture->pause, i)); i++)
        add_pid(capture, victim->pid);
}

static void add_rogues(struct pm_capture *capture, const struct pausemon_sample *newest)
{
    const struct pausemon_process *rogue;

    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(newest, i)); i++)
        add_pid(capture, rogue->pid);
}

static void count_samples(struct pm_capture *capture)
{
    const struct pausemon_ring *ring = capture->moment->ring;

    capture->sample_count = pausemon_ring_get_count(ring);
    for (size_t i = 0; i < capture->sample_count; i++) {
        const struct pausemon_sample *sample = pausemon_ring_get(ring, i, NULL);
        uint64_t score = pausemon_sample_get_info(sample)->max_score;
        capture->peak_score = score > capture->peak_score ? score : capture->peak_score;
        if (i + 1 == capture->sample_count)
            add_rogues(capture, sample);
    }
}

/* A request's moment is there: its capture is this one too. */
static bool is_asked(struct pm_memory *memory)
{
    return atomic_load_explicit(&memory->full, memory_order_acquire) && memory->moment.is_asked;
}

void pm_moment_use(struct pm_capture *capture, const struct pm_notice *notice)
{
    struct pm_memory *memory = &capture->forensics->memory;
    struct pm_moment *moment = &memory->moment;

    if (!memory->monitor)
        capture->why_none = "there is no monitor, and so no ring";
    else if (notice && notice->serial == 0 && !is_asked(memory))
        capture->why_none = "what was remembered before was still being written";
    else if (!notice && !pm_memory_want(memory, WANT_MS))
        capture->why_none = "no look came in time to take it from";
    if (capture->why_none)
        return;
    if (notice && notice->serial == 0)
        capture->early_ns = pm_elapsed(moment->at_ns, notice->at.monotonic_ns);
    capture->has_moment = true;
    capture->moment = moment;
    capture->forensics->used_serial = moment->serial;
    capture->tier = moment->tier;
    capture->process_count = moment->count + moment->omitted;
    capture->processes_omitted = moment->omitted;
    count_samples(capture);
    if (!notice && moment->has_escalation) {
        capture->escalation = moment->escalation;
        capture->has_escalation = true;
        capture->told.event_id = moment->escalation.id;
    }
}

void pm_moment_release(struct pm_capture *capture)
{
    if (capture->moment)
        pm_memory_release(&capture->forensics->memory);
    capture->moment = NULL;
}
