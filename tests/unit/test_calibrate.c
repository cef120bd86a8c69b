/* SPDX-License-Identifier: MIT */
/* From counts to thresholds and full scales. */
#include "harness.h"

#include <string.h>

#include "pausemon/calibrate.h"

/* ---- scores ---- */

START_TEST(percentiles_are_the_lowest_score_that_so_many_do_not_exceed)
{
    uint64_t counts[SCORES] = {0};

    ck_assert_int_eq(scores_percentile(counts, 50000), -1);
    ck_assert_uint_eq(scores_count(counts), 0);
    counts[7] = 1;
    ck_assert_int_eq(scores_percentile(counts, 1), 7);
    ck_assert_int_eq(scores_percentile(counts, SHARE_ALL), 7);
    counts[7] = 0;
    for (int score = 0; score < 100; score++)
        counts[score] = 10;
    ck_assert_uint_eq(scores_count(counts), 1000);
    ck_assert_int_eq(scores_percentile(counts, 50000), 49);
    ck_assert_int_eq(scores_percentile(counts, 50001), 50);
    ck_assert_int_eq(scores_percentile(counts, 99000), 98);
    ck_assert_int_eq(scores_percentile(counts, SHARE_ALL), 99);
    ck_assert_uint_eq(scores_from(counts, 99), 10);
    ck_assert_uint_eq(scores_from(counts, 100), 0);
    ck_assert_uint_eq(scores_from(counts, -5), 1000);
    counts[0] = counts[50] = counts[100] = UINT64_MAX; /* hostile: not wrapped around */
    ck_assert_uint_eq(scores_count(counts), UINT64_MAX);
    ck_assert_uint_eq(scores_from(counts, 100), UINT64_MAX);
    ck_assert_int_eq(scores_percentile(counts, SHARE_ALL), 100);
}
END_TEST

/* Among a million samples `above` have this score, all others `rest`. */
static struct thresholds choose(int score, uint64_t above, int rest, int least)
{
    uint64_t counts[SCORES] = {0};

    counts[rest] += 1000000 - above;
    counts[score] += above;
    return choose_thresholds(counts, least);
}

START_TEST(thresholds_are_the_lowest_that_are_reached_seldom_enough)
{
    static const struct {
        int score;
        uint64_t above;
        int rest, least, elevated, critical;
    } rows[] = {
        {100, 0, 3, 25, 25, 35},                               /* nothing happens */
        {100, 100, 3, 25, 25, 35},                             /* as often as may be */
        {100, 101, 3, 25, 25, 100},                            /* too often to be critical */
        {60, 101, 3, 25, 25, 61},                              /* but not above it */
        {30, 101, 3, 25, 25, 35},   {60, 1000, 3, 25, 25, 61}, /* as often as may be */
        {60, 1001, 3, 25, 61, 71},                             /* too often to be elevated */
        {95, 1001, 3, 25, 90, 100},                            /* no higher than this */
        {50, 0, 99, 25, 90, 100},                              /* always much */
        {50, 0, 40, 25, 41, 51},                               /* always something */
        {50, 0, 40, 60, 60, 70},    {50, 0, 0, -3, 1, 11},     /* thresholds begin at 1 */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct thresholds chosen =
            choose(rows[i].score, rows[i].above, rows[i].rest, rows[i].least);
        ck_assert_msg(chosen.elevated == rows[i].elevated && chosen.critical == rows[i].critical,
                      "row %zu: %d, %d", i, chosen.elevated, chosen.critical);
    }
}
END_TEST

/* ---- values ---- */

START_TEST(a_spread_knows_values_to_a_sixteenth)
{
    struct spread spread;

    for (int shift = 0; shift < 64; shift++)
        for (int less = 0; less < 3; less++) {
            const uint64_t value =
                (UINT64_C(1) << shift) + (UINT64_C(1) << shift >> 2) - (unsigned)less;
            memset(&spread, 0, sizeof spread);
            spread_add(&spread, value);
            const uint64_t told = spread_percentile(&spread, 50000);
            ck_assert_uint_ge(told, value);
            ck_assert_uint_le(told - value, value / 16);
            ck_assert_uint_eq(spread_share_from(&spread, value), SHARE_ALL);
            if (told < UINT64_MAX)
                ck_assert_uint_eq(spread_share_from(&spread, told + 1), 0);
        }
    memset(&spread, 0, sizeof spread);
    ck_assert_uint_eq(spread_percentile(&spread, 99000), 0);
    ck_assert_uint_eq(spread_share_from(&spread, 0), 0);
    spread_add(&spread, UINT64_MAX);
    spread_add(&spread, 0);
    ck_assert_uint_eq(spread_percentile(&spread, 50000), 0);
    ck_assert_uint_eq(spread_percentile(&spread, 50001), UINT64_MAX);
    ck_assert_uint_eq(spread_share_from(&spread, 1), 50000);
    ck_assert_uint_eq(spread_share_from(&spread, 0), SHARE_ALL);
}
END_TEST

START_TEST(two_digits_count)
{
    static const uint64_t rows[][2] = {
        {0, 0},
        {1, 1},
        {99, 99},
        {100, 100},
        {101, 110},
        {991, 1000},
        {1000, 1000},
        {123456, 130000},
        {990000, 990000},
        {990001, 1000000},
        {UINT64_MAX, UINT64_MAX},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_uint_eq(round_up(rows[i][0]), rows[i][1]);
}
END_TEST

/* 100 values: `high` of them so much, the others so little. */
static enum scale_reason choose_among(int high, uint64_t much, uint64_t little, uint64_t full,
                                      uint64_t *scale)
{
    struct spread spread;

    memset(&spread, 0, sizeof spread);
    for (int i = 0; i < 100; i++)
        spread_add(&spread, i < high ? much : little);
    return choose_scale(&spread, full, scale);
}

START_TEST(a_full_scale_moves_only_when_it_is_no_good)
{
    static const struct {
        int high;
        uint64_t much, little, full;
        enum scale_reason reason;
        uint64_t scale;
    } rows[] = {
        {5, 3000, 10, 1000, SCALE_KEEP, 1000},        /* not more than 5 % */
        {6, 3071, 10, 1000, SCALE_SATURATED, 3100},   /* of which 99 % are below */
        {6, 90000, 10, 1000, SCALE_SATURATED, 10000}, /* tenfold at most */
        {50, 1000, 10, 1023, SCALE_KEEP, 1023},
        {50, 500, 10, 1000, SCALE_KEEP, 1000},
        {100, 100, 0, 1000, SCALE_KEEP, 1000}, /* a tenth of it */
        {100, 95, 0, 1000, SCALE_UNUSED, 190},
        {100, 20, 0, 1000, SCALE_UNUSED, 100}, /* a tenth at most */
        {100, 9, 0, 1000, SCALE_KEEP, 1000},   /* far from it */
        {1, 95, 0, 1000, SCALE_KEEP, 1000},    /* one of a hundred does not count */
        {100, 0, 0, 5, SCALE_KEEP, 5},
        {100, UINT64_MAX, 0, 1, SCALE_SATURATED, 10},
        {100, UINT64_MAX, 0, UINT64_MAX / 2, SCALE_SATURATED, UINT64_MAX},
        {100, UINT64_MAX / 20, 0, UINT64_MAX, SCALE_UNUSED, UINT64_C(1900000000000000000)},
    };
    uint64_t scale;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const enum scale_reason reason =
            choose_among(rows[i].high, rows[i].much, rows[i].little, rows[i].full, &scale);
        ck_assert_msg(reason == rows[i].reason && scale == rows[i].scale, "row %zu: %d, %llu", i,
                      (int)reason, (unsigned long long)scale);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calibrate");
    TCase *scores = tcase_create("scores"), *values = tcase_create("values");

    tcase_add_test(scores, percentiles_are_the_lowest_score_that_so_many_do_not_exceed);
    tcase_add_test(scores, thresholds_are_the_lowest_that_are_reached_seldom_enough);
    tcase_add_test(values, a_spread_knows_values_to_a_sixteenth);
    tcase_add_test(values, two_digits_count);
    tcase_add_test(values, a_full_scale_moves_only_when_it_is_no_good);
    suite_add_tcase(suite, scores);
    suite_add_tcase(suite, values);
    return harness_run(suite);
}
