/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_HISTORY_PRINT_H
#define PAUSEMON_HISTORY_PRINT_H

/* Hours on stdout, in each of the forms of `pausemon history`. */

#include "pausemon/hours.h"

/* A line an hour, within 80 columns; hours of which nothing was kept are one line together. */
void history_print_table(const struct hours *hours);

/* One hour with its titles. */
void history_print_hour(const struct hour *hour);

/* What the columns mean, behind the table. */
void history_print_legend(const struct hours *hours);

/* One object; an array of all is the caller's. */
void history_print_json(const struct hour *hour);

/* All of it, RFC 4180. Of an hour of which nothing was kept all but its start is empty. */
void history_print_csv(const struct hours *hours);

#endif
