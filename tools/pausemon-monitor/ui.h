/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_UI_H
#define MONITOR_UI_H

/* Which view is shown, and what keys do to it. */

#include "pausemon-monitor/known.h"

enum ui_view { VIEW_MAIN, VIEW_EVENTS, VIEW_PAUSES, VIEW_HELP, VIEW_DETAIL };

/* What is selected in a list: an id, so that it stays when others come. */
struct ui_list {
    int64_t id;
    size_t selected, top;
};

struct ui {
    enum ui_view view, before; /* `before`: where a detail or the help goes back to */
    struct ui_list events, pauses;
    int rows; /* of the screen */
    /* Of the detail: lines in one block, each ended by a NUL. */
    char *detail;
    size_t detail_lines, detail_top;
    int64_t detail_id;
    char said[200]; /* in answer to a key */
    int is_bad;
};

enum ui_action {
    UI_NONE = 0,
    UI_QUIT,
    UI_REDRAW,
    UI_READ,   /* the lists, which are others now */
    UI_DETAIL, /* of ui->detail_id, an event if ui->before is VIEW_EVENTS */
    UI_MARK    /* the event `id` as `review` */
};

struct ui_order {
    enum ui_action action;
    int64_t id;
    uint64_t review;
};

void ui_init(struct ui *ui);
void ui_free(struct ui *ui);

/* What a key asks for beyond this. */
struct ui_order ui_key(struct ui *ui, struct known *known, int key);

/* Rows may be others, and so may be the lists: what is selected is on the screen again. Before each
 * drawing. */
void ui_fit(struct ui *ui, const struct known *known, int rows);

/* Takes a text of lines, which is freed later; NULL: there is none. */
void ui_set_detail(struct ui *ui, char *text);

/* A line in answer. */
void ui_say(struct ui *ui, int is_bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Rows of a list, of a detail, on the screen; at least 1. */
size_t ui_page(const struct ui *ui);

#endif
