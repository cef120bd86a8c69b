/* SPDX-License-Identifier: MIT */
/* A writer of a black box that is killed at a random moment: what it had flushed can be read, and
 * nothing else is. 5 rounds, with PAUSEMON_FULL=1 50. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define MOST_MS 250

static struct box box;

/* Looks and flushes until it is killed; after each flush it says which look was the last. */
static void write_for_ever(int pipe_fd, unsigned every)
{
    pausemon_monitor_unsubscribe(box.monitor, 1); /* which remembers all it hears */
    for (uint64_t look = 1; look < 1000000; look++) {
        box.rows[0].mem = look;
        box.player.count = 1 + look * 7 % 40;
        if (pausemon_monitor_feed(box.monitor) != 1)
            _exit(1);
        if (look % every)
            continue;
        if (pausemon_blackbox_flush(box.blackbox, NULL) < 0 ||
            write(pipe_fd, &look, sizeof look) != sizeof look)
            _exit(1);
    }
    _exit(2);
}

/* The look that was reported last before the pipe's end, or before the time is over. */
static uint64_t hear(int pipe_fd, int ms)
{
    struct pollfd poll_fd = {.fd = pipe_fd, .events = POLLIN};
    struct timespec now, begin;
    uint64_t look, last = 0;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int left = ms; left > 0; left = ms - (int)((now.tv_sec - begin.tv_sec) * 1000 +
                                                    (now.tv_nsec - begin.tv_nsec) / 1000000)) {
        if (poll(&poll_fd, 1, left) > 0) {
            if (read(pipe_fd, &look, sizeof look) != sizeof look)
                return last;
            last = look;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    return last;
}

/* The first rogue of all is the look's number; the process with pid 1 has it. */
static int follow(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_process *rogue;
    uint64_t *last = user, look = 0;

    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(sample, i)); i++)
        if (rogue->pid == 1)
            look = rogue->mem;
    ck_assert_uint_eq(tier, 1);
    ck_assert_uint_gt(look, 0);
    ck_assert(*last == 0 || look == *last + 1);
    *last = look;
    return 0;
}

static void play_round(unsigned every, int ms)
{
    uint64_t last = 0, reported, later;
    struct pausemon_blackbox_info info = {.size = sizeof info};
    int ends[2], status;

    ck_assert_int_eq(box_open(&box), 0);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_for_ever(ends[1], every);
    ck_assert_int_gt(child, 0);
    close(ends[1]);
    reported = hear(ends[0], ms);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    later = hear(ends[0], 10000);
    reported = later ? later : reported;
    close(ends[0]);
    int count = pm_blackbox_read(box.path, "boot-two", &info, follow, &last, NULL, NULL);
    ck_assert_int_ge(count, 0);
    ck_assert_uint_eq(info.end, PAUSEMON_BLACKBOX_HARD);
    ck_assert_uint_ge(last, reported);
    ck_assert_uint_le(last, reported + 2 * every); /* no look of a time to come */
    ck_assert_uint_le(info.torn, 1);
    ck_assert_uint_eq(info.stale + info.lost, 0);
    ck_assert(reported == 0 || count > 0);
    box_close(&box);
}

START_TEST(killed_at_any_moment_what_was_flushed_is_read)
{
    const char *full = getenv("PAUSEMON_FULL");
    int rounds = full && full[0] && strcmp(full, "0") != 0 ? 50 : 5;

    signal(SIGPIPE, SIG_IGN);
    srandom((unsigned)getpid());
    box_init(&box);
    for (int i = 0; i < rounds; i++)
        play_round(1 + (unsigned)i % 5, 20 + (int)(random() % MOST_MS));
    box_end(&box);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blackbox_killed");
    TCase *killed = tcase_create("killed");

    tcase_add_test(killed, killed_at_any_moment_what_was_flushed_is_read);
    suite_add_tcase(suite, killed);
    return harness_run(suite);
}
