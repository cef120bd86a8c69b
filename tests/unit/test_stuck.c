/* SPDX-License-Identifier: MIT */

/* The uninterruptible tasks as text: over fake trees, hostile ones among them, and of the real
 * kernel (the parent of a vfork). */

#include "fakesuite.h"
#include "realproc.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/stuck_text.h"

#define AMPLE (60 * SECOND) /* never reached */

static struct pm_stuck stuck;

/* A thread with its stat, its wchan and its stack, where these are not NULL. */
static void put_thread(int64_t pid, int64_t tid, char state, uint64_t threads, const char *wchan,
                       const char *stack)
{
    char path[96], text[256];

    snprintf(path, sizeof path, "%" PRId64 "/task/%" PRId64 "/stat", pid, tid);
    snprintf(text, sizeof text,
             "%" PRId64 " (%s) %c 1 5 6 7 -1 9 10 11 12 13 14 15 16 17 20 0 %" PRIu64
             " 0 77022 99023 99024\n",
             tid, tid == pid ? "leader" : "worker", state, threads);
    fakeproc_write(&fake, path, text);
    snprintf(path, sizeof path, "%" PRId64 "/task/%" PRId64 "/wchan", pid, tid);
    if (wchan)
        fakeproc_write(&fake, path, wchan);
    snprintf(path, sizeof path, "%" PRId64 "/task/%" PRId64 "/stack", pid, tid);
    if (stack)
        fakeproc_write(&fake, path, stack);
}

static void look(bool stacks)
{
    memset(&stuck, 0x5A, sizeof stuck);
    ck_assert_int_eq(pm_stuck_look(&stuck, fake.root, AMPLE, stacks), 0);
    ck_assert_ptr_nonnull(memchr(stuck.text, '\0', sizeof stuck.text));
}

/* ---- What is listed ---- */

START_TEST(those_that_wait_uninterruptibly_are_listed_and_nobody_else)
{
    const char *states = "RSTtZIPX";

    for (size_t i = 0; states[i]; i++)
        put_thread(100 + (int64_t)i, 100 + (int64_t)i, states[i], 1, "elsewhere", NULL);
    put_thread(200, 200, 'D', 1, "folio_wait_bit", NULL);
    put_thread(300, 300, 'D', 1, "0", NULL);
    put_thread(400, 400, 'D', 1, NULL, NULL);
    look(true);
    ck_assert_uint_eq(stuck.tasks, 3);
    ck_assert_uint_eq(stuck.listed, 3);
    ck_assert_uint_eq(stuck.seen, 11);
    ck_assert(stuck.complete && !stuck.stacks);
    ck_assert_int_eq(stuck.stack_errno, 0);
    ck_assert_ptr_nonnull(strstr(stuck.text, "pid 200 tid 200 \"leader\" in folio_wait_bit\n"));
    /* What the kernel does not say is not a place. */
    ck_assert_ptr_nonnull(strstr(stuck.text, "pid 300 tid 300 \"leader\" in ?\n"));
    ck_assert_ptr_nonnull(strstr(stuck.text, "pid 400 tid 400 \"leader\" in ?\n"));
    ck_assert_ptr_null(strstr(stuck.text, "elsewhere"));
    ck_assert_ptr_nonnull(strstr(stuck.text, "\n(3 uninterruptible of 11 tasks)\n"));
}
END_TEST

START_TEST(nobody_is_said_too)
{
    put_thread(100, 100, 'S', 1, NULL, NULL);
    look(true);
    ck_assert_str_eq(stuck.text, "(0 uninterruptible of 1 tasks)\n");
    ck_assert(stuck.complete);
}
END_TEST

START_TEST(a_thread_is_found_whose_leader_only_sleeps)
{
    put_thread(100, 100, 'S', 3, NULL, NULL);
    put_thread(100, 101, 'D', 3, "rwsem_down_read_slowpath", NULL);
    put_thread(100, 102, 'S', 3, NULL, NULL);
    put_thread(500, 500, 'D', 1, "kernel_clone", NULL);
    look(true);
    ck_assert_uint_eq(stuck.tasks, 2);
    ck_assert_uint_eq(stuck.seen, 4);
    /* Leaders come first, whatever their numbers. */
    const char *leader = strstr(stuck.text, "pid 500 tid 500 ");
    const char *worker = strstr(stuck.text, "pid 100 tid 101 \"worker\" in rwsem_down_");
    ck_assert(leader && worker && leader < worker);
}
END_TEST

START_TEST(of_very_many_threads_some_are_looked_at_and_that_is_said)
{
    put_thread(100, 100, 'S', 70, NULL, NULL);
    for (int64_t tid = 101; tid < 170; tid++)
        put_thread(100, tid, 'S', 70, NULL, NULL);
    look(true);
    ck_assert(!stuck.complete);
    ck_assert_uint_ge(stuck.seen, 60);
    ck_assert_uint_lt(stuck.seen, 70);
    ck_assert_ptr_nonnull(strstr(stuck.text, "not all were looked at"));
}
END_TEST

START_TEST(without_time_nothing_is_looked_at_and_that_is_said)
{
    put_thread(100, 100, 'D', 1, "kernel_clone", NULL);
    ck_assert_int_eq(pm_stuck_look(&stuck, fake.root, 0, true), 0);
    ck_assert_uint_eq(stuck.seen, 0);
    ck_assert(!stuck.complete);
    ck_assert_ptr_nonnull(strstr(stuck.text, "not all were looked at"));
}
END_TEST

START_TEST(a_root_that_is_not_there_is_an_error)
{
    ck_assert_int_eq(pm_stuck_look(&stuck, "/nonexistent", AMPLE, true), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(pm_stuck_look(&stuck, "/dev/null", AMPLE, true), PAUSEMON_ERR_IO);
    ck_assert_str_eq(stuck.text, "");
}
END_TEST

/* ---- Stacks ---- */

START_TEST(a_stack_stands_below_its_task_without_addresses)
{
    put_thread(100, 100, 'D', 1, "kernel_clone",
               "[<0>] kernel_clone+0x9a/0x3c0\n[<0>] do_syscall_64+0x71/0x280\n[<0>] cut of");
    look(true);
    ck_assert(stuck.stacks);
    ck_assert_str_eq(stuck.text, "pid 100 tid 100 \"leader\" in kernel_clone\n"
                                 "    kernel_clone+0x9a/0x3c0\n"
                                 "    do_syscall_64+0x71/0x280\n"
                                 "(1 uninterruptible of 1 tasks)\n");
    look(false);
    ck_assert(!stuck.stacks);
    ck_assert_ptr_null(strstr(stuck.text, "do_syscall_64"));
}
END_TEST

START_TEST(the_same_stack_is_written_once)
{
    const char *stack = "[<0>] jbd2_log_wait_commit+0x1/0x2\n",
               *other = "[<0>] io_schedule+0x1/0x2\n";
    char *first;

    for (int64_t pid = 100; pid < 110; pid++)
        put_thread(pid, pid, 'D', 1, "jbd2_log_wait_commit", pid == 105 ? other : stack);
    look(true);
    first = strstr(stuck.text, "    jbd2_log_wait_commit+");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "    jbd2_log_wait_commit+"));
    ck_assert_ptr_nonnull(strstr(stuck.text, "    io_schedule+0x1/0x2\n"));
    ck_assert_ptr_nonnull(strstr(first, "    as tid 10"));
}
END_TEST

START_TEST(a_stack_has_at_most_24_frames)
{
    char stack[4096] = "";
    size_t lines = 0;

    for (int i = 0; i < 40; i++)
        snprintf(stack + strlen(stack), sizeof stack - strlen(stack), "[<0>] frame_%d+0x1/0x2\n",
                 i);
    put_thread(100, 100, 'D', 1, "frame_0", stack);
    look(true);
    for (const char *at = stuck.text; (at = strstr(at, "    frame_")); at++)
        lines++;
    ck_assert_uint_eq(lines, 24);
}
END_TEST

START_TEST(a_long_list_is_cut_on_a_line_and_says_so)
{
    static const char wchan[] = "a_place_with_a_long_name_that_takes_room";
    struct pm_stuck_writer writer;
    char stack[1024];

    pm_stuck_begin(&writer, &stuck);
    for (int64_t pid = 1000; pid < 1400; pid++) {
        struct pm_stuck_task task = {pid, pid, "x", wchan, stack, 1, sizeof wchan - 1, 0};
        task.stack_length = (size_t)snprintf(
            stack, sizeof stack, "[<0>] place_of_%" PRId64 "_%0*d+0x1/0x2\n", pid, 90, 0);
        pm_stuck_add(&writer, &task);
        ck_assert_int_eq(pm_stuck_takes_stacks(&writer), writer.used < PM_STUCK_TEXT / 2);
    }
    pm_stuck_finish(&writer);
    ck_assert_uint_eq(stuck.tasks, 400);
    ck_assert_uint_gt(stuck.listed, 100); /* the stacks left room */
    ck_assert_uint_lt(stuck.listed, 400);
    ck_assert(stuck.stacks && !stuck.complete);
    ck_assert_uint_lt(strnlen(stuck.text, PM_STUCK_TEXT), PM_STUCK_TEXT);
    ck_assert_ptr_nonnull(
        strstr(stuck.text, "\n(400 uninterruptible of 0 tasks; not all are listed)\n"));
}
END_TEST

/* ---- Hostile trees ---- */

START_TEST(names_and_places_are_cleaned)
{
    struct fake_process process = fakeproc_ordinary(100);

    process.comm = "x) D 1\n\x1b[31m\xff";
    process.state = 'D';
    fakeproc_put_in(&fake, "100/task/100", &process);
    fakeproc_write(&fake, "100/task/100/wchan", "a\nb\x1b[2J\xfe");
    fakeproc_write(&fake, "100/task/100/stack", "[<0>] \x1b[31m\xff\n\n\x07\n");
    look(true);
    ck_assert_str_eq(stuck.text, "pid 100 tid 100 \"x) D 1??[31m?\" in a?b?[2J?\n"
                                 "    ?[31m?\n    \n    ?\n"
                                 "(1 uninterruptible of 1 tasks)\n");
}
END_TEST

START_TEST(what_is_no_file_neither_blocks_nor_is_followed)
{
    char path[PATH_MAX];

    put_thread(100, 100, 'D', 1, "kernel_clone", NULL);
    /* A pipe in place of each file, links in place of directories. */
    fakeproc_mkdir(&fake, "200/task/200");
    fakeproc_path(&fake, "200/task/200/stat", path);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    put_thread(300, 300, 'D', 2, NULL, NULL);
    fakeproc_path(&fake, "300/task/300/wchan", path);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    fakeproc_path(&fake, "300/task/300/stack", path);
    ck_assert_int_eq(symlink("../../../100/task/100/wchan", path), 0);
    fakeproc_mkdir(&fake, "400/task/400/stat");
    fakeproc_write(&fake, "500", "a file");
    fakeproc_mkdir(&fake, "600");
    fakeproc_write(&fake, "700/task/700/stat", "");
    fakeproc_write(&fake, "800/task/800/stat", "800 (cut) D 1");
    look(true);
    ck_assert_uint_eq(stuck.seen, 2);
    ck_assert_uint_eq(stuck.tasks, 2);
    ck_assert_ptr_nonnull(strstr(stuck.text, "pid 300 tid 300 \"leader\" in ?\n"));
    ck_assert(!stuck.stacks);
    ck_assert_int_ne(stuck.stack_errno, 0); /* the link */
    ck_assert_ptr_nonnull(strstr(stuck.text, "; not every kernel stack could be read)\n"));
}
END_TEST

/* ---- The real one ---- */

START_TEST(the_kernel_names_a_parent_that_waits_for_its_vfork)
{
    struct child child = child_start(be_uninterruptible);
    char line[96];

    wait_for_state(child.pid, 'D');
    int fds = count_fds();
    ck_assert_int_eq(pm_stuck_look(&stuck, "/proc", AMPLE, geteuid() == 0), 0);
    ck_assert_int_eq(count_fds(), fds);
    child_let_go(&child);
    child_end(&child);
    snprintf(line, sizeof line, "pid %d tid %d \"pm-vfork\" in ", (int)child.pid, (int)child.pid);
    ck_assert_msg(strstr(stuck.text, line) != NULL, "no \"%s\" in: %s", line, stuck.text);
    ck_assert_uint_ge(stuck.tasks, 1);
    ck_assert_uint_ge(stuck.seen, stuck.tasks);
    if (!stuck.stacks)
        printf("# no kernel stack may be read here: errno %d\n", stuck.stack_errno);
    else
        ck_assert_ptr_nonnull(strstr(stuck.text, "    kernel_clone+"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stuck");
    TCase *tcase = tcase_create("stuck");

    tcase_add_unchecked_fixture(tcase, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(tcase, fakeproc_empty, NULL);
    tcase_add_test(tcase, those_that_wait_uninterruptibly_are_listed_and_nobody_else);
    tcase_add_test(tcase, nobody_is_said_too);
    tcase_add_test(tcase, a_thread_is_found_whose_leader_only_sleeps);
    tcase_add_test(tcase, of_very_many_threads_some_are_looked_at_and_that_is_said);
    tcase_add_test(tcase, without_time_nothing_is_looked_at_and_that_is_said);
    tcase_add_test(tcase, a_root_that_is_not_there_is_an_error);
    tcase_add_test(tcase, a_stack_stands_below_its_task_without_addresses);
    tcase_add_test(tcase, the_same_stack_is_written_once);
    tcase_add_test(tcase, a_stack_has_at_most_24_frames);
    tcase_add_test(tcase, a_long_list_is_cut_on_a_line_and_says_so);
    tcase_add_test(tcase, names_and_places_are_cleaned);
    tcase_add_test(tcase, what_is_no_file_neither_blocks_nor_is_followed);
    tcase_add_test(tcase, the_kernel_names_a_parent_that_waits_for_its_vfork);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
