/* SPDX-License-Identifier: MIT */
/* The histogram of scores, as a whole and hour by hour. */
#include <stdio.h>
#include <string.h>

#include "vault.h"

static struct pausemon_history *open_history(struct vault *vault)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int status = pausemon_history_open(&history, vault->path, &vault->harness.host, &error);

    ck_assert_msg(status == 0, "%s", error.text);
    return history;
}

START_TEST(the_histogram_counts_the_hours_that_are_touched)
{
    struct vault vault;
    uint64_t counts[101];

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_exec(&vault, "INSERT INTO score_histogram VALUES (10, 0, 5), (11, 0, 7), (11, 100, 2),"
                       " (12, 3, 9223372036854775807), (13, 3, 9223372036854775807),"
                       " (14, 3, 9223372036854775807), (12, 101, 4), (12, -1, 4), (12, 7, -4)");
    struct pausemon_history *history = open_history(&vault);
    ck_assert_int_eq(pausemon_history_histogram(history, 0, 0, counts, NULL), 0);
    ck_assert_uint_eq(counts[0], 12);
    ck_assert_uint_eq(counts[100], 2);
    ck_assert_uint_eq(counts[3], UINT64_MAX); /* hostile: not wrapped around */
    ck_assert_uint_eq(counts[7], 0);
    const int64_t hour = 3600 * SECOND;
    ck_assert_int_eq(
        pausemon_history_histogram(history, 11 * hour + 5, 11 * hour + 6, counts, NULL), 0);
    ck_assert_uint_eq(counts[0], 7);
    ck_assert_uint_eq(counts[3], 0);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

struct seen {
    struct text text;
    int stop_at; /* from 1; 0: never */
    int count;
};

static int see_hour(void *user, const struct pausemon_history_hour *hour)
{
    struct seen *seen = user;
    char word[128];

    ck_assert_uint_eq(hour->size, sizeof *hour);
    snprintf(word, sizeof word, "%d:%llu+%llu=%llu ", (int)(hour->start_ns / (3600 * SECOND)),
             (unsigned long long)hour->counts[0], (unsigned long long)hour->counts[100],
             (unsigned long long)hour->samples);
    text_write(&seen->text, word, strlen(word));
    return ++seen->count == seen->stop_at ? PAUSEMON_ERR_END : 0;
}

/* Checks what is told of the hours from since to until, and what is returned. */
static void expect_hours(struct pausemon_history *history, int64_t since, int64_t until,
                         int stop_at, const char *expected)
{
    const int64_t hour = 3600 * SECOND;
    struct seen seen = {.stop_at = stop_at};
    struct pausemon_error error = {0};
    int status =
        pausemon_history_hours(history, since * hour, until * hour, see_hour, &seen, &error);

    ck_assert_str_eq(seen.text.bytes ? seen.text.bytes : "", expected);
    ck_assert_int_eq(status, stop_at ? PAUSEMON_ERR_END : seen.count);
    ck_assert_int_eq(error.status, stop_at ? PAUSEMON_ERR_END : 0);
    text_free(&seen.text);
}

#define MOST "9223372036854775807"

START_TEST(hours_are_told_one_by_one_and_empty_ones_left_out)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(vault_open(&vault), 0);
    struct pausemon_history *history = open_history(&vault);
    expect_hours(history, 0, 0, 0, "");
    vault_exec(&vault, "INSERT INTO score_histogram VALUES (11, 100, 2), (10, 0, 5), (11, 0, 7),"
                       " (-3, 0, 1), (12, 0, 0), (12, 101, 4), (12, -1, 4), (12, 7, -4),"
                       " (14, 0, " MOST "), (14, 100, " MOST "), (14, 50, 9), (" MOST ", 0, 1),"
                       " (-9223372036854775808, 0, 1)");
    const char last[] = "14:" MOST "+" MOST "=18446744073709551615 ";
    char all[256];
    snprintf(all, sizeof all, "-3:1+0=1 10:5+0=5 11:7+2=9 %s", last);
    expect_hours(history, 0, 0, 0, all);
    expect_hours(history, 10, 11, 0, "10:5+0=5 11:7+2=9 ");
    expect_hours(history, 11, 11, 0, "11:7+2=9 ");
    expect_hours(history, 12, 13, 0, "");
    expect_hours(history, 10, 0, 2, "10:5+0=5 11:7+2=9 ");
    expect_hours(history, 14, 0, 1, last); /* stopped at the last of all */
    ck_assert_int_eq(pausemon_history_hours(history, 0, 0, NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_history_hours(NULL, 0, 0, see_hour, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history_hours");
    TCase *hours = tcase_create("hours");

    tcase_add_test(hours, the_histogram_counts_the_hours_that_are_touched);
    tcase_add_test(hours, hours_are_told_one_by_one_and_empty_ones_left_out);
    suite_add_tcase(suite, hours);
    return harness_run(suite);
}
