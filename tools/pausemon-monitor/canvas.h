/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_CANVAS_H
#define MONITOR_CANVAS_H

/* A screen in memory: a grid of cells, each a character and how it looks. Whatever is put on it is
 * cleaned: no cell holds anything that a terminal takes for a command. */

#include <stddef.h>
#include <stdint.h>

/* A terminal that says it is larger is drawn upon up to here. */
#define CANVAS_MAX_ROWS 256
#define CANVAS_MAX_COLUMNS 512

enum canvas_style {
    STYLE_PLAIN = 0,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_BAR,     /* the title, and the row that is selected */
    STYLE_BAR_BAD, /* a part of it that is a trouble */
    STYLE_HEAD,    /* of a table */
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_COUNT
};

enum canvas_part { PART_WHOLE = 0, PART_LEFT, PART_RIGHT };

struct canvas_cell {
    uint32_t point; /* of a wide character in both halves */
    uint8_t style;  /* enum canvas_style */
    uint8_t part;   /* enum canvas_part */
};

struct canvas {
    int rows, columns;
    int is_ascii; /* the terminal knows nothing else */
    struct canvas_cell *cells;
};

/* Another size, all blank. 0, or -1 without memory: it is as before. */
int canvas_resize(struct canvas *canvas, int rows, int columns);
void canvas_free(struct canvas *canvas);
void canvas_clear(struct canvas *canvas);

/* A cell that is there. */
struct canvas_cell *canvas_at(const struct canvas *canvas, int row, int column);

/* Puts a text, as much of it as fits into `width` columns and on the canvas; of one that is cut the
 * last column says so. Returns the columns it took. */
int canvas_put(struct canvas *canvas, int row, int column, int width, enum canvas_style style,
               const char *text);

/* The same, ended at the right end of `width`. */
void canvas_put_right(struct canvas *canvas, int row, int column, int width,
                      enum canvas_style style, const char *text);

/* The same character all along. */
void canvas_fill(struct canvas *canvas, int row, int column, int width, enum canvas_style style,
                 uint32_t point);

/* Other looks for what is there. */
void canvas_restyle(struct canvas *canvas, int row, int column, int width, enum canvas_style style);

/* The UTF-8 of a character; returns its length, at most 4. */
size_t canvas_encode(char bytes[4], uint32_t point);

/* A row as text: UTF-8 without blanks at the end. `text` has room for CANVAS_ROW_SIZE. */
#define CANVAS_ROW_SIZE (4 * CANVAS_MAX_COLUMNS + 1)
void canvas_row_text(const struct canvas *canvas, int row, char text[CANVAS_ROW_SIZE]);

/* Columns that a text takes. */
int canvas_width(const struct canvas *canvas, const char *text);

#endif
