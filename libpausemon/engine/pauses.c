/* SPDX-License-Identifier: MIT */
#include "engine/pauses.h"

#include <string.h>

#include "core/arith.h"

/* Late beats closer than this, with one cause, are one pause: kernels hand starved tasks turns, by
 * a period of one second. Under a real-time hog of 3 s gaps of up to 1.05 s were measured. */
#define TOGETHER_NS INT64_C(1500000000)

/* A starved canary is late again within such a time of its short turn. */
#define SETTLE_NS INT64_C(600000000)

/* A pause that grows is told again when it is longer by this part, in hundredths, and at its end.
 */
#define TOLD_AGAIN 150

/* Pressure for so long is a pause. */
#define STALL_NS INT64_C(2000000000)
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

/* ---- sightings ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum pm_seen_by seen_by(uint64_t detector)
{
    return detector == PAUSEMON_DETECTOR_HEARTBEAT ? PM_SEEN_BY_BEATS
           : detector == PAUSEMON_DETECTOR_SAMPLE  ? PM_SEEN_BY_LOOKS
                                                   : PM_SEEN_BY_PRESSURE;
}

static uint64_t detector_of(size_t seen)
{
    static const uint64_t detectors[PM_SEEN_BY_COUNT] = {
        PAUSEMON_DETECTOR_HEARTBEAT, PAUSEMON_DETECTOR_SAMPLE, PAUSEMON_DETECTOR_PRESSURE};

    return detectors[seen];
}

/* What the pause is judged by. A look that is late tells the least: who dispatches may have been
 * late by itself. */
static const struct pm_sighting *decisive(const struct pm_pauses *pauses)
{
    const struct pm_sighting *beats = &pauses->seen[PM_SEEN_BY_BEATS];
    const struct pm_sighting *looks = &pauses->seen[PM_SEEN_BY_LOOKS];
    const struct pm_sighting *stall = &pauses->seen[PM_SEEN_BY_PRESSURE];

    if (looks->exists && pm_growth_slept(&looks->lapse.growth))
        return looks;
    if (stall->exists && stall->lapse.lost_ns > beats->lapse.lost_ns)
        return stall;
    if (beats->exists && (!looks->exists || beats->lapse.lost_ns >= pauses->record_ns))
        return beats;
    return looks;
}

static struct pm_verdict judge(const struct pm_pauses *pauses, const struct pm_sighting *sighting)
{
    struct pm_lapse lapse = sighting->lapse;

    /* Where beats were late too it was not the loop alone. */
    lapse.canary_on_time = lapse.canary_on_time && !pauses->seen[PM_SEEN_BY_BEATS].exists;
    return pm_judge(&lapse);
}

/* Windows that follow each other add up; of one time seen twice the larger loss counts. */
static void sight(struct pm_sighting *sighting, const struct pm_report *report)
{
    struct pm_lapse *sum = &sighting->lapse;
    const struct pm_lapse *more = &report->lapse;

    if (!sighting->exists) {
        *sighting = (struct pm_sighting){true, report->onset_ns, report->end_ns, *more};
        return;
    }
    bool follows =
        report->onset_ns >= sighting->end_ns || report->detector == PAUSEMON_DETECTOR_HEARTBEAT;
    sighting->onset_ns = earlier(sighting->onset_ns, report->onset_ns);
    sighting->end_ns = later(sighting->end_ns, report->end_ns);
    if (!follows) {
        *sum = more->lost_ns > sum->lost_ns ? *more : *sum;
        return;
    }
    sum->lost_ns += more->lost_ns;
    sum->still_ns += more->still_ns;
    sum->blocked = more->blocked < sum->blocked ? more->blocked : sum->blocked;
    pm_growth_add(&sum->growth, &more->growth);
}

/* ---- one standstill, several reports ---- */

/* A program's own hitches are one each: nobody else hands out turns. */
static bool same_cause(const struct pm_pauses *pauses, const struct pm_report *report)
{
    uint64_t one = judge(pauses, decisive(pauses)).cause, other = pm_judge(&report->lapse).cause;
    struct pm_lapse lapse = report->lapse;

    if (one == PAUSEMON_CAUSE_HOST)
        return false;
    if (other == PAUSEMON_CAUSE_HOST) {
        lapse.canary_on_time = false; /* its late beat may be told after the look */
        return pm_judge(&lapse).cause == one;
    }
    return one == other || one == PAUSEMON_CAUSE_UNKNOWN || other == PAUSEMON_CAUSE_UNKNOWN;
}

static bool belongs(const struct pm_pauses *pauses, const struct pm_report *report)
{
    if (!pauses->exists)
        return false;
    if (report->onset_ns < pauses->end_ns && report->end_ns > pauses->onset_ns)
        return true;
    bool slept = pm_growth_slept(&report->lapse.growth),
         slept_before = pm_growth_slept(&decisive(pauses)->lapse.growth);
    /* A freeze just before or after a sleep is none of it. */
    return report->onset_ns >= pauses->end_ns && report->onset_ns - pauses->end_ns < TOGETHER_NS &&
           slept == slept_before && (slept || same_cause(pauses, report));
}

static void begin(struct pm_pauses *pauses, const struct pm_report *report)
{
    pauses->exists = true;
    pauses->told_ns = 0;
    pauses->onset_ns = report->onset_ns;
    pauses->end_ns = report->end_ns;
    memset(pauses->seen, 0, sizeof pauses->seen);
    pm_pause_clear(&pauses->pause);
    pm_guilt_clear(&pauses->guilt);
}

bool pm_pauses_add(struct pm_pauses *pauses, const struct pm_report *report)
{
    if (report->onset_ns < pauses->suppressed_until_ns && !pm_growth_slept(&report->lapse.growth))
        return true;
    if (!belongs(pauses, report)) {
        if (pauses->exists && !pauses->is_told)
            return false;
        begin(pauses, report);
    }
    pauses->onset_ns = earlier(pauses->onset_ns, report->onset_ns);
    pauses->end_ns = later(pauses->end_ns, report->end_ns);
    sight(&pauses->seen[seen_by(report->detector)], report);
    pauses->is_new = true;
    pauses->is_told = false;
    if (pm_growth_slept(&report->lapse.growth))
        pauses->suppressed_until_ns = report->end_ns + (int64_t)pauses->suppress_ns;
    return true;
}

/* ---- pressure ---- */

static bool end_stall(struct pm_pauses *pauses, struct pm_stall *stall)
{
    struct pm_report report = {PAUSEMON_DETECTOR_PRESSURE, stall->since_ns, stall->until_ns,
                               stall->lapse};

    if (stall->since_ns == 0)
        return true;
    if (stall->until_ns - stall->since_ns >= STALL_NS && !pm_pauses_add(pauses, &report))
        return false;
    stall->since_ns = 0;
    return true;
}

bool pm_pauses_end_stalls(struct pm_pauses *pauses)
{
    return end_stall(pauses, &pauses->memory) && end_stall(pauses, &pauses->io);
}

static bool is_stalled(const struct pm_pauses *pauses, const struct pm_growth *growth,
                       enum pm_reading full)
{
    return pm_growth_has(growth, full) &&
           pm_growth_get(growth, full) >=
               pm_mul_div(growth->window_ns, pauses->share_permille, 1000);
}

static void prolong(struct pm_stall *stall, const struct pm_growth *growth, enum pm_reading full,
                    uint64_t blocked, int64_t now_ns)
{
    struct pm_report more = {
        PAUSEMON_DETECTOR_PRESSURE,
        now_ns,
        now_ns,
        {.lost_ns = pm_growth_get(growth, full), .growth = *growth, .blocked = blocked}};
    struct pm_sighting sum = {stall->since_ns > 0, stall->since_ns, stall->until_ns, stall->lapse};

    sight(&sum, &more);
    stall->lapse = sum.lapse;
    if (stall->since_ns == 0)
        stall->since_ns = now_ns - (int64_t)growth->window_ns;
    stall->until_ns = now_ns;
}

bool pm_pauses_feel(struct pm_pauses *pauses, const struct pm_growth *growth, uint64_t blocked,
                    int64_t now_ns)
{
    if (growth->window_ns < LEAST_WINDOW_NS)
        return true;
    bool memory = is_stalled(pauses, growth, PM_READ_MEMORY_FULL);
    /* An ordinary copy holds io full: it is a stall only for others who wait. */
    bool io = is_stalled(pauses, growth, PM_READ_IO_FULL) && blocked >= BLOCKED_BESIDES;
    if ((!memory && !end_stall(pauses, &pauses->memory)) ||
        (!io && !end_stall(pauses, &pauses->io)))
        return false;
    if (memory)
        prolong(&pauses->memory, growth, PM_READ_MEMORY_FULL, blocked, now_ns);
    if (io)
        prolong(&pauses->io, growth, PM_READ_IO_FULL, blocked, now_ns);
    return true;
}

bool pm_pauses_are_stalled(const struct pm_pauses *pauses)
{
    return pauses->memory.since_ns || pauses->io.since_ns;
}

static uint64_t lasted(const struct pm_stall *stall, int64_t now_ns)
{
    return stall->since_ns == 0 ? 0 : pm_elapsed(stall->since_ns, now_ns);
}

uint64_t pm_pauses_stall_floor(const struct pm_pauses *pauses, int64_t now_ns)
{
    uint64_t memory = lasted(&pauses->memory, now_ns), io = lasted(&pauses->io, now_ns);
    uint64_t longest = memory > io ? memory : io;

    if (longest < (uint64_t)STALL_NS || longest < pauses->record_ns)
        return 0;
    return longest >= pauses->forensics_ns ? pauses->critical : pauses->elevated;
}

/* ---- judging ---- */

/* The heartbeat and pressure know onset and end; a look is late by what the loop had to do besides.
 */
static void set_times(struct pm_pauses *pauses, const struct pausemon_instant *now,
                      const struct pm_sighting *by)
{
    struct pausemon_pause_info *info = &pauses->pause.info;
    int64_t onset_ns = by->onset_ns, end_ns = by->end_ns;

    for (size_t i = 0; i < PM_SEEN_BY_COUNT; i++) {
        const struct pm_sighting *also = &pauses->seen[i];
        if (i == PM_SEEN_BY_LOOKS || !also->exists)
            continue;
        onset_ns = earlier(onset_ns, also->onset_ns);
        end_ns = later(end_ns, also->end_ns);
    }
    int64_t since_ns = now->monotonic_ns - end_ns;
    info->duration_ns = pm_elapsed(onset_ns, end_ns) + pm_growth_slept(&by->lapse.growth);
    info->lost_ns = by->lapse.lost_ns < info->duration_ns ? by->lapse.lost_ns : info->duration_ns;
    info->end = *now;
    info->end.monotonic_ns -= since_ns;
    info->end.boottime_ns -= since_ns;
    info->end.realtime_ns -= since_ns;
    info->start = info->end;
    info->start.monotonic_ns = onset_ns;
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

void pm_pauses_judge(struct pm_pauses *pauses, const struct pausemon_instant *now,
                     const struct pm_table *table, int64_t own_pid)
{
    const struct pm_sighting *by = decisive(pauses);
    struct pausemon_pause_info *info = &pauses->pause.info;

    if (!pauses->exists || !pauses->is_new)
        return;
    struct pm_verdict verdict = judge(pauses, by);
    pauses->is_new = false;
    set_times(pauses, now, by);
    info->detectors = 0;
    for (size_t i = 0; i < PM_SEEN_BY_COUNT; i++)
        info->detectors |= pauses->seen[i].exists ? detector_of(i) : 0;
    info->cause = verdict.cause;
    info->confidence = verdict.confidence;
    add_evidence(&pauses->pause, &by->lapse);
    pm_guilt_add(&pauses->guilt, table, verdict.cause, own_pid);
    pm_guilt_name(&pauses->guilt, &pauses->pause, pm_growth_get(&by->lapse.growth, PM_READ_BUSY));
}

/* ---- telling ---- */

int64_t pm_pauses_get_due(const struct pm_pauses *pauses, bool watched)
{
    uint64_t duration_ns = pm_elapsed(pauses->onset_ns, pauses->end_ns);

    if (!pauses->exists || pauses->is_told)
        return -1;
    if (!watched)
        return pauses->end_ns;
    /* A stutter is not told with each of its beats. */
    bool soon = pauses->told_ns == 0 || duration_ns >= pauses->told_ns / 100 * TOLD_AGAIN;
    return pauses->end_ns + (soon ? SETTLE_NS : TOGETHER_NS);
}

bool pm_pauses_take(struct pm_pauses *pauses)
{
    pauses->is_told = true;
    if (pauses->pause.info.lost_ns < pauses->record_ns)
        return false;
    pauses->told_ns = pauses->pause.info.duration_ns;
    return true;
}

uint64_t pm_pauses_floor(const struct pm_pauses *pauses)
{
    const struct pausemon_pause_info *info = &pauses->pause.info;

    if (!pm_cause_get(info->cause)->suffers)
        return 0;
    return pm_pause_is_long(info, pauses->forensics_ns) ? pauses->critical : pauses->elevated;
}
