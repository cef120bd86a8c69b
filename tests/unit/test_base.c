/* SPDX-License-Identifier: MIT */
/* The rooms below everything: text, numbers, dates, map, buffer, host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/map.h"
#include "base/text.h"
#include "core/arith.h"
#include "harness.h"

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void setup(void)
{
    random_state = 88172645463325252;
}

/* ---- Errors and names of a source of one's own ---- */

START_TEST(an_error_of_ones_own_is_like_the_librarys)
{
    struct pausemon_error error;

    memset(&error, 0x5a, sizeof error);
    ck_assert_int_eq(pausemon_error_set(&error, PAUSEMON_ERR_FORMAT, 0, "line\n2"),
                     PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(error.os_errno, 0);
    ck_assert_int_eq(error.line, 0);
    ck_assert_str_eq(error.text, "line?2");
    ck_assert_int_eq(pausemon_error_set(&error, PAUSEMON_ERR_IO, 13, "/x"), PAUSEMON_ERR_IO);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_IO);
    ck_assert_int_eq(error.os_errno, 13);
    ck_assert_str_eq(error.text, "/x: Permission denied");
    ck_assert_int_eq(pausemon_error_set(NULL, PAUSEMON_ERR_END, 0, NULL), PAUSEMON_ERR_END);
}
END_TEST

START_TEST(a_name_of_a_row_is_cut_between_characters)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    char name[80];

    memset(name, 'a', sizeof name);
    memcpy(name + 61, "\xe2\x82\xac", 4); /* ends the text; it would fill 61..63 */
    pausemon_command_copy(row.command, name);
    ck_assert_uint_eq(strlen(row.command), 61);
    pausemon_command_copy(row.command, "short");
    ck_assert_str_eq(row.command, "short");
}
END_TEST

/* ---- Writers ---- */

START_TEST(text_is_gathered_as_long_as_it_fits)
{
    char bytes[8] = "zzzzzzz";
    struct pausemon_text text = {bytes, sizeof bytes, 0};

    ck_assert_int_eq(pausemon_write_text(&text, "abc", 3), 0);
    ck_assert_str_eq(bytes, "abc");
    ck_assert_int_eq(pausemon_write_text(&text, "defgh", 5), PAUSEMON_ERR_LIMIT);
    ck_assert_str_eq(bytes, "abc");
    ck_assert_int_eq(pausemon_write_text(&text, "defg", 4), 0);
    ck_assert_str_eq(bytes, "abcdefg");
    ck_assert_uint_eq(text.length, 7);
    ck_assert_int_eq(pausemon_write_text(&text, "", 0), 0);
    ck_assert_int_eq(pausemon_write_text(&text, "h", 1), PAUSEMON_ERR_LIMIT);
    ck_assert_int_eq(pausemon_write_text(&text, "hhhhhhhhhhhh", SIZE_MAX), PAUSEMON_ERR_LIMIT);
}
END_TEST

START_TEST(a_writer_without_a_place_is_refused)
{
    char bytes[4];
    struct pausemon_text none = {NULL, 8, 0}, empty = {bytes, 0, 0}, past = {bytes, 4, 5};

    ck_assert_int_eq(pausemon_write_text(NULL, "a", 1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_write_text(&none, "a", 1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_write_text(&empty, "a", 1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_write_text(&past, "a", 1), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_write_file(NULL, "a", 1), PAUSEMON_ERR_INVALID);
}
END_TEST

START_TEST(a_file_that_takes_nothing_is_an_error)
{
    FILE *file = fopen("/dev/full", "w");

    if (!file)
        return;
    setvbuf(file, NULL, _IONBF, 0);
    ck_assert_int_eq(pausemon_write_file(file, "abc", 3), PAUSEMON_ERR_IO);
    fclose(file);
    file = tmpfile();
    ck_assert_int_eq(pausemon_write_file(file, "abc", 3), 0);
    ck_assert_int_eq(ftell(file), 3);
    fclose(file);
}
END_TEST

/* ---- Text ---- */

START_TEST(what_a_terminal_could_obey_becomes_a_question_mark)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain", "plain"},
        {"\x1b[2J", "?[2J"},
        {"tab\there", "tab?here"},
        {"\x7f", "?"},
        {"half\xc3", "half?"},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"c1 \xc2\x9b", "c1 ?"},       /* CSI of eight-bit terminals */
        {"rtl \xe2\x80\xae", "rtl ?"}, /* right-to-left override */
        {"long \xc0\xaf", "long ??"},  /* an overlong slash */
        {"\xed\xa0\x80", "???"},       /* a surrogate */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xf4\x90\x80\x80", "????"}, /* beyond Unicode */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char clean[64];
        pm_text_clean(clean, sizeof clean, cases[i].from, strlen(cases[i].from));
        ck_assert_str_eq(clean, cases[i].to);
    }
}
END_TEST

START_TEST(a_text_is_cut_between_characters)
{
    char clean[4];

    pm_text_clean(clean, sizeof clean, "a\xc3\xa9\xc3\xa9", 5);
    ck_assert_str_eq(clean, "a\xc3\xa9");
    pm_text_clean(clean, 1, "abc", 3);
    ck_assert_str_eq(clean, "");
}
END_TEST

START_TEST(a_number_that_does_not_fit_is_none)
{
    const char *largest = "18446744073709551615", *more = "18446744073709551616", *none = "x";
    uint64_t value = 0;

    ck_assert(pm_parse_u64(&largest, largest + 20, &value));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert(!pm_parse_u64(&more, more + 20, &value));
    ck_assert(!pm_parse_u64(&none, none + 1, &value));
}
END_TEST

START_TEST(the_nearest_name_is_named_and_a_far_one_is_not)
{
    static const char *const names[] = {"sample", "record", "config", NULL};

    ck_assert_str_eq(pausemon_nearest_name("sampel", names), "sample");
    ck_assert_str_eq(pausemon_nearest_name("RECORDS", names), "record");
    ck_assert_ptr_null(pausemon_nearest_name("monitor", names));
    ck_assert_ptr_null(pausemon_nearest_name("", names));
    ck_assert_ptr_null(pausemon_nearest_name("x", names));
    ck_assert_ptr_null(pausemon_nearest_name(NULL, names));
}
END_TEST

/* ---- Numbers ---- */

__extension__ typedef unsigned __int128 wide;

START_TEST(mul_div_is_exact_and_saturates)
{
    for (int i = 0; i < 200000; i++) {
        uint64_t a = next_random() >> (next_random() & 63);
        uint64_t b = next_random() >> (next_random() & 63);
        uint64_t c = next_random() >> (next_random() & 63);
        c = c ? c : 1;
        wide exact = (wide)a * b / c;
        uint64_t expected = exact > UINT64_MAX ? UINT64_MAX : (uint64_t)exact;
        ck_assert_msg(pm_mul_div(a, b, c) == expected, "%lu * %lu / %lu", a, b, c);
    }
}
END_TEST

/* ---- Dates ---- */

START_TEST(dates_agree_with_the_c_library)
{
    for (int i = 0; i < 20000; i++) {
        int64_t seconds = (int64_t)(next_random() % 9214646400) - 9214646400 / 8;
        time_t time = (time_t)seconds;
        struct pm_date date;
        struct tm tm;
        int64_t back;

        ck_assert_ptr_nonnull(gmtime_r(&time, &tm));
        pm_date_from_seconds(&date, seconds);
        ck_assert_int_eq(date.year, tm.tm_year + 1900);
        ck_assert_int_eq(date.month, tm.tm_mon + 1);
        ck_assert_int_eq(date.day, tm.tm_mday);
        ck_assert_int_eq(date.hour * 3600 + date.minute * 60 + date.second,
                         tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
        ck_assert(pm_date_to_seconds(&date, &back));
        ck_assert_int_eq(back, seconds);
    }
}
END_TEST

START_TEST(a_day_that_does_not_exist_is_no_date)
{
    struct pm_date leap = {2024, 2, 29, 0, 0, 0}, none = {2023, 2, 29, 0, 0, 0};
    int64_t seconds;

    ck_assert(pm_date_to_seconds(&leap, &seconds));
    ck_assert(!pm_date_to_seconds(&none, &seconds));
}
END_TEST

/* ---- Map ---- */

#define KEYS 700

START_TEST(a_map_is_what_an_array_is)
{
    struct harness harness;
    struct pm_host host;
    struct pm_map map;
    uint32_t model[KEYS];

    harness_init(&harness);
    pm_host_init(&host, &harness.host);
    pm_map_init(&map, &host);
    memset(model, 0xff, sizeof model); /* PM_MAP_NONE */
    for (int step = 0; step < 100000; step++) {
        size_t key = next_random() % KEYS;
        if (next_random() % 3) {
            model[key] = (uint32_t)(next_random() % 1000);
            ck_assert_int_eq(pm_map_set(&map, (int64_t)key * 32, model[key]), 0);
        } else {
            model[key] = PM_MAP_NONE;
            pm_map_remove(&map, (int64_t)key * 32);
        }
        size_t probe = next_random() % KEYS;
        ck_assert_uint_eq(pm_map_get(&map, (int64_t)probe * 32), model[probe]);
    }
    pm_map_free(&map);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

START_TEST(a_map_without_memory_stays_as_it_was)
{
    struct harness harness;
    struct pm_host host;
    struct pm_map map;
    int64_t key = 0;

    harness_init(&harness);
    pm_host_init(&host, &harness.host);
    pm_map_init(&map, &host);
    harness.fail_at = 2; /* the first growth succeeds */
    while (pm_map_set(&map, key, (uint32_t)key) == 0)
        key++;
    ck_assert_int_gt(key, 50);
    for (int64_t i = 0; i < key; i++)
        ck_assert_uint_eq(pm_map_get(&map, i), (uint32_t)i);
    ck_assert_uint_eq(pm_map_get(&map, key), PM_MAP_NONE);
    pm_map_free(&map);
}
END_TEST

/* ---- Buffer ---- */

START_TEST(a_buffer_gives_back_what_went_in_and_keeps_its_bound)
{
    struct harness harness;
    struct pm_host host;
    struct pm_buffer buffer;
    unsigned char in = 0, out = 0;

    harness_init(&harness);
    pm_host_init(&host, &harness.host);
    pm_buffer_init(&buffer, &host, 10000);
    for (int step = 0; step < 3000; step++) {
        size_t size = next_random() % 500;
        char *room = pm_buffer_room(&buffer, size);
        if (!room)
            ck_assert_int_eq(pm_buffer_status(&buffer, size), PAUSEMON_ERR_LIMIT);
        for (size_t i = 0; room && i < size; i++)
            room[i] = (char)in++;
        buffer.length += room ? size : 0;
        size_t taken = buffer.length ? next_random() % (buffer.length + 1) : 0;
        for (size_t i = 0; i < taken; i++)
            ck_assert_uint_eq((unsigned char)pm_buffer_content(&buffer)[i], out++);
        pm_buffer_consume(&buffer, taken);
        ck_assert_uint_le(buffer.length, 10000);
    }
    pm_buffer_free(&buffer);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

/* ---- Host and errors ---- */

START_TEST(a_host_of_an_older_caller_gets_defaults_for_what_it_does_not_know)
{
    struct pausemon_host given = PAUSEMON_HOST_INIT;
    struct pausemon_instant now;
    struct pm_host host;

    given.size = offsetof(struct pausemon_host, resize);   /* knows only `user` */
    given.resize = (void *(*)(void *, void *, size_t))0x1; /* must not be looked at */
    pm_host_init(&host, &given);
    void *memory = pm_alloc(&host, 8);
    ck_assert_ptr_nonnull(memory);
    pm_free(&host, memory);
    pm_now(&host, &now);
    ck_assert_int_gt(now.realtime_ns, 0);
    ck_assert_int_ge(now.boottime_ns, now.monotonic_ns);
}
END_TEST

START_TEST(an_error_says_what_the_system_said_and_is_one_clean_line)
{
    struct pausemon_error error;

    ck_assert_int_eq(pm_fail_os(&error, 13, "cannot open \"%s\"", "a\nb\x1b"), PAUSEMON_ERR_DENIED);
    ck_assert_str_eq(error.text, "cannot open \"a?b?\": Permission denied");
    ck_assert_int_eq(error.os_errno, 13);
    ck_assert_int_eq(pm_fail(NULL, PAUSEMON_ERR_LIMIT, "nobody listens"), PAUSEMON_ERR_LIMIT);
}
END_TEST

START_TEST(every_status_has_a_text_of_its_own)
{
    for (int status = PAUSEMON_ERR_UNSUPPORTED; status <= PAUSEMON_OK; status++)
        for (int other = PAUSEMON_ERR_UNSUPPORTED; other < status; other++)
            ck_assert_str_ne(pausemon_status_text(status), pausemon_status_text(other));
    ck_assert_str_eq(pausemon_status_text(1), "unknown status");
    ck_assert_str_eq(pausemon_status_text(-99), "unknown status");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, an_error_of_ones_own_is_like_the_librarys);
    tcase_add_test(tcase, a_name_of_a_row_is_cut_between_characters);
    tcase_add_test(tcase, text_is_gathered_as_long_as_it_fits);
    tcase_add_test(tcase, a_writer_without_a_place_is_refused);
    tcase_add_test(tcase, a_file_that_takes_nothing_is_an_error);
    tcase_add_test(tcase, what_a_terminal_could_obey_becomes_a_question_mark);
    tcase_add_test(tcase, a_text_is_cut_between_characters);
    tcase_add_test(tcase, a_number_that_does_not_fit_is_none);
    tcase_add_test(tcase, the_nearest_name_is_named_and_a_far_one_is_not);
    tcase_add_test(tcase, mul_div_is_exact_and_saturates);
    tcase_add_test(tcase, dates_agree_with_the_c_library);
    tcase_add_test(tcase, a_day_that_does_not_exist_is_no_date);
    tcase_add_test(tcase, a_map_is_what_an_array_is);
    tcase_add_test(tcase, a_map_without_memory_stays_as_it_was);
    tcase_add_test(tcase, a_buffer_gives_back_what_went_in_and_keeps_its_bound);
    tcase_add_test(tcase, a_host_of_an_older_caller_gets_defaults_for_what_it_does_not_know);
    tcase_add_test(tcase, an_error_says_what_the_system_said_and_is_one_clean_line);
    tcase_add_test(tcase, every_status_has_a_text_of_its_own);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
