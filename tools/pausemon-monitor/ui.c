/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/ui.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pausemon-monitor/keys.h"

#define FRAME_ROWS 6 /* title, heading, head of the table, blank, answer, keys */

void ui_init(struct ui *ui)
{
    *ui = (struct ui){.view = VIEW_MAIN, .before = VIEW_MAIN, .rows = 24};
}

void ui_free(struct ui *ui)
{
    free(ui->detail);
    ui->detail = NULL;
}

void ui_say(struct ui *ui, int is_bad, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(ui->said, sizeof ui->said, format, arguments);
    va_end(arguments);
    ui->is_bad = is_bad;
}

size_t ui_page(const struct ui *ui)
{
    return ui->rows > FRAME_ROWS ? (size_t)(ui->rows - FRAME_ROWS) : 1;
}

void ui_set_detail(struct ui *ui, char *text)
{
    size_t lines = 0;

    free(ui->detail);
    ui->detail = text;
    for (char *at = text; at && *at; lines++) {
        at += strcspn(at, "\n");
        if (*at)
            *at++ = '\0';
    }
    ui->detail_lines = lines;
}

/* ---- lists ---- */

static int64_t id_at(const struct known *known, int is_events, size_t index)
{
    return is_events ? known->events[index].id : known->pauses[index].id;
}

static void fit(struct ui_list *list, const struct known *known, int is_events, size_t page)
{
    const size_t count = is_events ? known->event_count : known->pause_count;

    for (size_t i = 0; i < count; i++)
        if (id_at(known, is_events, i) == list->id)
            list->selected = i;
    if (list->selected >= count)
        list->selected = count ? count - 1 : 0;
    list->id = count ? id_at(known, is_events, list->selected) : 0;
    if (list->top > list->selected)
        list->top = list->selected;
    if (list->selected >= list->top + page)
        list->top = list->selected + 1 - page;
    if (list->top + page > count)
        list->top = count > page ? count - page : 0;
}

static size_t last_top(const struct ui *ui)
{
    return ui->detail_lines > ui_page(ui) ? ui->detail_lines - ui_page(ui) : 0;
}

void ui_fit(struct ui *ui, const struct known *known, int rows)
{
    ui->rows = rows;
    fit(&ui->events, known, 1, ui_page(ui));
    fit(&ui->pauses, known, 0, ui_page(ui));
    if (ui->detail_top > last_top(ui))
        ui->detail_top = last_top(ui);
}

/* Where a key moves to from `at`, among 0..last. */
static size_t moved(int key, size_t at, size_t last, size_t page)
{
    switch (key) {
    case KEY_UP:
    case 'k':
        return at > 0 ? at - 1 : 0;
    case KEY_DOWN:
    case 'j':
        return at < last ? at + 1 : last;
    case KEY_PAGE_UP:
        return at > page ? at - page : 0;
    case KEY_PAGE_DOWN:
    case ' ':
        return last - at > page ? at + page : last;
    case KEY_HOME:
    case 'g':
        return 0;
    case KEY_END:
    case 'G':
        return last;
    default:
        return at;
    }
}

static void move_in_list(struct ui_list *list, const struct known *known, int is_events, int key,
                         size_t page)
{
    const size_t count = is_events ? known->event_count : known->pause_count;

    if (count == 0)
        return;
    list->selected =
        moved(key, list->selected < count ? list->selected : count - 1, count - 1, page);
    list->id = id_at(known, is_events, list->selected);
}

/* ---- keys ---- */

static struct ui_order order(enum ui_action action)
{
    return (struct ui_order){action, 0, 0};
}

static struct ui_order go(struct ui *ui, enum ui_view view)
{
    ui->before = ui->view == VIEW_HELP || ui->view == VIEW_DETAIL ? ui->before : ui->view;
    ui->view = view;
    return order(UI_READ);
}

static struct ui_order filter_by(struct ui *ui, struct known *known, int64_t filter)
{
    known->filter = filter;
    ui->events = (struct ui_list){0, 0, 0};
    return order(UI_READ);
}

/* The keys of marks; -1: it is none. */
static int review_of(int key)
{
    static const char letters[] = "urpd"; /* as in enum pausemon_review */
    const char *at = key > 0 && key < 128 ? strchr(letters, key) : NULL;

    return at ? (int)(at - letters) : -1;
}

static struct ui_order mark(int64_t id, int review)
{
    return id > 0 ? (struct ui_order){UI_MARK, id, (uint64_t)review} : order(UI_NONE);
}

static struct ui_order open_detail(struct ui *ui, int64_t id)
{
    if (id <= 0)
        return order(UI_NONE);
    ui->before = ui->view;
    ui->view = VIEW_DETAIL;
    ui->detail_id = id;
    ui->detail_top = 0;
    ui_set_detail(ui, NULL);
    return order(UI_DETAIL);
}

static struct ui_order key_in_list(struct ui *ui, struct known *known, int key)
{
    const int is_events = ui->view == VIEW_EVENTS;
    struct ui_list *list = is_events ? &ui->events : &ui->pauses;

    if (is_events && review_of(key) >= 0)
        return mark(list->id, review_of(key));
    if (is_events && key == 'f') /* all, unreviewed, …, dismissed, all */
        return filter_by(ui, known, known->filter >= 3 ? -1 : known->filter + 1);
    if (is_events && key == 'a')
        return filter_by(ui, known, -1);
    if (key == KEY_ENTER || key == KEY_RIGHT)
        return open_detail(ui, list->id);
    move_in_list(list, known, is_events, key, ui_page(ui));
    return order(UI_NONE);
}

static struct ui_order key_in_detail(struct ui *ui, int key)
{
    if (ui->before == VIEW_EVENTS && review_of(key) >= 0)
        return mark(ui->detail_id, review_of(key));
    ui->detail_top = moved(key, ui->detail_top, last_top(ui), ui_page(ui));
    return order(UI_NONE);
}

/* Esc, left, backspace. */
static struct ui_order go_back(struct ui *ui)
{
    const int is_above = ui->view == VIEW_DETAIL || ui->view == VIEW_HELP;

    ui->view = is_above ? ui->before : VIEW_MAIN;
    return order(UI_READ);
}

static int is_back(int key)
{
    return key == KEY_ESCAPE || key == KEY_LEFT || key == 'h';
}

static struct ui_order turn(struct ui *ui, struct known *known, int key)
{
    const int has_marks =
        ui->view == VIEW_EVENTS || (ui->view == VIEW_DETAIL && ui->before == VIEW_EVENTS);

    if (key == 'q')
        return order(UI_QUIT);
    if (key == KEY_REDRAW)
        return order(UI_REDRAW);
    if (key == '?' && ui->view != VIEW_HELP)
        return go(ui, VIEW_HELP);
    if (is_back(key) || (key == '?' && ui->view == VIEW_HELP))
        return go_back(ui);
    if (key == 'e')
        return go(ui, VIEW_EVENTS);
    if (!has_marks && key == 'p')
        return go(ui, VIEW_PAUSES);
    if (!has_marks && key == 'r')
        return go(ui, VIEW_MAIN);
    if (ui->view == VIEW_EVENTS || ui->view == VIEW_PAUSES)
        return key_in_list(ui, known, key);
    return ui->view == VIEW_DETAIL ? key_in_detail(ui, key) : order(UI_NONE);
}

struct ui_order ui_key(struct ui *ui, struct known *known, int key)
{
    ui->said[0] = '\0';
    const struct ui_order asked = turn(ui, known, key);
    /* A filter belongs to the list that it was set in. */
    if (ui->view == VIEW_MAIN || ui->view == VIEW_PAUSES)
        known->filter = -1;
    return asked;
}
