/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_MOMENT_H
#define PAUSEMON_MOMENT_H

/* `pausemon history --at`: all that is known of one minute, from the database and the black boxes;
 * and when nothing was kept of it, why. */

#include "common/args.h"
#include "common/said.h"

/* An exit code. At most `limit` - 1 samples are shown to a person; 0: all. */
int moment_run(const struct args *args, uint64_t limit, int json);

#endif
