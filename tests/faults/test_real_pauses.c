/* SPDX-License-Identifier: MIT */
/* Pauses that are real: this process is stopped, and its monitor says so. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define MS INT64_C(1000000)

struct seen {
    int count;
    struct pausemon_pause_info info;
};

static void note(void *user, const struct pausemon_event *event)
{
    struct seen *seen = user;

    seen->count++;
    seen->info = *pausemon_pause_get_info(event->pause);
}

/* A child stops this process for so long, and lets it go on. */
static void be_stopped(int64_t ms)
{
    int status;
    pid_t parent = getpid(), child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        kill(parent, SIGSTOP);
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * MS}, NULL);
        kill(parent, SIGCONT);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
}

START_TEST(a_program_that_was_stopped_tells_it_and_blames_nobody)
{
    struct player player = {.result = PAUSEMON_LOOK_COMPLETE};
    struct pausemon_heartbeat *heartbeat;
    struct pausemon_monitor *monitor;
    struct pausemon_source *source;
    struct pausemon_error error;
    struct harness harness;
    struct seen seen = {0};

    harness_init(&harness);
    harness.host.now = NULL;
    ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, NULL, source, &harness.host, &error), 0);
    pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_PAUSE, note, &seen, NULL);
    ck_assert_int_eq(pausemon_heartbeat_start(&heartbeat, monitor, NULL, NULL, &error), 0);
    struct pausemon_heartbeat_info info = {.size = sizeof info};
    struct pollfd wait = {pausemon_monitor_get_fd(monitor), POLLIN, 0};
    for (int i = 0; i < 600 && info.beats < 5; i++) {
        poll(&wait, 1, 50);
        pausemon_monitor_dispatch(monitor);
        pausemon_heartbeat_get_info(heartbeat, &info);
    }
    be_stopped(700);
    for (int i = 0; i < 600 && seen.count == 0; i++) {
        poll(&wait, 1, 50);
        pausemon_monitor_dispatch(monitor);
    }
    pausemon_heartbeat_stop(heartbeat);
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    ck_assert_int_eq(harness.live, 0);
    ck_assert_int_gt(seen.count, 0);
    ck_assert_uint_ne(seen.info.detectors & PAUSEMON_DETECTOR_HEARTBEAT, 0);
    ck_assert_uint_ge(seen.info.lost_ns, 600 * (uint64_t)MS);
    ck_assert_uint_ge(seen.info.duration_ns, seen.info.lost_ns);
    /* Whether others ran is for a busy machine to say; that we were starved or that there was
     * pressure is for none. */
    ck_assert_msg(seen.info.cause == PAUSEMON_CAUSE_STOPPED ||
                      seen.info.cause == PAUSEMON_CAUSE_VM ||
                      seen.info.cause == PAUSEMON_CAUSE_UNKNOWN,
                  "told as %s", pausemon_cause_name(seen.info.cause));
    ck_assert_uint_eq(seen.info.culprit_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("real_pauses");
    TCase *tcase = tcase_create("real_pauses");

    tcase_add_test(tcase, a_program_that_was_stopped_tells_it_and_blames_nobody);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
