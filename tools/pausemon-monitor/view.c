/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/view.h"

#include <stdio.h>
#include <string.h>

#include "common/when.h"
#include "pausemon-monitor/tell.h"

/* What each view is called, and its keys. */
static const struct {
    const char *title, *keys;
} views[] = {
    [VIEW_MAIN] = {"", "q quit   e events   p pauses   ? help"},
    [VIEW_EVENTS] = {"events",
                     "Enter detail   r p d u mark   f filter   a all   Esc back   ? help"},
    [VIEW_PAUSES] = {"pauses", "Enter detail   r rogues   e events   Esc back   ? help   q quit"},
    [VIEW_HELP] = {"help", "Esc back   q quit"},
    [VIEW_DETAIL] = {"detail", "Up Down PgUp PgDn scroll   Esc back   ? help   q quit"},
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void put_title(struct canvas *canvas, const struct known *known, const char *view)
{
    char left[128], link[TELL_SIZE], clock[WHEN_SIZE];
    const int is_good = tell_link(link, known);

    snprintf(left, sizeof left, "pausemon%s%s%s%s", known->host[0] ? "  " : "", known->host,
             view[0] ? "  " : "", view);
    when_text(clock, known->now_ns, known->now_ns);
    const int clock_at = canvas->columns - 1 - (int)strlen(clock), room = clock_at - 3;
    const int left_width = canvas_width(canvas, left), link_width = canvas_width(canvas, link);
    /* Of two that are too long the link gets two thirds. */
    int link_room = least(link_width, room - left_width - 2);
    if (link_room < link_width && link_room < room * 2 / 3)
        link_room = least(link_width, room * 2 / 3);
    canvas_fill(canvas, 0, 0, canvas->columns, STYLE_BAR, ' ');
    canvas_put(canvas, 0, 1, room - link_room - 2, STYLE_BAR, left);
    canvas_put_right(canvas, 0, clock_at - 2 - link_room, link_room,
                     is_good ? STYLE_BAR : STYLE_BAR_BAD, link);
    canvas_put(canvas, 0, clock_at, (int)strlen(clock), STYLE_BAR, clock);
}

void view_title(struct canvas *canvas, const struct known *known)
{
    put_title(canvas, known, "");
}

static void put_foot(struct canvas *canvas, const struct ui *ui)
{
    const int last = canvas->rows - 1;
    const char *keys = views[ui->view].keys;

    if (ui->view == VIEW_DETAIL && ui->before == VIEW_EVENTS)
        keys = "Up Down PgUp PgDn scroll   r p d u mark   Esc back   q quit";
    if (ui->said[0])
        canvas_put(canvas, last, 1, canvas->columns - 2, ui->is_bad ? STYLE_BAD : STYLE_BOLD,
                   ui->said);
    else
        canvas_put(canvas, last, 1, canvas->columns - 2, STYLE_DIM, keys);
}

/* There is no room: a sentence, cut into lines on blanks. */
static void put_too_small(struct canvas *canvas)
{
    char text[80], *rest = text;

    snprintf(text, sizeof text, "pausemon needs %dx%d, this is %dx%d", VIEW_MIN_COLUMNS,
             VIEW_MIN_ROWS, canvas->columns, canvas->rows);
    for (int row = 0, at = 0; rest;) {
        const char *word = strsep(&rest, " ");
        const int width = (int)strlen(word);
        if (at > 0 && at + 1 + width > canvas->columns) {
            row++;
            at = 0;
        }
        at += at > 0;
        canvas_put(canvas, row, at, canvas->columns, STYLE_PLAIN, word);
        at += width;
    }
}

void view_draw(struct canvas *canvas, const struct known *known, const struct ui *ui)
{
    canvas_clear(canvas);
    if (canvas->rows < VIEW_MIN_ROWS || canvas->columns < VIEW_MIN_COLUMNS) {
        put_too_small(canvas);
        return;
    }
    put_title(canvas, known, views[ui->view].title);
    if (ui->view == VIEW_MAIN)
        view_main(canvas, known, VIEW_GRAPH);
    else if (ui->view == VIEW_EVENTS)
        view_events(canvas, known, ui);
    else if (ui->view == VIEW_PAUSES)
        view_pauses(canvas, known, ui);
    else if (ui->view == VIEW_DETAIL)
        view_detail(canvas, ui);
    else
        view_help(canvas);
    put_foot(canvas, ui);
}
