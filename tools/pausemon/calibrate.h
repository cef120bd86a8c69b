/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_CALIBRATE_H
#define PAUSEMON_CALIBRATE_H

/* From what was kept to thresholds and full scales: counting and choosing, and nothing else. */

#include <stddef.h>
#include <stdint.h>

#define SCORES 101

/* Shares are in hundred-thousandths. */
#define SHARE_ALL 100000
#define SHARE_ELEVATED 100 /* of the samples may reach the threshold: 0.1 % */
#define SHARE_CRITICAL 10
#define SHARE_SATURATED 5000 /* of the values at the full scale: it is too small */

#define LEAST_APART 10 /* from elevated to critical */
#define MOST_ELEVATED 90

/* Less than this, and nothing is proposed. */
#define LEAST_HOURS 72
#define LEAST_SAMPLES 100000 /* of which ten are a critical share */
#define LEAST_VALUES 200     /* of a metric */
#define LEAST_EVENTS 5       /* that they come from */

/* ---- scores ---- */

/* How many samples there are, and how many had that score or more. */
uint64_t scores_count(const uint64_t counts[SCORES]);
uint64_t scores_from(const uint64_t counts[SCORES], int score);

/* The lowest score that so much of the samples do not exceed; -1: there are none. */
int scores_percentile(const uint64_t counts[SCORES], uint32_t share);

struct thresholds {
    int elevated, critical;
};

/* The lowest thresholds that not more than the shares above reach: elevated from `least` on,
 * critical from LEAST_APART above it. */
struct thresholds choose_thresholds(const uint64_t counts[SCORES], int least);

/* ---- values of a metric ---- */

/* Counted by size, each known to a sixteenth. */
#define SPREAD_BUCKETS 976

struct spread {
    uint64_t counts[SPREAD_BUCKETS];
    uint64_t all;
};

void spread_add(struct spread *spread, uint64_t value);

/* The value that so much of them do not exceed, or up to a sixteenth more; 0: there are none. */
uint64_t spread_percentile(const struct spread *spread, uint32_t share);

/* How much of them is `value` or more, as a share; of those within a sixteenth of it, all. */
uint32_t spread_share_from(const struct spread *spread, uint64_t value);

/* Two digits that count, not less than the value. */
uint64_t round_up(uint64_t value);

enum scale_reason {
    SCALE_KEEP = 0,
    SCALE_SATURATED = 1, /* many values reach it: it tells them not apart */
    SCALE_UNUSED = 2     /* hardly any comes to a tenth of it, but they come near */
};

/* Another full scale in place of `full`, at most tenfold or a tenth: *scale, and why. */
enum scale_reason choose_scale(const struct spread *spread, uint64_t full, uint64_t *scale);

#endif
