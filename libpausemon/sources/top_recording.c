/* SPDX-License-Identifier: MIT */
/* top:FILE: a recorded text of macOS `top -l`. */
#include "base/text.h"
#include "sources/input.h"
#include "sources/top.h"

struct top_recording {
    struct pm_host host;
    struct pm_top_text text;
    struct pm_input input;
    bool at_end;
};

/* What follows the last newline is a line that was cut off. */
static bool is_cut_off(const struct pm_top_text *text)
{
    return !pm_text_is_blank(pm_buffer_content(&text->buffer) + text->splitter.at,
                             text->buffer.length - text->splitter.at);
}

static int finish(struct top_recording *recording, struct pausemon_sink *sink,
                  struct pausemon_error *error)
{
    struct pm_top_text *text = &recording->text;
    struct pm_top_splitter *splitter = &text->splitter;
    char date[32];

    if (splitter->in_rows) {
        bool cut_off = is_cut_off(text);
        if (cut_off) {
            pm_log(&recording->host, PAUSEMON_LOG_WARNING,
                   "%s: the last row is incomplete: the text ends without a newline",
                   recording->input.name);
        }
        splitter->at = text->buffer.length;
        int look = pm_top_text_deliver(text, sink, true);
        if (!cut_off)
            return look;
        pausemon_sink_skipped(sink, 1);
        return PAUSEMON_LOOK_PARTIAL;
    }
    pm_top_text_describe_date(splitter, date, sizeof date);
    if (text->samples == 0)
        return pm_fail(error, PAUSEMON_ERR_FORMAT,
                       "%s: no header line (PID COMMAND …) in it: expected the output of "
                       "macOS top -l",
                       recording->input.name);
    if (splitter->has_date)
        pm_log(&recording->host, PAUSEMON_LOG_WARNING,
               "%s: the text ends after the date of sample %llu (%s), which is incomplete",
               recording->input.name, (unsigned long long)text->samples + 1, date);
    return PAUSEMON_ERR_END;
}

/* What was wrong has been told: only the end can follow. */
static int give_up(struct top_recording *recording, int status)
{
    pm_top_text_reset(&recording->text);
    recording->text.samples = 1;
    recording->at_end = true;
    return status;
}

static int recording_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct top_recording *recording = self;
    int status;

    while (!pm_top_text_has_sample(&recording->text)) {
        if (recording->at_end) {
            status = finish(recording, sink, error);
            return status < 0 ? give_up(recording, status) : status;
        }
        status = pm_input_fill(&recording->input, &recording->text.buffer, error);
        if (status < 0)
            return give_up(recording, status);
        recording->at_end = status == 0;
    }
    return pm_top_text_deliver(&recording->text, sink, true);
}

static void recording_close(void *self)
{
    struct top_recording *recording = self;

    pm_input_close(&recording->input);
    pm_top_text_free(&recording->text);
    pm_free(&recording->host, recording);
}

int pm_open_top_recording(struct pausemon_source **source, const struct pm_opener_input *given,
                          struct pausemon_error *error)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pm_host host;

    pm_host_init(&host, given->host);
    struct top_recording *recording = pm_alloc(&host, sizeof *recording);
    if (!recording)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "top: out of memory");
    recording->host = host;
    pm_top_text_init(&recording->text, &recording->host);
    int status = pm_input_open(&recording->input, "top", given, error);
    if (status < 0) {
        recording_close(recording);
        return status;
    }
    ops.read = recording_read;
    ops.close = recording_close;
    return pm_source_wrap(source, recording->input.name, &ops, recording, given->host, error);
}
