/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void bytes_add(struct bytes *bytes, const char *text, size_t length)
{
    if (bytes->used + length > bytes->room) {
        const size_t room = 2 * (bytes->used + length) + 1024;
        void *fresh = bytes->is_short ? NULL : realloc(bytes->at, room);
        if (!fresh) {
            bytes->is_short = 1;
            return;
        }
        bytes->at = fresh;
        bytes->room = room;
    }
    memcpy(bytes->at + bytes->used, text, length);
    bytes->used += length;
}

void bytes_add_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){NULL, 0, 0, 0};
}

/* ---- painting ---- */

static const struct {
    const char *color, *without;
} looks[STYLE_COUNT] = {
    [STYLE_PLAIN] = {"\033[0m", "\033[0m"},
    [STYLE_DIM] = {"\033[0;2m", "\033[0;2m"},
    [STYLE_BOLD] = {"\033[0;1m", "\033[0;1m"},
    [STYLE_BAR] = {"\033[0;7m", "\033[0;7m"},
    [STYLE_BAR_BAD] = {"\033[0;1;7;31m", "\033[0;1;7m"},
    [STYLE_HEAD] = {"\033[0;1;36m", "\033[0;1m"},
    [STYLE_GOOD] = {"\033[0;32m", "\033[0m"},
    [STYLE_WARN] = {"\033[0;33m", "\033[0;1m"},
    [STYLE_BAD] = {"\033[0;1;31m", "\033[0;1m"},
};

/* Where the terminal's cursor is, and how it writes. Not known: -1. */
struct pen {
    struct bytes *bytes;
    int row, column, style, color;
};

static void move(struct pen *pen, int row, int column)
{
    char text[32];

    if (pen->row == row && pen->column == column)
        return;
    snprintf(text, sizeof text, "\033[%d;%dH", row + 1, column + 1);
    bytes_add_text(pen->bytes, text);
    pen->row = row;
    pen->column = column;
}

static void draw(struct pen *pen, const struct canvas *canvas, int row, int column)
{
    const struct canvas_cell *cell = canvas_at(canvas, row, column);
    char bytes[4];

    move(pen, row, column);
    if (pen->style != cell->style)
        bytes_add_text(pen->bytes,
                       pen->color ? looks[cell->style].color : looks[cell->style].without);
    pen->style = cell->style;
    bytes_add(pen->bytes, bytes, canvas_encode(bytes, cell->point));
    pen->column += cell->part == PART_LEFT ? 2 : 1;
    /* Behind the last column terminals differ. */
    if (pen->column >= canvas->columns)
        pen->column = -1;
}

static int is_same(const struct canvas_cell *a, const struct canvas_cell *b)
{
    return a->point == b->point && a->style == b->style && a->part == b->part;
}

void paint(struct bytes *bytes, const struct canvas *canvas, const struct canvas *shown, int color)
{
    struct pen pen = {bytes, -1, -1, -1, color};

    if (!shown)
        bytes_add_text(bytes, "\033[0m\033[2J");
    for (int row = 0; row < canvas->rows; row++)
        for (int column = 0; column < canvas->columns; column++) {
            static const struct canvas_cell blank = {' ', STYLE_PLAIN, PART_WHOLE};
            const struct canvas_cell *cell = canvas_at(canvas, row, column);
            const struct canvas_cell *old = shown ? canvas_at(shown, row, column) : &blank;
            /* A right half is drawn with its left one, which differs whenever it does. */
            if (cell->part != PART_RIGHT && !is_same(cell, old))
                draw(&pen, canvas, row, column);
        }
    if (pen.style > STYLE_PLAIN)
        bytes_add_text(bytes, looks[STYLE_PLAIN].color);
}
