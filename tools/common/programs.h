/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_PROGRAMS_H
#define TOOLS_PROGRAMS_H

/* The options of the programs that `pausemon` runs: theirs to read, and its own to complete. */

#include "common/args.h"

extern const struct arg_option program_daemon_options[], program_monitor_options[];

#endif
