/* SPDX-License-Identifier: MIT */
#include "core/config.h"

/* Every key: the one table. The manual and the tests are checked against it. */

#define AT(field) offsetof(struct pausemon_config, field)
#define KEY(name, type, id, range, help, reload)                                                   \
    {                                                                                              \
        sizeof(struct pausemon_config_key), name, type, range, help, id, reload                    \
    }

#define BOOL(name, field, fallback, reload, help)                                                  \
    {                                                                                              \
        KEY(name, "bool", PAUSEMON_CONFIG_TYPE_BOOL, "", help, reload), AT(field), 0, 1, fallback  \
    }
#define INT(name, field, least, most, fallback, reload, help)                                      \
    {                                                                                              \
        KEY(name, "int", PAUSEMON_CONFIG_TYPE_INT, #least ".." #most, help, reload), AT(field),    \
            least, most, fallback                                                                  \
    }
/* The bounds are written twice: as people read them and in thousandths. */
#define NUM(name, field, range, least, most, fallback, reload, help)                               \
    {                                                                                              \
        KEY(name, "num", PAUSEMON_CONFIG_TYPE_NUM, range, help, reload), AT(field), least, most,   \
            fallback                                                                               \
    }
#define TEXT(name, field, fallback, reload, help)                                                  \
    {                                                                                              \
        KEY(name, "text", PAUSEMON_CONFIG_TYPE_TEXT, "", help, reload), AT(field), 0, 0, fallback  \
    }
#define LIST(name, field, fallback, reload, help)                                                  \
    {                                                                                              \
        KEY(name, "list", PAUSEMON_CONFIG_TYPE_LIST, "", help, reload), AT(field), 0, 0, fallback  \
    }

#define WEIGHT(name, field, fallback)                                                              \
    INT("scoring.weights." name, field, 0, 100, fallback, 1,                                       \
        "points of " name "; the sum without threads is 100")
#define MULTIPLIER(name, state, fallback)                                                          \
    NUM("scoring.state_multipliers." name, multiplier[state], "0..1", 0, 1000, fallback, 1,        \
        "factor of the score in state " name)
#define RULE(name, metric, unit)                                                                   \
    BOOL("rogue_selection." name ".enabled", rule[metric].enabled, "true", 1, "select by " name),  \
        INT("rogue_selection." name ".count", rule[metric].count, 1, 64, "3", 1,                   \
            "how many of the largest"),                                                            \
        NUM("rogue_selection." name ".threshold", rule[metric].threshold, "0..1000000000000", 0,   \
            INT64_C(1000000000000000), "0.0", 1, "only above this many " unit)

const struct pm_config_row pm_config_rows[] = {
    BOOL("learning_mode", learning_mode, "false", 1,
         "histogram and events are kept, nothing is alerted"),

    TEXT("monitor.source", source, "auto", 0, "where processes are seen: a source spec"),
    INT("monitor.interval_ms", interval_ms, 100, 60000, "1000", 1, "time between samples"),
    INT("monitor.budget_permille", budget_permille, 1, 1000, "5", 1,
        "the monitor's own share of one core, in thousandths"),
    TEXT("monitor.socket_group", socket_group, "", 0,
         "group that may use the socket; empty: nobody (user), pausemon (system)"),

    INT("sentinel.ring_buffer_seconds", ring_buffer_seconds, 1, 3600, "30", 0,
        "how far back the memory of samples reaches"),
    NUM("sentinel.pause_threshold_ratio", pause_threshold_ratio, "1.1..100", 1100, 100000, "2.0", 1,
        "a sample this many times later than expected is a pause"),
    INT("sentinel.sample_interval_ms", sample_interval_ms, 0, 60000, "0", 1,
        "expected interval of one-shot top; 0: monitor.interval_ms"),
    NUM("sentinel.wake_suppress_seconds", wake_suppress_seconds, "0..600", 0, 600000, "10.0", 1,
        "no pauses for so long after the machine woke up"),

    BOOL("heartbeat.enabled", heartbeat_enabled, "true", 0, "feel for pauses between samples"),
    INT("heartbeat.interval_ms", heartbeat_interval_ms, 5, 1000, "50", 0, "time between beats"),

    INT("pause.record_ms", pause_record_ms, 50, 600000, "250", 1, "a pause is kept from here"),
    INT("pause.forensics_ms", pause_forensics_ms, 100, 3600000, "2000", 1,
        "evidence is gathered from here"),
    NUM("pause.pressure_share", pause_pressure_share, "0.05..1", 50, 1000, "0.5", 1,
        "share of time under full pressure that is a pause"),

    INT("tiers.elevated_threshold", elevated_threshold, 1, 100, "50", 1,
        "stress of tier 2; below critical_threshold"),
    INT("tiers.critical_threshold", critical_threshold, 2, 100, "75", 1, "stress of tier 3"),
    INT("tiers.hold_ms", hold_ms, 0, 600000, "5000", 1,
        "how long stress must be below a threshold before its tier ends"),

    INT("scoring.stuck_after_ms", stuck_after_ms, 0, 600000, "2000", 1,
        "uninterruptible for so long without CPU is stuck; 0: at once"),
    WEIGHT("cpu", weight[PM_CPU], "25"),
    WEIGHT("state", state_weight, "20"),
    WEIGHT("pageins", weight[PM_PAGEINS], "15"),
    WEIGHT("mem", weight[PM_MEM], "15"),
    WEIGHT("cmprs", weight[PM_CMPRS], "10"),
    WEIGHT("csw", weight[PM_CSW], "10"),
    WEIGHT("sysbsd", weight[PM_SYSBSD], "5"),
    INT("scoring.weights.threads", weight[PM_THREADS], 0, 100, "0", 1,
        "points of threads, beside the 100 of the others"),
    NUM("scoring.normalization.cpu", full[PM_CPU], "1..100000", 1000, 100000000, "100.0", 1,
        "percent of one core that give all points"),
    NUM("scoring.normalization.mem_gb", full[PM_MEM], "0.001..100000", 1, 100000000, "8.0", 1,
        "GiB resident that give all points"),
    NUM("scoring.normalization.cmprs_gb", full[PM_CMPRS], "0.001..100000", 1, 100000000, "1.0", 1,
        "GiB compressed or swapped that give all points"),
    INT("scoring.normalization.pageins", full[PM_PAGEINS], 1, 1000000000, "1000", 1,
        "major faults per second that give all points"),
    INT("scoring.normalization.csw", full[PM_CSW], 1, 1000000000, "100000", 1,
        "context switches per second that give all points"),
    INT("scoring.normalization.sysbsd", full[PM_SYSBSD], 1, 1000000000, "100000", 1,
        "system calls per second that give all points"),
    INT("scoring.normalization.threads", full[PM_THREADS], 1, 1000000000, "1000", 1,
        "threads that give all points"),
    MULTIPLIER("idle", PAUSEMON_STATE_IDLE, "0.5"),
    MULTIPLIER("sleeping", PAUSEMON_STATE_SLEEPING, "0.7"),
    MULTIPLIER("stopped", PAUSEMON_STATE_STOPPED, "0.7"),
    MULTIPLIER("halted", PAUSEMON_STATE_HALTED, "0.8"),
    MULTIPLIER("zombie", PAUSEMON_STATE_ZOMBIE, "0.9"),
    MULTIPLIER("running", PAUSEMON_STATE_RUNNING, "0.9"),
    MULTIPLIER("uninterruptible", PAUSEMON_STATE_UNINTERRUPTIBLE, "0.95"),
    MULTIPLIER("stuck", PAUSEMON_STATE_STUCK, "1.0"),

    RULE("cpu", PM_CPU, "percent of one core"),
    RULE("mem", PM_MEM, "bytes"),
    RULE("cmprs", PM_CMPRS, "bytes"),
    RULE("threads", PM_THREADS, "threads"),
    RULE("csw", PM_CSW, "switches per second"),
    RULE("sysbsd", PM_SYSBSD, "calls per second"),
    RULE("pageins", PM_PAGEINS, "faults per second"),
    BOOL("rogue_selection.state.enabled", state_enabled, "true", 1, "select by state"),
    INT("rogue_selection.state.count", state_count, 0, 64, "0", 1, "how many; 0: all"),
    LIST("rogue_selection.state.states", states, "[\"zombie\"]", 1, "the states to select"),

    INT("retention.events_days", events_days, 1, 3650, "90", 1,
        "reviewed and dismissed events are kept so long"),
    INT("retention.max_db_mb", max_db_mb, 8, 1048576, "512", 1, "size of the database"),
    INT("retention.max_forensics_mb", max_forensics_mb, 8, 1048576, "1024", 1,
        "size of all evidence"),

    BOOL("alerts.enabled", alerts_enabled, "true", 1, "one notification an incident"),
    BOOL("alerts.pause_detected", pause_detected, "true", 1, "notify of pauses"),
    NUM("alerts.pause_min_duration", pause_min_duration, "0..3600", 0, 3600000, "2.0", 1,
        "seconds a pause must have lasted"),
    BOOL("alerts.critical_stress", critical_stress, "true", 1, "notify of tier 3"),
    INT("alerts.critical_duration", critical_duration, 0, 3600, "30", 1,
        "seconds tier 3 must have lasted"),
    BOOL("alerts.elevated_entered", elevated_entered, "false", 1, "notify of tier 2"),
    BOOL("alerts.forensics_completed", forensics_completed, "true", 1,
         "notify when evidence is complete"),
    BOOL("alerts.sound", sound, "true", 1, "notifications make a sound"),

    INT("forensics.spindump_timeout", spindump_timeout, 1, 600, "30", 1, "seconds (macOS)"),
    INT("forensics.tailspin_timeout", tailspin_timeout, 1, 600, "10", 1, "seconds (macOS)"),
    INT("forensics.logs_timeout", logs_timeout, 1, 600, "10", 1, "seconds for system logs"),
    INT("forensics.steps_timeout", steps_timeout, 1, 600, "10", 1,
        "seconds for each other step (Linux)"),
    INT("forensics.max_artifact_mb", max_artifact_mb, 1, 10240, "64", 1, "size of one artifact"),
    BOOL("forensics.flight_recorder", flight_recorder, "false", 0,
         "as root: keep a kernel trace running, saved on a pause"),
    BOOL("forensics.cmdline", cmdline, "false", 1, "keep command lines, which may hold secrets"),
    TEXT("forensics.hook", hook, "", 1, "program run after a pause, the incident on its stdin"),

    TEXT("metrics.textfile_dir", textfile_dir, "", 1, "directory of node_exporter's textfiles"),

    LIST("suspects.patterns", suspects,
         "[\"codemeter\", \"bitdefender\", \"biomesyncd\", \"motu\", \"coreaudiod\", "
         "\"kernel_task\", \"WindowServer\"]",
         1, "parts of names that are marked, in any case"),
};

const size_t pm_config_row_count = sizeof pm_config_rows / sizeof pm_config_rows[0];

_Static_assert(sizeof pm_config_rows / sizeof pm_config_rows[0] <= PM_CONFIG_MAX_KEYS,
               "origin has a place for every key");

const char *const pm_config_ignored[] = {
    "sampling.normal_interval",       "sampling.elevated_interval", "sentinel.fast_interval_ms",
    "sentinel.peak_tracking_seconds", "retention.samples_days",     NULL,
};
