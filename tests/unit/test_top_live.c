/* SPDX-License-Identifier: MIT */
/* The live `top` source: one long-lived child, played by tools/top-standin. Waits are for the
 * descriptor, and wide: under load everything is late. */
#include "top_looks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WIDE_MS = 20000, STANDIN_PROCESSES = 4 };

struct live {
    struct looks looks;
    char directory[32]; /* holds what the stand-in writes down */
    char log[64];
    char once[64];
    int fds; /* open before the source was */
    int fd;
};

/* How a stand-in was started. */
struct start {
    long long at_ms;
    int pid;
    char line[512];
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_or_unset(const char *name, const char *value)
{
    ck_assert_int_eq(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

/* Opens "top" with a stand-in; `period` in seconds, NULL: what the library asks for. */
static void live_open(struct live *live, const char *mode, const char *period)
{
    memset(live, 0, sizeof *live);
    strcpy(live->directory, "/tmp/test_top_live.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(live->directory));
    snprintf(live->log, sizeof live->log, "%s/log", live->directory);
    snprintf(live->once, sizeof live->once, "%s/once", live->directory);
    set_or_unset("PAUSEMON_TOP", test_path("tools/top-standin"));
    set_or_unset("STANDIN_MODE", mode);
    set_or_unset("STANDIN_PERIOD", period);
    set_or_unset("STANDIN_LOG", live->log);
    /* the modes that die do so once, so that the restart can be seen to work */
    bool dies = strcmp(mode, "die") == 0 || strcmp(mode, "truncate") == 0;
    set_or_unset("STANDIN_ONCE", dies ? live->once : NULL);
    live->fds = count_fds();
    harness_init(&live->looks.harness);
    live->looks.harness.host.now = NULL; /* real time: a child knows no other */
    looks_open_with_harness(&live->looks, "top");
    live->fd = pausemon_collector_get_fd(live->looks.collector);
    ck_assert_int_ge(live->fd, 0);
}

/* Reads start number `index` from the log; false while there is none. */
static bool live_start(const struct live *live, int index, struct start *start)
{
    FILE *file = fopen(live->log, "r");
    bool found = false;

    if (!file)
        return false;
    for (int i = 0; i <= index && !found; i++) {
        if (!fgets(start->line, sizeof start->line, file))
            break;
        found = i == index && strchr(start->line, '\n') != NULL &&
                sscanf(start->line, "%lld %d", &start->at_ms, &start->pid) == 2;
    }
    fclose(file);
    return found;
}

/* Frees the source: nothing of it may stay, no memory, no descriptor, no child. */
static void live_close(struct live *live)
{
    struct start start;

    looks_close(&live->looks);
    ck_assert_int_eq(count_fds(), live->fds);
    errno = 0;
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    for (int i = 0; live_start(live, i, &start); i++)
        ck_assert_msg(kill(start.pid, 0) == -1 && errno == ESRCH, "%d is left", start.pid);
    unlink(live->log);
    unlink(live->once);
    ck_assert_int_eq(rmdir(live->directory), 0);
}

/* Collects until there is a look or a failure. `fd_alone`: only the descriptor is followed, as by
 * an event loop that has no timers. */
static int live_wait(struct live *live, bool fd_alone)
{
    int64_t limit = now_ms() + WIDE_MS;

    while (looks_try(&live->looks) == PAUSEMON_ERR_BUSY) {
        int timeout = pausemon_collector_get_timeout(live->looks.collector);
        struct pollfd wait = {.fd = live->fd, .events = POLLIN};

        ck_assert_int_ge(timeout, -1);
        if (fd_alone || timeout < 0 || timeout > WIDE_MS)
            timeout = WIDE_MS;
        int ready = poll(&wait, 1, timeout < 10 ? 10 : timeout);
        ck_assert_int_ge(ready, 0);
        ck_assert_msg(!fd_alone || ready == 1, "the descriptor stayed silent");
        ck_assert_msg(now_ms() < limit, "nothing came");
    }
    ck_assert_int_eq(pausemon_collector_get_fd(live->looks.collector), live->fd);
    return live->looks.status;
}

static void live_look(struct live *live, bool fd_alone)
{
    int status = live_wait(live, fd_alone);

    ck_assert_msg(status == 0, "no look: %d %s", status, live->looks.error.text);
}

/* Every process is one of the stand-in's, with its name and size: never a part of a row. */
static void check_known(const struct live *live)
{
    static const struct {
        int64_t pid;
        const char *command;
        uint64_t mem;
    } known[STANDIN_PROCESSES] = {
        {0, "kernel_task", 270 << 20},
        {1, "launchd", 8192 << 10},
        {77, "compressor", 512 << 20},
        {123456, "Pixel Tool (Rend", 700 << 20},
    };
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_collector_get_process(live->looks.collector, i)); i++) {
        size_t k = 0;
        while (k < STANDIN_PROCESSES && known[k].pid != process->pid)
            k++;
        ck_assert_msg(k < STANDIN_PROCESSES, "pid %d was never there", (int)process->pid);
        ck_assert_str_eq(process->command, known[k].command);
        ck_assert_uint_eq(process->mem, known[k].mem);
    }
}

static void check_whole(const struct live *live)
{
    ck_assert_uint_eq(live->looks.info->process_count, STANDIN_PROCESSES);
    ck_assert_uint_eq(live->looks.info->unreadable, 0);
    check_known(live);
}

/* Pid 77 makes 5000 switches and 700 calls from sample to sample: so many times that, over the
 * time that passed, for a whole number of samples. */
static void check_rates(const struct live *live)
{
    const struct pausemon_process *process = looks_need(&live->looks, 77);
    const uint64_t second = 1000000000;
    uint64_t samples = 1;

    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_CPU, 0);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_CSW, 0);
    ck_assert_uint_ne(process->have & PAUSEMON_HAVE_SYSBSD, 0);
    ck_assert_uint_eq(process->cpu, 995);
    ck_assert_uint_gt(process->elapsed_ns, 0);
    while (samples < 1000 && samples * 5000 * second / process->elapsed_ns < process->csw)
        samples++;
    ck_assert_uint_eq(process->csw, samples * 5000 * second / process->elapsed_ns);
    ck_assert_uint_eq(process->sysbsd, samples * 700 * second / process->elapsed_ns);
    /* the kernel's counter of pid 0 is full */
    ck_assert_uint_eq(looks_need(&live->looks, 0)->have & PAUSEMON_HAVE_CSW, 0);
}

/* Goes on, over failures too, until a look has rates. Returns how many failures there were. */
static int live_until_rated(struct live *live)
{
    int64_t limit = now_ms() + WIDE_MS;
    int failures = 0;

    while (live_wait(live, false) != 0 || live->looks.info->rated_count == 0) {
        failures += live->looks.status != 0;
        ck_assert_msg(now_ms() < limit, "no rates came; %s", live->looks.error.text);
    }
    return failures;
}

/* Goes on until the source says that its child is no more. */
static void live_until_dead(struct live *live)
{
    int looks = 0;

    while (live_wait(live, false) == 0) {
        ck_assert_int_lt(++looks, 10);
        check_known(live);
    }
    ck_assert_int_eq(live->looks.status, PAUSEMON_ERR_IO);
    ck_assert_msg(strstr(live->looks.error.text, "top") != NULL, "%s", live->looks.error.text);
    ck_assert_msg(strstr(live->looks.error.text, "restart") != NULL, "%s", live->looks.error.text);
}

START_TEST(a_look_comes_each_second_and_has_rates)
{
    struct live live;

    live_open(&live, "true-pace", NULL);
    /* the stand-in cannot have begun yet */
    ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY);
    live_look(&live, true);
    check_whole(&live);
    ck_assert_uint_eq(live.looks.info->rated_count, 0);
    ck_assert_uint_eq(live.looks.info->elapsed_ns, 0);
    live_look(&live, true);
    check_whole(&live);
    ck_assert_uint_eq(live.looks.info->rated_count, STANDIN_PROCESSES);
    check_rates(&live);
    live_close(&live);
}
END_TEST

START_TEST(top_is_asked_for_what_is_needed)
{
    static const char *const columns[] = {"pid",   "command", "cpu", "state",  "mem",
                                          "cmprs", "th",      "csw", "sysbsd", "pageins"};
    struct live live;
    struct start start;

    live_open(&live, "true-pace", "0.1");
    live_look(&live, false);
    ck_assert(live_start(&live, 0, &start));
    ck_assert_ptr_nonnull(strstr(start.line, " C ")); /* LC_ALL */
    ck_assert_ptr_nonnull(strstr(start.line, "-l 0"));
    ck_assert_ptr_nonnull(strstr(start.line, "-s 1"));
    ck_assert_ptr_null(strstr(start.line, "-c d"));
    const char *stats = strstr(start.line, "-stats ");
    ck_assert_ptr_nonnull(stats);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        ck_assert_msg(strstr(stats, columns[i]) != NULL, "no %s in %s", columns[i], stats);
    ck_assert(!live_start(&live, 1, &start));
    live_close(&live);
}
END_TEST

START_TEST(a_sample_in_pieces_is_one_look)
{
    struct live live;

    live_open(&live, "slow", "0.1");
    live_look(&live, true);
    check_whole(&live);
    live_look(&live, true);
    check_whole(&live);
    check_rates(&live);
    live_close(&live);
}
END_TEST

START_TEST(nothing_is_ready_between_looks)
{
    struct live live;

    live_open(&live, "hang", NULL);
    ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY);
    /* free must find it in the middle of its work, not before it began */
    struct start start;
    int64_t limit = now_ms() + WIDE_MS;
    while (!live_start(&live, 0, &start)) {
        struct pollfd wait = {.fd = live.fd, .events = POLLIN};
        ck_assert_int_lt(now_ms(), limit);
        ck_assert_int_ge(poll(&wait, 1, 10), 0);
        ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY);
    }
    ck_assert_int_eq(kill(start.pid, 0), 0);
    live_close(&live);
}
END_TEST

/* A child that dies, an error that says so, a second child after the back-off. */
static void check_restart(const char *told)
{
    struct live live;
    struct start first;
    struct start second;

    live_open(&live, "die", "0.1");
    live_until_dead(&live);
    ck_assert_msg(strstr(live.looks.error.text, told) != NULL, "%s", live.looks.error.text);
    /* told once, then there is just nothing yet */
    ck_assert_int_eq(live_until_rated(&live), 0);
    check_whole(&live);
    /* that may be the second child's first sample, whose %CPU says nothing */
    live_look(&live, false);
    check_whole(&live);
    check_rates(&live);
    ck_assert(live_start(&live, 0, &first));
    ck_assert(live_start(&live, 1, &second));
    /* 1 s of back-off, but for rounding */
    ck_assert_int_ge(second.at_ms - first.at_ms, 990);
    live_close(&live);
}

START_TEST(a_child_that_dies_is_told_of_and_restarted)
{
    check_restart("exit");
}
END_TEST

START_TEST(a_host_may_ignore_sigchld)
{
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);

    /* how it ended nobody can know then */
    check_restart("top");
    /* and nobody changed it meanwhile */
    ck_assert(signal(SIGCHLD, before) == SIG_IGN);
}
END_TEST

START_TEST(a_host_may_reap_all_children)
{
    struct live live;

    live_open(&live, "die", "0.1");
    looks_try(&live.looks);
    /* the stand-in ends by itself; ECHILD: the library was faster */
    ck_assert(waitpid(-1, NULL, 0) > 0 || errno == ECHILD);
    if (live.looks.status != PAUSEMON_ERR_IO)
        live_until_dead(&live);
    live_close(&live);
}
END_TEST

START_TEST(a_row_cut_by_death_is_never_shown)
{
    struct live live;

    live_open(&live, "truncate", "0.1");
    live_until_dead(&live);
    live_close(&live);
}
END_TEST

START_TEST(a_top_that_refuses_to_go_on_is_asked_for_two_samples)
{
    struct live live;
    struct start start;
    bool asked = false;

    live_open(&live, "usage", "0.1");
    live_until_rated(&live);
    check_whole(&live);
    for (int i = 0; live_start(&live, i, &start); i++)
        asked = asked || strstr(start.line, "-l 2") != NULL;
    ck_assert_msg(asked, "-l 2 was never tried");
    live_close(&live);
}
END_TEST

START_TEST(garbage_is_an_error_and_no_look)
{
    struct live live;

    live_open(&live, "garbage", NULL);
    int status = live_wait(&live, false);
    ck_assert_msg(status == PAUSEMON_ERR_FORMAT || status == PAUSEMON_ERR_IO, "%d", status);
    ck_assert_ptr_nonnull(strstr(live.looks.error.text, "top"));
    live_close(&live);
}
END_TEST

START_TEST(a_recorded_text_can_be_played_live)
{
    struct live live;

    setenv("STANDIN_FILE", test_path("golden/top/04-widths-grow.txt"), 1);
    live_open(&live, "true-pace", "0.1");
    live_look(&live, false);
    ck_assert_uint_eq(live.looks.info->process_count, 2);
    live_look(&live, false);
    ck_assert_uint_eq(live.looks.info->process_count, 3);
    ck_assert_uint_eq(looks_need(&live.looks, 77)->cpu, 995);
    ck_assert_uint_gt(looks_need(&live.looks, 77)->csw, 0);
    ck_assert_uint_eq(looks_need(&live.looks, 123456)->threads, 101);
    live_close(&live);
    unsetenv("STANDIN_FILE");
}
END_TEST

START_TEST(opened_and_freed_at_once_leaves_nothing)
{
    struct live live;

    for (int i = 0; i < 10; i++) {
        live_open(&live, "true-pace", NULL);
        if (i % 2)
            ck_assert_int_eq(looks_try(&live.looks), PAUSEMON_ERR_BUSY);
        live_close(&live);
    }
}
END_TEST

START_TEST(without_a_mac_top_is_unsupported)
{
#ifdef __linux__
    struct harness harness;
    struct pausemon_error error = {0};
    struct pausemon_source *source = (struct pausemon_source *)&harness;
    int before = count_fds();

    unsetenv("PAUSEMON_TOP");
    harness_init(&harness);
    ck_assert_int_eq(pausemon_source_open(&source, "top", &harness.host, &error),
                     PAUSEMON_ERR_UNSUPPORTED);
    ck_assert_int_eq(error.status, PAUSEMON_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "macOS"));
    ck_assert_ptr_null(source);
    ck_assert_int_eq(harness.live, 0);
    ck_assert_int_eq(count_fds(), before);
#endif
}
END_TEST

/* Said when it is opened, or at the first look: both are early enough. */
START_TEST(a_top_that_is_not_there_is_named)
{
    struct looks looks;

    set_or_unset("PAUSEMON_TOP", "/nonexistent/top");
    harness_init(&looks.harness);
    int status = pausemon_source_open(&looks.source, "top", &looks.harness.host, &looks.error);
    if (status == 0) {
        looks_collect_from(&looks);
        status = looks_try(&looks);
        looks_close(&looks);
    }
    ck_assert_int_lt(status, 0);
    ck_assert_int_ne(status, PAUSEMON_ERR_BUSY);
    ck_assert_msg(strstr(looks.error.text, "/nonexistent/top") != NULL, "%s", looks.error.text);
    ck_assert_int_eq(looks.harness.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top live");
    TCase *tests = tcase_create("children");

    tcase_set_timeout(tests, 90);
    tcase_add_test(tests, a_look_comes_each_second_and_has_rates);
    tcase_add_test(tests, top_is_asked_for_what_is_needed);
    tcase_add_test(tests, a_sample_in_pieces_is_one_look);
    tcase_add_test(tests, nothing_is_ready_between_looks);
    tcase_add_test(tests, a_child_that_dies_is_told_of_and_restarted);
    tcase_add_test(tests, a_host_may_ignore_sigchld);
    tcase_add_test(tests, a_host_may_reap_all_children);
    tcase_add_test(tests, a_row_cut_by_death_is_never_shown);
    tcase_add_test(tests, a_top_that_refuses_to_go_on_is_asked_for_two_samples);
    tcase_add_test(tests, garbage_is_an_error_and_no_look);
    tcase_add_test(tests, a_recorded_text_can_be_played_live);
    tcase_add_test(tests, opened_and_freed_at_once_leaves_nothing);
    tcase_add_test(tests, without_a_mac_top_is_unsupported);
    tcase_add_test(tests, a_top_that_is_not_there_is_named);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
