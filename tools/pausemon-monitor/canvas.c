/* SPDX-License-Identifier: MIT */
#include "pausemon-monitor/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

#define ELLIPSIS 0x2026

int canvas_resize(struct canvas *canvas, int rows, int columns)
{
    rows = rows < 1 ? 1 : rows > CANVAS_MAX_ROWS ? CANVAS_MAX_ROWS : rows;
    columns = columns < 1 ? 1 : columns > CANVAS_MAX_COLUMNS ? CANVAS_MAX_COLUMNS : columns;
    void *cells = realloc(canvas->cells, (size_t)rows * (size_t)columns * sizeof *canvas->cells);
    if (!cells)
        return -1;
    canvas->cells = cells;
    canvas->rows = rows;
    canvas->columns = columns;
    canvas_clear(canvas);
    return 0;
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cells);
    canvas->cells = NULL;
}

void canvas_clear(struct canvas *canvas)
{
    for (int i = 0; i < canvas->rows * canvas->columns; i++)
        canvas->cells[i] = (struct canvas_cell){' ', STYLE_PLAIN, PART_WHOLE};
}

struct canvas_cell *canvas_at(const struct canvas *canvas, int row, int column)
{
    return &canvas->cells[row * canvas->columns + column];
}

/* ---- characters ---- */

size_t canvas_encode(char bytes[4], uint32_t point)
{
    const size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char firsts[] = {0, 0xC0, 0xE0, 0xF0};

    for (size_t i = more; i > 0; i--, point >>= 6)
        bytes[i] = (char)(0x80 | (point & 0x3F));
    bytes[0] = (char)(firsts[more] | point);
    return more + 1;
}

/* What is shown of a character, and its columns: 0, 1 or 2. */
static int show(const struct canvas *canvas, uint32_t *point)
{
    char bytes[5] = "";

    if (*point < 0x7F && *point >= 0x20)
        return 1;
    if (canvas->is_ascii || !utf8_is_harmless(*point)) {
        *point = '?';
        return 1;
    }
    bytes[canvas_encode(bytes, *point)] = '\0';
    return utf8_width(bytes);
}

int canvas_width(const struct canvas *canvas, const char *text)
{
    size_t left = strlen(text), step;
    uint32_t point;
    int width = 0;

    for (; left > 0; text += step, left -= step) {
        step = utf8_next(text, left, &point);
        width += show(canvas, &point);
    }
    return width;
}

/* ---- putting ---- */

/* A half of a wide character that loses its other half becomes a blank. */
static void part_from(struct canvas *canvas, int row, int column)
{
    if (column < 0 || column >= canvas->columns)
        return;
    struct canvas_cell *cell = canvas_at(canvas, row, column);
    if (cell->part == PART_RIGHT && column > 0)
        *canvas_at(canvas, row, column - 1) = (struct canvas_cell){' ', cell->style, PART_WHOLE};
    if (cell->part == PART_LEFT && column + 1 < canvas->columns)
        *canvas_at(canvas, row, column + 1) = (struct canvas_cell){' ', cell->style, PART_WHOLE};
}

static void put_point(struct canvas *canvas, int row, int column, int width,
                      enum canvas_style style, uint32_t point)
{
    for (int i = 0; i < width; i++) {
        part_from(canvas, row, column + i);
        *canvas_at(canvas, row, column + i) =
            (struct canvas_cell){point, (uint8_t)style,
                                 (uint8_t)(width == 1 ? PART_WHOLE
                                           : i == 0   ? PART_LEFT
                                                      : PART_RIGHT)};
    }
}

/* `width`, as far as it is on the canvas. */
static int clip(const struct canvas *canvas, int row, int column, int width)
{
    if (row < 0 || row >= canvas->rows || column < 0 || column >= canvas->columns)
        return 0;
    return width > canvas->columns - column ? canvas->columns - column : width;
}

int canvas_put(struct canvas *canvas, int row, int column, int width, enum canvas_style style,
               const char *text)
{
    size_t left = strlen(text), step;
    uint32_t point;
    int used = 0;

    width = clip(canvas, row, column, width);
    if (width <= 0)
        return 0;
    const int is_cut = canvas_width(canvas, text) > width;
    for (; left > 0; text += step, left -= step) {
        step = utf8_next(text, left, &point);
        const int wide = show(canvas, &point);
        if (wide == 0)
            continue;
        if (used + wide > width - is_cut)
            break;
        put_point(canvas, row, column + used, wide, style, point);
        used += wide;
    }
    if (is_cut && used < width)
        put_point(canvas, row, column + used++, 1, style, canvas->is_ascii ? '~' : ELLIPSIS);
    return used;
}

void canvas_put_right(struct canvas *canvas, int row, int column, int width,
                      enum canvas_style style, const char *text)
{
    const int needed = canvas_width(canvas, text), before = needed < width ? width - needed : 0;

    canvas_put(canvas, row, column + before, width - before, style, text);
}

void canvas_fill(struct canvas *canvas, int row, int column, int width, enum canvas_style style,
                 uint32_t point)
{
    width = clip(canvas, row, column, width);
    for (int i = 0; i < width; i++)
        put_point(canvas, row, column + i, 1, style, point);
}

void canvas_restyle(struct canvas *canvas, int row, int column, int width, enum canvas_style style)
{
    width = clip(canvas, row, column, width);
    for (int i = 0; i < width; i++)
        canvas_at(canvas, row, column + i)->style = (uint8_t)style;
}

void canvas_row_text(const struct canvas *canvas, int row, char text[CANVAS_ROW_SIZE])
{
    size_t used = 0, last = 0;

    for (int column = 0; column < canvas->columns; column++) {
        const struct canvas_cell *cell = canvas_at(canvas, row, column);
        if (cell->part == PART_RIGHT)
            continue;
        used += canvas_encode(text + used, cell->point);
        last = cell->point == ' ' ? last : used;
    }
    text[last] = '\0';
}
