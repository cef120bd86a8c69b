/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "pausemon-monitor/keys.h"
#include "pausemon-monitor/signals.h"
#include "pausemon-monitor/terminal.h"
#include "pausemon-monitor/view.h"

#define DRAW_MS 250     /* no two drawings are closer */
#define TICK_MS 1000    /* the clock goes on when nothing else does */
#define ESCAPE_MS 50    /* a terminal sends the rest of a key within */
#define READ_MS 2000    /* no two readings of the database are closer, */
#define REREAD_MS 10000 /* unless told of something, this far apart */
#define RECENT 12       /* incidents that the first view has room for */

struct loop {
    struct feed *feed;
    struct known *known;
    struct terminal terminal;
    struct canvas next, shown;
    struct keys keys;
    struct ui ui;
    int color;
    int is_shown;   /* `shown` is what the terminal shows */
    int is_changed; /* since the last drawing */
    int is_away;    /* the terminal is somebody else's */
    int is_asked;   /* the lists are to be read at once */
    int64_t drawn_ms;
    int ending; /* 0; -1: in good order; a signal's number */
};

/* ---- drawing ---- */

static int resize(struct loop *loop)
{
    int rows, columns;

    terminal_size(&loop->terminal, &rows, &columns);
    loop->is_shown = 0;
    loop->is_changed = 1;
    return canvas_resize(&loop->next, rows, columns) < 0 ||
                   canvas_resize(&loop->shown, rows, columns) < 0
               ? -1
               : 0;
}

static void draw(struct loop *loop)
{
    struct bytes *out = &loop->terminal.out;
    const struct canvas last = loop->shown;

    known_expire(loop->known);
    ui_fit(&loop->ui, loop->known, loop->next.rows);
    view_draw(&loop->next, loop->known, &loop->ui);
    paint(out, &loop->next, loop->is_shown ? &last : NULL, loop->color);
    loop->drawn_ms = loop->known->now_ms;
    loop->is_changed = 0;
    loop->is_shown = !out->is_short;
    if (out->is_short)
        bytes_free(out); /* it comes whole the next time */
    loop->shown = loop->next;
    loop->next = last;
}

/* Milliseconds until the next drawing; -1: none is due. While the terminal takes nothing nothing
 * is drawn: what is shown then is new. */
static int64_t draw_in(const struct loop *loop)
{
    const int64_t since_ms = loop->known->now_ms - loop->drawn_ms;
    const int64_t due_ms = loop->is_changed ? DRAW_MS : TICK_MS;

    if (loop->is_away || loop->terminal.out.used > 0)
        return -1;
    return since_ms < due_ms ? due_ms - since_ms : 0;
}

/* ---- the database ---- */

static int64_t read_in(const struct loop *loop)
{
    const int64_t since_ms = loop->known->now_ms - loop->feed->past.read_ms;
    const int64_t due_ms = loop->known->is_dirty ? READ_MS : REREAD_MS;

    if (loop->is_away || loop->ui.view == VIEW_HELP || loop->ui.view == VIEW_DETAIL)
        return -1;
    return loop->is_asked || since_ms >= due_ms ? 0 : due_ms - since_ms;
}

static void read_past(struct loop *loop)
{
    past_read(&loop->feed->past, loop->known, loop->ui.view == VIEW_MAIN ? RECENT : KNOWN_ROWS);
    loop->is_asked = 0;
    loop->is_changed = 1;
}

static void tell_detail(struct loop *loop)
{
    struct past *past = &loop->feed->past;
    struct known *known = loop->known;
    char *text = loop->ui.before == VIEW_EVENTS ? past_tell_event(past, known, loop->ui.detail_id)
                                                : past_tell_pause(past, known, loop->ui.detail_id);

    ui_set_detail(&loop->ui, text);
    if (!text)
        ui_say(&loop->ui, 1, "%s",
               known->past_why[0] ? known->past_why : "nothing more is known of it");
}

static void mark(struct loop *loop, const struct ui_order *order)
{
    const char *name = pausemon_review_name(order->review);
    char why[200];

    if (loop->feed->is_local) {
        ui_say(&loop->ui, 1, "--local records nothing: there is nothing to mark");
        return;
    }
    if (past_mark(&loop->feed->past, order->id, order->review, why) < 0)
        ui_say(&loop->ui, 1, "event %lld cannot be marked: %s", (long long)order->id, why);
    else
        ui_say(&loop->ui, 0, "event %lld is %s", (long long)order->id, name ? name : "marked");
    loop->is_asked = 1;
    if (loop->ui.view == VIEW_DETAIL)
        tell_detail(loop);
}

/* ---- keys ---- */

static void take_key(struct loop *loop, int key)
{
    if (key == KEY_NONE)
        return;
    const struct ui_order order = ui_key(&loop->ui, loop->known, key);
    loop->is_changed = 1;
    if (order.action == UI_QUIT)
        loop->ending = -1;
    else if (order.action == UI_REDRAW)
        resize(loop);
    else if (order.action == UI_READ)
        loop->is_asked = 1;
    else if (order.action == UI_DETAIL)
        tell_detail(loop);
    else if (order.action == UI_MARK)
        mark(loop, &order);
}

static void read_keys(struct loop *loop)
{
    char bytes[64];
    const ssize_t got = terminal_read(&loop->terminal, bytes, sizeof bytes);

    if (got < 0)
        loop->ending = SIGHUP;
    for (ssize_t i = 0; i < got && !loop->ending; i++)
        take_key(loop, keys_put(&loop->keys, (unsigned char)bytes[i]));
}

/* ---- signals ---- */

/* The terminal is ours, perhaps once more. */
static void come_back(struct loop *loop)
{
    loop->is_away = terminal_is_lent(&loop->terminal);
    if (loop->is_away)
        return;
    if (terminal_take(&loop->terminal) < 0 || resize(loop) < 0)
        loop->ending = SIGHUP;
    feed_set_clock(loop->known);
    loop->drawn_ms = 0;
}

static void take_signal(struct loop *loop, int number)
{
    if (number == SIGTSTP) {
        terminal_leave(&loop->terminal);
        signals_act(SIGTSTP);
        come_back(loop);
    } else if (number == SIGCONT) {
        come_back(loop);
    } else if (number == SIGWINCH) {
        if (!loop->is_away && resize(loop) < 0)
            loop->ending = -1;
    } else {
        loop->ending = number;
    }
}

/* ---- the round ---- */

static int earlier(int timeout, int64_t other)
{
    return other < 0 || (timeout >= 0 && timeout <= other) ? timeout : (int)other;
}

static void wait_for(struct loop *loop, struct pollfd waits[3])
{
    const int is_full = loop->terminal.out.used > 0;
    int timeout = feed_timeout(loop->feed, loop->known->now_ms);

    waits[0] = (struct pollfd){signals_fd(), POLLIN, 0};
    waits[1] = (struct pollfd){loop->is_away ? -1 : loop->terminal.fd,
                               (short)(POLLIN | (is_full ? POLLOUT : 0)), 0};
    waits[2] = (struct pollfd){feed_fd(loop->feed), POLLIN, 0};
    timeout = earlier(timeout, draw_in(loop));
    timeout = earlier(timeout, read_in(loop));
    if (keys_wait(&loop->keys))
        timeout = earlier(timeout, ESCAPE_MS);
    if (loop->is_away)
        timeout = earlier(timeout, TICK_MS);
    if (poll(waits, 3, timeout) < 0)
        for (int i = 0; i < 3; i++)
            waits[i].revents = 0;
}

static void go_round(struct loop *loop)
{
    struct pollfd waits[3];
    int number;

    wait_for(loop, waits);
    feed_set_clock(loop->known);
    while (!loop->ending && (number = signals_next()))
        take_signal(loop, number);
    if (loop->ending)
        return;
    if (loop->is_away && !terminal_is_lent(&loop->terminal))
        come_back(loop);
    loop->is_changed |= feed_work(loop->feed, loop->known);
    if (!loop->is_away && waits[1].revents & ~POLLOUT)
        read_keys(loop);
    else if (keys_wait(&loop->keys))
        take_key(loop, keys_give_up(&loop->keys));
    if (read_in(loop) == 0)
        read_past(loop);
    if (draw_in(loop) == 0)
        draw(loop);
    if (!loop->is_away && terminal_flush(&loop->terminal) < 0)
        loop->ending = SIGHUP;
}

int loop_run(struct feed *feed, struct known *known, int is_ascii, int color)
{
    struct loop loop = {.feed = feed, .known = known, .color = color};

    if (terminal_open(&loop.terminal) < 0)
        return -1;
    loop.next.is_ascii = loop.shown.is_ascii = is_ascii;
    ui_init(&loop.ui);
    if (signals_open() < 0 || resize(&loop) < 0) {
        terminal_close(&loop.terminal);
        return -1;
    }
    loop.is_asked = 1;
    come_back(&loop);
    while (!loop.ending)
        go_round(&loop);
    terminal_leave(&loop.terminal);
    terminal_close(&loop.terminal);
    ui_free(&loop.ui);
    canvas_free(&loop.next);
    canvas_free(&loop.shown);
    return loop.ending > 0 ? loop.ending : 0;
}
