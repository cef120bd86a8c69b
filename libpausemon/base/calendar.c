/* SPDX-License-Identifier: MIT */
#include "base/calendar.h"

#include <pausemon/common.h>
#include <stdio.h>

#define DAY_S 86400
#define ERA_DAYS 146097   /* in 400 years */
#define EPOCH_DAYS 719468 /* from March 1st of year 0 to 1970 */

/* Years begin in March here, so that the leap day is the last of its year. */
static int64_t day_of_year(int64_t month, int64_t day)
{
    return (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
}

static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;

    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year(month, day) -
           EPOCH_DAYS;
}

bool pm_date_to_seconds(const struct pm_date *date, int64_t *seconds)
{
    struct pm_date back;

    if (date->year < 1678 || date->year > 2261 || date->month < 1 || date->month > 12 ||
        date->day < 1 || date->day > 31 || date->hour > 23 || date->minute > 59 ||
        date->second > 60)
        return false;
    int64_t days = days_of(date->year, date->month, date->day);
    pm_date_from_seconds(&back, days * DAY_S);
    *seconds = days * DAY_S + date->hour * 3600 + date->minute * 60 + date->second;
    return back.day == date->day; /* there is no 31st of February */
}

void pm_date_from_seconds(struct pm_date *date, int64_t seconds)
{
    int64_t days = seconds / DAY_S - (seconds % DAY_S < 0);
    int64_t rest = seconds - days * DAY_S, shifted = days + EPOCH_DAYS;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t of_era = shifted - era * ERA_DAYS;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * of_year + 2) / 153;

    date->day = of_year - (153 * month + 2) / 5 + 1;
    date->month = month < 10 ? month + 3 : month - 9;
    date->year = years + era * 400 + (date->month <= 2);
    date->hour = rest / 3600;
    date->minute = rest / 60 % 60;
    date->second = rest % 60;
}

bool pm_date_digits(const char **at, const char *end, int count, char before, int64_t *value)
{
    if (before && (*at >= end || *(*at)++ != before))
        return false;
    *value = 0;
    for (; count > 0; count--, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

void pausemon_time_text(char *text, const struct pausemon_instant *instant)
{
    const int64_t second = 1000000000;
    int64_t seconds = instant->realtime_ns / second - (instant->realtime_ns % second < 0);
    struct pm_date date;

    /* No zone is further off than a day. */
    int64_t offset_s = instant->utc_offset_s;
    offset_s = offset_s < -DAY_S ? -DAY_S : offset_s > DAY_S ? DAY_S : offset_s;
    pm_date_from_seconds(&date, seconds + offset_s);
    /* 64 bits of nanoseconds lie in the years 1677 to 2262; the compiler is to know it too. */
    snprintf(text, PAUSEMON_TIME_SIZE, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100, (unsigned)date.hour % 100,
             (unsigned)date.minute % 100, (unsigned)date.second % 100);
}
