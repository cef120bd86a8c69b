/* SPDX-License-Identifier: MIT */
#include "common/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/utf8.h"

void grid_init(struct grid *grid, const struct grid_column *columns)
{
    *grid = (struct grid){.columns = columns};
}

char *grid_add(struct grid *grid)
{
    if (grid->count == grid->capacity) {
        size_t capacity = grid->capacity ? 2 * grid->capacity : 64;
        void *fresh = realloc(grid->cells, capacity * sizeof *grid->cells);
        if (!fresh)
            return NULL;
        grid->cells = fresh;
        grid->capacity = capacity;
    }
    return grid->cells[grid->count++];
}

int grid_add_text(struct grid *grid, const char *text)
{
    char *cell = grid_add(grid);

    if (!cell)
        return -1;
    utf8_clean(cell, GRID_CELL, text);
    return 0;
}

int grid_add_format(struct grid *grid, const char *format, ...)
{
    va_list arguments;
    char *cell = grid_add(grid);

    if (!cell)
        return -1;
    va_start(arguments, format);
    vsnprintf(cell, GRID_CELL, format, arguments);
    va_end(arguments);
    return 0;
}

/* A cell behind the blanks that are due; what is due behind it. Nothing is due at the end of a
 * line. */
static int print_padded(FILE *to, const char *text, int width, int left, int due)
{
    const int blanks = width - utf8_width(text);

    if (text[0])
        fprintf(to, "%*s%s", due + (left ? 0 : blanks), "", text);
    return 2 + (text[0] ? (left ? blanks : 0) : due + width);
}

void grid_write(FILE *to, const struct grid *grid, int indent)
{
    int widths[GRID_MAX_COLUMNS], due = 0;
    size_t columns = 0;

    for (; columns < GRID_MAX_COLUMNS && grid->columns[columns].title; columns++)
        widths[columns] = utf8_width(grid->columns[columns].title);
    size_t rows = grid->count / columns;
    for (size_t i = 0; i < rows * columns; i++) {
        int width = utf8_width(grid->cells[i]);
        widths[i % columns] = width > widths[i % columns] ? width : widths[i % columns];
    }
    for (size_t i = 0; i < (rows + 1) * columns; i++) {
        size_t column = i % columns;
        due = print_padded(to, i < columns ? grid->columns[i].title : grid->cells[i - columns],
                           widths[column], grid->columns[column].left, column ? due : indent);
        if (column + 1 == columns)
            fputc('\n', to);
    }
}

void grid_print(const struct grid *grid, int indent)
{
    grid_write(stdout, grid, indent);
}

void grid_free(struct grid *grid)
{
    free(grid->cells);
}
