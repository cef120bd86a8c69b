/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_CALIBRATION_H
#define PAUSEMON_CALIBRATION_H

/* What `pausemon calibrate` has gathered and chosen, and how it is shown. */

#include "pausemon/calibrate.h"
#include "pausemon/incidents.h"

#define CALIBRATION_METRICS 7

/* A full scale: its key behind "scoring.normalization.", and how its values are made from a
 * process's: times / divisor. */
struct calibration_metric {
    const char *name, *weight; /* its key behind "scoring.weights." */
    uint64_t have;             /* its bit */
    double times, divisor;
    int decimals; /* of the key: 3: values are in thousandths; 0 */
};

extern const struct calibration_metric calibration_metrics[CALIBRATION_METRICS];

struct calibration_scale {
    struct spread spread;
    uint64_t full, chosen;
    enum scale_reason reason;
    int is_weighed; /* else its full scale does not matter */
};

struct calibration {
    struct incidents incidents;
    struct pausemon_config *config; /* in force */
    int64_t since_ns;               /* 0: all */
    /* Scores. */
    uint64_t counts[SCORES];
    uint64_t hours_from[SCORES]; /* hours with a sample of that score or more */
    uint64_t hours;              /* in which samples were kept */
    int64_t first_ns, last_ns;   /* the beginnings of the first and the last */
    struct thresholds now, chosen;
    int busy; /* what a process scores that keeps one core busy, and does nothing else */
    /* Incidents. */
    int64_t *events;
    size_t event_count;
    uint64_t told_events; /* of which samples are kept */
    uint64_t samples, rogues, pauses;
    struct calibration_scale scales[CALIBRATION_METRICS];
    /* How many of these samples reach the chosen thresholds: scored by the settings in force, and
     * with the full scales that were chosen. */
    uint64_t reach_now[2], reach_then[2];
};

/* Whether there is enough to propose thresholds, or any full scale at all. */
int calibration_is_enough(const struct calibration *calibration);
int calibration_has_scales(const struct calibration *calibration);

/* A full scale as it stands in the file. */
void calibration_number(char text[32], const struct calibration_metric *metric, uint64_t value);

void calibration_print(const struct calibration *calibration);
void calibration_print_json(const struct calibration *calibration);

#endif
