/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_BUDGET_H
#define PAUSEMOND_BUDGET_H

/* Over its own budget the daemon does less: it looks half as often, or a quarter, until it costs
 * less again. Not while the tier is elevated: then what it sees is what it is there for. */

#include <stdint.h>

#define BUDGET_SLOWEST 4

struct budget {
    uint64_t slower; /* looks are so many intervals apart: 1, 2, 4 */
    uint64_t over;   /* measurements in a row that were over the budget */
    uint64_t under;  /* that would be within it at twice the pace too */
};

void budget_begin(struct budget *budget);

/* After a measurement: CPU used and allowed, in thousandths of a core. Whether budget->slower has
 * changed. */
int budget_judge(struct budget *budget, int64_t used, int64_t allowed, uint64_t tier);

#endif
