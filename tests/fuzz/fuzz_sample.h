/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_SAMPLE_H
#define FUZZ_SAMPLE_H

/* What holds for every sample, whatever a source was fed with. */

#include "fuzz.h"

#define FUZZ_ALL_HAVE ((UINT64_C(1) << 13) - 1) /* of a process: all but CPU_RATE and STATE */
#define FUZZ_ALL_CATEGORIES ((UINT64_C(1) << 9) - 1)
#define FUZZ_RATES                                                                                 \
    (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD)

/* What a double holds, and so JSON's numbers with a fraction. */
#define FUZZ_EXACT (UINT64_C(1) << 53)

/* Unknown is 0. */
static inline void fuzz_check_unknown(const struct pausemon_process *process)
{
    const uint64_t have = process->have;

    FUZZ_CHECK(have & PAUSEMON_HAVE_CPU || process->cpu == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_MEM || (process->mem == 0 && process->mem_age_ns == 0));
    FUZZ_CHECK(have & PAUSEMON_HAVE_CMPRS || process->cmprs == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_PAGEINS || process->pageins == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_CSW || process->csw == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_SYSBSD || process->sysbsd == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_THREADS || process->threads == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_PPID || process->ppid == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_START_TIME || process->start_time == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_RUN_DELAY || process->run_delay_ns == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_IO_BYTES || process->io_bytes == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_CHILD_CPU || process->child_cpu_ns == 0);
    FUZZ_CHECK(have & PAUSEMON_HAVE_BLOCKED || process->blocked_ns == 0);
}

static inline void fuzz_check_process(const struct pausemon_process *process)
{
    FUZZ_CHECK(process->size == sizeof *process);
    FUZZ_CHECK((process->have & ~FUZZ_ALL_HAVE) == 0);
    FUZZ_CHECK(process->state <= PAUSEMON_STATE_STUCK);
    FUZZ_CHECK(process->score <= 100);
    FUZZ_CHECK((process->categories & ~FUZZ_ALL_CATEGORIES) == 0);
    FUZZ_CHECK(process->suspect <= 1);
    FUZZ_CHECK(memchr(process->command, 0, sizeof process->command));
    FUZZ_CHECK(fuzz_is_clean(process->command, strlen(process->command)));
    fuzz_check_unknown(process);
}

/* Only of samples that a collector made. */
static inline void fuzz_check_order(const struct pausemon_process *before,
                                    const struct pausemon_process *process)
{
    FUZZ_CHECK(before->score >= process->score);
    if (before->score == process->score)
        FUZZ_CHECK(before->cpu > process->cpu ||
                   (before->cpu == process->cpu && before->pid < process->pid));
}

static inline void fuzz_check_collected(const struct pausemon_sample *sample,
                                        const struct pausemon_collector *collector)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    const struct pausemon_process *process;
    const uint64_t stuck_ns = UINT64_C(10000000000);
    uint64_t count = 0, rated = 0, selected = 0;
    bool stuck = false;

    for (; (process = pausemon_collector_get_process(collector, (size_t)count)); count++) {
        fuzz_check_process(process);
        FUZZ_CHECK(process->pid >= 0);
        FUZZ_CHECK(process->elapsed_ns || !(process->have & FUZZ_RATES));
        rated += (process->have & FUZZ_RATES) != 0;
        selected += process->categories != 0;
        stuck |= process->stuck_ns >= stuck_ns;
    }
    FUZZ_CHECK(info->process_count == count && count <= PAUSEMON_MAX_PROCESSES);
    FUZZ_CHECK(info->rated_count == rated);
    FUZZ_CHECK(info->rogue_count + info->rogues_omitted == selected);
    FUZZ_CHECK(info->rogue_count <= PAUSEMON_MAX_ROGUES);
    FUZZ_CHECK(info->complete <= 1);
    FUZZ_CHECK(!pausemon_sample_get_rogue(sample, (size_t)info->rogue_count));
    for (size_t i = 0; (process = pausemon_sample_get_rogue(sample, i)); i++) {
        fuzz_check_process(process);
        FUZZ_CHECK(process->categories != 0);
        if (i > 0)
            fuzz_check_order(pausemon_sample_get_rogue(sample, i - 1), process);
    }
    process = pausemon_sample_get_rogue(sample, 0);
    FUZZ_CHECK(info->max_score == (process ? process->score : 0));
    FUZZ_CHECK(info->stress >= info->max_score && info->stress <= 100);
    FUZZ_CHECK(stuck || info->stress == info->max_score);
}

/* ---- JSON ---- */

static inline struct fuzz_text fuzz_encode(const struct pausemon_sample *sample)
{
    struct fuzz_text text = {NULL, 0, 0};

    FUZZ_CHECK(pausemon_json_encode_sample(sample, fuzz_write, &text) == 0);
    FUZZ_CHECK(text.length > 2 && text.length < (60u << 10));
    FUZZ_CHECK(fuzz_is_clean(text.bytes, text.length));
#ifdef FUZZ_JANSSON
    json_error_t why;
    json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, &why);
    FUZZ_CHECK(json_is_object(json));
    json_decref(json);
#endif
    return text;
}

/* What the text form has room for: years 1678 to 2261 and 63 bits of nanoseconds. */
static inline bool fuzz_is_speakable(const struct pausemon_sample *sample)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    const int64_t first_s = INT64_C(-9214560000), end_s = INT64_C(9214646400);
    int64_t local_s = info->time.realtime_ns / 1000000000, offset_s = info->time.utc_offset_s;

    local_s -= info->time.realtime_ns % 1000000000 < 0;
    local_s += offset_s > -86400 && offset_s < 86400 ? offset_s / 60 * 60 : 0;
    return local_s >= first_s && local_s < end_s && info->elapsed_ns <= INT64_MAX;
}

static inline bool fuzz_is_exact(const struct pausemon_sample *sample)
{
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_sample_get_rogue(sample, i)); i++)
        if (process->cpu >= FUZZ_EXACT)
            return false;
    return true;
}

/* The text reads back, and what was read writes the same text. */
static inline void fuzz_check_json(const struct pausemon_sample *sample)
{
    struct fuzz_text text = fuzz_encode(sample);
    struct pausemon_sample *back;

    if (pausemon_has("json") && fuzz_is_speakable(sample)) {
        struct pausemon_error error;

        memset(&error, 0x5A, sizeof error);
        FUZZ_CHECK(pausemon_sample_new(&back, NULL, NULL) == 0);
        char *copy = fuzz_copy(text.bytes, text.length);
        int status = pausemon_json_decode_sample(back, copy, text.length, &error);
        FUZZ_CHECK(status == 0);
        fuzz_check_error(&error, status);
        free(copy);
        if (fuzz_is_exact(sample)) {
            struct fuzz_text again = fuzz_encode(back);
            FUZZ_CHECK(again.length == text.length &&
                       memcmp(again.bytes, text.bytes, text.length) == 0);
            free(again.bytes);
        }
        pausemon_sample_free(back);
    }
    free(text.bytes);
}

/* ---- a source, from its first look to its end ---- */

/* Collects until the end, at most `limit` times; every sample is checked. What comes after the
 * end is the end. */
static inline void fuzz_collect_all(struct pausemon_source *source, size_t limit)
{
    struct pausemon_host host = fuzz_host();
    const struct pausemon_sample *sample;
    struct pausemon_collector *collector;
    struct pausemon_error error;
    bool looked = false;
    uint64_t count = 0;
    int status;

    FUZZ_CHECK(pausemon_collector_new(&collector, NULL, source, &host, NULL) == 0);
    do {
        FUZZ_CHECK(limit-- > 0);
        memset(&error, 0x5A, sizeof error);
        status = pausemon_collector_collect(&sample, collector, &error);
        fuzz_check_error(&error, status);
        FUZZ_CHECK((status == 0) == (sample != NULL) && status <= 0);
        FUZZ_CHECK(status != PAUSEMON_ERR_BUSY && status != PAUSEMON_ERR_NOMEM);
        /* A look that failed half-way may have shown what the next one makes a rate of. */
        FUZZ_CHECK(looked || !sample || pausemon_sample_get_info(sample)->rated_count == 0);
        looked = true;
        if (!sample)
            continue;
        fuzz_check_collected(sample, collector);
        const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
        FUZZ_CHECK(info->process_count == count + info->births - info->deaths);
        count = info->process_count;
        fuzz_check_json(sample);
    } while (status != PAUSEMON_ERR_END);
    FUZZ_CHECK(pausemon_collector_get_timeout(collector) == -1);
    FUZZ_CHECK(pausemon_collector_collect(&sample, collector, NULL) == PAUSEMON_ERR_END);
    pausemon_collector_free(collector);
}

static inline void fuzz_play_memory(const char *format, const uint8_t *data, size_t size)
{
    struct pausemon_host host = fuzz_host();
    struct pausemon_source *source;
    struct pausemon_error error;
    size_t lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    memset(&error, 0x5A, sizeof error);
    char *copy = fuzz_copy(data, size);
    int status = pausemon_source_open_memory(&source, format, copy, size, &host, &error);
    fuzz_check_error(&error, status);
    FUZZ_CHECK(status == 0);
    fuzz_collect_all(source, lines + 4);
    pausemon_source_free(source);
    free(copy);
}

#endif
