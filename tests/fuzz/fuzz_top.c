/* SPDX-License-Identifier: MIT */
/* Text of macOS top: through the collector to its end, and through the splitter alone, where it
 * must not matter in which pieces a text comes. */
#include "fuzz_sample.h"

#include "sources/top_parse.h"

#define MAX_CUTS 4096
#define MAX_CHUNKS 40
#define MAX_LINES 64

/* One sample, its positions from the beginning of the whole text. */
struct cut {
    size_t at, rows_start, rows_end, columns;
    bool has_date, has_total;
    int64_t date_s;
    uint64_t total, headless;
};

struct cuts {
    struct pm_top_splitter splitter;
    size_t dropped; /* bytes of samples before */
    size_t count;
    struct cut at[MAX_CUTS];
};

/* Static: too large for the stack. */
static struct cuts whole, pieces;

static void split(struct cuts *cuts, const char *text, size_t length)
{
    struct pm_top_splitter *splitter = &cuts->splitter;

    while (pm_top_split(splitter, text + cuts->dropped, length - cuts->dropped)) {
        FUZZ_CHECK(splitter->rows_start <= splitter->rows_end);
        FUZZ_CHECK(splitter->rows_end <= splitter->at && splitter->at > 0);
        FUZZ_CHECK(splitter->at <= length - cuts->dropped);
        FUZZ_CHECK(cuts->count < MAX_CUTS);
        cuts->at[cuts->count++] = (struct cut){cuts->dropped + splitter->at,
                                               cuts->dropped + splitter->rows_start,
                                               cuts->dropped + splitter->rows_end,
                                               splitter->header.count,
                                               splitter->has_date,
                                               splitter->has_total,
                                               splitter->date_s,
                                               splitter->total,
                                               splitter->headless};
        cuts->dropped += splitter->at;
        pm_top_next(splitter);
        FUZZ_CHECK(splitter->at == 0);
    }
}

static void begin(struct cuts *cuts, bool live)
{
    memset(&cuts->splitter, 0, sizeof cuts->splitter);
    cuts->splitter.live = live;
    cuts->dropped = cuts->count = 0;
}

static bool same_cut(const struct cut *a, const struct cut *b)
{
    return a->at == b->at && a->rows_start == b->rows_start && a->rows_end == b->rows_end &&
           a->columns == b->columns && a->has_date == b->has_date && a->has_total == b->has_total &&
           a->date_s == b->date_s && a->total == b->total && a->headless == b->headless;
}

static void try_pieces(const uint8_t *data, size_t size, bool live)
{
    uint64_t seed = fuzz_seed(data, size);
    size_t least = size / MAX_CHUNKS + 1, length = 0;

    begin(&whole, live);
    char *text = fuzz_copy(data, size);
    split(&whole, text, size);
    free(text);
    begin(&pieces, live);
    while (length < size) {
        length += least + (size_t)fuzz_draw(&seed, 2 * least);
        length = length < size ? length : size;
        text = fuzz_copy(data, length);
        split(&pieces, text, length);
        free(text);
    }
    FUZZ_CHECK(whole.count == pieces.count && whole.dropped == pieces.dropped);
    FUZZ_CHECK(whole.splitter.at == pieces.splitter.at);
    FUZZ_CHECK(whole.splitter.in_rows == pieces.splitter.in_rows);
    FUZZ_CHECK(whole.splitter.rows_end == pieces.splitter.rows_end);
    for (size_t i = 0; i < whole.count; i++)
        FUZZ_CHECK(same_cut(&whole.at[i], &pieces.at[i]));
}

static void try_row(const struct pm_top_header *header, const char *line, size_t length)
{
    struct pausemon_row row;

    if (!pm_top_parse_row(header, line, length, &row))
        return;
    FUZZ_CHECK(row.pid >= 0 && row.ppid >= 0 && row.state < PAUSEMON_STATE_STUCK);
    FUZZ_CHECK(fuzz_is_clean(row.command, strnlen(row.command, sizeof row.command)));
    FUZZ_CHECK(!(row.have & PAUSEMON_HAVE_CPU_RATE) || row.cpu_rate <= 1024000);
}

/* Every line by itself: in a text, one that is read too far ends in the next. */
static void try_lines(const uint8_t *data, size_t size)
{
    struct pm_top_header header = {0}, found;
    size_t at = 0;

    for (int i = 0; i < MAX_LINES && at < size; i++) {
        const uint8_t *newline = memchr(data + at, '\n', size - at);
        size_t length = newline ? (size_t)(newline - data) - at : size - at;
        char *line = fuzz_copy(data + at, length);
        uint64_t total;
        int64_t seconds;

        pm_top_parse_date(line, length, &seconds);
        pm_top_parse_total(line, length, &total);
        pm_top_is_row(line, length);
        if (pm_top_parse_header(line, length, &found))
            header = found;
        if (header.count > 0)
            try_row(&header, line, length);
        free(line);
        at += length + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_CUTS * 4) /* a header alone has 11 bytes */
        return 0;
    try_lines(data, size);
    try_pieces(data, size, false);
    try_pieces(data, size, true);
    fuzz_play_memory("top", data, size);
    return 0;
}
