/* SPDX-License-Identifier: MIT */
/* The `top` source over recorded texts: their time, their end, what is no text of top at all,
 * files, sizes, and texts that were cut or changed anywhere. The traps: test_top_traps.c. */
#include "top_looks.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define NOON (INT64_C(1769169600) * SECOND) /* 2026-01-23T12:00:00Z */

#define HEADER "PID  COMMAND %CPU STATE    MEM  CMPRS #TH CSW  SYSBSD PAGEINS\n"
#define ROW_77 "77   worker  0.0  sleeping 5M   0B    4   1000 500    10     \n"
#define ROW_78 "78   idler   0.0  sleeping 64K  0B    1   2000 5      0      \n"
#define ONE_SAMPLE "2026/01/23 12:00:00\n\n" HEADER ROW_77

/* A sample of one process; `date` with its newline, or "". */
static void add_sample(struct text *text, const char *date)
{
    text_write(text, date, strlen(date));
    text_write(text, "\n" HEADER ROW_77, strlen("\n" HEADER ROW_77));
}

/* Three samples under these date lines: the seconds between them. */
static void check_seconds(const char *first, const char *second, const char *third,
                          int64_t until_second, int64_t until_third)
{
    struct text text = {0};
    struct looks looks;

    add_sample(&text, first);
    add_sample(&text, second);
    add_sample(&text, third);
    looks_open_bytes(&looks, text.bytes, text.length);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->elapsed_ns, 0);
    looks_next(&looks);
    ck_assert_int_eq((int64_t)looks.info->elapsed_ns, until_second * SECOND);
    looks_next(&looks);
    ck_assert_int_eq((int64_t)looks.info->elapsed_ns, until_third * SECOND);
    looks_end(&looks);
    looks_close(&looks);
    text_free(&text);
}

START_TEST(local_time_is_taken_as_utc)
{
    struct looks looks;

    looks_open_text(&looks, ONE_SAMPLE "2026/01/23 12:00:03\n\n" HEADER ROW_77);
    looks_next(&looks);
    ck_assert_int_eq(looks.info->time.realtime_ns, NOON);
    ck_assert_int_eq(looks.info->time.monotonic_ns, NOON);
    ck_assert_int_eq(looks.info->time.utc_offset_s, 0);
    looks_next(&looks);
    ck_assert_int_eq(looks.info->time.realtime_ns, NOON + 3 * SECOND);
    ck_assert_int_eq(looks.info->time.monotonic_ns, NOON + 3 * SECOND);
    looks_close(&looks);
}
END_TEST

START_TEST(leap_days_and_new_years_are_counted)
{
    struct looks looks;

    check_seconds("2025/12/31 23:59:58\n", "2025/12/31 23:59:59\n", "2026/01/01 00:00:01\n", 1, 2);
    check_seconds("2024/02/28 23:59:59\n", "2024/02/29 00:00:00\n", "2024/03/01 00:00:00\n", 1,
                  86400);
    looks_open_text(&looks, "2024/02/29 00:00:00\n\n" HEADER ROW_77);
    looks_next(&looks);
    /* 19782 days since 1970 */
    ck_assert_int_eq(looks.info->time.realtime_ns, INT64_C(1709164800) * SECOND);
    looks_close(&looks);
}
END_TEST

START_TEST(samples_without_dates_are_a_second_apart)
{
    check_seconds("", "", "", 1, 1);
    check_seconds("2026/01/23 12:00:00\n", "", "2026/01/23 12:00:02\n", 1, 1);
}
END_TEST

START_TEST(equal_dates_are_a_second_apart)
{
    check_seconds("2026/01/23 12:00:00\n", "2026/01/23 12:00:00\n", "2026/01/23 12:00:01\n", 1, 1);
}
END_TEST

START_TEST(dates_that_go_backward_are_a_second_apart)
{
    check_seconds("2026/01/23 12:00:10\n", "2026/01/23 12:00:05\n", "2026/01/23 12:00:06\n", 1, 1);
}
END_TEST

START_TEST(a_date_that_cannot_be_is_none)
{
    check_seconds("2026/01/23 12:00:00\n", "2026/13/45 25:61:61\n", "2026/01/23 12:00:02\n", 1, 1);
    check_seconds("2026/01/23 12:00:00\n", "0000/00/00 00:00:00\n", "2026/01/23 12:00:02\n", 1, 1);
}
END_TEST

/* Nanoseconds in 64 bits end in 2262: time must go on, whatever it is then. */
START_TEST(a_date_beyond_the_clock_does_no_harm)
{
    struct looks looks;

    looks_open_text(&looks, ONE_SAMPLE "9999/12/31 23:59:59\n\n" HEADER ROW_77);
    looks_next(&looks);
    looks_next(&looks);
    ck_assert_uint_ge(looks.info->elapsed_ns, SECOND);
    ck_assert_uint_eq(looks_need(&looks, 77)->csw, 0);
    looks_end(&looks);
    looks_close(&looks);
}
END_TEST

static void check_incomplete(const char *text)
{
    struct looks looks;

    looks_open_text(&looks, text);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 1);
    looks_end(&looks);
    ck_assert_ptr_nonnull(strstr(looks.harness.log, "W: "));
    ck_assert_ptr_nonnull(strstr(looks.harness.log, "incomplete"));
    looks_close(&looks);
}

START_TEST(a_sample_that_ends_before_its_header_is_no_look)
{
    check_incomplete(ONE_SAMPLE "2026/01/23 12:00:01\n");
    check_incomplete(ONE_SAMPLE "Processes: 1 total, 1 running, 2 threads \n2026/01/23 12:00:01\n"
                                "Load Avg: 2.33, 2.95, 3.06 \n");
}
END_TEST

START_TEST(a_whole_text_is_not_called_incomplete)
{
    struct looks looks;

    looks_open_text(&looks, ONE_SAMPLE);
    looks_next(&looks);
    looks_end(&looks);
    ck_assert_ptr_null(strstr(looks.harness.log, "incomplete"));
    looks_close(&looks);
}
END_TEST

START_TEST(a_header_without_rows_is_a_complete_look)
{
    struct looks looks;

    looks_open_text(&looks, "2026/01/23 12:00:00\n\n" HEADER);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 0);
    ck_assert_uint_eq(looks.info->complete, 1);
    ck_assert_uint_eq(looks.info->rogue_count, 0);
    ck_assert_uint_eq(looks.info->stress, 0);
    looks_end(&looks);
    looks_close(&looks);
}
END_TEST

START_TEST(a_recording_has_nothing_to_wait_for)
{
    struct looks looks;

    looks_open_text(&looks, ONE_SAMPLE);
    ck_assert_int_eq(pausemon_source_get_fd(looks.source), -1);
    ck_assert_int_eq(pausemon_collector_get_fd(looks.collector), -1);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->rated_count, 0);
    looks_end(&looks);
    ck_assert_int_eq(pausemon_collector_get_timeout(looks.collector), -1);
    looks_close(&looks);
}
END_TEST

/* What is no text of top: said at the first look, and in words that can be printed. */
static void check_not_top(const void *bytes, size_t length)
{
    struct looks looks;

    looks_open_bytes(&looks, bytes, length);
    ck_assert_int_eq(looks_try(&looks), PAUSEMON_ERR_FORMAT);
    const char *said = looks.error.text;
    ck_assert_msg(strstr(said, "top:") != NULL, "%s", said);
    ck_assert_msg(strstr(said, "PID") || strstr(said, "header"), "%s", said);
    for (const char *at = said; *at; at++)
        ck_assert_msg((unsigned char)*at >= ' ' && *at != 0x7f, "a control byte in the error");
    ck_assert_int_lt(looks_try(&looks), 0);
    looks_close(&looks);
}

static void check_text_is_not_top(const char *text)
{
    check_not_top(text, strlen(text));
}

START_TEST(an_empty_text_is_an_error)
{
    check_not_top("", 0);
    check_text_is_not_top("\n\n\n");
}
END_TEST

START_TEST(a_text_without_header_is_an_error)
{
    check_text_is_not_top("Processes: 2 total, 2 sleeping, 5 threads \n2026/01/23 12:00:00\n");
    check_text_is_not_top("2026/01/23 12:00:00\n\n" ROW_77 ROW_78);
    check_text_is_not_top("usage: something else entirely\n");
    check_text_is_not_top("top - 12:00:00 up 1 day,  1 user,  load average: 0.00, 0.01, 0.05\n"
                          "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM  TIME+\n");
}
END_TEST

START_TEST(binary_garbage_is_an_error)
{
    static unsigned char bytes[65536];
    uint64_t state = 20260123;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)next_random(&state);
    check_not_top(bytes, sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    check_not_top(bytes, sizeof bytes);
}
END_TEST

/* `prefix`, a megabyte of `byte` on one line, `suffix`. */
static struct text around_a_megabyte(const char *prefix, char byte, const char *suffix)
{
    static char block[1 << 20];
    struct text text = {0};

    memset(block, byte, sizeof block);
    text_write(&text, prefix, strlen(prefix));
    text_write(&text, block, sizeof block);
    text_write(&text, suffix, strlen(suffix));
    return text;
}

static void check_both_are_read(struct text text)
{
    struct looks looks;

    looks_open_bytes(&looks, text.bytes, text.length);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 2);
    ck_assert_uint_eq(looks_need(&looks, 77)->mem, 5 << 20);
    ck_assert_uint_eq(looks_need(&looks, 78)->mem, 64 << 10);
    looks_end(&looks);
    looks_close(&looks);
    text_free(&text);
}

START_TEST(a_line_of_a_megabyte_does_no_harm)
{
    struct text alone = around_a_megabyte("", 'x', "");

    check_not_top(alone.bytes, alone.length);
    text_free(&alone);
    check_both_are_read(around_a_megabyte("", 'x', "\n\n" HEADER ROW_77 ROW_78));
    check_both_are_read(around_a_megabyte(HEADER ROW_77, '7', "\n" ROW_78));
    check_both_are_read(around_a_megabyte(HEADER ROW_77 ROW_78, ' ', "\n"));
}
END_TEST

START_TEST(rows_beyond_the_bound_are_counted)
{
    enum { ROWS = PAUSEMON_MAX_PROCESSES + 5, ROW = sizeof "12345678 x      \n" - 1 };
    struct text text = {0};
    struct looks looks;
    char *rows = malloc((size_t)ROWS * ROW + 1);

    ck_assert_ptr_nonnull(rows);
    for (size_t i = 0; i < ROWS; i++)
        snprintf(rows + i * ROW, ROW + 1, "%-8d x      \n", (int)i + 1);
    text_write(&text, "PID      COMMAND\n", 17);
    /* In one piece: text_write grows by as much as it is given, and no more. */
    text_write(&text, rows, (size_t)ROWS * ROW);
    free(rows);
    looks_open_bytes(&looks, text.bytes, text.length);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, PAUSEMON_MAX_PROCESSES);
    ck_assert_uint_eq(looks.info->unreadable, 5);
    looks_close(&looks);
    text_free(&text);
}
END_TEST

START_TEST(numbers_beyond_64_bits_are_no_numbers)
{
    struct looks looks;

    looks_open_text(&looks, "PID                   COMMAND #TH                   MEM\n"
                            "99999999999999999999  giant   2                     5M \n"
                            "12                    thready 99999999999999999999  5M \n");
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 1);
    ck_assert_uint_eq(looks.info->unreadable, 1);
    ck_assert_uint_eq(looks_need(&looks, 12)->have & PAUSEMON_HAVE_THREADS, 0);
    ck_assert_uint_eq(looks_need(&looks, 12)->mem, 5 << 20);
    looks_close(&looks);
}
END_TEST

START_TEST(a_zero_byte_in_a_name_becomes_a_question_mark)
{
    static const char text[] =
        HEADER "77   wo\0ker  0.0  sleeping 5M   0B    4   1000 500    10     \n";
    struct looks looks;

    looks_open_bytes(&looks, text, sizeof text - 1);
    looks_next(&looks);
    ck_assert_str_eq(looks_need(&looks, 77)->command, "wo?ker");
    looks_close(&looks);
}
END_TEST

START_TEST(a_name_too_long_is_cut_on_a_character)
{
    struct text text = {0};
    struct looks looks;
    char line[256];
    char name[81] = "";

    for (int i = 0; i < 40; i++)
        strcat(name, "\xc3\xa9");
    text_write(&text, line, (size_t)snprintf(line, sizeof line, "PID %-80s MEM\n", "COMMAND"));
    text_write(&text, line, (size_t)snprintf(line, sizeof line, "7   %s 5M \n", name));
    looks_open_bytes(&looks, text.bytes, text.length);
    looks_next(&looks);
    /* 31 characters of two bytes fit into 63 */
    name[62] = '\0';
    ck_assert_str_eq(looks_need(&looks, 7)->command, name);
    ck_assert_uint_eq(looks_need(&looks, 7)->mem, 5 << 20);
    looks_close(&looks);
    text_free(&text);
}
END_TEST

START_TEST(a_file_is_read_like_memory)
{
    struct looks looks;
    char spec[4200];
    int before = count_fds();

    snprintf(spec, sizeof spec, "top:%s", test_path("golden/top/04-widths-grow.txt"));
    looks_open(&looks, spec);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 2);
    looks_next(&looks);
    ck_assert_uint_eq(looks_need(&looks, 77)->csw, 2500);
    looks_end(&looks);
    looks_close(&looks);
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    struct harness harness;
    struct pausemon_error error = {0};
    struct pausemon_source *source = (struct pausemon_source *)&harness;

    harness_init(&harness);
    int status = pausemon_source_open(&source, "top:/nonexistent/top.txt", &harness.host, &error);
    ck_assert_int_eq(status, PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/top.txt"));
    ck_assert_ptr_null(source);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top");
    TCase *tests = tcase_create("texts");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, local_time_is_taken_as_utc);
    tcase_add_test(tests, leap_days_and_new_years_are_counted);
    tcase_add_test(tests, samples_without_dates_are_a_second_apart);
    tcase_add_test(tests, equal_dates_are_a_second_apart);
    tcase_add_test(tests, dates_that_go_backward_are_a_second_apart);
    tcase_add_test(tests, a_date_that_cannot_be_is_none);
    tcase_add_test(tests, a_date_beyond_the_clock_does_no_harm);
    tcase_add_test(tests, a_sample_that_ends_before_its_header_is_no_look);
    tcase_add_test(tests, a_whole_text_is_not_called_incomplete);
    tcase_add_test(tests, a_header_without_rows_is_a_complete_look);
    tcase_add_test(tests, a_recording_has_nothing_to_wait_for);
    tcase_add_test(tests, an_empty_text_is_an_error);
    tcase_add_test(tests, a_text_without_header_is_an_error);
    tcase_add_test(tests, binary_garbage_is_an_error);
    tcase_add_test(tests, a_line_of_a_megabyte_does_no_harm);
    tcase_add_test(tests, rows_beyond_the_bound_are_counted);
    tcase_add_test(tests, numbers_beyond_64_bits_are_no_numbers);
    tcase_add_test(tests, a_zero_byte_in_a_name_becomes_a_question_mark);
    tcase_add_test(tests, a_name_too_long_is_cut_on_a_character);
    tcase_add_test(tests, a_file_is_read_like_memory);
    tcase_add_test(tests, a_missing_file_is_named);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
