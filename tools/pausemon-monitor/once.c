/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/once.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/out.h"
#include "pausemon-monitor/view.h"
#include "pausemon/live.h"

#define WIDTH 100 /* where there is no terminal to say */
#define RECENT 5

/* ---- hearing ---- */

/* A daemon says what it knows at once, save that a fresh one has not looked yet. */
static int is_enough(const struct known *known)
{
    if (known->link == LINK_LOCAL)
        return known->has_sample && pausemon_sample_get_info(known->sample)->elapsed_ns > 0;
    return known->has_sample && known->has_status;
}

static int hear_daemon(struct feed *feed, const struct args *args, struct known *known)
{
    struct link *link = &feed->link;
    const int64_t deadline_ms = client_now_ms() + LIVE_PATIENCE_MS;
    struct message message;
    const char *line;
    size_t length;

    int code = live_open(&link->client, &link->place, args);
    if (code != EXIT_OK)
        return code;
    known->link = LINK_UP;
    feed_find_past(feed);
    while (!is_enough(known)) {
        const enum client_status status =
            live_read(&link->client, deadline_ms, args, &message, &line, &length);
        if (status == CLIENT_WAIT && client_now_ms() >= deadline_ms && known->has_status)
            break; /* it looks seldom, and has not yet */
        if (status == CLIENT_WAIT && client_now_ms() >= deadline_ms)
            return args_fail(args->program, EXIT_ERROR, "the daemon does not answer");
        if (status == CLIENT_WAIT)
            continue;
        if (status != CLIENT_LINE)
            return EXIT_ERROR;
        feed_set_clock(known);
        known_hear(known, line, length);
    }
    return EXIT_OK;
}

/* Two looks: the first has no rates. */
static int hear_local(struct feed *feed, const struct args *args, struct known *known)
{
    while (!is_enough(known)) {
        struct pollfd wait = {feed_fd(feed), POLLIN, 0};
        const int timeout = feed_timeout(feed, 0);
        if (timeout < 0)
            break; /* a recording that is over */
        poll(&wait, 1, timeout);
        feed_set_clock(known);
        feed_work(feed, known);
        if (known->look_why[0] && !known->has_sample)
            return args_fail(args->program, EXIT_ERROR, "%s", known->look_why);
    }
    return EXIT_OK;
}

/* ---- printing ---- */

static int width(void)
{
    struct winsize size = {.ws_col = 0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return WIDTH;
    return size.ws_col < VIEW_MIN_COLUMNS ? VIEW_MIN_COLUMNS : size.ws_col;
}

static int print(const struct known *known, int is_ascii)
{
    struct canvas canvas = {.is_ascii = is_ascii};
    char text[CANVAS_ROW_SIZE];
    const int columns = width();

    if (canvas_resize(&canvas, view_main_rows(known, columns), columns) < 0)
        return -1;
    view_title(&canvas, known);
    view_main(&canvas, known, 1);
    for (int row = 0, blank = 0; row < canvas.rows - 1; row++) {
        canvas_row_text(&canvas, row, text);
        blank += text[0] == '\0';
        if (text[0] == '\0')
            continue;
        printf("%s%s\n", blank ? "\n" : "", text);
        blank = 0;
    }
    canvas_free(&canvas);
    return 0;
}

int once_run(struct feed *feed, const struct args *args, struct known *known, int is_ascii)
{
    const int code =
        feed->is_local ? hear_local(feed, args, known) : hear_daemon(feed, args, known);

    if (code != EXIT_OK)
        return code;
    feed_set_clock(known);
    past_read(&feed->past, known, RECENT);
    if (print(known, is_ascii) < 0)
        return args_fail(args->program, EXIT_ERROR, "out of memory");
    return out_finish(args->program, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
}
