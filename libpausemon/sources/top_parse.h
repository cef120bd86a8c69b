/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_TOP_PARSE_H
#define PM_SOURCES_TOP_PARSE_H

/* The text of macOS `top -l`, over bytes and a length. Pure. The grammar and where it comes from:
 * docs/decisions/0006. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pausemon/process.h>

#define PM_TOP_MAX_COLUMNS 64

/* Tenths of a percent, of a machine that is not known: 1024 CPUs. More is an underflow. */
#define PM_TOP_MAX_CPU 1024000

enum pm_top_column {
    PM_TOP_OTHER,
    PM_TOP_PID,
    PM_TOP_PPID,
    PM_TOP_COMMAND,
    PM_TOP_CPU,
    PM_TOP_STATE,
    PM_TOP_MEM,
    PM_TOP_CMPRS,
    PM_TOP_THREADS,
    PM_TOP_CSW,
    PM_TOP_SYSBSD,
    PM_TOP_PAGEINS
};

/* The columns of one sample: where each begins, in bytes. */
struct pm_top_header {
    size_t count;
    struct {
        size_t offset;
        enum pm_top_column column;
    } at[PM_TOP_MAX_COLUMNS];
};

/* False unless every word looks like a heading, and PID and COMMAND are among them. */
bool pm_top_parse_header(const char *line, size_t length, struct pm_top_header *header);

/* "2026/01/23 12:00:00" and nothing else → seconds since 1970 of that date and time in UTC. */
bool pm_top_parse_date(const char *line, size_t length, int64_t *seconds);

/* "Processes: 584 total, …" */
bool pm_top_parse_total(const char *line, size_t length, uint64_t *total);

/* A row, sliced at the header's offsets. False: it is misaligned or cut off. */
bool pm_top_parse_row(const struct pm_top_header *header, const char *line, size_t length,
                      struct pausemon_row *row);

/* Whether a line among the rows should be one. */
bool pm_top_is_row(const char *line, size_t length);

/* Cuts a text that grows into samples. Feed it the same text, longer each time; positions are
 * offsets into it. */
struct pm_top_splitter {
    size_t at; /* everything before has been seen */
    bool in_rows;
    bool has_date, has_total;
    int64_t date_s;
    uint64_t total;
    uint64_t headless; /* dates that no header followed */
    size_t rows_start, rows_end;
    bool live;     /* a sample ends with the rows that were announced; a recording's goes on to
                      the next, however many lines that are */
    uint64_t rows; /* whole ones, counted where live */
    struct pm_top_header header;
};

/* Goes on until a sample is complete: another begins, or, live, as many rows came as were
 * announced: true, and header, rows_start..rows_end, date and total are the sample's. False: it
 * goes on, or none has begun. A line counts when its newline is there. */
bool pm_top_split(struct pm_top_splitter *splitter, const char *text, size_t length);

/* After a sample: forgets it. The caller drops `at` bytes of the text. */
void pm_top_next(struct pm_top_splitter *splitter);

#endif
