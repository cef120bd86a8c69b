/* SPDX-License-Identifier: MIT */
#include "sources/top_parse.h"

#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

#define SATURATED 2147483647 /* the kernel's counters stop here */

static const struct {
    const char *name;
    enum pm_top_column column;
} columns[] = {
    {"PID", PM_TOP_PID},       {"PPID", PM_TOP_PPID},       {"COMMAND", PM_TOP_COMMAND},
    {"%CPU", PM_TOP_CPU},      {"STATE", PM_TOP_STATE},     {"MEM", PM_TOP_MEM},
    {"CMPRS", PM_TOP_CMPRS},   {"#TH", PM_TOP_THREADS},     {"CSW", PM_TOP_CSW},
    {"SYSBSD", PM_TOP_SYSBSD}, {"PAGEINS", PM_TOP_PAGEINS},
};

/* ---- lines ---- */

static enum pm_top_column column_of(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (pm_text_is(word, length, columns[i].name))
            return columns[i].column;
    return PM_TOP_OTHER;
}

static bool is_heading(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!(word[i] >= 'A' && word[i] <= 'Z') && word[i] != '%' && word[i] != '#' &&
            word[i] != '_')
            return false;
    return true;
}

bool pm_top_parse_header(const char *line, size_t length, struct pm_top_header *header)
{
    uint64_t seen = 0;

    header->count = 0;
    for (size_t i = 0; i < length;) {
        if (line[i] == ' ') {
            i++;
            continue;
        }
        size_t start = i;
        while (i < length && line[i] != ' ')
            i++;
        if (!is_heading(line + start, i - start) || header->count == PM_TOP_MAX_COLUMNS)
            return false;
        enum pm_top_column column = column_of(line + start, i - start);
        if (column != PM_TOP_OTHER && seen >> column & 1)
            return false;
        seen |= UINT64_C(1) << column;
        header->at[header->count].offset = start;
        header->at[header->count++].column = column;
    }
    return seen >> PM_TOP_PID & 1 && seen >> PM_TOP_COMMAND & 1;
}

bool pm_top_parse_date(const char *line, size_t length, int64_t *seconds)
{
    const char *at = line, *end = line + length;
    struct pm_date date;

    return pm_date_digits(&at, end, 4, 0, &date.year) &&
           pm_date_digits(&at, end, 2, '/', &date.month) &&
           pm_date_digits(&at, end, 2, '/', &date.day) &&
           pm_date_digits(&at, end, 2, ' ', &date.hour) &&
           pm_date_digits(&at, end, 2, ':', &date.minute) &&
           pm_date_digits(&at, end, 2, ':', &date.second) &&
           pm_text_is_blank(at, (size_t)(end - at)) && pm_date_to_seconds(&date, seconds);
}

bool pm_top_parse_total(const char *line, size_t length, uint64_t *total)
{
    static const char start[] = "Processes: ";
    const char *at = line + sizeof start - 1, *end = line + length;

    return pm_text_starts(line, length, start) && pm_parse_u64(&at, end, total) &&
           pm_text_starts(at, (size_t)(end - at), " total, ");
}

/* ---- rows ---- */

/* H := [-]digits ("B"|"K"|…)[+-]: bytes. Negative ones are underflows. */
static bool parse_size(const char *at, const char *end, uint64_t *bytes)
{
    static const char units[] = "BKMGTPE";
    const char *unit;

    if (!pm_parse_u64(&at, end, bytes) || at == end || !(unit = strchr(units, *at)) || !*unit)
        return false;
    for (; unit > units; unit--) {
        if (*bytes > UINT64_MAX / 1024)
            return false;
        *bytes *= 1024;
    }
    at++;
    return at == end || (at + 1 == end && (*at == '+' || *at == '-'));
}

static bool parse_counter(const char *at, const char *end, uint64_t *value)
{
    if (!pm_parse_u64(&at, end, value) || *value == SATURATED)
        return false;
    return at == end || (at + 1 == end && (*at == '+' || *at == '-'));
}

/* "19/5": all, and those that run. */
static bool parse_threads(const char *at, const char *end, uint64_t *value)
{
    uint64_t running;

    if (!pm_parse_u64(&at, end, value))
        return false;
    if (at < end && *at == '/') {
        at++;
        if (!pm_parse_u64(&at, end, &running))
            return false;
    }
    return at == end || (at + 1 == end && (*at == '+' || *at == '-'));
}

static bool parse_cpu(const char *at, const char *end, uint64_t *tenths)
{
    uint64_t whole, tenth;

    if (!pm_parse_u64(&at, end, &whole) || at == end || *at != '.')
        return false;
    at++;
    if (end - at != 1 || !pm_parse_u64(&at, end, &tenth) || whole > PM_TOP_MAX_CPU / 10)
        return false;
    *tenths = whole * 10 + tenth;
    return *tenths <= PM_TOP_MAX_CPU;
}

/* PID [0-9]+[ *+-] */
static bool parse_pid(const char *at, const char *end, int64_t *pid)
{
    uint64_t value;

    if (!pm_parse_u64(&at, end, &value) || value > INT32_MAX)
        return false;
    *pid = (int64_t)value;
    return at == end || (at + 1 == end && (*at == '*' || *at == '+' || *at == '-'));
}

static uint64_t parse_state(const char *at, const char *end)
{
    for (uint64_t state = PAUSEMON_STATE_RUNNING; state < PAUSEMON_STATE_STUCK; state++)
        if (pm_text_is(at, (size_t)(end - at), pausemon_state_name(state)))
            return state;
    /* A thread waits uninterruptibly at this moment: whether it is stuck, time tells. */
    return pm_text_is(at, (size_t)(end - at), "stuck") ? PAUSEMON_STATE_UNINTERRUPTIBLE
                                                       : PAUSEMON_STATE_UNKNOWN;
}

static void set(struct pausemon_row *row, uint64_t have, bool known)
{
    if (known)
        row->have |= have;
}

/* A cell that is not understood is an unknown metric. False: the whole row is wrong. */
static bool parse_cell(enum pm_top_column column, const char *at, const char *end,
                       struct pausemon_row *row)
{
    switch (column) {
    case PM_TOP_PID:
        return parse_pid(at, end, &row->pid);
    case PM_TOP_PPID:
        set(row, PAUSEMON_HAVE_PPID, parse_pid(at, end, &row->ppid));
        break;
    case PM_TOP_COMMAND:
        pm_text_clean(row->command, sizeof row->command, at, (size_t)(end - at));
        return true; /* the only cell that may hold blanks */
    case PM_TOP_CPU:
        set(row, PAUSEMON_HAVE_CPU_RATE, parse_cpu(at, end, &row->cpu_rate));
        break;
    case PM_TOP_STATE:
        row->state = parse_state(at, end);
        break;
    case PM_TOP_MEM:
        set(row, PAUSEMON_HAVE_MEM, parse_size(at, end, &row->mem));
        break;
    case PM_TOP_CMPRS:
        set(row, PAUSEMON_HAVE_CMPRS, parse_size(at, end, &row->cmprs));
        break;
    case PM_TOP_THREADS:
        set(row, PAUSEMON_HAVE_THREADS, parse_threads(at, end, &row->threads));
        break;
    case PM_TOP_CSW:
        set(row, PAUSEMON_HAVE_CSW, parse_counter(at, end, &row->csw));
        break;
    case PM_TOP_SYSBSD:
        set(row, PAUSEMON_HAVE_SYSBSD, parse_counter(at, end, &row->sysbsd));
        break;
    case PM_TOP_PAGEINS:
        set(row, PAUSEMON_HAVE_PAGEINS, parse_counter(at, end, &row->pageins));
        break;
    case PM_TOP_OTHER:
        return true;
    }
    return !memchr(at, ' ', (size_t)(end - at));
}

bool pm_top_parse_row(const struct pm_top_header *header, const char *line, size_t length,
                      struct pausemon_row *row)
{
    static const struct pausemon_row empty = PAUSEMON_ROW_INIT;

    *row = empty;
    for (size_t i = 0; i < header->count; i++) {
        size_t start = header->at[i].offset;
        size_t end = i + 1 < header->count ? header->at[i + 1].offset : length;
        if (start >= length || end > length || (start > 0 && line[start - 1] != ' '))
            return false;
        while (start < end && line[start] == ' ')
            start++;
        while (end > start && line[end - 1] == ' ')
            end--;
        if (!parse_cell(header->at[i].column, line + start, line + end, row))
            return false;
    }
    return true;
}

/* ---- samples ---- */

static bool same_columns(const struct pm_top_header *a, const struct pm_top_header *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].column != b->at[i].column)
            return false;
    return true;
}

/* Before the rows: everything but date, total and header is passed over. */
static void read_preamble(struct pm_top_splitter *splitter, const char *line, size_t length,
                          size_t next)
{
    int64_t date_s;

    if (pm_top_parse_date(line, length, &date_s)) {
        splitter->headless += splitter->has_date;
        splitter->has_date = true;
        splitter->date_s = date_s;
    } else if (pm_top_parse_total(line, length, &splitter->total)) {
        splitter->has_total = true;
    } else if (pm_top_parse_header(line, length, &splitter->header)) {
        splitter->in_rows = true;
        splitter->rows_start = splitter->rows_end = next;
    }
}

/* Whether a line among the rows belongs to the next sample. A name can hold a newline, but in 16
 * bytes neither a date nor all the headings. */
static bool begins_sample(const struct pm_top_splitter *splitter, const char *line, size_t length)
{
    struct pm_top_header header;
    uint64_t total;
    int64_t date_s;

    return pm_top_parse_date(line, length, &date_s) || pm_top_parse_total(line, length, &total) ||
           (pm_top_parse_header(line, length, &header) && same_columns(&header, &splitter->header));
}

/* Lines of other kinds that a sample begins with: among rows they are the next one's. */
static bool is_global(const char *line, size_t length)
{
    static const char *const starts[] = {
        "Load Avg: ", "CPU usage: ", "SharedLibs: ", "MemRegions: ", "PhysMem: ",
        "VM: ",       "Swap: ",      "Purgeable: ",  "Networks: ",   "Disks: "};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (pm_text_starts(line, length, starts[i]))
            return true;
    return false;
}

bool pm_top_is_row(const char *line, size_t length)
{
    return !pm_text_is_blank(line, length) && !is_global(line, length);
}

/* Counts rows that are whole: a name with a newline in it makes two lines of one. */
static bool is_announced_end(struct pm_top_splitter *splitter, const char *line, size_t length)
{
    struct pausemon_row row;

    if (!splitter->live || !splitter->has_total)
        return false;
    splitter->rows += pm_top_parse_row(&splitter->header, line, length, &row);
    return splitter->rows >= splitter->total;
}

bool pm_top_split(struct pm_top_splitter *splitter, const char *text, size_t length)
{
    const char *newline;

    while (splitter->at < length &&
           (newline = memchr(text + splitter->at, '\n', length - splitter->at))) {
        const char *line = text + splitter->at;
        size_t size = (size_t)(newline - line), next = splitter->at + size + 1;

        if (size > 0 && line[size - 1] == '\r')
            size--;
        if (!splitter->in_rows) {
            read_preamble(splitter, line, size, next);
            splitter->at = next;
            continue;
        }
        if (begins_sample(splitter, line, size))
            return true;
        splitter->at = splitter->rows_end = next;
        if (is_announced_end(splitter, line, size))
            return true;
    }
    return false;
}

void pm_top_next(struct pm_top_splitter *splitter)
{
    bool live = splitter->live;

    memset(splitter, 0, sizeof *splitter);
    splitter->live = live;
}
