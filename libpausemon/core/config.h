/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_CONFIG_H
#define PM_CORE_CONFIG_H

/* The settings as plain values, and the one table that describes them. Numbers are int64: a
 * bool is 0 or 1, a num is in thousandths. */

#include <pausemon/config.h>
#include <pausemon/process.h>

#include "base/host.h"
#include "core/metrics.h"

#define PM_CONFIG_TEXT_SIZE 1024
#define PM_CONFIG_LIST_MAX 64
#define PM_CONFIG_MAX_KEYS 128

struct pm_config_list {
    int64_t count;
    char items[PM_CONFIG_LIST_MAX][PAUSEMON_COMMAND_SIZE];
};

struct pm_config_rule {
    int64_t enabled, count, threshold;
};

struct pausemon_config {
    struct pm_host host;
    int64_t learning_mode;
    int64_t interval_ms, budget_permille;
    int64_t ring_buffer_seconds, pause_threshold_ratio, sample_interval_ms, wake_suppress_seconds;
    int64_t heartbeat_enabled, heartbeat_interval_ms;
    int64_t pause_record_ms, pause_forensics_ms, pause_pressure_share;
    int64_t elevated_threshold, critical_threshold, hold_ms;
    int64_t stuck_after_ms;
    int64_t weight[PM_METRIC_COUNT], state_weight;
    int64_t full[PM_METRIC_COUNT]; /* as in the file: percent, GiB, per second */
    int64_t multiplier[PAUSEMON_STATE_STUCK + 1];
    struct pm_config_rule rule[PM_METRIC_COUNT];
    int64_t state_enabled, state_count;
    int64_t events_days, max_db_mb, max_forensics_mb;
    int64_t alerts_enabled, pause_detected, pause_min_duration, critical_stress, critical_duration;
    int64_t elevated_entered, forensics_completed, sound;
    int64_t spindump_timeout, tailspin_timeout, logs_timeout, steps_timeout, max_artifact_mb;
    int64_t flight_recorder, cmdline;
    char source[PM_CONFIG_TEXT_SIZE], socket_group[PM_CONFIG_TEXT_SIZE];
    char hook[PM_CONFIG_TEXT_SIZE], textfile_dir[PM_CONFIG_TEXT_SIZE];
    struct pm_config_list states, suspects;
    /* Derived, in the metrics' own units; the full scales times full_per. */
    uint64_t full_units[PM_METRIC_COUNT], threshold_units[PM_METRIC_COUNT];
    uint8_t origin[PM_CONFIG_MAX_KEYS]; /* enum pausemon_config_origin, by row */
};

/* One row. `fallback` is the default as it would stand in the file. */
struct pm_config_row {
    struct pausemon_config_key key;
    size_t offset;
    int64_t least, most; /* in units of the value: thousandths for a num */
    const char *fallback;
};

extern const struct pm_config_row pm_config_rows[];
extern const size_t pm_config_row_count;

/* Known to the Python original, read by nobody: accepted, with no effect. Ended by NULL. */
extern const char *const pm_config_ignored[];

/* The row, or -1. */
int pm_config_find(const char *name);

/* Values without quotes and escapes. Each checks type and range, and on failure names key, value
 * and what was expected. */
int pm_config_set_word(struct pausemon_config *config, size_t row, const char *word,
                       struct pausemon_error *error); /* bool, int, num */
int pm_config_set_text(struct pausemon_config *config, size_t row, const char *text,
                       struct pausemon_error *error);
int pm_config_clear_list(struct pausemon_config *config, size_t row, struct pausemon_error *error);
int pm_config_add_item(struct pausemon_config *config, size_t row, const char *text,
                       struct pausemon_error *error);

void pm_config_set_defaults(struct pausemon_config *config);

/* After values were set. */
void pm_config_derive(struct pausemon_config *config);

/* "unknown key …" with the nearest known one. */
int pm_config_fail_unknown(struct pausemon_error *error, const char *name);

#endif
