/* SPDX-License-Identifier: MIT */
#include "core/table.h"

#include <string.h>

#include "base/text.h"
#include "core/arith.h"

#define OF_INTERVAL                                                                                \
    (PM_RATES | PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES | PAUSEMON_HAVE_CHILD_CPU |       \
     PAUSEMON_HAVE_BLOCKED)

void pm_table_init(struct pm_table *table, const struct pm_host *host,
                   const struct pausemon_config *config)
{
    memset(table, 0, sizeof *table);
    table->host = host;
    table->config = config;
    pm_map_init(&table->index, host);
}

void pm_table_free(struct pm_table *table)
{
    pm_map_free(&table->index);
    pm_free(table->host, table->entries);
    table->entries = NULL;
}

void pm_table_begin(struct pm_table *table, int64_t look_ns)
{
    table->pass++;
    table->look_ns = look_ns;
    table->skipped = 0;
    table->status = 0;
}

static uint64_t is_suspect(const struct pm_table *table, const char *command)
{
    const struct pm_config_list *patterns = &table->config->suspects;

    for (int64_t i = 0; i < patterns->count; i++)
        if (patterns->items[i][0] && pm_text_contains_nocase(command, patterns->items[i]))
            return 1;
    return 0;
}

void pm_table_mark_suspects(struct pm_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->entries[i].process.suspect = is_suspect(table, table->entries[i].process.command);
}

/* ---- entries ---- */

static struct pm_entry *add_entry(struct pm_table *table, int64_t pid)
{
    if (table->count >= PAUSEMON_MAX_PROCESSES) {
        table->skipped++;
        return NULL;
    }
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 256;
        struct pm_entry *fresh = pm_resize(table->host, table->entries, capacity * sizeof *fresh);
        if (!fresh) {
            table->status = PAUSEMON_ERR_NOMEM;
            return NULL;
        }
        table->entries = fresh;
        table->capacity = capacity;
    }
    if (pm_map_set(&table->index, pid, (uint32_t)table->count) < 0) {
        table->status = PAUSEMON_ERR_NOMEM;
        return NULL;
    }
    table->births++;
    memset(&table->entries[table->count], 0, sizeof *table->entries);
    return &table->entries[table->count++];
}

static void remove_entry(struct pm_table *table, struct pm_entry *entry)
{
    struct pm_entry *last = &table->entries[table->count - 1];

    table->deaths++;
    pm_map_remove(&table->index, entry->last.pid);
    pm_mark_depart(table, entry);
    table->count--;
    if (entry == last)
        return;
    *entry = *last;
    pm_map_set(&table->index, entry->last.pid, (uint32_t)(entry - table->entries)); /* replaces */
}

static bool same_identity(const struct pausemon_row *known, const struct pausemon_row *row)
{
    if (known->have & row->have & PAUSEMON_HAVE_START_TIME)
        return known->start_time == row->start_time;
    /* A partial row without what identifies says: the same as before. */
    if (row->verb != PAUSEMON_ROW_FULL &&
        (known->have & PAUSEMON_HAVE_START_TIME || row->command[0] == '\0'))
        return true;
    return strcmp(known->command, row->command) == 0;
}

/* ---- from two rows to one judged process ---- */

/* Growth of a counter that is known in both rows and did not fall. */
static bool growth(const struct pm_entry *entry, const struct pausemon_row *row, uint64_t have,
                   size_t offset, uint64_t *delta)
{
    uint64_t before = pm_value(&entry->last, offset), now = pm_value(row, offset);

    if (!(entry->last.have & row->have & ~row->restarted & have) || now < before)
        return false;
    *delta = now - before;
    return true;
}

static void judge_rates(struct pm_entry *entry, const struct pausemon_row *row, uint64_t elapsed)
{
    struct pausemon_process *process = &entry->process;
    uint64_t delta;

    for (size_t i = 0; i < PM_METRIC_COUNT; i++) {
        const struct pm_metric_row *metric = &pm_metrics[i];
        uint64_t unit = i == PM_CPU ? 1000 : PM_NS_PER_S;
        if (metric->kind != PM_COUNTER ||
            !growth(entry, row, metric->have, metric->row_offset, &delta))
            continue;
        *pm_field(process, metric->process_offset) = pm_mul_div(delta, unit, elapsed);
        process->have |= metric->have;
    }
    for (size_t i = 0; i < PM_BLAME_COUNT; i++) {
        if (!growth(entry, row, pm_blame[i].have, pm_blame[i].row_offset, &delta))
            continue;
        *pm_field(process, pm_blame[i].process_offset) = delta;
        process->have |= pm_blame[i].have;
    }
    if (!(row->have & PAUSEMON_HAVE_CPU) && row->have & PAUSEMON_HAVE_CPU_RATE) {
        process->cpu = row->cpu_rate;
        process->have |= PAUSEMON_HAVE_CPU;
    }
}

enum activity { RAN, RESTED, NOT_KNOWN };

/* Since the look before. A rate may round to nothing, a counter does not. */
static enum activity activity(const struct pm_entry *entry, const struct pausemon_row *row)
{
    uint64_t delta;

    if (row->have & PAUSEMON_HAVE_CPU) {
        if (!growth(entry, row, PAUSEMON_HAVE_CPU, offsetof(struct pausemon_row, cpu_ns), &delta))
            return NOT_KNOWN;
        return delta > 0 ? RAN : RESTED;
    }
    if (!(row->have & PAUSEMON_HAVE_CPU_RATE))
        return NOT_KNOWN;
    return row->cpu_rate > 0 ? RAN : RESTED;
}

static void set_stuck(struct pausemon_process *process, uint64_t for_ns)
{
    process->state = PAUSEMON_STATE_STUCK;
    process->stuck_ns = for_ns;
}

static void judge_state(struct pm_table *table, struct pm_entry *entry,
                        const struct pausemon_row *row, bool first, uint64_t elapsed)
{
    struct pausemon_process *process = &entry->process;
    enum activity since = first ? NOT_KNOWN : activity(entry, row);
    bool now = row->state == PAUSEMON_STATE_UNINTERRUPTIBLE;
    bool both = now && entry->last.state == PAUSEMON_STATE_UNINTERRUPTIBLE && !first;
    uint64_t after_ns = (uint64_t)table->config->stuck_after_ms * PM_NS_PER_MS;

    if (!both || since != RESTED || entry->uninterruptible_since_ns > row->read_ns)
        entry->uninterruptible_since_ns = row->read_ns;
    process->state = row->state;
    if (now &&
        (after_ns == 0 || pm_elapsed(entry->uninterruptible_since_ns, row->read_ns) >= after_ns))
        set_stuck(process, pm_elapsed(entry->uninterruptible_since_ns, row->read_ns));
    if (elapsed > 0 && row->state && entry->last.state && (!both || since != NOT_KNOWN)) {
        process->blocked_ns = both && since == RESTED ? elapsed : 0;
        process->have |= PAUSEMON_HAVE_BLOCKED;
    }
}

static void judge(struct pm_table *table, struct pm_entry *entry, const struct pausemon_row *row,
                  bool first)
{
    struct pausemon_process *process = &entry->process;
    uint64_t suspect = process->suspect;
    bool renamed = first || strcmp(process->command, row->command) != 0;
    uint64_t elapsed = first ? 0 : pm_elapsed(entry->last.read_ns, row->read_ns);

    memset(process, 0, sizeof *process);
    process->size = sizeof *process;
    process->pid = row->pid;
    process->ppid = row->have & PAUSEMON_HAVE_PPID ? row->ppid : 0;
    process->start_time = row->have & PAUSEMON_HAVE_START_TIME ? row->start_time : 0;
    process->have = row->have & (PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME);
    process->elapsed_ns = elapsed;
    memcpy(process->command, row->command, sizeof process->command);
    process->suspect = renamed ? is_suspect(table, process->command) : suspect;
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (pm_metrics[i].kind == PM_GAUGE && row->have & pm_metrics[i].have) {
            *pm_field(process, pm_metrics[i].process_offset) =
                pm_value(row, pm_metrics[i].row_offset);
            process->have |= pm_metrics[i].have;
        }
    if (elapsed > 0)
        judge_rates(entry, row, elapsed);
    judge_state(table, entry, row, first, elapsed);
    if (process->have & PAUSEMON_HAVE_MEM)
        process->mem_age_ns = pm_elapsed(entry->mem_read_ns, table->look_ns);
}

/* ---- rows ---- */

/* A copy whose every field can be relied on; false if it makes no sense. */
static bool accept_row(const struct pm_table *table, const struct pausemon_row *given,
                       struct pausemon_row *row)
{
    if (given->size < PM_ROW_FIRST_SIZE || given->pid < 0 || given->verb > PAUSEMON_ROW_GONE)
        return false;
    memset(row, 0, sizeof *row);
    memcpy(row, given, given->size < sizeof *row ? (size_t)given->size : sizeof *row);
    row->size = sizeof *row;
    row->have &= ~(row->denied | PAUSEMON_HAVE_BLOCKED);
    if (row->read_ns == 0)
        row->read_ns = table->look_ns;
    if (row->state >= PAUSEMON_STATE_STUCK)
        row->state = PAUSEMON_STATE_UNKNOWN;
    pm_text_clean(row->command, sizeof row->command, given->command,
                  strnlen(given->command, sizeof given->command));
    return true;
}

#define OVERLAY(bit, field)                                                                        \
    if (!(row->have & PAUSEMON_HAVE_##bit))                                                        \
    row->field = known->field

/* Completes a partial row with what is known. */
static void overlay(struct pausemon_row *row, const struct pausemon_row *known)
{
    if (row->verb == PAUSEMON_ROW_UNCHANGED)
        row->have = row->denied = row->restarted = 0;
    OVERLAY(PPID, ppid);
    OVERLAY(START_TIME, start_time);
    OVERLAY(STATE, state);
    OVERLAY(CPU_RATE, cpu_rate);
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (!(row->have & pm_metrics[i].have))
            *pm_field(row, pm_metrics[i].row_offset) = pm_value(known, pm_metrics[i].row_offset);
    for (size_t i = 0; i < PM_BLAME_COUNT; i++)
        if (!(row->have & pm_blame[i].have))
            *pm_field(row, pm_blame[i].row_offset) = pm_value(known, pm_blame[i].row_offset);
    if (row->command[0] == '\0')
        memcpy(row->command, known->command, sizeof row->command);
    row->denied |= known->denied & ~row->have;
    row->have = (row->have | known->have) & ~row->denied;
}

/* Not looked at: what it did since is not known. What it is stays, and ages. */
static void forget_rates(const struct pm_table *table, struct pm_entry *entry)
{
    struct pausemon_process *process = &entry->process;

    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (pm_metrics[i].kind == PM_COUNTER)
            *pm_field(process, pm_metrics[i].process_offset) = 0;
    for (size_t i = 0; i < PM_BLAME_COUNT; i++)
        *pm_field(process, pm_blame[i].process_offset) = 0;
    process->have &= ~(uint64_t)OF_INTERVAL;
    process->blocked_ns = process->elapsed_ns = 0;
    if (process->have & PAUSEMON_HAVE_MEM)
        process->mem_age_ns = pm_elapsed(entry->mem_read_ns, table->look_ns);
}

void pm_table_doubt(struct pm_table *table)
{
    table->lost_pass = table->pass;
}

/* The entry a row is about, made if it is a new process (*first); NULL if there is nothing more to
 * do for this row. */
static struct pm_entry *entry_of(struct pm_table *table, const struct pausemon_row *row,
                                 bool *first)
{
    uint32_t index = pm_map_get(&table->index, row->pid);
    struct pm_entry *entry = index == PM_MAP_NONE ? NULL : &table->entries[index];

    *first = false;
    if (entry && entry->pass == table->pass)
        return NULL; /* one row a look */
    if (entry && row->verb == PAUSEMON_ROW_GONE) {
        remove_entry(table, entry);
        return NULL;
    }
    if (entry && same_identity(&entry->last, row))
        return entry;
    if (entry)
        remove_entry(table, entry);
    if (row->verb == PAUSEMON_ROW_GONE || row->verb == PAUSEMON_ROW_UNCHANGED) {
        table->skipped++; /* nothing is known that it could be about */
        return NULL;
    }
    *first = true;
    return add_entry(table, row->pid);
}

void pm_table_put(struct pm_table *table, const struct pausemon_row *given)
{
    struct pausemon_row row;
    bool first;

    if (!accept_row(table, given, &row)) {
        table->skipped++;
        return;
    }
    struct pm_entry *entry = entry_of(table, &row, &first);
    if (!entry)
        return;
    bool full = first || row.verb == PAUSEMON_ROW_FULL;
    entry->pass = table->pass;
    if (!full && entry->full_pass <= table->lost_pass) {
        table->skipped++; /* what it builds upon was lost */
        forget_rates(table, entry);
        return;
    }
    if (row.have & PAUSEMON_HAVE_MEM && row.verb != PAUSEMON_ROW_UNCHANGED)
        entry->mem_read_ns = row.read_ns;
    if (full)
        entry->full_pass = table->pass;
    else
        overlay(&row, &entry->last);
    judge(table, entry, &row, first);
    if (!first || table->seen_all)
        pm_mark_add(&table->mark, entry, &row, first);
    entry->last = row;
}

int pm_table_end(struct pm_table *table, bool complete)
{
    for (size_t i = table->count; i-- > 0;) {
        struct pm_entry *entry = &table->entries[i];
        if (entry->pass == table->pass)
            continue;
        if (complete) {
            remove_entry(table, entry);
            continue;
        }
        forget_rates(table, entry);
    }
    table->seen_all = complete && table->status == 0 && table->count < PAUSEMON_MAX_PROCESSES;
    return table->status;
}
