/* SPDX-License-Identifier: MIT */
/* pressure.json from two texts, before and after: each file's parser sees them. The input's first
 * byte 0x01 parts the two; without one they are the same. */
#include "fuzz.h"

#include "forensics/counters_parse.h"

static struct pm_counter_table table;

static void fill(struct pm_counters *counters, const struct pm_host *host, const char *bytes,
                 size_t length)
{
    pm_counters_init(counters, host);
    counters->ticks_per_s = 100;
    length = length < PM_COUNTER_TEXT ? length : PM_COUNTER_TEXT;
    for (size_t i = 0; i < PM_COUNTER_FILES && length > 0; i++) {
        char *room = pm_buffer_room(&counters->texts[i], length);
        FUZZ_CHECK(room);
        memcpy(room, bytes, length);
        counters->texts[i].length = length;
    }
}

static void check_tables(const char *bytes, size_t length)
{
    for (size_t index = 0; index < PM_COUNTER_FILES; index++) {
        pm_counters_parse(&table, index, bytes, length, 100);
        FUZZ_CHECK(table.count <= PM_COUNTER_ENTRIES);
        for (size_t i = 0; i < table.count; i++) {
            const struct pm_counter_entry *entry = &table.entries[i];
            size_t size = strnlen(entry->name, sizeof entry->name);
            FUZZ_CHECK(size > 0 && size < sizeof entry->name && fuzz_is_clean(entry->name, size));
            FUZZ_CHECK(entry->count > 0 && entry->count <= PM_COUNTER_FIELDS);
            FUZZ_CHECK(entry->fields || entry->count == 1);
            for (size_t j = 0; j < entry->count; j++)
                FUZZ_CHECK(entry->values[j] >= 0);
        }
    }
}

static void check_json(const struct pm_counters *before, const struct pm_counters *after)
{
    struct fuzz_text text = {NULL, 0, 0};

    FUZZ_CHECK(pm_counters_write(before, after, fuzz_write, &text) == 0);
    FUZZ_CHECK(text.length < 1 << 20 && text.bytes[text.length - 1] == '\n');
    FUZZ_CHECK(fuzz_is_clean(text.bytes, text.length - 1));
#ifdef FUZZ_JANSSON
    /* Numbers that do not fit are errors to it. */
    json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(json);
    json_decref(json);
#endif
    free(text.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *part = size > 0 ? memchr(data, 1, size) : NULL;
    size_t first = part ? (size_t)(part - data) : size;
    struct pausemon_host given = fuzz_host();
    struct pm_counters before, after;
    struct pm_host host;

    char *old = fuzz_copy(data, first);
    char *fresh = part ? fuzz_copy(part + 1, size - first - 1) : fuzz_copy(data, size);
    pm_host_init(&host, &given);
    fill(&before, &host, old, first);
    fill(&after, &host, fresh, part ? size - first - 1 : size);
    check_tables(old, first);
    check_json(&before, &after);
    check_json(&after, &before);
    pm_counters_free(&before);
    pm_counters_free(&after);
    free(old);
    free(fresh);
    return 0;
}
