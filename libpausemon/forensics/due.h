/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_DUE_H
#define PM_FORENSICS_DUE_H

/* When a capture is due: what comes soon after one belongs to it, and a machine that freezes again
 * and again is not kept busy with being captured. Pure; times are monotonic. */

#include <stdbool.h>
#include <stdint.h>

enum pm_due_verdict {
    PM_DUE_NONE = 0, /* not worth one */
    PM_DUE_BEGIN,
    PM_DUE_MERGE, /* belongs to the one that was begun last */
    PM_DUE_SKIP   /* would be one, but it is too soon */
};

struct pm_due {
    bool has_begun;
    int64_t begun_ns; /* the last one */
    int64_t last_ns;  /* anything that was worth one, also if it was put off */
    uint64_t gap_ns;  /* from one to the next */
};

/* Something is worth a capture. */
enum pm_due_verdict pm_due_judge(struct pm_due *due, int64_t now_ns);

/* One was begun though nobody asked this: what comes soon belongs to it. */
void pm_due_note(struct pm_due *due, int64_t now_ns);

#endif
