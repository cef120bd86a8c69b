/* SPDX-License-Identifier: MIT */
#include "forensics/counters_parse.h"

#include <string.h>

#include "base/text.h"

/* What a line was. */
enum verdict { ODD, NOTHING, ENTRY };

struct context {
    uint64_t ticks_per_s;
    uint64_t cpus; /* of interrupts: columns, as its first line says */
    bool has_heading;
};

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && **at == ' ')
        (*at)++;
}

/* The next word; false: there is none. */
static bool next_word(const char **at, const char *end, const char **word, size_t *length)
{
    skip_blanks(at, end);
    *word = *at;
    while (*at < end && **at != ' ')
        (*at)++;
    *length = (size_t)(*at - *word);
    return *length > 0;
}

/* A word that is a number; *at stays where it is none. */
static bool next_number(const char **at, const char *end, int64_t *value)
{
    const char *word, *behind = *at;
    size_t length;
    uint64_t number;

    if (!next_word(&behind, end, &word, &length))
        return false;
    const char *digits = word;
    if (!pm_parse_u64(&digits, word + length, &number) || digits != behind || number > INT64_MAX)
        return false;
    *at = behind;
    *value = (int64_t)number;
    return true;
}

/* A name with anything odd in it is none: cleaned, two could be one. */
static bool set_name(struct pm_counter_entry *entry, const char *name, size_t length)
{
    if (length == 0 || length >= sizeof entry->name)
        return false;
    pm_text_clean(entry->name, sizeof entry->name, name, length);
    return strlen(entry->name) == length && memcmp(entry->name, name, length) == 0;
}

static bool take_fields(struct pm_counter_entry *entry, const char **at, const char *end,
                        const struct pm_counter_field *fields, size_t most)
{
    entry->fields = fields;
    while (entry->count < most && next_number(at, end, &entry->values[entry->count]))
        entry->count++;
    return entry->count > 0;
}

/* ---- pressure/…: "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234" ---- */

static enum verdict parse_pressure(struct pm_counter_entry *entry, const char *at, const char *end,
                                   struct context *context)
{
    static const char total[] = " total=";
    const char *found = memmem(at, (size_t)(end - at), total, sizeof total - 1);
    bool some = pm_text_starts(at, (size_t)(end - at), "some ");

    (void)context;
    if (!found || (!some && !pm_text_starts(at, (size_t)(end - at), "full ")))
        return ODD;
    found += sizeof total - 1;
    entry->count = 1;
    set_name(entry, some ? "some_us" : "full_us", 7);
    return next_number(&found, end, &entry->values[0]) && found == end ? ENTRY : ODD;
}

/* ---- vmstat: "pgfault 1234" ---- */

/* Those that count although they are called as the levels are. */
static const char *const counting[] = {
    "nr_dirtied",           "nr_written",           "nr_throttled_written",       "nr_vmscan_write",
    "nr_foll_pin_acquired", "nr_foll_pin_released", "nr_vmscan_immediate_reclaim"};

static bool is_level(const char *name)
{
    for (size_t i = 0; i < sizeof counting / sizeof counting[0]; i++)
        if (strcmp(name, counting[i]) == 0)
            return false;
    return strncmp(name, "nr_", 3) == 0 || strcmp(name, "workingset_nodes") == 0;
}

static enum verdict parse_vmstat(struct pm_counter_entry *entry, const char *at, const char *end,
                                 struct context *context)
{
    const char *word;
    size_t length;

    (void)context;
    if (!next_word(&at, end, &word, &length) || !next_number(&at, end, &entry->values[0]) ||
        at != end)
        return ODD;
    entry->count = 1;
    /* The only ones that are neither pages nor events. */
    if (pm_text_is(word, length, "pgpgin"))
        return set_name(entry, "pgpgin_kib", 10) ? ENTRY : ODD;
    if (pm_text_is(word, length, "pgpgout"))
        return set_name(entry, "pgpgout_kib", 11) ? ENTRY : ODD;
    if (!set_name(entry, word, length))
        return ODD;
    entry->is_level = is_level(entry->name);
    return ENTRY;
}

/* ---- stat ---- */

static const struct pm_counter_field cpu_fields[] = {
    {"user_ms", false},   {"nice_ms", false},      {"system_ms", false},  {"idle_ms", false},
    {"iowait_ms", false}, {"irq_ms", false},       {"softirq_ms", false}, {"steal_ms", false},
    {"guest_ms", false},  {"guest_nice_ms", false}};

static enum verdict parse_cpu(struct pm_counter_entry *entry, const char *at, const char *end,
                              uint64_t ticks_per_s)
{
    if (!take_fields(entry, &at, end, cpu_fields, sizeof cpu_fields / sizeof cpu_fields[0]))
        return ODD;
    for (size_t i = 0; i < entry->count; i++) {
        uint64_t ticks = (uint64_t)entry->values[i];
        if (ticks > INT64_MAX / 1000)
            return ODD;
        entry->values[i] = (int64_t)(ticks * 1000 / ticks_per_s);
    }
    return ENTRY;
}

static enum verdict parse_stat(struct pm_counter_entry *entry, const char *at, const char *end,
                               struct context *context)
{
    static const struct {
        const char *key, *name;
        bool is_level;
    } numbers[] = {{"intr", "interrupts", false},
                   {"ctxt", "switches", false},
                   {"processes", "forks", false},
                   {"procs_running", "procs_running", true},
                   {"procs_blocked", "procs_blocked", true},
                   {"softirq", "softirqs", false}};
    const char *word;
    size_t length;

    if (!next_word(&at, end, &word, &length))
        return ODD;
    if (pm_text_starts(word, length, "cpu"))
        return set_name(entry, word, length) ? parse_cpu(entry, at, end, context->ticks_per_s)
                                             : ODD;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!pm_text_is(word, length, numbers[i].key))
            continue;
        entry->count = 1;
        entry->is_level = numbers[i].is_level;
        set_name(entry, numbers[i].name, strlen(numbers[i].name));
        return next_number(&at, end, &entry->values[0]) ? ENTRY : ODD;
    }
    return NOTHING;
}

/* ---- diskstats: "254 0 vda 1 2 3 …" ---- */

static const struct pm_counter_field disk_fields[] = {
    {"reads", false},           {"reads_merged", false},    {"read_sectors", false},
    {"read_ms", false},         {"writes", false},          {"writes_merged", false},
    {"write_sectors", false},   {"write_ms", false},        {"in_flight", true},
    {"io_ms", false},           {"queued_ms", false},       {"discards", false},
    {"discards_merged", false}, {"discard_sectors", false}, {"discard_ms", false},
    {"flushes", false},         {"flush_ms", false}};

static enum verdict parse_disk(struct pm_counter_entry *entry, const char *at, const char *end,
                               struct context *context)
{
    int64_t major, minor;
    const char *word;
    size_t length;

    (void)context;
    if (!next_number(&at, end, &major) || !next_number(&at, end, &minor) ||
        !next_word(&at, end, &word, &length) || !set_name(entry, word, length))
        return ODD;
    return take_fields(entry, &at, end, disk_fields, sizeof disk_fields / sizeof disk_fields[0])
               ? ENTRY
               : ODD;
}

/* ---- interrupts: " 24:   1   2  IO-APIC   5-edge   ACPI:Ged" ---- */

static enum verdict parse_heading(struct context *context, const char *at, const char *end)
{
    const char *word;
    size_t length;

    context->has_heading = true;
    while (next_word(&at, end, &word, &length) && pm_text_starts(word, length, "CPU"))
        context->cpus++;
    return context->cpus > 0 ? NOTHING : ODD;
}

/* "24 IO-APIC 5-edge ACPI:Ged": its number is given out again, the rest says whose it is. */
static bool set_label(struct pm_counter_entry *entry, const char *number, size_t number_length,
                      const char *at, const char *end)
{
    char label[PM_COUNTER_NAME];
    const char *word = number;
    size_t length = number_length, used = 0;

    do {
        if (length + 1 > sizeof label - used)
            return false;
        if (used > 0)
            label[used++] = ' ';
        memcpy(label + used, word, length);
        used += length;
    } while (next_word(&at, end, &word, &length));
    return set_name(entry, label, used);
}

static enum verdict parse_interrupt(struct pm_counter_entry *entry, const char *at, const char *end,
                                    struct context *context)
{
    const char *word;
    size_t length;
    int64_t count;

    if (!context->has_heading)
        return parse_heading(context, at, end);
    if (!next_word(&at, end, &word, &length) || word[length - 1] != ':')
        return ODD;
    entry->count = 1;
    for (uint64_t i = 0; i < context->cpus && next_number(&at, end, &count); i++) {
        if (count > INT64_MAX - entry->values[0])
            return ODD;
        entry->values[0] += count;
    }
    return set_label(entry, word, length - 1, at, end) ? ENTRY : ODD;
}

/* ---- all of them ---- */

static const struct {
    const char *path, *group, *member;
    enum verdict (*parse)(struct pm_counter_entry *entry, const char *at, const char *end,
                          struct context *context);
} files[PM_COUNTER_FILES] = {
    {"pressure/cpu", "pressure", "cpu", parse_pressure},
    {"pressure/memory", "pressure", "memory", parse_pressure},
    {"pressure/io", "pressure", "io", parse_pressure},
    {"vmstat", "vmstat", NULL, parse_vmstat},
    {"stat", "stat", NULL, parse_stat},
    {"diskstats", "diskstats", NULL, parse_disk},
    {"interrupts", "interrupts", NULL, parse_interrupt},
};

const char *pm_counters_path(size_t index)
{
    return files[index].path;
}

const char *pm_counters_group(size_t index, const char **member)
{
    *member = files[index].member;
    return files[index].group;
}

static bool is_known(const struct pm_counter_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entries[i].name, name) == 0)
            return true;
    return false;
}

void pm_counters_parse(struct pm_counter_table *table, size_t index, const char *bytes,
                       size_t length, uint64_t ticks_per_s)
{
    struct context context = {.ticks_per_s = ticks_per_s ? ticks_per_s : 100};
    const char *at = bytes, *end = bytes + length, *line_end;

    table->count = 0;
    table->incomplete = false;
    for (; at < end; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end || table->count == PM_COUNTER_ENTRIES) {
            table->incomplete = true;
            return;
        }
        struct pm_counter_entry *entry = &table->entries[table->count];
        memset(entry, 0, sizeof *entry);
        enum verdict verdict = files[index].parse(entry, at, line_end, &context);
        if (verdict == ODD || (verdict == ENTRY && is_known(table, entry->name)))
            table->incomplete = true;
        else if (verdict == ENTRY)
            table->count++;
    }
}
