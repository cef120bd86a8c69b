/* SPDX-License-Identifier: MIT */
#include "common/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define HALF_YEAR_NS (INT64_C(180) * 86400 * SECOND_NS)

int64_t when_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* How a day other than today is written. */
enum form { FORM_FULL, FORM_NEAR, FORM_FAR };

static void format(char text[WHEN_SIZE], int64_t realtime_ns, int64_t now_ns, enum form form)
{
    time_t now = (time_t)(now_ns / SECOND_NS), then = (time_t)(realtime_ns / SECOND_NS);
    struct tm today, date;
    size_t done;

    if (!localtime_r(&now, &today) || !localtime_r(&then, &date)) {
        snprintf(text, WHEN_SIZE, "@%" PRId64, (int64_t)then);
        return;
    }
    if (date.tm_year == today.tm_year && date.tm_yday == today.tm_yday)
        done = strftime(text, WHEN_SIZE, "%H:%M:%S", &date);
    else if (form == FORM_FULL)
        done = strftime(text, WHEN_SIZE, "%Y-%m-%d %H:%M:%S", &date);
    else if (form == FORM_NEAR)
        done = strftime(text, WHEN_SIZE, "%b %d %H:%M", &date);
    else
        done = strftime(text, WHEN_SIZE, "%Y-%m-%d", &date);
    if (done == 0)
        text[0] = '\0';
}

void when_text(char text[WHEN_SIZE], int64_t realtime_ns, int64_t now_ns)
{
    format(text, realtime_ns, now_ns, FORM_FULL);
}

void when_short(char text[WHEN_SIZE], int64_t realtime_ns, int64_t now_ns)
{
    const int is_near = realtime_ns > now_ns - HALF_YEAR_NS && realtime_ns < now_ns + SECOND_NS;

    format(text, realtime_ns, now_ns, is_near ? FORM_NEAR : FORM_FAR);
}

/* ---- reading ---- */

/* Moves *at over `digits` digits, and the character `after` if it is not NUL. -1: they are not
 * there. */
static int take(const char **at, int digits, char after)
{
    int value = 0;

    for (int i = 0; i < digits; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    if (after && *(*at)++ != after)
        return -1;
    return value;
}

/* Days from 1970-01-01 in the Gregorian calendar, years 1 to 9999. */
static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int last = year - 1, leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return INT64_C(365) * last + last / 4 - last / 100 + last / 400 + before[month - 1] +
           (month > 2 && leap) + day - 719163;
}

/* The digits behind a point, as nanoseconds. */
static int64_t take_fraction(const char **at)
{
    int64_t unit = SECOND_NS / 10, value = 0;

    if (**at != '.')
        return 0;
    for (++*at; **at >= '0' && **at <= '9'; ++*at, unit /= 10)
        value += (**at - '0') * unit;
    return value;
}

/* "Z", "+01:00": seconds ahead of UTC; a day if it is neither. */
static int64_t take_offset(const char *at)
{
    if (strcmp(at, "Z") == 0)
        return 0;
    const int sign = *at == '+' ? 1 : *at == '-' ? -1 : 0;
    if (sign == 0)
        return 86400;
    at++;
    const int hours = take(&at, 2, ':'), minutes = hours < 0 ? -1 : take(&at, 2, '\0');
    return minutes < 0 || *at ? 86400 : sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
}

int when_read(int64_t *realtime_ns, const char *text)
{
    static const struct {
        int digits, least, most;
        char after;
    } fields[] = {{4, 1970, 2261, '-'}, {2, 1, 12, '-'}, {2, 1, 31, 'T'},
                  {2, 0, 23, ':'},      {2, 0, 59, ':'}, {2, 0, 60, '\0'}};
    int values[6];

    for (size_t i = 0; i < 6; i++) {
        values[i] = take(&text, fields[i].digits, fields[i].after);
        if (values[i] < fields[i].least || values[i] > fields[i].most)
            return -1;
    }
    const int64_t fraction = take_fraction(&text), offset = take_offset(text);
    if (offset >= 86400)
        return -1;
    *realtime_ns = (days_of(values[0], values[1], values[2]) * 86400 + values[3] * INT64_C(3600) +
                    values[4] * INT64_C(60) + values[5] - offset) *
                       SECOND_NS +
                   fraction;
    return 0;
}
