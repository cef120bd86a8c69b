/* SPDX-License-Identifier: MIT */
/* The histogram of scores: how many samples of each hour had which. */
#include <string.h>

#include "base/error.h"
#include "storage/history.h"

#define HOUR_NS (INT64_C(3600) * PM_NS_PER_S)
#define MAX_HOUR (INT64_MAX / HOUR_NS - 1) /* of which the nanoseconds can be said */

static int64_t hour_of(int64_t ns)
{
    return ns / HOUR_NS - (ns % HOUR_NS < 0);
}

/* Stays at the greatest there is: a hostile file may count as far as it likes. */
static void add(uint64_t *sum, uint64_t count)
{
    *sum = count > UINT64_MAX - *sum ? UINT64_MAX : *sum + count;
}

/* The rows hour, score, count of the hours that are touched, the oldest first; NULL: without any,
 * *status is 0, or why they cannot be had. */
static sqlite3_stmt *select_rows(struct pausemon_history *history, int64_t since_ns,
                                 int64_t until_ns, int *status, struct pausemon_error *why)
{
    *status = pm_history_has_table(history, "score_histogram", why);
    if (*status <= 0)
        return NULL;
    sqlite3_stmt *row = pm_db_query(
        &history->db, why,
        "SELECT hour, score, count FROM score_histogram WHERE hour BETWEEN ? AND ? ORDER BY hour",
        "ii", since_ns ? hour_of(since_ns) : -MAX_HOUR, until_ns ? hour_of(until_ns) : MAX_HOUR);
    *status = row ? 0 : (int)why->status;
    return row;
}

/* The score of a row and *count; -1: it is none of ours. */
static int read_row(sqlite3_stmt *row, uint64_t *count)
{
    const int64_t score = sqlite3_column_int64(row, 1), counted = sqlite3_column_int64(row, 2);

    *count = counted > 0 ? (uint64_t)counted : 0;
    return score >= 0 && score <= 100 && counted > 0 ? (int)score : -1;
}

int pausemon_history_histogram(struct pausemon_history *history, int64_t since_ns, int64_t until_ns,
                               uint64_t counts[101], struct pausemon_error *error)
{
    struct pausemon_error why;
    uint64_t count;
    int status;

    if (!history || !counts)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and a place are needed");
    memset(counts, 0, 101 * sizeof counts[0]);
    sqlite3_stmt *row = select_rows(history, since_ns, until_ns, &status, &why);
    while (row && (status = pm_db_step(&history->db, row, &why)) > 0) {
        const int score = read_row(row, &count);
        if (score >= 0)
            add(&counts[score], count);
    }
    sqlite3_finalize(row);
    if (status < 0 && error)
        *error = why;
    return status;
}

struct walk {
    struct pausemon_history_hour hour;
    int (*each)(void *user, const struct pausemon_history_hour *hour);
    void *user;
    int told;
};

/* The hour that was gathered, if there is anything in it. */
static int tell(struct walk *walk, struct pausemon_error *why)
{
    if (walk->hour.samples == 0)
        return 0;
    walk->told++;
    const int status = walk->each(walk->user, &walk->hour);
    return status < 0 ? pm_fail(why, status, "stopped by the caller") : 0;
}

static int take_row(struct walk *walk, sqlite3_stmt *row, struct pausemon_error *why)
{
    const int64_t start_ns = sqlite3_column_int64(row, 0) * HOUR_NS;
    uint64_t count;
    const int score = read_row(row, &count);
    int status = 0;

    if (start_ns != walk->hour.start_ns) {
        status = tell(walk, why);
        memset(&walk->hour, 0, sizeof walk->hour);
        walk->hour.size = sizeof walk->hour;
        walk->hour.start_ns = start_ns;
    }
    if (score >= 0) {
        add(&walk->hour.counts[score], count);
        add(&walk->hour.samples, count);
    }
    return status;
}

int pausemon_history_hours(struct pausemon_history *history, int64_t since_ns, int64_t until_ns,
                           int (*each)(void *user, const struct pausemon_history_hour *hour),
                           void *user, struct pausemon_error *error)
{
    struct walk walk = {{.size = sizeof walk.hour}, each, user, 0};
    struct pausemon_error why;
    int status;

    if (!history || !each)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a history and a callback are needed");
    sqlite3_stmt *row = select_rows(history, since_ns, until_ns, &status, &why);
    while (row && status >= 0 && (status = pm_db_step(&history->db, row, &why)) > 0)
        status = take_row(&walk, row, &why);
    sqlite3_finalize(row);
    if (status >= 0)
        status = tell(&walk, &why);
    if (status < 0 && error)
        *error = why;
    return status < 0 ? status : walk.told;
}
