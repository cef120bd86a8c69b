/* SPDX-License-Identifier: MIT */
/* Directories and files of our own: no link is ever followed, rights are what they should be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "harness.h"

static char base[64];
static int top;
static struct pausemon_error error;

static void setup(void)
{
    snprintf(base, sizeof base, "/tmp/pausemon-tree.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    top = pm_tree_open(base, &error);
    ck_assert_int_ge(top, 0);
}

static void teardown(void)
{
    close(top);
    const char *name = strrchr(base, '/') + 1;
    int parent = pm_tree_open("/tmp", &error);
    ck_assert_msg(pm_tree_remove(parent, name, &error) == 0, "%s", error.text);
    close(parent);
}

static int fresh(int parent, const char *name)
{
    int fd = pm_tree_make(parent, name, -1, &error);

    ck_assert_msg(fd >= 0, "%s", error.text);
    return fd;
}

static void put_at(int parent, const char *name, size_t size)
{
    static const char zeros[4096];
    int fd = pm_tree_create(parent, name, -1, &error);

    ck_assert_msg(fd >= 0, "%s", error.text);
    for (; size > 0; size -= size < sizeof zeros ? size : sizeof zeros)
        ck_assert_int_eq(
            pm_tree_write(fd, zeros, size < sizeof zeros ? size : sizeof zeros, &error), 0);
    close(fd);
}

static bool is_there(int parent, const char *name)
{
    struct stat info;

    return fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static mode_t mode_of(int parent, const char *name)
{
    struct stat info;

    ck_assert_int_eq(fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    return info.st_mode & 07777;
}

/* ---- links ---- */

START_TEST(a_link_in_the_place_of_a_directory_is_refused_and_named)
{
    char path[96];

    close(fresh(top, "real"));
    ck_assert_int_eq(symlinkat("real", top, "link"), 0);
    ck_assert_int_eq(symlinkat("nowhere", top, "dangling"), 0);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/link%s", base, i == 0 ? "" : i == 1 ? "/" : "//");
        ck_assert_int_eq(pm_tree_open(path, &error), PAUSEMON_ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(error.text, "link is a symbolic link"));
        ck_assert_int_eq(error.os_errno, ELOOP);
    }
    static const char *const names[] = {"link", "dangling"};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pm_tree_open_at(top, names[i], &error), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(pm_tree_open_at(top, names[i], NULL), PAUSEMON_ERR_DENIED);
        uint64_t bytes = 1;
        ck_assert_int_eq(pm_tree_size(top, names[i], &bytes, &error), PAUSEMON_ERR_DENIED);
        ck_assert_int_eq(pm_tree_remove(top, names[i], &error), PAUSEMON_ERR_DENIED);
        ck_assert_int_lt(pm_tree_make(top, names[i], -1, &error), 0);
        ck_assert_int_eq(error.os_errno, EEXIST);
        ck_assert_int_lt(pm_tree_create(top, names[i], -1, &error), 0);
        ck_assert_int_eq(error.os_errno, EEXIST);
        ck_assert(is_there(top, names[i]));
    }
    ck_assert(!is_there(top, "nowhere"));
    ck_assert(is_there(top, "real"));
}
END_TEST

START_TEST(a_link_among_the_parents_is_the_users_affair)
{
    char path[96];

    close(fresh(top, "real"));
    close(fresh(top, "other"));
    ck_assert_int_eq(symlinkat("..", top, "real/up"), 0);
    snprintf(path, sizeof path, "%s/real/up/other/", base);
    int fd = pm_tree_open(path, &error);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    fd = pm_tree_open("/", &error);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(a_name_leads_nowhere_else)
{
    static const char *const names[] = {"", ".", "..", "../x", "a/b", "/tmp"};
    uint64_t bytes;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(pm_tree_open_at(top, names[i], &error), PAUSEMON_ERR_INVALID);
        ck_assert_int_eq(pm_tree_make(top, names[i], -1, &error), PAUSEMON_ERR_INVALID);
        ck_assert_int_eq(pm_tree_create(top, names[i], -1, &error), PAUSEMON_ERR_INVALID);
        ck_assert_int_eq(pm_tree_size(top, names[i], &bytes, &error), PAUSEMON_ERR_INVALID);
        ck_assert_int_eq(pm_tree_remove(top, names[i], NULL), PAUSEMON_ERR_INVALID);
    }
    ck_assert_int_eq(pm_tree_open_at(top, "absent", &error), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pm_tree_remove(top, "absent", &error), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pm_tree_size(top, "absent", &bytes, &error), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(error.os_errno, ENOENT);
    put_at(top, "file", 1);
    ck_assert_int_eq(pm_tree_open_at(top, "file", &error), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(error.os_errno, ENOTDIR);
    char path[8192];
    memset(path, '/', sizeof path);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ck_assert_int_lt(pm_tree_open(path, &error), 0);
    ck_assert_int_eq(error.os_errno, ENAMETOOLONG);
}
END_TEST

/* ---- rights ---- */

START_TEST(rights_do_not_depend_on_the_umask)
{
    static const mode_t masks[] = {0, 077, 0777};
    char directory[16], file[16];

    /* Without rights of its own a directory can be opened by root only. */
    for (size_t i = 0; i < (geteuid() == 0 ? 3 : 2); i++) {
        mode_t before = umask(masks[i]);
        for (int group = 0; group < 2; group++) {
            int64_t gid = group ? (int64_t)getegid() : -1;
            snprintf(directory, sizeof directory, "d%zu%d", i, group);
            snprintf(file, sizeof file, "f%zu%d", i, group);
            int fd = pm_tree_make(top, directory, gid, &error);
            ck_assert_int_ge(fd, 0);
            ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
            close(fd);
            fd = pm_tree_create(top, file, gid, &error);
            ck_assert_int_ge(fd, 0);
            ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
            close(fd);
            ck_assert_uint_eq(mode_of(top, directory), group ? 0750 : 0700);
            ck_assert_uint_eq(mode_of(top, file), group ? 0640 : 0600);
        }
        umask(before);
    }
}
END_TEST

START_TEST(what_a_parent_hands_down_does_not_count)
{
    int parent = fresh(top, "parent");

    ck_assert_int_eq(fchmod(parent, 02777), 0);
    close(fresh(parent, "child"));
    ck_assert_uint_eq(mode_of(parent, "child"), 0700);
    close(parent);
}
END_TEST

START_TEST(a_group_is_given_by_who_may)
{
    struct stat info;

    if (geteuid() != 0) {
        printf("# skipped: giving a group away needs root\n");
        return;
    }
    int fd = pm_tree_make(top, "d", 12345, &error);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &info), 0);
    ck_assert_uint_eq(info.st_gid, 12345);
    close(fd);
    ck_assert_int_eq(fchown(top, 65534, 65534), 0);
    ck_assert_int_eq(setegid(65534), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    /* Who may not gets no directory with the wrong group, and nothing stays behind. */
    int made = pm_tree_make(top, "refused", 12345, &error);
    int created = pm_tree_create(top, "refused", 12345, NULL);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
    ck_assert_int_eq(made, PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(created, PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(error.os_errno, EPERM);
    ck_assert(!is_there(top, "refused"));
}
END_TEST

/* ---- writing ---- */

START_TEST(all_of_it_is_written_or_it_is_said)
{
    struct stat info;

    put_at(top, "file", 10000);
    ck_assert_int_eq(fstatat(top, "file", &info, 0), 0);
    ck_assert_int_eq(info.st_size, 10000);
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ck_assert_int_eq(pm_tree_write(fd, "x", 1, &error), PAUSEMON_ERR_IO);
        ck_assert_int_eq(error.os_errno, ENOSPC);
        close(fd);
    }
    ck_assert_int_lt(pm_tree_write(-1, "x", 1, NULL), 0);
    ck_assert_int_eq(pm_tree_write(-1, "", 0, &error), 0);
}
END_TEST

/* ---- lists ---- */

struct names {
    char seen[8][32];
    int count, stop_at;
};

static int note(void *user, const char *name)
{
    struct names *names = user;

    ck_assert_int_lt(names->count, 8);
    snprintf(names->seen[names->count++], sizeof names->seen[0], "%s", name);
    return names->count == names->stop_at ? 7 : 0;
}

static bool saw(const struct names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->seen[i], name) == 0)
            return true;
    return false;
}

START_TEST(a_list_has_each_name_and_can_be_had_again)
{
    int fds = count_fds();

    put_at(top, "a\nb", 1);
    put_at(top, "\x1b[2J\xff", 1);
    put_at(top, "...", 1);
    ck_assert_int_eq(symlinkat("/", top, "link"), 0);
    for (int again = 0; again < 2; again++) {
        struct names names = {.count = 0};
        ck_assert_int_eq(pm_tree_list(top, note, &names, &error), 0);
        ck_assert_int_eq(names.count, 4);
        ck_assert(saw(&names, "a\nb") && saw(&names, "\x1b[2J\xff") && saw(&names, "...") &&
                  saw(&names, "link"));
    }
    struct names names = {.stop_at = 2};
    ck_assert_int_eq(pm_tree_list(top, note, &names, &error), 7);
    ck_assert_int_eq(names.count, 2);
    ck_assert_int_lt(pm_tree_list(-1, note, &names, &error), 0);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* ---- sizes ---- */

START_TEST(a_size_is_what_the_disk_has_given)
{
    struct stat info;
    uint64_t bytes, more;
    int fds = count_fds(), outside = fresh(top, "outside"), fd = fresh(top, "d");

    put_at(outside, "huge", 1 << 20);
    ck_assert_int_eq(pm_tree_size(top, "d", &bytes, &error), 0);
    ck_assert_uint_lt(bytes, 1 << 16);
    put_at(fd, "a", 100000);
    int below = fresh(fd, "below\n");
    put_at(below, "b", 100000);
    ck_assert_int_eq(symlinkat("../outside", fd, "link"), 0); /* leads out: not counted */
    ck_assert_int_eq(pm_tree_size(top, "d", &more, &error), 0);
    ck_assert_int_eq(fstatat(fd, "a", &info, 0), 0);
    ck_assert_uint_ge(more - bytes, 2 * (uint64_t)info.st_blocks * 512);
    ck_assert_uint_lt(more, 1 << 20);
    /* A hole takes nothing. */
    ck_assert_int_eq(pm_tree_size(top, "d", &bytes, &error), 0);
    int hole = pm_tree_create(below, "hole", -1, &error);
    ck_assert_int_eq(ftruncate(hole, (off_t)1 << 30), 0);
    ck_assert_int_eq(pm_tree_size(top, "d", &more, &error), 0);
    ck_assert_uint_lt(more - bytes, 1 << 20);
    close(hole);
    close(below);
    close(fd);
    close(outside);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* So many directories in each other, the last with a file of a megabyte. */
static void dig(const char *name, int depth)
{
    int fd = fresh(top, name);

    for (int i = 1; i < depth; i++) {
        int next = fresh(fd, "deeper");
        close(fd);
        fd = next;
    }
    put_at(fd, "file", 1 << 20);
    close(fd);
}

START_TEST(deep_trees_are_counted_to_a_depth)
{
    uint64_t bytes;

    dig("eight", 8);
    dig("nine", 9);
    ck_assert_int_eq(pm_tree_size(top, "eight", &bytes, &error), 0);
    ck_assert_uint_ge(bytes, 1 << 20);
    ck_assert_int_eq(pm_tree_size(top, "nine", &bytes, &error), 0);
    ck_assert_uint_lt(bytes, 1 << 20);
}
END_TEST

/* ---- removal ---- */

START_TEST(links_go_and_what_they_lead_to_stays)
{
    int fds = count_fds(), fd = fresh(top, "d"), outside = fresh(top, "outside");

    put_at(outside, "file", 1);
    ck_assert_int_eq(symlinkat("../outside", fd, "directory"), 0);
    ck_assert_int_eq(symlinkat("../outside/file", fd, "file"), 0);
    ck_assert_int_eq(symlinkat("nowhere", fd, "dangling"), 0);
    ck_assert_int_eq(symlinkat(".", fd, "itself"), 0);
    int below = fresh(fd, "new\nline");
    ck_assert_int_eq(symlinkat("../../outside", below, "up"), 0);
    ck_assert_int_eq(mkfifoat(below, "fifo", 0600), 0); /* never opened: it would wait */
    ck_assert_int_eq(linkat(outside, "file", below, "same", 0), 0);
    close(below);
    close(fd);
    ck_assert_int_eq(pm_tree_remove(top, "d", &error), 0);
    ck_assert(!is_there(top, "d"));
    ck_assert(is_there(outside, "file"));
    close(outside);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(many_names_all_go)
{
    char name[32];
    int fd = fresh(top, "d");

    for (int i = 0; i < 700; i++) {
        snprintf(name, sizeof name, "file-with-a-long-name-%d", i);
        put_at(fd, name, 0);
    }
    close(fd);
    ck_assert_int_eq(pm_tree_remove(top, "d", &error), 0);
    ck_assert(!is_there(top, "d"));
}
END_TEST

START_TEST(deep_trees_go_and_endless_ones_are_refused)
{
    int fds = count_fds();

    dig("deep", 64);
    ck_assert_int_eq(pm_tree_remove(top, "deep", &error), 0);
    ck_assert(!is_there(top, "deep"));
    dig("deeper", 65);
    int fd = pm_tree_open_at(top, "deeper", &error);
    put_at(fd, "zzz", 1);
    put_at(fd, "aaa", 1);
    ck_assert_int_eq(pm_tree_remove(top, "deeper", &error), PAUSEMON_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "deeper is too deep"));
    ck_assert(!is_there(fd, "aaa") && !is_there(fd, "zzz")); /* the others do not wait for it */
    ck_assert_int_eq(count_fds(), fds + 1);
    /* One level less, and it can go. */
    ck_assert_int_eq(renameat(fd, "deeper", top, "less"), 0);
    ck_assert_int_eq(pm_tree_remove(top, "less", &error), 0);
    close(fd);
}
END_TEST

START_TEST(what_may_not_be_removed_is_told_and_the_rest_goes)
{
    if (geteuid() != 0) {
        printf("# skipped: making somebody else's directory needs root\n");
        return;
    }
    int fd = fresh(top, "d"), below = fresh(fd, "theirs");
    put_at(fd, "ours", 1);
    put_at(below, "file", 1);
    ck_assert_int_eq(fchown(top, 65534, -1), 0);
    ck_assert_int_eq(fchown(fd, 65534, -1), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    int status = pm_tree_remove(top, "d", &error);
    uint64_t bytes;
    int sized = pm_tree_size(top, "d", &bytes, NULL);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(status, PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(error.os_errno, EACCES);
    ck_assert_ptr_nonnull(strstr(error.text, "theirs"));
    ck_assert_int_eq(sized, PAUSEMON_ERR_DENIED);
    ck_assert(!is_there(fd, "ours"));
    ck_assert(is_there(below, "file"));
    close(below);
    close(fd);
}
END_TEST

/* ---- the rest ---- */

START_TEST(room_is_known_or_it_is_not)
{
    uint64_t room = pm_tree_room(top);

    ck_assert_uint_gt(room, 0);
    ck_assert_uint_ne(room, UINT64_MAX);
    ck_assert_uint_eq(pm_tree_room(-1), UINT64_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tree");
    TCase *all = tcase_create("tree");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_link_in_the_place_of_a_directory_is_refused_and_named);
    tcase_add_test(all, a_link_among_the_parents_is_the_users_affair);
    tcase_add_test(all, a_name_leads_nowhere_else);
    tcase_add_test(all, rights_do_not_depend_on_the_umask);
    tcase_add_test(all, what_a_parent_hands_down_does_not_count);
    tcase_add_test(all, a_group_is_given_by_who_may);
    tcase_add_test(all, all_of_it_is_written_or_it_is_said);
    tcase_add_test(all, a_list_has_each_name_and_can_be_had_again);
    tcase_add_test(all, a_size_is_what_the_disk_has_given);
    tcase_add_test(all, deep_trees_are_counted_to_a_depth);
    tcase_add_test(all, links_go_and_what_they_lead_to_stays);
    tcase_add_test(all, many_names_all_go);
    tcase_add_test(all, deep_trees_go_and_endless_ones_are_refused);
    tcase_add_test(all, what_may_not_be_removed_is_told_and_the_rest_goes);
    tcase_add_test(all, room_is_known_or_it_is_not);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
