/* SPDX-License-Identifier: MIT */
/* top: macOS top, live. One long-lived child pays top's expensive start once; where that does not
 * work, `top -l 2` again and again. A child that ends is started again, later each time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/waiter.h"
#include "sources/child.h"
#include "sources/top.h"

#define TOP_PATH "/usr/bin/top"
#define CHUNK (64u << 10)
#define CHUNKS_A_READ 64 /* the rest waits for the next call: no call is long */
/* top flushes a sample as a whole: silence this long after rows is the end of them. */
#define QUIET_NS (INT64_C(250) * PM_NS_PER_MS)
#define END_NS (INT64_C(200) * PM_NS_PER_MS) /* from the end of output to the end of the child */
#define FIRST_DELAY_NS ((int64_t)PM_NS_PER_S)
#define LAST_DELAY_NS (INT64_C(60) * PM_NS_PER_S)

enum phase { RESTING, READING, ENDING };

struct top_live {
    struct pm_host host;
    struct pm_top_text text;
    struct pm_waiter waiter;
    struct pm_child child;
    enum phase phase;
    bool one_shot;       /* top -l 2, again and again */
    bool fell_back;      /* that was told */
    bool lasting_works;  /* the long-lived one has given a sample */
    bool delivered;      /* this child gave a sample */
    bool ever_delivered; /* any child did */
    int64_t deadline_ns; /* of the phase; -1: none */
    int64_t delay_ns;    /* before the next start */
    int64_t lasting_ns;  /* one-shot: when the long-lived one is tried again */
    char program[512];
};

static void set_deadline(struct top_live *top, int64_t now_ns, int64_t delay_ns)
{
    top->deadline_ns = delay_ns < 0 ? -1 : now_ns + delay_ns;
    pm_waiter_set_timer(&top->waiter, delay_ns);
}

/* Only while the child is ours to follow: a watch is shared with a process that forked. */
static void unwatch(struct top_live *top)
{
    if (top->child.out_fd >= 0)
        pm_waiter_remove(&top->waiter, top->child.out_fd);
    if (top->child.pid_fd >= 0)
        pm_waiter_remove(&top->waiter, top->child.pid_fd);
}

static void rest(struct top_live *top, int64_t now_ns, int64_t delay_ns)
{
    unwatch(top);
    pm_child_end(&top->child);
    top->phase = RESTING;
    set_deadline(top, now_ns, delay_ns);
}

static int64_t next_delay(struct top_live *top)
{
    int64_t delay_ns = top->delay_ns;

    top->delay_ns = delay_ns > LAST_DELAY_NS / 2 ? LAST_DELAY_NS : delay_ns * 2;
    return delay_ns;
}

static int start(struct top_live *top, int64_t now_ns, struct pausemon_error *error)
{
#define STATS "pid,command,cpu,state,mem,cmprs,threads,csw,sysbsd,pageins"
    const char *const lasting[] = {top->program, "-F", "-l", "0", "-s", "1", "-stats", STATS, NULL};
    const char *const single[] = {top->program, "-l", "2", "-s", "1", "-stats", STATS, NULL};

    if (now_ns >= top->lasting_ns || top->lasting_ns - now_ns > LAST_DELAY_NS)
        top->one_shot = false;
    int status = pm_child_start(&top->child, top->one_shot ? single : lasting, &top->host, error);
    if (status == 0)
        status = pm_waiter_add(&top->waiter, top->child.out_fd, error);
    if (status == 0 && top->child.pid_fd >= 0)
        status = pm_waiter_add(&top->waiter, top->child.pid_fd, error);
    if (status < 0) {
        rest(top, now_ns, next_delay(top));
        return status;
    }
    pm_top_text_reset(&top->text);
    top->phase = READING;
    top->delivered = false;
    set_deadline(top, now_ns, -1);
    return 0;
}

/* Takes what its pipe holds. 2: there may be more; 1: there is none for now; 0: its output has
 * ended. */
static int drain(struct top_live *top, int64_t now_ns, struct pausemon_error *error)
{
    for (int i = 0; i < CHUNKS_A_READ; i++) {
        char *room = pm_buffer_room(&top->text.buffer, CHUNK);
        if (!room) {
            int status = pm_buffer_status(&top->text.buffer, CHUNK);
            rest(top, now_ns, next_delay(top));
            return pm_fail(error, status, "top: no room for a sample; restarting it");
        }
        ssize_t got = pm_child_read(&top->child, room, CHUNK);
        if (got == -EAGAIN)
            return 1;
        if (got <= 0)
            return 0;
        top->text.buffer.length += (size_t)got;
        set_deadline(top, now_ns, QUIET_NS);
    }
    return 2;
}

static int deliver(struct top_live *top, int64_t now_ns, struct pausemon_sink *sink)
{
    top->delivered = top->ever_delivered = true;
    top->lasting_works = top->lasting_works || !top->one_shot;
    top->delay_ns = FIRST_DELAY_NS;
    int look = pm_top_text_deliver(&top->text, sink, false);
    set_deadline(top, now_ns, top->text.buffer.length ? QUIET_NS : -1);
    return look;
}

static void output_ended(struct top_live *top, int64_t now_ns)
{
    pm_waiter_remove(&top->waiter, top->child.out_fd); /* its end would wake for ever */
    top->phase = ENDING;
    set_deadline(top, now_ns, top->child.pid_fd >= 0 ? END_NS : 0);
}

/* The long-lived one gave nothing: for a while `-l 2` does, though each start costs. */
static void fall_back(struct top_live *top, int64_t now_ns, const char *how)
{
    if (!top->fell_back)
        pm_log(&top->host, PAUSEMON_LOG_WARNING,
               "top: %s -l 0 ended without a sample (%s): using -l 2, trying again from time to "
               "time",
               top->program, how);
    top->fell_back = true;
    top->one_shot = true;
    top->lasting_ns = now_ns + LAST_DELAY_NS;
    rest(top, now_ns, 0);
}

/* The child is over. For a one-shot that is how it should be. */
static int child_ended(struct top_live *top, int64_t now_ns, const char *how,
                       struct pausemon_error *error)
{
    bool cut_off = top->text.splitter.in_rows;

    if (top->one_shot && top->delivered) {
        rest(top, now_ns, -1); /* each start costs: the next look asks for it */
        return PAUSEMON_ERR_BUSY;
    }
    if (!top->one_shot && !top->lasting_works) {
        fall_back(top, now_ns, how);
        return PAUSEMON_ERR_BUSY;
    }
    int64_t delay_ns = next_delay(top);
    rest(top, now_ns, delay_ns);
    return pm_fail(error, PAUSEMON_ERR_IO, "top: %s ended (%.120s)%s; restarting it in %d s",
                   top->program, how, cut_off ? ", a sample was cut off" : "",
                   (int)(delay_ns / PM_NS_PER_S));
}

/* Not yet. The timer is of this machine, the deadline of the host's clock, which may have gone
 * back: nobody waits longer than `most_ns`. */
static int wait_longer(struct top_live *top, int64_t now_ns, int64_t most_ns)
{
    int64_t left_ns = top->deadline_ns - now_ns;

    set_deadline(top, now_ns, left_ns < most_ns ? left_ns : most_ns);
    return PAUSEMON_ERR_BUSY;
}

static int wait_for_end(struct top_live *top, int64_t now_ns, struct pausemon_error *error)
{
    char how[256];

    if (!pm_child_has_ended(&top->child, how, sizeof how)) {
        if (now_ns < top->deadline_ns)
            return wait_longer(top, now_ns, END_NS);
        snprintf(how, sizeof how, "its output was closed");
    }
    return child_ended(top, now_ns, how, error);
}

/* Of `top -l 2` only the second sample has rates; the first is for the very first look. And where
 * several wait, after a pause of ours, only the newest is of now: rates over the time since the
 * last look need the counters of now. */
static bool is_unwanted(const struct top_live *top)
{
    const struct pm_top_splitter *splitter = &top->text.splitter;
    const struct pm_buffer *buffer = &top->text.buffer;
    struct pm_top_splitter behind = {.live = true};

    if (top->one_shot && top->text.samples == 0 && top->ever_delivered)
        return true;
    return pm_top_split(&behind, pm_buffer_content(buffer) + splitter->at,
                        buffer->length - splitter->at);
}

static int read_output(struct top_live *top, int64_t now_ns, struct pausemon_sink *sink,
                       struct pausemon_error *error)
{
    bool gone = pm_child_is_gone(&top->child); /* asked first: then what it wrote is all there */
    int more = drain(top, now_ns, error);

    if (more < 0)
        return more;
    while (pm_top_text_has_sample(&top->text)) {
        if (!is_unwanted(top))
            return deliver(top, now_ns, sink);
        pm_top_text_drop(&top->text);
    }
    bool over = more == 0 || (gone && more == 1);
    bool quiet = top->deadline_ns >= 0 && now_ns >= top->deadline_ns;
    if (top->text.splitter.in_rows && (over ? top->one_shot : quiet) &&
        !(top->one_shot && top->text.samples == 0 && top->ever_delivered))
        return deliver(top, now_ns, sink);
    if (over) {
        output_ended(top, now_ns);
        return wait_for_end(top, now_ns, error);
    }
    if (quiet)
        set_deadline(top, now_ns, -1);
    return PAUSEMON_ERR_BUSY;
}

static int top_read(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct top_live *top = self;
    int64_t now_ns = pm_monotonic_ns(&top->host);

    if (top->phase == RESTING) {
        if (now_ns < top->deadline_ns)
            return wait_longer(top, now_ns, LAST_DELAY_NS);
        int status = start(top, now_ns, error);
        return status < 0 ? status : PAUSEMON_ERR_BUSY;
    }
    return top->phase == ENDING ? wait_for_end(top, now_ns, error)
                                : read_output(top, now_ns, sink, error);
}

static int top_get_fd(void *self)
{
    return ((struct top_live *)self)->waiter.fd;
}

static int64_t top_get_deadline(void *self)
{
    return ((struct top_live *)self)->deadline_ns;
}

static void top_close(void *self)
{
    struct top_live *top = self;

    pm_child_end(&top->child);
    pm_waiter_close(&top->waiter);
    pm_top_text_free(&top->text);
    pm_free(&top->host, top);
}

/* On another system only a stand-in speaks macOS top, and only on purpose. */
static const char *find_program(void)
{
#ifdef __APPLE__
    return TOP_PATH;
#else
    return secure_getenv("PAUSEMON_TOP");
#endif
}

int pm_open_top_live(struct pausemon_source **source, const struct pm_opener_input *input,
                     struct pausemon_error *error)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    const char *program = find_program();
    struct pm_host host;

    if (!program)
        return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                       "source \"top\": live top is macOS only; here use procfs, or top:FILE for "
                       "a recording");
    if (strlen(program) >= sizeof((struct top_live *)0)->program)
        return pm_fail(error, PAUSEMON_ERR_LIMIT, "top: PAUSEMON_TOP is too long");
    pm_host_init(&host, input->host);
    struct top_live *top = pm_alloc(&host, sizeof *top);
    if (!top)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "top: out of memory");
    int status = pm_waiter_open(&top->waiter, error);
    if (status < 0) {
        pm_free(&host, top);
        return status;
    }
    top->host = host;
    top->child = PM_CHILD_NONE;
    snprintf(top->program, sizeof top->program, "%s", program);
    top->delay_ns = FIRST_DELAY_NS;
    pm_top_text_init(&top->text, &top->host);
    top->text.splitter.live = true;
    top->text.max_cpu = (uint64_t)sysconf(_SC_NPROCESSORS_CONF) * 1000;
    set_deadline(top, pm_monotonic_ns(&top->host), 0);
    ops.read = top_read;
    ops.get_fd = top_get_fd;
    ops.get_deadline = top_get_deadline;
    ops.close = top_close;
    return pm_source_wrap(source, "top", &ops, top, input->host, error);
}
