/* SPDX-License-Identifier: MIT */
/* What falls into which hour, and how high a column is. */
#include "harness.h"

#include <string.h>

#include "pausemon/hours.h"

#define SECOND INT64_C(1000000000)
#define BASE (INT64_C(491444) * HOUR_NS) /* where hour 0 of these tests begins */

static int64_t at(int64_t hour, int64_t second)
{
    return BASE + hour * HOUR_NS + second * SECOND;
}

/* Hours 0, 1, 2 and 3. */
static void make(struct hours *hours)
{
    ck_assert_int_eq(hours_new(hours, at(3, 1800), 4), 0);
}

START_TEST(a_span_ends_with_the_hour_that_goes_on)
{
    struct hours hours;

    for (int64_t second = 0; second < 3600; second += 3599) {
        ck_assert_int_eq(hours_new(&hours, at(3, second), 4), 0);
        ck_assert_int_eq(hours.from_ns, at(0, 0));
        ck_assert_int_eq(hours.to_ns, at(4, 0));
        for (int64_t i = 0; i < 4; i++) {
            ck_assert_int_eq(hours.list[i].start_ns, at(i, 0));
            ck_assert_int_eq(hour_is_known(&hours.list[i]), 0);
            ck_assert_int_eq(hour_max_score(&hours.list[i]), -1);
        }
        ck_assert_int_eq(hours_are_known(&hours), 0);
        hours_free(&hours);
    }
    ck_assert_int_eq(hours_new(&hours, -1, 1), 0); /* before 1970 hours end there too */
    ck_assert_int_eq(hours.from_ns, -HOUR_NS);
    hours_free(&hours);
    hours_free(&hours);
}
END_TEST

START_TEST(events_count_in_each_hour_that_they_touch)
{
    static const struct {
        int64_t from_hour, from_s, to_hour, to_s;
        int touched[4];
    } rows[] = {
        {1, 10, 1, 20, {0, 1, 0, 0}},  {1, 3599, 2, 1, {0, 1, 1, 0}},
        {1, 3599, 2, 0, {0, 1, 0, 0}},                             /* it ended when the hour did */
        {1, 0, 1, 0, {0, 1, 0, 0}},    {1, 0, 0, 0, {0, 1, 0, 0}}, /* a clock was set */
        {-5, 0, 0, 1, {1, 0, 0, 0}},   {-5, 0, 0, 0, {0, 0, 0, 0}},
        {3, 3599, 9, 0, {0, 0, 0, 1}}, {4, 0, 9, 0, {0, 0, 0, 0}},
        {-99, 0, 99, 0, {1, 1, 1, 1}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hours hours;
        int any = 0;
        make(&hours);
        const int64_t from_ns = at(rows[i].from_hour, rows[i].from_s);
        const int64_t to_ns = at(rows[i].to_hour, rows[i].to_s);
        hours_add_event(&hours, from_ns, to_ns);
        hours_add_pause(&hours, from_ns, to_ns, 0, PAUSEMON_CAUSE_CPU);
        for (size_t h = 0; h < 4; h++) {
            ck_assert_msg(hours.list[h].events == (uint64_t)rows[i].touched[h] &&
                              hours.list[h].pauses == hours.list[h].events,
                          "row %zu, hour %zu", i, h);
            ck_assert_int_eq(hour_is_known(&hours.list[h]), rows[i].touched[h]);
            any |= rows[i].touched[h];
        }
        ck_assert_int_eq(hours_are_known(&hours), any);
        hours_free(&hours);
    }
    struct hours hours;
    make(&hours);
    hours_add_event(&hours, INT64_MIN, INT64_MAX);
    hours_add_pause(&hours, INT64_MIN, INT64_MAX, UINT64_MAX, 99);
    ck_assert_uint_eq(hours.list[0].events + hours.list[3].pauses, 2);
    ck_assert_uint_eq(hours.list[0].lost_ns[PAUSEMON_CAUSE_UNKNOWN], hours.list[3].lost_ns[0]);
    hours_free(&hours);
}
END_TEST

START_TEST(lost_time_is_shared_among_the_hours_it_was_lost_in)
{
    struct hours hours;

    make(&hours);
    hours_add_pause(&hours, at(1, 5), at(1, 8), 2310000001, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_eq(hours.list[1].lost_ns[PAUSEMON_CAUSE_CPU], 2310000001); /* to the last */
    hours_add_pause(&hours, at(0, 3000), at(2, 600), 4800 * UINT64_C(1000000000),
                    PAUSEMON_CAUSE_SUSPEND);
    ck_assert_uint_eq(hours.list[0].lost_ns[PAUSEMON_CAUSE_SUSPEND], 600 * UINT64_C(1000000000));
    ck_assert_uint_eq(hours.list[1].lost_ns[PAUSEMON_CAUSE_SUSPEND], 3600 * UINT64_C(1000000000));
    ck_assert_uint_eq(hours.list[2].lost_ns[PAUSEMON_CAUSE_SUSPEND], 600 * UINT64_C(1000000000));
    ck_assert_uint_eq(hours.list[3].lost_ns[PAUSEMON_CAUSE_SUSPEND], 0);
    /* Of what began before only its part counts. */
    hours_add_pause(&hours, at(-3, 0), at(1, 0), 4 * UINT64_C(1000000000), PAUSEMON_CAUSE_IO);
    ck_assert_uint_eq(hours.list[0].lost_ns[PAUSEMON_CAUSE_IO], UINT64_C(1000000000));
    ck_assert_uint_eq(hours.list[1].lost_ns[PAUSEMON_CAUSE_IO], 0);
    /* Its end is before its beginning: all of it where it began. */
    hours_add_pause(&hours, at(3, 0), at(2, 0), 7, PAUSEMON_CAUSE_VM);
    ck_assert_uint_eq(hours.list[3].lost_ns[PAUSEMON_CAUSE_VM], 7);
    ck_assert_uint_eq(hours.list[2].lost_ns[PAUSEMON_CAUSE_VM], 0);
    hours_free(&hours);
}
END_TEST

START_TEST(bands_hold_five_scores_and_the_last_one_six)
{
    struct hour hour;

    memset(&hour, 0, sizeof hour);
    for (size_t score = 0; score < HOUR_SCORES; score++)
        hour.counts[score] = 1;
    for (size_t band = 0; band < HOUR_BANDS; band++)
        ck_assert_uint_eq(hour_band(&hour, band), band + 1 < HOUR_BANDS ? 5 : 6);
    ck_assert_int_eq(hour_max_score(&hour), 100);
    memset(&hour, 0, sizeof hour);
    hour.counts[5] = UINT64_MAX;
    hour.counts[9] = 3;
    ck_assert_uint_eq(hour_band(&hour, 1), UINT64_MAX);
    ck_assert_uint_eq(hour_band(&hour, 0) + hour_band(&hour, 2), 0);
    ck_assert_int_eq(hour_max_score(&hour), 9);
}
END_TEST

START_TEST(columns_rise_with_the_logarithm)
{
    ck_assert_int_eq(hour_level(0, 0), 0);
    ck_assert_int_eq(hour_level(0, 3600), 0);
    ck_assert_int_eq(hour_level(1, 1), 8);
    ck_assert_int_eq(hour_level(1, 3600), 1); /* what is rare is seen */
    ck_assert_int_eq(hour_level(60, 3600), 4);
    ck_assert_int_eq(hour_level(3600, 3600), 8);
    ck_assert_int_eq(hour_level(UINT64_MAX, UINT64_MAX), 8);
    ck_assert_int_eq(hour_level(9, 3), 8); /* more than all */
    for (uint64_t all = 2; all < 5000; all = all * 3 / 2 + 1)
        for (uint64_t count = 1; count < all; count++) {
            const int level = hour_level(count, all);
            ck_assert(level >= 1 && level <= hour_level(count + 1, all));
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hours");
    TCase *spans = tcase_create("spans"), *scores = tcase_create("scores");

    tcase_add_test(spans, a_span_ends_with_the_hour_that_goes_on);
    tcase_add_test(spans, events_count_in_each_hour_that_they_touch);
    tcase_add_test(spans, lost_time_is_shared_among_the_hours_it_was_lost_in);
    tcase_add_test(scores, bands_hold_five_scores_and_the_last_one_six);
    tcase_add_test(scores, columns_rise_with_the_logarithm);
    suite_add_tcase(suite, spans);
    suite_add_tcase(suite, scores);
    return harness_run(suite);
}
