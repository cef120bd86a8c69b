/* SPDX-License-Identifier: MIT */
/* The files in golden/config. valid/NAME.toml must load, and NAME.expected lists every key that
 * is then not untouched, as "key = value". invalid/NAME.toml must be refused and change nothing.
 * In both, "E LINE: text" and "W LINE: text" list every error and warning, in order:
 *   LINE ?            the line is not said by the spec
 *   a && b, a|b       the text holds both, one of the two; the case of letters does not count
 *   E ...             more errors may follow (what comes behind the opening of a refused
 *                     multi-line value need not be understood) */
#include "config_support.h"

#include <dirent.h>

enum { MAX_FILES = 256 };

static char *valid_names[MAX_FILES]; /* without ".toml" */
static char *invalid_names[MAX_FILES];

struct golden {
    char *bytes;
    size_t length;
    char *expected;
    struct issues issues;
    char path[4096];
};

/* ---- Files ---- */

static int is_toml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".toml") == 0;
}

/* Sorted, so that the index of a failed test means the same everywhere. */
static int find_goldens(const char *directory, char *names[MAX_FILES])
{
    struct dirent **entries;
    int count = scandir(test_path(directory), &entries, is_toml, alphasort);

    if (count < 0 || count > MAX_FILES) {
        fprintf(stderr, "cannot use %s\n", test_path(directory));
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < count; i++) {
        *strrchr(entries[i]->d_name, '.') = '\0';
        names[i] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return count;
}

static void read_golden(struct golden *golden, const char *directory, const char *name)
{
    char relative[512];

    memset(golden, 0, sizeof *golden);
    snprintf(relative, sizeof relative, "golden/config/%s/%s.expected", directory, name);
    golden->expected = read_file(test_path(relative), NULL);
    snprintf(relative, sizeof relative, "golden/config/%s/%s.toml", directory, name);
    snprintf(golden->path, sizeof golden->path, "%s", test_path(relative));
    golden->bytes = read_file(golden->path, &golden->length);
}

static void free_golden(struct golden *golden)
{
    free(golden->bytes);
    free(golden->expected);
}

/* ---- Issues ---- */

/* One of the alternatives of "a|b" that end at `end` is in `text`. */
static bool holds_one(const char *text, const char *want, const char *end)
{
    char piece[256];

    while (want < end) {
        size_t length = strcspn(want, "|");

        if (length > (size_t)(end - want))
            length = (size_t)(end - want);
        snprintf(piece, sizeof piece, "%.*s", (int)length, want);
        if (*piece && strcasestr(text, piece))
            return true;
        want += length + 1;
    }
    return false;
}

static bool holds_all(const char *text, const char *want)
{
    for (;;) {
        const char *and = strstr(want, " && ");

        if (!holds_one(text, want, and? and : want + strlen(want)))
            return false;
        if (!and)
            return true;
        want = and+4;
    }
}

/* `line` is "E 3: text"; takes the first issue that it describes. */
static void take_issue(struct issues *issues, const char *line, const char *path)
{
    int level = line[0] == 'E' ? PAUSEMON_LOG_ERROR : PAUSEMON_LOG_WARNING;
    const char *text = strstr(line, ": ");

    ck_assert_msg(text != NULL, "%s: cannot read the expectation %s", path, line);
    for (size_t i = 0; i < issues->count; i++) {
        struct issue *issue = &issues->list[i];

        if (issue->matched || issue->level != level)
            continue;
        if (line[2] != '?' && issue->error.line != atoi(line + 2))
            continue;
        if (!holds_all(issue->error.text, text + 2))
            continue;
        issue->matched = true;
        return;
    }
    fprintf(stderr, "# %s:\n", path);
    for (size_t i = 0; i < issues->count; i++)
        fprintf(stderr, "# %lld: %s\n", (long long)issues->list[i].error.line,
                issues->list[i].error.text);
    ck_abort_msg("%s: not reported: %s", path, line);
}

static bool is_issue_line(const char *line)
{
    return strncmp(line, "E ", 2) == 0 || strncmp(line, "W ", 2) == 0;
}

/* Every issue was expected, and they came in the order of lines (0: the text as a whole). */
static void check_rest(const struct issues *issues, bool more_allowed, const char *path)
{
    int64_t last = 0;

    for (size_t i = 0; i < issues->count; i++) {
        const struct issue *issue = &issues->list[i];

        ck_assert_msg(issue->matched || (more_allowed && issue->level == PAUSEMON_LOG_ERROR),
                      "%s: not expected: %lld: %s", path, (long long)issue->error.line,
                      issue->error.text);
        if (issue->error.line == 0)
            continue;
        ck_assert_msg(issue->error.line >= last, "%s: line %lld after line %lld", path,
                      (long long)issue->error.line, (long long)last);
        last = issue->error.line;
    }
}

/* ---- Values ---- */

/* What the value of a line "key = value" of the expectation is; NULL: the key is not in it. */
static const char *find_expected(char **lines, size_t count, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < count; i++)
        if (strncmp(lines[i], name, length) == 0 && strncmp(lines[i] + length, " = ", 3) == 0)
            return lines[i] + length + 3;
    return NULL;
}

/* All keys: those expected came from the file, the others are untouched. */
static void check_values(char **lines, size_t count, const char *path)
{
    size_t found = 0;

    for (size_t i = 0; i < EXPECTED_KEY_COUNT; i++) {
        const struct expected_key *key = &expected_keys[i];
        const char *value = find_expected(lines, count, key->name);

        assert_value(config, key->name, value ? value : key->value);
        ck_assert_msg(pausemon_config_get_origin(config, key->name) ==
                          (value ? PAUSEMON_CONFIG_ORIGIN_FILE : PAUSEMON_CONFIG_ORIGIN_DEFAULT),
                      "%s: origin of %s", path, key->name);
        found += value != NULL;
    }
    ck_assert_msg(found == count, "%s: expectations name unknown keys", path);
}

/* ---- Tests ---- */

START_TEST(a_valid_file_gives_its_values_and_no_others)
{
    static struct golden golden;
    char *lines[EXPECTED_KEY_COUNT];
    size_t count = 0;
    char *rest = NULL;
    struct pausemon_error error = {0};

    read_golden(&golden, "valid", valid_names[_i]);
    ck_assert_msg(parse_exact(config, golden.bytes, golden.length, &golden.issues, &error) == 0,
                  "%s:%lld: %s", golden.path, (long long)error.line, error.text);
    for (char *line = strtok_r(golden.expected, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (is_issue_line(line)) {
            ck_assert_int_eq(line[0], 'W');
            take_issue(&golden.issues, line, golden.path);
        } else {
            ck_assert_uint_lt(count, EXPECTED_KEY_COUNT);
            lines[count++] = line;
        }
    }
    check_rest(&golden.issues, false, golden.path);
    check_values(lines, count, golden.path);
    free_golden(&golden);
}
END_TEST

START_TEST(a_valid_file_gives_the_same_when_it_is_loaded)
{
    static struct golden golden;
    struct pausemon_config *loaded = new_config(&harness.host);
    struct pausemon_error error = {0};
    int fds = count_fds();

    read_golden(&golden, "valid", valid_names[_i]);
    ck_assert_int_eq(parse_exact(config, golden.bytes, golden.length, NULL, NULL), 0);
    struct text parsed = dump_config(config);
    ck_assert_msg(pausemon_config_load(loaded, golden.path, note_issue, &golden.issues, &error) ==
                      0,
                  "%s: %s", golden.path, error.text);
    ck_assert_uint_eq(count_level(&golden.issues, PAUSEMON_LOG_ERROR), 0);
    assert_unchanged(loaded, &parsed, golden.path);
    ck_assert_int_eq(count_fds(), fds);
    text_free(&parsed);
    free_golden(&golden);
    pausemon_config_free(loaded);
}
END_TEST

static void check_first(const struct issues *issues, const struct pausemon_error *error)
{
    size_t i = 0;

    while (i < issues->count && issues->list[i].level != PAUSEMON_LOG_ERROR)
        i++;
    ck_assert_uint_lt(i, issues->count);
    ck_assert_int_eq(error->status, PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(error->line, issues->list[i].error.line);
    ck_assert_str_eq(error->text, issues->list[i].error.text);
}

START_TEST(an_invalid_file_reports_every_mistake_with_its_line_and_changes_nothing)
{
    static struct golden golden;
    struct pausemon_error error;
    bool more_allowed = false;
    size_t expectations = 0;
    char *rest = NULL;

    must_set(config, "alerts.sound", "false");
    must_set(config, "suspects.patterns", "['kept']");
    struct text before = dump_config(config);
    memset(&error, 0x5a, sizeof error);
    read_golden(&golden, "invalid", invalid_names[_i]);
    int status = parse_exact(config, golden.bytes, golden.length, &golden.issues, &error);
    ck_assert_msg(status == PAUSEMON_ERR_FORMAT, "%s: status %d", golden.path, status);
    for (char *line = strtok_r(golden.expected, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        ck_assert_msg(is_issue_line(line), "%s: %s", golden.path, line);
        if (strcmp(line, "E ...") == 0) {
            more_allowed = true;
        } else {
            take_issue(&golden.issues, line, golden.path);
            expectations += line[0] == 'E';
        }
    }
    ck_assert_msg(expectations > 0, "%s: nothing is expected", golden.path);
    check_rest(&golden.issues, more_allowed, golden.path);
    check_first(&golden.issues, &error);
    assert_unchanged(config, &before, golden.path);
    text_free(&before);
    free_golden(&golden);
}
END_TEST

START_TEST(an_invalid_file_is_refused_without_anybody_to_report_to)
{
    static struct golden golden;

    read_golden(&golden, "invalid", invalid_names[_i]);
    ck_assert_int_eq(parse_exact(config, golden.bytes, golden.length, NULL, NULL),
                     PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(pausemon_config_load(config, golden.path, NULL, NULL, NULL),
                     PAUSEMON_ERR_FORMAT);
    free_golden(&golden);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_golden");
    TCase *tcase = tcase_create("golden");

    if (!pausemon_has("config")) {
        puts("1..0 # SKIP built without config");
        return EXIT_SUCCESS;
    }
    int valid = find_goldens("golden/config/valid", valid_names);
    int invalid = find_goldens("golden/config/invalid", invalid_names);
    if (valid < 20 || invalid < 60) {
        fprintf(stderr, "golden files are missing: %d and %d found\n", valid, invalid);
        return EXIT_FAILURE;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_valid_file_gives_its_values_and_no_others, 0, valid);
    tcase_add_loop_test(tcase, a_valid_file_gives_the_same_when_it_is_loaded, 0, valid);
    tcase_add_loop_test(
        tcase, an_invalid_file_reports_every_mistake_with_its_line_and_changes_nothing, 0, invalid);
    tcase_add_loop_test(tcase, an_invalid_file_is_refused_without_anybody_to_report_to, 0, invalid);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
