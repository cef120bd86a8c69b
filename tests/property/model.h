/* SPDX-License-Identifier: MIT */
#ifndef MODEL_H
#define MODEL_H

/* The reference: behaviour.md §1 (rates, identity, stuck), §2 (selection), §3 (score), written
 * from the page alone, slow and plain: arrays, linear searches, 128-bit numbers. */

#include <pausemon/pausemon.h>
#include <stdbool.h>

enum { MODEL_MAX = 512, MODEL_METRICS = 7, MODEL_STATES = 9, MODEL_PATTERNS = 8 };

/* The seven metrics in the order in which §2 selects. */
struct model_metric {
    const char *name;      /* of the keys: "rogue_selection.<name>.count" */
    const char *full_name; /* "scoring.normalization.<full_name>" */
    uint64_t have;
    uint64_t category;
    size_t offset; /* in struct pausemon_process */
    /* value ÷ full scale = value × times ÷ (full_millis × over), exactly */
    uint64_t times;
    uint64_t over;
};
extern const struct model_metric model_metrics[MODEL_METRICS];

/* Numbers with decimals are in thousandths, in the unit of the configuration file. */
struct model_config {
    uint64_t weights[MODEL_METRICS];
    uint64_t state_weight;
    uint64_t full_millis[MODEL_METRICS];
    uint64_t multiplier_millis[MODEL_STATES];
    uint64_t enabled[MODEL_METRICS];
    uint64_t counts[MODEL_METRICS];
    uint64_t threshold_millis[MODEL_METRICS];
    uint64_t state_enabled;
    uint64_t state_count; /* 0: all */
    uint64_t state_mask;  /* bit 1 << enum pausemon_state */
    uint64_t stuck_after_ms;
    const char *patterns[MODEL_PATTERNS]; /* ended by NULL */
};

struct model_entry {
    struct pausemon_row row; /* the last row, what PARTIAL rows left out filled in */
    int64_t row_ns;          /* when it was read */
    int64_t mem_ns;          /* when `mem` was read */
    bool waiting;            /* uninterruptible in the last look at it */
    int64_t waiting_since;
    bool seen;         /* had its row in this look */
    bool blocked_open; /* a state at one end is unknown: blocked may be either */
    struct pausemon_process process;
};

/* How often the interesting things came: a walk that never meets them proves nothing. */
struct model_met {
    uint64_t stuck, reused, fell, omitted, denied, skipped, partial, unchanged, gone, duplicate,
        no_time, saturated, still_d_but_busy;
};

struct model {
    struct model_config config;
    struct model_entry entries[MODEL_MAX];
    size_t count;
    bool looked;                      /* at least once */
    struct pausemon_sample_info info; /* what the sample must say; not cost_us, not stress */
    uint64_t skipped;                 /* in this look */
    const struct pausemon_process *rogues[MODEL_MAX]; /* all, also those beyond 64 */
    struct model_met met;
};

void model_config_default(struct model_config *config);
void model_init(struct model *model, const struct model_config *config);

/* One whole look: rows in order, as a source puts them. Afterwards `info`, `rogues` and the
 * entries' processes say what the collector must say. */
void model_look(struct model *model, const struct pausemon_instant *time,
                const struct pausemon_row *rows, size_t count, uint64_t skipped, bool complete);

/* NULL if the process is not in the table. */
const struct model_entry *model_find(const struct model *model, int64_t pid);

/* §3. */
uint64_t model_score(const struct model_config *config, const struct pausemon_process *process);

/* §1.3: what becomes of a name. `raw` has PAUSEMON_COMMAND_SIZE bytes, perhaps no NUL. */
void model_clean(char clean[PAUSEMON_COMMAND_SIZE], const char *raw);

/* Length of the UTF-8 character at `bytes`, of at most `left` bytes; 0 if there is none. */
size_t model_utf8(const unsigned char *bytes, size_t left);

uint64_t model_value(const struct pausemon_process *process, size_t metric);
void model_set_value(struct pausemon_process *process, size_t metric, uint64_t value);

#endif
