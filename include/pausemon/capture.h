/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_CAPTURE_H
#define PAUSEMON_CAPTURE_H

/* A capture: one directory of evidence, DATA/events/YYYY-mm-dd_HH-MM-SS[_n]/, named by the local
 * time at which it was begun.
 * @since 0.1 */

#include <pausemon/common.h>

PAUSEMON_BEGIN_DECLS

#define PAUSEMON_CAPTURE_NAME_SIZE 40

enum pausemon_capture_reason {
    PAUSEMON_CAPTURE_PAUSE = 1, /* a pause of pause.forensics_ms or more */
    PAUSEMON_CAPTURE_TIER = 2,  /* the tier became critical */
    PAUSEMON_CAPTURE_ASKED = 3  /* somebody asked for it */
};

struct pausemon_capture {
    uint64_t size;
    int64_t start_ns;                      /* realtime at which it was begun */
    uint64_t reason;                       /* enum pausemon_capture_reason */
    int64_t event_id;                      /* the escalation it belongs to; 0: none */
    int64_t pause_id;                      /* the pause that led to it; 0: none */
    uint64_t bytes;                        /* of its files */
    uint64_t complete;                     /* 0: it goes on, or was interrupted */
    char name[PAUSEMON_CAPTURE_NAME_SIZE]; /* of its directory */
};
/* clang-format off */
#define PAUSEMON_CAPTURE_INIT {sizeof(struct pausemon_capture), 0, 0, 0, 0, 0, 0, {0}}
/* clang-format on */

/* "pause", "tier", "asked"; NULL for anything else. Static text. */
PAUSEMON_API const char *pausemon_capture_reason_name(uint64_t reason);

PAUSEMON_END_DECLS
#endif
