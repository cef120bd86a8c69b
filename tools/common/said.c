/* SPDX-License-Identifier: MIT */
#include "common/said.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MIN_YEAR 1971
#define MAX_YEAR 2260 /* nanoseconds since 1970 end in 2262 */
#define DAY 86400

/* ---- pieces of text ---- */

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
}

/* `least` to `most` digits, and no more of them behind. */
static int take_number(const char **at, int least, int most, int64_t *value)
{
    int count = 0;

    *value = 0;
    for (; **at >= '0' && **at <= '9' && count <= most; ++*at, count++)
        *value = *value * 10 + (**at - '0');
    return count >= least && count <= most;
}

static int take_char(const char **at, char c)
{
    if (**at != c)
        return 0;
    ++*at;
    return 1;
}

static size_t word_length(const char *at)
{
    size_t length = 0;

    while ((at[length] >= 'a' && at[length] <= 'z') || (at[length] >= 'A' && at[length] <= 'Z'))
        length++;
    return length;
}

static int take_word(const char **at, const char *word)
{
    const size_t length = word_length(*at);

    if (length != strlen(word) || strncasecmp(*at, word, length) != 0)
        return 0;
    *at += length;
    skip_blanks(at);
    return 1;
}

/* "12:04" or "12:04:31", in tm_hour, tm_min and tm_sec; parts of a second are left out. */
static int take_clock(const char **at, struct tm *date)
{
    int64_t hour, minute, second = 0;

    if (!take_number(at, 1, 2, &hour) || !take_char(at, ':') || !take_number(at, 2, 2, &minute))
        return 0;
    if (take_char(at, ':')) {
        if (!take_number(at, 2, 2, &second))
            return 0;
        if (take_char(at, '.')) {
            int64_t fraction;
            if (!take_number(at, 1, 9, &fraction))
                return 0;
        }
    }
    if (hour > 23 || minute > 59 || second > 59)
        return 0;
    date->tm_hour = (int)hour;
    date->tm_min = (int)minute;
    date->tm_sec = (int)second;
    return 1;
}

/* ---- from a date to a moment ---- */

static int is_same(const struct tm *a, const struct tm *b)
{
    return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
           a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

static int is_in_range(int64_t second)
{
    return second >= 0 && second <= (int64_t)(MAX_YEAR - 1969) * 366 * DAY;
}

/* As the clocks on the wall showed it: with summer time, without, and as the system thinks. What
 * comes back changed was never shown. */
static int find_local(const struct tm *wanted, struct said *when)
{
    int64_t first = -1, last = -1;

    for (int dst = 1; dst >= -1; dst--) {
        struct tm date = *wanted;
        date.tm_isdst = dst;
        const int64_t second = (int64_t)mktime(&date);
        if (!is_in_range(second) || !is_same(&date, wanted))
            continue;
        first = first < 0 || second < first ? second : first;
        last = second > last ? second : last;
    }
    when->second = first;
    when->other = last > first ? last : -1;
    return first < 0 ? SAID_NEVER : 0;
}

/* Days from 1970 to that day of the proleptic Gregorian calendar. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int64_t leaps = month > 2 ? year : year - 1; /* whose February is over */

    return (year - 1970) * 365 + leaps / 4 - leaps / 100 + leaps / 400 - 477 + before[month - 1] +
           day - 1;
}

/* The same `offset_s` east of Greenwich. */
static int find_zoned(const struct tm *wanted, int64_t offset_s, struct said *when)
{
    const int64_t there =
        days_to(wanted->tm_year + 1900, wanted->tm_mon + 1, wanted->tm_mday) * DAY +
        wanted->tm_hour * 3600 + wanted->tm_min * 60 + wanted->tm_sec;
    const time_t shown = (time_t)there;
    struct tm date;

    when->second = there - offset_s;
    when->other = -1;
    return is_in_range(when->second) && gmtime_r(&shown, &date) && is_same(&date, wanted)
               ? 0
               : SAID_NEVER;
}

/* ---- the forms: 0, or one of the failures ---- */

static int read_now(const char *at, int64_t now, struct said *when)
{
    if (!take_word(&at, "now") || *at)
        return SAID_UNKNOWN;
    *when = (struct said){now, -1};
    return 0;
}

/* "2026-01-23", in tm_year, tm_mon and tm_mday; a day that no calendar has leaves tm_mday at 0. */
static int take_date(const char **at, struct tm *date)
{
    int64_t year, month, day;

    if (!take_number(at, 4, 4, &year) || !take_char(at, '-') || !take_number(at, 2, 2, &month) ||
        !take_char(at, '-') || !take_number(at, 2, 2, &day))
        return 0;
    if (year < MIN_YEAR || year > MAX_YEAR || month < 1 || month > 12 || day > 31)
        day = 0;
    date->tm_year = (int)year - 1900;
    date->tm_mon = (int)month - 1;
    date->tm_mday = (int)day;
    return 1;
}

/* "Z", "+08:00", "-0800", "+08": seconds east of Greenwich. */
static int take_zone(const char **at, int64_t *offset_s)
{
    const int sign = **at == '-' ? -1 : 1;
    int64_t hours, minutes = 0;

    *offset_s = 0;
    if (take_word(at, "z"))
        return 1;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return 0;
    const char *const digits = *at;
    if (!take_number(at, 2, 2, &hours)) {
        *at = digits;
        if (!take_number(at, 4, 4, &hours))
            return 0;
        minutes = hours % 100;
        hours /= 100;
    } else if (take_char(at, ':') && !take_number(at, 2, 2, &minutes)) {
        return 0;
    }
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 15 && minutes <= 59;
}

/* "2026-01-23 12:04", with "T" or blanks between, and perhaps a zone behind. */
static int read_date(const char *at, int64_t now, struct said *when)
{
    struct tm date = {.tm_isdst = -1};
    int64_t offset_s = 0;

    (void)now;
    if (!take_date(&at, &date) || (*at != 'T' && *at != 't' && *at != ' ' && *at != '\t'))
        return SAID_UNKNOWN;
    at++;
    skip_blanks(&at);
    if (!take_clock(&at, &date))
        return SAID_UNKNOWN;
    skip_blanks(&at);
    const int is_local = !*at;
    if (!is_local && (!take_zone(&at, &offset_s) || *at))
        return SAID_UNKNOWN;
    if (date.tm_mday == 0)
        return SAID_NEVER;
    return is_local ? find_local(&date, when) : find_zoned(&date, offset_s, when);
}

/* The date so many days before that moment, at its own time of the day. */
static int find_day(int64_t now, int days, struct tm *date)
{
    const time_t moment = (time_t)now;

    if (!localtime_r(&moment, date))
        return -1;
    const struct tm clock = *date;
    date->tm_mday -= days;
    date->tm_hour = 12; /* there is one every day */
    date->tm_isdst = -1;
    if (mktime(date) == (time_t)-1)
        return -1;
    date->tm_hour = clock.tm_hour;
    date->tm_min = clock.tm_min;
    date->tm_sec = clock.tm_sec;
    return 0;
}

/* "12:04:31", "today 12:04", "yesterday 12:04". */
static int read_clock(const char *at, int64_t now, struct said *when)
{
    const int is_yesterday = take_word(&at, "yesterday");
    const int is_given = is_yesterday || take_word(&at, "today");
    struct tm date, clock = {.tm_isdst = -1};

    if (!take_clock(&at, &clock))
        return SAID_UNKNOWN;
    skip_blanks(&at);
    if (*at)
        return SAID_UNKNOWN;
    int status = SAID_NEVER;
    for (int days = is_yesterday; days <= 1; days++) {
        if (find_day(now, days, &date) < 0)
            return SAID_NEVER;
        date.tm_hour = clock.tm_hour;
        date.tm_min = clock.tm_min;
        date.tm_sec = clock.tm_sec;
        status = find_local(&date, when);
        if (is_given || status < 0 || when->second <= now)
            break; /* else it has not come yet today */
    }
    if (!is_given && when->other > now)
        when->other = -1;
    return status;
}

static int64_t take_unit(const char **at)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1},          {"sec", 1},        {"second", 1},  {"seconds", 1},
                 {"m", 60},         {"min", 60},       {"mins", 60},   {"minute", 60},
                 {"minutes", 60},   {"h", 3600},       {"hour", 3600}, {"hours", 3600},
                 {"d", DAY},        {"day", DAY},      {"days", DAY},  {"w", 7 * DAY},
                 {"week", 7 * DAY}, {"weeks", 7 * DAY}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (take_word(at, units[i].name))
            return units[i].seconds;
    return 0;
}

/* "10 minutes ago", "an hour ago", "2d ago": days by the calendar. */
static int read_ago(const char *at, int64_t now, struct said *when)
{
    int64_t count = 1;
    struct tm date;

    if (!take_word(&at, "a") && !take_word(&at, "an") && !take_number(&at, 1, 9, &count))
        return SAID_UNKNOWN;
    skip_blanks(&at);
    const int64_t unit = take_unit(&at);
    if (unit == 0 || !take_word(&at, "ago") || *at)
        return SAID_UNKNOWN;
    *when = (struct said){now - count * unit, -1};
    if (!is_in_range(when->second))
        return SAID_NEVER;
    if (unit < DAY)
        return 0;
    if (find_day(now, (int)(count * (unit / DAY)), &date) < 0)
        return SAID_NEVER;
    if (find_local(&date, when) < 0) /* not on that day: so many times 24 hours, then */
        *when = (struct said){now - count * unit, -1};
    return 0;
}

int said_read(const char *text, int64_t now, struct said *when)
{
    static const struct {
        int (*read)(const char *at, int64_t now, struct said *when);
    } forms[] = {{read_now}, {read_date}, {read_clock}, {read_ago}};
    struct said found = {-1, -1};
    int status = SAID_UNKNOWN;

    skip_blanks(&text);
    if (strlen(text) > 80)
        return SAID_UNKNOWN;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && status == SAID_UNKNOWN; i++)
        status = forms[i].read(text, now, &found);
    if (status == 0)
        *when = found;
    return status;
}

void said_print(char text[SAID_SIZE], int64_t second)
{
    const time_t moment = (time_t)second;
    struct tm date;
    char plain[SAID_SIZE - 1];

    text[0] = '\0';
    if (!localtime_r(&moment, &date) ||
        !strftime(plain, sizeof plain, "%Y-%m-%dT%H:%M:%S%z", &date))
        return;
    const int zone = (int)strlen(plain) - 2; /* "+0100" wants a colon */
    if (zone > 0)
        snprintf(text, SAID_SIZE, "%.*s:%s", zone, plain, plain + zone);
}
