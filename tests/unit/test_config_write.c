/* SPDX-License-Identifier: MIT */
/* Writing: the file that pausemon_config_write makes, and that it reads back to the same. */
#include "config_support.h"

/* ---- The file itself ---- */

/* The key that a line "name = value" of `section` stands for, or -1; *value is set. */
static int find_line(const char *section, const char *line, const char **value)
{
    char full[256];
    const char *equals = strstr(line, " = ");

    if (!equals)
        return -1;
    snprintf(full, sizeof full, "%s%s%.*s", section, *section ? "." : "", (int)(equals - line),
             line);
    *value = equals + 3;
    for (int i = 0; i < EXPECTED_KEY_COUNT; i++)
        if (strcmp(expected_keys[i].name, full) == 0)
            return i;
    return -1;
}

static const char *skip_comment_mark(const char *line)
{
    while (*line == '#' || *line == ' ')
        line++;
    return line;
}

/* Counts how often each key stands in the file, and checks each against `config`. */
static void check_lines(char *file, int seen[EXPECTED_KEY_COUNT])
{
    char section[128] = "";
    char *rest = NULL;

    for (char *line = strtok_r(file, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *bare = skip_comment_mark(line);
        const char *value = NULL;

        if (*bare == '[' && sscanf(bare, "[%127[a-z_.]]", section) == 1)
            continue;
        int index = find_line(section, bare, &value);
        if (index < 0) {
            ck_assert_msg(line[0] == '#', "neither key nor comment: %s", line);
            continue;
        }
        const char *name = expected_keys[index].name;
        bool is_default = strcmp(value, expected_keys[index].value) == 0;
        seen[index]++;
        assert_value(config, name, value);
        ck_assert_msg((line[0] == '#') == is_default, "a default is a comment: %s", line);
    }
}

static void assert_file_is_whole(void)
{
    struct text file = {0};
    const struct pausemon_config_key *row;
    int seen[EXPECTED_KEY_COUNT] = {0};

    ck_assert_int_eq(pausemon_config_write(config, text_write, &file), 0);
    ck_assert_uint_gt(file.length, 0);
    ck_assert_int_eq(file.bytes[file.length - 1], '\n');
    for (size_t i = 0; (row = pausemon_config_get_key(i)) != NULL; i++)
        ck_assert_msg(strstr(file.bytes, row->help) != NULL, "no help of %s", row->name);
    check_lines(file.bytes, seen);
    for (int i = 0; i < EXPECTED_KEY_COUNT; i++)
        ck_assert_msg(seen[i] == 1, "%s is in the file %d times", expected_keys[i].name, seen[i]);
    text_free(&file);
}

START_TEST(the_file_of_the_defaults_holds_every_key_with_its_help_as_a_comment)
{
    assert_file_is_whole();
}
END_TEST

START_TEST(a_key_that_differs_from_its_default_is_no_comment)
{
    must_set(config, "learning_mode", "true");
    must_set(config, "monitor.source", "top:/a b.txt");
    must_set(config, "tiers.hold_ms", "1");
    must_set(config, "scoring.state_multipliers.stuck", "0.999");
    must_set(config, "rogue_selection.pageins.count", "64");
    must_set(config, "suspects.patterns", "[]");
    assert_file_is_whole();
}
END_TEST

/* ---- Reading back ---- */

/* `fresh` must have been the defaults; returns what pausemon_config_write made. */
static struct text read_back(struct pausemon_config *fresh)
{
    struct text file = {0};
    struct pausemon_error error = {0};

    ck_assert_int_eq(pausemon_config_write(config, text_write, &file), 0);
    ck_assert_msg(parse_exact(fresh, file.bytes, file.length, NULL, &error) == 0,
                  "line %lld of what was written is refused: %s", (long long)error.line,
                  error.text);
    for (int i = 0; i < EXPECTED_KEY_COUNT; i++) {
        struct text value = {0};

        ck_assert_int_eq(pausemon_config_get(config, expected_keys[i].name, text_write, &value), 0);
        assert_value(fresh, expected_keys[i].name, value.bytes);
        text_free(&value);
    }
    return file;
}

START_TEST(the_defaults_are_read_back_and_stay_defaults)
{
    struct pausemon_config *fresh = new_config(&harness.host);
    struct text file = read_back(fresh);
    struct text dump = dump_config(config);

    assert_unchanged(fresh, &dump, "defaults");
    text_free(&dump);
    text_free(&file);
    pausemon_config_free(fresh);
}
END_TEST

/* A byte, or a character of several, escaped where TOML wants it. Returns its bytes in UTF-8. */
static size_t append_character(char *to, uint64_t random)
{
    static const char *const awkward[] = {" ;",          " #",
                                          "=",           "[",
                                          "]",           ",",
                                          "'",           "\\\"",
                                          "\\\\",        "\\n",
                                          "\\t",         "\\r",
                                          "\\b",         "\\f",
                                          "\\u0001",     "\\u007f",
                                          "\xc3\xa9",    "\xe2\x82\xac",
                                          "\\u00e9",     "\xf0\x9f\x98\x80",
                                          "\\U0001F600", ":",
                                          "  ",          "%s"};
    static const size_t sizes[] = {2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 1, 1, 1, 2, 3, 2, 4, 4, 1, 2, 2};
    size_t which = random % (2 * sizeof sizes / sizeof sizes[0]);

    if (which < sizeof sizes / sizeof sizes[0]) {
        strcat(to, awkward[which]);
        return sizes[which];
    }
    char plain[2] = {(char)('a' + (random >> 32) % 26), '\0'};
    strcat(to, plain);
    return 1;
}

/* Appends a quoted text of at most `most` bytes. */
static void append_text(char *to, size_t most, uint64_t *state)
{
    size_t length = next_random(state) % (most + 1);
    size_t used = 0;

    strcat(to, "\"");
    while (used + 4 <= length)
        used += append_character(to + strlen(to), next_random(state));
    for (; used < length; used++)
        strcat(to, "z");
    strcat(to, "\"");
}

static void append_list(char *to, size_t most, uint64_t *state)
{
    size_t count = next_random(state) % (most + 1);

    strcat(to, "[");
    for (size_t i = 0; i < count; i++) {
        strcat(to, i ? ", " : "");
        to += strlen(to);
        append_text(to, 63, state);
        if (strcmp(to, "\"\"") == 0) /* an empty pattern would mean everything */
            strcpy(to, "\"x\"");
    }
    strcat(to, "]");
}

static void set_random(const struct expected_key *key, uint64_t *state)
{
    static const char *const sources[] = {"'auto'", "'procfs'", "'procfs:/p q'", "'top:/x ;y'",
                                          "'replay:#'"};
    static const char *const states[] = {"[\"stuck\"]", "[]", "[\"idle\", \"zombie\"]"};
    static char value[65536];
    int64_t max = key->min > key->max ? 1000000 : key->max;

    value[0] = '\0';
    if (key->type == PAUSEMON_CONFIG_TYPE_BOOL)
        strcpy(value, next_random(state) % 2 ? "true" : "false");
    else if (is_number(key))
        format_number(value, sizeof value, key->type,
                      key->min + (int64_t)(next_random(state) % (uint64_t)(max - key->min + 1)));
    else if (strcmp(key->name, "monitor.source") == 0)
        strcpy(value, sources[next_random(state) % 5]);
    else if (strcmp(key->name, "rogue_selection.state.states") == 0)
        strcpy(value, states[next_random(state) % 3]);
    else if (strcmp(key->name, "monitor.socket_group") == 0)
        strcpy(value, next_random(state) % 2 ? "" : "staff");
    else if (key->type == PAUSEMON_CONFIG_TYPE_TEXT)
        append_text(value, 1023, state);
    else
        append_list(value, 64, state);
    must_set(config, key->name, value);
}

/* What must fit each other is made to fit: parsing checks it. */
static void set_random_config(uint64_t *state)
{
    static const char *const weights[] = {"cpu", "state", "pageins", "mem", "cmprs", "csw"};
    char name[64];
    char value[16];
    int left = 100;

    for (int i = 0; i < EXPECTED_KEY_COUNT; i++)
        set_random(&expected_keys[i], state);
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        int weight = (int)(next_random(state) % (uint64_t)(left + 1));

        snprintf(name, sizeof name, "scoring.weights.%s", weights[i]);
        snprintf(value, sizeof value, "%d", weight);
        must_set(config, name, value);
        left -= weight;
    }
    snprintf(value, sizeof value, "%d", left);
    must_set(config, "scoring.weights.sysbsd", value);
    int critical = 2 + (int)(next_random(state) % 99);
    snprintf(value, sizeof value, "%d", critical);
    must_set(config, "tiers.critical_threshold", value);
    snprintf(value, sizeof value, "%d", 1 + (int)(next_random(state) % (uint64_t)(critical - 1)));
    must_set(config, "tiers.elevated_threshold", value);
    ck_assert_int_eq(pausemon_config_check(config, NULL), 0);
}

START_TEST(random_values_are_read_back_to_the_same)
{
    uint64_t state = 0x9e3779b97f4a7c15u;

    for (int round = 0; round < 100; round++) {
        struct pausemon_config *fresh = new_config(&harness.host);
        struct text again = {0};

        set_random_config(&state);
        struct text file = read_back(fresh);
        ck_assert_int_eq(pausemon_config_write(fresh, text_write, &again), 0);
        assert_dumps_equal(again.bytes, file.bytes, "what the copy writes");
        text_free(&again);
        text_free(&file);
        pausemon_config_free(fresh);
    }
}
END_TEST

/* ---- Writers that fail ---- */

struct tired {
    int calls_left;
    int calls_after;
};

static int tire(void *user, const char *bytes, size_t length)
{
    struct tired *tired = user;

    ck_assert(bytes != NULL || length == 0);
    if (tired->calls_left < 0)
        tired->calls_after++;
    return --tired->calls_left < 0 ? PAUSEMON_ERR_BUSY : 0;
}

START_TEST(what_the_writer_returns_is_returned_at_once)
{
    struct tired tired;
    int calls = 0;

    for (int status = -1; status != 0; calls++) {
        tired = (struct tired){calls, 0};
        status = pausemon_config_write(config, tire, &tired);
        ck_assert(status == 0 || status == PAUSEMON_ERR_BUSY);
        ck_assert_int_eq(tired.calls_after, 0);
        ck_assert_int_lt(calls, 100000);
    }
    ck_assert_int_gt(calls, 1);
    tired = (struct tired){0, 0};
    ck_assert_int_eq(pausemon_config_get(config, "suspects.patterns", tire, &tired),
                     PAUSEMON_ERR_BUSY);
    ck_assert_int_eq(tired.calls_after, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_write");
    TCase *tcase = tcase_create("write");

    if (!pausemon_has("config")) {
        puts("1..0 # SKIP built without config");
        return EXIT_SUCCESS;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_file_of_the_defaults_holds_every_key_with_its_help_as_a_comment);
    tcase_add_test(tcase, a_key_that_differs_from_its_default_is_no_comment);
    tcase_add_test(tcase, the_defaults_are_read_back_and_stay_defaults);
    tcase_add_test(tcase, random_values_are_read_back_to_the_same);
    tcase_add_test(tcase, what_the_writer_returns_is_returned_at_once);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
