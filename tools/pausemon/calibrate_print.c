/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "common/grid.h"
#include "common/said.h"
#include "pausemon/calibration.h"

#define PERCENTILES 5

static const struct {
    const char *name;
    uint32_t share;
} percentiles[PERCENTILES] = {
    {"50", 50000}, {"90", 90000}, {"99", 99000}, {"99.9", 99900}, {"99.99", 99990},
};

static const char *const reason_names[] = {"keep", "saturated", "unused"};

void calibration_number(char text[32], const struct calibration_metric *metric, uint64_t value)
{
    int length = metric->decimals == 0
                     ? snprintf(text, 32, "%" PRIu64, value)
                     : snprintf(text, 32, "%" PRIu64 ".%03" PRIu64, value / 1000, value % 1000);

    /* "100.0", as the file has it. */
    while (metric->decimals && text[length - 1] == '0' && text[length - 2] != '.')
        text[--length] = '\0';
}

static double share_of(uint64_t part, uint64_t all)
{
    return all ? (double)part / (double)all : 0;
}

/* ---- what it is based on ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_basis(const struct calibration *calibration)
{
    char first[SAID_SIZE], last[SAID_SIZE];

    said_print(first, calibration->first_ns / 1000000000);
    said_print(last, calibration->last_ns / 1000000000);
    printf("Based on %" PRIu64 " sample%s of %" PRIu64 " hour%s", scores_count(calibration->counts),
           plural(scores_count(calibration->counts)), calibration->hours,
           plural(calibration->hours));
    if (calibration->hours)
        printf(" (%.10s to %.10s)", first, last);
    printf(",\n%zu event%s with %" PRIu64 " sample%s kept, and %" PRIu64 " pause%s.\n",
           calibration->event_count, plural(calibration->event_count), calibration->samples,
           plural(calibration->samples), calibration->pauses, plural(calibration->pauses));
}

static void print_missing(const struct calibration *calibration)
{
    const uint64_t samples = scores_count(calibration->counts);

    puts("\nThat is too little to propose anything:");
    if (calibration->hours < LEAST_HOURS)
        printf("  %" PRIu64 " of %d hours; a week is better, for weeks have habits\n",
               calibration->hours, LEAST_HOURS);
    if (samples < LEAST_SAMPLES)
        printf("  %" PRIu64 " of %d samples: of fewer, what is rare cannot be told\n", samples,
               LEAST_SAMPLES);
    puts("Let the daemon run (with learning_mode = true it alerts nobody meanwhile), and\n"
         "ask again.");
}

static void print_scores(const struct calibration *calibration)
{
    printf("\nScores: of the samples");
    for (size_t i = 0; i < PERCENTILES; i++)
        printf("%s%s %% at most %d",
               i == 0   ? " "
               : i == 3 ? ",\n"
                        : ", ",
               percentiles[i].name, scores_percentile(calibration->counts, percentiles[i].share));
    printf(".\nThe highest is %d. ", scores_percentile(calibration->counts, SHARE_ALL));
    printf("Honest rates rarely reach 50:\none process that keeps one core busy scores %d.\n",
           calibration->busy);
}

/* ---- thresholds ---- */

static const struct grid_column threshold_columns[] = {
    {"AT", 0}, {"SAMPLES", 0}, {"HOURS", 0}, {"OF THE TIME", 0}, {"", 1}, {NULL, 0},
};

/* What a threshold is, now or as proposed; NULL: none of these. */
static const char *name_threshold(const struct calibration *calibration, int score)
{
    const struct {
        int score;
        const char *name;
    } names[] = {
        {calibration->chosen.elevated, calibration->chosen.elevated == calibration->now.elevated
                                           ? "elevated, now and proposed"
                                           : "elevated, proposed"},
        {calibration->chosen.critical, calibration->chosen.critical == calibration->now.critical
                                           ? "critical, now and proposed"
                                           : "critical, proposed"},
        {calibration->now.elevated, "elevated now"},
        {calibration->now.critical, "critical now"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].score == score)
            return names[i].name;
    return NULL;
}

static int add_threshold(struct grid *grid, const struct calibration *calibration, int score)
{
    const uint64_t samples = scores_from(calibration->counts, score);
    const char *name = name_threshold(calibration, score);

    return grid_add_format(grid, "%d", score) < 0 ||
                   grid_add_format(grid, "%" PRIu64, samples) < 0 ||
                   grid_add_format(grid, "%" PRIu64, calibration->hours_from[score]) < 0 ||
                   grid_add_format(grid, "%.3f %%",
                                   100 * share_of(samples, scores_count(calibration->counts))) <
                       0 ||
                   grid_add_text(grid, name ? name : "") < 0
               ? -1
               : 0;
}

/* Whether a line is worth it: every tenth, and what is or may become a threshold. */
static int is_choice(const struct calibration *calibration, int score)
{
    return (score >= 20 && score % 10 == 0) || name_threshold(calibration, score);
}

static void print_thresholds(const struct calibration *calibration)
{
    struct grid grid;
    int status = 0;

    grid_init(&grid, threshold_columns);
    for (int score = 1; score < SCORES && status == 0; score++)
        if (is_choice(calibration, score))
            status = add_threshold(&grid, calibration, score);
    printf("\nWhat a threshold would have flagged, of %" PRIu64 " hours\n", calibration->hours);
    grid_print(&grid, 2);
    grid_free(&grid);
    printf("Elevated: the lowest from %d on that at most 0.1 %% of the samples reach.\n"
           "Critical: the lowest that is %d above it and that at most 0.01 %% reach.\n",
           calibration->busy + 3, LEAST_APART);
    puts("A pause raises the stress to its threshold by itself, wherever that is.");
}

/* ---- full scales ---- */

static const struct grid_column scale_columns[] = {
    {"FULL SCALE", 1}, {"NOW", 0},   {"VALUES", 0},   {"MEDIAN", 0},
    {"99 %", 0},       {"AT IT", 0}, {"PROPOSED", 0}, {NULL, 0},
};

static void add_scale(struct grid *grid, const struct calibration_metric *metric,
                      const struct calibration_scale *scale)
{
    const struct spread *spread = &scale->spread;
    char now[32], median[32], high[32], chosen[32] = "-";

    calibration_number(now, metric, scale->full);
    calibration_number(median, metric, spread_percentile(spread, SHARE_ALL / 2));
    calibration_number(high, metric, spread_percentile(spread, SHARE_ALL * 99 / 100));
    if (scale->reason != SCALE_KEEP)
        calibration_number(chosen, metric, scale->chosen);
    grid_add_text(grid, metric->name);
    grid_add_text(grid, now);
    grid_add_format(grid, "%" PRIu64, spread->all);
    grid_add_text(grid, spread->all ? median : "-");
    grid_add_text(grid, spread->all ? high : "-");
    grid_add_format(grid, "%.1f %%", (double)spread_share_from(spread, scale->full) / 1000);
    grid_add_text(grid, scale->is_weighed ? chosen : "no weight");
}

static void print_effect(const struct calibration *calibration)
{
    printf("Scored with these, of the %" PRIu64 " samples kept\n"
           "  %" PRIu64 " reach %d (now: %" PRIu64 ")\n"
           "  %" PRIu64 " reach %d (now: %" PRIu64 ")\n"
           "They change every score: calibrate the thresholds again some days after.\n",
           calibration->samples, calibration->reach_then[0], calibration->chosen.elevated,
           calibration->reach_now[0], calibration->reach_then[1], calibration->chosen.critical,
           calibration->reach_now[1]);
}

static void print_scales(const struct calibration *calibration)
{
    struct grid grid;

    if (calibration->told_events < LEAST_EVENTS) {
        printf("\nFull scales: no proposal; values are kept of %" PRIu64
               " events, %d are needed.\n",
               calibration->told_events, LEAST_EVENTS);
        return;
    }
    grid_init(&grid, scale_columns);
    for (size_t i = 0; i < CALIBRATION_METRICS; i++)
        add_scale(&grid, &calibration_metrics[i], &calibration->scales[i]);
    printf("\nFull scales, by %" PRIu64 " rogues in the samples of %" PRIu64
           " events\n(of other times no values are kept)\n",
           calibration->rogues, calibration->told_events);
    grid_print(&grid, 2);
    grid_free(&grid);
    printf("Proposed from %d values on, where more than %d %% of them are at the full scale\n"
           "(it tells them not apart), or 99 %% below a tenth of it (it never weighs)\n"
           "and not below a hundredth (it need not).\n",
           LEAST_VALUES, SHARE_SATURATED / 1000);
    if (calibration_has_scales(calibration))
        print_effect(calibration);
}

/* ---- all of it ---- */

static void print_lines(const struct calibration *calibration)
{
    char value[32];

    printf("\nLines for config.toml, into the sections of these names:\n\n"
           "[tiers]\nelevated_threshold = %d\ncritical_threshold = %d\n",
           calibration->chosen.elevated, calibration->chosen.critical);
    if (calibration_has_scales(calibration))
        puts("\n[scoring.normalization]");
    for (size_t i = 0; i < CALIBRATION_METRICS; i++)
        if (calibration->scales[i].reason != SCALE_KEEP) {
            calibration_number(value, &calibration_metrics[i], calibration->scales[i].chosen);
            printf("%s = %s\n", calibration_metrics[i].name, value);
        }
}

void calibration_print(const struct calibration *calibration)
{
    print_basis(calibration);
    if (!calibration_is_enough(calibration)) {
        print_missing(calibration);
        return;
    }
    print_scores(calibration);
    print_thresholds(calibration);
    print_scales(calibration);
    print_lines(calibration);
}

/* ---- JSON ---- */

static void print_instant(const char *before, const struct calibration *calibration,
                          int64_t realtime_ns)
{
    char text[SAID_SIZE];

    said_print(text, realtime_ns / 1000000000);
    if (calibration->hours)
        printf("%s\"%s\"", before, text);
    else
        printf("%snull", before);
}

static void print_json_basis(const struct calibration *calibration)
{
    const uint64_t samples = scores_count(calibration->counts);

    printf("{\"based_on\":{\"hours\":%" PRIu64 ",\"samples\":%" PRIu64, calibration->hours,
           samples);
    print_instant(",\"first\":", calibration, calibration->first_ns);
    print_instant(",\"last\":", calibration, calibration->last_ns);
    printf(",\"events\":%zu,\"event_samples\":%" PRIu64 ",\"rogues\":%" PRIu64
           ",\"pauses\":%" PRIu64
           "},\"needed\":{\"hours\":%d,\"samples\":%d,\"events\":%d,\"values\":%d},\"enough\":%s",
           calibration->event_count, calibration->samples, calibration->rogues, calibration->pauses,
           LEAST_HOURS, LEAST_SAMPLES, LEAST_EVENTS, LEAST_VALUES,
           calibration_is_enough(calibration) ? "true" : "false");
    printf(",\"percentiles\":{");
    for (size_t i = 0; i < PERCENTILES && samples; i++)
        printf("%s\"%s\":%d", i ? "," : "", percentiles[i].name,
               scores_percentile(calibration->counts, percentiles[i].share));
    if (samples)
        printf(",\"100\":%d", scores_percentile(calibration->counts, SHARE_ALL));
    printf("},\"busy_core\":%d", calibration->busy);
}

static void print_json_choices(const struct calibration *calibration)
{
    const uint64_t all = scores_count(calibration->counts);
    const char *between = "";

    printf(",\"choices\":[");
    for (int score = 1; score < SCORES && all; score++) {
        const uint64_t samples = scores_from(calibration->counts, score);
        if (!is_choice(calibration, score))
            continue;
        printf("%s{\"threshold\":%d,\"samples\":%" PRIu64 ",\"hours\":%" PRIu64 ",\"share\":%.6f}",
               between, score, samples, calibration->hours_from[score], share_of(samples, all));
        between = ",";
    }
    putchar(']');
}

static void print_json_scales(const struct calibration *calibration)
{
    char now[32], chosen[32];

    printf(",\"scales\":[");
    for (size_t i = 0; i < CALIBRATION_METRICS; i++) {
        const struct calibration_metric *metric = &calibration_metrics[i];
        const struct calibration_scale *scale = &calibration->scales[i];
        char high[32];
        calibration_number(now, metric, scale->full);
        calibration_number(chosen, metric, scale->chosen);
        calibration_number(high, metric, spread_percentile(&scale->spread, SHARE_ALL * 99 / 100));
        printf("%s{\"key\":\"scoring.normalization.%s\",\"now\":%s,\"values\":%" PRIu64
               ",\"p99\":%s,\"reason\":\"%s\",\"proposed\":%s}",
               i ? "," : "", metric->name, now, scale->spread.all,
               scale->spread.all ? high : "null", reason_names[scale->reason], chosen);
    }
    putchar(']');
}

/* The keys that another value is proposed for, or the same; null if nothing is. */
static void print_json_proposal(const struct calibration *calibration)
{
    char value[32];

    if (!calibration_is_enough(calibration)) {
        puts(",\"proposal\":null}");
        return;
    }
    printf(",\"proposal\":{\"tiers.elevated_threshold\":%d,\"tiers.critical_threshold\":%d",
           calibration->chosen.elevated, calibration->chosen.critical);
    for (size_t i = 0; i < CALIBRATION_METRICS; i++)
        if (calibration->scales[i].reason != SCALE_KEEP) {
            calibration_number(value, &calibration_metrics[i], calibration->scales[i].chosen);
            printf(",\"scoring.normalization.%s\":%s", calibration_metrics[i].name, value);
        }
    puts("}}");
}

void calibration_print_json(const struct calibration *calibration)
{
    print_json_basis(calibration);
    print_json_choices(calibration);
    print_json_scales(calibration);
    print_json_proposal(calibration);
}
