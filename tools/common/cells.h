/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_CELLS_H
#define TOOLS_CELLS_H

/* What stands in the cells of a table of processes. Each has room for CELL_SIZE bytes. */

#include <pausemon/process.h>

#define CELL_SIZE 96

/* "1.2G" */
void cell_size(char *cell, uint64_t bytes);

/* "99.8", of tenths */
void cell_percent(char *cell, uint64_t tenths);

void cell_count(char *cell, uint64_t count);

/* "cpu,csw": the categories, whole words, as many as fit in `width` columns, the others counted:
 * "cpu,+2". */
void cell_why(char *cell, uint64_t categories, int width);

#endif
