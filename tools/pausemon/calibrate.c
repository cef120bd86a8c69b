/* SPDX-License-Identifier: MIT */
#include "pausemon/calibrate.h"

#define STEP 10 /* how far a full scale may move at once */

/* Counts come from a file and may be as large as they like. */
static uint64_t plus(uint64_t sum, uint64_t count)
{
    return count > UINT64_MAX - sum ? UINT64_MAX : sum + count;
}

/* Whether `part` is more than that share of `all`. */
static int is_more(uint64_t part, uint64_t all, uint32_t share)
{
    return (double)part * SHARE_ALL > (double)all * share;
}

/* ---- scores ---- */

uint64_t scores_from(const uint64_t counts[SCORES], int score)
{
    uint64_t sum = 0;

    for (int i = score < 0 ? 0 : score; i < SCORES; i++)
        sum = plus(sum, counts[i]);
    return sum;
}

uint64_t scores_count(const uint64_t counts[SCORES])
{
    return scores_from(counts, 0);
}

int scores_percentile(const uint64_t counts[SCORES], uint32_t share)
{
    const uint64_t all = scores_count(counts);

    for (int score = 0; all > 0 && score < SCORES; score++)
        if (!is_more(scores_from(counts, score + 1), all, SHARE_ALL - share))
            return score;
    return -1;
}

/* The lowest score from `least` on that not more than that share reaches; `most` if there is none.
 */
static int choose(const uint64_t counts[SCORES], int least, int most, uint32_t share)
{
    const uint64_t all = scores_count(counts);
    int score = least;

    while (score < most && is_more(scores_from(counts, score), all, share))
        score++;
    return score < most ? score : most;
}

struct thresholds choose_thresholds(const uint64_t counts[SCORES], int least)
{
    struct thresholds chosen;

    chosen.elevated = choose(counts, least < 1 ? 1 : least, MOST_ELEVATED, SHARE_ELEVATED);
    chosen.critical = choose(counts, chosen.elevated + LEAST_APART, SCORES - 1, SHARE_CRITICAL);
    return chosen;
}

/* ---- values ---- */

/* Up to 31 a value is a bucket; then every power of two has sixteen. */
static size_t bucket_of(uint64_t value)
{
    size_t power = 0;

    while (value >> power >= 32)
        power++;
    return 16 * power + (size_t)(value >> power);
}

/* The greatest value in it. */
static uint64_t bucket_end(size_t bucket)
{
    const size_t power = bucket < 32 ? 0 : bucket / 16 - 1;
    const uint64_t step = UINT64_C(1) << power;

    return ((uint64_t)(bucket - 16 * power) << power) + (step - 1);
}

void spread_add(struct spread *spread, uint64_t value)
{
    spread->counts[bucket_of(value)]++;
    spread->all++;
}

uint64_t spread_percentile(const struct spread *spread, uint32_t share)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < SPREAD_BUCKETS && spread->all > 0; i++) {
        sum += spread->counts[i];
        if (sum > 0 && !is_more(spread->all - sum, spread->all, SHARE_ALL - share))
            return bucket_end(i);
    }
    return 0;
}

uint32_t spread_share_from(const struct spread *spread, uint64_t value)
{
    uint64_t sum = 0;

    for (size_t i = bucket_of(value); i < SPREAD_BUCKETS; i++)
        sum += spread->counts[i];
    return spread->all ? (uint32_t)((double)sum * SHARE_ALL / (double)spread->all) : 0;
}

uint64_t round_up(uint64_t value)
{
    uint64_t unit = 1;

    while (value / unit >= 100)
        unit *= 10;
    const uint64_t whole = value / unit + (value % unit != 0);
    return whole > UINT64_MAX / unit ? value : whole * unit;
}

enum scale_reason choose_scale(const struct spread *spread, uint64_t full, uint64_t *scale)
{
    const uint64_t most = full > UINT64_MAX / STEP ? UINT64_MAX : full * STEP;
    const uint64_t high = spread_percentile(spread, SHARE_ALL * 99 / 100);

    *scale = full;
    if (high > full && spread_share_from(spread, full) > SHARE_SATURATED) {
        *scale = round_up(high) < most ? round_up(high) : most;
        return SCALE_SATURATED;
    }
    if (high >= full / (STEP * STEP) && high > 0 && high < full / STEP) {
        const uint64_t least = round_up(full / STEP), twice = round_up(2 * high);
        *scale = twice > least ? twice : least;
        return *scale < full ? SCALE_UNUSED : SCALE_KEEP;
    }
    return SCALE_KEEP;
}
