/* SPDX-License-Identifier: MIT */
/* The sentence about a pause. */
#include "pause_support.h"

/* Frees the pause. */
static void check_verdict(struct pausemon_pause *pause, const char *expected)
{
    struct text text = {0};

    ck_assert_int_eq(pausemon_pause_write_verdict(pause, text_write, &text), 0);
    ck_assert_str_eq(text.bytes, expected);
    text_free(&text);
    pausemon_pause_free(pause);
}

START_TEST(each_cause_has_its_sentence)
{
    static const char *const sentences[] = {
        [PAUSEMON_CAUSE_UNKNOWN] =
            "froze 2.31 s: cause unknown; what was read does not explain it. Victim: Xorg.",
        [PAUSEMON_CAUSE_SUSPEND] = "slept 2.31 s: the machine was suspended.",
        [PAUSEMON_CAUSE_HOST] = "saw nothing for 2.31 s: the monitoring program itself was busy "
                                "(confidence 0.94).",
        [PAUSEMON_CAUSE_STOPPED] = "saw nothing for 2.31 s: the monitoring program was stopped "
                                   "(confidence 0.94).",
        [PAUSEMON_CAUSE_VM] = "froze 2.31 s: the virtual machine did not run (confidence 0.94).",
        [PAUSEMON_CAUSE_CPU] = "froze 2.31 s: cpu starvation (confidence 0.94). "
                               "Culprit: dd, 61 % of CPU. Victim: Xorg.",
        [PAUSEMON_CAUSE_MEMORY] = "froze 2.31 s: memory pressure (confidence 0.94). "
                                  "Culprit: dd, 61 % of memory. Victim: Xorg.",
        [PAUSEMON_CAUSE_IO] = "froze 2.31 s: waiting for I/O (confidence 0.94). "
                              "Culprit: dd, 61 % of I/O. Victim: Xorg.",
    };

    for (uint64_t cause = 0; pausemon_cause_name(cause); cause++) {
        struct pausemon_pause *pause = new_pause(cause, 2310 * MS);
        add_culprit(pause, "dd", 1, 619);
        add_victim(pause, "Xorg");
        check_verdict(pause, sentences[cause]);
    }
}
END_TEST

START_TEST(three_are_named_and_the_rest_is_counted)
{
    struct pausemon_pause *pause = new_pause(PAUSEMON_CAUSE_CPU, 2310 * MS);

    check_verdict(pause, "froze 2.31 s: cpu starvation (confidence 0.94). No culprit was found.");
    pause = new_pause(PAUSEMON_CAUSE_CPU, 2310 * MS);
    add_culprit(pause, "a", 8, 610)->suspect = 1;
    add_culprit(pause, "", 1, 9);
    for (int i = 0; i < 3; i++)
        add_victim(pause, "v");
    check_verdict(pause,
                  "froze 2.31 s: cpu starvation (confidence 0.94). Culprits: a ×8 (suspect), "
                  "61 % of CPU; pid 41, less than 1 % of CPU. Victims: v, v, v.");
    pause = new_pause(PAUSEMON_CAUSE_IO, 2310 * MS);
    for (int i = 0; i < 5; i++) {
        add_culprit(pause, "c", 1, 100);
        add_victim(pause, "v");
    }
    check_verdict(pause, "froze 2.31 s: waiting for I/O (confidence 0.94). Culprits: c, 10 % of "
                         "I/O; c, 10 % of I/O; c, 10 % of I/O; and 2 more. Victims: v, v, v and 2 "
                         "more.");
}
END_TEST

START_TEST(a_standstill_in_pieces_says_how_much_was_lost)
{
    struct pausemon_pause *pause = new_pause(PAUSEMON_CAUSE_UNKNOWN, 4 * SECOND);

    pause->info.lost_ns = 1860 * MS;
    check_verdict(pause, "froze 4.00 s (1.86 s of it lost): cause unknown; what was read does not "
                         "explain it.");
}
END_TEST

START_TEST(lengths_of_time_read_well_from_milliseconds_to_years)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } table[] = {
        {0, "0 ms"},
        {250, "250 ms"},
        {999, "999 ms"},
        {1000, "1.00 s"},
        {2310, "2.31 s"},
        {9994, "9.99 s"},
        {9995, "10.0 s"},
        {59949, "59.9 s"},
        {59950, "1 min"},
        {61000, "1 min 1 s"},
        {3599499, "59 min 59 s"},
        {3599500, "1 h"},
        {11520000, "3 h 12 min"},
        {86399000, "1 d"},
        {190800000, "2 d 5 h"},
        {UINT64_MAX / MS, "213504 d"},
    };
    char text[PAUSEMON_DURATION_SIZE];

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        pausemon_duration_text(text, table[i].ms * MS);
        ck_assert_str_eq(text, table[i].text);
    }
    pausemon_duration_text(text, 999500000);
    ck_assert_str_eq(text, "1.00 s");
    pausemon_duration_text(text, UINT64_MAX);
    ck_assert_str_eq(text, "213504 d");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pause_text");
    TCase *tcase = tcase_create("pause_text");

    tcase_add_test(tcase, each_cause_has_its_sentence);
    tcase_add_test(tcase, three_are_named_and_the_rest_is_counted);
    tcase_add_test(tcase, a_standstill_in_pieces_says_how_much_was_lost);
    tcase_add_test(tcase, lengths_of_time_read_well_from_milliseconds_to_years);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
