/* SPDX-License-Identifier: MIT */

/* The procfs source over fake trees that are hostile or broken: names, stat, directories. One
 * bad process never harms another. Files and trees that cannot be read: test_procfs_refused.c. */

#include "fakesuite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names ---- */

static const struct {
    const char *comm;    /* what the kernel prints between the parentheses */
    const char *command; /* what comes out */
} names[] = {
    {") R 1", ") R 1"},
    {") R 1 (", ") R 1 ("},
    {"a) Z 1 1 1 1 1 1 1", "a) Z 1 1 1 1 1 1 1"},
    {"(((", "((("},
    {")))", ")))"},
    {"", ""},
    {" ", " "},
    {"  two  blanks ", "  two  blanks "},
    {"line\nbreak", "line?break"},
    {"x) S 1\n9 (y", "x) S 1?9 (y"},
    {"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
    {"\x01\x02\x1f\x7f\t\r\b", "???????"},
    {"fifteen bytes..", "fifteen bytes.."},
    {"caf\xc3\xa9", "caf\xc3\xa9"},
    {"\xe6\xbc\xa2\xe5\xad\x97\xf0\x9f\x90\xa7", "\xe6\xbc\xa2\xe5\xad\x97\xf0\x9f\x90\xa7"},
    {"half\xc3", "half?"},
    {"\xa9half", "?half"},
    {"na\xc3name", "na?name"},
    {"\xff\xfe", "??"},
    {"\xc0\x80", "??"},
    {"%s%n\\n\"quoted\"", "%s%n\\n\"quoted\""},
};

START_TEST(a_hostile_name_is_cleaned_and_moves_no_field)
{
    size_t count = sizeof names / sizeof names[0];
    struct watch watch;

    for (size_t i = 0; i < count; i++) {
        struct fake_process process = fakeproc_ordinary(100 + (int64_t)i);
        process.comm = names[i].comm;
        fakeproc_put(&fake, &process);
    }
    watch_open(&watch, fake.spec);
    const struct pausemon_sample_info *info = watch_after(&watch, 0);
    ck_assert_uint_eq(info->process_count, count);
    ck_assert_uint_eq(info->unreadable, 0);
    for (size_t i = 0; i < count; i++) {
        const struct pausemon_process *seen = watch_get(&watch, 100 + (int64_t)i);
        ck_assert_str_eq(seen->command, names[i].command);
        ck_assert(command_is_clean(seen->command));
        ck_assert_uint_eq(seen->state, PAUSEMON_STATE_SLEEPING);
        KNOWN(seen, PPID, ppid, 1);
        KNOWN(seen, THREADS, threads, 1);
        KNOWN(seen, START_TIME, start_time, 77100 + (int64_t)i);
    }
    watch_close(&watch);
}
END_TEST

/* How many `?` stand for a broken sequence is the library's choice; that it is clean is not. */
START_TEST(names_of_any_bytes_come_out_clean)
{
    static const char parts[] = "\xc2\x80\x9f\xa0\xe2\x82\xed\xa0\xf0\x9f\xf4\x90 a)";
    uint32_t random = 20260123;
    struct watch watch;
    size_t count = 200;

    for (size_t i = 0; i < count; i++) {
        char comm[16] = "";
        for (size_t k = 0; k < sizeof comm - 1; k++) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            comm[k] = (char)(random % 255 + 1);
        }
        /* Half of them only from what UTF-8 is made of, controls U+0080..9F included. */
        for (size_t k = 0; i % 2 && k < sizeof comm - 1; k++)
            comm[k] = parts[(unsigned char)comm[k] % (sizeof parts - 1)];
        struct fake_process process = fakeproc_ordinary(100 + (int64_t)i);
        process.comm = comm;
        fakeproc_put(&fake, &process);
    }
    watch_open(&watch, fake.spec);
    ck_assert_uint_eq(watch_after(&watch, 0)->process_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct pausemon_process *seen = watch_get(&watch, 100 + (int64_t)i);
        ck_assert_msg(command_is_clean(seen->command), "name %zu", i);
        ck_assert_uint_ge(strlen(seen->command), 1);
        KNOWN(seen, START_TIME, start_time, 77100 + (int64_t)i);
    }
    watch_close(&watch);
}
END_TEST

START_TEST(a_long_name_is_cut_on_a_character)
{
    char plain[81] = "", accents[81] = "";
    struct watch watch;

    for (size_t i = 0; i < 80; i += 2) {
        memcpy(accents + i, "\xc3\xa9", 2);
        memcpy(plain + i, "xy", 2);
    }
    struct fake_process process = fakeproc_ordinary(10);
    process.comm = plain;
    fakeproc_put(&fake, &process);
    process.pid = 11;
    process.comm = accents;
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    ck_assert_uint_eq(strlen(watch_get(&watch, 10)->command), 63);
    ck_assert_mem_eq(watch_get(&watch, 10)->command, plain, 63);
    ck_assert_uint_eq(strlen(watch_get(&watch, 11)->command), 62);
    ck_assert_mem_eq(watch_get(&watch, 11)->command, accents, 62);
    watch_close(&watch);
}
END_TEST

/* ---- Broken stat ---- */

/* 10 and 30 are well, 20 is broken: it is not there, it is counted, and nobody else suffers. */
static void check_broken(const char *what)
{
    struct fake_process process = fakeproc_ordinary(10);
    struct watch watch;

    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.csw += 44;
    process.utime += 13;
    fakeproc_put(&fake, &process);
    const struct pausemon_sample_info *info = watch_after(&watch, SECOND);
    ck_assert_msg(watch_find(&watch, 20) == NULL, "%s: is there", what);
    ck_assert_msg(info->unreadable == 1, "%s: %d unreadable", what, (int)info->unreadable);
    ck_assert_uint_eq(info->process_count, 2);
    KNOWN(watch_get(&watch, 10), CSW, csw, 44);
    KNOWN(watch_get(&watch, 10), CPU, cpu, 130);
    KNOWN(watch_get(&watch, 30), SYSBSD, sysbsd, 0);
    watch_close(&watch);
}

static struct fake_process put_three(void)
{
    for (int64_t pid = 10; pid <= 30; pid += 10) {
        struct fake_process process = fakeproc_ordinary(pid);
        fakeproc_put(&fake, &process);
    }
    return fakeproc_ordinary(20);
}

START_TEST(a_stat_that_is_none_is_skipped_and_counted)
{
    static const char *const texts[] = {
        "",
        "\n",
        " ",
        "20",
        "20 ",
        "20 (",
        "20 (x",
        "20 (x)",
        "20 (x) ",
        "20 (x) S",
        "20 (x) S ",
        "20 (x) S 1",
        "20 x S 1 2 3",
        ")(",
        "garbage\n",
        "\xff\xfe\xfd",
        "20 (x) S S S S S S S S S S S S S S S S S S S S S S S S S\n",
        "                                                        \n"};

    put_three();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fakeproc_write(&fake, "20/stat", texts[i]);
        check_broken(texts[i]);
    }
}
END_TEST

START_TEST(a_stat_that_ends_early_is_skipped_and_counted)
{
    struct fake_process process = put_three();
    char path[PATH_MAX], what[64];

    for (size_t field = 3; field <= 22; field++) {
        fakeproc_spoil(&fake, &process, field, NULL);
        snprintf(what, sizeof what, "without field %zu", field);
        check_broken(what);
    }
    /* Cut anywhere up to the inside of the start time: half a number is not a number. */
    size_t length = fakeproc_spoil(&fake, &process, 23, NULL);
    char *text = NULL;
    fakeproc_path(&fake, "20/stat", path);
    text = read_file(path, NULL);
    for (size_t cut = length - 2; cut > 0; cut -= cut > 5 ? 5 : cut) {
        text[cut] = '\0';
        fakeproc_write(&fake, "20/stat", text);
        snprintf(what, sizeof what, "cut at byte %zu", cut);
        check_broken(what);
    }
    free(text);
}
END_TEST

START_TEST(numbers_that_cannot_be_are_skipped_and_counted)
{
    static const size_t fields[] = {12, 14, 15, 22};
    static const char *const numbers[] = {"18446744073709551616",
                                          "-1",
                                          "x",
                                          "1x",
                                          "0x10",
                                          "1.5",
                                          "99999999999999999999999999999999",
                                          "--1",
                                          "+"};
    struct fake_process process = put_three();
    char what[64];

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            fakeproc_spoil(&fake, &process, fields[i], numbers[k]);
            snprintf(what, sizeof what, "field %zu is %s", fields[i], numbers[k]);
            check_broken(what);
        }
}
END_TEST

/* utime + stime in ns does not fit: any answer but a wrong number or a crash. */
START_TEST(times_too_large_to_add_are_unknown_or_skipped)
{
    struct fake_process process = fakeproc_ordinary(20);
    struct watch watch;

    put_three();
    process.utime = UINT64_MAX - 5;
    process.stime = 100;
    process.cutime = (UINT64_C(1) << 62);
    process.cstime = (UINT64_C(1) << 62);
    process.read_bytes = UINT64_MAX - 5;
    process.write_bytes = 100;
    process.syscr = UINT64_MAX;
    process.syscw = 1;
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    process.utime += 1;
    process.cutime += 1;
    process.read_bytes += 1;
    process.syscw += 1;
    fakeproc_put(&fake, &process);
    watch_after(&watch, SECOND);
    const struct pausemon_process *seen = watch_find(&watch, 20);
    if (seen) {
        ck_assert(!(seen->have & PAUSEMON_HAVE_CPU) || seen->cpu == 10);
        ck_assert(!(seen->have & PAUSEMON_HAVE_CHILD_CPU) || seen->child_cpu_ns == 10000000);
        ck_assert(!(seen->have & PAUSEMON_HAVE_IO_BYTES) || seen->io_bytes == 1);
        ck_assert(!(seen->have & PAUSEMON_HAVE_SYSBSD) || seen->sysbsd == 1);
    } else {
        ck_assert_uint_eq(watch.info->unreadable, 1);
    }
    KNOWN(watch_get(&watch, 10), CPU, cpu, 0);
    watch_close(&watch);
}
END_TEST

START_TEST(a_stat_that_breaks_and_heals_harms_nobody)
{
    struct fake_process process = put_three();
    struct watch watch;

    watch_open(&watch, fake.spec);
    ck_assert_uint_eq(watch_after(&watch, 0)->unreadable, 0);
    fakeproc_write(&fake, "20/stat", "20 (x) S 1 2");
    ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 1);
    KNOWN(watch_get(&watch, 10), CSW, csw, 0);
    KNOWN(watch_get(&watch, 30), CSW, csw, 0);
    fakeproc_put(&fake, &process);
    ck_assert_uint_eq(watch_after(&watch, SECOND)->unreadable, 0);
    ck_assert_uint_eq(watch.info->process_count, 3);
    ck_assert_str_eq(watch_get(&watch, 20)->command, "ordinary");
    watch_close(&watch);
}
END_TEST

/* ---- Directories that are no processes, processes that vanish ---- */

START_TEST(what_is_not_a_pid_is_not_a_process)
{
    static const char *const directories[] = {"12a",
                                              "-5",
                                              "0012",
                                              "+7",
                                              " 7",
                                              "7 ",
                                              "1e3",
                                              "0x1f",
                                              "self",
                                              "7.",
                                              "7,000",
                                              "99999999999999999999",
                                              "18446744073709551617",
                                              "18446744073709551616"};
    struct fake_process process = fakeproc_ordinary(4);
    struct watch watch;

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        fakeproc_put_in(&fake, directories[i], &process);
    process.pid = 77;
    fakeproc_put(&fake, &process);
    process.pid = 4194303; /* the largest a kernel gives */
    fakeproc_put(&fake, &process);
    watch_open(&watch, fake.spec);
    const struct pausemon_sample_info *info = watch_after(&watch, 0);
    ck_assert_uint_eq(info->process_count, 2);
    ck_assert_uint_eq(info->unreadable, 0);
    watch_get(&watch, 77);
    watch_get(&watch, 4194303);
    watch_close(&watch);
}
END_TEST

START_TEST(a_process_whose_files_vanish_is_gone)
{
    struct watch watch;

    put_three();
    watch_open(&watch, fake.spec);
    watch_after(&watch, 0);
    fakeproc_remove(&fake, "20"); /* then its directory, still empty, as between two reads */
    fakeproc_mkdir(&fake, "20");
    ck_assert_uint_eq(watch_after(&watch, SECOND)->process_count, 2);
    ck_assert_uint_eq(watch.info->deaths, 1);
    ck_assert_ptr_null(watch_find(&watch, 20));
    KNOWN(watch_get(&watch, 30), CSW, csw, 0);
    watch_close(&watch);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("procfs traps");
    TCase *traps = tcase_create("traps");

    tcase_add_unchecked_fixture(traps, fakeproc_make, fakeproc_drop);
    tcase_add_checked_fixture(traps, fakeproc_empty, NULL);
    tcase_set_timeout(traps, 20);
    tcase_add_test(traps, a_hostile_name_is_cleaned_and_moves_no_field);
    tcase_add_test(traps, names_of_any_bytes_come_out_clean);
    tcase_add_test(traps, a_long_name_is_cut_on_a_character);
    tcase_add_test(traps, a_stat_that_is_none_is_skipped_and_counted);
    tcase_add_test(traps, a_stat_that_ends_early_is_skipped_and_counted);
    tcase_add_test(traps, numbers_that_cannot_be_are_skipped_and_counted);
    tcase_add_test(traps, times_too_large_to_add_are_unknown_or_skipped);
    tcase_add_test(traps, a_stat_that_breaks_and_heals_harms_nobody);
    tcase_add_test(traps, what_is_not_a_pid_is_not_a_process);
    tcase_add_test(traps, a_process_whose_files_vanish_is_gone);
    suite_add_tcase(suite, traps);
    return suite;
}

int main(void)
{
    return harness_run(make_suite());
}
