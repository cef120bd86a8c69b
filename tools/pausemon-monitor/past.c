/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pausemon-monitor/detail.h"

#define MAX_SAMPLES 1000 /* of an event that are looked at */

/* Why something of the database failed, in the words of somebody who looks at a screen. */
static void explain(char *why, size_t size, const struct pausemon_error *error)
{
    if (error->status == PAUSEMON_ERR_NOT_FOUND)
        snprintf(why, size, "nothing is recorded yet");
    else if (error->status == PAUSEMON_ERR_DENIED)
        snprintf(why, size, "the database may not be opened: it is for the group pausemon");
    else if (error->status == PAUSEMON_ERR_UNSUPPORTED)
        snprintf(why, size, "this build reads no database");
    else
        snprintf(why, size, "the database: %.180s", error->text);
}

static int open_past(struct pausemon_history **history, const struct past *past, char *why,
                     size_t size)
{
    struct pausemon_error error = {.status = PAUSEMON_ERR_NOT_FOUND};

    *history = NULL;
    why[0] = '\0';
    if (past->path[0])
        error.status = pausemon_history_open(history, past->path, NULL, &error);
    if (error.status < 0)
        explain(why, size, &error);
    return (int)error.status;
}

/* ---- lists ---- */

static int add_pause(void *user, const struct pausemon_pause *pause)
{
    known_add_pause(user, pause);
    return 0;
}

static int add_event(void *user, const struct pausemon_escalation *escalation)
{
    known_add_event(user, escalation);
    return 0;
}

static void read_lists(struct pausemon_history *history, struct known *known, uint64_t limit)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;

    filter.limit = limit;
    known_begin_pauses(known);
    int status = pausemon_history_pauses(history, &filter, add_pause, known, &error);
    known_end_pauses(known);
    filter.review = known->filter;
    known_begin_events(known);
    if (status >= 0)
        status = pausemon_history_events(history, &filter, add_event, known, &error);
    known_end_events(known);
    if (status < 0)
        explain(known->past_why, sizeof known->past_why, &error);
}

void past_read(struct past *past, struct known *known, uint64_t limit)
{
    struct pausemon_history *history;
    const int status = open_past(&history, past, known->past_why, sizeof known->past_why);

    past->read_ms = known->now_ms;
    known->is_dirty = 0;
    if (status == 0) {
        read_lists(history, known, limit);
    } else if (status == PAUSEMON_ERR_NOT_FOUND) { /* what is not written has been told at most */
        known->past_why[0] = '\0';
        known_begin_pauses(known);
        known_end_pauses(known);
        known_begin_events(known);
        known_end_events(known);
    }
    pausemon_history_free(history);
}

/* ---- one of them ---- */

struct collecting {
    struct story *story;
    size_t samples;
    int found;
};

static int take_event(void *user, const struct pausemon_escalation *escalation)
{
    struct collecting *collecting = user;
    struct known_event *event = &collecting->story->event;

    *event = (struct known_event){.id = escalation->id,
                                  .start_ns = escalation->start.realtime_ns,
                                  .end_ns = escalation->end.realtime_ns,
                                  .is_open = escalation->open,
                                  .peak_stress = escalation->peak_stress,
                                  .peak_tier = escalation->peak_tier,
                                  .review = escalation->review,
                                  .samples = escalation->sample_count};
    snprintf(event->notes, sizeof event->notes, "%s", escalation->notes ? escalation->notes : "");
    collecting->found = 1;
    return 0;
}

static int take_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct collecting *collecting = user;

    story_take_sample(collecting->story, sample, tier);
    return ++collecting->samples < MAX_SAMPLES ? 0 : PAUSEMON_ERR_LIMIT;
}

static int take_pause(void *user, const struct pausemon_pause *pause)
{
    story_take_pause(((struct collecting *)user)->story, pause);
    return 0;
}

static int take_capture(void *user, const struct pausemon_capture *capture)
{
    story_take_capture(((struct collecting *)user)->story, capture);
    return 0;
}

/* 0, or a status. What comes beside the event may be missing. */
static int collect(struct pausemon_history *history, int64_t id, struct story *story,
                   struct pausemon_error *error)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct collecting collecting = {story, 0, 0};

    filter.id = id;
    int status = pausemon_history_events(history, &filter, take_event, &collecting, error);
    if (status < 0 || !collecting.found)
        return status < 0 ? status : PAUSEMON_ERR_NOT_FOUND;
    filter = (struct pausemon_history_filter)PAUSEMON_HISTORY_FILTER_INIT;
    filter.limit = STORY_PAUSES;
    filter.since_ns = story->event.start_ns;
    filter.until_ns = story->event.is_open ? 0 : story->event.end_ns + 1;
    status = pausemon_history_samples(history, id, take_sample, &collecting, error);
    if (status < 0 && status != PAUSEMON_ERR_LIMIT)
        return status;
    status = pausemon_history_pauses(history, &filter, take_pause, &collecting, error);
    if (status < 0)
        return status;
    pausemon_history_captures(history, id, take_capture, &collecting, NULL);
    return 0;
}

/* Of an event that is not written there is what its row says. */
static int find_told(struct story *story, const struct known *known, int64_t id)
{
    for (size_t i = 0; i < known->event_count; i++)
        if (known->events[i].id == id) {
            story->event = known->events[i];
            return 0;
        }
    return PAUSEMON_ERR_NOT_FOUND;
}

char *past_tell_event(struct past *past, struct known *known, int64_t id)
{
    struct story *story = calloc(1, sizeof *story);
    struct pausemon_error error = {.status = PAUSEMON_ERR_NOT_FOUND};
    struct pausemon_history *history;
    char *text = NULL;

    if (!story)
        return NULL;
    story->now_ns = known->now_ns;
    int status = open_past(&history, past, known->past_why, sizeof known->past_why);
    if (status == 0) {
        status = collect(history, id, story, &error);
        if (status < 0)
            explain(known->past_why, sizeof known->past_why, &error);
    }
    if (status == PAUSEMON_ERR_NOT_FOUND)
        status = find_told(story, known, id);
    if (status == 0)
        text = story_text(story);
    free(story);
    pausemon_history_free(history);
    return text;
}

struct finding {
    char *text;
    int64_t now_ns;
};

static int tell_pause(void *user, const struct pausemon_pause *pause)
{
    struct finding *finding = user;

    free(finding->text);
    finding->text = pause_text(pause, finding->now_ns);
    return 0;
}

char *past_tell_pause(struct past *past, struct known *known, int64_t id)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct finding finding = {NULL, known->now_ns};
    struct pausemon_history *history;
    struct pausemon_error error;

    filter.id = id;
    filter.limit = 1;
    if (open_past(&history, past, known->past_why, sizeof known->past_why) == 0 &&
        pausemon_history_pauses(history, &filter, tell_pause, &finding, &error) < 0)
        explain(known->past_why, sizeof known->past_why, &error);
    pausemon_history_free(history);
    /* Not written, or not kept anywhere. */
    const struct pausemon_pause *told = finding.text ? NULL : known_find_pause(known, id);
    return told ? pause_text(told, known->now_ns) : finding.text;
}

int past_mark(struct past *past, int64_t id, uint64_t review, char why[200])
{
    struct pausemon_history *history;
    struct pausemon_error error;

    int status = open_past(&history, past, why, 200);
    if (status == 0)
        status = pausemon_history_mark(history, id, review, NULL, &error);
    if (history && status == PAUSEMON_ERR_DENIED)
        snprintf(why, 200, "marking is for members of the group pausemon");
    else if (history && status == PAUSEMON_ERR_NOT_FOUND)
        snprintf(why, 200, "it is not recorded");
    else if (history && status < 0)
        explain(why, 200, &error);
    pausemon_history_free(history);
    return status;
}
