/* SPDX-License-Identifier: MIT */
#include "pausemond/loop.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "pausemond/fd.h"
#include "pausemond/rights.h"
#include "pausemond/settings.h"
#include "pausemond/signals.h"
#include "pausemond/store.h"
#include "pausemond/stream.h"

/* A disk that takes longer than that for the last records is left to itself. */
#define LAST_FLUSH_NS (10 * NS_PER_S)
/* All paths have been walked once by then. */
#define DRY_SAMPLES 2

struct loop {
    struct daemon *daemon;
    int is_over, told_ready, has_rights;
    int64_t status_ns; /* when the next one is due */
};

enum { POLL_SIGNALS, POLL_MONITOR, POLL_SERVER, POLL_COUNT = POLL_SERVER + SERVER_POLLS };

/* ---- messages ---- */

static void on_message(struct loop *loop, char message)
{
    struct daemon *daemon = loop->daemon;

    switch (message) {
    case SIGNAL_END:
        loop->is_over = 1;
        break;
    case SIGNAL_RELOAD:
        notify_reloading(&daemon->notify);
        writer_reload(&daemon->writer);
        break;
    case WRITER_RELOADED:
    case WRITER_REFUSED:
        settings_take(daemon, message == WRITER_RELOADED);
        notify_send(&daemon->notify, "READY=1");
        break;
    case WRITER_OPENED:
        store_take(daemon);
        break;
    case SIGNAL_CAPTURE:
        /* With the writer's next round: who asks all the time gets one a second. */
        if (!evidence_ask(&daemon->evidence))
            log_say(&daemon->log, PAUSEMON_LOG_WARNING, "SIGUSR1: there are no captures");
        break;
    default:
        break;
    }
}

static void take_messages(struct loop *loop)
{
    char messages[16];
    ssize_t count = read(signals_reading(), messages, sizeof messages);

    for (ssize_t i = 0; i < count; i++)
        on_message(loop, messages[i]);
}

/* ---- what is due ---- */

static void tell_status(struct daemon *daemon)
{
    char text[160];

    status_describe(daemon, text, sizeof text);
    notify_status(&daemon->notify, text);
}

static void take_rights(struct loop *loop)
{
    if (loop->has_rights || loop->daemon->status.samples < DRY_SAMPLES)
        return;
    loop->has_rights = 1;
    rights_take(&loop->daemon->log);
}

static void do_what_is_due(struct loop *loop, int64_t now_ns)
{
    struct daemon *daemon = loop->daemon;

    if (daemon->is_ready && !loop->told_ready) {
        loop->told_ready = 1;
        notify_send(&daemon->notify, "READY=1");
        tell_status(daemon);
    }
    take_rights(loop);
    if (now_ns >= loop->status_ns) {
        loop->status_ns = now_ns + STATUS_INTERVAL_NS;
        status_measure(daemon, now_ns);
        metrics_leave(daemon);
        stream_send_status(daemon);
        tell_status(daemon);
    }
}

/* ---- waiting ---- */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Milliseconds, rounded up, until the first of what is due by time. */
static int time_left(const struct loop *loop, int64_t watchdog_ns, int64_t now_ns)
{
    int monitor_ms = pausemon_monitor_get_timeout(loop->daemon->monitor);
    int64_t server_ns = server_due(&loop->daemon->server, now_ns);
    int64_t until_ns = earlier(earlier(loop->status_ns, watchdog_ns), server_ns);
    int64_t left_ms = until_ns > now_ns ? (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;

    return monitor_ms >= 0 && monitor_ms < left_ms ? monitor_ms : (int)left_ms;
}

static void run_once(struct loop *loop)
{
    struct daemon *daemon = loop->daemon;
    struct pollfd polls[POLL_COUNT];
    int64_t now_ns = fd_now_ns();

    int64_t watchdog_ns = notify_watchdog(&daemon->notify, now_ns);
    size_t count = POLL_SERVER + server_prepare(&daemon->server, polls + POLL_SERVER, now_ns);
    polls[POLL_SIGNALS] = (struct pollfd){signals_reading(), POLLIN, 0};
    /* After the end of a recording it has nothing more to say. */
    int fd = daemon->has_ended ? -1 : pausemon_monitor_get_fd(daemon->monitor);
    polls[POLL_MONITOR] = (struct pollfd){fd, POLLIN, 0};
    /* Interrupted, or nothing to do but what is due by time: then no entry has an event. */
    poll(polls, (nfds_t)count, time_left(loop, watchdog_ns, now_ns));
    now_ns = fd_now_ns();
    /* First of all, and also when only its timeout has passed. */
    pausemon_monitor_dispatch(daemon->monitor);
    server_serve(&daemon->server, polls + POLL_SERVER, now_ns);
    if (polls[POLL_SIGNALS].revents)
        take_messages(loop);
    /* Not in the callback: the storage may hear of it after us. */
    if (daemon->has_pause)
        writer_hurry(&daemon->writer);
    daemon->has_pause = 0;
    do_what_is_due(loop, now_ns);
    int64_t busy_ns = fd_now_ns() - now_ns;
    if (busy_ns > daemon->status.longest_dispatch_ns)
        daemon->status.longest_dispatch_ns = busy_ns;
}

void loop_run(struct daemon *daemon)
{
    struct loop loop = {.daemon = daemon, .status_ns = fd_now_ns() + STATUS_INTERVAL_NS};

    while (!loop.is_over)
        run_once(&loop);
}

/* ---- the end ---- */

/* Reads messages until the writer is done. */
static int wait_for_writer(void)
{
    struct pollfd wait = {signals_reading(), POLLIN, 0};
    int64_t until_ns = fd_now_ns() + LAST_FLUSH_NS;
    char message;

    for (;;) {
        int64_t left_ns = until_ns - fd_now_ns();
        if (left_ns <= 0)
            return -1;
        if (poll(&wait, 1, (int)(left_ns / NS_PER_MS) + 1) == 1 &&
            read(wait.fd, &message, 1) == 1 && message == WRITER_DONE)
            return 0;
    }
}

int loop_finish(struct daemon *daemon)
{
    if (!daemon->writer.is_running) {
        /* A start that failed: there may be a black box all the same. */
        evidence_finish(&daemon->evidence);
        return 0;
    }
    writer_end(&daemon->writer);
    if (wait_for_writer() < 0) {
        log_say(&daemon->log, PAUSEMON_LOG_WARNING,
                "the disk has not answered for 10 s: the last records are lost");
        return -1;
    }
    writer_join(&daemon->writer);
    return 0;
}
