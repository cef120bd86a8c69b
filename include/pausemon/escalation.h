/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_ESCALATION_H
#define PAUSEMON_ESCALATION_H

/* An escalation: the time from tier 1 upward until it is tier 1 again. Stored, and to people, it is
 * an "event".
 * @since 0.1 */

#include <pausemon/tiers.h>

PAUSEMON_BEGIN_DECLS

/* What a person made of it. */
enum pausemon_review {
    PAUSEMON_REVIEW_UNREVIEWED = 0,
    PAUSEMON_REVIEW_REVIEWED = 1,
    PAUSEMON_REVIEW_PINNED = 2, /* never removed by age or size */
    PAUSEMON_REVIEW_DISMISSED = 3
};

struct pausemon_escalation {
    uint64_t size;
    int64_t id;
    struct pausemon_instant start; /* read from a database: of its clocks only realtime_ns (and the
                                      reader's utc_offset_s) are set; so is end */
    struct pausemon_instant end;   /* all 0 while open */
    uint64_t open;                 /* 1: it has not ended */
    uint64_t peak_stress;          /* 0..100 */
    uint64_t peak_tier;            /* enum pausemon_tier */
    uint64_t review;               /* enum pausemon_review */
    uint64_t sample_count;         /* samples kept of it so far */
    const char *notes;             /* UTF-8; NULL: none. Dies with what the escalation came from */
};
#define PAUSEMON_ESCALATION_INIT                                                                   \
    {                                                                                              \
        sizeof(struct pausemon_escalation), 0, {0, 0, 0, 0}, {0, 0, 0, 0}, 0, 0, 0, 0, 0, NULL     \
    }

/* "unreviewed", "reviewed", "pinned", "dismissed"; NULL for anything else. */
PAUSEMON_API const char *pausemon_review_name(uint64_t review);

/* The other way; -1 for any other text. */
PAUSEMON_API int pausemon_review_from_name(const char *name);

PAUSEMON_END_DECLS
#endif
