/* SPDX-License-Identifier: MIT */
#include "pausemond/stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "pausemond/fd.h"

#define GREETING_SAMPLES 30
/* For what stands around the samples of a greeting. */
#define GREETING_REST 256

/* ---- lines ---- */

/* Ends the line that was written: whether it can be sent. */
static int finish(struct daemon *daemon, const char *what)
{
    if (line_end(&daemon->line) == 0)
        return 1;
    log_say(&daemon->log, PAUSEMON_LOG_WARNING, "a line of type %s could not be written", what);
    return 0;
}

static void send_to_all(struct daemon *daemon, enum client_line kind, const char *what)
{
    if (finish(daemon, what))
        server_send(&daemon->server, kind, &daemon->line);
}

static size_t count_samples(const struct daemon *daemon)
{
    return pausemon_ring_get_count(pausemon_monitor_get_ring(daemon->monitor));
}

static void send_sample(struct daemon *daemon, const struct pausemon_event *event)
{
    struct line *line = &daemon->line;

    line_begin(line);
    line_add(line, "{\"type\":\"sample\",\"tier\":%" PRIu64 ",\"sample_count\":%zu", event->tier,
             count_samples(daemon));
    size_t mark = line->length;
    line_join(line, mark, pausemon_json_encode_sample(event->sample, line_write, line));
    send_to_all(daemon, CLIENT_SAMPLE, "sample");
}

static void send_tier(struct daemon *daemon, const struct pausemon_event *event)
{
    struct line *line = &daemon->line;

    line_begin(line);
    line_add(line,
             "{\"type\":\"tier\",\"action\":\"%s\",\"tier\":%" PRIu64 ",\"stress\":%" PRIu64 "}",
             pausemon_tier_action_name(event->action), event->tier,
             pausemon_sample_get_info(event->sample)->stress);
    send_to_all(daemon, CLIENT_OTHER, "tier");
}

static void send_escalation(struct daemon *daemon, const struct pausemon_event *event)
{
    struct line *line = &daemon->line;

    line_begin(line);
    line_add(line, "{\"type\":\"event\"");
    size_t mark = line->length;
    line_join(line, mark, pausemon_json_encode_escalation(event->escalation, line_write, line));
    send_to_all(daemon, CLIENT_OTHER, "event");
}

static void send_pause(struct daemon *daemon, const struct pausemon_event *event)
{
    struct line *line = &daemon->line;

    line_begin(line);
    line_add(line, "{\"type\":\"pause\"");
    size_t mark = line->length;
    line_join(line, mark, pausemon_json_encode_pause(event->pause, line_write, line));
    send_to_all(daemon, CLIENT_OTHER, "pause");
}

void stream_send_status(struct daemon *daemon)
{
    if (daemon->server.count == 0)
        return;
    status_write(daemon, &daemon->line);
    send_to_all(daemon, CLIENT_OTHER, "status");
}

/* ---- the greeting ---- */

static int count_bytes(void *length, const char *bytes, size_t count)
{
    (void)bytes;
    *(size_t *)length += count;
    return 0;
}

/* The first of the newest samples that fit. */
static size_t first_that_fits(const struct pausemon_ring *ring)
{
    size_t count = pausemon_ring_get_count(ring), first = count, used = GREETING_REST;

    while (first > 0 && count - first < GREETING_SAMPLES) {
        size_t length = sizeof ",{\"tier\":1,";
        pausemon_json_encode_sample(pausemon_ring_get(ring, first - 1, NULL), count_bytes, &length);
        if (used + length > LINE_SIZE)
            break;
        used += length;
        first--;
    }
    return first;
}

static void write_greeting(struct daemon *daemon, struct line *line)
{
    const struct pausemon_ring *ring = pausemon_monitor_get_ring(daemon->monitor);
    size_t count = pausemon_ring_get_count(ring), first = first_that_fits(ring);
    uint64_t max_score = 0, tier;

    line_begin(line);
    line_add(line, "{\"type\":\"initial_state\",\"samples\":[");
    for (size_t i = first; i < count; i++) {
        const struct pausemon_sample *sample = pausemon_ring_get(ring, i, &tier);
        line_add(line, "%s{\"tier\":%" PRIu64, i > first ? "," : "", tier);
        size_t mark = line->length;
        line_join(line, mark, pausemon_json_encode_sample(sample, line_write, line));
    }
    if (count > 0)
        max_score = pausemon_sample_get_info(pausemon_ring_get(ring, count - 1, NULL))->max_score;
    line_add(line, "],\"tier\":%" PRIu64 ",\"max_score\":%" PRIu64 ",\"sample_count\":%zu}",
             pausemon_monitor_get_tier(daemon->monitor), max_score, count);
}

void stream_greet(void *user, struct client *client)
{
    struct daemon *daemon = user;
    struct line *line = &daemon->line;
    int64_t now_ns = fd_now_ns();

    write_greeting(daemon, line);
    if (finish(daemon, "initial_state"))
        client_send(client, CLIENT_OTHER, line->bytes, line->length, now_ns);
    status_write(daemon, line);
    if (finish(daemon, "status"))
        client_send(client, CLIENT_OTHER, line->bytes, line->length, now_ns);
}

/* ---- the log ---- */

static void say_tier(struct daemon *daemon, const struct pausemon_event *event)
{
    const struct pausemon_process *first = pausemon_sample_get_rogue(event->sample, 0);
    uint64_t stress = pausemon_sample_get_info(event->sample)->stress;

    /* What comes of 3 straight to 1 is two steps of one tier. */
    if (event->action == PAUSEMON_TIER2_PEAK || event->tier == daemon->told_tier)
        return;
    daemon->told_tier = event->tier;
    if (first)
        log_say(&daemon->log, PAUSEMON_LOG_INFO,
                "tier %" PRIu64 ", %s: stress %" PRIu64 ", highest score %" PRIu64
                " of %s (pid %" PRId64 ")",
                event->tier, pausemon_tier_name(event->tier), stress, first->score, first->command,
                first->pid);
    else
        log_say(&daemon->log, PAUSEMON_LOG_INFO, "tier %" PRIu64 ", %s: stress %" PRIu64,
                event->tier, pausemon_tier_name(event->tier), stress);
}

struct sentence {
    char text[LOG_LINE_SIZE];
    size_t length;
};

/* What is too long is cut: it is for people. */
static int write_sentence(void *user, const char *bytes, size_t length)
{
    struct sentence *sentence = user;

    for (size_t i = 0; i < length && sentence->length + 1 < sizeof sentence->text; i++)
        sentence->text[sentence->length++] = bytes[i];
    return 0;
}

static void say_pause(struct daemon *daemon, const struct pausemon_event *event)
{
    struct sentence sentence = {.length = 0};

    pausemon_pause_write_verdict(event->pause, write_sentence, &sentence);
    sentence.text[sentence.length] = '\0';
    /* One that goes on is told again: the number shows it. */
    log_say(&daemon->log, PAUSEMON_LOG_WARNING, "pause %" PRId64 ": %s",
            pausemon_pause_get_info(event->pause)->id, sentence.text);
}

/* ---- what happens ---- */

static void on_sample(struct daemon *daemon, const struct pausemon_event *event)
{
    if (daemon->is_failing)
        log_say(&daemon->log, PAUSEMON_LOG_INFO, "looks succeed again");
    daemon->is_failing = 0;
    status_note_sample(&daemon->status);
    if (daemon->server.count > 0)
        send_sample(daemon, event);
}

static void on_tier(struct daemon *daemon, const struct pausemon_event *event)
{
    status_note_tier(&daemon->status, event);
    say_tier(daemon, event);
    if (daemon->server.count > 0)
        send_tier(daemon, event);
}

static void on_escalation(struct daemon *daemon, const struct pausemon_event *event)
{
    status_note_escalation(&daemon->status, event->escalation);
    if (daemon->server.count > 0)
        send_escalation(daemon, event);
}

static void on_pause(struct daemon *daemon, const struct pausemon_event *event)
{
    daemon->has_pause = 1;
    metrics_note_pause(&daemon->metrics, pausemon_pause_get_info(event->pause));
    say_pause(daemon, event);
    if (daemon->server.count > 0)
        send_pause(daemon, event);
}

static void on_error(struct daemon *daemon, const struct pausemon_event *event)
{
    if (!daemon->is_failing)
        log_say(&daemon->log, PAUSEMON_LOG_WARNING, "a look failed: %s", event->error->text);
    daemon->is_failing = 1;
}

static void on_end(struct daemon *daemon, const struct pausemon_event *event)
{
    (void)event;
    daemon->has_ended = 1;
    log_say(&daemon->log, PAUSEMON_LOG_INFO, "the recording is over; clients are served on");
}

static const struct {
    enum pausemon_event_type type;
    void (*tell)(struct daemon *daemon, const struct pausemon_event *event);
} tellers[] = {
    {PAUSEMON_EVENT_SAMPLE, on_sample},         {PAUSEMON_EVENT_TIER, on_tier},
    {PAUSEMON_EVENT_ESCALATION, on_escalation}, {PAUSEMON_EVENT_PAUSE, on_pause},
    {PAUSEMON_EVENT_ERROR, on_error},           {PAUSEMON_EVENT_END, on_end},
};

static void tell(void *user, const struct pausemon_event *event)
{
    struct daemon *daemon = user;

    for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++)
        if (event->type == (uint64_t)tellers[i].type)
            tellers[i].tell(daemon, event);
    daemon->is_ready = 1;
}

int stream_attach(struct daemon *daemon)
{
    int number =
        pausemon_monitor_subscribe(daemon->monitor, PAUSEMON_EVENT_ALL, tell, daemon, NULL);

    return number < 0 ? number : 0;
}
