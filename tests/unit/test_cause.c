/* SPDX-License-Identifier: MIT */
/* From readings to a cause: each rule alone, their order, doubts, and numbers that make no sense.
 */
#include "core/cause.h"

#include "harness.h"

#define MS UINT64_C(1000000)

struct grown {
    enum pm_reading which;
    uint64_t value; /* ms, or a count */
};

/* A standstill of a second in a window of 1.1, and what pm_judge must make of it. */
struct given {
    const char *what;
    struct grown grown[5]; /* what is not named is not known (ASLEEP: 0) */
    int64_t still_ms;      /* of the guard; -1: there is none */
    uint64_t blocked;
    bool canary_on_time;
    uint64_t cause, least, most; /* confidence */
};

static struct pm_lapse lapse_of(const struct given *given)
{
    struct pm_lapse lapse = {.lost_ns = 1000 * MS};

    lapse.growth.window_ns = 1100 * MS;
    for (size_t i = 0; i < sizeof given->grown / sizeof given->grown[0]; i++) {
        const struct grown *grown = &given->grown[i];
        uint64_t unit = pm_reading_rows[grown->which].is_time ? MS : 1;
        if (grown->which == PM_READ_ASLEEP && pm_growth_get(&lapse.growth, PM_READ_ASLEEP))
            continue; /* a row not used */
        lapse.growth.value[grown->which] = grown->value * unit;
        lapse.growth.have |= UINT64_C(1) << grown->which;
    }
    lapse.has_guard = given->still_ms >= 0;
    lapse.still_ns = given->still_ms >= 0 ? (uint64_t)given->still_ms * MS : 0;
    lapse.blocked = given->blocked;
    lapse.canary_on_time = given->canary_on_time;
    return lapse;
}

static void check_all(const struct given *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct given *given = &cases[i];
        struct pm_lapse lapse = lapse_of(given);
        struct pm_verdict verdict = pm_judge(&lapse);
        ck_assert_msg(verdict.cause == given->cause, "%s: %s, not %s", given->what,
                      pausemon_cause_name(verdict.cause), pausemon_cause_name(given->cause));
        ck_assert_msg(verdict.confidence >= given->least && verdict.confidence <= given->most,
                      "%s: confidence %d, not %d..%d", given->what, (int)verdict.confidence,
                      (int)given->least, (int)given->most);
    }
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof(cases)[0])
#define NOBODY (-1), 0, false

/* ---- Each rule ---- */

START_TEST(what_explains_59_percent_is_no_cause_and_what_explains_60_is)
{
    static const struct given cases[] = {
        {"own cpu 59 %", {{PM_READ_OWN_CPU, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"own cpu 60 %", {{PM_READ_OWN_CPU, 600}}, NOBODY, PAUSEMON_CAUSE_HOST, 600, 600},
        {"throttled 59 %", {{PM_READ_THROTTLED, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"throttled 60 %", {{PM_READ_THROTTLED, 600}}, NOBODY, PAUSEMON_CAUSE_STOPPED, 600, 600},
        {"steal 59 %", {{PM_READ_STEAL, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"steal 60 %", {{PM_READ_STEAL, 600}}, NOBODY, PAUSEMON_CAUSE_VM, 600, 600},
        {"unaccounted 59 %", {{PM_READ_MISSING, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"unaccounted 60 %", {{PM_READ_MISSING, 600}}, NOBODY, PAUSEMON_CAUSE_VM, 600, 600},
        {"run delay 59 %", {{PM_READ_RUN_DELAY, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"run delay 60 %", {{PM_READ_RUN_DELAY, 600}}, NOBODY, PAUSEMON_CAUSE_CPU, 600, 600},
        {"memory 59 %", {{PM_READ_MEMORY_FULL, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"memory 60 %", {{PM_READ_MEMORY_FULL, 600}}, NOBODY, PAUSEMON_CAUSE_MEMORY, 600, 600},
        {"io 59 %", {{PM_READ_IO_FULL, 599}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"io 60 %", {{PM_READ_IO_FULL, 600}}, NOBODY, PAUSEMON_CAUSE_IO, 600, 600},
        {"still 59 %", {{PM_READ_BUSY, 900}}, 599, 0, false, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"still 60 %", {{PM_READ_BUSY, 900}}, 600, 0, false, PAUSEMON_CAUSE_STOPPED, 600, 600},
        {"all still 59 %", {{PM_READ_BUSY, 9}}, 599, 0, false, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"all still 60 %", {{PM_READ_BUSY, 9}}, 600, 0, false, PAUSEMON_CAUSE_VM, 600, 600},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(a_sleep_of_499_ms_is_none_and_one_of_500_is_a_suspend)
{
    static const struct given cases[] = {
        {"499 ms", {{PM_READ_ASLEEP, 499}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"500 ms", {{PM_READ_ASLEEP, 500}}, NOBODY, PAUSEMON_CAUSE_SUSPEND, 990, 990},
        {"499 ms, and starved",
         {{PM_READ_ASLEEP, 499}, {PM_READ_RUN_DELAY, 900}},
         NOBODY,
         PAUSEMON_CAUSE_CPU,
         900,
         900},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(where_nothing_is_known_nothing_is_guessed)
{
    static const struct given cases[] = {
        {"nothing known", {{0}}, NOBODY, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"guard awake", {{0}}, 0, 0, false, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"guard still, machine not known", {{0}}, 1000, 0, false, PAUSEMON_CAUSE_UNKNOWN, 0, 0},
        {"an idle machine, no guard",
         {{PM_READ_BUSY, 0}, {PM_READ_SWITCHES, 0}, {PM_READ_STEAL, 0}},
         NOBODY,
         PAUSEMON_CAUSE_UNKNOWN,
         0,
         0},
        {"a busy machine, guard awake",
         {{PM_READ_BUSY, 2000}, {PM_READ_CPU_SOME, 1000}},
         5,
         0,
         false,
         PAUSEMON_CAUSE_UNKNOWN,
         0,
         0},
        {"memory some, no fault of ours",
         {{PM_READ_MEMORY_SOME, 1000}, {PM_READ_FAULTS, 0}},
         NOBODY,
         PAUSEMON_CAUSE_UNKNOWN,
         0,
         0},
        {"io some, one blocked", {{PM_READ_IO_SOME, 1000}}, -1, 1, false, 0, 0, 0},
    };

    CHECK_ALL(cases);
}
END_TEST

/* ---- Who stood still ---- */

START_TEST(a_guard_that_stood_still_while_others_ran_was_stopped)
{
    static const struct given cases[] = {
        {"SIGSTOP on a busy machine",
         {{PM_READ_BUSY, 1900}, {PM_READ_SWITCHES, 5000}, {PM_READ_RUN_DELAY, 1}},
         995,
         0,
         false,
         PAUSEMON_CAUSE_STOPPED,
         980,
         990},
        {"SIGSTOP on an idle machine: its timers and kernel threads went on",
         {{PM_READ_BUSY, 20}, {PM_READ_SWITCHES, 400}, {PM_READ_RUN_DELAY, 1}},
         995,
         0,
         false,
         PAUSEMON_CAUSE_STOPPED,
         980,
         990},
        {"our cgroup was throttled",
         {{PM_READ_THROTTLED, 950}, {PM_READ_RUN_DELAY, 2}},
         0,
         0,
         false,
         PAUSEMON_CAUSE_STOPPED,
         950,
         950},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(a_machine_that_stood_still_as_a_whole_is_a_virtual_one)
{
    static const struct given cases[] = {
        {"both threads, and nobody ran",
         {{PM_READ_BUSY, 20}, {PM_READ_SWITCHES, 60}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_VM,
         990,
         990},
        {"steal, though its CPUs were busy before",
         {{PM_READ_STEAL, 950}, {PM_READ_BUSY, 500}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_VM,
         900,
         990},
        {"a second is in no account",
         {{PM_READ_MISSING, 1000}, {PM_READ_BUSY, 500}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_VM,
         900,
         990},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(a_guard_without_rights_that_starved_too_was_not_stopped)
{
    static const struct given cases[] = {
        {"all of it",
         {{PM_READ_RUN_DELAY, 1000}, {PM_READ_BUSY, 2000}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_CPU,
         990,
         990},
        {"most of it",
         {{PM_READ_RUN_DELAY, 910}, {PM_READ_BUSY, 2000}},
         990,
         0,
         false,
         PAUSEMON_CAUSE_CPU,
         850,
         910},
        {"by one process on one CPU of a machine that is quiet otherwise",
         {{PM_READ_RUN_DELAY, 950}, {PM_READ_BUSY, 1050}, {PM_READ_SWITCHES, 50}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_CPU,
         900,
         990},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(a_loop_that_is_late_while_the_canary_is_not_is_its_programs_own)
{
    static const struct given cases[] = {
        {"it slept", {{0}}, -1, 0, true, PAUSEMON_CAUSE_HOST, 990, 990},
        {"it computed", {{PM_READ_OWN_CPU, 980}}, -1, 0, true, PAUSEMON_CAUSE_HOST, 980, 990},
        {"its pages had to come back",
         {{PM_READ_FAULTS, 40}, {PM_READ_MEMORY_SOME, 950}},
         -1,
         0,
         true,
         PAUSEMON_CAUSE_MEMORY,
         900,
         950},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(a_guard_whose_pages_had_to_come_back_was_not_stopped)
{
    static const struct given cases[] = {
        {"memory",
         {{PM_READ_FAULTS, 60}, {PM_READ_MEMORY_SOME, 950}, {PM_READ_BUSY, 900}},
         1000,
         0,
         false,
         PAUSEMON_CAUSE_MEMORY,
         900,
         950},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(pressure_counts_when_it_was_ours_or_everybodys)
{
    static const struct given cases[] = {
        {"memory some, and our pages were gone",
         {{PM_READ_MEMORY_SOME, 900}, {PM_READ_FAULTS, 1}},
         NOBODY,
         PAUSEMON_CAUSE_MEMORY,
         900,
         900},
        {"memory full", {{PM_READ_MEMORY_FULL, 900}}, NOBODY, PAUSEMON_CAUSE_MEMORY, 900, 900},
        {"io some, two blocked",
         {{PM_READ_IO_SOME, 900}},
         -1,
         2,
         false,
         PAUSEMON_CAUSE_IO,
         900,
         900},
        {"io full", {{PM_READ_IO_FULL, 900}}, NOBODY, PAUSEMON_CAUSE_IO, 900, 900},
    };

    CHECK_ALL(cases);
}
END_TEST

/* ---- Order and doubt ---- */

/* One reading that makes each rule explain everything, in the order of the rules. */
static const struct {
    enum pm_reading which;
    uint64_t cause;
} whole[] = {
    {PM_READ_ASLEEP, PAUSEMON_CAUSE_SUSPEND},    {PM_READ_OWN_CPU, PAUSEMON_CAUSE_HOST},
    {PM_READ_THROTTLED, PAUSEMON_CAUSE_STOPPED}, {PM_READ_STEAL, PAUSEMON_CAUSE_VM},
    {PM_READ_RUN_DELAY, PAUSEMON_CAUSE_CPU},     {PM_READ_MEMORY_FULL, PAUSEMON_CAUSE_MEMORY},
    {PM_READ_IO_FULL, PAUSEMON_CAUSE_IO},
};

START_TEST(of_two_rules_that_explain_all_the_earlier_wins_and_is_less_sure)
{
    size_t count = sizeof whole / sizeof whole[0];

    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            struct given given = {.grown = {{whole[i].which, 1000}, {whole[j].which, 1000}},
                                  .still_ms = -1};
            struct pm_lapse lapse = lapse_of(&given);
            struct pm_verdict verdict = pm_judge(&lapse);
            ck_assert_uint_eq(verdict.cause, whole[i].cause);
            ck_assert_uint_gt(verdict.confidence, 0);
            ck_assert_uint_lt(verdict.confidence, 700);
        }
}
END_TEST

START_TEST(another_explanation_of_40_percent_is_a_doubt_and_one_of_39_is_none)
{
    static const struct given cases[] = {
        {"39 %",
         {{PM_READ_RUN_DELAY, 1000}, {PM_READ_IO_FULL, 399}},
         NOBODY,
         PAUSEMON_CAUSE_CPU,
         990,
         990},
        {"40 %",
         {{PM_READ_RUN_DELAY, 1000}, {PM_READ_IO_FULL, 400}},
         NOBODY,
         PAUSEMON_CAUSE_CPU,
         500,
         900},
        {"an earlier rule that did not reach 60 %",
         {{PM_READ_OWN_CPU, 590}, {PM_READ_RUN_DELAY, 900}},
         NOBODY,
         PAUSEMON_CAUSE_CPU,
         300,
         899},
        {"only the largest doubt counts: more of them are not surer",
         {{PM_READ_RUN_DELAY, 1000}, {PM_READ_IO_FULL, 400}, {PM_READ_MEMORY_FULL, 400}},
         NOBODY,
         PAUSEMON_CAUSE_CPU,
         500,
         900},
    };

    CHECK_ALL(cases);
}
END_TEST

START_TEST(the_more_another_explains_the_less_sure_it_is)
{
    uint64_t last = 991;

    for (uint64_t other = 400; other <= 1000; other += 100) {
        struct given given = {.grown = {{PM_READ_RUN_DELAY, 1000}, {PM_READ_IO_FULL, other}},
                              .still_ms = -1};
        struct pm_lapse lapse = lapse_of(&given);
        uint64_t confidence = pm_judge(&lapse).confidence;
        ck_assert_uint_lt(confidence, last);
        last = confidence;
    }
}
END_TEST

/* ---- Numbers that make no sense ---- */

static uint64_t draw(uint64_t *seed)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   999,
                                   MS,
                                   1000 * MS,
                                   INT64_MAX,
                                   UINT64_MAX,
                                   UINT64_MAX / 1000,
                                   60 * MS,
                                   UINT64_MAX - 1,
                                   UINT64_MAX / 2,
                                   500 * MS};

    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return odd[(*seed >> 33) % (sizeof odd / sizeof odd[0])];
}

START_TEST(any_numbers_give_a_cause_and_a_confidence_in_range)
{
    uint64_t seed = 20260123;

    for (int i = 0; i < 200000; i++) {
        struct pm_lapse lapse = {.lost_ns = draw(&seed), .still_ns = draw(&seed)};
        for (int j = 0; j < PM_READ_COUNT; j++)
            lapse.growth.value[j] = draw(&seed);
        lapse.growth.have = draw(&seed) ^ seed >> 40;
        lapse.growth.window_ns = draw(&seed);
        lapse.blocked = draw(&seed);
        lapse.has_guard = seed >> 50 & 1;
        lapse.canary_on_time = seed >> 51 & 1;
        struct pm_verdict verdict = pm_judge(&lapse);
        ck_assert_uint_le(verdict.cause, PAUSEMON_CAUSE_IO);
        ck_assert_uint_le(verdict.confidence, 990);
        ck_assert_int_eq(verdict.cause == PAUSEMON_CAUSE_UNKNOWN, verdict.confidence == 0);
    }
}
END_TEST

START_TEST(the_largest_numbers_are_judged_like_small_ones)
{
    struct pm_lapse lapse = {.lost_ns = UINT64_MAX};

    ck_assert_uint_eq(pm_judge(&lapse).cause, PAUSEMON_CAUSE_UNKNOWN);
    lapse.growth.window_ns = UINT64_MAX;
    lapse.growth.have = UINT64_C(1) << PM_READ_RUN_DELAY;
    lapse.growth.value[PM_READ_RUN_DELAY] = UINT64_MAX / 10 * 8;
    ck_assert_uint_eq(pm_judge(&lapse).cause, PAUSEMON_CAUSE_CPU);
    ck_assert_uint_ge(pm_judge(&lapse).confidence, 799);
    ck_assert_uint_le(pm_judge(&lapse).confidence, 800);
    lapse.growth.value[PM_READ_RUN_DELAY] = UINT64_MAX / 10 * 5;
    ck_assert_uint_eq(pm_judge(&lapse).cause, PAUSEMON_CAUSE_UNKNOWN);
    lapse.lost_ns = 0; /* nothing was lost: there is nothing to explain */
    ck_assert_uint_eq(pm_judge(&lapse).cause, PAUSEMON_CAUSE_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cause");
    TCase *tcase = tcase_create("cause");

    tcase_add_test(tcase, what_explains_59_percent_is_no_cause_and_what_explains_60_is);
    tcase_add_test(tcase, a_sleep_of_499_ms_is_none_and_one_of_500_is_a_suspend);
    tcase_add_test(tcase, where_nothing_is_known_nothing_is_guessed);
    tcase_add_test(tcase, a_guard_that_stood_still_while_others_ran_was_stopped);
    tcase_add_test(tcase, a_machine_that_stood_still_as_a_whole_is_a_virtual_one);
    tcase_add_test(tcase, a_guard_without_rights_that_starved_too_was_not_stopped);
    tcase_add_test(tcase, a_loop_that_is_late_while_the_canary_is_not_is_its_programs_own);
    tcase_add_test(tcase, a_guard_whose_pages_had_to_come_back_was_not_stopped);
    tcase_add_test(tcase, pressure_counts_when_it_was_ours_or_everybodys);
    tcase_add_test(tcase, of_two_rules_that_explain_all_the_earlier_wins_and_is_less_sure);
    tcase_add_test(tcase, another_explanation_of_40_percent_is_a_doubt_and_one_of_39_is_none);
    tcase_add_test(tcase, the_more_another_explains_the_less_sure_it_is);
    tcase_add_test(tcase, any_numbers_give_a_cause_and_a_confidence_in_range);
    tcase_add_test(tcase, the_largest_numbers_are_judged_like_small_ones);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
