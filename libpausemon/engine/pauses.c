/* SPDX-License-Identifier: MIT */
#include "engine/pauses.h"

#include <string.h>

#include "core/arith.h"

/* Late beats closer than this, with one cause, are one pause: kernels hand starved tasks turns, by
 * a period of one second. Under a real-time hog of 3 s gaps of up to 1.05 s were measured. */
#define TOGETHER_NS INT64_C(1500000000)

/* A starved canary is late again within such a time of its short turn. */
#define SETTLE_NS INT64_C(600000000)

/* Pressure for so long is a pause. */
#define PRESSURE_NS INT64_C(2000000000)
#define LEAST_WINDOW_NS UINT64_C(100000000)
#define BLOCKED_BESIDES 2

void pm_pauses_init(struct pm_pauses *pauses, const struct pm_host *host)
{
    memset(pauses, 0, sizeof *pauses);
    pm_pause_init(&pauses->pause, host);
}

void pm_pauses_set_config(struct pm_pauses *pauses, const struct pausemon_config *config)
{
    pauses->record_ns = (uint64_t)config->pause_record_ms * PM_NS_PER_MS;
    pauses->forensics_ns = (uint64_t)config->pause_forensics_ms * PM_NS_PER_MS;
    pauses->share_permille = (uint64_t)config->pause_pressure_share;
    pauses->suppress_ns = (uint64_t)config->wake_suppress_seconds * (PM_NS_PER_S / 1000);
    pauses->elevated = (uint64_t)config->elevated_threshold;
    pauses->critical = (uint64_t)config->critical_threshold;
}

/* ---- one standstill, several reports ---- */

static uint64_t asleep(const struct pm_lapse *lapse)
{
    uint64_t ns = pm_growth_get(&lapse->growth, PM_READ_ASLEEP);

    return ns >= PM_SUSPEND_NS ? ns : 0;
}

/* What it is judged by: the report that knows of more. */
static const struct pm_lapse *decisive(const struct pm_pauses *pauses)
{
    if (asleep(&pauses->others) || pauses->detectors == PAUSEMON_DETECTOR_SAMPLE)
        return &pauses->others;
    if (!(pauses->detectors & PAUSEMON_DETECTOR_HEARTBEAT))
        return &pauses->others;
    if (pauses->detectors & PAUSEMON_DETECTOR_PRESSURE &&
        pauses->others.lost_ns > pauses->beats.lost_ns)
        return &pauses->others;
    return &pauses->beats;
}

static bool same_cause(const struct pm_pauses *pauses, const struct pm_report *report)
{
    uint64_t one = pm_judge(decisive(pauses)).cause, other = pm_judge(&report->lapse).cause;

    return one == other || one == PAUSEMON_CAUSE_UNKNOWN || other == PAUSEMON_CAUSE_UNKNOWN;
}

static bool belongs(const struct pm_pauses *pauses, const struct pm_report *report)
{
    if (!pauses->exists)
        return false;
    if (report->onset_ns <= pauses->end_ns && report->end_ns >= pauses->onset_ns)
        return true;
    return report->onset_ns > pauses->end_ns && report->onset_ns - pauses->end_ns < TOGETHER_NS &&
           same_cause(pauses, report);
}

/* Beats follow each other; other detectors see the same time twice. */
static void join(struct pm_lapse *sum, const struct pm_lapse *more, bool follows)
{
    if (sum->lost_ns == 0 && !asleep(sum)) {
        *sum = *more;
        return;
    }
    if (!follows) {
        if (more->lost_ns > sum->lost_ns)
            *sum = *more;
        return;
    }
    sum->lost_ns += more->lost_ns;
    sum->still_ns += more->still_ns;
    sum->blocked = more->blocked < sum->blocked ? more->blocked : sum->blocked;
    pm_growth_add(&sum->growth, &more->growth);
}

static void begin(struct pm_pauses *pauses)
{
    pauses->exists = true;
    pauses->told = false;
    pauses->detectors = 0;
    memset(&pauses->beats, 0, sizeof pauses->beats);
    memset(&pauses->others, 0, sizeof pauses->others);
    pm_pause_clear(&pauses->pause);
}

bool pm_pauses_add(struct pm_pauses *pauses, const struct pm_report *report)
{
    bool is_beat = report->detector == PAUSEMON_DETECTOR_HEARTBEAT;
    bool joins = belongs(pauses, report);

    if (report->onset_ns < pauses->suppressed_until_ns && !asleep(&report->lapse))
        return true;
    if (!joins) {
        if (pauses->exists && !pauses->told)
            return false;
        begin(pauses);
    }
    bool follows = joins && report->onset_ns > pauses->end_ns;
    /* The heartbeat knows onset and end; a look is late by what the loop had to do besides. */
    bool bounds = report->detector != PAUSEMON_DETECTOR_SAMPLE ||
                  !(pauses->detectors & PAUSEMON_DETECTOR_HEARTBEAT);
    bool narrows = is_beat && joins && pauses->detectors == PAUSEMON_DETECTOR_SAMPLE;
    if (!joins || narrows || (bounds && report->onset_ns < pauses->onset_ns))
        pauses->onset_ns = report->onset_ns;
    if (!joins || narrows || (bounds && report->end_ns > pauses->end_ns))
        pauses->end_ns = report->end_ns;
    pauses->detectors |= report->detector;
    join(is_beat ? &pauses->beats : &pauses->others, &report->lapse, is_beat || follows);
    pauses->told = false;
    if (asleep(&report->lapse))
        pauses->suppressed_until_ns = report->end_ns + (int64_t)pauses->suppress_ns;
    return true;
}

/* ---- pressure ---- */

static bool end_stall(struct pm_pauses *pauses, struct pm_pressure *stall)
{
    struct pm_report report = {PAUSEMON_DETECTOR_PRESSURE, stall->since_ns, stall->until_ns,
                               stall->lapse};

    if (stall->since_ns == 0)
        return true;
    if (stall->until_ns - stall->since_ns >= PRESSURE_NS && !pm_pauses_add(pauses, &report))
        return false;
    stall->since_ns = 0;
    return true;
}

static bool feel(struct pm_pauses *pauses, struct pm_pressure *stall,
                 const struct pm_growth *growth, enum pm_reading full, uint64_t blocked,
                 int64_t now_ns)
{
    uint64_t full_ns = pm_growth_get(growth, full);

    if (full_ns < pm_mul_div(growth->window_ns, pauses->share_permille, 1000))
        return end_stall(pauses, stall);
    struct pm_lapse lapse = {.lost_ns = full_ns, .growth = *growth, .blocked = blocked};
    if (stall->since_ns == 0) {
        stall->since_ns = now_ns - (int64_t)growth->window_ns;
        stall->lapse = lapse;
    } else {
        join(&stall->lapse, &lapse, true);
    }
    stall->until_ns = now_ns;
    return true;
}

bool pm_pauses_feel(struct pm_pauses *pauses, const struct pm_growth *growth, uint64_t blocked,
                    int64_t now_ns)
{
    if (growth->window_ns < LEAST_WINDOW_NS)
        return true;
    if (!feel(pauses, &pauses->memory, growth, PM_READ_MEMORY_FULL, blocked, now_ns))
        return false;
    /* An ordinary copy holds io full: it is a stall only for others who wait. */
    if (blocked < BLOCKED_BESIDES)
        return end_stall(pauses, &pauses->io);
    return feel(pauses, &pauses->io, growth, PM_READ_IO_FULL, blocked, now_ns);
}

static uint64_t lasted(const struct pm_pressure *stall, int64_t now_ns)
{
    return stall->since_ns == 0 ? 0 : pm_elapsed(stall->since_ns, now_ns);
}

uint64_t pm_pauses_pressure_floor(const struct pm_pauses *pauses, int64_t now_ns)
{
    uint64_t memory = lasted(&pauses->memory, now_ns), io = lasted(&pauses->io, now_ns);
    uint64_t longest = memory > io ? memory : io;

    if (longest < (uint64_t)PRESSURE_NS || longest < pauses->record_ns)
        return 0;
    return longest >= pauses->forensics_ns ? pauses->critical : pauses->elevated;
}

/* ---- judging ---- */

int64_t pm_pauses_get_due(const struct pm_pauses *pauses, bool watched)
{
    if (!pauses->exists || pauses->told)
        return -1;
    return pauses->end_ns + (watched ? SETTLE_NS : 0);
}

bool pm_pauses_is_due(const struct pm_pauses *pauses, int64_t now_ns, bool watched)
{
    int64_t due_ns = pm_pauses_get_due(pauses, watched);

    return due_ns >= 0 && now_ns >= due_ns;
}

bool pm_pauses_are_calm(const struct pm_pauses *pauses, int64_t now_ns)
{
    if (pauses->memory.since_ns || pauses->io.since_ns)
        return false;
    return !pauses->exists || (pauses->told && now_ns - pauses->end_ns >= TOGETHER_NS);
}

static void set_times(struct pm_pauses *pauses, const struct pausemon_instant *now,
                      const struct pm_lapse *lapse)
{
    struct pausemon_pause_info *info = &pauses->pause.info;
    int64_t since_ns = now->monotonic_ns - pauses->end_ns;
    int64_t slept_ns = (int64_t)asleep(lapse);

    info->duration_ns = pm_elapsed(pauses->onset_ns, pauses->end_ns) + (uint64_t)slept_ns;
    info->lost_ns = lapse->lost_ns < info->duration_ns ? lapse->lost_ns : info->duration_ns;
    info->end = *now;
    info->end.monotonic_ns -= since_ns;
    info->end.boottime_ns -= since_ns;
    info->end.realtime_ns -= since_ns;
    info->start = info->end;
    info->start.monotonic_ns = pauses->onset_ns;
    info->start.boottime_ns -= (int64_t)info->duration_ns;
    info->start.realtime_ns -= (int64_t)info->duration_ns;
}

static void add_evidence(struct pausemon_pause *pause, const struct pm_lapse *lapse)
{
    pause->info.evidence_count = 0;
    for (size_t i = 0; i < PM_READ_COUNT; i++) {
        uint64_t value = lapse->growth.value[i];
        if (!pm_growth_has(&lapse->growth, (enum pm_reading)i))
            continue;
        pm_pause_add_evidence(pause, pm_reading_rows[i].name,
                              (int64_t)(pm_reading_rows[i].is_time ? value / PM_NS_PER_MS : value),
                              lapse->growth.window_ns);
    }
    if (lapse->has_guard)
        pm_pause_add_evidence(pause, "guard_late_ms", (int64_t)(lapse->still_ns / PM_NS_PER_MS), 0);
    if (lapse->blocked)
        pm_pause_add_evidence(pause, "uninterruptible_processes", (int64_t)lapse->blocked, 0);
}

bool pm_pauses_judge(struct pm_pauses *pauses, const struct pausemon_instant *now,
                     const struct pm_table *table, int64_t own_pid)
{
    const struct pm_lapse *lapse = decisive(pauses);
    struct pausemon_pause_info *info = &pauses->pause.info;
    struct pm_verdict verdict = pm_judge(lapse);

    pauses->told = true;
    if (lapse->lost_ns < pauses->record_ns)
        return false;
    set_times(pauses, now, lapse);
    info->detectors = pauses->detectors;
    info->cause = verdict.cause;
    info->confidence = verdict.confidence;
    add_evidence(&pauses->pause, lapse);
    pm_blame_pause(&pauses->pause, table, pm_growth_get(&lapse->growth, PM_READ_BUSY), own_pid);
    return true;
}

uint64_t pm_pauses_floor(const struct pm_pauses *pauses)
{
    const struct pausemon_pause_info *info = &pauses->pause.info;
    uint64_t cause = info->cause;

    if (cause != PAUSEMON_CAUSE_CPU && cause != PAUSEMON_CAUSE_MEMORY &&
        cause != PAUSEMON_CAUSE_IO && cause != PAUSEMON_CAUSE_UNKNOWN)
        return 0;
    /* A long stutter of which little was lost is not a long freeze. */
    bool dense = info->lost_ns >= info->duration_ns / 2;
    bool is_long = info->lost_ns >= pauses->forensics_ns ||
                   (dense && info->duration_ns >= pauses->forensics_ns);
    return is_long ? pauses->critical : pauses->elevated;
}
