/* SPDX-License-Identifier: MIT */
#include "sources/source.h"

#include <stdio.h>
#include <string.h>

#include "base/sized.h"
#include "base/text.h"

#define OPS_FIRST_SIZE PM_END_OF(struct pausemon_source_ops, close)

int pausemon_source_new(struct pausemon_source **out, const char *name,
                        const struct pausemon_source_ops *ops, void *self,
                        const struct pausemon_host *given, struct pausemon_error *error)
{
    struct pausemon_source_ops known = {0};
    struct pm_host host;

    if (out)
        *out = NULL;
    /* Of a struct that is too small not even `close` is known. */
    if (ops && !pm_sized_take(&known, sizeof known, OPS_FIRST_SIZE, ops))
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "the source's functions: their size is too small");
    int status = pm_host_take(&host, given, error);
    if (status == 0 && (!out || !name || !known.read))
        status = pm_fail(error, PAUSEMON_ERR_INVALID,
                         "a source needs a place, a name and a read function");
    struct pausemon_source *source = status == 0 ? pm_alloc(&host, sizeof *source) : NULL;
    char *copy = source ? pm_alloc(&host, strlen(name) + 1) : NULL;
    if (!copy) {
        pm_free(&host, source);
        if (known.close)
            known.close(self);
        return status < 0 ? status : pm_fail(error, PAUSEMON_ERR_NOMEM, "source: out of memory");
    }
    memcpy(copy, name, strlen(name) + 1);
    *source = (struct pausemon_source){host, known, self, copy, NULL};
    *out = source;
    return 0;
}

int pm_source_wrap(struct pausemon_source **source, const char *name,
                   const struct pausemon_source_ops *ops, void *self,
                   const struct pausemon_host *host, struct pausemon_error *error)
{
    return pausemon_source_new(source, name, ops, self, host, error);
}

void pausemon_source_free(struct pausemon_source *source)
{
    if (!source)
        return;
    if (source->ops.close)
        source->ops.close(source->self);
    pm_free(&source->host, source->name);
    pm_free(&source->host, source);
}

const char *pausemon_source_get_name(const struct pausemon_source *source)
{
    return source->name;
}

int pausemon_source_get_fd(const struct pausemon_source *source)
{
    return source->ops.get_fd ? source->ops.get_fd(source->self) : -1;
}

int64_t pm_source_get_deadline(const struct pausemon_source *source)
{
    return source->ops.get_deadline ? source->ops.get_deadline(source->self) : -1;
}

int pm_source_read(struct pausemon_source *source, const void *reader, struct pausemon_sink *sink,
                   struct pausemon_error *error)
{
    struct pausemon_error why = {0};

    sink->wants_full = source->reader != reader;
    int status = source->ops.read(source->self, sink, &why);
    /* Being busy loses nothing. */
    if (status >= 0)
        source->reader = reader;
    else if (status != PAUSEMON_ERR_BUSY)
        source->reader = NULL;
    if (status >= 0 || !error)
        return status;
    if (why.text[0] == '\0')
        pm_fail(&why, status, "%s: %s", source->name, pausemon_status_text(status));
    *error = why;
    error->status = status;
    return status;
}

void pm_source_forget_reader(struct pausemon_source *source)
{
    source->reader = NULL;
}

void pausemon_sink_put(struct pausemon_sink *sink, const struct pausemon_row *row)
{
    sink->put(sink->user, row);
}

void pausemon_sink_at(struct pausemon_sink *sink, const struct pausemon_instant *instant)
{
    sink->at(sink->user, instant);
}

void pausemon_sink_skipped(struct pausemon_sink *sink, uint64_t count)
{
    sink->skipped(sink->user, count);
}

int pausemon_sink_wants_full(const struct pausemon_sink *sink)
{
    return sink->wants_full;
}

uint64_t pausemon_sink_wants(const struct pausemon_sink *sink)
{
    return sink->wants;
}

/* ---- specifications ---- */

typedef int (*opener)(struct pausemon_source **, const struct pm_opener_input *,
                      struct pausemon_error *);

#ifdef __APPLE__
#define AUTO_KIND pm_open_top_live
#else
#define AUTO_KIND pm_open_procfs
#endif

static const struct {
    const char *name;
    opener plain;  /* without an argument; NULL: one is needed */
    opener with;   /* with an argument; NULL: it takes none */
    opener memory; /* from bytes; NULL: it is no recording */
} kinds[] = {
    {"auto", AUTO_KIND, NULL, NULL},
    {"procfs", pm_open_procfs, pm_open_procfs, NULL},
    {"top", pm_open_top_live, pm_open_top_recording, pm_open_top_recording},
    {"replay", NULL, pm_open_replay, pm_open_replay},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])
#define KINDS "auto, procfs[:ROOT], top, top:FILE, replay:FILE"

static int find_kind(const char *name, size_t length, struct pausemon_error *error)
{
    const char *names[KIND_COUNT + 1] = {NULL};
    char word[32];

    for (size_t i = 0; i < KIND_COUNT; i++) {
        names[i] = kinds[i].name;
        if (pm_text_is(name, length, kinds[i].name))
            return (int)i;
    }
    snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), name);
    const char *near = pausemon_nearest_name(word, names);
    return pm_fail(error, PAUSEMON_ERR_INVALID, "unknown source \"%s\"%s%s%s; known are " KINDS,
                   word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int pausemon_source_open(struct pausemon_source **source, const char *spec,
                         const struct pausemon_host *host, struct pausemon_error *error)
{
    struct pm_host taken;

    if (source)
        *source = NULL;
    if (!source || !spec)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a source is needed: " KINDS);
    size_t length = strcspn(spec, ":");
    const char *argument = spec[length] ? spec + length + 1 : NULL;
    int kind = find_kind(spec, length, error);
    if (kind < 0)
        return kind;
    if (pm_host_take(&taken, host, error) < 0)
        return PAUSEMON_ERR_INVALID;
    opener open = argument ? kinds[kind].with : kinds[kind].plain;
    if (!open || (argument && !argument[0]))
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       argument && argument[0] ? "source \"%s\": nothing can follow \"%s:\""
                                               : "source \"%s\": a path must follow \"%s:\"",
                       spec, kinds[kind].name);
    return open(source, &(struct pm_opener_input){argument, NULL, 0, host}, error);
}

int pausemon_source_open_memory(struct pausemon_source **source, const char *format,
                                const void *bytes, size_t length, const struct pausemon_host *host,
                                struct pausemon_error *error)
{
    struct pm_host taken;

    if (source)
        *source = NULL;
    if (!source || !format || (!bytes && length))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a format and bytes are needed");
    int kind = find_kind(format, strlen(format), error);
    if (kind < 0)
        return kind;
    if (pm_host_take(&taken, host, error) < 0)
        return PAUSEMON_ERR_INVALID;
    if (!kinds[kind].memory)
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "\"%s\" is no recording; known are top and replay", format);
    return kinds[kind].memory(
        source, &(struct pm_opener_input){NULL, bytes ? bytes : "", length, host}, error);
}
