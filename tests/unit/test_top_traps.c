/* SPDX-License-Identifier: MIT */
/* The traps of macOS `top -l N` (macos.md §1), each a text beside what must be read of it.
 *
 * golden/top/NAME.txt is the text. golden/top/NAME.expected says, after comments that begin
 * with #, one line per look:
 *
 *     ELAPSED_MS PROCESSES RATED UNREADABLE | PROCESS | PROCESS …      processes by pid
 *     PROCESS := PID "COMMAND" STATE CPU MEM CMPRS THREADS CSW SYSBSD PAGEINS
 *
 * CPU is in percent with one decimal, MEM and CMPRS are bytes, the last three are per second;
 * "-" is unknown. Then how it went on: "end" (PAUSEMON_ERR_END) or "status N"; and
 * "warned yes" or "warned no": whether the host's log got a warning. A "*" stands for any word:
 * there the specification leaves it open. */
#include "top_looks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_PROCESSES = 64 };

static void say(struct text *text, const char *bytes)
{
    text_write(text, bytes, strlen(bytes));
}

static void say_number(struct text *text, const char *format, uint64_t number)
{
    char word[32];

    snprintf(word, sizeof word, format, number);
    say(text, word);
}

static void say_known(struct text *text, const struct pausemon_process *process, uint64_t bit,
                      uint64_t number)
{
    if (process->have & bit) {
        say_number(text, " %" PRIu64, number);
        return;
    }
    say(text, " -");
    /* unknown fields are 0 and mean nothing */
    ck_assert_uint_eq(number, 0);
}

static void say_process(struct text *text, const struct pausemon_process *process)
{
    say_number(text, " | %" PRIu64 " \"", (uint64_t)process->pid);
    say(text, process->command);
    say(text, "\" ");
    say(text, pausemon_state_name(process->state));
    if (process->have & PAUSEMON_HAVE_CPU) {
        say_number(text, " %" PRIu64 ".", process->cpu / 10);
        say_number(text, "%" PRIu64, process->cpu % 10);
    } else {
        say(text, " -");
    }
    say_known(text, process, PAUSEMON_HAVE_MEM, process->mem);
    say_known(text, process, PAUSEMON_HAVE_CMPRS, process->cmprs);
    say_known(text, process, PAUSEMON_HAVE_THREADS, process->threads);
    say_known(text, process, PAUSEMON_HAVE_CSW, process->csw);
    say_known(text, process, PAUSEMON_HAVE_SYSBSD, process->sysbsd);
    say_known(text, process, PAUSEMON_HAVE_PAGEINS, process->pageins);
}

static int by_pid(const void *left, const void *right)
{
    const struct pausemon_process *const *a = left;
    const struct pausemon_process *const *b = right;

    return ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);
}

static void say_look(struct text *text, const struct looks *looks)
{
    const struct pausemon_process *sorted[MOST_PROCESSES];
    size_t count = looks->info->process_count;

    ck_assert_uint_le(count, MOST_PROCESSES);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = pausemon_collector_get_process(looks->collector, i);
        ck_assert_ptr_nonnull(sorted[i]);
    }
    ck_assert_ptr_null(pausemon_collector_get_process(looks->collector, count));
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, by_pid);
    say_number(text, "%" PRIu64, looks->info->elapsed_ns / 1000000);
    say_number(text, " %" PRIu64, looks->info->process_count);
    say_number(text, " %" PRIu64, looks->info->rated_count);
    say_number(text, " %" PRIu64, looks->info->unreadable);
    for (size_t i = 0; i < count; i++)
        say_process(text, sorted[i]);
    say(text, "\n");
}

static bool is_end_of_word(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\0';
}

/* The same text, but for words that are "*" in `want`. */
static bool fits(const char *want, const char *got)
{
    while (*want != '\0') {
        if (*want == '*') {
            want++;
            while (!is_end_of_word(*got))
                got++;
        } else if (*want++ != *got++) {
            return false;
        }
    }
    return *got == '\0';
}

static const char *skip_comments(const char *text)
{
    while (*text == '#') {
        const char *end = strchr(text, '\n');
        ck_assert_ptr_nonnull(end);
        text = end + 1;
    }
    return text;
}

static char *golden(const char *name, const char *suffix, size_t *length)
{
    char relative[128];

    snprintf(relative, sizeof relative, "golden/top/%s%s", name, suffix);
    return read_file(test_path(relative), length);
}

/* Everything that is read of the text, in the form of NAME.expected. */
static struct text reading(const char *bytes, size_t length)
{
    struct text got = {0};
    struct looks looks;
    int status;

    looks_open_bytes(&looks, bytes, length);
    while ((status = looks_try(&looks)) == 0)
        say_look(&got, &looks);
    if (status == PAUSEMON_ERR_END)
        say(&got, "end\n");
    else
        say_number(&got, "status -%" PRIu64 "\n", (uint64_t)-status);
    /* the end stays the end */
    ck_assert_int_eq(looks_try(&looks), status);
    say(&got, strstr(looks.harness.log, "W: ") ? "warned yes\n" : "warned no\n");
    looks_close(&looks);
    return got;
}

static void check_golden(const char *name)
{
    size_t length;
    char *bytes = golden(name, ".txt", &length);
    char *expected = golden(name, ".expected", NULL);
    const char *want = skip_comments(expected);

    ck_assert_uint_gt(length, 0);
    ck_assert_msg(strstr(want, "\nend\n") != NULL, "%s.expected holds nothing", name);
    struct text got = reading(bytes, length);
    ck_assert_msg(fits(want, got.bytes), "%s\nwant:\n%sgot:\n%s", name, want, got.bytes);
    text_free(&got);
    free(expected);
    free(bytes);
}

START_TEST(names_with_spaces_and_leading_digits_stay_whole)
{
    check_golden("01-names");
}
END_TEST

START_TEST(a_name_cut_inside_a_character_gets_question_marks)
{
    check_golden("02-half-characters");
}
END_TEST

START_TEST(rows_of_empty_names_are_dropped_and_counted)
{
    check_golden("03-empty-names");
}
END_TEST

START_TEST(each_sample_is_sliced_at_its_own_header)
{
    check_golden("04-widths-grow");
}
END_TEST

START_TEST(cpu_above_100_and_1000_percent_is_read)
{
    check_golden("05-cpu-above-one-core");
}
END_TEST

START_TEST(plus_minus_and_nothing_are_the_same_number)
{
    check_golden("06-suffixes");
}
END_TEST

START_TEST(saturated_counters_are_unknown)
{
    check_golden("07-saturated");
}
END_TEST

START_TEST(all_states_are_known_and_others_unknown)
{
    check_golden("08-states");
}
END_TEST

START_TEST(zero_bytes_is_a_known_zero)
{
    check_golden("09-zero-bytes-and-units");
}
END_TEST

START_TEST(a_star_behind_the_pid_is_not_of_the_pid)
{
    check_golden("10-rosetta");
}
END_TEST

START_TEST(missing_global_lines_do_no_harm)
{
    check_golden("11-missing-global-lines");
}
END_TEST

START_TEST(a_row_cut_by_a_kill_is_dropped_and_counted)
{
    check_golden("12-cut-mid-row");
}
END_TEST

START_TEST(a_last_row_without_newline_is_taken_as_cut)
{
    check_golden("12-cut-in-last-cell");
}
END_TEST

START_TEST(one_sample_alone_has_no_rates)
{
    check_golden("13-one-sample");
}
END_TEST

START_TEST(unpadded_fractions_of_cpu_usage_do_no_harm)
{
    check_golden("14-cpu-usage-not-padded");
}
END_TEST

START_TEST(a_process_born_later_has_no_rates_at_first)
{
    check_golden("15-born-later");
}
END_TEST

START_TEST(a_reused_pid_starts_anew)
{
    check_golden("16-pid-reused");
}
END_TEST

START_TEST(stderr_lines_are_no_processes)
{
    check_golden("17-stderr-mixed-in");
}
END_TEST

START_TEST(carriage_returns_are_not_of_the_text)
{
    check_golden("18-crlf");
}
END_TEST

START_TEST(stripped_blanks_do_not_cut_rows)
{
    check_golden("18-blanks-stripped");
}
END_TEST

START_TEST(impossible_cpu_is_unknown)
{
    check_golden("19-cpu-garbage");
}
END_TEST

START_TEST(columns_may_stand_in_any_order)
{
    check_golden("columns-command-first");
}
END_TEST

START_TEST(other_columns_are_skipped)
{
    check_golden("columns-extra");
}
END_TEST

START_TEST(missing_columns_are_unknown)
{
    check_golden("columns-missing");
}
END_TEST

START_TEST(names_that_imitate_lines_harm_nobody_else)
{
    check_golden("newlines-in-names");
}
END_TEST

START_TEST(a_header_without_rows_is_an_empty_look)
{
    check_golden("header-without-rows");
}
END_TEST

/* The change of a pid's owner is a death and a birth; a known process that stays is neither. */
START_TEST(a_reused_pid_is_a_death_and_a_birth)
{
    size_t length;
    char *bytes = golden("16-pid-reused", ".txt", &length);
    struct looks looks;

    looks_open_bytes(&looks, bytes, length);
    looks_next(&looks);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->births, 1);
    ck_assert_uint_eq(looks.info->deaths, 1);
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->births, 0);
    ck_assert_uint_eq(looks.info->deaths, 0);
    looks_end(&looks);
    looks_close(&looks);
    free(bytes);
}
END_TEST

/* The goldens would say nothing if "*" fitted too much. */
START_TEST(a_star_fits_one_word_only)
{
    ck_assert(fits("1 * 3\n", "1 2 3\n"));
    ck_assert(fits("warned *\n", "warned no\n"));
    ck_assert(!fits("1 *\n", "1 2 3\n"));
    ck_assert(!fits("1 2\n", "1 3\n"));
    ck_assert(!fits("1 2\n", "1 2\nx"));
    ck_assert(!fits("1 2\nx", "1 2\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top traps");
    TCase *tests = tcase_create("texts");

    tcase_add_test(tests, names_with_spaces_and_leading_digits_stay_whole);
    tcase_add_test(tests, a_name_cut_inside_a_character_gets_question_marks);
    tcase_add_test(tests, rows_of_empty_names_are_dropped_and_counted);
    tcase_add_test(tests, each_sample_is_sliced_at_its_own_header);
    tcase_add_test(tests, cpu_above_100_and_1000_percent_is_read);
    tcase_add_test(tests, plus_minus_and_nothing_are_the_same_number);
    tcase_add_test(tests, saturated_counters_are_unknown);
    tcase_add_test(tests, all_states_are_known_and_others_unknown);
    tcase_add_test(tests, zero_bytes_is_a_known_zero);
    tcase_add_test(tests, a_star_behind_the_pid_is_not_of_the_pid);
    tcase_add_test(tests, missing_global_lines_do_no_harm);
    tcase_add_test(tests, a_row_cut_by_a_kill_is_dropped_and_counted);
    tcase_add_test(tests, a_last_row_without_newline_is_taken_as_cut);
    tcase_add_test(tests, one_sample_alone_has_no_rates);
    tcase_add_test(tests, unpadded_fractions_of_cpu_usage_do_no_harm);
    tcase_add_test(tests, a_process_born_later_has_no_rates_at_first);
    tcase_add_test(tests, a_reused_pid_starts_anew);
    tcase_add_test(tests, stderr_lines_are_no_processes);
    tcase_add_test(tests, carriage_returns_are_not_of_the_text);
    tcase_add_test(tests, stripped_blanks_do_not_cut_rows);
    tcase_add_test(tests, impossible_cpu_is_unknown);
    tcase_add_test(tests, columns_may_stand_in_any_order);
    tcase_add_test(tests, other_columns_are_skipped);
    tcase_add_test(tests, missing_columns_are_unknown);
    tcase_add_test(tests, names_that_imitate_lines_harm_nobody_else);
    tcase_add_test(tests, a_header_without_rows_is_an_empty_look);
    tcase_add_test(tests, a_reused_pid_is_a_death_and_a_birth);
    tcase_add_test(tests, a_star_fits_one_word_only);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
