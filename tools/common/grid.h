/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_GRID_H
#define TOOLS_GRID_H

/* A table for people: columns as wide as their widest cell, two blanks between them. */

#include <stddef.h>
#include <stdio.h>

#define GRID_CELL 96 /* bytes of a cell, with its NUL */
#define GRID_MAX_COLUMNS 16

struct grid_column {
    const char *title;
    int left; /* aligned; numbers are not */
};

struct grid {
    const struct grid_column *columns; /* ended by a NULL title */
    char (*cells)[GRID_CELL];
    size_t count, capacity; /* of cells */
};

void grid_init(struct grid *grid, const struct grid_column *columns);

/* The next cell, to be written, row by row; NULL without memory. Valid until the next call. */
char *grid_add(struct grid *grid);

/* The same with a text in it, cleaned and cut. -1 without memory. */
int grid_add_text(struct grid *grid, const char *text);
int grid_add_format(struct grid *grid, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Titles and rows, each line behind `indent` blanks; grid_print: on stdout. */
void grid_write(FILE *to, const struct grid *grid, int indent);
void grid_print(const struct grid *grid, int indent);

void grid_free(struct grid *grid);

#endif
