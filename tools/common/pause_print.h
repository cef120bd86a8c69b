/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PAUSE_PRINT_H
#define TOOLS_PAUSE_PRINT_H

#include <pausemon/pause.h>
#include <stdio.h>

/* A pause for a person, within 80 columns: the sentence, the evidence, the parties. The date is
 * there when it is not the day of `now_ns`. -1 without memory. */
int pause_print(FILE *to, const struct pausemon_pause *pause, int64_t now_ns);

#endif
