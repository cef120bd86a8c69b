/* SPDX-License-Identifier: MIT */
/* Defects that were found by reading and mended, each beside the test that failed: texts from
 * outside (configuration, recordings, JSON) and the files they come from. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

/* ---- Memory that tells on whoever reads or uses too much, in any build ---- */

/* So many bytes at the very end of a page; behind it nothing can be read. */
static char *edge_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = (size + page - 1) / page + 1;
    char *start =
        mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(start, MAP_FAILED);
    ck_assert_int_eq(mprotect(start + (pages - 1) * page, page, PROT_NONE), 0);
    return start + (pages - 1) * page - size;
}

/* A host whose blocks lie in pages of their own, which nobody can touch once they are freed. */
struct pages {
    struct pausemon_host host;
    int fail_at; /* the n-th allocation from now fails, once */
    int live;
};

enum { HEAD = 16 };

static void *pages_resize(void *user, void *pointer, size_t size)
{
    struct pages *pages = user;
    char *old = pointer ? (char *)pointer - HEAD : NULL;
    char *fresh = NULL;
    size_t old_size = 0, whole = size + HEAD;

    if (old)
        memcpy(&old_size, old, sizeof old_size);
    if (size > 0) {
        if (pages->fail_at > 0 && --pages->fail_at == 0)
            return NULL;
        fresh = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(fresh, MAP_FAILED);
        memcpy(fresh, &whole, sizeof whole);
        if (old)
            memcpy(fresh + HEAD, old + HEAD, (old_size < whole ? old_size : whole) - HEAD);
        pages->live++;
    }
    if (old) {
        /* not unmapped: the place must not be given out again */
        ck_assert_int_eq(mprotect(old, old_size, PROT_NONE), 0);
        pages->live--;
    }
    return fresh ? fresh + HEAD : NULL;
}

static void pages_init(struct pages *pages)
{
    memset(pages, 0, sizeof *pages);
    pages->host = (struct pausemon_host){sizeof pages->host, pages, pages_resize, NULL, NULL};
}

/* ---- Configuration ---- */

static int parse(const char *text, size_t length, struct pausemon_error *error)
{
    struct pausemon_config *config;

    memset(error, 0, sizeof *error);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    int status = pausemon_config_parse(config, text, length, NULL, NULL, error);
    pausemon_config_free(config);
    return status;
}

START_TEST(a_list_that_does_not_end_is_refused_and_not_read_beyond)
{
    static const char *const texts[] = {
        "[suspects]\npatterns = [\"a\"", "[suspects]\npatterns = [\"a\" ",
        "[suspects]\npatterns = [\"a\",", "[suspects]\npatterns = ["};
    struct pausemon_error error;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]);
        char *text = memcpy(edge_new(length), texts[i], length);
        ck_assert_msg(parse(text, length, &error) == PAUSEMON_ERR_FORMAT, "%s", texts[i]);
        ck_assert_int_eq(error.line, 2);
    }
}
END_TEST

START_TEST(a_list_in_a_list_is_refused)
{
    static const char text[] = "[suspects]\npatterns = [\"a\"[\"b\"]\n";
    struct pausemon_config *config;
    struct pausemon_error error;

    ck_assert_int_eq(parse(text, strlen(text), &error), PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(error.line, 2);
    ck_assert_int_eq(pausemon_config_new(&config, NULL, NULL), 0);
    ck_assert_int_lt(pausemon_config_set(config, "suspects.patterns", "[\"a\"[\"b\"]", &error), 0);
    ck_assert_int_eq(pausemon_config_set(config, "suspects.patterns", "[\"a\", \"b\"]", &error), 0);
    pausemon_config_free(config);
}
END_TEST

START_TEST(keys_of_a_section_that_only_groups_others_are_unknown)
{
    static const char *const texts[] = {"[rogue_selection]\ncount = 3\n",
                                        "[rogue_selection]\n\n# cpu\nenabled = true\n",
                                        "[scoring]\ncpu = 25\n", "[scoring]\nweights = 25\n"};
    struct pausemon_error error;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int line = i == 1 ? 4 : 2;
        ck_assert_msg(parse(texts[i], strlen(texts[i]), &error) == PAUSEMON_ERR_FORMAT, "%s",
                      texts[i]);
        ck_assert_int_eq(error.line, line);
        ck_assert_ptr_nonnull(strstr(error.text, "unknown key"));
    }
    /* empty it is fine */
    static const char fine[] = "[rogue_selection]\n[rogue_selection.cpu]\ncount = 3\n";
    ck_assert_int_eq(parse(fine, strlen(fine), &error), 0);
}
END_TEST

/* ---- Recordings ---- */

struct played {
    struct harness harness;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    const struct pausemon_sample *sample;
    const struct pausemon_sample_info *info;
    struct pausemon_error error;
};

static void play(struct played *played, const char *format, const char *text)
{
    const struct pausemon_host *host = &played->harness.host;

    memset(played, 0, sizeof *played);
    harness_init(&played->harness);
    ck_assert_int_eq(pausemon_source_open_memory(&played->source, format, text, strlen(text), host,
                                                 &played->error),
                     0);
    ck_assert_int_eq(pausemon_collector_new(&played->collector, NULL, played->source, host, NULL),
                     0);
}

static int play_next(struct played *played)
{
    int status = pausemon_collector_collect(&played->sample, played->collector, &played->error);

    played->info = status == 0 ? pausemon_sample_get_info(played->sample) : NULL;
    return status;
}

/* The next is a look, so much later than the one before. */
static void play_look(struct played *played, uint64_t elapsed_ns)
{
    ck_assert_msg(play_next(played) == 0, "%s", played->error.text);
    ck_assert_uint_eq(played->info->elapsed_ns, elapsed_ns);
}

static void play_close(struct played *played)
{
    pausemon_collector_free(played->collector);
    pausemon_source_free(played->source);
    ck_assert_int_eq(played->harness.live, 0);
}

#define LOOK(seconds)                                                                              \
    "{\"type\":\"look\",\"monotonic_ns\":" #seconds "000000000,\"boottime_ns\":" #seconds          \
    "000000000,\"realtime_ns\":" #seconds "000000000,\"utc_offset_s\":0}\n"
#define PROCESS(pid)                                                                               \
    "{\"type\":\"process\",\"pid\":" #pid ",\"verb\":\"full\",\"command\":\"p" #pid                \
    "\",\"state\":\"sleeping\",\"read_ns\":0,\"mem\":4096}\n"
#define END "{\"type\":\"end\",\"complete\":true,\"skipped\":0}\n"

START_TEST(a_look_without_its_end_takes_no_other_with_it)
{
    static const char text[] = LOOK(10) PROCESS(1) PROCESS(2) /* its end is missing */
        LOOK(20) PROCESS(1) PROCESS(2) PROCESS(3) END         /* nothing is wrong with these */
            LOOK(30) PROCESS(3) PROCESS(4) END;
    struct played played;

    play(&played, "replay", text);
    ck_assert_int_eq(play_next(&played), PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(played.error.line, 4);
    ck_assert_int_eq(play_next(&played), 0);
    ck_assert_int_eq(played.info->time.monotonic_ns, 20 * SECOND);
    ck_assert_uint_eq(played.info->elapsed_ns, 10 * SECOND);
    ck_assert_uint_eq(played.info->process_count, 3);
    ck_assert_uint_eq(played.info->complete, 1);
    play_look(&played, 10 * SECOND);
    ck_assert_uint_eq(played.info->process_count, 2);
    ck_assert_uint_eq(played.info->deaths, 2);
    ck_assert_int_eq(play_next(&played), PAUSEMON_ERR_END);
    play_close(&played);
}
END_TEST

#define TOP_HEADER "\nPID COMMAND %CPU STATE    MEM  CMPRS #TH CSW  SYSBSD PAGEINS\n"
#define TOP_ROW(csw) "77  worker  0.0  sleeping 512M 0B    4   " csw " 50000  10     \n"
#define TOP_TOTAL "Processes: 1 total, 1 sleeping, 4 threads \n"

START_TEST(a_first_sample_without_a_date_is_not_of_1970)
{
    static const char text[] = TOP_TOTAL TOP_HEADER TOP_ROW("1000")  /* no date */
        TOP_TOTAL "2026/01/23 12:00:00\n" TOP_HEADER TOP_ROW("3000") /* a second later, then */
        TOP_TOTAL "2026/01/23 12:00:03\n" TOP_HEADER TOP_ROW("9000");
    struct played played;

    play(&played, "top", text);
    play_look(&played, 0);
    play_look(&played, SECOND);
    ck_assert_uint_eq(pausemon_collector_get_process(played.collector, 0)->csw, 2000);
    ck_assert_int_eq(played.info->time.realtime_ns, 1769169600 * SECOND);
    play_look(&played, 3 * SECOND);
    ck_assert_uint_eq(pausemon_collector_get_process(played.collector, 0)->csw, 2000);
    ck_assert_int_eq(play_next(&played), PAUSEMON_ERR_END);
    play_close(&played);
}
END_TEST

START_TEST(a_date_beyond_what_nanoseconds_reach_is_none)
{
    static const char text[] = TOP_TOTAL "2026/01/23 12:00:00\n" TOP_HEADER TOP_ROW("1000")
        TOP_TOTAL "9999/12/31 23:59:59\n" TOP_HEADER TOP_ROW("3000") TOP_TOTAL
        "2026/01/23 12:00:02\n" TOP_HEADER TOP_ROW("5000");
    struct played played;

    play(&played, "top", text);
    play_look(&played, 0);
    play_look(&played, SECOND);
    ck_assert_int_eq(played.info->time.realtime_ns, 1769169601 * SECOND);
    play_look(&played, SECOND);
    ck_assert_int_eq(played.info->time.realtime_ns, 1769169602 * SECOND);
    ck_assert_int_eq(play_next(&played), PAUSEMON_ERR_END);
    play_close(&played);
}
END_TEST

START_TEST(a_negative_start_time_survives_a_recording)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;
    struct player player = {.rows = &row, .count = 1};
    struct pausemon_source *source;
    struct played played;
    struct text text = {0};

    row.pid = 7;
    row.start_time = -5;
    row.ppid = -1;
    row.have = PAUSEMON_HAVE_START_TIME | PAUSEMON_HAVE_PPID;
    strcpy(row.command, "old");
    ck_assert_int_eq(player_open(&source, &player, NULL), 0);
    ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
    pausemon_source_free(source);
    play(&played, "replay", text.bytes);
    play_look(&played, 0);
    const struct pausemon_process *process = pausemon_collector_get_process(played.collector, 0);
    ck_assert_ptr_nonnull(process);
    ck_assert_int_eq(process->start_time, -5);
    ck_assert_int_eq(process->ppid, -1);
    play_close(&played);
    text_free(&text);
}
END_TEST

/* ---- JSON ---- */

START_TEST(what_a_text_calls_unknown_is_0)
{
    static const char text[] =
        "{\"timestamp\":\"2026-01-23T12:00:00+00:00\",\"elapsed_ms\":1000,\"process_count\":1,"
        "\"max_score\":50,\"rogues\":[{\"pid\":7,\"command\":\"a\",\"cpu\":12.5,"
        "\"state\":\"running\",\"mem\":4096,\"cmprs\":1,\"pageins\":2,\"csw\":3,\"sysbsd\":4,"
        "\"threads\":5,\"score\":50,\"categories\":[\"cpu\"],"
        "\"unknown\":[\"cpu\",\"mem\",\"csw\",\"threads\"]}]}";
    struct pausemon_sample *sample;
    struct pausemon_error error;

    ck_assert_int_eq(pausemon_sample_new(&sample, NULL, NULL), 0);
    int status = pausemon_json_decode_sample(sample, text, strlen(text), &error);
    ck_assert_msg(status == 0, "%d %s", status, status ? error.text : "");
    const struct pausemon_process *rogue = pausemon_sample_get_rogue(sample, 0);
    ck_assert_ptr_nonnull(rogue);
    ck_assert_uint_eq(rogue->have & (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CSW |
                                     PAUSEMON_HAVE_THREADS),
                      0);
    ck_assert_uint_eq(rogue->cpu, 0);
    ck_assert_uint_eq(rogue->mem, 0);
    ck_assert_uint_eq(rogue->csw, 0);
    ck_assert_uint_eq(rogue->threads, 0);
    ck_assert_uint_eq(rogue->pageins, 2);
    ck_assert_uint_eq(rogue->sysbsd, 4);
    pausemon_sample_free(sample);
}
END_TEST

START_TEST(a_timestamp_before_1970_survives_its_text)
{
    static const int64_t times[] = {-SECOND, -1000, -86400 * SECOND * 200 + 250000000};
    struct pausemon_sample *decoded;
    struct pausemon_error error;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct harness harness;
        struct player player = {.count = 0};
        struct pausemon_source *source;
        struct pausemon_collector *collector;
        const struct pausemon_sample *sample;
        struct text text = {0};

        harness_init(&harness);
        harness.now.realtime_ns = times[i];
        harness.now.utc_offset_s = 0;
        ck_assert_int_eq(player_open(&source, &player, &harness.host), 0);
        ck_assert_int_eq(pausemon_collector_new(&collector, NULL, source, &harness.host, NULL), 0);
        ck_assert_int_eq(pausemon_collector_collect(&sample, collector, &error), 0);
        ck_assert_int_eq(pausemon_json_encode_sample(sample, text_write, &text), 0);
        int status = pausemon_json_decode_sample(decoded, text.bytes, text.length, &error);
        ck_assert_msg(status == 0, "%s: %s", text.bytes, status ? error.text : "");
        ck_assert_int_eq(pausemon_sample_get_info(decoded)->time.realtime_ns, times[i]);
        text_free(&text);
        pausemon_collector_free(collector);
        pausemon_source_free(source);
    }
    pausemon_sample_free(decoded);
}
END_TEST

/* ---- Opening ---- */

static void refuse_memory(const char *spec)
{
    struct pages pages;
    struct pausemon_source *source;
    struct pausemon_error error;
    int status = PAUSEMON_ERR_NOMEM, fds = count_fds();

    pages_init(&pages);
    for (int n = 1; status != 0; n++) {
        ck_assert_int_lt(n, 100);
        memset(&error, 0, sizeof error);
        pages.fail_at = n;
        status = pausemon_source_open(&source, spec, &pages.host, &error);
        if (status == 0) {
            ck_assert_int_gt(n, 2); /* it did fail before, more than once */
            pausemon_source_free(source);
        } else {
            ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
            ck_assert_int_eq(error.status, PAUSEMON_ERR_NOMEM);
            ck_assert_ptr_nonnull(strstr(error.text, "memory"));
            ck_assert_ptr_null(source);
        }
        ck_assert_int_eq(pages.live, 0);
        ck_assert_int_eq(count_fds(), fds);
    }
}

START_TEST(opening_without_memory_fails_in_words)
{
    char directory[] = "/tmp/regressions.XXXXXX", path[64], spec[96];
    static const char *const kinds[] = {"top", "replay"};

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/recording", directory);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(spec, sizeof spec, "%s:%s", kinds[i], path);
        refuse_memory(spec);
    }
    ck_assert_int_eq(unlink(path) + rmdir(directory), 0);
#ifdef __linux__
    refuse_memory("procfs");
    ck_assert_int_eq(setenv("PAUSEMON_TOP", "/nonexistent/top", 1), 0);
    refuse_memory("top"); /* starts nothing yet */
#endif
}
END_TEST

/* Nobody writes to it: whoever opens it as a file waits for ever. */
START_TEST(a_recording_in_a_pipe_is_refused_at_once)
{
    char directory[] = "/tmp/regressions.XXXXXX", path[64], spec[96];
    static const char *const kinds[] = {"top", "replay"};

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/pipe", directory);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fds = count_fds();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct pausemon_source *source;
        struct pausemon_error error;
        snprintf(spec, sizeof spec, "%s:%s", kinds[i], path);
        alarm(5); /* a failure, and quickly */
        ck_assert_int_eq(pausemon_source_open(&source, spec, NULL, &error), PAUSEMON_ERR_IO);
        alarm(0);
        ck_assert_ptr_nonnull(strstr(error.text, path));
        ck_assert_ptr_nonnull(strstr(error.text, "pipe"));
        ck_assert_int_eq(count_fds(), fds);
    }
    ck_assert_int_eq(unlink(path) + rmdir(directory), 0);
}
END_TEST

static int remember_full(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    (void)error;
    *(int *)self = pausemon_sink_wants_full(sink);
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

static int write_nothing(void *user, const char *bytes, size_t length)
{
    (void)user;
    (void)bytes;
    (void)length;
    return PAUSEMON_ERR_IO;
}

START_TEST(a_recording_that_could_not_be_written_begins_anew)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source;
    struct text text = {0};
    int wants_full = -1;

    ops.read = remember_full;
    ck_assert_int_eq(pausemon_source_new(&source, "full?", &ops, &wants_full, NULL, NULL), 0);
    ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
    ck_assert_int_eq(wants_full, 1);
    ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
    ck_assert_int_eq(wants_full, 0);
    ck_assert_int_eq(pausemon_source_record(source, write_nothing, NULL, NULL), PAUSEMON_ERR_IO);
    ck_assert_int_eq(pausemon_source_record(source, text_write, &text, NULL), 0);
    ck_assert_int_eq(wants_full, 1);
    pausemon_source_free(source);
    text_free(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regressions: texts");
    TCase *tests = tcase_create("texts");

    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, a_list_that_does_not_end_is_refused_and_not_read_beyond);
    tcase_add_test(tests, a_list_in_a_list_is_refused);
    tcase_add_test(tests, keys_of_a_section_that_only_groups_others_are_unknown);
    tcase_add_test(tests, a_look_without_its_end_takes_no_other_with_it);
    tcase_add_test(tests, a_first_sample_without_a_date_is_not_of_1970);
    tcase_add_test(tests, a_date_beyond_what_nanoseconds_reach_is_none);
    tcase_add_test(tests, a_negative_start_time_survives_a_recording);
    tcase_add_test(tests, what_a_text_calls_unknown_is_0);
    tcase_add_test(tests, a_timestamp_before_1970_survives_its_text);
    tcase_add_test(tests, opening_without_memory_fails_in_words);
    tcase_add_test(tests, a_recording_in_a_pipe_is_refused_at_once);
    tcase_add_test(tests, a_recording_that_could_not_be_written_begins_anew);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
