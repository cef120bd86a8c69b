/* SPDX-License-Identifier: MIT */
/* What may be run, and what of its output is for people. */
#include "errand_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *from, *to;
    size_t length;
} cleanings[] = {
    {"", "", 0},
    {"\0", " ", 1},
    {"\n\n\t", "\n\n\t", 3},
    {"a\0\0b", "a  b", 4},
    {"\x7f\x01\xc2\x80", "???", 4},
    {"\xc3(", "?(", 2},
    {"\xe2\x80\xae!", "?!", 4}, /* turns the direction of text */
    {"\xed\xa0\x80", "???", 3}, /* a surrogate */
};

START_TEST(cleaning)
{
    char to[16];
    size_t used = pm_errand_clean(to, cleanings[_i].from, cleanings[_i].length);

    ck_assert_uint_eq(used, strlen(cleanings[_i].to));
    ck_assert_mem_eq(to, cleanings[_i].to, used);
}
END_TEST

static void check_refused(const char *path, int64_t trusted_uid, int status, const char *part)
{
    struct pausemon_error error = {0};

    ck_assert_msg(pm_errand_check(path, trusted_uid, &error) == status, "%s", error.text);
    if (part)
        ck_assert_msg(strstr(error.text, part) != NULL, "%s", error.text);
    ck_assert_int_eq(pm_errand_check(path, trusted_uid, NULL), status);
}

START_TEST(what_may_be_run)
{
    int64_t me = geteuid();

    room_prepare("exit 0");
    check_refused(room.script, -1, 0, NULL);
    check_refused(room.script, me > 0 ? me : 1, 0, NULL);
    check_refused("script", -1, PAUSEMON_ERR_INVALID, "no path from / on");
    check_refused("", -1, PAUSEMON_ERR_INVALID, NULL);
    check_refused("/nowhere/x", -1, PAUSEMON_ERR_NOT_FOUND, "/nowhere/x");
    check_refused(room.directory, -1, PAUSEMON_ERR_DENIED, "is no regular file");
    ck_assert_int_eq(symlink(room.script, room.made), 0);
    check_refused(room.made, -1, 0, NULL);
    check_refused(room.made, me > 0 ? me : 1, PAUSEMON_ERR_DENIED, "is a symbolic link");
    chmod(room.script, 0720);
    check_refused(room.script, me > 0 ? me : 1, PAUSEMON_ERR_DENIED, "can be written by others");
    chmod(room.script, 0702);
    check_refused(room.script, me > 0 ? me : 1, PAUSEMON_ERR_DENIED, "can be written by others");
    chmod(room.script, 0600);
    check_refused(room.script, -1, PAUSEMON_ERR_DENIED, "is not executable");
}
END_TEST

START_TEST(whom_root_trusts)
{
    char path[2000];

    check_refused("/usr/bin/env", 0, 0, NULL);
    check_refused("/usr//bin/./env", 0, 0, NULL);
    check_refused("/usr/bin/../bin/env", 0, PAUSEMON_ERR_DENIED, "goes up");
    check_refused("/usr/nothing/env", 0, PAUSEMON_ERR_NOT_FOUND, "/usr/nothing:");
    check_refused("/", 0, PAUSEMON_ERR_NOT_FOUND, NULL);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    check_refused(path, 0, PAUSEMON_ERR_LIMIT, "too long");
    path[300] = '\0';
    check_refused(path, 0, PAUSEMON_ERR_IO, NULL);
    room_prepare("exit 0"); /* whoever can write /tmp could exchange its directory */
    check_refused(room.script, 0, PAUSEMON_ERR_DENIED, "/tmp can be written by others");
}
END_TEST

/* In a directory that is root's alone. */
START_TEST(what_root_runs)
{
    char directory[] = "/root/test_errand.XXXXXX", script[64], alias[64], deep[64];

    if (geteuid() != 0 || !mkdtemp(directory)) {
        fprintf(stderr, "# skipped: needs root, and a home of root's\n");
        return;
    }
    snprintf(script, sizeof script, "%s/script", directory);
    snprintf(alias, sizeof alias, "%s/alias", directory);
    snprintf(deep, sizeof deep, "%s/alias/script", directory);
    room_write(script, "#!/bin/sh\n", 0755);
    check_refused(script, 0, 0, NULL);
    ck_assert_int_eq(chown(script, 1234, 0), 0);
    check_refused(script, 0, PAUSEMON_ERR_DENIED, "does not belong to root");
    check_refused(script, 1235, PAUSEMON_ERR_DENIED, "belongs neither to root nor to this user");
    check_refused(script, 1234, 0, NULL);
    ck_assert_int_eq(chown(script, 0, 0), 0);
    ck_assert_int_eq(symlink(".", alias), 0);
    check_refused(deep, 0, PAUSEMON_ERR_DENIED, "alias is a symbolic link");
    chmod(directory, 0770);
    check_refused(script, 0, PAUSEMON_ERR_DENIED, "can be written by others");
    unlink(alias);
    unlink(script);
    rmdir(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("errand_check");
    TCase *tcase = tcase_create("errand_check");

    tcase_add_checked_fixture(tcase, room_enter, room_leave);
    tcase_add_loop_test(tcase, cleaning, 0, sizeof cleanings / sizeof cleanings[0]);
    tcase_add_test(tcase, what_may_be_run);
    tcase_add_test(tcase, whom_root_trusts);
    tcase_add_test(tcase, what_root_runs);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
