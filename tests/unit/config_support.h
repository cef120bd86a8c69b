/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_SUPPORT_H
#define CONFIG_SUPPORT_H

/* What the suites of the configuration share: the table of config.md as typed from it, not from
 * the library; a dump of all values; a recorder of issues; a small random generator. */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expected_key {
    const char *name;
    int64_t type;
    int64_t min; /* a num in thousandths; min above max: config.md names no numbers */
    int64_t max;
    const char *value; /* the default as pausemon_config_get gives it */
    uint64_t reload;
};

#define ROW_BOOL(name, value, reload)                                                              \
    {                                                                                              \
        name, PAUSEMON_CONFIG_TYPE_BOOL, 0, -1, value, reload                                      \
    }
#define ROW_TEXT(name, value, reload)                                                              \
    {                                                                                              \
        name, PAUSEMON_CONFIG_TYPE_TEXT, 0, -1, value, reload                                      \
    }
#define ROW_LIST(name, value, reload)                                                              \
    {                                                                                              \
        name, PAUSEMON_CONFIG_TYPE_LIST, 0, -1, value, reload                                      \
    }
#define ROW_INT(name, min, max, value, reload)                                                     \
    {                                                                                              \
        name, PAUSEMON_CONFIG_TYPE_INT, min, max, value, reload                                    \
    }
#define ROW_NUM(name, min, max, value, reload)                                                     \
    {                                                                                              \
        name, PAUSEMON_CONFIG_TYPE_NUM, min, max, value, reload                                    \
    }
#define ROW_WEIGHT(name, value) ROW_INT("scoring.weights." name, 0, 100, value, 1)
#define ROW_PER_SECOND(name, value) ROW_INT("scoring.normalization." name, 1, 1000000000, value, 1)
#define ROW_MULTIPLIER(name, value) ROW_NUM("scoring.state_multipliers." name, 0, 1000, value, 1)
#define ROWS_ROGUE(name)                                                                           \
    ROW_BOOL("rogue_selection." name ".enabled", "true", 1),                                       \
        ROW_INT("rogue_selection." name ".count", 1, 64, "3", 1),                                  \
        ROW_NUM("rogue_selection." name ".threshold", 0, -1, "0.0", 1)

static const struct expected_key expected_keys[] = {
    ROW_BOOL("learning_mode", "false", 1),
    ROW_TEXT("monitor.source", "\"auto\"", 0),
    ROW_INT("monitor.interval_ms", 100, 60000, "1000", 1),
    ROW_INT("monitor.budget_permille", 1, 1000, "5", 1),
    ROW_TEXT("monitor.socket_group", "\"\"", 0),
    ROW_INT("sentinel.ring_buffer_seconds", 1, 3600, "30", 0),
    ROW_NUM("sentinel.pause_threshold_ratio", 1100, 100000, "2.0", 1),
    ROW_INT("sentinel.sample_interval_ms", 0, 60000, "0", 1),
    ROW_NUM("sentinel.wake_suppress_seconds", 0, 600000, "10.0", 1),
    ROW_BOOL("heartbeat.enabled", "true", 0),
    ROW_INT("heartbeat.interval_ms", 5, 1000, "50", 0),
    ROW_INT("pause.record_ms", 50, 600000, "250", 1),
    ROW_INT("pause.forensics_ms", 100, 3600000, "2000", 1),
    ROW_NUM("pause.pressure_share", 50, 1000, "0.5", 1),
    ROW_INT("tiers.elevated_threshold", 1, 100, "50", 1),
    ROW_INT("tiers.critical_threshold", 2, 100, "75", 1),
    ROW_INT("tiers.hold_ms", 0, 600000, "5000", 1),
    ROW_INT("scoring.stuck_after_ms", 0, 600000, "2000", 1),
    ROW_WEIGHT("cpu", "25"),
    ROW_WEIGHT("state", "20"),
    ROW_WEIGHT("pageins", "15"),
    ROW_WEIGHT("mem", "15"),
    ROW_WEIGHT("cmprs", "10"),
    ROW_WEIGHT("csw", "10"),
    ROW_WEIGHT("sysbsd", "5"),
    ROW_WEIGHT("threads", "0"),
    ROW_NUM("scoring.normalization.cpu", 1000, 100000000, "100.0", 1),
    ROW_NUM("scoring.normalization.mem_gb", 1, 100000000, "8.0", 1),
    ROW_NUM("scoring.normalization.cmprs_gb", 1, 100000000, "1.0", 1),
    ROW_PER_SECOND("pageins", "1000"),
    ROW_PER_SECOND("csw", "100000"),
    ROW_PER_SECOND("sysbsd", "100000"),
    ROW_PER_SECOND("threads", "1000"),
    ROW_MULTIPLIER("idle", "0.5"),
    ROW_MULTIPLIER("sleeping", "0.7"),
    ROW_MULTIPLIER("stopped", "0.7"),
    ROW_MULTIPLIER("halted", "0.8"),
    ROW_MULTIPLIER("zombie", "0.9"),
    ROW_MULTIPLIER("running", "0.9"),
    ROW_MULTIPLIER("uninterruptible", "0.95"),
    ROW_MULTIPLIER("stuck", "1.0"),
    ROWS_ROGUE("cpu"),
    ROWS_ROGUE("mem"),
    ROWS_ROGUE("cmprs"),
    ROWS_ROGUE("threads"),
    ROWS_ROGUE("csw"),
    ROWS_ROGUE("sysbsd"),
    ROWS_ROGUE("pageins"),
    ROW_BOOL("rogue_selection.state.enabled", "true", 1),
    ROW_INT("rogue_selection.state.count", 0, 64, "0", 1),
    ROW_LIST("rogue_selection.state.states", "[\"zombie\"]", 1),
    ROW_INT("retention.events_days", 1, 3650, "90", 1),
    ROW_INT("retention.max_db_mb", 8, 1048576, "512", 1),
    ROW_INT("retention.max_forensics_mb", 8, 1048576, "1024", 1),
    ROW_BOOL("alerts.enabled", "true", 1),
    ROW_BOOL("alerts.pause_detected", "true", 1),
    ROW_NUM("alerts.pause_min_duration", 0, 3600000, "2.0", 1),
    ROW_BOOL("alerts.critical_stress", "true", 1),
    ROW_INT("alerts.critical_duration", 0, 3600, "30", 1),
    ROW_BOOL("alerts.elevated_entered", "false", 1),
    ROW_BOOL("alerts.forensics_completed", "true", 1),
    ROW_BOOL("alerts.sound", "true", 1),
    ROW_INT("forensics.spindump_timeout", 1, 600, "30", 1),
    ROW_INT("forensics.tailspin_timeout", 1, 600, "10", 1),
    ROW_INT("forensics.logs_timeout", 1, 600, "10", 1),
    ROW_INT("forensics.steps_timeout", 1, 600, "10", 1),
    ROW_INT("forensics.max_artifact_mb", 1, 10240, "64", 1),
    ROW_BOOL("forensics.flight_recorder", "false", 0),
    ROW_BOOL("forensics.cmdline", "false", 1),
    ROW_TEXT("forensics.hook", "\"\"", 1),
    ROW_TEXT("metrics.textfile_dir", "\"\"", 1),
    ROW_LIST("suspects.patterns",
             "[\"codemeter\", \"bitdefender\", \"biomesyncd\", \"motu\", \"coreaudiod\", "
             "\"kernel_task\", \"WindowServer\"]",
             1),
};

enum { EXPECTED_KEY_COUNT = sizeof expected_keys / sizeof expected_keys[0] };

static inline bool is_number(const struct expected_key *key)
{
    return key->type == PAUSEMON_CONFIG_TYPE_INT || key->type == PAUSEMON_CONFIG_TYPE_NUM;
}

static inline struct pausemon_config *new_config(const struct pausemon_host *host)
{
    struct pausemon_config *config = NULL;

    ck_assert_int_eq(pausemon_config_new(&config, host, NULL), 0);
    ck_assert_ptr_nonnull(config);
    return config;
}

static inline void assert_value(const struct pausemon_config *config, const char *name,
                                const char *expected)
{
    struct text text = {0};

    text_write(&text, "", 0);
    ck_assert_msg(pausemon_config_get(config, name, text_write, &text) == 0, "no key %s", name);
    ck_assert_msg(strcmp(text.bytes, expected) == 0, "%s is %s, expected %s", name, text.bytes,
                  expected);
    text_free(&text);
}

static inline void must_set(struct pausemon_config *config, const char *name, const char *value)
{
    struct pausemon_error error = {0};

    ck_assert_msg(pausemon_config_set(config, name, value, &error) == 0, "%s = %s refused: %s",
                  name, value, error.text);
}

/* Every key with its value and where it came from, a line each. */
static inline struct text dump_config(const struct pausemon_config *config)
{
    struct text text = {0};
    char origin[32];

    text_write(&text, "", 0);
    for (size_t i = 0; i < EXPECTED_KEY_COUNT; i++) {
        const char *name = expected_keys[i].name;

        text_write(&text, name, strlen(name));
        text_write(&text, " = ", 3);
        ck_assert_msg(pausemon_config_get(config, name, text_write, &text) == 0, "no key %s", name);
        snprintf(origin, sizeof origin, " (%d)\n", pausemon_config_get_origin(config, name));
        text_write(&text, origin, strlen(origin));
    }
    return text;
}

static inline void assert_dumps_equal(const char *is, const char *expected, const char *what)
{
    const char *line = expected;

    for (size_t i = 0; is[i] && is[i] == expected[i]; i++)
        if (is[i] == '\n')
            line = expected + i + 1;
    ck_assert_msg(strcmp(is, expected) == 0, "%s: expected \"%.*s\", is \"%.*s\"", what,
                  (int)strcspn(line, "\n"), line, (int)strcspn(is + (line - expected), "\n"),
                  is + (line - expected));
}

/* Frees neither. */
static inline void assert_unchanged(const struct pausemon_config *config, const struct text *before,
                                    const char *what)
{
    struct text now = dump_config(config);

    assert_dumps_equal(now.bytes, before->bytes, what);
    text_free(&now);
}

static inline size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (at[0] > 0xf4 || (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* common.h promises one line of UTF-8 for a person: never a piece of a hostile file as it is. */
static inline void assert_readable(const struct pausemon_error *error)
{
    const unsigned char *at = (const unsigned char *)error->text;

    ck_assert_ptr_nonnull(memchr(error->text, '\0', sizeof error->text));
    ck_assert_msg(*at != '\0', "an error without a text");
    while (*at) {
        size_t length = utf8_length(at);

        ck_assert_msg(length > 0, "not UTF-8: %s", error->text);
        ck_assert_msg(*at >= 0x20 && *at != 0x7f, "control byte %d in: %s", *at, error->text);
        at += length;
    }
}

enum { MAX_ISSUES = 128 };

struct issue {
    int level;
    bool matched;
    struct pausemon_error error;
};

struct issues {
    struct issue list[MAX_ISSUES];
    size_t count;
};

/* A pausemon_config_issue_fn; user is a struct issues. */
static inline void note_issue(void *user, int level, const struct pausemon_error *error)
{
    struct issues *issues = user;

    ck_assert(level == PAUSEMON_LOG_ERROR || level == PAUSEMON_LOG_WARNING);
    assert_readable(error);
    ck_assert_uint_lt(issues->count, MAX_ISSUES);
    issues->list[issues->count++] = (struct issue){level, false, *error};
}

static inline size_t count_level(const struct issues *issues, int level)
{
    size_t count = 0;

    for (size_t i = 0; i < issues->count; i++)
        count += issues->list[i].level == level;
    return count;
}

/* Parses from memory that ends where the text ends, so that a reader beyond it is seen. */
static inline int parse_exact(struct pausemon_config *config, const char *bytes, size_t length,
                              struct issues *issues, struct pausemon_error *error)
{
    char *exact = malloc(length ? length : 1);

    ck_assert_ptr_nonnull(exact);
    if (length)
        memcpy(exact, bytes, length);
    int status =
        pausemon_config_parse(config, exact, length, issues ? note_issue : NULL, issues, error);
    free(exact);
    return status;
}

static inline void must_parse(struct pausemon_config *config, const char *text)
{
    struct pausemon_error error = {0};

    ck_assert_msg(parse_exact(config, text, strlen(text), NULL, &error) == 0,
                  "line %lld refused: %s", (long long)error.line, error.text);
}

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A whole number, or thousandths as pausemon_config_get writes them. */
static inline void format_number(char *to, size_t size, int64_t type, int64_t value)
{
    if (type == PAUSEMON_CONFIG_TYPE_INT) {
        snprintf(to, size, "%lld", (long long)value);
        return;
    }
    int64_t positive = value < 0 ? -value : value;
    int length = snprintf(to, size, "%s%lld.%03lld", value < 0 ? "-" : "",
                          (long long)(positive / 1000), (long long)(positive % 1000));
    while (to[length - 1] == '0' && to[length - 2] != '.')
        to[--length] = '\0';
}

/* The fixture of every suite: a fresh config, and no memory left after the test. */
static struct harness harness;
static struct pausemon_config *config;

static inline void setup(void)
{
    harness_init(&harness);
    config = new_config(&harness.host);
}

static inline void teardown(void)
{
    pausemon_config_free(config);
    ck_assert_int_eq(harness.live, 0);
}

#endif
