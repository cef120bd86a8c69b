/* SPDX-License-Identifier: MIT */
#include <pausemon/heartbeat.h>

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sized.h"
#include "core/arith.h"
#include "core/config.h"
#include "engine/monitor.h"
#include "engine/witness.h"
#include "sources/readings.h"

#define STACK_SIZE ((size_t)64 << 10)

/* A beat is late by an interval, but never by less than ordinary load makes it. */
#define LEAST_LATE_NS (20 * PM_NS_PER_MS)

/* While a beat is missing, the process table is looked at so often. */
#define LOOK_NS (500 * PM_NS_PER_MS)

/* A standstill begins when a beat has been missing for so long; the witness looks at its onset, but
 * not more often than that. */
#define ONSET_NS UINT64_C(300000000)
#define WITNESS_NS (INT64_C(10) * PM_NS_PER_S)

/* Readings while all is well take at most a two-thousandth of one CPU. */
#define READING_PART 2000

/* What the options had in the first release: nobody may bring less. */
#define OPTIONS_FIRST_SIZE PM_END_OF(struct pausemon_heartbeat_options, lend_priority)

#define SLOTS 32 /* a power of two */

/* A time somebody was not there. */
struct span {
    int64_t from_ns, to_ns;
};

struct pausemon_heartbeat {
    struct pm_host host;
    struct pm_pulse *pulse;
    pid_t pid;
    int64_t interval_ns, late_ns;
    struct pausemon_heartbeat_options options;
    pthread_t canary, guard;
    bool has_canary, has_guard;
    struct pm_witness witness;
    atomic_bool stop;
    /* The canary's, read by the guard. */
    struct span late_beats[SLOTS];
    atomic_uint_least32_t head, tail;
    atomic_int_least64_t canary_tid;
    /* The guard's own. */
    struct pm_reader reader;
    struct pm_readings before, after;
    bool has_before;
    bool misses;    /* a beat, since before now */
    bool has_asked; /* the witness, in this standstill */
    int64_t next_reading_ns, next_look_ns, next_witness_ns;
    struct span still[SLOTS]; /* times the guard stood still, the newest over the oldest */
    size_t still_count;
    atomic_int guard_priority; /* in force */
    int priority_errno, cpu_errno;
};

/* The next beat on the grid that lies ahead. */
static int64_t next_beat(int64_t due_ns, int64_t now_ns, int64_t interval_ns)
{
    int64_t next_ns = due_ns + interval_ns;

    return next_ns > now_ns ? next_ns : now_ns + interval_ns;
}

/* ---- the canary ---- */

static void note_late_beat(struct pausemon_heartbeat *heartbeat, int64_t due_ns, int64_t now_ns)
{
    uint32_t head = atomic_load_explicit(&heartbeat->head, memory_order_relaxed);
    uint64_t late_ns = (uint64_t)(now_ns - due_ns);

    atomic_fetch_add(&heartbeat->pulse->late_count, 1);
    if (late_ns > atomic_load(&heartbeat->pulse->worst_ns))
        atomic_store(&heartbeat->pulse->worst_ns, late_ns);
    if (head - atomic_load_explicit(&heartbeat->tail, memory_order_acquire) == SLOTS) {
        atomic_fetch_add(&heartbeat->pulse->lost, 1);
        return;
    }
    heartbeat->late_beats[head % SLOTS] = (struct span){due_ns, now_ns};
    atomic_store(&heartbeat->pulse->unreported, true);
    atomic_store_explicit(&heartbeat->head, head + 1, memory_order_release);
}

static void *run_canary(void *argument)
{
    struct pausemon_heartbeat *heartbeat = argument;
    int64_t due_ns = pm_system_monotonic_ns();

    pm_thread_touch_stack();
    pm_thread_be_ordinary();
    atomic_store(&heartbeat->canary_tid, pm_thread_id());
    for (int64_t now_ns = due_ns; !atomic_load(&heartbeat->stop);) {
        due_ns = next_beat(due_ns, now_ns, heartbeat->interval_ns);
        atomic_store(&heartbeat->pulse->due_ns, due_ns);
        pm_sleep_until(due_ns);
        now_ns = pm_system_monotonic_ns();
        if (now_ns - due_ns >= heartbeat->late_ns)
            note_late_beat(heartbeat, due_ns, now_ns);
        atomic_fetch_add(&heartbeat->pulse->beats, 1);
    }
    return NULL;
}

/* ---- the guard ---- */

static void take_readings(struct pausemon_heartbeat *heartbeat, struct pm_readings *readings)
{
    pm_reader_read(&heartbeat->reader, readings);
    pm_readings_set(readings, PM_READ_ASLEEP, (uint64_t)pm_system_asleep_ns());
}

/* The last readings before a standstill should be of just before it. */
static void keep_reading(struct pausemon_heartbeat *heartbeat, int64_t now_ns)
{
    if (heartbeat->has_before && now_ns < heartbeat->next_reading_ns)
        return;
    int64_t began_ns = pm_thread_cpu_ns();
    take_readings(heartbeat, &heartbeat->before);
    heartbeat->has_before = true;
    heartbeat->next_reading_ns = now_ns + (pm_thread_cpu_ns() - began_ns) * READING_PART;
}

static uint64_t still_within(const struct pausemon_heartbeat *heartbeat, int64_t from_ns,
                             int64_t to_ns)
{
    size_t count = heartbeat->still_count < SLOTS ? heartbeat->still_count : SLOTS;
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const struct span *span = &heartbeat->still[i];
        sum += pm_elapsed(span->from_ns > from_ns ? span->from_ns : from_ns,
                          span->to_ns < to_ns ? span->to_ns : to_ns);
    }
    return sum;
}

/* All late beats that are over, as one report: a starved guard finds several. */
static bool report_late_beats(struct pausemon_heartbeat *heartbeat)
{
    uint32_t head = atomic_load_explicit(&heartbeat->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&heartbeat->tail, memory_order_relaxed);
    struct pm_beat beat = {.lapse = {.has_guard = true}};

    if (head == tail)
        return false;
    for (; tail != head; tail++) {
        const struct span *late = &heartbeat->late_beats[tail % SLOTS];
        /* It may have begun anywhere between two beats: on average in the middle. */
        int64_t onset_ns = late->from_ns - heartbeat->interval_ns / 2;
        beat.onset_ns = beat.onset_ns ? beat.onset_ns : onset_ns;
        beat.end_ns = late->to_ns;
        beat.lapse.lost_ns += pm_elapsed(onset_ns, late->to_ns);
        beat.lapse.still_ns += still_within(heartbeat, onset_ns, late->to_ns);
    }
    atomic_store_explicit(&heartbeat->tail, tail, memory_order_release);
    take_readings(heartbeat, &heartbeat->after);
    if (heartbeat->has_before)
        pm_readings_grow(&beat.lapse.growth, &heartbeat->before, &heartbeat->after);
    heartbeat->before = heartbeat->after;
    heartbeat->has_before = true;
    pm_pulse_put(heartbeat->pulse, &beat);
    if (atomic_load(&heartbeat->head) == tail)
        atomic_store(&heartbeat->pulse->unreported, false);
    return true;
}

/* Not on the first turn that finds it missing: that may be our own waking up, with the canary right
 * behind us. */
static void ask_witness(struct pausemon_heartbeat *heartbeat, int64_t now_ns)
{
    if (!heartbeat->witness.is_there || !heartbeat->misses || heartbeat->has_asked ||
        now_ns < heartbeat->next_witness_ns ||
        pm_pulse_missing_ns(heartbeat->pulse, now_ns) < ONSET_NS)
        return;
    heartbeat->has_asked = true;
    if (pm_witness_ask(&heartbeat->witness))
        heartbeat->next_witness_ns = now_ns + WITNESS_NS;
}

static void watch_missing_beat(struct pausemon_heartbeat *heartbeat, int64_t now_ns)
{
    ask_witness(heartbeat, now_ns);
    if (heartbeat->misses && now_ns < heartbeat->next_look_ns)
        return;
    heartbeat->misses = true;
    heartbeat->next_look_ns = now_ns + LOOK_NS;
    /* So that the process table is looked at while the freeze lasts. */
    if (heartbeat->options.lend_priority && atomic_load(&heartbeat->guard_priority))
        pm_pulse_lend(heartbeat->pulse, atomic_load(&heartbeat->guard_priority));
    pm_pulse_want_look(heartbeat->pulse);
}

static void guard_once(struct pausemon_heartbeat *heartbeat, int64_t due_ns)
{
    int64_t now_ns = pm_system_monotonic_ns();

    if (now_ns - due_ns >= heartbeat->late_ns)
        heartbeat->still[heartbeat->still_count++ % SLOTS] = (struct span){due_ns, now_ns};
    /* First of all: a beat that came between the two would be neither. */
    bool misses = pm_pulse_missing_ns(heartbeat->pulse, now_ns) > 0;
    if (report_late_beats(heartbeat)) {
        heartbeat->misses = heartbeat->has_asked = false;
        pm_pulse_want_look(heartbeat->pulse);
    } else if (misses) {
        watch_missing_beat(heartbeat, now_ns);
    } else {
        heartbeat->misses = heartbeat->has_asked = false;
        keep_reading(heartbeat, now_ns);
    }
    /* The canary's as last read. */
    uint64_t canary_ns = heartbeat->has_before ? heartbeat->before.value[PM_READ_OWN_CPU] : 0;
    atomic_store(&heartbeat->pulse->cpu_ns,
                 (uint64_t)pm_thread_cpu_ns() + canary_ns + pm_witness_cpu_ns(&heartbeat->witness));
}

static void *run_guard(void *argument)
{
    struct pausemon_heartbeat *heartbeat = argument;
    int64_t due_ns = pm_system_monotonic_ns();

    pm_thread_touch_stack();
    pm_reader_open(&heartbeat->reader);
    /* The canary's first beat says who it is. */
    while (!atomic_load(&heartbeat->canary_tid) && !atomic_load(&heartbeat->stop))
        pm_sleep_until(pm_system_monotonic_ns() + PM_NS_PER_MS);
    pm_reader_watch(&heartbeat->reader, heartbeat->canary, atomic_load(&heartbeat->canary_tid));
    while (!atomic_load(&heartbeat->stop)) {
        due_ns = next_beat(due_ns, pm_system_monotonic_ns(), heartbeat->interval_ns);
        pm_sleep_until(due_ns);
        guard_once(heartbeat, due_ns);
    }
    pm_reader_close(&heartbeat->reader);
    return NULL;
}

/* ---- life ---- */

static int start_threads(struct pausemon_heartbeat *heartbeat, struct pausemon_error *error)
{
    int status = pm_thread_start(&heartbeat->canary, STACK_SIZE, run_canary, heartbeat);

    heartbeat->has_canary = status == 0;
    if (status == 0)
        status = pm_thread_start(&heartbeat->guard, STACK_SIZE, run_guard, heartbeat);
    heartbeat->has_guard = heartbeat->has_canary && status == 0;
    if (status != 0)
        return pm_fail_os(error, status, "cannot start a thread of the heartbeat");
    int priority = (int)heartbeat->options.guard_priority;
    int cpu = (int)heartbeat->options.guard_cpu;
    heartbeat->cpu_errno = cpu >= 0 ? pm_thread_stay(heartbeat->guard, cpu) : 0;
    heartbeat->priority_errno = priority ? pm_thread_raise(heartbeat->guard, priority) : 0;
    atomic_store(&heartbeat->guard_priority, heartbeat->priority_errno ? 0 : priority);
    /* Just below, so that on one CPU its look is interrupted by the guard. */
    if (heartbeat->witness.is_there && priority && !heartbeat->priority_errno)
        pm_thread_raise(heartbeat->witness.thread, priority > 1 ? priority - 1 : 1);
    return 0;
}

static int check_options(const struct pausemon_heartbeat_options *options,
                         struct pausemon_error *error)
{
    if (options->guard_priority < 0 || options->guard_priority > 99)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "guard_priority %lld: expected 0..99",
                       (long long)options->guard_priority);
    if (options->guard_cpu < -1 || options->guard_cpu > INT32_MAX)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "guard_cpu %lld: expected a CPU, or -1",
                       (long long)options->guard_cpu);
    return 0;
}

static int start_witness(struct pausemon_heartbeat *heartbeat,
                         const struct pausemon_monitor *monitor, struct pausemon_error *error)
{
    int status = pm_pulse_make_onset(heartbeat->pulse, error);

    if (status == 0)
        status = pm_witness_start(&heartbeat->witness, heartbeat->pulse, monitor->stuck,
                                  monitor->stuck_user, error);
    return status == PAUSEMON_ERR_UNSUPPORTED ? 0 : status; /* it is an option */
}

static int build(struct pausemon_heartbeat *heartbeat, struct pausemon_monitor *monitor,
                 struct pausemon_error *error)
{
    int status = pm_pulse_new(&heartbeat->pulse, &heartbeat->host, error);
    if (status < 0)
        return status;
    heartbeat->pulse->late_ns = heartbeat->late_ns;
    /* Before the guard, who asks it. */
    if (heartbeat->options.witness)
        status = start_witness(heartbeat, monitor, error);
    if (status == 0)
        status = pm_monitor_attach(monitor, heartbeat->pulse, error);
    return status < 0 ? status : start_threads(heartbeat, error);
}

int pausemon_heartbeat_start(struct pausemon_heartbeat **out, struct pausemon_monitor *monitor,
                             const struct pausemon_config *config,
                             const struct pausemon_heartbeat_options *given,
                             struct pausemon_error *error)
{
    struct pausemon_heartbeat_options options = PAUSEMON_HEARTBEAT_OPTIONS_INIT;
    int64_t interval_ms = 50;

    if (out)
        *out = NULL;
    if (!out || !monitor ||
        (given && !pm_sized_take(&options, sizeof options, OPTIONS_FIRST_SIZE, given)))
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "a heartbeat needs a place, a monitor and whole options");
    int status = check_options(&options, error);
    if (status < 0)
        return status;
    if (config)
        interval_ms = config->heartbeat_interval_ms;
    const struct pm_host *host = pm_monitor_host(monitor);
    struct pausemon_heartbeat *heartbeat = pm_alloc(host, sizeof *heartbeat);
    if (!heartbeat)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "heartbeat: out of memory");
    heartbeat->host = *host;
    heartbeat->options = options;
    heartbeat->pid = getpid();
    heartbeat->interval_ns = interval_ms * PM_NS_PER_MS;
    heartbeat->late_ns =
        heartbeat->interval_ns > LEAST_LATE_NS ? heartbeat->interval_ns : LEAST_LATE_NS;
    status = build(heartbeat, monitor, error);
    if (status < 0)
        pausemon_heartbeat_stop(heartbeat);
    else
        *out = heartbeat;
    return status;
}

void pausemon_heartbeat_stop(struct pausemon_heartbeat *heartbeat)
{
    if (!heartbeat)
        return;
    struct pm_host host = heartbeat->host;
    atomic_store(&heartbeat->stop, true);
    if (heartbeat->pid == getpid()) {
        if (heartbeat->has_guard)
            pthread_join(heartbeat->guard, NULL);
        if (heartbeat->has_canary)
            pthread_join(heartbeat->canary, NULL);
        pm_witness_stop(&heartbeat->witness); /* after the guard, who asks it */
    } else {
        pm_witness_forget(&heartbeat->witness);
    }
    if (heartbeat->pulse)
        atomic_store(&heartbeat->pulse->stopped, true);
    pm_pulse_release(heartbeat->pulse);
    pm_free(&host, heartbeat);
}

void pausemon_heartbeat_get_info(const struct pausemon_heartbeat *given,
                                 struct pausemon_heartbeat_info *info)
{
    /* Reading an atomic is no change, but C11 does not say so. */
    struct pausemon_heartbeat *heartbeat = (struct pausemon_heartbeat *)(uintptr_t)given;
    struct pausemon_heartbeat_info all = {.size = sizeof all};

    all.beats = atomic_load(&heartbeat->pulse->beats);
    all.late_beats = atomic_load(&heartbeat->pulse->late_count);
    all.worst_ns = atomic_load(&heartbeat->pulse->worst_ns);
    all.lost_reports = atomic_load(&heartbeat->pulse->lost);
    all.guard_priority = atomic_load(&heartbeat->guard_priority);
    all.priority_errno = heartbeat->priority_errno;
    all.cpu_errno = heartbeat->cpu_errno;
    all.cpu_ns = atomic_load(&heartbeat->pulse->cpu_ns);
    pm_sized_fill(info, &all, sizeof all);
}
