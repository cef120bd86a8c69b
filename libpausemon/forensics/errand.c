/* SPDX-License-Identifier: MIT */
/* Its stdin is a pipe and no socket: scripts open /dev/stdin, and a socket cannot be opened. The
 * SIGPIPE that a write may then bring is blocked in this thread and taken away, whatever the host
 * does with that signal. */
#include "forensics/errand.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define CHUNK (4u << 10)
#define CHUNKS_A_LOOK 256                      /* 1 MiB, what a pipe may hold: no look is long */
#define GRACE_NS (INT64_C(200) * PM_NS_PER_MS) /* for the killed to end */
#define WAITED_FOR 8                           /* by one wait; the others are looked at */
#define BLIND_WAIT_MS 50                       /* where no descriptor tells the end */

static int64_t system_ns(void)
{
    return pm_clock_ns(CLOCK_MONOTONIC);
}

/* ---- life ---- */

int pm_errand_start(struct pm_errand *errand, const struct pm_host *host)
{
    struct pausemon_error error = {0};
    bool fed = errand->input && errand->input_length > 0;

    errand->is_running = errand->is_ending = errand->output_over = false;
    errand->bytes = errand->ms = 0;
    errand->why[0] = '\0';
    errand->held_length = 0;
    errand->input_sent = 0;
    errand->in_fd = -1;
    errand->start_ns = system_ns();
    errand->deadline_ns = errand->start_ns + errand->limit_ns;
    errand->status =
        fed ? pm_child_start_fed(&errand->child, errand->argv, &errand->in_fd, host, &error)
            : pm_child_start(&errand->child, errand->argv, host, &error);
    errand->is_running = errand->status == 0;
    if (errand->status < 0)
        snprintf(errand->why, sizeof errand->why, "%s", error.text);
    return errand->status;
}

static void close_input(struct pm_errand *errand)
{
    if (errand->in_fd >= 0)
        close(errand->in_fd);
    errand->in_fd = -1;
}

/* The first reason is the reason. */
static void kill_it(struct pm_errand *errand, int status, const char *why)
{
    if (errand->is_ending)
        return;
    errand->is_ending = true;
    errand->status = status;
    snprintf(errand->why, sizeof errand->why, "%s", why);
    close_input(errand);
    pm_child_kill(&errand->child);
    errand->deadline_ns = system_ns() + GRACE_NS;
}

static void note_over(struct pm_errand *errand)
{
    int64_t took_ns = system_ns() - errand->start_ns;

    close_input(errand);
    errand->is_running = false;
    errand->ms = took_ns > 0 ? (uint64_t)(took_ns / PM_NS_PER_MS) : 0;
}

void pm_errand_end(struct pm_errand *errand, const char *why)
{
    if (!errand->is_running)
        return;
    kill_it(errand, PAUSEMON_ERR_LIMIT, why);
    pm_child_end(&errand->child);
    note_over(errand);
}

/* ---- its stdin ---- */

static void take_sigpipe(const sigset_t *pipe_signal)
{
#ifdef __APPLE__
    sigset_t pending;
    int number;

    sigemptyset(&pending);
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1)
        sigwait(pipe_signal, &number);
#else
    const struct timespec at_once = {0, 0};

    while (sigtimedwait(pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
        ;
#endif
}

/* As write, with -EPIPE and no signal. One that was pending before stays. */
static ssize_t write_quietly(int fd, const char *bytes, size_t length)
{
    sigset_t pipe_signal, before, pending;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    int blocked = pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    if (blocked != 0)
        return -blocked;
    ssize_t sent = write(fd, bytes, length);
    if (sent < 0)
        sent = -errno;
    if (sent == -EPIPE && !was_pending)
        take_sigpipe(&pipe_signal);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sent;
}

/* A program that does not want all of it is none the worse for that. */
static void feed(struct pm_errand *errand)
{
    while (errand->in_fd >= 0) {
        ssize_t sent = write_quietly(errand->in_fd, errand->input + errand->input_sent,
                                     errand->input_length - errand->input_sent);
        if (sent == -EINTR)
            continue;
        if (sent == -EAGAIN)
            return;
        errand->input_sent += sent > 0 ? (size_t)sent : 0;
        if (sent < 0 || errand->input_sent == errand->input_length)
            close_input(errand);
    }
}

/* ---- its stdout ---- */

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno != EINTR)
            return -errno;
        if (put > 0) {
            bytes += put;
            length -= (size_t)put;
        }
    }
    return 0;
}

static void keep(struct pm_errand *errand, const char *bytes, size_t length)
{
    struct pausemon_error error;
    uint64_t room = errand->max_bytes ? errand->max_bytes - errand->bytes : length;
    char why[96];

    if (errand->out_fd < 0)
        return;
    int failed = write_all(errand->out_fd, bytes, length < room ? length : (size_t)room);
    if (failed < 0) {
        kill_it(errand, pm_fail_os(&error, -failed, "cannot write its output: ended"), error.text);
        return;
    }
    errand->bytes += length < room ? length : room;
    if (length <= room)
        return;
    snprintf(why, sizeof why, "more than %llu bytes: ended, what came is kept",
             (unsigned long long)errand->max_bytes);
    kill_it(errand, PAUSEMON_ERR_LIMIT, why);
}

/* A character that a chunk cuts in two waits for its rest. */
static size_t cut_off(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        size_t whole = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (byte < 0x80 || byte >= 0xC0)
            return whole > back ? back : 0;
    }
    return 0;
}

/* Behind the last chunk nothing waits. */
static void keep_clean(struct pm_errand *errand, const char *bytes, size_t length, bool last)
{
    char joined[sizeof errand->held + CHUNK], clean[sizeof joined];

    memcpy(joined, errand->held, errand->held_length);
    memcpy(joined + errand->held_length, bytes, length);
    length += errand->held_length;
    errand->held_length = last ? 0 : cut_off(joined, length);
    length -= errand->held_length;
    memcpy(errand->held, joined + length, errand->held_length);
    keep(errand, clean, pm_errand_clean(clean, joined, length));
}

/* 2: there may be more; 1: there is none for now; 0: its output has ended. */
static int take_output(struct pm_errand *errand)
{
    char bytes[CHUNK];

    for (int i = 0; i < CHUNKS_A_LOOK && !errand->is_ending; i++) {
        ssize_t got = pm_child_read(&errand->child, bytes, sizeof bytes);
        if (got == -EAGAIN)
            return 1;
        if (got <= 0)
            return 0;
        if (errand->clean)
            keep_clean(errand, bytes, (size_t)got, false);
        else
            keep(errand, bytes, (size_t)got);
    }
    return 2;
}

/* ---- its end ---- */

static void note_end(struct pm_errand *errand)
{
    char how[PM_ERRAND_WHY_SIZE];

    if (errand->clean && errand->held_length > 0 && !errand->is_ending)
        keep_clean(errand, "", 0, true);
    /* Not even its waiter may learn how it ended, if a debugger has it. */
    bool told = pm_child_has_ended(&errand->child, how, sizeof how);
    if (!errand->is_ending && (!told || errand->child.exit_status != 0)) {
        bool taken = !told || errand->child.exit_status == PM_CHILD_TAKEN;
        errand->status = taken ? 0 : PAUSEMON_ERR_IO;
        snprintf(errand->why, sizeof errand->why, "%s", told ? how : "its end was not told");
    }
    pm_child_leave(&errand->child);
    note_over(errand);
}

static void note_time(struct pm_errand *errand)
{
    char why[64];
    int64_t ms = errand->limit_ns / PM_NS_PER_MS;

    if (system_ns() < errand->deadline_ns)
        return;
    if (errand->is_ending) { /* not even SIGKILL ends it: it waits in the kernel */
        pm_child_leave(&errand->child);
        note_over(errand);
        return;
    }
    if (ms % 1000 == 0)
        snprintf(why, sizeof why, "took longer than %lld s: ended", (long long)(ms / 1000));
    else
        snprintf(why, sizeof why, "took longer than %lld ms: ended", (long long)ms);
    kill_it(errand, PAUSEMON_ERR_LIMIT, why);
}

bool pm_errand_look(struct pm_errand *errand)
{
    if (!errand->is_running)
        return true;
    bool over = pm_child_is_over(&errand->child); /* asked first: then what it wrote is all there */
    if (over)
        pm_child_kill(&errand->child); /* what it left behind, while its number is still its own */
    feed(errand);
    if (!errand->is_ending && !errand->output_over)
        errand->output_over = take_output(errand) == 0;
    else
        pm_child_listen(&errand->child); /* its end would wake us for ever */
    if (over)
        note_end(errand);
    else
        note_time(errand);
    return !errand->is_running;
}

/* ---- waiting ---- */

static int shorter(int timeout_ms, int other_ms)
{
    return timeout_ms < 0 || other_ms < timeout_ms ? other_ms : timeout_ms;
}

static int until_deadline(const struct pm_errand *errand, int timeout_ms)
{
    int64_t left_ms = (errand->deadline_ns - system_ns()) / PM_NS_PER_MS + 1;

    return left_ms < 0 ? 0 : left_ms > INT32_MAX ? timeout_ms : shorter(timeout_ms, (int)left_ms);
}

static void fill_polls(const struct pm_errand *errand, struct pollfd polls[PM_ERRAND_POLLS])
{
    bool reads = !errand->is_ending && !errand->output_over;

    polls[0] = (struct pollfd){reads ? errand->child.out_fd : -1, POLLIN, 0};
    polls[1] = (struct pollfd){errand->child.err_fd, POLLIN, 0};
    polls[2] = (struct pollfd){errand->child.pid_fd, POLLIN, 0};
    polls[3] = (struct pollfd){errand->in_fd, POLLOUT, 0};
}

size_t pm_errand_wait(struct pm_errand *errands, size_t count, int timeout_ms)
{
    struct pollfd polls[WAITED_FOR * PM_ERRAND_POLLS];
    size_t used = 0, running = 0;

    for (size_t i = 0; i < count; i++) {
        const struct pm_errand *errand = &errands[i];
        if (!errand->is_running)
            continue;
        timeout_ms = until_deadline(errand, timeout_ms);
        if (used < WAITED_FOR)
            fill_polls(errand, polls + used++ * PM_ERRAND_POLLS);
        if (errand->child.pid_fd < 0 || used == WAITED_FOR)
            timeout_ms = shorter(timeout_ms, BLIND_WAIT_MS);
    }
    if (used > 0)
        poll(polls, (nfds_t)(used * PM_ERRAND_POLLS), timeout_ms);
    for (size_t i = 0; i < count; i++)
        running += !pm_errand_look(&errands[i]);
    return running;
}
