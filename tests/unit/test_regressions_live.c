/* SPDX-License-Identifier: MIT */
/* Defects that were found by reading and mended, each beside the test that failed: the live `top`
 * source. Each test writes the top that it needs, a small script in a directory of its own
 * (its working directory meanwhile); where the script has to wait for the test, it reads a pipe.
 * The clock is the true one, and can be put forward. */
#include "top_looks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum { WIDE_MS = 10000 };

struct live {
    struct looks looks;
    char directory[40];
    char program[64];
    int64_t ahead_ns; /* of the true clock */
    int fd;
    int go, done; /* pipes, both ends: what is in them waits for whoever reads */
};

static int64_t true_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static void ahead_now(void *user, struct pausemon_instant *now)
{
    const struct live *live = user;

    now->monotonic_ns = true_ns(CLOCK_MONOTONIC) + live->ahead_ns;
    now->boottime_ns = now->monotonic_ns;
    now->realtime_ns = true_ns(CLOCK_REALTIME) + live->ahead_ns;
    now->utc_offset_s = 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static int open_pipe(const char *name)
{
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* The directory, with the pipes "go" and "done", and the script. */
static void live_write(struct live *live, const char *script)
{
    memset(live, 0, sizeof *live);
    strcpy(live->directory, "/tmp/regressions_live.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(live->directory));
    ck_assert_int_eq(chdir(live->directory), 0);
    snprintf(live->program, sizeof live->program, "%s/top", live->directory);
    live->go = open_pipe("go");
    live->done = open_pipe("done");
    write_text("starts", "");
    write_text("pids", "");
    write_text("top", "#!/bin/bash\necho \"$*\" >>starts\n");
    FILE *file = fopen("top", "a");
    ck_assert_ptr_nonnull(file);
    fputs(script, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod("top", 0700), 0);
}

/* PAUSEMON_TOP says what to start. */
static void live_start(struct live *live)
{
    harness_init(&live->looks.harness);
    live->looks.harness.host =
        (struct pausemon_host){sizeof(struct pausemon_host), live, NULL, NULL, ahead_now};
    looks_open_with_harness(&live->looks, "top");
    live->fd = pausemon_collector_get_fd(live->looks.collector);
    ck_assert_int_ge(live->fd, 0);
}

static void live_open(struct live *live, const char *script)
{
    live_write(live, script);
    ck_assert_int_eq(setenv("PAUSEMON_TOP", live->program, 1), 0);
    live_start(live);
}

static void live_close(struct live *live)
{
    static const char *const names[] = {"go", "done", "starts", "pids", "top", "1", "2", "3", "4"};

    looks_close(&live->looks);
    ck_assert_int_eq(close(live->go) + close(live->done), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(live->directory), 0);
}

/* How often it was started with arguments that hold this text. */
static int count_starts(const char *argument)
{
    char *text = read_file("starts", NULL);
    int count = 0;

    for (const char *at = text; (at = strstr(at, argument)); at++)
        count++;
    free(text);
    return count;
}

/* Collects until there is a look or a failure; waits as an event loop does. */
static int live_wait(struct live *live)
{
    int64_t limit = true_ns(CLOCK_MONOTONIC) + WIDE_MS * INT64_C(1000000);

    while (looks_try(&live->looks) == PAUSEMON_ERR_BUSY) {
        struct pollfd wait = {.fd = live->fd, .events = POLLIN};
        int timeout = pausemon_collector_get_timeout(live->looks.collector);
        ck_assert_int_ge(poll(&wait, 1, timeout < 10 ? 10 : timeout), 0);
        ck_assert_msg(true_ns(CLOCK_MONOTONIC) < limit, "nothing came");
    }
    return live->looks.status;
}

static void live_look(struct live *live)
{
    ck_assert_msg(live_wait(live) == 0, "no look: %s", live->looks.error.text);
}

/* Lets the script go on, if not now then when it comes to it. */
static void let_go(const struct live *live)
{
    ck_assert_int_eq(write(live->go, "\n", 1), 1);
}

/* Until the script says that it has written all. */
static void hear_done(const struct live *live)
{
    struct pollfd wait = {.fd = live->done, .events = POLLIN};
    char byte;

    ck_assert_int_eq(poll(&wait, 1, WIDE_MS), 1);
    ck_assert_int_eq(read(live->done, &byte, 1), 1);
}

/* In a script: until let_go; bounded, for a test that dies. */
#define WAIT "read -t 60 x <>go"

#define HEADER "PID COMMAND  %CPU    STATE    MEM  CMPRS #TH CSW   SYSBSD PAGEINS\n"
#define FIRST "1   launchd  0.0     sleeping 512M 0B    4   10    10     10     \n"
#define WORKER(cpu, csw) "77  worker   " cpu " running  512M 0B    4   " csw " 10     10     \n"
#define LAST "99  leaver   0.0     sleeping 512M 0B    4   10    10     10     \n"
#define TOTAL(count) "Processes: " count " total, 1 running, 3 sleeping, 9 threads \n\n"

START_TEST(a_forked_child_that_frees_takes_nothing_from_its_parent)
{
    struct live live;
    int status = 0;

    live_open(&live, "echo $$ >pids; while cat 1 && " WAIT "; do :; done\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    live_look(&live);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        alarm(WIDE_MS / 1000);
        pausemon_collector_free(live.looks.collector);
        pausemon_source_free(live.looks.source);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    for (int i = 0; i < 3; i++) {
        struct pollfd wait = {.fd = live.fd, .events = POLLIN};
        while (looks_try(&live.looks) == 0)
            continue;
        ck_assert_int_eq(live.looks.status, PAUSEMON_ERR_BUSY);
        let_go(&live);
        ck_assert_msg(poll(&wait, 1, WIDE_MS) == 1, "the descriptor stayed silent");
        live_look(&live);
        ck_assert_uint_eq(live.looks.info->process_count, 2);
    }
    /* the same top all the time */
    ck_assert_int_eq(count_starts("-l"), 1);
    char *pid = read_file("pids", NULL);
    ck_assert_int_gt(atoi(pid), 1);
    ck_assert_int_eq(kill(atoi(pid), 0), 0);
    free(pid);
    live_close(&live);
}
END_TEST

START_TEST(of_several_samples_that_wait_only_the_newest_counts)
{
    struct live live;

    live_open(&live, "cat 1; " WAIT "; cat 2 3 4; echo >done; exec sleep 60\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    write_text("2", TOTAL("2") HEADER FIRST WORKER("20.0   ", "6000 "));
    write_text("3", TOTAL("2") HEADER FIRST WORKER("30.0   ", "11000"));
    write_text("4", TOTAL("2") HEADER FIRST WORKER("40.0   ", "16000"));
    live_look(&live);
    let_go(&live);
    hear_done(&live);
    live.ahead_ns += 3 * SECOND; /* the program around us stood still */
    live_look(&live);
    const struct pausemon_process *worker = looks_need(&live.looks, 77);
    ck_assert_uint_eq(worker->cpu, 400);
    ck_assert_uint_ge(worker->elapsed_ns, 3 * SECOND);
    ck_assert_uint_ne(worker->have & PAUSEMON_HAVE_CSW, 0);
    ck_assert_uint_eq(worker->csw, 15000 * (uint64_t)SECOND / worker->elapsed_ns);
    ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY); /* there are no others */
    live_close(&live);
}
END_TEST

START_TEST(a_row_that_cannot_be_read_keeps_nobody_alive)
{
    struct live live;

    /* a name that is wider than its column moves the others */
#define MISALIGNED "50  a name that is too wide 0.0 sleeping 1M 0B 4 10 10 10\n"
    live_open(&live, "cat 1; " WAIT "; cat 2; " WAIT "; cat 2; exec sleep 60\n");
    write_text("1", TOTAL("4") HEADER FIRST MISALIGNED WORKER("0.0    ", "1000 ") LAST);
    write_text("2", TOTAL("3") HEADER FIRST MISALIGNED WORKER("1.0    ", "6000 "));
    live_look(&live);
    ck_assert_uint_eq(live.looks.info->process_count, 3);
    ck_assert_uint_eq(live.looks.info->unreadable, 1);
    looks_need(&live.looks, 99);
    for (int i = 0; i < 2; i++) {
        let_go(&live);
        live_look(&live);
        ck_assert_ptr_null(looks_find(&live.looks, 99));
        ck_assert_uint_eq(live.looks.info->process_count, 2);
        ck_assert_uint_eq(live.looks.info->deaths, i == 0);
        ck_assert_uint_eq(live.looks.info->unreadable, 1);
    }
    live_close(&live);
}
END_TEST

START_TEST(a_top_that_ends_is_noticed_though_its_output_is_held)
{
    struct live live;

    /* what it leaves behind inherits stdout; it is bounded, and ended below */
    live_open(&live, "sleep 30 &\necho $! >>pids; cat 1; exit 3\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    live_look(&live);
    ck_assert_int_eq(live_wait(&live), PAUSEMON_ERR_IO);
    ck_assert_ptr_nonnull(strstr(live.looks.error.text, "exit status 3"));
    ck_assert_ptr_nonnull(strstr(live.looks.error.text, "restart"));
    live.ahead_ns += 2 * SECOND; /* the back-off is over */
    live_look(&live);
    ck_assert_int_eq(count_starts("-l 0"), 2);
    char *pids = read_file("pids", NULL);
    char *at = pids;
    int ended = 0;
    for (long pid; (pid = strtol(at, &at, 10)) > 1; ended++)
        kill((pid_t)pid, SIGKILL);
    ck_assert_int_eq(ended, 2);
    free(pids);
    live_close(&live);
}
END_TEST

START_TEST(a_top_that_did_not_go_on_once_is_tried_again)
{
    struct live live;

    /* as when the machine had no memory for it just then */
    live_open(&live,
              "case $* in\n"
              "*'-l 0'*) [ -s pids ] || { echo once >pids; exit 1; }; cat 1; exec sleep 60;;\n"
              "*) cat 1 2;;\n"
              "esac\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    write_text("2", TOTAL("2") HEADER FIRST WORKER("1.0    ", "2000 "));
    live_look(&live);
    ck_assert_int_eq(count_starts("-l 0"), 1);
    ck_assert_int_ge(count_starts("-l 2"), 1);
    live.ahead_ns += 61 * SECOND;
    for (int i = 0; i < 5 && count_starts("-l 0") < 2; i++)
        live_look(&live);
    ck_assert_int_eq(count_starts("-l 0"), 2);
    /* and that one is stayed with */
    int before = count_starts("-l 2");
    looks_try(&live.looks);
    ck_assert_int_eq(count_starts("-l 2"), before);
    ck_assert_int_eq(count_starts("-l 0"), 2);
    live_close(&live);
}
END_TEST

START_TEST(more_cpu_than_there_is_is_unknown)
{
    struct live live;
    char most[16], more[16], text[1024];
    long cpus = sysconf(_SC_NPROCESSORS_CONF);

    snprintf(most, sizeof most, "%ld.0", cpus * 100);
    snprintf(more, sizeof more, "%ld.1", cpus * 100);
    int used = snprintf(text, sizeof text, "%s", TOTAL("3") HEADER FIRST);
    snprintf(text + used, sizeof text - (size_t)used,
             "77  worker   %-7s running  512M 0B    4   6000  10     10     \n"
             "99  leaver   %-7s running  512M 0B    4   6000  10     10     \n",
             more, most);
    live_open(&live, "cat 1; " WAIT "; cat 2; exec sleep 60\n");
    write_text("1", TOTAL("3") HEADER FIRST WORKER("0.0    ", "1000 ") LAST);
    write_text("2", text);
    live_look(&live);
    let_go(&live);
    live_look(&live);
    ck_assert_uint_eq(live.looks.info->unreadable, 0);
    const struct pausemon_process *process = looks_need(&live.looks, 77);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CPU, 0);
    ck_assert_uint_eq(process->cpu, 0);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_CSW, 0);
    process = looks_need(&live.looks, 99);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_CPU, 0);
    ck_assert_uint_eq(process->cpu, (uint64_t)cpus * 1000);
    live_close(&live);
}
END_TEST

START_TEST(what_top_is_was_said_when_it_was_opened)
{
    struct live live;
    char variable[128];

    live_write(&live, "cat 1; exec sleep 60\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    /* the environment holds this very array: it may change under whoever kept a pointer */
    snprintf(variable, sizeof variable, "PAUSEMON_TOP=%s", live.program);
    ck_assert_int_eq(putenv(variable), 0);
    live_start(&live);
    strcpy(variable, "PAUSEMON_TOP=/nonexistent/top");
    ck_assert_int_eq(unsetenv("PAUSEMON_TOP"), 0);
    memset(variable, 'x', sizeof variable - 1);
    live_look(&live);
    ck_assert_uint_eq(live.looks.info->process_count, 2);
    ck_assert_int_eq(count_starts("-l 0"), 1);
    live_close(&live);
}
END_TEST

#define DATED(time) "Processes: 1 total, 1 running, 4 threads \n2026/01/23 " time "\n\n"

/* While the reader is away top waits with a full pipe; what it hands over then is old. */
START_TEST(a_sample_from_before_a_stall_gives_no_rates_over_the_stall)
{
    struct live live;

    live_open(&live, "cat 1; for i in 2 3 4; do " WAIT "; cat $i; echo >done; done; " WAIT "\n");
    write_text("1", DATED("12:00:00") HEADER WORKER("0.0    ", "1000 "));
    write_text("2", DATED("12:00:01") HEADER WORKER("20.0   ", "2000 "));
    write_text("3", DATED("12:00:11") HEADER WORKER("20.0   ", "12000"));
    write_text("4", DATED("12:00:12") HEADER WORKER("20.0   ", "13000"));
    live_look(&live);
    for (int i = 2; i <= 4; i++) {
        live.ahead_ns += i == 2 ? 10 * SECOND : SECOND;
        let_go(&live);
        hear_done(&live);
        live_look(&live);
        const struct pausemon_process *worker = looks_need(&live.looks, 77);
        ck_assert_uint_eq(worker->cpu, 200); /* top's own rate */
        ck_assert_uint_eq(worker->have & PAUSEMON_HAVE_CSW, i == 4 ? PAUSEMON_HAVE_CSW : 0);
        if (i == 4)
            ck_assert_uint_le(worker->csw, 1000);
    }
    live_close(&live);
}
END_TEST

START_TEST(a_clock_that_goes_back_does_not_keep_the_descriptor_awake)
{
    struct live live;

    live_open(&live, "cat 1; exit 3\n");
    write_text("1", TOTAL("2") HEADER FIRST WORKER("0.0    ", "1000 "));
    live_look(&live);
    ck_assert_int_eq(live_wait(&live), PAUSEMON_ERR_IO); /* it rests before it starts again */
    live.ahead_ns -= 3600 * SECOND;
    struct pollfd wait = {.fd = live.fd, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, WIDE_MS), 1); /* the timer of this machine */
    ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY);
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    live_close(&live);
}
END_TEST

START_TEST(one_shots_come_no_faster_than_looks_are_taken)
{
    struct live live;

    live_open(&live, "case $* in *'-l 0'*) exit 1 ;; esac; cat 1 2\n");
    write_text("1", DATED("12:00:00") HEADER WORKER("0.0    ", "1000 "));
    write_text("2", DATED("12:00:01") HEADER WORKER("20.0   ", "2000 "));
    live_look(&live);
    while (looks_try(&live.looks) == 0) /* to the end of this one */
        continue;
    struct pollfd wait = {.fd = live.fd, .events = POLLIN};
    while (poll(&wait, 1, 300) == 1 && count_starts("-l 2") == 1)
        looks_try(&live.looks);
    ck_assert_int_eq(poll(&wait, 1, 300), 0); /* nothing starts by itself */
    ck_assert_int_eq(count_starts("-l 2"), 1);
    live_close(&live);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions: live top");
    TCase *tests = tcase_create("children");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_forked_child_that_frees_takes_nothing_from_its_parent);
    tcase_add_test(tests, of_several_samples_that_wait_only_the_newest_counts);
    tcase_add_test(tests, a_row_that_cannot_be_read_keeps_nobody_alive);
    tcase_add_test(tests, a_top_that_ends_is_noticed_though_its_output_is_held);
    tcase_add_test(tests, a_top_that_did_not_go_on_once_is_tried_again);
    tcase_add_test(tests, more_cpu_than_there_is_is_unknown);
    tcase_add_test(tests, what_top_is_was_said_when_it_was_opened);
    tcase_add_test(tests, a_sample_from_before_a_stall_gives_no_rates_over_the_stall);
    tcase_add_test(tests, a_clock_that_goes_back_does_not_keep_the_descriptor_awake);
    tcase_add_test(tests, one_shots_come_no_faster_than_looks_are_taken);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
