/* SPDX-License-Identifier: MIT */
#include "forensics/due.h"

#include "base/host.h"
#include "core/arith.h"

#define MERGE_NS (UINT64_C(30) * PM_NS_PER_S)
#define FIRST_GAP_NS MERGE_NS
#define MOST_GAP_NS (UINT64_C(600) * PM_NS_PER_S)
#define QUIET_NS (UINT64_C(600) * PM_NS_PER_S)

/* It belongs to the last one by its time. */
static bool is_soon(const struct pm_due *due, int64_t now_ns)
{
    return due->has_begun && pm_elapsed(due->begun_ns, now_ns) < MERGE_NS;
}

void pm_due_note(struct pm_due *due, int64_t now_ns)
{
    due->has_begun = true;
    due->begun_ns = now_ns;
}

enum pm_due_verdict pm_due_judge(struct pm_due *due, int64_t now_ns)
{
    bool quiet = !due->has_begun || pm_elapsed(due->last_ns, now_ns) >= QUIET_NS;

    due->last_ns = now_ns;
    if (quiet)
        due->gap_ns = 0;
    if (is_soon(due, now_ns))
        return PM_DUE_MERGE;
    if (!quiet && pm_elapsed(due->begun_ns, now_ns) < due->gap_ns)
        return PM_DUE_SKIP;
    pm_due_note(due, now_ns);
    due->gap_ns = due->gap_ns ? due->gap_ns * 2 : FIRST_GAP_NS;
    due->gap_ns = due->gap_ns < MOST_GAP_NS ? due->gap_ns : MOST_GAP_NS;
    return PM_DUE_BEGIN;
}
