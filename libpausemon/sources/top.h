/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_TOP_H
#define PM_SOURCES_TOP_H

/* What recorded and live top share: text in, rows out. */

#include "base/buffer.h"
#include "sources/source.h"
#include "sources/top_parse.h"

/* 65 536 rows of 250 bytes, and as much again. */
#define PM_TOP_MAX_SAMPLE (32u << 20)

struct pm_top_text {
    struct pm_host *host;
    struct pm_buffer buffer;
    struct pm_top_splitter splitter;
    uint64_t max_cpu; /* tenths of a percent: more is an underflow */
    uint64_t samples; /* since the text began */
    bool was_dated;   /* live: the sample before had this date at this time */
    int64_t live_date_s, live_ns;
    int64_t time_ns; /* recorded: of the sample before … */
    bool has_base;   /* … and, once there was a date, */
    int64_t base_ns; /* what it was ahead of that time */
};

void pm_top_text_init(struct pm_top_text *text, struct pm_host *host);
void pm_top_text_free(struct pm_top_text *text);

/* Forgets what was read: another text begins. */
void pm_top_text_reset(struct pm_top_text *text);

/* Whether a sample is complete. */
bool pm_top_text_has_sample(struct pm_top_text *text);

/* Passes over the sample at hand. */
void pm_top_text_drop(struct pm_top_text *text);

/* Puts the rows of the sample at hand, complete or not, and drops its text. `dated`: its time is
 * its date's (a recording), not the host's. enum pausemon_look. */
int pm_top_text_deliver(struct pm_top_text *text, struct pausemon_sink *sink, bool dated);

/* "2021/08/08 10:46:20", or "no date". */
void pm_top_text_describe_date(const struct pm_top_splitter *splitter, char *text, size_t size);

#endif
