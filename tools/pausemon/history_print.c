/* SPDX-License-Identifier: MIT */
#include "pausemon/history_print.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/said.h"

#define LOST_COLUMN 57 /* where what was lost begins */

_Static_assert(HOUR_CAUSES == PAUSEMON_CAUSE_IO + 1, "a place a cause");

/* ---- pieces ---- */

/* Columns from nothing to all. */
static const char *const utf8_levels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_levels[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};

static const char *const *levels(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? utf8_levels : ascii_levels;
}

static void print_bar(const struct hour *hour)
{
    const char *const *characters = levels();

    for (size_t band = 0; band < HOUR_BANDS; band++)
        fputs(characters[hour_level(hour_band(hour, band), hour->samples)], stdout);
}

enum part { PART_CLOCK, PART_DAY, PART_DAY_AND_ZONE, PART_ZONE };

static void format_hour(char *text, size_t size, enum part part, int64_t start_ns)
{
    const time_t second = (time_t)(start_ns / 1000000000);
    struct tm date;

    if (!localtime_r(&second, &date) || !strftime(text, size,
                                                  part == PART_CLOCK  ? "%H:%M"
                                                  : part == PART_DAY  ? "%Y-%m-%d %a"
                                                  : part == PART_ZONE ? "%z"
                                                                      : "%Y-%m-%d %a %z",
                                                  &date))
        snprintf(text, size, "?");
}

/* Whether the clocks are set in the span: then its times need their zone. */
static int is_set(const struct hours *hours)
{
    char first[16], last[16], zone[16];

    format_hour(first, sizeof first, PART_ZONE, hours->from_ns);
    format_hour(last, sizeof last, PART_ZONE, hours->to_ns - 1);
    int is_other = strcmp(first, last) != 0;
    /* In a span of months they may have been set back again. */
    for (size_t i = 0; i < hours->count && !is_other; i += 24) {
        format_hour(zone, sizeof zone, PART_ZONE, hours->list[i].start_ns);
        is_other = strcmp(first, zone) != 0;
    }
    return is_other;
}

/* ---- the table ---- */

static void print_titles(void)
{
    puts("HOUR   SCORES 0 TO 100       SAMPLES  MAX  EVENTS  PAUSES  LOST");
}

/* Time lost, a line a cause; the first is where the cursor is. */
static void print_lost(const struct hour *hour)
{
    char text[PAUSEMON_DURATION_SIZE];
    int printed = 0;

    for (uint64_t cause = 0; cause < HOUR_CAUSES; cause++) {
        if (hour->lost_ns[cause] == 0)
            continue;
        pausemon_duration_text(text, hour->lost_ns[cause]);
        if (printed++)
            printf("\n%*s", LOST_COLUMN, "");
        printf("  %s %s", pausemon_cause_name(cause), text);
    }
    putchar('\n');
}

static void print_row(const struct hour *hour, const char *time)
{
    printf("%-5s  ", time);
    print_bar(hour);
    if (hour->samples)
        printf("  %7" PRIu64 "  %3d", hour->samples, hour_max_score(hour));
    else
        printf("  %7s  %3s", "-", "-");
    printf("  %6" PRIu64 "  %6" PRIu64, hour->events, hour->pauses);
    print_lost(hour);
}

/* A line when a new day begins, or, with the zone in it, when the clocks are set. */
static void print_day(char day[32], enum part part, const struct hour *hour)
{
    char other[32];

    format_hour(other, sizeof other, part, hour->start_ns);
    if (strcmp(day, other) == 0)
        return;
    memcpy(day, other, sizeof other);
    puts(day);
}

/* So many hours from there on of which nothing was kept. */
static size_t count_unknown(const struct hours *hours, size_t from)
{
    size_t count = 0;

    while (from + count < hours->count && !hour_is_known(&hours->list[from + count]))
        count++;
    return count;
}

void history_print_table(const struct hours *hours)
{
    const enum part part = is_set(hours) ? PART_DAY_AND_ZONE : PART_DAY;
    char day[32] = "", time[32];
    size_t unknown;

    print_titles();
    for (size_t i = 0; i < hours->count; i += unknown ? unknown : 1) {
        print_day(day, part, &hours->list[i]);
        format_hour(time, sizeof time, PART_CLOCK, hours->list[i].start_ns);
        unknown = count_unknown(hours, i);
        if (unknown > 1)
            printf("%s  no record (%zu hours)\n", time, unknown);
        else if (unknown)
            printf("%s  no record\n", time);
        else
            print_row(&hours->list[i], time);
    }
}

void history_print_hour(const struct hour *hour)
{
    char time[32];

    format_hour(time, sizeof time, PART_CLOCK, hour->start_ns);
    print_titles();
    print_row(hour, time);
}

void history_print_legend(const struct hours *hours)
{
    puts("\nSCORES: a column for each five; the higher, the more samples had one of them (by\n"
         "the logarithm). EVENTS, PAUSES: how many touch the hour.");
    for (size_t i = 0; i < hours->count; i++)
        if (!hour_is_known(&hours->list[i])) {
            puts("No record: no daemon ran, or what it kept was cut by retention.");
            break;
        }
}

/* ---- JSON and CSV ---- */

void history_print_json(const struct hour *hour)
{
    const char *between = "";
    char time[SAID_SIZE];

    said_print(time, hour->start_ns / 1000000000);
    printf("{\"start\":\"%s\",\"samples\":%" PRIu64 ",\"scores\":{", time, hour->samples);
    for (int score = 0; score < HOUR_SCORES; score++)
        if (hour->counts[score]) {
            printf("%s\"%d\":%" PRIu64, between, score, hour->counts[score]);
            between = ",";
        }
    if (hour->samples)
        printf("},\"max_score\":%d", hour_max_score(hour));
    else
        printf("},\"max_score\":null");
    printf(",\"events\":%" PRIu64 ",\"pauses\":%" PRIu64 ",\"lost_ms\":{", hour->events,
           hour->pauses);
    between = "";
    for (uint64_t cause = 0; cause < HOUR_CAUSES; cause++)
        if (hour->lost_ns[cause]) {
            printf("%s\"%s\":%" PRIu64, between, pausemon_cause_name(cause),
                   hour->lost_ns[cause] / 1000000);
            between = ",";
        }
    printf("},\"recorded\":%s}", hour_is_known(hour) ? "true" : "false");
}

#define CSV_END "\r\n"

static void print_csv_titles(void)
{
    printf("start,samples,max_score,events,pauses");
    for (uint64_t cause = 0; cause < HOUR_CAUSES; cause++)
        printf(",lost_ms_%s", pausemon_cause_name(cause));
    for (int band = 0; band < HOUR_BANDS; band++)
        printf(",scores_%d_%d", 5 * band, band + 1 < HOUR_BANDS ? 5 * band + 4 : HOUR_SCORES - 1);
    printf(CSV_END);
}

/* What is not known is empty. */
static void print_cell(int is_known, uint64_t value)
{
    if (is_known)
        printf(",%" PRIu64, value);
    else
        putchar(',');
}

void history_print_csv(const struct hours *hours)
{
    char time[SAID_SIZE];

    print_csv_titles();
    for (size_t i = 0; i < hours->count; i++) {
        const struct hour *hour = &hours->list[i];
        const int is_known = hour_is_known(hour), has_scores = hour->samples > 0;

        said_print(time, hour->start_ns / 1000000000);
        printf("%s", time);
        print_cell(has_scores, hour->samples);
        print_cell(has_scores, has_scores ? (uint64_t)hour_max_score(hour) : 0);
        print_cell(is_known, hour->events);
        print_cell(is_known, hour->pauses);
        for (uint64_t cause = 0; cause < HOUR_CAUSES; cause++)
            print_cell(is_known, hour->lost_ns[cause] / 1000000);
        for (size_t band = 0; band < HOUR_BANDS; band++)
            print_cell(has_scores, hour_band(hour, band));
        printf(CSV_END);
    }
}
