/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_HARD_END_H
#define PAUSEMON_HARD_END_H

/* A boot that ended without shutdown, as the database and the black box of that boot tell it; and a
 * daemon that ended without a word in this boot. */

#include "pausemon/incidents.h"

struct hard_end {
    const char *program;
    struct pausemon_host host;
    int is_noted; /* in the database */
    int64_t last_alive_ns, noted_ns;
    int has_box; /* and it belongs to it; alone if it is not noted */
    char path[PLACE_SIZE + 8];
    struct pausemon_blackbox_info box;
    int64_t box_ns;               /* of its last sample, or, without one, of its beginning */
    struct pausemon_sample *last; /* NULL: none can be read */
    uint64_t tier;
    int is_killed;          /* the daemon, in this boot */
    int64_t killed_last_ns; /* its last sample; 0: there is none */
};

/* Nothing is told yet. Free it in any case. */
void hard_end_init(struct hard_end *hard_end, const struct incidents *incidents);
void hard_end_free(struct hard_end *hard_end);

/* What the database says of it, unless the newest pause is newer; 0 or an exit code after a line on
 * stderr. `newest_ns`: the end of that pause; 0: there is none. */
int hard_end_find_noted(struct hard_end *hard_end, const struct incidents *incidents,
                        int64_t newest_ns);

/* What the black boxes say. What cannot be read is told on stderr. -1 without memory. */
int hard_end_find_boxes(struct hard_end *hard_end, const struct place *place, int64_t newest_ns);

/* Whether there is a boot's end to be told. */
int hard_end_is_found(const struct hard_end *hard_end);

/* For a person; -1 without memory. Ends with an empty line if `more` follows. */
int hard_end_print(const struct hard_end *hard_end, int more);
void hard_end_print_killed(const struct hard_end *hard_end);

/* The keys "hard_end" and "daemon_killed" of an object, each behind a comma. */
void hard_end_print_json(const struct hard_end *hard_end);

#endif
