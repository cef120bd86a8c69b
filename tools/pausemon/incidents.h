/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_INCIDENTS_H
#define PAUSEMON_INCIDENTS_H

/* What the commands that read the incident database share. */

#include <pausemon/pausemon.h>
#include <stdio.h>

#include "common/args.h"
#include "common/grid.h"
#include "common/places.h"
#include "common/when.h"

/* So that scripts can name it everywhere. */
#define CONFIG_OPTION                                                                              \
    {                                                                                              \
        "config", 0, "FILE", "is taken; nothing that this command does depends on it"              \
    }

/* Of commands that read. */
#define INCIDENT_OPTIONS                                                                           \
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},             \
        CONFIG_OPTION,                                                                             \
    {                                                                                              \
        "json", 0, NULL, "one JSON document"                                                       \
    }

/* Of commands that list. */
#define INCIDENT_LIST_OPTIONS                                                                      \
    {"count", 'n', "N", "the newest N (default 20); 0: all"},                                      \
    {                                                                                              \
        "hours", 'H', "H", "only of the last H hours"                                              \
    }

#define INCIDENT_DAY_NS (INT64_C(86400) * 1000000000)

struct incidents {
    const struct args *args;
    struct pausemon_history *history;
    struct pausemon_host host;
    struct place place;
    int json;
};

/* Opens the database that is in force. 0, or an exit code after a line on stderr: EXIT_NOTHING when
 * no daemon has ever written one. Close it in any case. */
int incidents_open(struct incidents *incidents, const struct args *args);
void incidents_close(struct incidents *incidents);

/* A failed call of pausemon_history_*, on stderr; returns EXIT_ERROR. */
int incidents_fail(const struct incidents *incidents, const struct pausemon_error *error);

/* Fills limit and since from --count and --hours. The limit is one more than is to be shown, so
 * that it is seen whether there are more. 0 or EXIT_USAGE. */
int incidents_read_filter(const struct args *args, struct pausemon_history_filter *filter);

/* Another row of a list: 1 when it is to be shown, 0 when it is the one too many, which is told. */
int incidents_count(const struct args *args, const struct pausemon_history_filter *filter,
                    uint64_t *shown);

/* An id above 0 from an operand: 0 or EXIT_USAGE. */
int incidents_read_id(const struct args *args, size_t operand, int64_t *id);

/* The index of `word` in a list of names that ends when name_of gives NULL; -1 after a line on
 * stderr that names the nearest. */
int incidents_read_name(const struct args *args, const char *option,
                        const char *(*name_of)(uint64_t), uint64_t *value);

#define INCIDENT_TIME_SIZE WHEN_SIZE

/* Local time: "12:04:31", with the date in front when it is not today. */
void incidents_time(char text[INCIDENT_TIME_SIZE], int64_t realtime_ns);

/* Where the files of a capture are, or that they are gone: a line behind `indent` blanks. */
void incidents_print_capture(const struct incidents *incidents, const char *name, int indent);

/* A pause for a person: the sentence, the evidence, the parties. -1 without memory. */
int incidents_print_pause(const struct pausemon_pause *pause);

/* Rows of the tables of pauses, and of events. -1 without memory. */
extern const struct grid_column incidents_pause_columns[], incidents_event_columns[];
int incidents_add_pause(struct grid *grid, const struct pausemon_pause *pause);
int incidents_add_event(struct grid *grid, const struct pausemon_escalation *escalation);

#endif
