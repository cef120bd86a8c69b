/* SPDX-License-Identifier: MIT */
/* Programs sent off with a limit: scripts that do what programs do to those who wait for them. Ends
 * come by descriptors and by deadlines that the test sets; waits are wide. */
#include "errand_room.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

START_TEST(output_is_kept)
{
    room_prepare("echo one; echo two");
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output("one\ntwo\n");
}
END_TEST

START_TEST(output_is_thrown_away)
{
    room_run("echo one");
    room_check_end(0, "");
    ck_assert_uint_eq(room.errand.bytes, 0);
}
END_TEST

START_TEST(failures_say_how)
{
    room_run("echo 'usage: no' >&2; exit 3");
    room_check_end(PAUSEMON_ERR_IO, "exit status 3: usage: no");
    room_run("kill -9 $$");
    room_check_end(PAUSEMON_ERR_IO, "signal 9");
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    room_prepare("exit 0");
    room.argv[0] = "/nowhere/program";
    ck_assert_int_eq(pm_errand_start(&room.errand, &room.host), PAUSEMON_ERR_NOT_FOUND);
    room_check_end(PAUSEMON_ERR_NOT_FOUND,
                   "cannot start /nowhere/program: No such file or directory");
    ck_assert(pm_errand_look(&room.errand));
    ck_assert_uint_eq(pm_errand_wait(&room.errand, 1, -1), 0);
    pm_errand_end(&room.errand, "never mind");
    room_check_end(PAUSEMON_ERR_NOT_FOUND,
                   "cannot start /nowhere/program: No such file or directory");
}
END_TEST

START_TEST(a_file_that_is_no_program)
{
    room_prepare("exit 0");
    ck_assert_int_eq(chmod(room.script, 0600), 0);
    ck_assert_int_eq(pm_errand_start(&room.errand, &room.host), PAUSEMON_ERR_DENIED);
}
END_TEST

START_TEST(one_that_hangs_is_killed)
{
    room_prepare("trap '' TERM INT HUP; sleep 1000 & echo $! >$1.new; mv $1.new $1; wait; wait");
    room.errand.limit_ns = S(7);
    room_begin();
    room.errand.deadline_ns += S(WIDE_S);
    room_await_made();
    room_limit_is_over();
    room_await();
    room_check_end(PAUSEMON_ERR_LIMIT, "took longer than 7 s: ended");
    room_check_dead();
}
END_TEST

START_TEST(one_that_stops_itself_is_killed)
{
    room_prepare("echo $$ >$1.new; mv $1.new $1; kill -STOP $$");
    room_begin();
    room_await_made();
    room_limit_is_over();
    room_await();
    room_check_end(PAUSEMON_ERR_LIMIT, "took longer than 60 s: ended");
    room_check_dead();
}
END_TEST

/* The pipe stays open for as long as the grandchild lives. */
START_TEST(a_grandchild_holds_its_output)
{
    room_prepare("sleep 1000 & echo $! >$1; echo bye");
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output("bye\n");
    room_check_dead();
}
END_TEST

/* Out of its group it is out of reach, but it keeps nobody waiting. */
START_TEST(a_grandchild_that_left_the_group)
{
    room_prepare("setsid sh -c 'echo $$ >'$1'.new; mv '$1'.new '$1'; exec sleep 1000' &\n"
                 "while [ ! -e $1 ]; do :; done; echo bye");
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output("bye\n");
    char *text = read_file(room.made, NULL);
    ck_assert_int_eq(kill((pid_t)strtol(text, NULL, 10), SIGKILL), 0);
    free(text);
}
END_TEST

START_TEST(a_flood_is_cut_off)
{
    struct stat info;

    room_prepare("exec cat /dev/zero");
    room_keep_output();
    room.errand.max_bytes = 100000;
    room_begin();
    room_await();
    room_check_end(PAUSEMON_ERR_LIMIT, "more than 100000 bytes: ended, what came is kept");
    ck_assert_int_eq(fstat(room.errand.out_fd, &info), 0);
    ck_assert_int_eq(info.st_size, 100000);
    ck_assert_uint_eq(room.errand.bytes, 100000);
    close(room.errand.out_fd);
}
END_TEST

START_TEST(as_much_as_it_may)
{
    room_prepare("printf 12345");
    room_keep_output();
    room.errand.max_bytes = 5;
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output("12345");
}
END_TEST

START_TEST(a_flood_of_complaints)
{
    room_run("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1");
    ck_assert_int_eq(room.errand.status, PAUSEMON_ERR_IO);
    ck_assert_ptr_nonnull(strstr(room.errand.why, "exit status 1: "));
}
END_TEST

/* Without its stdout nothing wakes us but its end. */
START_TEST(one_that_closes_its_output_runs_on)
{
    room_prepare("exec >&- 2>&-; while [ ! -e $1 ]; do :; done; exit 4");
    room_begin();
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(pm_errand_wait(&room.errand, 1, 1), 1);
    room_write(room.made, "", 0600);
    room_await();
    room_check_end(PAUSEMON_ERR_IO, "exit status 4");
}
END_TEST

/* Nobody reads its stdout any more: its stderr all the same, or it would wait for us, and its end
 * would wake us for ever. */
START_TEST(complaints_after_its_output_are_heard)
{
    room_prepare("exec >&-; head -c 300000 /dev/zero | tr '\\0' x >&2; exit 4");
    room_begin();
    room_await();
    ck_assert_int_eq(room.errand.status, PAUSEMON_ERR_IO);
    ck_assert_ptr_nonnull(strstr(room.errand.why, "exit status 4: "));
    room_prepare("exec >&- 2>&-; echo >$1; exec sleep 1000");
    room_begin();
    room_await_made();
    pm_errand_look(&room.errand);
    ck_assert(room.errand.is_running && room.errand.output_over);
    ck_assert_int_eq(room.errand.child.err_fd, -1);
    pm_errand_end(&room.errand, "enough");
}
END_TEST

START_TEST(its_input)
{
    size_t length = 300000;
    char *input = malloc(length + 1);

    for (size_t i = 0; i < length; i++)
        input[i] = (char)('a' + i % 26);
    input[length] = '\0';
    /* by its name: a socket could not be opened */
    room_prepare("exec cat /dev/stdin");
    room.errand.input = input;
    room.errand.input_length = length;
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output(input);
    ck_assert_uint_eq(room.errand.input_sent, length);
    free(input);
}
END_TEST

START_TEST(no_input_is_empty)
{
    room_prepare("cat; echo done");
    room_keep_output();
    room_begin();
    room_await();
    room_check_output("done\n");
}
END_TEST

/* More than a pipe holds. SIGPIPE would end this test. */
START_TEST(one_that_does_not_read)
{
    static char input[300000];
    sigset_t before, after;

    memset(input, 'x', sizeof input);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    room_prepare("exec <&-; echo ok");
    room.errand.input = input;
    room.errand.input_length = sizeof input;
    room_begin();
    room_await();
    room_check_end(0, "");
    ck_assert_int_eq(room.errand.in_fd, -1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert_int_eq(sigismember(&after, SIGPIPE), sigismember(&before, SIGPIPE));
    sigpending(&after);
    ck_assert_int_eq(sigismember(&after, SIGPIPE), 0);

    room_prepare("echo $$ >$1.new; mv $1.new $1; exec sleep 1000");
    room.errand.input = input;
    room.errand.input_length = sizeof input;
    room_begin();
    room_await_made();
    room_limit_is_over();
    room_await();
    room_check_end(PAUSEMON_ERR_LIMIT, "took longer than 60 s: ended");
    ck_assert_uint_lt(room.errand.input_sent, sizeof input);
}
END_TEST

/* Whoever blocks SIGPIPE and waits for one still gets it. */
START_TEST(a_sigpipe_of_before_stays)
{
    static char input[300000];
    struct timespec at_once = {0, 0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    ck_assert_int_eq(raise(SIGPIPE), 0);
    room_prepare("exec <&-");
    room.errand.input = input;
    room.errand.input_length = sizeof input;
    room_begin();
    room_await();
    room_check_end(0, "");
    ck_assert_int_eq(sigtimedwait(&set, NULL, &at_once), SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
END_TEST

START_TEST(a_full_disk_is_said)
{
    room.errand.out_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (room.errand.out_fd < 0) {
        fprintf(stderr, "# skipped: no /dev/full\n");
        return;
    }
    int full = room.errand.out_fd;
    room_prepare("while :; do echo x; done");
    room.errand.out_fd = full;
    room_begin();
    room_await();
    room_check_end(PAUSEMON_ERR_IO, "cannot write its output: ended: No space left on device");
    ck_assert_uint_eq(room.errand.bytes, 0);
    close(full);
}
END_TEST

START_TEST(a_host_that_ignores_its_children)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGCHLD, &ignore, &before);
    room_prepare("echo bye; exit 3");
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "its exit status was taken by the program around us");
    room_check_output("bye\n");
    /* it waits, or it may be gone before we hold it */
    room_prepare("sleep 1000 & echo $! >$1; cat; exit 0");
    room.errand.input = "go";
    room.errand.input_length = 2;
    room_begin();
    room_await();
    room_check_dead();
    room_prepare("sleep 1000");
    room_begin();
    room_limit_is_over();
    room_await();
    room_check_end(PAUSEMON_ERR_LIMIT, "took longer than 60 s: ended");
    sigaction(SIGCHLD, &before, NULL);
}
END_TEST

START_TEST(a_host_that_reaps_everything)
{
    room_prepare("echo $$ >$1; echo bye; exit 3");
    room_keep_output();
    room_begin();
    ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
    room_await();
    room_check_end(0, "its exit status was taken by the program around us");
    room_check_output("bye\n");
}
END_TEST

START_TEST(ended_by_us)
{
    room_prepare("sleep 1000 & echo $! >$1.new; mv $1.new $1; wait");
    room_begin();
    room_await_made();
    pm_errand_end(&room.errand, "the daemon ends");
    room_check_end(PAUSEMON_ERR_LIMIT, "the daemon ends");
    ck_assert(!room.errand.is_running);
    room_check_dead();
    pm_errand_end(&room.errand, "again");
    room_check_end(PAUSEMON_ERR_LIMIT, "the daemon ends");
}
END_TEST

/* They go on side by side: each waits for the file of the one before it. */
START_TEST(many_at_once)
{
    enum { MANY = 10 };
    struct pm_errand errands[MANY];
    char numbers[MANY][4];
    const char *argv[MANY][4];

    room_prepare("while [ ! -e $1.$2 ]; do sleep 0.01; done; rm $1.$2; : >$1.$(($2 + 1))");
    for (int i = 0; i < MANY; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d", MANY - 1 - i);
        argv[i][0] = room.script;
        argv[i][1] = room.made;
        argv[i][2] = numbers[i];
        argv[i][3] = NULL;
        errands[i] = room.errand;
        errands[i].argv = argv[i];
        ck_assert_int_eq(pm_errand_start(&errands[i], &room.host), 0);
    }
    char path[80];
    snprintf(path, sizeof path, "%s.0", room.made);
    room_write(path, "", 0600);
    while (pm_errand_wait(errands, MANY, 1000) > 0)
        ;
    for (int i = 0; i < MANY; i++)
        ck_assert_msg(errands[i].status == 0, "%s", errands[i].why);
    snprintf(path, sizeof path, "%s.%d", room.made, MANY);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(nothing_is_inherited)
{
    int secret = open("/dev/null", O_RDONLY); /* without CLOEXEC */

    room_prepare("ls /proc/self/fd | sort -n | head -3 | tr '\\n' ' '; ls /proc/self/fd | wc -l");
    room_keep_output();
    room_begin();
    room_await();
    room_check_output("0 1 2 4\n"); /* the fourth is ls's own directory */
    close(secret);
}
END_TEST

/* What the kernel says of the end of memory: a host that is spared does not spare others. */
START_TEST(nobody_else_is_spared_when_memory_ends)
{
    int own = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    bool may = own >= 0 && write(own, "-7", 2) == 2;

    if (may) {
        room_prepare("while [ ! -e $1 ]; do :; done; cat /proc/self/oom_score_adj");
        room_keep_output();
        room_begin();
        room_write(room.made, "", 0600);
        room_await();
        room_check_output("0\n");
        ck_assert_int_eq(pwrite(own, "0", 1, 0), 1);
    } else {
        printf("# skipped: oom_score_adj may not be lowered here\n");
    }
    if (own >= 0)
        close(own);
}
END_TEST

START_TEST(every_allocation_fails)
{
    room_prepare("exit 0");
    room.harness.fail_at = 1;
    ck_assert_int_eq(pm_errand_start(&room.errand, &room.host), PAUSEMON_ERR_NOMEM);
    ck_assert(!room.errand.is_running);
    ck_assert_int_eq(pm_errand_start(&room.errand, &room.host), 0);
    ck_assert_int_eq(room.harness.allocations, 1);
    room_await();
    room_check_end(0, "");
}
END_TEST

START_TEST(no_descriptors_left)
{
    struct rlimit before, few;
    int first = dup(0);

    close(first);
    room_prepare("exit 0");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t left = 0; left < 6; left++) { /* what it needs, one by one */
        few = before;
        few.rlim_cur = (rlim_t)first + left;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        int status = pm_errand_start(&room.errand, &room.host);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_int_eq(status, PAUSEMON_ERR_IO);
        ck_assert_ptr_nonnull(strstr(room.errand.why, "Too many open files"));
    }
}
END_TEST

START_TEST(clean_output)
{
    room_prepare(
        "printf 'a\\000b\\tc\\n\\033[31md\\r\\n'; printf '\\303'; sleep 0.05; printf '\\251\\n'\n"
        "printf '\\377x\\302\\233\\342\\202\\254\\n'; printf '\\342\\202'");
    room.errand.clean = true;
    room_keep_output();
    room_begin();
    room_await();
    room_check_end(0, "");
    room_check_output("a b\tc\n?[31md?\n\xc3\xa9\n?x?\xe2\x82\xac\n??");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("errand");
    TCase *tcase = tcase_create("errand");

    tcase_add_checked_fixture(tcase, room_enter, room_leave);
    tcase_add_test(tcase, output_is_kept);
    tcase_add_test(tcase, output_is_thrown_away);
    tcase_add_test(tcase, failures_say_how);
    tcase_add_test(tcase, a_program_that_is_not_there);
    tcase_add_test(tcase, a_file_that_is_no_program);
    tcase_add_test(tcase, one_that_hangs_is_killed);
    tcase_add_test(tcase, one_that_stops_itself_is_killed);
    tcase_add_test(tcase, a_grandchild_holds_its_output);
    tcase_add_test(tcase, a_grandchild_that_left_the_group);
    tcase_add_test(tcase, a_flood_is_cut_off);
    tcase_add_test(tcase, as_much_as_it_may);
    tcase_add_test(tcase, a_flood_of_complaints);
    tcase_add_test(tcase, one_that_closes_its_output_runs_on);
    tcase_add_test(tcase, complaints_after_its_output_are_heard);
    tcase_add_test(tcase, its_input);
    tcase_add_test(tcase, no_input_is_empty);
    tcase_add_test(tcase, one_that_does_not_read);
    tcase_add_test(tcase, a_sigpipe_of_before_stays);
    tcase_add_test(tcase, a_full_disk_is_said);
    tcase_add_test(tcase, a_host_that_ignores_its_children);
    tcase_add_test(tcase, a_host_that_reaps_everything);
    tcase_add_test(tcase, ended_by_us);
    tcase_add_test(tcase, many_at_once);
    tcase_add_test(tcase, nothing_is_inherited);
    tcase_add_test(tcase, nobody_else_is_spared_when_memory_ends);
    tcase_add_test(tcase, every_allocation_fails);
    tcase_add_test(tcase, no_descriptors_left);
    tcase_add_test(tcase, clean_output);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
