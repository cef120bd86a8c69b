/* SPDX-License-Identifier: MIT */
#ifndef MONITOR_KEYS_H
#define MONITOR_KEYS_H

/* What a terminal sends, as keys. A character from ' ' to '~' is itself. */

#include <stddef.h>

enum key {
    KEY_NONE = 0,
    KEY_ENTER = 13,
    KEY_REDRAW = 12, /* Ctrl-L */
    KEY_ESCAPE = 27,
    KEY_UP = 256,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END
};

#define KEYS_MAX_SEQUENCE 16

struct keys {
    char bytes[KEYS_MAX_SEQUENCE]; /* of a sequence that is not over */
    size_t used;                   /* more than there is room for: it is too long to be a key */
};

/* What the next byte completes: a key, or KEY_NONE. */
int keys_put(struct keys *keys, unsigned char byte);

/* Whether something is begun: then, after a short time, keys_give_up says what it was. */
int keys_wait(const struct keys *keys);
int keys_give_up(struct keys *keys);

#endif
