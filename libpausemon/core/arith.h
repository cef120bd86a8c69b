/* SPDX-License-Identifier: MIT */
#ifndef PM_CORE_ARITH_H
#define PM_CORE_ARITH_H

#include <stdint.h>

/* floor(a × b ÷ c), exact for any operands, at most UINT64_MAX; c > 0. */
uint64_t pm_mul_div(uint64_t a, uint64_t b, uint64_t c);

/* a − b, at least 0. */
static inline uint64_t pm_less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* From one time to a later one; 0 if it is not later. Right for any two values. */
static inline uint64_t pm_elapsed(int64_t from_ns, int64_t to_ns)
{
    return to_ns > from_ns ? (uint64_t)to_ns - (uint64_t)from_ns : 0;
}

#endif
