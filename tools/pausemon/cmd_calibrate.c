/* SPDX-License-Identifier: MIT */
/* Thresholds and full scales from what was kept. How they are chosen is in calibrate.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/out.h"
#include "common/progress.h"
#include "pausemon/calibration.h"
#include "pausemon/commands.h"
#include "pausemon/hours.h"

_Static_assert(SCORES == HOUR_SCORES, "the same scores");

#define GIB 1073741824.0

const struct calibration_metric calibration_metrics[CALIBRATION_METRICS] = {
    {"cpu", "cpu", PAUSEMON_HAVE_CPU, 100, 1, 3}, /* from tenths of a percent */
    {"mem_gb", "mem", PAUSEMON_HAVE_MEM, 1000, GIB, 3},
    {"cmprs_gb", "cmprs", PAUSEMON_HAVE_CMPRS, 1000, GIB, 3},
    {"pageins", "pageins", PAUSEMON_HAVE_PAGEINS, 1, 1, 0},
    {"csw", "csw", PAUSEMON_HAVE_CSW, 1, 1, 0},
    {"sysbsd", "sysbsd", PAUSEMON_HAVE_SYSBSD, 1, 1, 0},
    {"threads", "threads", PAUSEMON_HAVE_THREADS, 1, 1, 0},
};

/* ---- gathering ---- */

struct gathering {
    struct calibration *calibration;
    struct pausemon_config *then; /* with the full scales that were chosen; NULL: not yet */
    struct progress progress;
};

static int take_hour(void *user, const struct pausemon_history_hour *hour)
{
    struct gathering *gathering = user;
    struct calibration *calibration = gathering->calibration;
    int is_over = 0;

    progress_step(&gathering->progress);
    for (int score = SCORES - 1; score >= 0; score--) {
        is_over = is_over || hour->counts[score] > 0;
        calibration->hours_from[score] += (uint64_t)is_over;
        if (hour->counts[score] > UINT64_MAX - calibration->counts[score])
            calibration->counts[score] = UINT64_MAX;
        else
            calibration->counts[score] += hour->counts[score];
    }
    if (calibration->hours++ == 0)
        calibration->first_ns = hour->start_ns;
    calibration->last_ns = hour->start_ns;
    return 0;
}

static int take_event(void *user, const struct pausemon_escalation *event)
{
    struct gathering *gathering = user;
    struct calibration *calibration = gathering->calibration;
    const size_t count = calibration->event_count;

    progress_step(&gathering->progress);
    if ((count & (count - 1)) == 0) { /* as many again, at each power of two */
        void *fresh = realloc(calibration->events, (count ? 2 * count : 1) * sizeof(int64_t));
        if (!fresh)
            return PAUSEMON_ERR_NOMEM;
        calibration->events = fresh;
    }
    calibration->events[calibration->event_count++] = event->id;
    return 0;
}

static int take_pause(void *user, const struct pausemon_pause *pause)
{
    struct gathering *gathering = user;

    (void)pause;
    progress_step(&gathering->progress);
    gathering->calibration->pauses++;
    return 0;
}

static void take_rogue(struct calibration *calibration, const struct pausemon_process *rogue)
{
    uint64_t value;

    calibration->rogues++;
    for (size_t i = 0; i < CALIBRATION_METRICS; i++) {
        const struct calibration_metric *metric = &calibration_metrics[i];
        if (pausemon_process_get_metric(rogue, metric->have, &value) == 0)
            spread_add(&calibration->scales[i].spread,
                       (uint64_t)((double)(value < INT64_MAX ? value : INT64_MAX) * metric->times /
                                  metric->divisor));
    }
}

static int is_of_span(const struct calibration *calibration, const struct pausemon_sample *sample)
{
    return pausemon_sample_get_info(sample)->time.realtime_ns >= calibration->since_ns;
}

static int take_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct gathering *gathering = user;
    const struct pausemon_process *rogue;

    (void)tier;
    progress_step(&gathering->progress);
    if (!is_of_span(gathering->calibration, sample))
        return 0;
    gathering->calibration->samples++;
    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(sample, i)); i++)
        take_rogue(gathering->calibration, rogue);
    return 0;
}

/* The highest score of a sample, by other settings. */
static int score_again(const struct pausemon_config *config, const struct pausemon_sample *sample)
{
    const struct pausemon_process *rogue;
    int most = 0;

    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(sample, i)); i++) {
        const int score = pausemon_score_process(config, rogue);
        most = score > most ? score : most;
    }
    return most;
}

static int take_again(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct gathering *gathering = user;
    struct calibration *calibration = gathering->calibration;

    (void)tier;
    progress_step(&gathering->progress);
    if (!is_of_span(calibration, sample))
        return 0;
    const int now = score_again(calibration->config, sample);
    const int then = score_again(gathering->then, sample);
    calibration->reach_now[0] += now >= calibration->chosen.elevated;
    calibration->reach_now[1] += now >= calibration->chosen.critical;
    calibration->reach_then[0] += then >= calibration->chosen.elevated;
    calibration->reach_then[1] += then >= calibration->chosen.critical;
    return 0;
}

/* All samples of all events that were found. */
static int walk_samples(struct gathering *gathering,
                        int (*each)(void *user, const struct pausemon_sample *sample,
                                    uint64_t tier),
                        struct pausemon_error *error)
{
    struct calibration *calibration = gathering->calibration;
    int status = 0;

    calibration->told_events = 0;
    for (size_t i = 0; i < calibration->event_count && status >= 0; i++) {
        status = pausemon_history_samples(calibration->incidents.history, calibration->events[i],
                                          each, gathering, error);
        calibration->told_events += status > 0;
    }
    return status;
}

static int gather(struct gathering *gathering, struct pausemon_error *error)
{
    struct calibration *calibration = gathering->calibration;
    struct pausemon_history *const history = calibration->incidents.history;
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;

    filter.since_ns = calibration->since_ns;
    int status =
        pausemon_history_hours(history, calibration->since_ns, 0, take_hour, gathering, error);
    if (status >= 0)
        status = pausemon_history_pauses(history, &filter, take_pause, gathering, error);
    if (status >= 0)
        status = pausemon_history_events(history, &filter, take_event, gathering, error);
    if (status >= 0)
        status = walk_samples(gathering, take_sample, error);
    return status;
}

/* ---- choosing ---- */

int calibration_is_enough(const struct calibration *calibration)
{
    return calibration->hours >= LEAST_HOURS && scores_count(calibration->counts) >= LEAST_SAMPLES;
}

int calibration_has_scales(const struct calibration *calibration)
{
    for (size_t i = 0; i < CALIBRATION_METRICS; i++)
        if (calibration->scales[i].reason != SCALE_KEEP)
            return 1;
    return 0;
}

static uint64_t get_number(const struct pausemon_config *config, const char *section,
                           const char *name)
{
    char key[64];
    int64_t number = 0;

    snprintf(key, sizeof key, "%s.%s", section, name);
    pausemon_config_get_number(config, key, &number);
    return (uint64_t)number;
}

static int score_busy(const struct pausemon_config *config)
{
    struct pausemon_process busy = PAUSEMON_PROCESS_INIT;

    busy.have = PAUSEMON_HAVE_CPU;
    busy.state = PAUSEMON_STATE_RUNNING;
    busy.cpu = 1000;
    return pausemon_score_process(config, &busy);
}

static void choose_all(struct calibration *calibration)
{
    const struct pausemon_config *config = calibration->config;

    calibration->busy = score_busy(config);
    calibration->now.elevated = (int)get_number(config, "tiers", "elevated_threshold");
    calibration->now.critical = (int)get_number(config, "tiers", "critical_threshold");
    calibration->chosen = choose_thresholds(calibration->counts, calibration->busy + 3);
    for (size_t i = 0; i < CALIBRATION_METRICS; i++) {
        const struct calibration_metric *metric = &calibration_metrics[i];
        struct calibration_scale *scale = &calibration->scales[i];
        scale->full = scale->chosen = get_number(config, "scoring.normalization", metric->name);
        scale->is_weighed = get_number(config, "scoring.weights", metric->weight) > 0;
        if (calibration_is_enough(calibration) && scale->is_weighed &&
            calibration->told_events >= LEAST_EVENTS && scale->spread.all >= LEAST_VALUES)
            scale->reason = choose_scale(&scale->spread, scale->full, &scale->chosen);
    }
}

/* What the full scales that were chosen would have made of the samples that are kept. */
static int look_again(struct gathering *gathering, struct pausemon_error *error)
{
    struct calibration *calibration = gathering->calibration;
    char key[64], value[32];
    int status = pausemon_config_new(&gathering->then, NULL, NULL);

    if (status < 0) {
        error->status = status;
        snprintf(error->text, sizeof error->text, "%s", pausemon_status_text(status));
        return status;
    }
    pausemon_config_copy(gathering->then, calibration->config);
    for (size_t i = 0; i < CALIBRATION_METRICS && status == 0; i++) {
        calibration_number(value, &calibration_metrics[i], calibration->scales[i].chosen);
        snprintf(key, sizeof key, "scoring.normalization.%s", calibration_metrics[i].name);
        status = pausemon_config_set(gathering->then, key, value, error);
    }
    if (status == 0)
        status = walk_samples(gathering, take_again, error);
    pausemon_config_free(gathering->then);
    return status;
}

/* ---- the command ---- */

/* 0 or an exit code after a line on stderr. */
static int look_back(struct calibration *calibration)
{
    struct gathering gathering = {.calibration = calibration};
    struct pausemon_error error;

    progress_begin(&gathering.progress, "reading the history");
    int status = gather(&gathering, &error);
    if (status >= 0)
        choose_all(calibration);
    if (status >= 0 && calibration_is_enough(calibration) && calibration_has_scales(calibration))
        status = look_again(&gathering, &error);
    progress_end(&gathering.progress);
    return status < 0 ? incidents_fail(&calibration->incidents, &error) : EXIT_OK;
}

static int calibrate(struct calibration *calibration, const struct args *args)
{
    int code = incidents_open(&calibration->incidents, args);

    if (code == EXIT_OK || code == EXIT_NOTHING) {
        calibration->config = place_load_config(args->program, args_get(args, "config"));
        if (!calibration->config)
            return EXIT_ERROR;
    }
    if (code == EXIT_OK)
        code = look_back(calibration);
    else if (code == EXIT_NOTHING)
        choose_all(calibration);
    if (code != EXIT_OK && code != EXIT_NOTHING)
        return code;
    if (calibration->incidents.json)
        calibration_print_json(calibration);
    else if (code == EXIT_OK)
        calibration_print(calibration);
    return calibration_is_enough(calibration) ? code : EXIT_NOTHING;
}

static int run_calibrate(const struct args *args)
{
    int64_t hours = 0;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    if (args_get_number(args, "hours", 1, INT64_C(1000) * HOURS_MAX, &hours) < 0)
        return EXIT_USAGE;
    struct calibration *calibration = calloc(1, sizeof *calibration);
    if (!calibration)
        return args_fail(args->program, EXIT_ERROR, "out of memory");
    if (hours) /* with the one that goes on */
        calibration->since_ns = ((int64_t)time(NULL) / 3600 + 1 - (hours + 999) / 1000) * HOUR_NS;
    const int code = calibrate(calibration, args);
    free(calibration->events);
    pausemon_config_free(calibration->config);
    incidents_close(&calibration->incidents);
    free(calibration);
    return code;
}

static const struct arg_option options[] = {
    {"hours", 'H', "H", "from the last H hours; all if not given"},
    {"config", 0, "FILE", "configuration instead of the one in force"},
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    {"json", 0, NULL, "one JSON document"},
    {NULL, 0, NULL, NULL},
};

const struct command command_calibrate = {
    .name = "calibrate",
    .help = "thresholds and full scales that fit this machine, from its history, with reasons",
    .more = "Changes nothing: prints lines for config.toml. Exit code 4: too little was kept to "
            "say.\n",
    .options = options,
    .run = run_calibrate,
};
