/* SPDX-License-Identifier: MIT */
/* The table of keys, and values one at a time: set, get, origin, check, copy. */
#include "config_support.h"

static const struct pausemon_config_key *find_row(const char *name)
{
    const struct pausemon_config_key *row;

    for (size_t i = 0; (row = pausemon_config_get_key(i)) != NULL; i++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* "1.1" at *at to 1100; moves *at behind it. */
static int64_t read_thousandths(const char **at)
{
    char *end;
    int64_t value = 1000 * strtoll(*at, &end, 10);

    ck_assert_ptr_ne(end, *at);
    if (end[0] == '.' && end[1] != '.')
        for (int64_t unit = 100; *++end >= '0' && *end <= '9'; unit /= 10)
            value += unit * (*end - '0');
    *at = end;
    return value;
}

/* Refused with a message that holds `wanted`, and everything stays as it was. */
static void assert_refused(const char *name, const char *value, const char *wanted)
{
    struct text before = dump_config(config);
    struct pausemon_error error;

    memset(&error, 0x5a, sizeof error);
    int status = pausemon_config_set(config, name, value, &error);
    ck_assert_msg(status < 0, "%s = %s was accepted", name, value);
    ck_assert_int_eq(error.status, status);
    assert_readable(&error);
    ck_assert_msg(strstr(error.text, wanted) != NULL, "%s = %s: no \"%s\" in: %s", name, value,
                  wanted, error.text);
    ck_assert_int_eq(pausemon_config_set(config, name, value, NULL), status);
    assert_unchanged(config, &before, value);
    text_free(&before);
}

/* ---- The table ---- */

START_TEST(a_key_of_the_spec_is_in_the_table_with_its_type_and_range)
{
    static const char *const types[] = {"", "bool", "int", "num", "text", "list"};
    const struct expected_key *key = &expected_keys[_i];
    const struct pausemon_config_key *row = find_row(key->name);

    ck_assert_msg(row != NULL, "no row %s", key->name);
    ck_assert_uint_ge(row->size, sizeof *row);
    ck_assert_msg(row->type_id == (uint64_t)key->type, "type of %s", key->name);
    ck_assert_str_eq(row->type, types[key->type]);
    ck_assert_msg(row->reload == key->reload, "reload of %s", key->name);
    ck_assert_ptr_nonnull(row->range);
    if (key->type == PAUSEMON_CONFIG_TYPE_BOOL)
        ck_assert_str_eq(row->range, "");
    if (key->min > key->max)
        return;
    int64_t scale = key->type == PAUSEMON_CONFIG_TYPE_INT ? 1000 : 1;
    const char *at = row->range;
    ck_assert_msg(read_thousandths(&at) == key->min * scale, "%s: %s", key->name, row->range);
    ck_assert_msg(strncmp(at, "..", 2) == 0, "%s: %s", key->name, row->range);
    at += 2;
    ck_assert_msg(read_thousandths(&at) == key->max * scale, "%s: %s", key->name, row->range);
    ck_assert_str_eq(at, "");
}
END_TEST

START_TEST(a_row_of_the_table_is_in_the_spec_once_and_has_a_line_of_help)
{
    const struct pausemon_config_key *row;
    size_t rows = 0;

    for (; (row = pausemon_config_get_key(rows)) != NULL; rows++) {
        size_t found = 0;

        for (size_t i = 0; i < EXPECTED_KEY_COUNT; i++)
            found += strcmp(expected_keys[i].name, row->name) == 0;
        ck_assert_msg(found == 1, "%s is not in config.md", row->name);
        ck_assert_ptr_eq(find_row(row->name), row);
        ck_assert_msg(row->help && row->help[0] && !strchr(row->help, '\n'), "help of %s",
                      row->name);
    }
    ck_assert_uint_eq(rows, EXPECTED_KEY_COUNT);
}
END_TEST

START_TEST(past_the_last_row_there_is_null)
{
    ck_assert_ptr_nonnull(pausemon_config_get_key(EXPECTED_KEY_COUNT - 1));
    ck_assert_ptr_null(pausemon_config_get_key(EXPECTED_KEY_COUNT));
    ck_assert_ptr_null(pausemon_config_get_key(SIZE_MAX));
}
END_TEST

START_TEST(a_fresh_config_holds_the_default_of_the_spec)
{
    const struct expected_key *key = &expected_keys[_i];
    int64_t number = -77;

    assert_value(config, key->name, key->value);
    ck_assert_int_eq(pausemon_config_get_origin(config, key->name), PAUSEMON_CONFIG_ORIGIN_DEFAULT);
    int status = pausemon_config_get_number(config, key->name, &number);
    if (key->type == PAUSEMON_CONFIG_TYPE_TEXT || key->type == PAUSEMON_CONFIG_TYPE_LIST) {
        ck_assert_int_eq(status, PAUSEMON_ERR_INVALID);
        return;
    }
    ck_assert_int_eq(status, 0);
    if (key->type == PAUSEMON_CONFIG_TYPE_BOOL) {
        ck_assert_int_eq(number, strcmp(key->value, "true") == 0);
        return;
    }
    char text[64];
    format_number(text, sizeof text, key->type, number);
    ck_assert_str_eq(text, key->value);
}
END_TEST

START_TEST(the_defaults_fit_each_other)
{
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
}
END_TEST

START_TEST(a_config_is_made_without_a_host_and_freeing_null_does_nothing)
{
    struct pausemon_config *plain = new_config(NULL);

    assert_value(plain, "tiers.hold_ms", "5000");
    pausemon_config_free(plain);
    pausemon_config_free(NULL);
}
END_TEST

/* ---- Setting ---- */

static void assert_end_is_accepted(const struct expected_key *key, int64_t end)
{
    char text[64];
    int64_t number = -77;

    format_number(text, sizeof text, key->type, end);
    must_set(config, key->name, text);
    assert_value(config, key->name, text);
    ck_assert_int_eq(pausemon_config_get_number(config, key->name, &number), 0);
    ck_assert_int_eq(number, end);
    ck_assert_int_eq(pausemon_config_get_origin(config, key->name), PAUSEMON_CONFIG_ORIGIN_SET);
}

START_TEST(both_ends_of_a_range_are_accepted_and_what_lies_beyond_is_refused_naming_it)
{
    const struct expected_key *key = &expected_keys[_i];
    char beyond[64];

    assert_end_is_accepted(key, key->min);
    assert_end_is_accepted(key, key->max);
    format_number(beyond, sizeof beyond, key->type, key->max + 1);
    assert_refused(key->name, beyond, find_row(key->name)->range);
    format_number(beyond, sizeof beyond, key->type, key->min - 1);
    assert_refused(key->name, beyond, find_row(key->name)->range);
    assert_refused(key->name, "99999999999999999999", find_row(key->name)->range);
    assert_refused(key->name, "-99999999999999999999", find_row(key->name)->range);
}
END_TEST

START_TEST(a_value_of_the_wrong_type_is_refused_with_the_key_named)
{
    static const char *const wrong[][8] = {
        [PAUSEMON_CONFIG_TYPE_BOOL] = {"1", "0", "yes", "True", "\"true\"", "[true]", ""},
        [PAUSEMON_CONFIG_TYPE_INT] = {"50.5", "true", "\"50\"", "0x32", "fifty", "50 50", "50ms"},
        [PAUSEMON_CONFIG_TYPE_NUM] = {"true", "\"1.5\"", "1,5", "inf", "nan", "1.5.1", "two"},
        [PAUSEMON_CONFIG_TYPE_LIST] = {"a", "\"a\"", "1", "[1]", "[\"a\"", "\"a\"]", "[[\"a\"]]"},
    };
    const struct expected_key *key = &expected_keys[_i];
    const char *last = strrchr(key->name, '.') ? strrchr(key->name, '.') + 1 : key->name;

    for (size_t i = 0; i < 7; i++)
        assert_refused(key->name, wrong[key->type][i], last);
}
END_TEST

START_TEST(bools_are_true_and_false)
{
    int64_t number = -77;

    must_set(config, "learning_mode", "true");
    assert_value(config, "learning_mode", "true");
    ck_assert_int_eq(pausemon_config_get_number(config, "learning_mode", &number), 0);
    ck_assert_int_eq(number, 1);
    must_set(config, "learning_mode", "false");
    assert_value(config, "learning_mode", "false");
    ck_assert_int_eq(pausemon_config_get_number(config, "learning_mode", &number), 0);
    ck_assert_int_eq(number, 0);
}
END_TEST

START_TEST(a_num_is_given_without_needless_zeros_but_with_a_decimal)
{
    static const struct {
        const char *set;
        const char *get;
        int64_t thousandths;
    } cases[] = {
        {"2", "2.0", 2000},       {"2.0", "2.0", 2000},     {"8.50", "8.5", 8500},
        {"0.95", "0.95", 950},    {"1.001", "1.001", 1001}, {"10.010", "10.01", 10010},
        {"1e2", "100.0", 100000}, {"5e-1", "0.5", 500},     {"1_000", "1000.0", 1000000},
        {"+3", "3.0", 3000},      {"0.001", "0.001", 1},    {"99999.999", "99999.999", 99999999},
    };
    int64_t number = -77;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_set(config, "scoring.normalization.mem_gb", cases[i].set);
        assert_value(config, "scoring.normalization.mem_gb", cases[i].get);
        ck_assert_int_eq(
            pausemon_config_get_number(config, "scoring.normalization.mem_gb", &number), 0);
        ck_assert_int_eq(number, cases[i].thousandths);
    }
    assert_refused("scoring.normalization.mem_gb", "1.2345", "mem_gb");
}
END_TEST

START_TEST(a_text_needs_no_quotes_and_may_have_them)
{
    static const struct {
        const char *set;
        const char *get;
        const char *text;
    } cases[] = {
        {"/usr/local/bin/hook", "\"/usr/local/bin/hook\"", "/usr/local/bin/hook"},
        {"/opt/my hooks/a b", "\"/opt/my hooks/a b\"", "/opt/my hooks/a b"},
        {"\"/opt/my hooks/a b\"", "\"/opt/my hooks/a b\"", "/opt/my hooks/a b"},
        {"\"a\\\"b\\\\c\\td\\ne\"", "\"a\\\"b\\\\c\\td\\ne\"", "a\"b\\c\td\ne"},
        {"\"\\u00e9\\U0001F600\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "\xc3\xa9\xf0\x9f\x98\x80"},
        {"'no \\escape'", "\"no \\\\escape\"", "no \\escape"},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\"", "caf\xc3\xa9"},
        {"\"\"", "\"\"", ""},
        {"true", "\"true\"", "true"},
        {"42", "\"42\"", "42"},
        {"", "\"\"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_set(config, "forensics.hook", cases[i].set);
        assert_value(config, "forensics.hook", cases[i].get);
        ck_assert_str_eq(pausemon_config_get_text(config, "forensics.hook"), cases[i].text);
    }
    assert_refused("forensics.hook", "\xff\xfe", "hook");
}
END_TEST

START_TEST(a_reset_config_is_a_fresh_one)
{
    struct pausemon_config *mine;
    struct text fresh = {NULL, 0}, reset = {NULL, 0};

    ck_assert_int_eq(pausemon_config_new(&mine, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_config_write(mine, text_write, &fresh), 0);
    ck_assert_int_eq(pausemon_config_set(mine, "tiers.hold_ms", "7000", NULL), 0);
    ck_assert_int_eq(pausemon_config_set(mine, "suspects.patterns", "[\"x\"]", NULL), 0);
    pausemon_config_reset(mine);
    ck_assert_int_eq(pausemon_config_write(mine, text_write, &reset), 0);
    ck_assert_str_eq(fresh.bytes, reset.bytes);
    ck_assert_int_eq(pausemon_config_get_origin(mine, "tiers.hold_ms"),
                     PAUSEMON_CONFIG_ORIGIN_DEFAULT);
    pausemon_config_reset(NULL);
    pausemon_config_free(mine);
    text_free(&fresh);
    text_free(&reset);
}
END_TEST

START_TEST(what_is_no_text_is_not_given_as_one)
{
    ck_assert_str_eq(pausemon_config_get_text(config, "monitor.source"), "auto");
    ck_assert_ptr_null(pausemon_config_get_text(config, "learning_mode"));
    ck_assert_ptr_null(pausemon_config_get_text(config, "tiers.hold_ms"));
    ck_assert_ptr_null(pausemon_config_get_text(config, "pause.pressure_share"));
    ck_assert_ptr_null(pausemon_config_get_text(config, "suspects.patterns"));
    ck_assert_ptr_null(pausemon_config_get_text(config, "monitor.sauce"));
}
END_TEST

START_TEST(a_text_has_at_most_1023_bytes)
{
    char value[1025];
    char quoted[1028];

    memset(value, 'x', sizeof value);
    value[1024] = '\0';
    assert_refused("forensics.hook", value, "1023");
    value[1023] = '\0';
    must_set(config, "forensics.hook", value);
    snprintf(quoted, sizeof quoted, "\"%s\"", value);
    assert_value(config, "forensics.hook", quoted);
}
END_TEST

START_TEST(a_list_is_set_as_it_stands_in_the_file)
{
    must_set(config, "suspects.patterns", "[ 'a' ,\"b, c\",]");
    assert_value(config, "suspects.patterns", "[\"a\", \"b, c\"]");
    must_set(config, "suspects.patterns", "[]");
    assert_value(config, "suspects.patterns", "[]");
    must_set(config, "rogue_selection.state.states", "[\"zombie\", \"stopped\", \"halted\"]");
    assert_value(config, "rogue_selection.state.states", "[\"zombie\", \"stopped\", \"halted\"]");
    assert_refused("rogue_selection.state.states", "[\"zombie\", \"hallted\"]", "hallted");
}
END_TEST

/* ---- Names ---- */

START_TEST(a_name_that_is_no_key_is_not_found)
{
    static const char *const names[] = {"",
                                        "tiers",
                                        "hold_ms",
                                        "tiers.",
                                        ".hold_ms",
                                        "TIERS.HOLD_MS",
                                        "tiers.hold_ms ",
                                        "tiers.hold_m",
                                        "tiers.hold_mss",
                                        "scoring.weights"};
    int64_t number = -77;
    struct text text = {0};
    struct pausemon_error error;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(pausemon_config_get(config, names[i], text_write, &text),
                         PAUSEMON_ERR_NOT_FOUND);
        ck_assert_int_eq(pausemon_config_get_number(config, names[i], &number),
                         PAUSEMON_ERR_NOT_FOUND);
        ck_assert_int_eq(pausemon_config_get_origin(config, names[i]), PAUSEMON_ERR_NOT_FOUND);
        ck_assert_int_eq(pausemon_config_set(config, names[i], "5", &error),
                         PAUSEMON_ERR_NOT_FOUND);
        ck_assert_int_eq(error.status, PAUSEMON_ERR_NOT_FOUND);
        assert_readable(&error);
        ck_assert_ptr_nonnull(strstr(error.text, names[i]));
    }
    ck_assert_ptr_null(text.bytes);
    ck_assert_int_eq(number, -77);
    pausemon_config_set(config, "tiers.holt_ms", "5", &error);
    ck_assert_msg(strstr(error.text, "hold_ms") != NULL, "%s", error.text);
}
END_TEST

static bool has_range(const struct expected_key *key)
{
    return is_number(key) && key->min <= key->max;
}

static bool is_not_text(const struct expected_key *key)
{
    return key->type != PAUSEMON_CONFIG_TYPE_TEXT; /* any text is a text */
}

static void add_for_keys(TCase *tcase, const TTest *test,
                         bool (*wanted)(const struct expected_key *key))
{
    for (int i = 0; i < EXPECTED_KEY_COUNT; i++)
        if (wanted(&expected_keys[i]))
            tcase_add_loop_test(tcase, test, i, i + 1);
}

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("values");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_key_of_the_spec_is_in_the_table_with_its_type_and_range, 0,
                        EXPECTED_KEY_COUNT);
    tcase_add_test(tcase, a_row_of_the_table_is_in_the_spec_once_and_has_a_line_of_help);
    tcase_add_test(tcase, past_the_last_row_there_is_null);
    tcase_add_loop_test(tcase, a_fresh_config_holds_the_default_of_the_spec, 0, EXPECTED_KEY_COUNT);
    tcase_add_test(tcase, the_defaults_fit_each_other);
    tcase_add_test(tcase, a_config_is_made_without_a_host_and_freeing_null_does_nothing);
    add_for_keys(tcase, both_ends_of_a_range_are_accepted_and_what_lies_beyond_is_refused_naming_it,
                 has_range);
    add_for_keys(tcase, a_value_of_the_wrong_type_is_refused_with_the_key_named, is_not_text);
    tcase_add_test(tcase, bools_are_true_and_false);
    tcase_add_test(tcase, a_num_is_given_without_needless_zeros_but_with_a_decimal);
    tcase_add_test(tcase, a_text_needs_no_quotes_and_may_have_them);
    tcase_add_test(tcase, what_is_no_text_is_not_given_as_one);
    tcase_add_test(tcase, a_reset_config_is_a_fresh_one);
    tcase_add_test(tcase, a_text_has_at_most_1023_bytes);
    tcase_add_test(tcase, a_list_is_set_as_it_stands_in_the_file);
    tcase_add_test(tcase, a_name_that_is_no_key_is_not_found);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
