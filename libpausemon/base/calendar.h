/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_CALENDAR_H
#define PM_BASE_CALENDAR_H

/* The Gregorian calendar, without the C library's: no locale, no zone, no state. */

#include <stdbool.h>
#include <stdint.h>

struct pm_date {
    int64_t year, month, day, hour, minute, second;
};

/* Seconds since 1970; false unless it is a date of the years 1678 to 2261: those that an int64
 * of nanoseconds since 1970 reaches. */
bool pm_date_to_seconds(const struct pm_date *date, int64_t *seconds);

/* Any number of seconds. */
void pm_date_from_seconds(struct pm_date *date, int64_t seconds);

/* Reads exactly `count` digits, and `before` in front of them unless it is 0; moves *at. */
bool pm_date_digits(const char **at, const char *end, int count, char before, int64_t *value);

#endif
