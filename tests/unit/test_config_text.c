/* SPDX-License-Identifier: MIT */
/* Parsing: what editors and file systems do to bytes, and what a text does to a config. What can
 * be said with a file is in test_config_golden.c. */
#include "config_support.h"

static struct issues issues;

static void assert_refused_at(const char *bytes, size_t length, int64_t line, const char *wanted)
{
    struct text before = dump_config(config);
    struct pausemon_error error = {0};

    issues.count = 0;
    int status = parse_exact(config, bytes, length, &issues, &error);
    ck_assert_msg(status == PAUSEMON_ERR_FORMAT, "status %d for %.*s", status, (int)length, bytes);
    ck_assert_uint_eq(issues.count, 1);
    ck_assert_int_eq(issues.list[0].level, PAUSEMON_LOG_ERROR);
    ck_assert_int_eq(issues.list[0].error.line, line);
    ck_assert_int_eq(error.line, line);
    assert_readable(&error);
    ck_assert_msg(strcasestr(error.text, wanted) != NULL, "no %s in: %s", wanted, error.text);
    assert_unchanged(config, &before, wanted);
    text_free(&before);
}

/* ---- Ends of lines, ends of files ---- */

START_TEST(lines_may_end_with_cr_lf)
{
    static const char text[] = "# windows\r\n\r\n[tiers]\r\nhold_ms = 1\r\n"
                               "[forensics]  \r\nhook = \"a b\"\r\n"
                               "[suspects]\r\npatterns = [\"a\", \"b\"] # c\r\n";

    must_parse(config, text);
    assert_value(config, "tiers.hold_ms", "1");
    assert_value(config, "forensics.hook", "\"a b\"");
    assert_value(config, "suspects.patterns", "[\"a\", \"b\"]");
}
END_TEST

START_TEST(lines_with_cr_lf_are_counted_once)
{
    static const char text[] = "[tiers]\r\n\r\nhold_ms = x\r\n";

    assert_refused_at(text, sizeof text - 1, 3, "hold_ms");
}
END_TEST

START_TEST(a_byte_order_mark_is_passed_over)
{
    must_parse(config, "\xef\xbb\xbflearning_mode = true\n");
    assert_value(config, "learning_mode", "true");
    must_parse(config, "\xef\xbb\xbf[tiers]\r\nhold_ms = 2\r\n");
    assert_value(config, "tiers.hold_ms", "2");
    must_parse(config, "\xef\xbb\xbf");
    assert_value(config, "tiers.hold_ms", "2");
}
END_TEST

START_TEST(the_last_line_needs_no_newline)
{
    must_parse(config, "[tiers]\nhold_ms = 77");
    assert_value(config, "tiers.hold_ms", "77");
    must_parse(config, "[forensics]\nhook = \"x\"");
    assert_value(config, "forensics.hook", "\"x\"");
    must_parse(config, "[suspects]\npatterns = [\"y\"]");
    assert_value(config, "suspects.patterns", "[\"y\"]");
    must_parse(config, "[tiers]\nhold_ms = 78 # why");
    assert_value(config, "tiers.hold_ms", "78");
    must_parse(config, "[tiers]");
}
END_TEST

START_TEST(an_empty_text_changes_nothing)
{
    struct text before = dump_config(config);

    ck_assert_int_eq(parse_exact(config, "", 0, NULL, NULL), 0);
    must_parse(config, "\n");
    must_parse(config, "   ");
    must_parse(config, "\r\n\r\n");
    must_parse(config, "#");
    assert_unchanged(config, &before, "empty");
    text_free(&before);
}
END_TEST

/* ---- Bytes that are no text ---- */

START_TEST(what_is_not_utf8_is_refused_with_its_line)
{
    static const char *const bad[] = {
        "\xe9",             /* Latin-1 */
        "\x80",             /* a continuation alone */
        "\xc3",             /* cut, then a letter */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf0\x9f\x98",     /* cut */
        "\xff",
    };
    static const char *const forms[] = {
        "[tiers]\n\n# %sx\nhold_ms = 1\n",
        "[forensics]\n\nhook = \"%sx\"\n",
        "[suspects]\n\npatterns = [\"a\", '%sx']\n",
    };
    char text[128];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t j = 0; j < sizeof forms / sizeof forms[0]; j++) {
            snprintf(text, sizeof text, forms[j], bad[i]);
            assert_refused_at(text, strlen(text), 3, "utf-8");
        }
    assert_refused_at("# good\n# cut \xe2\x82", 15, 2, "utf-8");
}
END_TEST

START_TEST(nul_bytes_are_refused_with_their_line)
{
    static const char in_comment[] = "[tiers]\n# a\0b\nhold_ms = 1\n";
    static const char in_text[] = "[forensics]\nhook = \"a\0b\"\n";
    static const char in_key[] = "\n\n[tiers]\nhold\0_ms = 1\n";
    static const char at_end[] = "[tiers]\nhold_ms = 1\n\0";

    assert_refused_at(in_comment, sizeof in_comment - 1, 2, "nul");
    assert_refused_at(in_text, sizeof in_text - 1, 2, "nul");
    assert_refused_at(in_key, sizeof in_key - 1, 4, "nul");
    assert_refused_at(at_end, sizeof at_end - 1, 3, "nul");
}
END_TEST

/* ---- Size ---- */

static char *padded(size_t length)
{
    static const char head[] = "[tiers]\nhold_ms = 31\n";
    char *text = malloc(length);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < length; i++)
        text[i] = i % 80 == 79 ? '\n' : '#';
    memcpy(text, head, sizeof head - 1);
    text[length - 1] = '\n';
    return text;
}

START_TEST(a_text_may_have_one_mebibyte_and_no_more)
{
    const size_t most = 1024 * 1024;
    struct pausemon_error error = {0};
    char *text = padded(most + 1);

    issues.count = 0;
    struct text before = dump_config(config);
    ck_assert_int_eq(parse_exact(config, text, most + 1, &issues, &error), PAUSEMON_ERR_LIMIT);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_LIMIT);
    assert_readable(&error);
    assert_unchanged(config, &before, "too long");
    ck_assert_int_eq(parse_exact(config, text, most, &issues, &error), 0);
    ck_assert_uint_eq(issues.count, 0);
    assert_value(config, "tiers.hold_ms", "31");
    text_free(&before);
    free(text);
}
END_TEST

static void count_issue(void *user, int level, const struct pausemon_error *error)
{
    int64_t *next = user;

    ck_assert_int_eq(level, PAUSEMON_LOG_ERROR);
    ck_assert_int_eq(error->line, ++*next);
}

START_TEST(every_one_of_ten_thousand_mistakes_is_reported_in_order)
{
    struct text text = {0};
    int64_t lines = 0;

    for (int i = 0; i < 10000; i++) {
        char line[32];
        int length = snprintf(line, sizeof line, "nonsense%d = 1\n", i);

        text_write(&text, line, (size_t)length);
    }
    ck_assert_int_eq(
        pausemon_config_parse(config, text.bytes, text.length, count_issue, &lines, NULL),
        PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(lines, 10000);
    text_free(&text);
}
END_TEST

START_TEST(every_beginning_of_a_good_file_is_taken_whole_or_changes_nothing)
{
    size_t length = 0;
    char *bytes = read_file(test_path("golden/config/valid/every_key.toml"), &length);
    size_t taken = 0;

    for (size_t i = 0; i <= length; i++) {
        struct pausemon_config *fresh = new_config(&harness.host);
        struct text before = dump_config(fresh);
        int status = parse_exact(fresh, bytes, i, NULL, NULL);

        ck_assert_msg(status == 0 || status == PAUSEMON_ERR_FORMAT, "%zu bytes: %d", i, status);
        if (status != 0)
            assert_unchanged(fresh, &before, "a beginning");
        taken += status == 0;
        text_free(&before);
        pausemon_config_free(fresh);
    }
    ck_assert_uint_gt(taken, EXPECTED_KEY_COUNT / 2);
    ck_assert_uint_lt(taken, length);
    free(bytes);
}
END_TEST

START_TEST(no_changed_byte_of_a_good_file_does_harm)
{
    size_t length = 0;
    char *bytes = read_file(test_path("golden/config/valid/every_key.toml"), &length);
    uint64_t state = 0x2545f4914f6cdd1du;
    size_t refused = 0;

    for (int i = 0; i < 3000; i++) {
        struct pausemon_config *fresh = new_config(&harness.host);
        size_t at = next_random(&state) % length;
        char kept = bytes[at];

        bytes[at] = i % 2 ? (char)next_random(&state)
                          : "\"'[]{}=#;.,\\\n\r\t \0_-+e"[next_random(&state) % 22];
        issues.count = 0;
        int status = parse_exact(fresh, bytes, length, &issues, NULL);
        ck_assert(status == 0 || status == PAUSEMON_ERR_FORMAT);
        ck_assert_int_eq(status != 0, count_level(&issues, PAUSEMON_LOG_ERROR) > 0);
        refused += status != 0;
        bytes[at] = kept;
        pausemon_config_free(fresh);
    }
    ck_assert_uint_gt(refused, 1000);
    free(bytes);
}
END_TEST

/* ---- What a text does to a config ---- */

START_TEST(a_text_is_read_over_the_values_that_are_there)
{
    must_parse(config, "[tiers]\nhold_ms = 1\n[suspects]\npatterns = ['a', 'b', 'c']\n");
    must_parse(config, "[tiers]\ncritical_threshold = 80\n[suspects]\npatterns = ['d']\n");
    assert_value(config, "tiers.hold_ms", "1");
    assert_value(config, "tiers.critical_threshold", "80");
    assert_value(config, "suspects.patterns", "[\"d\"]");
}
END_TEST

START_TEST(a_value_remembers_where_it_came_from)
{
    must_parse(config, "[tiers]\nhold_ms = 5000\ncritical_threshold = 80\n");
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_FILE);
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.elevated_threshold"),
                     PAUSEMON_CONFIG_ORIGIN_DEFAULT);
    must_set(config, "tiers.hold_ms", "5000");
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_SET);
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.critical_threshold"),
                     PAUSEMON_CONFIG_ORIGIN_FILE);
    must_parse(config, "[tiers]\nhold_ms = 1\n");
    ck_assert_int_eq(pausemon_config_get_origin(config, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_FILE);
}
END_TEST

START_TEST(a_good_value_in_a_bad_text_is_not_applied)
{
    static const char text[] = "learning_mode = true\n[tiers]\nhold_ms = 1\n[pause]\n"
                               "record_ms = 0\nforensics_ms = 300\n";

    assert_refused_at(text, sizeof text - 1, 5, "50..600000");
    assert_value(config, "learning_mode", "false");
    assert_value(config, "tiers.hold_ms", "5000");
    assert_value(config, "pause.forensics_ms", "2000");
}
END_TEST

START_TEST(values_must_fit_those_that_were_there_before)
{
    static const char misfit[] = "[tiers]\nelevated_threshold = 70\n";
    struct pausemon_error error = {0};

    must_set(config, "tiers.critical_threshold", "60");
    ck_assert_int_eq(parse_exact(config, misfit, strlen(misfit), NULL, &error),
                     PAUSEMON_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "elevated_threshold"));
    assert_value(config, "tiers.elevated_threshold", "50");
    must_parse(config, "[tiers]\nelevated_threshold = 70\ncritical_threshold = 71\n");
    assert_value(config, "tiers.elevated_threshold", "70");
}
END_TEST

START_TEST(all_keys_that_nobody_reads_are_one_warning)
{
    static const char text[] = "[retention]\nsamples_days = 30\n[sampling]\nnormal_interval = 5\n"
                               "elevated_interval = 1\n[sentinel]\nfast_interval_ms = 100\n"
                               "peak_tracking_seconds = 30\n";
    struct text before = dump_config(config);

    for (int round = 0; round < 2; round++) { /* one for each text, not one for ever */
        issues.count = 0;
        ck_assert_int_eq(parse_exact(config, text, sizeof text - 1, &issues, NULL), 0);
        ck_assert_uint_eq(issues.count, 1);
        ck_assert_int_eq(issues.list[0].level, PAUSEMON_LOG_WARNING);
    }
    assert_unchanged(config, &before, "keys that nobody reads");
    text_free(&before);
}
END_TEST

START_TEST(a_text_that_is_accepted_leaves_the_error_alone)
{
    static const char text[] = "[sentinel]\nsample_interval_ms = 1500\n";
    struct pausemon_error error;
    struct pausemon_error before;

    memset(&error, 0x5a, sizeof error);
    memcpy(&before, &error, sizeof before);
    ck_assert_int_eq(parse_exact(config, text, strlen(text), NULL, &error), 0);
    ck_assert_mem_eq(&error, &before, sizeof error);
}
END_TEST

START_TEST(null_where_something_is_needed_is_invalid)
{
    ck_assert_int_eq(pausemon_config_parse(NULL, "", 0, NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_parse(config, NULL, 1, NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_load(NULL, "/dev/null", NULL, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_config_load(config, NULL, NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_text");
    TCase *tcase = tcase_create("text");

    if (!pausemon_has("config")) {
        puts("1..0 # SKIP built without config");
        return EXIT_SUCCESS;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, lines_may_end_with_cr_lf);
    tcase_add_test(tcase, lines_with_cr_lf_are_counted_once);
    tcase_add_test(tcase, a_byte_order_mark_is_passed_over);
    tcase_add_test(tcase, the_last_line_needs_no_newline);
    tcase_add_test(tcase, an_empty_text_changes_nothing);
    tcase_add_test(tcase, what_is_not_utf8_is_refused_with_its_line);
    tcase_add_test(tcase, nul_bytes_are_refused_with_their_line);
    tcase_add_test(tcase, a_text_may_have_one_mebibyte_and_no_more);
    tcase_add_test(tcase, every_one_of_ten_thousand_mistakes_is_reported_in_order);
    tcase_add_test(tcase, every_beginning_of_a_good_file_is_taken_whole_or_changes_nothing);
    tcase_add_test(tcase, no_changed_byte_of_a_good_file_does_harm);
    tcase_add_test(tcase, a_text_is_read_over_the_values_that_are_there);
    tcase_add_test(tcase, a_value_remembers_where_it_came_from);
    tcase_add_test(tcase, a_good_value_in_a_bad_text_is_not_applied);
    tcase_add_test(tcase, values_must_fit_those_that_were_there_before);
    tcase_add_test(tcase, all_keys_that_nobody_reads_are_one_warning);
    tcase_add_test(tcase, a_text_that_is_accepted_leaves_the_error_alone);
    tcase_add_test(tcase, null_where_something_is_needed_is_invalid);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
