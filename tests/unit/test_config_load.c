/* SPDX-License-Identifier: MIT */
/* Files that cannot be read, and memory that is not there. */
#include "config_support.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/pausemon-config-XXXXXX";
static char path[64];

static void setup_directory(void)
{
    setup();
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/config.toml", directory);
}

static void teardown_directory(void)
{
    unlink(path);
    rmdir(directory);
    strcpy(directory + strlen(directory) - 6, "XXXXXX"); /* for the next, under CK_FORK=no */
    teardown();
}

static void write_file(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* The reason is in `error` only, with the path; nothing is left open, nothing is changed. */
static struct pausemon_error assert_unreadable(const char *name)
{
    struct text before = dump_config(config);
    struct issues issues = {.count = 0};
    struct pausemon_error error;
    int fds = count_fds();

    memset(&error, 0x5a, sizeof error);
    int status = pausemon_config_load(config, name, note_issue, &issues, &error);
    ck_assert_int_lt(status, 0);
    ck_assert_int_eq(error.status, status);
    assert_readable(&error);
    ck_assert_msg(strstr(error.text, name) != NULL, "%s is not named: %s", name, error.text);
    ck_assert_uint_eq(issues.count, 0);
    ck_assert_int_eq(count_fds(), fds);
    assert_unchanged(config, &before, name);
    ck_assert_int_eq(pausemon_config_load(config, name, NULL, NULL, NULL), status);
    text_free(&before);
    return error;
}

/* ---- Files ---- */

START_TEST(a_missing_file_is_not_found_and_its_path_is_named)
{
    struct pausemon_error error = assert_unreadable(path);

    ck_assert_int_eq(error.status, PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(error.os_errno, ENOENT);
    ck_assert_int_eq(error.line, 0);
}
END_TEST

START_TEST(a_directory_is_no_file)
{
    struct pausemon_error error = assert_unreadable(directory);

    ck_assert_int_eq(error.status, PAUSEMON_ERR_IO);
    ck_assert_int_eq(error.os_errno, EISDIR);
}
END_TEST

START_TEST(a_path_through_a_file_is_refused)
{
    char below[80];

    write_file("", 0);
    snprintf(below, sizeof below, "%s/config", path);
    struct pausemon_error error = assert_unreadable(below);
    ck_assert_int_eq(error.os_errno, ENOTDIR);
}
END_TEST

START_TEST(a_file_over_one_mebibyte_is_refused_and_one_of_a_mebibyte_is_not)
{
    size_t most = 1024 * 1024;
    char *bytes = malloc(most + 1);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, '\n', most + 1);
    memcpy(bytes, "[tiers]\nhold_ms = 1", 19);
    write_file(bytes, most + 1);
    struct pausemon_error error = assert_unreadable(path);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_LIMIT);
    write_file(bytes, most);
    ck_assert_int_eq(pausemon_config_load(config, path, NULL, NULL, &error), 0);
    assert_value(config, "tiers.hold_ms", "1");
    free(bytes);
}
END_TEST

START_TEST(a_file_without_end_is_not_read_for_ever)
{
    assert_unreadable("/dev/zero");
}
END_TEST

START_TEST(a_pipe_that_nobody_writes_does_not_block)
{
    struct pausemon_error error;

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int status = pausemon_config_load(config, path, NULL, NULL, &error);
    ck_assert(status == 0 || status == PAUSEMON_ERR_IO || status == PAUSEMON_ERR_INVALID);
    assert_value(config, "tiers.hold_ms", "5000");
}
END_TEST

START_TEST(an_empty_file_is_a_file)
{
    struct pausemon_error error = {0};
    struct text before = dump_config(config);

    write_file("", 0);
    ck_assert_int_eq(pausemon_config_load(config, path, NULL, NULL, &error), 0);
    assert_unchanged(config, &before, "an empty file");
    text_free(&before);
}
END_TEST

START_TEST(a_file_with_mistakes_reports_them_all_and_the_first_as_the_error)
{
    static const char bytes[] = "[tiers]\nhold_ms = x\nhold_mz = 1\n";
    struct issues issues = {.count = 0};
    struct pausemon_error error = {0};
    int fds = count_fds();

    write_file(bytes, sizeof bytes - 1);
    ck_assert_int_eq(pausemon_config_load(config, path, note_issue, &issues, &error),
                     PAUSEMON_ERR_FORMAT);
    ck_assert_uint_eq(issues.count, 2);
    ck_assert_int_eq(issues.list[0].error.line, 2);
    ck_assert_int_eq(issues.list[1].error.line, 3);
    ck_assert_int_eq(error.line, 2);
    ck_assert_ptr_nonnull(strstr(error.text, "hold_ms"));
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* ---- Memory ---- */

struct attempt {
    int (*run)(struct pausemon_error *error);
    const char *what;
};

static int attempt_parse(struct pausemon_error *error)
{
    size_t length = 0;
    char *bytes = read_file(test_path("golden/config/valid/every_key.toml"), &length);
    int status = pausemon_config_parse(config, bytes, length, NULL, NULL, error);

    free(bytes);
    return status;
}

static int attempt_bad_parse(struct pausemon_error *error)
{
    size_t length = 0;
    char *bytes = read_file(test_path("golden/config/invalid/ten_mistakes.toml"), &length);
    int status = pausemon_config_parse(config, bytes, length, NULL, NULL, error);

    free(bytes);
    return status == PAUSEMON_ERR_FORMAT ? 0 : status; /* here it is what was wanted */
}

static int attempt_load(struct pausemon_error *error)
{
    return pausemon_config_load(config, test_path("golden/config/valid/every_key.toml"), NULL, NULL,
                                error);
}

static int attempt_set_text(struct pausemon_error *error)
{
    return pausemon_config_set(config, "forensics.hook", "/usr/local/bin/some hook", error);
}

static int attempt_set_list(struct pausemon_error *error)
{
    return pausemon_config_set(config, "suspects.patterns", "['a', 'b', 'c', 'd']", error);
}

static const struct attempt attempts[] = {
    {attempt_parse, "parse"},         {attempt_bad_parse, "parse of mistakes"},
    {attempt_load, "load"},           {attempt_set_text, "set a text"},
    {attempt_set_list, "set a list"},
};

/* Fails the n-th allocation, n = 1, 2, …, until there are not so many. */
static void fail_in_turn(const struct attempt *attempt, bool always)
{
    struct text before = dump_config(config);
    long live = harness.live;
    int fds = count_fds();

    for (long n = 1;; n++) {
        struct pausemon_error error = {0};

        ck_assert_int_lt(n, 100000);
        harness.fail_at = n;
        harness.fail_always = always;
        int status = attempt->run(&error);
        bool failed = always ? status != 0 : harness.fail_at == 0;
        harness.fail_at = 0;
        if (!failed) {
            ck_assert_msg(status == 0, "%s: %s", attempt->what, error.text);
            break;
        }
        ck_assert_msg(status == PAUSEMON_ERR_NOMEM, "%s: status %d", attempt->what, status);
        ck_assert_int_eq(error.status, PAUSEMON_ERR_NOMEM);
        assert_readable(&error);
        ck_assert_int_eq(harness.live, live);
        ck_assert_int_eq(count_fds(), fds);
        assert_unchanged(config, &before, attempt->what);
    }
    text_free(&before);
}

START_TEST(memory_that_fails_once_changes_nothing_and_leaks_nothing)
{
    fail_in_turn(&attempts[_i], false);
}
END_TEST

START_TEST(memory_that_fails_for_good_changes_nothing_and_leaks_nothing)
{
    fail_in_turn(&attempts[_i], true);
}
END_TEST

START_TEST(a_config_that_gets_no_memory_is_not_made)
{
    struct pausemon_config *none = config;
    long live = harness.live;
    long n = 1;

    for (;; n++) {
        harness.fail_at = n;
        int status = pausemon_config_new(&none, &harness.host, NULL);
        bool failed = harness.fail_at == 0;
        harness.fail_at = 0;
        if (!failed)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(none);
        ck_assert_int_eq(harness.live, live);
    }
    ck_assert_int_gt(n, 1);
    ck_assert_ptr_nonnull(none);
    pausemon_config_free(none);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_load");
    TCase *files = tcase_create("files");
    TCase *memory = tcase_create("memory");
    int count = sizeof attempts / sizeof attempts[0];

    if (!pausemon_has("config")) {
        puts("1..0 # SKIP built without config");
        return EXIT_SUCCESS;
    }
    tcase_add_checked_fixture(files, setup_directory, teardown_directory);
    tcase_add_test(files, a_missing_file_is_not_found_and_its_path_is_named);
    tcase_add_test(files, a_directory_is_no_file);
    tcase_add_test(files, a_path_through_a_file_is_refused);
    tcase_add_test(files, a_file_over_one_mebibyte_is_refused_and_one_of_a_mebibyte_is_not);
    tcase_add_test(files, a_file_without_end_is_not_read_for_ever);
    tcase_add_test(files, a_pipe_that_nobody_writes_does_not_block);
    tcase_add_test(files, an_empty_file_is_a_file);
    tcase_add_test(files, a_file_with_mistakes_reports_them_all_and_the_first_as_the_error);
    suite_add_tcase(suite, files);
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_set_timeout(memory, 60);
    tcase_add_loop_test(memory, memory_that_fails_once_changes_nothing_and_leaks_nothing, 0, count);
    tcase_add_loop_test(memory, memory_that_fails_for_good_changes_nothing_and_leaks_nothing, 0,
                        count);
    tcase_add_test(memory, a_config_that_gets_no_memory_is_not_made);
    suite_add_tcase(suite, memory);
    return harness_run(suite);
}
