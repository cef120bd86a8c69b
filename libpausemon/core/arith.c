/* SPDX-License-Identifier: MIT */
#include "core/arith.h"

uint64_t pm_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    if (b == 0 || a <= UINT64_MAX / b)
        return a * b / c;
    /* (q × c + r) × b ÷ c = q × b + r × b ÷ c, and r × b ÷ c bit by bit of b: only numbers that
     * are nonsense or very large come here. */
    uint64_t quotient = 0, rest = 0, whole = a / c, part = a % c;
    for (int bit = 63; bit >= 0; bit--) {
        uint64_t carry = rest >= c - rest; /* rest < c, so 2 × rest ÷ c is 0 or 1 */
        if (quotient > UINT64_MAX / 2)
            return UINT64_MAX;
        quotient = quotient * 2 + carry;
        rest = carry ? rest - (c - rest) : rest * 2;
        if (b >> bit & 1) {
            carry = rest >= c - part && part > 0;
            rest = carry ? rest - (c - part) : rest + part;
            quotient += carry;
        }
    }
    if (whole > 0 && whole > UINT64_MAX / b)
        return UINT64_MAX;
    return whole * b > UINT64_MAX - quotient ? UINT64_MAX : whole * b + quotient;
}
