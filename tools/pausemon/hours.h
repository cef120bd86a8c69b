/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_HOURS_H
#define PAUSEMON_HOURS_H

/* What is known of each hour of a span: scores, events, pauses. Hours are those of UTC, as the
 * database counts them. */

#include <pausemon/pausemon.h>

#define HOUR_NS (INT64_C(3600) * 1000000000)
#define HOURS_MAX 87600 /* ten years: more is never kept */
#define HOUR_CAUSES 8   /* enum pausemon_cause */
#define HOUR_SCORES 101
#define HOUR_BANDS 20 /* of five scores each; the last has 100 too */

struct hour {
    int64_t start_ns;
    uint64_t samples;
    uint64_t counts[HOUR_SCORES];
    uint64_t events, pauses;       /* that touch it */
    uint64_t lost_ns[HOUR_CAUSES]; /* in this hour, by cause */
};

struct hours {
    struct hour *list; /* the oldest first, without gaps */
    size_t count;
    int64_t from_ns, to_ns;
};

/* The `count` hours (1..HOURS_MAX) that end with the one of `now_ns`, of which nothing is known
 * yet. -1 without memory. Free it in any case. */
int hours_new(struct hours *hours, int64_t now_ns, size_t count);
void hours_free(struct hours *hours);

/* 0 or what pausemon_history_* returned. May take long: shows it on a terminal. */
int hours_read(struct hours *hours, struct pausemon_history *history, struct pausemon_error *error);

/* What touches the span, in each hour that it touches; the lost time in proportion. */
void hours_add_event(struct hours *hours, int64_t from_ns, int64_t to_ns);
void hours_add_pause(struct hours *hours, int64_t from_ns, int64_t to_ns, uint64_t lost_ns,
                     uint64_t cause);

/* Whether anything was kept of it. Without, nothing is known: that is not the same as nothing
 * happened. */
int hour_is_known(const struct hour *hour);

/* Whether that is so of any of them. */
int hours_are_known(const struct hours *hours);

/* The highest score; -1: there was no sample. */
int hour_max_score(const struct hour *hour);

/* How many samples had a score of that band, 0..HOUR_BANDS - 1. */
uint64_t hour_band(const struct hour *hour, size_t band);

/* How high a column is that stands for `count` of `all`: 0 for none, 8 for all, by the logarithm
 * between: what is rare is seen. */
int hour_level(uint64_t count, uint64_t all);

#endif
