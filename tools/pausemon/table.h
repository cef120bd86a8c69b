/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_TABLE_H
#define PAUSEMON_TABLE_H

#include <pausemon/sample.h>

/* A sample for people, on stdout: one line about it, then a row for each of the processes. -1
 * without memory. */
int table_print(const struct pausemon_sample *sample,
                const struct pausemon_process *const *processes, size_t count);

#endif
