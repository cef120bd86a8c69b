/* SPDX-License-Identifier: MIT */
#include "forensics/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "forensics/counters_parse.h"
#include "formats/json_writer.h"

/* ---- reading ---- */

void pm_counters_init(struct pm_counters *counters, const struct pm_host *host)
{
    memset(counters, 0, sizeof *counters);
    for (size_t i = 0; i < PM_COUNTER_FILES; i++)
        pm_buffer_init(&counters->texts[i], host, PM_COUNTER_TEXT);
}

void pm_counters_free(struct pm_counters *counters)
{
    for (size_t i = 0; i < PM_COUNTER_FILES; i++)
        pm_buffer_free(&counters->texts[i]);
}

#define CHUNK ((size_t)16 << 10)

/* What comes of it, up to the limit; what cannot be read is empty. */
static int fill(struct pm_buffer *text, bool *cut, int fd)
{
    ssize_t got = 1;

    while (got > 0) {
        size_t room = text->limit - text->length < CHUNK ? text->limit - text->length : CHUNK;
        if (room == 0) {
            *cut = true;
            return 0;
        }
        char *bytes = pm_buffer_room(text, room);
        if (!bytes)
            return PAUSEMON_ERR_NOMEM;
        do
            got = read(fd, bytes, room);
        while (got < 0 && errno == EINTR);
        text->length += got > 0 ? (size_t)got : 0;
    }
    *cut = got < 0;
    return 0;
}

int pm_counters_read(struct pm_counters *counters, const char *root, const struct pm_host *host)
{
    int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), status = 0;
    long ticks = sysconf(_SC_CLK_TCK);

    counters->at_ns = pm_monotonic_ns(host);
    counters->ticks_per_s = ticks > 0 ? (uint64_t)ticks : 0;
    for (size_t i = 0; i < PM_COUNTER_FILES; i++) {
        struct pm_buffer *text = &counters->texts[i];
        pm_buffer_consume(text, text->length);
        counters->cut[i] = false;
        int fd = root_fd < 0 ? -1
                             : openat(root_fd, pm_counters_path(i),
                                      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        int filled = fill(text, &counters->cut[i], fd);
        status = status < 0 ? status : filled;
        counters->cut[i] = counters->cut[i] || filled < 0;
        close(fd);
    }
    if (root_fd >= 0)
        close(root_fd);
    return status;
}

/* ---- differences ---- */

struct writer {
    struct pm_json json;
    struct pm_counter_table before, after;
    bool has_read[PM_COUNTER_FILES], is_incomplete[PM_COUNTER_FILES];
    const char *separator; /* before the next member of the innermost object */
};

static void begin(struct writer *writer, const char *name)
{
    pm_json_raw(&writer->json, writer->separator);
    pm_json_string(&writer->json, name);
    pm_json_raw(&writer->json, ":");
    writer->separator = ",";
}

static void open_object(struct writer *writer, const char *name)
{
    begin(writer, name);
    pm_json_raw(&writer->json, "{");
    writer->separator = "";
}

static void close_object(struct writer *writer)
{
    pm_json_raw(&writer->json, "}");
    writer->separator = ",";
}

/* They are not the same. */
static void write_change(struct writer *writer, const char *name, bool is_level, int64_t before,
                         int64_t after)
{
    struct pm_json *json = &writer->json;

    begin(writer, name);
    if (is_level) {
        pm_json_key_i64(json, "{\"before\":", before);
        pm_json_key_i64(json, ",\"after\":", after);
        pm_json_raw(json, "}");
    } else if (after > before) {
        pm_json_i64(json, after - before);
    } else {
        pm_json_raw(json, "null"); /* what only counts began anew */
    }
}

static const struct pm_counter_entry *find(const struct pm_counter_table *table, const char *name,
                                           size_t guess)
{
    /* Two readings of one file have the same lines, nearly always. */
    if (guess < table->count && strcmp(table->entries[guess].name, name) == 0)
        return &table->entries[guess];
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entries[i].name, name) == 0)
            return &table->entries[i];
    return NULL;
}

static void write_fields(struct writer *writer, const struct pm_counter_entry *before,
                         const struct pm_counter_entry *after)
{
    size_t count = before->count < after->count ? before->count : after->count;
    bool is_open = false;

    for (size_t i = 0; i < count; i++) {
        if (before->values[i] == after->values[i])
            continue;
        if (!is_open)
            open_object(writer, after->name);
        is_open = true;
        write_change(writer, after->fields[i].name, after->fields[i].is_level, before->values[i],
                     after->values[i]);
    }
    if (is_open)
        close_object(writer);
}

static void write_nothing(struct writer *writer, const char *name)
{
    begin(writer, name);
    pm_json_raw(&writer->json, "null");
}

static void write_differences(struct writer *writer)
{
    for (size_t i = 0; i < writer->after.count; i++) {
        const struct pm_counter_entry *after = &writer->after.entries[i];
        const struct pm_counter_entry *before = find(&writer->before, after->name, i);
        if (!before || before->fields != after->fields)
            write_nothing(writer, after->name);
        else if (after->fields)
            write_fields(writer, before, after);
        else if (before->values[0] != after->values[0])
            write_change(writer, after->name, after->is_level, before->values[0], after->values[0]);
    }
    for (size_t i = 0; i < writer->before.count; i++)
        if (!find(&writer->after, writer->before.entries[i].name, i))
            write_nothing(writer, writer->before.entries[i].name);
}

/* ---- the document ---- */

static void parse(struct pm_counter_table *table, const struct pm_counters *counters, size_t index)
{
    const struct pm_buffer *text = &counters->texts[index];

    pm_counters_parse(table, index, pm_buffer_content(text), text->length, counters->ticks_per_s);
    /* The line that the cut went through says so already; it may also be that there was none. */
    table->incomplete = table->incomplete || counters->cut[index];
}

static void write_file(struct writer *writer, const struct pm_counters *before,
                       const struct pm_counters *after, size_t index)
{
    const char *member;

    writer->has_read[index] = before->texts[index].length > 0 && after->texts[index].length > 0;
    if (!writer->has_read[index])
        return;
    pm_counters_group(index, &member);
    parse(&writer->before, before, index);
    parse(&writer->after, after, index);
    writer->is_incomplete[index] = writer->before.incomplete || writer->after.incomplete;
    if (member)
        open_object(writer, member);
    write_differences(writer);
    if (member)
        close_object(writer);
}

static bool begins_group(size_t index)
{
    const char *member;

    return index == 0 ||
           strcmp(pm_counters_group(index, &member), pm_counters_group(index - 1, &member)) != 0;
}

static void write_groups(struct writer *writer, const struct pm_counters *before,
                         const struct pm_counters *after)
{
    const char *member;

    for (size_t i = 0; i < PM_COUNTER_FILES; i++) {
        if (begins_group(i))
            open_object(writer, pm_counters_group(i, &member));
        write_file(writer, before, after, i);
        if (i + 1 == PM_COUNTER_FILES || begins_group(i + 1))
            close_object(writer);
    }
}

/* The files for which `flags` is `wanted`. */
static void write_list(struct writer *writer, const char *name, const bool flags[PM_COUNTER_FILES],
                       bool wanted)
{
    const char *separator = "";

    begin(writer, name);
    pm_json_raw(&writer->json, "[");
    for (size_t i = 0; i < PM_COUNTER_FILES; i++) {
        if (flags[i] != wanted)
            continue;
        pm_json_raw(&writer->json, separator);
        pm_json_string(&writer->json, pm_counters_path(i));
        separator = ",";
    }
    pm_json_raw(&writer->json, "]");
}

int pm_counters_write(const struct pm_counters *before, const struct pm_counters *after,
                      pausemon_write_fn write, void *user)
{
    const struct pm_host *host = after->texts[0].host;
    struct writer *writer = pm_alloc(host, sizeof *writer);

    if (!writer)
        return PAUSEMON_ERR_NOMEM;
    pm_json_init(&writer->json, write, user);
    pm_json_raw(&writer->json, "{");
    writer->separator = "";
    begin(writer, "window_ms");
    if (before->at_ns > 0 && after->at_ns >= before->at_ns)
        pm_json_i64(&writer->json, (after->at_ns - before->at_ns) / PM_NS_PER_MS);
    else
        pm_json_raw(&writer->json, "null");
    write_groups(writer, before, after);
    write_list(writer, "missing", writer->has_read, false);
    write_list(writer, "incomplete", writer->is_incomplete, true);
    pm_json_raw(&writer->json, "}\n");
    int status = pm_json_flush(&writer->json);
    pm_free(host, writer);
    return status;
}
