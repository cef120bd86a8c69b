/* SPDX-License-Identifier: MIT */
/* Real output of macOS top, recorded by others and kept beside the project; and a text of our
 * own that is cut and changed at every place. Skipped where the recordings are absent. */
#include "top_looks.h"

#include <stdlib.h>

/* Opens the recording; NULL when it is absent. Free the bytes after looks_close. */
static char *open_recording(struct looks *looks, const char *name)
{
    size_t length;
    const char *path = recording_path(name);

    if (!path)
        return NULL;
    char *bytes = read_file(path, &length);
    looks_open_bytes(looks, bytes, length);
    return bytes;
}

/* One process of a recording, as its row says by eye. */
struct seen {
    int64_t pid;
    const char *command;
    uint64_t state;
    uint64_t mem;
    uint64_t threads;
};

/* A recording of one sample: every row is read, but for those that its author cut. */
static void check_single(const char *name, uint64_t count, uint64_t cut, const struct seen *seen)
{
    struct looks looks;
    char *bytes = open_recording(&looks, name);

    if (!bytes)
        return;
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, count);
    ck_assert_uint_eq(looks.info->unreadable, cut);
    ck_assert_uint_eq(looks.info->rated_count, 0);
    const struct pausemon_process *process = looks_need(&looks, seen->pid);
    ck_assert_str_eq(process->command, seen->command);
    ck_assert_uint_eq(process->state, seen->state);
    ck_assert_uint_eq(process->mem, seen->mem);
    ck_assert_uint_eq(process->threads, seen->threads);
    ck_assert_uint_eq(process->have & PAUSEMON_HAVE_CPU, 0);
    looks_end(&looks);
    if (cut > 0)
        ck_assert_ptr_nonnull(strstr(looks.harness.log, "W: "));
    looks_close(&looks);
    free(bytes);
}

START_TEST(recording_02_loses_only_the_row_its_author_cut)
{
    static const struct seen seen = {95945, "com.apple.Mobile", PAUSEMON_STATE_SLEEPING, 56 << 20,
                                     4};
    check_single("02-macos-2026-05-25-l1-full-columns.txt", 4, 1, &seen);
}
END_TEST

START_TEST(recording_03_loses_only_the_row_its_author_cut)
{
    static const struct seen seen = {67618, "RosettaUpdateSer", PAUSEMON_STATE_SLEEPING, 4208 << 10,
                                     2};
    check_single("03-macos-2026-05-29-l1-full-columns.txt", 4, 1, &seen);
}
END_TEST

START_TEST(recording_06_loses_nothing)
{
    static const struct seen seen = {9341, "Code Helper (Plu", PAUSEMON_STATE_SLEEPING,
                                     UINT64_C(2602) << 20, 24};
    check_single("06-macos-2025-09-29-l1-o-mem-swapping-load28.txt", 8, 0, &seen);
}
END_TEST

START_TEST(recording_07_loses_only_the_row_its_author_cut)
{
    static const struct seen seen = {14394, "top", PAUSEMON_STATE_RUNNING, 4144 << 10, 1};
    check_single("07-macos-2026-07-12-intel-stats-selection-4stuck.txt", 5, 1, &seen);
}
END_TEST

START_TEST(recording_09_loses_nothing)
{
    static const struct seen seen = {99187, "Google Chrome He", PAUSEMON_STATE_SLEEPING, 146 << 20,
                                     10};
    check_single("09-osx10.9-2014-09-09-l1-plus-in-first-sample.txt", 3, 0, &seen);
}
END_TEST

/* Not from logging mode, and its date hides behind "Processes:"; its header is one all the same. */
START_TEST(recording_11_loses_nothing)
{
    static const struct seen seen = {41172, "duetexpertd", PAUSEMON_STATE_UNINTERRUPTIBLE, 25 << 20,
                                     6};
    check_single("11-macos26-m4-interactive-stuck-suffixes.txt", 5, 0, &seen);
}
END_TEST

/* The next look of recording 01, and in it pid 30727. */
static void check_30727(struct looks *looks, uint64_t seconds, uint64_t state, uint64_t cpu,
                        uint64_t csw, uint64_t sysbsd)
{
    const uint64_t rates =
        PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD | PAUSEMON_HAVE_PAGEINS;

    looks_next(looks);
    ck_assert_uint_eq(looks->info->process_count, 3);
    ck_assert_uint_eq(looks->info->rated_count, 3);
    ck_assert_uint_eq(looks->info->unreadable, 0);
    ck_assert_uint_eq(looks->info->elapsed_ns, seconds * 1000000000);
    const struct pausemon_process *process = looks_need(looks, 30727);
    ck_assert_uint_eq(process->have & rates, rates);
    ck_assert_str_eq(process->command, "cockroach");
    ck_assert_uint_eq(process->state, state);
    ck_assert_uint_eq(process->cpu, cpu);
    ck_assert_uint_eq(process->csw, csw);
    ck_assert_uint_eq(process->sysbsd, sysbsd);
    ck_assert_uint_eq(process->pageins, 0); /* 66714 throughout */
}

START_TEST(recording_01_gives_the_rates_that_were_worked_out_by_hand)
{
    struct looks looks;
    char *bytes = open_recording(&looks, "01-macos11-l10-multisample-cockroach.txt");

    if (!bytes)
        return;
    /* 10:46:13: a header without rows */
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->process_count, 0);
    ck_assert_uint_eq(looks.info->complete, 1);
    /* 2021-08-08 is day 18847 since 1970: × 86400 + 10 h 46 min 13 s */
    ck_assert_int_eq(looks.info->time.realtime_ns, INT64_C(1628419573000000000));
    /* 10:46:14: three processes for the first time */
    looks_next(&looks);
    ck_assert_uint_eq(looks.info->elapsed_ns, 1000000000);
    ck_assert_uint_eq(looks.info->process_count, 3);
    ck_assert_uint_eq(looks.info->rated_count, 0);
    ck_assert_uint_eq(looks.info->unreadable, 0);
    const struct pausemon_process *process = looks_need(&looks, 30727);
    ck_assert_uint_eq(process->have & (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_CSW), 0);
    ck_assert_uint_eq(process->state, PAUSEMON_STATE_UNINTERRUPTIBLE);
    ck_assert_uint_eq(process->mem, 210 << 20);
    ck_assert_uint_eq(process->cmprs, 83 << 20);
    /* :14 → :16, 2 s. csw    33164009 − 33151387 = 12622, / 2 = 6311
     *                 sysbsd 31612754 − 31600507 = 12247, / 2 = 6123.5 → 6123 */
    check_30727(&looks, 2, PAUSEMON_STATE_RUNNING, 345, 6311, 6123);
    ck_assert_uint_eq(looks_need(&looks, 30727)->threads, 21);
    /* :16 → :17, 1 s. csw    33192085 − 33164009 = 28076
     *                 sysbsd 31642109 − 31612754 = 29355 */
    check_30727(&looks, 1, PAUSEMON_STATE_UNINTERRUPTIBLE, 314, 28076, 29355);
    /* :17 → :19, 2 s. csw    33204464 − 33192085 = 12379, / 2 = 6189.5 → 6189
     *                 sysbsd 31655581 − 31642109 = 13472, / 2 = 6736 */
    check_30727(&looks, 2, PAUSEMON_STATE_RUNNING, 296, 6189, 6736);
    /* 10:46:20 has nothing behind it */
    looks_end(&looks);
    ck_assert_ptr_nonnull(strstr(looks.harness.log, "incomplete"));
    looks_close(&looks);
    free(bytes);
}
END_TEST

/* No process may come out of a cut text that is not in the whole one: "12" of "123456". */
static void check_is_of_the_whole(const struct pausemon_process *process)
{
    bool known = (process->pid == 77 && strcmp(process->command, "compressor") == 0 &&
                  (process->mem == 512 << 20 || process->mem == 513 << 20)) ||
                 (process->pid == 78 && strcmp(process->command, "idler") == 0 &&
                  process->mem == 8192 << 10) ||
                 (process->pid == 123456 && strcmp(process->command, "com.example.Mobi") == 0 &&
                  process->mem == 1024 << 20);

    ck_assert_msg(known, "a cut text gives %d \"%s\"", (int)process->pid, process->command);
    if (process->have & PAUSEMON_HAVE_CSW)
        ck_assert(process->csw == 2500 || process->csw == 0);
    if (process->have & PAUSEMON_HAVE_SYSBSD)
        ck_assert(process->sysbsd == 40000 || process->sysbsd == 1);
    if (process->have & PAUSEMON_HAVE_PAGEINS)
        ck_assert_uint_eq(process->pageins, 0);
}

/* Returns how many processes were seen in all looks. */
static size_t check_cut(const char *bytes, size_t length)
{
    const struct pausemon_process *process;
    struct looks looks;
    size_t seen = 0;
    int calls = 0;

    looks_open_bytes(&looks, bytes, length);
    while (looks_try(&looks) == 0) {
        ck_assert_int_le(++calls, 2);
        for (size_t i = 0; (process = pausemon_collector_get_process(looks.collector, i)); i++) {
            check_is_of_the_whole(process);
            seen++;
        }
    }
    ck_assert_int_eq(looks.status, calls > 0 ? PAUSEMON_ERR_END : PAUSEMON_ERR_FORMAT);
    looks_close(&looks);
    return seen;
}

START_TEST(a_text_cut_anywhere_gives_only_what_was_whole)
{
    size_t length;
    size_t most = 0;
    char *whole = read_file(test_path("golden/top/04-widths-grow.txt"), &length);

    for (size_t cut = 0; cut <= length; cut++) {
        /* exactly as long as it is: a reader beyond the end is found by the sanitizers */
        char *bytes = malloc(cut + (cut == 0));
        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, whole, cut);
        most = check_cut(bytes, cut);
        free(bytes);
    }
    ck_assert_uint_eq(most, 5);
    free(whole);
}
END_TEST

/* Only what a name may hold: the library's promise to everybody behind it. */
static void check_name(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;

    ck_assert_uint_lt(strlen(name), PAUSEMON_COMMAND_SIZE);
    while (*at != '\0') {
        int more = *at < 0x80 ? 0 : *at < 0xc2 ? -1 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;

        ck_assert_msg(*at >= ' ' && *at != 0x7f && *at < 0xf5 && more >= 0, "a bad byte in a name");
        for (at++; more > 0; more--, at++)
            ck_assert_msg((*at & 0xc0) == 0x80, "half a character in a name");
    }
}

/* Reads to the end: bounded, and everything in its range. */
static void check_changed(const char *bytes, size_t length)
{
    const struct pausemon_process *process;
    struct looks looks;
    int calls = 0;

    looks_open_bytes(&looks, bytes, length);
    while (looks_try(&looks) == 0) {
        ck_assert_int_lt(++calls, 100);
        for (size_t i = 0; (process = pausemon_collector_get_process(looks.collector, i)); i++) {
            check_name(process->command);
            ck_assert_int_ge(process->pid, 0);
            ck_assert_uint_le(process->state, PAUSEMON_STATE_STUCK);
            ck_assert_uint_le(process->cpu, 1024000);
            ck_assert_uint_le(process->score, 100);
        }
    }
    ck_assert(looks.status == PAUSEMON_ERR_END || looks.status == PAUSEMON_ERR_FORMAT);
    looks_close(&looks);
}

START_TEST(changed_bytes_anywhere_stay_in_range)
{
    static const char spice[] = "\n\r\0 /:%+-*0189KMGPI\xc3\xff\x1b";
    size_t length;
    char *whole = read_file(test_path("golden/top/02-half-characters.txt"), &length);
    char *bytes = malloc(length);
    uint64_t state = 144;

    ck_assert_ptr_nonnull(bytes);
    for (int round = 0; round < 1000; round++) {
        memcpy(bytes, whole, length);
        for (uint64_t changes = 1 + next_random(&state) % 16; changes > 0; changes--)
            bytes[next_random(&state) % length] = spice[next_random(&state) % (sizeof spice - 1)];
        check_changed(bytes, length);
    }
    free(bytes);
    free(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top recordings");
    TCase *tests = tcase_create("recordings");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, recording_01_gives_the_rates_that_were_worked_out_by_hand);
    tcase_add_test(tests, recording_02_loses_only_the_row_its_author_cut);
    tcase_add_test(tests, recording_03_loses_only_the_row_its_author_cut);
    tcase_add_test(tests, recording_06_loses_nothing);
    tcase_add_test(tests, recording_07_loses_only_the_row_its_author_cut);
    tcase_add_test(tests, recording_09_loses_nothing);
    tcase_add_test(tests, recording_11_loses_nothing);
    tcase_add_test(tests, a_text_cut_anywhere_gives_only_what_was_whole);
    tcase_add_test(tests, changed_bytes_anywhere_stay_in_range);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
