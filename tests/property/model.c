/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

#define MILLION 1000000u
#define GIB (UINT64_C(1) << 30)
#define RATES                                                                                      \
    ((uint64_t)(PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW |                    \
                PAUSEMON_HAVE_SYSBSD))

#define AT(member) offsetof(struct pausemon_process, member)
const struct model_metric model_metrics[MODEL_METRICS] = {
    {"cpu", "cpu", PAUSEMON_HAVE_CPU, PAUSEMON_CATEGORY_CPU, AT(cpu), 100, 1},
    {"mem", "mem_gb", PAUSEMON_HAVE_MEM, PAUSEMON_CATEGORY_MEM, AT(mem), 1000, GIB},
    {"cmprs", "cmprs_gb", PAUSEMON_HAVE_CMPRS, PAUSEMON_CATEGORY_CMPRS, AT(cmprs), 1000, GIB},
    {"threads", "threads", PAUSEMON_HAVE_THREADS, PAUSEMON_CATEGORY_THREADS, AT(threads), 1000, 1},
    {"csw", "csw", PAUSEMON_HAVE_CSW, PAUSEMON_CATEGORY_CSW, AT(csw), 1000, 1},
    {"sysbsd", "sysbsd", PAUSEMON_HAVE_SYSBSD, PAUSEMON_CATEGORY_SYSBSD, AT(sysbsd), 1000, 1},
    {"pageins", "pageins", PAUSEMON_HAVE_PAGEINS, PAUSEMON_CATEGORY_PAGEINS, AT(pageins), 1000, 1},
};
#undef AT

/* The fields of a row that a bit of `have` speaks for; all have 8 bytes. */
#define AT(member) offsetof(struct pausemon_row, member)
static const struct {
    uint64_t have;
    size_t offset;
} row_fields[] = {
    {PAUSEMON_HAVE_CPU, AT(cpu_ns)},
    {PAUSEMON_HAVE_CPU_RATE, AT(cpu_rate)},
    {PAUSEMON_HAVE_MEM, AT(mem)},
    {PAUSEMON_HAVE_CMPRS, AT(cmprs)},
    {PAUSEMON_HAVE_PAGEINS, AT(pageins)},
    {PAUSEMON_HAVE_CSW, AT(csw)},
    {PAUSEMON_HAVE_SYSBSD, AT(sysbsd)},
    {PAUSEMON_HAVE_THREADS, AT(threads)},
    {PAUSEMON_HAVE_PPID, AT(ppid)},
    {PAUSEMON_HAVE_START_TIME, AT(start_time)},
    {PAUSEMON_HAVE_RUN_DELAY, AT(run_delay_ns)},
    {PAUSEMON_HAVE_IO_BYTES, AT(io_bytes)},
    {PAUSEMON_HAVE_CHILD_CPU, AT(child_cpu_ns)},
    {PAUSEMON_HAVE_STATE, AT(state)},
};
#undef AT

uint64_t model_value(const struct pausemon_process *process, size_t metric)
{
    uint64_t value;

    memcpy(&value, (const char *)process + model_metrics[metric].offset, sizeof value);
    return value;
}

void model_set_value(struct pausemon_process *process, size_t metric, uint64_t value)
{
    memcpy((char *)process + model_metrics[metric].offset, &value, sizeof value);
}

void model_config_default(struct model_config *config)
{
    *config = (struct model_config){
        .weights = {25, 15, 10, 0, 10, 5, 15},
        .state_weight = 20,
        .full_millis = {100000, 8000, 1000, 1000000, 100000000, 100000000, 1000000},
        .multiplier_millis = {1000, 900, 700, 500, 700, 800, 900, 950, 1000},
        .enabled = {1, 1, 1, 1, 1, 1, 1},
        .counts = {3, 3, 3, 3, 3, 3, 3},
        .state_enabled = 1,
        .state_mask = 1u << PAUSEMON_STATE_ZOMBIE,
        .stuck_after_ms = 2000,
        .patterns = {"codemeter", "bitdefender", "biomesyncd", "motu", "coreaudiod", "kernel_task",
                     "WindowServer", NULL},
    };
}

void model_init(struct model *model, const struct model_config *config)
{
    memset(model, 0, sizeof *model);
    model->config = *config;
}

const struct model_entry *model_find(const struct model *model, int64_t pid)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->entries[i].process.pid == pid)
            return &model->entries[i];
    return NULL;
}

static struct model_entry *find(struct model *model, int64_t pid)
{
    return (struct model_entry *)model_find(model, pid);
}

static bool same_command(const struct pausemon_row *a, const struct pausemon_row *b)
{
    char first[PAUSEMON_COMMAND_SIZE], second[PAUSEMON_COMMAND_SIZE];

    model_clean(first, a->command);
    model_clean(second, b->command);
    return strcmp(first, second) == 0;
}

/* ---- Rows ---- */

static bool new_identity(const struct pausemon_row *known, const struct pausemon_row *row)
{
    if (known->have & row->have & PAUSEMON_HAVE_START_TIME)
        return known->start_time != row->start_time;
    if (row->verb != PAUSEMON_ROW_FULL && row->command[0] == '\0')
        return false; /* it carries no name: it speaks of the one that is known */
    return !same_command(known, row);
}

/* What the row says, with what it left out taken from the row before. */
static struct pausemon_row filled_in(const struct pausemon_row *known,
                                     const struct pausemon_row *row)
{
    struct pausemon_row full = *known;

    if (row->verb == PAUSEMON_ROW_FULL)
        return *row;
    if (row->verb == PAUSEMON_ROW_UNCHANGED)
        return full;
    for (size_t i = 0; i < sizeof row_fields / sizeof *row_fields; i++)
        if (row->have & row_fields[i].have)
            memcpy((char *)&full + row_fields[i].offset, (const char *)row + row_fields[i].offset,
                   sizeof(uint64_t));
    full.have |= row->have;
    full.denied = row->denied;
    if (row->command[0] != '\0')
        memcpy(full.command, row->command, sizeof full.command);
    return full;
}

/* 1: it ran; 0: it did not; -1: nobody knows. */
static int used_cpu(const struct pausemon_row *old, const struct pausemon_row *new)
{
    if (new->have & PAUSEMON_HAVE_CPU) {
        if (!(old->have & PAUSEMON_HAVE_CPU) || new->cpu_ns < old->cpu_ns)
            return -1;
        return new->cpu_ns > old->cpu_ns;
    }
    return new->have &PAUSEMON_HAVE_CPU_RATE ? new->cpu_rate > 0 : -1;
}

/* floor(delta × times ÷ over). Known only if both rows know the counter and it did not fall. */
static void set_delta(struct model *model, struct pausemon_process *process, uint64_t bit,
                      uint64_t *value, const uint64_t counters[2], wide times, wide over)
{
    if (counters[1] < counters[0]) {
        model->met.fell++;
        return;
    }
    wide rate = (wide)(counters[1] - counters[0]) * times / over;
    model->met.saturated += rate > UINT64_MAX;
    *value = rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate;
    process->have |= bit;
}

static void rate_all(struct model *model, struct pausemon_process *process,
                     const struct pausemon_row *old, const struct pausemon_row *new,
                     uint64_t elapsed)
{
    const wide second = 1000000000;
    const struct {
        uint64_t bit;
        uint64_t *value;
        uint64_t counters[2];
        wide times, over;
    } all[] = {
        {PAUSEMON_HAVE_CPU, &process->cpu, {old->cpu_ns, new->cpu_ns}, 1000, elapsed},
        {PAUSEMON_HAVE_PAGEINS, &process->pageins, {old->pageins, new->pageins}, second, elapsed},
        {PAUSEMON_HAVE_CSW, &process->csw, {old->csw, new->csw}, second, elapsed},
        {PAUSEMON_HAVE_SYSBSD, &process->sysbsd, {old->sysbsd, new->sysbsd}, second, elapsed},
        {PAUSEMON_HAVE_RUN_DELAY,
         &process->run_delay_ns,
         {old->run_delay_ns, new->run_delay_ns},
         1,
         1},
        {PAUSEMON_HAVE_IO_BYTES, &process->io_bytes, {old->io_bytes, new->io_bytes}, 1, 1},
        {PAUSEMON_HAVE_CHILD_CPU,
         &process->child_cpu_ns,
         {old->child_cpu_ns, new->child_cpu_ns},
         1,
         1},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (old->have & new->have & all[i].bit)
            set_delta(model, process, all[i].bit, all[i].value, all[i].counters, all[i].times,
                      all[i].over);
    if (!(new->have &PAUSEMON_HAVE_CPU) && (new->have &PAUSEMON_HAVE_CPU_RATE)) {
        process->cpu = new->cpu_rate;
        process->have |= PAUSEMON_HAVE_CPU;
    }
    bool both = old->state == PAUSEMON_STATE_UNINTERRUPTIBLE &&
                new->state == PAUSEMON_STATE_UNINTERRUPTIBLE;
    if (!both || used_cpu(old, new) >= 0)
        process->have |= PAUSEMON_HAVE_BLOCKED;
    if (both && used_cpu(old, new) == 0)
        process->blocked_ns = elapsed;
}

static bool is_stuck(struct model *model, struct model_entry *entry, const struct pausemon_row *old,
                     int64_t time)
{
    bool busy = old && used_cpu(old, &entry->row) != 0; /* or may have been */

    if (entry->row.state != PAUSEMON_STATE_UNINTERRUPTIBLE) {
        entry->waiting = false;
        return false;
    }
    model->met.still_d_but_busy += entry->waiting && busy;
    if (!entry->waiting || busy || entry->waiting_since > time)
        entry->waiting_since = time;
    entry->waiting = true;
    return model->config.stuck_after_ms == 0 ||
           (wide)model->config.stuck_after_ms * MILLION <=
               (wide)(time > entry->waiting_since ? time - entry->waiting_since : 0);
}

/* One row taken in; `old` is NULL at the first look at an identity. */
static void judge(struct model *model, struct model_entry *entry, const struct pausemon_row *old,
                  int64_t time)
{
    const struct pausemon_row *row = &entry->row;
    const uint64_t gauges = PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS | PAUSEMON_HAVE_THREADS |
                            PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME;
    struct pausemon_process process = PAUSEMON_PROCESS_INIT;

    process.pid = row->pid;
    process.have = row->have & gauges;
    process.ppid = row->have & PAUSEMON_HAVE_PPID ? row->ppid : 0;
    process.start_time = row->have & PAUSEMON_HAVE_START_TIME ? row->start_time : 0;
    process.mem = row->have & PAUSEMON_HAVE_MEM ? row->mem : 0;
    process.cmprs = row->have & PAUSEMON_HAVE_CMPRS ? row->cmprs : 0;
    process.threads = row->have & PAUSEMON_HAVE_THREADS ? row->threads : 0;
    model_clean(process.command, row->command);
    if (old && time > entry->row_ns) {
        process.elapsed_ns = (uint64_t)(time - entry->row_ns);
        rate_all(model, &process, old, row, process.elapsed_ns);
    }
    model->met.no_time += old && time <= entry->row_ns;
    entry->blocked_open =
        old && (old->state == PAUSEMON_STATE_UNKNOWN || row->state == PAUSEMON_STATE_UNKNOWN);
    process.state = is_stuck(model, entry, old, time) ? (uint64_t)PAUSEMON_STATE_STUCK : row->state;
    entry->row_ns = time;
    entry->process = process;
}

static void drop(struct model *model, struct model_entry *entry)
{
    *entry = model->entries[--model->count];
    model->info.deaths++;
}

static void put(struct model *model, const struct pausemon_row *row, int64_t look_ns)
{
    int64_t time = row->read_ns ? row->read_ns : look_ns;
    struct pausemon_row old, *before = NULL;
    struct model_entry *entry;

    if (row->pid < 0 || row->verb > PAUSEMON_ROW_GONE) {
        model->skipped++;
        return;
    }
    entry = find(model, row->pid);
    if (entry && entry->seen) {
        model->met.duplicate++;
        return;
    }
    model->met.gone += row->verb == PAUSEMON_ROW_GONE;
    if (entry && row->verb == PAUSEMON_ROW_GONE) {
        drop(model, entry);
        return;
    }
    if (entry && new_identity(&entry->row, row)) {
        model->met.reused++;
        drop(model, entry);
        entry = NULL;
    }
    if (!entry && (row->verb == PAUSEMON_ROW_GONE || row->verb == PAUSEMON_ROW_UNCHANGED)) {
        model->skipped++; /* nothing is known of it, and the row says nothing */
        return;
    }
    model->met.partial += row->verb == PAUSEMON_ROW_PARTIAL;
    model->met.unchanged += row->verb == PAUSEMON_ROW_UNCHANGED;
    if (entry) {
        old = entry->row;
        before = &old;
        entry->row = filled_in(&old, row);
    } else {
        entry = &model->entries[model->count++];
        *entry = (struct model_entry){.row = *row};
        model->info.births++;
    }
    entry->seen = true;
    if (row->verb != PAUSEMON_ROW_UNCHANGED && (row->have & PAUSEMON_HAVE_MEM))
        entry->mem_ns = time;
    judge(model, entry, before, time);
}

/* ---- Score ---- */

uint64_t model_score(const struct model_config *config, const struct pausemon_process *process)
{
    static const uint64_t state_millionths[MODEL_STATES] = {[PAUSEMON_STATE_STUCK] = 1000000,
                                                            [PAUSEMON_STATE_ZOMBIE] = 800000,
                                                            [PAUSEMON_STATE_HALTED] = 600000,
                                                            [PAUSEMON_STATE_STOPPED] = 400000};
    uint64_t sum = config->state_weight * state_millionths[process->state];

    for (size_t i = 0; i < MODEL_METRICS; i++) {
        wide value = (wide)model_value(process, i) * model_metrics[i].times;
        wide full = (wide)config->full_millis[i] * model_metrics[i].over;
        if (!(process->have & model_metrics[i].have))
            continue;
        uint64_t millionths =
            value >= full ? MILLION : (uint64_t)((value * MILLION * 2 + full) / (full * 2));
        sum += config->weights[i] * millionths;
    }
    if (sum > 100u * MILLION)
        sum = 100u * MILLION;
    return sum * config->multiplier_millis[process->state] / (1000u * UINT64_C(1000000));
}

/* ---- Selection ---- */

static bool above_threshold(const struct model_config *config,
                            const struct pausemon_process *process, size_t metric)
{
    /* cpu: tenths of a percent against thousandths of a percent */
    wide millis = (wide)model_value(process, metric) * (metric == 0 ? 100 : 1000);

    return (process->have & model_metrics[metric].have) &&
           millis > config->threshold_millis[metric];
}

/* Marks the `limit` largest; ties: lower pid first. */
static void select_metric(struct model *model, size_t metric, uint64_t limit)
{
    uint64_t category = model_metrics[metric].category;

    for (uint64_t n = 0; n < limit; n++) {
        struct pausemon_process *best = NULL;
        for (size_t i = 0; i < model->count; i++) {
            struct pausemon_process *each = &model->entries[i].process;
            if ((each->categories & category) || !above_threshold(&model->config, each, metric))
                continue;
            uint64_t value = model_value(each, metric);
            if (!best || value > model_value(best, metric) ||
                (value == model_value(best, metric) && each->pid < best->pid))
                best = each;
        }
        if (!best)
            return;
        best->categories |= category;
    }
}

static void select_state(struct model *model)
{
    const struct model_config *config = &model->config;
    uint64_t limit = config->state_count ? config->state_count : MODEL_MAX;

    for (uint64_t n = 0; n < limit && config->state_enabled; n++) {
        struct pausemon_process *first = NULL; /* the lowest pid not taken yet */
        for (size_t i = 0; i < model->count; i++) {
            struct pausemon_process *each = &model->entries[i].process;
            if ((config->state_mask >> each->state & 1) &&
                !(each->categories & PAUSEMON_CATEGORY_STATE) && (!first || each->pid < first->pid))
                first = each;
        }
        if (!first)
            return;
        first->categories |= PAUSEMON_CATEGORY_STATE;
    }
}

static bool goes_before(const struct pausemon_process *a, const struct pausemon_process *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    if (a->cpu != b->cpu)
        return a->cpu > b->cpu;
    return a->pid < b->pid;
}

static void list_rogues(struct model *model)
{
    size_t total = 0;

    for (size_t i = 0; i < model->count; i++) {
        const struct pausemon_process *each = &model->entries[i].process;
        size_t at = total;
        if (each->categories == 0)
            continue;
        for (; at > 0 && goes_before(each, model->rogues[at - 1]); at--)
            model->rogues[at] = model->rogues[at - 1];
        model->rogues[at] = each;
        total++;
    }
    model->info.rogue_count = total < PAUSEMON_MAX_ROGUES ? total : PAUSEMON_MAX_ROGUES;
    model->info.rogues_omitted = total - model->info.rogue_count;
    model->info.max_score = total ? model->rogues[0]->score : 0;
    model->met.omitted += model->info.rogues_omitted > 0;
}

/* ---- The look ---- */

/* Not looked at: what it did since the look before is not known (source.h). */
static void forget_rates(struct pausemon_process *process)
{
    process->have &= PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS | PAUSEMON_HAVE_THREADS |
                     PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME;
    process->cpu = process->pageins = process->csw = process->sysbsd = 0;
    process->run_delay_ns = process->io_bytes = process->child_cpu_ns = process->blocked_ns = 0;
    process->elapsed_ns = 0;
}

static void finish_process(struct model *model, struct model_entry *entry, int64_t look_ns)
{
    struct pausemon_process *process = &entry->process;

    process->categories = process->state == PAUSEMON_STATE_STUCK ? PAUSEMON_CATEGORY_STUCK : 0;
    process->score = model_score(&model->config, process);
    process->suspect = 0;
    for (size_t i = 0; model->config.patterns[i]; i++)
        if (strcasestr(process->command, model->config.patterns[i]))
            process->suspect = 1;
    process->mem_age_ns = (process->have & PAUSEMON_HAVE_MEM) && look_ns > entry->mem_ns
                              ? (uint64_t)(look_ns - entry->mem_ns)
                              : 0;
    model->info.rated_count += (process->have & RATES) != 0;
    model->info.unreadable += entry->row.denied != 0;
    model->met.denied += entry->row.denied != 0;
    model->met.stuck += process->state == PAUSEMON_STATE_STUCK;
}

void model_look(struct model *model, const struct pausemon_instant *time,
                const struct pausemon_row *rows, size_t count, uint64_t skipped, bool complete)
{
    int64_t before_ns = model->info.time.monotonic_ns;

    model->info = (struct pausemon_sample_info){.time = *time, .complete = complete};
    if (model->looked)
        model->info.elapsed_ns = (uint64_t)(time->monotonic_ns - before_ns);
    model->looked = true;
    model->skipped = skipped;
    for (size_t i = 0; i < model->count; i++)
        model->entries[i].seen = false;
    for (size_t i = 0; i < count; i++)
        put(model, &rows[i], time->monotonic_ns);
    for (size_t i = 0; complete && i < model->count;) {
        if (model->entries[i].seen)
            i++;
        else
            drop(model, &model->entries[i]);
    }
    model->info.process_count = model->count;
    model->info.unreadable = model->skipped;
    model->met.skipped += model->skipped;
    for (size_t i = 0; !complete && i < model->count; i++)
        if (!model->entries[i].seen)
            forget_rates(&model->entries[i].process);
    for (size_t i = 0; i < model->count; i++)
        finish_process(model, &model->entries[i], time->monotonic_ns);
    select_state(model);
    for (size_t i = 0; i < MODEL_METRICS; i++)
        if (model->config.enabled[i])
            select_metric(model, i, model->config.counts[i]);
    list_rogues(model);
}
