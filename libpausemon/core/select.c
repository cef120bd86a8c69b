/* SPDX-License-Identifier: MIT */
#include "core/select.h"

#include "core/score.h"

/* Stuck for so long is stress, whatever the score. */
#define STUCK_STRESS_NS (UINT64_C(10) * PM_NS_PER_S)

/* The largest few, in order: by `first`, then `second`, then the lower pid. */
struct top {
    size_t limit, count;
    struct place {
        uint64_t first, second;
        int64_t pid;
        size_t index;
    } places[PAUSEMON_MAX_ROGUES];
};

static bool before(const struct place *a, const struct place *b)
{
    if (a->first != b->first)
        return a->first > b->first;
    if (a->second != b->second)
        return a->second > b->second;
    return a->pid < b->pid;
}

static void offer(struct top *top, struct place place)
{
    if (top->limit == 0 ||
        (top->count == top->limit && !before(&place, &top->places[top->count - 1])))
        return;
    size_t at = top->count < top->limit ? top->count++ : top->count - 1;
    for (; at > 0 && before(&place, &top->places[at - 1]); at--)
        top->places[at] = top->places[at - 1];
    top->places[at] = place;
}

static bool is_listed(const struct pausemon_config *config, uint64_t state)
{
    for (int64_t i = 0; i < config->states.count; i++)
        if (pausemon_state_from_name(config->states.items[i]) == state)
            return true;
    return false;
}

static void offer_metrics(struct top tops[PM_METRIC_COUNT], const struct pausemon_config *config,
                          const struct pausemon_process *process, size_t index)
{
    for (size_t i = 0; i < PM_METRIC_COUNT; i++) {
        uint64_t value = pm_value(process, pm_metrics[i].process_offset);
        if (process->have & pm_metrics[i].have && value > config->threshold_units[i])
            offer(&tops[i], (struct place){value, 0, process->pid, index});
    }
}

/* Scores all, clears the categories, and gives those of metrics and of stuck. */
static void categorise(struct pm_table *table, const struct pausemon_config *config)
{
    struct top tops[PM_METRIC_COUNT];

    for (size_t i = 0; i < PM_METRIC_COUNT; i++) {
        tops[i].count = 0;
        tops[i].limit = config->rule[i].enabled ? (size_t)config->rule[i].count : 0;
    }
    for (size_t i = 0; i < table->count; i++) {
        struct pausemon_process *process = &table->entries[i].process;
        process->score = pm_score(config, process);
        process->categories = process->state == PAUSEMON_STATE_STUCK ? PAUSEMON_CATEGORY_STUCK : 0;
        offer_metrics(tops, config, process, i);
    }
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        for (size_t j = 0; j < tops[i].count; j++)
            table->entries[tops[i].places[j].index].process.categories |= pm_metrics[i].category;
}

static void categorise_states(struct pm_table *table, const struct pausemon_config *config)
{
    bool listed[PM_STATE_COUNT];
    struct top top = {.limit = (size_t)config->state_count};

    if (!config->state_enabled)
        return;
    for (uint64_t state = 0; state < PM_STATE_COUNT; state++)
        listed[state] = is_listed(config, state);
    for (size_t i = 0; i < table->count; i++) {
        struct pausemon_process *process = &table->entries[i].process;
        if (!listed[process->state])
            continue;
        if (config->state_count == 0)
            process->categories |= PAUSEMON_CATEGORY_STATE;
        else
            offer(&top, (struct place){0, 0, process->pid, i});
    }
    for (size_t i = 0; i < top.count; i++)
        table->entries[top.places[i].index].process.categories |= PAUSEMON_CATEGORY_STATE;
}

static void count_process(struct pausemon_sample_info *info, const struct pm_entry *entry)
{
    info->process_count++;
    info->rated_count += (entry->process.have & PM_RATES) != 0;
    info->unreadable += entry->last.denied != 0;
}

void pm_select(struct pausemon_sample *sample, struct pm_table *table,
               const struct pausemon_config *config)
{
    struct pausemon_sample_info *info = &sample->info;
    struct top rogues = {.limit = PAUSEMON_MAX_ROGUES};
    uint64_t selected = 0, floor = 0;

    info->process_count = info->rated_count = 0;
    info->unreadable = table->skipped;
    categorise(table, config);
    categorise_states(table, config);
    for (size_t i = 0; i < table->count; i++) {
        const struct pausemon_process *process = &table->entries[i].process;
        count_process(info, &table->entries[i]);
        /* One process rarely scores as high as what a stuck one does to a machine. */
        if (process->stuck_ns >= STUCK_STRESS_NS)
            floor = (uint64_t)config->elevated_threshold;
        if (!process->categories)
            continue;
        selected++;
        uint64_t cpu = process->have & PAUSEMON_HAVE_CPU ? process->cpu : 0;
        offer(&rogues, (struct place){process->score, cpu, process->pid, i});
    }
    for (size_t i = 0; i < rogues.count; i++)
        sample->rogues[i] = table->entries[rogues.places[i].index].process;
    info->rogue_count = rogues.count;
    info->rogues_omitted = selected - rogues.count;
    info->max_score = rogues.count ? sample->rogues[0].score : 0;
    info->stress = info->max_score > floor ? info->max_score : floor;
    info->births = table->births;
    info->deaths = table->deaths;
}
