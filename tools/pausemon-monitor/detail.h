/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_DETAIL_H
#define MONITOR_DETAIL_H

/* All that is known of one incident, as lines of text. */

#include "pausemon-monitor/known.h"

#define STORY_SAMPLES 20
#define STORY_ROGUES 32
#define STORY_PAUSES 32
#define STORY_CAPTURES 16

struct story_sample {
    int64_t time_ns;
    uint64_t tier, stress, cpu, has_cpu;
    char worst[PAUSEMON_COMMAND_SIZE];
};

/* What is collected of an event: of more than there is room for, the worst. */
struct story {
    struct known_event event;
    struct story_sample samples[STORY_SAMPLES]; /* in the order they came */
    struct pausemon_process rogues[STORY_ROGUES];
    struct known_pause pauses[STORY_PAUSES];
    char captures[STORY_CAPTURES][PAUSEMON_CAPTURE_NAME_SIZE];
    size_t sample_count, rogue_count, pause_count, capture_count;
    int64_t now_ns;
};

void story_take_sample(struct story *story, const struct pausemon_sample *sample, uint64_t tier);
void story_take_pause(struct story *story, const struct pausemon_pause *pause);
void story_take_capture(struct story *story, const struct pausemon_capture *capture);

/* The text, to be freed; NULL without memory. */
char *story_text(const struct story *story);

/* A pause as `pausemon why` tells it; likewise. */
char *pause_text(const struct pausemon_pause *pause, int64_t now_ns);

#endif
