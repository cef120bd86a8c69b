/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_SETTINGS_H
#define PAUSEMOND_SETTINGS_H

#include <pausemon/config.h>

struct daemon;

/* Reads the configuration: `given`, else for the system's daemon the system's, else the one in
 * force; the defaults where there is no file. NULL on failure, which is said. */
struct pausemon_config *settings_load(const char *given, int is_system);

/* Takes the configuration that the writer has read anew into force, and says which changed keys
 * need a restart; if it was refused, says that the old one stays. */
void settings_take(struct daemon *daemon, int is_good);

/* The monitor looks as often as the budget allows (budget.h): the configured interval, or more. */
void settings_pace(struct daemon *daemon);

#endif
