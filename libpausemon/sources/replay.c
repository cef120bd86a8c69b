/* SPDX-License-Identifier: MIT */
/* replay:FILE: what pausemon_source_record wrote, one JSON object a line. */
#include <string.h>

#include "formats/json_reader.h"
#include "sources/input.h"
#include "sources/raw_fields.h"

struct replay {
    struct pm_host host;
    struct pm_input input;
    struct pm_buffer buffer;
    int64_t line;
    bool at_end, any_look;
    bool begun; /* a look began where another had not ended: it comes next */
    struct pausemon_instant begun_at;
};

/* The next line that is not empty: 1, 0 at the end, or a negative status. A last line without
 * its newline counts: whether it is whole, JSON says. */
static int next_line(struct replay *replay, const char **line, size_t *length,
                     struct pausemon_error *error)
{
    for (;;) {
        struct pm_buffer *buffer = &replay->buffer;
        const char *content = pm_buffer_content(buffer);
        const char *newline = buffer->length ? memchr(content, '\n', buffer->length) : NULL;
        if (newline || (replay->at_end && buffer->length > 0)) {
            *line = content;
            *length = newline ? (size_t)(newline - content) : buffer->length;
            pm_buffer_consume(buffer, *length + (newline != NULL));
            replay->line++;
            if (*length > 0)
                return 1;
            continue;
        }
        if (replay->at_end)
            return 0;
        int status = pm_input_fill(&replay->input, buffer, error);
        if (status < 0) {
            replay->at_end = true;
            pm_buffer_consume(buffer, buffer->length);
            return status;
        }
        replay->at_end = status == 0;
    }
}

static int read_look(struct pm_json_reader *reader, struct pausemon_instant *time)
{
    pm_json_get_i64(reader, "monotonic_ns", true, &time->monotonic_ns);
    pm_json_get_i64(reader, "boottime_ns", true, &time->boottime_ns);
    pm_json_get_i64(reader, "realtime_ns", true, &time->realtime_ns);
    pm_json_get_i64(reader, "utc_offset_s", true, &time->utc_offset_s);
    return reader->status;
}

static uint64_t field_of(const char *name)
{
    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++)
        if (strcmp(pm_raw_fields[i].name, name) == 0)
            return pm_raw_fields[i].have;
    return 0;
}

static void read_fields(struct pm_json_reader *reader, struct pausemon_row *row)
{
    for (size_t i = 0; i < PM_RAW_FIELD_COUNT; i++) {
        const struct pm_raw_field *field = &pm_raw_fields[i];
        if (!json_object_get(reader->object, field->name))
            continue;
        void *value = (char *)row + field->offset;
        if (field->is_signed)
            pm_json_get_i64(reader, field->name, true, value);
        else
            pm_json_get_u64(reader, field->name, INT64_MAX, true, value);
        row->have |= field->have;
    }
}

static int put_process(struct pm_json_reader *reader, struct pausemon_sink *sink)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    char verb[16] = "", state[24] = "";

    pm_json_get_i64(reader, "pid", true, &row.pid);
    pm_json_get_text(reader, "verb", true, verb, sizeof verb);
    pm_json_get_text(reader, "command", true, row.command, sizeof row.command);
    pm_json_get_text(reader, "state", false, state, sizeof state);
    pm_json_get_i64(reader, "read_ns", true, &row.read_ns);
    read_fields(reader, &row);
    pm_json_get_bits(reader, "denied", field_of, &row.denied);
    pm_json_get_bits(reader, "restarted", field_of, &row.restarted);
    if (reader->status < 0)
        return reader->status;
    while (row.verb < PM_VERB_COUNT && strcmp(pm_verb_names[row.verb], verb) != 0)
        row.verb++;
    if (row.verb == PM_VERB_COUNT)
        return pm_fail(reader->error, PAUSEMON_ERR_FORMAT,
                       "JSON: \"verb\": expected full, partial, unchanged or gone, not \"%s\"",
                       verb);
    row.state = pausemon_state_from_name(state);
    row.have |= state[0] ? (uint64_t)PAUSEMON_HAVE_STATE : 0;
    pausemon_sink_put(sink, &row);
    return 0;
}

static int put_end(struct pm_json_reader *reader, struct pausemon_sink *sink)
{
    uint64_t complete = 0, skipped = 0;

    pm_json_get_bool(reader, "complete", &complete);
    pm_json_get_u64(reader, "skipped", INT64_MAX, true, &skipped);
    if (reader->status < 0)
        return reader->status;
    if (skipped)
        pausemon_sink_skipped(sink, skipped);
    return complete ? PAUSEMON_LOOK_COMPLETE : PAUSEMON_LOOK_PARTIAL;
}

enum { GO_ON = 100 };

/* A look begins: here, or, if another has not ended, at the next read. */
static int begin_look(struct replay *replay, struct pm_json_reader *reader, bool *in_look,
                      struct pausemon_sink *sink)
{
    struct pausemon_instant time = {0};
    int status = read_look(reader, &time);

    if (status < 0)
        return status;
    if (*in_look) {
        replay->begun = true;
        replay->begun_at = time;
        return pm_fail(reader->error, PAUSEMON_ERR_FORMAT, "a look begins before the last ended");
    }
    pausemon_sink_at(sink, &time);
    *in_look = true;
    return GO_ON;
}

/* One line inside or before a look: GO_ON, enum pausemon_look at its end, or a failure. */
static int take_line(struct replay *replay, json_t *object, bool *in_look,
                     struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct pm_json_reader reader = {object, error, 0};
    char type[16] = "";

    pm_json_get_text(&reader, "type", true, type, sizeof type);
    if (reader.status < 0)
        return reader.status;
    if (strcmp(type, "look") == 0)
        return begin_look(replay, &reader, in_look, sink);
    /* After a failure, the rest of its look; or a type of a later release. */
    if (!*in_look || (strcmp(type, "process") != 0 && strcmp(type, "end") != 0))
        return GO_ON;
    if (strcmp(type, "end") == 0)
        return put_end(&reader, sink);
    int status = put_process(&reader, sink);
    return status < 0 ? status : GO_ON;
}

static int at_end(struct replay *replay, bool in_look, struct pausemon_error *error)
{
    if (in_look) {
        pm_log(&replay->host, PAUSEMON_LOG_WARNING,
               "%s: the last look is incomplete: the recording ends in line %lld",
               replay->input.name, (long long)replay->line);
        return PAUSEMON_LOOK_PARTIAL;
    }
    if (replay->any_look)
        return PAUSEMON_ERR_END;
    replay->any_look = true;
    return pm_fail(error, PAUSEMON_ERR_FORMAT,
                   "%s: no look in it: expected lines like {\"type\":\"look\",…}",
                   replay->input.name);
}

static int replay_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct replay *replay = self;
    bool in_look = replay->begun;
    const char *line;
    size_t length;
    int status;

    if (replay->begun)
        pausemon_sink_at(sink, &replay->begun_at);
    replay->begun = false;
    while ((status = next_line(replay, &line, &length, error)) > 0) {
        struct pausemon_error why;
        json_t *object = pm_json_load(line, length, &why);
        status = object ? take_line(replay, object, &in_look, sink, &why) : PAUSEMON_ERR_FORMAT;
        json_decref(object);
        replay->any_look = replay->any_look || in_look || status < 0;
        if (status < 0) {
            pm_fail(error, status, "%.80s: line %lld: %s", replay->input.name,
                    (long long)replay->line, why.text);
            error->line = replay->line;
            return status;
        }
        if (status != GO_ON)
            return status;
    }
    return status < 0 ? status : at_end(replay, in_look, error);
}

static void replay_close(void *self)
{
    struct replay *replay = self;

    pm_input_close(&replay->input);
    pm_buffer_free(&replay->buffer);
    pm_free(&replay->host, replay);
}

int pm_open_replay(struct pausemon_source **source, const struct pm_opener_input *given,
                   struct pausemon_error *error)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pm_host host;

    pm_host_init(&host, given->host);
    struct replay *replay = pm_alloc(&host, sizeof *replay);
    if (!replay)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "replay: out of memory");
    replay->host = host;
    /* A chunk must fit behind a line that is just short of the longest. */
    pm_buffer_init(&replay->buffer, &replay->host, 3 * PM_JSON_MAX_LINE);
    int status = pm_input_open(&replay->input, "replay", given, error);
    if (status < 0) {
        replay_close(replay);
        return status;
    }
    ops.read = replay_read;
    ops.close = replay_close;
    return pm_source_wrap(source, replay->input.name, &ops, replay, given->host, error);
}
