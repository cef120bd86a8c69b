/* SPDX-License-Identifier: MIT */
#include "pausemon/hours.h"

#include <stdlib.h>
#include <string.h>

#include "common/progress.h"

/* ---- a span ---- */

int hours_new(struct hours *hours, int64_t now_ns, size_t count)
{
    const int64_t last = now_ns / HOUR_NS - (now_ns % HOUR_NS < 0);

    memset(hours, 0, sizeof *hours);
    hours->list = calloc(count, sizeof *hours->list);
    if (!hours->list)
        return -1;
    hours->count = count;
    hours->from_ns = (last + 1 - (int64_t)count) * HOUR_NS;
    hours->to_ns = (last + 1) * HOUR_NS;
    for (size_t i = 0; i < count; i++)
        hours->list[i].start_ns = hours->from_ns + (int64_t)i * HOUR_NS;
    return 0;
}

void hours_free(struct hours *hours)
{
    free(hours->list);
    memset(hours, 0, sizeof *hours);
}

/* The hours that are touched, as first and one past the last; equal: none is. What ends before it
 * begins (clocks are set) is where it begins. */
static void find_touched(const struct hours *hours, int64_t from_ns, int64_t to_ns, size_t *first,
                         size_t *end)
{
    *first = *end = 0;
    to_ns = to_ns > from_ns ? to_ns - 1 : from_ns; /* the last one that is in it */
    if (from_ns >= hours->to_ns || to_ns < hours->from_ns)
        return;
    from_ns = from_ns < hours->from_ns ? hours->from_ns : from_ns;
    to_ns = to_ns >= hours->to_ns ? hours->to_ns - 1 : to_ns;
    *first = (size_t)((from_ns - hours->from_ns) / HOUR_NS);
    *end = (size_t)((to_ns - hours->from_ns) / HOUR_NS) + 1;
}

void hours_add_event(struct hours *hours, int64_t from_ns, int64_t to_ns)
{
    size_t first, end;

    find_touched(hours, from_ns, to_ns, &first, &end);
    for (size_t i = first; i < end; i++)
        hours->list[i].events++;
}

/* What of a time that is lost from one moment to another falls into this hour: in proportion. */
static uint64_t part_of(const struct hour *hour, int64_t from_ns, int64_t to_ns, uint64_t lost_ns)
{
    const int64_t limit_ns = hour->start_ns + HOUR_NS;
    const int64_t begin_ns = from_ns > hour->start_ns ? from_ns : hour->start_ns;
    const int64_t end_ns = to_ns < limit_ns ? to_ns : limit_ns;

    if (from_ns >= hour->start_ns && to_ns <= limit_ns)
        return lost_ns;
    return (uint64_t)((double)(end_ns - begin_ns) / ((double)to_ns - (double)from_ns) *
                      (double)lost_ns);
}

void hours_add_pause(struct hours *hours, int64_t from_ns, int64_t to_ns, uint64_t lost_ns,
                     uint64_t cause)
{
    size_t first, end;

    cause = cause < HOUR_CAUSES ? cause : PAUSEMON_CAUSE_UNKNOWN;
    lost_ns = lost_ns < INT64_MAX ? lost_ns : INT64_MAX;
    to_ns = to_ns < from_ns ? from_ns : to_ns;
    find_touched(hours, from_ns, to_ns, &first, &end);
    for (size_t i = first; i < end; i++) {
        hours->list[i].pauses++;
        hours->list[i].lost_ns[cause] += part_of(&hours->list[i], from_ns, to_ns, lost_ns);
    }
}

/* ---- from the database ---- */

struct reading {
    struct hours *hours;
    int64_t alive_ns; /* up to which samples were kept */
    struct progress progress;
};

static int read_hour(void *user, const struct pausemon_history_hour *given)
{
    struct reading *reading = user;
    struct hours *hours = reading->hours;

    progress_step(&reading->progress);
    if (given->start_ns < hours->from_ns || given->start_ns >= hours->to_ns)
        return 0;
    struct hour *hour = &hours->list[(given->start_ns - hours->from_ns) / HOUR_NS];
    hour->samples = given->samples;
    memcpy(hour->counts, given->counts, sizeof hour->counts);
    reading->alive_ns = given->start_ns + HOUR_NS - 1;
    return 0;
}

static int read_event(void *user, const struct pausemon_escalation *event)
{
    struct reading *reading = user;

    progress_step(&reading->progress);
    /* One that is open and whose daemon has died does not go on. */
    hours_add_event(reading->hours, event->start.realtime_ns,
                    event->open ? reading->alive_ns : event->end.realtime_ns);
    return 0;
}

static int read_pause(void *user, const struct pausemon_pause *pause)
{
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    struct reading *reading = user;

    progress_step(&reading->progress);
    hours_add_pause(reading->hours, info->start.realtime_ns, info->end.realtime_ns, info->lost_ns,
                    info->cause);
    return 0;
}

int hours_read(struct hours *hours, struct pausemon_history *history, struct pausemon_error *error)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct reading reading = {.hours = hours, .alive_ns = INT64_MIN};

    filter.since_ns = hours->from_ns;
    filter.until_ns = hours->to_ns;
    progress_begin(&reading.progress, "reading the history");
    int status = pausemon_history_hours(history, hours->from_ns, hours->to_ns - 1, read_hour,
                                        &reading, error);
    if (status >= 0)
        status = pausemon_history_events(history, &filter, read_event, &reading, error);
    if (status >= 0)
        status = pausemon_history_pauses(history, &filter, read_pause, &reading, error);
    progress_end(&reading.progress);
    return status < 0 ? status : 0;
}

/* ---- what it comes to ---- */

int hour_is_known(const struct hour *hour)
{
    return hour->samples || hour->events || hour->pauses;
}

int hours_are_known(const struct hours *hours)
{
    for (size_t i = 0; i < hours->count; i++)
        if (hour_is_known(&hours->list[i]))
            return 1;
    return 0;
}

int hour_max_score(const struct hour *hour)
{
    for (int score = HOUR_SCORES - 1; score >= 0; score--)
        if (hour->counts[score])
            return score;
    return -1;
}

uint64_t hour_band(const struct hour *hour, size_t band)
{
    const size_t first = 5 * band, end = band + 1 < HOUR_BANDS ? first + 5 : HOUR_SCORES;
    uint64_t sum = 0;

    for (size_t score = first; score < end; score++)
        sum = hour->counts[score] > UINT64_MAX - sum ? UINT64_MAX : sum + hour->counts[score];
    return sum;
}

/* The logarithm to the base of two in eighths, straight between two powers. */
static int log_eighths(uint64_t value)
{
    int power = 63;

    while (!(value >> power))
        power--;
    const uint64_t rest = value - (UINT64_C(1) << power);
    return 8 * power + (int)(power >= 3 ? rest >> (power - 3) : rest << (3 - power));
}

int hour_level(uint64_t count, uint64_t all)
{
    if (count == 0)
        return 0;
    if (count >= all)
        return 8;
    return 1 + 7 * log_eighths(count) / log_eighths(all);
}
