/* SPDX-License-Identifier: MIT */
/* Moments as people say them: every form, midnight, clocks that are set forward and back. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/said.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define CHATHAM "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"
#define PACIFIC "PST8"
#define NOON INT64_C(1769198400) /* 2026-01-23 20:00 UTC, 12:00 on the Pacific coast */

static void live_in(const char *zone)
{
    ck_assert_int_eq(setenv("TZ", zone, 1), 0);
    tzset();
}

/* What is expected is written as said_print does, or why there is nothing. */
static void expect(const char *zone, int64_t now, const char *text, const char *expected)
{
    struct said when = {-7, -7};
    char printed[SAID_SIZE] = "";

    live_in(zone);
    const int status = said_read(text, now, &when);
    if (status == 0)
        said_print(printed, when.second);
    else
        ck_assert_msg(when.second == -7 && when.other == -7, "%s: touched", text);
    const char *said = status == 0              ? printed
                       : status == SAID_UNKNOWN ? "unknown"
                       : status == SAID_NEVER   ? "never"
                                                : "?";
    ck_assert_msg(strcmp(said, expected) == 0, "\"%s\" in %s: %s, not %s", text, zone, said,
                  expected);
    /* What was printed is read back. */
    if (status == 0) {
        struct said again;
        ck_assert_int_eq(said_read(printed, now, &again), 0);
        ck_assert_int_eq(again.second, when.second);
        ck_assert_int_eq(again.other, -1);
    }
}

START_TEST(every_form_is_understood)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"now", "2026-01-23T12:00:00-08:00"},
        {"12:00", "2026-01-23T12:00:00-08:00"},
        {"11:59", "2026-01-23T11:59:00-08:00"},
        {"9:05", "2026-01-23T09:05:00-08:00"},
        {"00:00", "2026-01-23T00:00:00-08:00"},
        {"12:01", "2026-01-22T12:01:00-08:00"}, /* it has not come yet today */
        {"12:00:01", "2026-01-22T12:00:01-08:00"},
        {"23:59:59", "2026-01-22T23:59:59-08:00"},
        {" today 13:00 ", "2026-01-23T13:00:00-08:00"},
        {"yesterday 23:10", "2026-01-22T23:10:00-08:00"},
        {"Yesterday  00:00:05", "2026-01-22T00:00:05-08:00"},
        {"2026-01-20 08:15", "2026-01-20T08:15:00-08:00"},
        {"2026-01-20 08:15:59", "2026-01-20T08:15:59-08:00"},
        {"2024-02-29 08:15", "2024-02-29T08:15:00-08:00"},
        {"2026-01-20T08:15:59.123456", "2026-01-20T08:15:59-08:00"},
        {"2026-01-20T08:15:59Z", "2026-01-20T00:15:59-08:00"},
        {"2026-01-20 08:15 z", "2026-01-20T00:15:00-08:00"},
        {"2026-01-20T08:15:59.5+05:30", "2026-01-19T18:45:59-08:00"},
        {"2026-01-20T08:15+0530", "2026-01-19T18:45:00-08:00"},
        {"2026-01-20T08:15-03", "2026-01-20T03:15:00-08:00"},
        {"2026-12-31T23:59:59+00:00", "2026-12-31T15:59:59-08:00"},
        {"10 minutes ago", "2026-01-23T11:50:00-08:00"},
        {"10 min ago", "2026-01-23T11:50:00-08:00"},
        {"10m ago", "2026-01-23T11:50:00-08:00"},
        {"a minute ago", "2026-01-23T11:59:00-08:00"},
        {"an hour ago", "2026-01-23T11:00:00-08:00"},
        {"90 seconds ago", "2026-01-23T11:58:30-08:00"},
        {"13 hours ago", "2026-01-22T23:00:00-08:00"},
        {"2 Days Ago", "2026-01-21T12:00:00-08:00"},
        {"2 weeks ago", "2026-01-09T12:00:00-08:00"},
        {"0 days ago", "2026-01-23T12:00:00-08:00"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(PACIFIC, NOON, rows[i].text, rows[i].expected);
}
END_TEST

static const char *const unknown[] = {
    "",
    " ",
    "noon",
    "12",
    "12:",
    "12:4",
    "1204",
    "24:00",
    "12:60",
    "12:00:60",
    "12:00:5",
    "123:00",
    "-12:00",
    "12:00pm",
    "12:00 PM",
    "12:00:00.",
    "tomorrow 12:00",
    "yesterday",
    "yesterday 25:00",

    "now 12:00",
    "nowadays",
    "23.01.2026 12:00",
    "2026-01-23",
    "2026-1-23 12:00",
    "2026-01-23T",
    "2026-01-23T12",
    "2026-01-23 12:00 CET",
    "2026-01-23 12:00+8",
    "2026-01-23 12:00+800",
    "2026-01-23 12:00+16:00",
    "2026-01-23 12:00+08:60",
    "2026-01-23 12:00+08:0",
    "2026-01-23 12:00Z+1",
    "10 ago",
    "minutes ago",
    "10 minutes",
    "10 fortnights ago",
    "-10 minutes ago",
    "1.5 hours ago",
    "9999999999 seconds ago",
    "ago",
    "\xff",
    "12:00\n",
    "12:00\x1b[2J",
    "2026-01-23                                                                        12:00",
};

START_TEST(what_is_no_time_is_said_to_be_none)
{
    static const char *const never[] = {
        "2026-02-29 12:00",  "2026-02-30T12:00Z",   "2026-04-31 12:00",      "2026-13-01 12:00",
        "2026-00-01 12:00",  "2026-01-00 12:00",    "2026-01-32 12:00",      "1970-12-31 12:00",
        "0000-01-01 00:00Z", "9999-12-31 23:59:59", "999999999 seconds ago", "900000000 weeks ago",
    };

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect(PACIFIC, NOON, unknown[i], "unknown");
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        expect(PACIFIC, INT64_C(900000000), never[i], "never");
}
END_TEST

START_TEST(days_begin_at_midnight_of_the_place)
{
    const int64_t late = INT64_C(1769122799); /* 2026-01-22 23:59:59 in Berlin */

    expect(BERLIN, late, "23:59:59", "2026-01-22T23:59:59+01:00");
    expect(BERLIN, late + 1, "23:59:59", "2026-01-22T23:59:59+01:00");
    expect(BERLIN, late, "00:00", "2026-01-22T00:00:00+01:00");
    expect(BERLIN, late + 1, "00:00", "2026-01-23T00:00:00+01:00");
    expect(BERLIN, late + 1, "yesterday 00:00", "2026-01-22T00:00:00+01:00");
    expect(BERLIN, late + 1, "today 00:00", "2026-01-23T00:00:00+01:00");
    expect(CHATHAM, NOON, "10:00", "2026-01-23T10:00:00+13:45");
    expect(CHATHAM, NOON, "09:00", "2026-01-24T09:00:00+13:45");
    expect(BERLIN, INT64_C(1767225600), "yesterday 12:00", "2025-12-31T12:00:00+01:00");
}
END_TEST

START_TEST(clocks_that_are_set_forward_leave_an_hour_out)
{
    const int64_t after = INT64_C(1774782000); /* 2026-03-29 13:00 in Berlin */

    expect(BERLIN, after, "2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00");
    expect(BERLIN, after, "2026-03-29 02:00", "never");
    expect(BERLIN, after, "02:30", "never");
    expect(BERLIN, after, "2026-03-29 03:00", "2026-03-29T03:00:00+02:00");
    expect(BERLIN, after, "2026-03-29T02:30+01:00", "2026-03-29T03:30:00+02:00");
    expect(BERLIN, after, "yesterday 02:30", "2026-03-28T02:30:00+01:00");
    expect(BERLIN, after, "a day ago", "2026-03-28T13:00:00+01:00");
    expect(BERLIN, after, "24 hours ago", "2026-03-28T12:00:00+01:00");
    /* 02:30 of the day after: there was none a day before. */
    expect(BERLIN, INT64_C(1774830600), "1 day ago", "2026-03-29T01:30:00+01:00");
    expect(PACIFIC, after, "2026-03-29 02:30", "2026-03-29T02:30:00-08:00");
}
END_TEST

START_TEST(clocks_that_are_set_back_show_an_hour_twice)
{
    struct said when;
    const int64_t between = INT64_C(1792890000); /* 2026-10-25 02:00 in Berlin, for the 2nd time */

    expect(BERLIN, between, "2026-10-25T02:30+02:00", "2026-10-25T02:30:00+02:00");
    expect(BERLIN, between, "2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00");
    live_in(BERLIN);
    ck_assert_int_eq(said_read("2026-10-25 02:30", between, &when), 0);
    ck_assert_int_eq(when.second, between - 1800);
    ck_assert_int_eq(when.other, between + 1800);
    /* Without a day it has come, and it has not come again. */
    ck_assert_int_eq(said_read("02:30", between, &when), 0);
    ck_assert_int_eq(when.second, between - 1800);
    ck_assert_int_eq(when.other, -1);
    ck_assert_int_eq(said_read("02:30", between + 1800, &when), 0);
    ck_assert_int_eq(when.second, between - 1800);
    ck_assert_int_eq(when.other, between + 1800);
    ck_assert_int_eq(said_read("2026-10-25 03:00", between, &when), 0);
    ck_assert_int_eq(when.second, between + 3600);
    ck_assert_int_eq(when.other, -1);
    ck_assert_int_eq(said_read("2026-10-25 01:59:59", between, &when), 0);
    ck_assert_int_eq(when.second, between - 3601);
    ck_assert_int_eq(when.other, -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("when");
    TCase *forms = tcase_create("forms");

    tcase_add_test(forms, every_form_is_understood);
    tcase_add_test(forms, what_is_no_time_is_said_to_be_none);
    tcase_add_test(forms, days_begin_at_midnight_of_the_place);
    tcase_add_test(forms, clocks_that_are_set_forward_leave_an_hour_out);
    tcase_add_test(forms, clocks_that_are_set_back_show_an_hour_twice);
    suite_add_tcase(suite, forms);
    return harness_run(suite);
}
