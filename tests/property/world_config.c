/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <inttypes.h>
#include <string.h>

/* From this metric on the full scale is a whole number. */
enum { WHOLE_FULLS = 3 };

static void set(struct pausemon_config *config, const char *name, const char *value)
{
    struct pausemon_error error = {0};
    int status = pausemon_config_set(config, name, value, &error);

    ck_assert_msg(status == 0, "%s = %s: %d %s", name, value, status, error.text);
}

static void set_int(struct pausemon_config *config, const char *section, const char *key,
                    uint64_t value)
{
    char name[128], text[32];

    snprintf(name, sizeof name, "%s.%s", section, key);
    snprintf(text, sizeof text, "%" PRIu64, value);
    set(config, name, text);
}

static void set_millis(struct pausemon_config *config, const char *section, const char *key,
                       uint64_t millis)
{
    char name[128], text[32];

    snprintf(name, sizeof name, "%s.%s", section, key);
    snprintf(text, sizeof text, "%" PRIu64 ".%03" PRIu64, millis / 1000, millis % 1000);
    set(config, name, text);
}

/* The sum without threads is 100. Often one factor has all: then single millionths show. */
static void random_weights(struct draw *draw, struct model_config *plain)
{
    uint64_t *const parts[] = {&plain->weights[0],  &plain->weights[1], &plain->weights[2],
                               &plain->weights[4],  &plain->weights[5], &plain->weights[6],
                               &plain->state_weight};
    const size_t count = sizeof parts / sizeof *parts;
    uint64_t left = 100;

    for (size_t i = 0; i < count; i++)
        *parts[i] = 0;
    while (left > 0) {
        uint64_t part = draw_chance(draw, 40) ? left : draw_between(draw, 1, left);
        *parts[draw_below(draw, count)] += part;
        left -= part;
    }
    plain->weights[3] = draw_chance(draw, 50) ? 0 : draw_between(draw, 1, 100);
}

static uint64_t random_full(struct draw *draw, size_t metric)
{
    static const uint64_t limit_millis[MODEL_METRICS] = {
        UINT64_C(100000000),     UINT64_C(100000000),     UINT64_C(100000000),
        UINT64_C(1000000000000), UINT64_C(1000000000000), UINT64_C(1000000000000),
        UINT64_C(1000000000000)};
    bool number = metric < WHOLE_FULLS;
    uint64_t least = number && metric != 0 ? 1 : 1000;
    uint64_t limit = limit_millis[metric] >> draw_below(draw, 36);
    uint64_t full = limit <= least ? least : draw_between(draw, least, limit);

    return number ? full : full / 1000 * 1000;
}

static void random_scoring(struct draw *draw, struct model_config *plain)
{
    random_weights(draw, plain);
    for (size_t i = 0; i < MODEL_METRICS; i++)
        if (draw_chance(draw, 70))
            plain->full_millis[i] = random_full(draw, i);
    for (size_t i = 1; i < MODEL_STATES; i++)
        if (draw_chance(draw, 50))
            plain->multiplier_millis[i] = draw_between(draw, 0, 1000);
    if (draw_chance(draw, 60))
        plain->stuck_after_ms =
            draw_chance(draw, 30) ? draw_below(draw, 2) : draw_between(draw, 1, 4000);
}

static void random_selection(struct draw *draw, struct model_config *plain)
{
    for (size_t i = 0; i < MODEL_METRICS; i++) {
        plain->enabled[i] = draw_chance(draw, 85);
        plain->counts[i] =
            draw_chance(draw, 80) ? draw_between(draw, 1, 5) : draw_between(draw, 1, 64);
        if (draw_chance(draw, 40))
            plain->threshold_millis[i] = draw_between(draw, 0, 1000) * 100;
        else if (draw_chance(draw, 20))
            plain->threshold_millis[i] = draw_below(draw, UINT64_C(1000000000000));
    }
    plain->state_enabled = draw_chance(draw, 85);
    plain->state_count = draw_chance(draw, 50) ? 0 : draw_between(draw, 1, 64);
    plain->state_mask = draw_below(draw, 1u << MODEL_STATES) & ~UINT64_C(1);
    if (draw_chance(draw, 40))
        plain->state_mask &= draw_below(draw, 1u << MODEL_STATES);
    if (draw_chance(draw, 50)) {
        plain->patterns[0] = "FIRE";
        plain->patterns[1] = "b) ";
        plain->patterns[2] = NULL;
    }
}

static void set_list(struct pausemon_config *config, const char *name, const char *const *items)
{
    char text[1024] = "[";

    for (size_t i = 0; items[i]; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"%s\"", i ? ", " : "",
                 items[i]);
    snprintf(text + strlen(text), sizeof text - strlen(text), "]");
    set(config, name, text);
}

static void set_states(struct pausemon_config *config, uint64_t mask)
{
    const char *names[MODEL_STATES + 1];
    size_t count = 0;

    for (uint64_t state = 0; state < MODEL_STATES; state++)
        if (mask >> state & 1)
            names[count++] = pausemon_state_name(state);
    names[count] = NULL;
    set_list(config, "rogue_selection.state.states", names);
}

static void set_metric(struct pausemon_config *config, const struct model_config *plain, size_t i)
{
    const struct model_metric *metric = &model_metrics[i];
    char section[64], enabled[80];

    snprintf(section, sizeof section, "rogue_selection.%s", metric->name);
    snprintf(enabled, sizeof enabled, "%s.enabled", section);
    set(config, enabled, plain->enabled[i] ? "true" : "false");
    set_int(config, section, "count", plain->counts[i]);
    set_millis(config, section, "threshold", plain->threshold_millis[i]);
    set_int(config, "scoring.weights", metric->name, plain->weights[i]);
    if (i < WHOLE_FULLS)
        set_millis(config, "scoring.normalization", metric->full_name, plain->full_millis[i]);
    else
        set_int(config, "scoring.normalization", metric->full_name, plain->full_millis[i] / 1000);
}

void world_config(struct draw *draw, struct model_config *plain, struct pausemon_config *config)
{
    struct pausemon_error error = {0};

    model_config_default(plain);
    if (draw_chance(draw, 80))
        random_scoring(draw, plain);
    if (draw_chance(draw, 80))
        random_selection(draw, plain);
    for (size_t i = 0; i < MODEL_METRICS; i++)
        set_metric(config, plain, i);
    set_int(config, "scoring.weights", "state", plain->state_weight);
    for (uint64_t state = 1; state < MODEL_STATES; state++)
        set_millis(config, "scoring.state_multipliers", pausemon_state_name(state),
                   plain->multiplier_millis[state]);
    set_int(config, "scoring", "stuck_after_ms", plain->stuck_after_ms);
    set(config, "rogue_selection.state.enabled", plain->state_enabled ? "true" : "false");
    set_int(config, "rogue_selection.state", "count", plain->state_count);
    set_states(config, plain->state_mask);
    set_list(config, "suspects.patterns", plain->patterns);
    ck_assert_msg(pausemon_config_check(config, &error) == 0, "%s", error.text);
}
