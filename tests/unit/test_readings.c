/* SPDX-License-Identifier: MIT */
/* What the machine's totals grow by, and the texts of /proc and /sys they are read from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "sources/readings_parse.h"
#include "sources/unit_parse.h"

#define TICK UINT64_C(10000000)
#define MS UINT64_C(1000000)
#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- Growth ---- */

START_TEST(what_grew_is_known_and_what_fell_or_was_not_read_twice_is_not)
{
    static struct pm_readings before, after;
    struct pm_growth growth;

    before.at_ns = 1000;
    after.at_ns = 5000;
    pm_readings_set(&before, PM_READ_RUN_DELAY, 70);
    pm_readings_set(&after, PM_READ_RUN_DELAY, 100);
    pm_readings_set(&before, PM_READ_BUSY, 70);
    pm_readings_set(&after, PM_READ_BUSY, 69);
    pm_readings_set(&after, PM_READ_FAULTS, 3);
    pm_readings_set(&before, PM_READ_SWITCHES, 5);
    pm_readings_set(&before, PM_READ_ASLEEP, 8);
    pm_readings_set(&after, PM_READ_ASLEEP, 8);
    pm_readings_grow(&growth, &before, &after);
    ck_assert_uint_eq(growth.window_ns, 4000);
    ck_assert_uint_eq(growth.have, UINT64_C(1) << PM_READ_RUN_DELAY | UINT64_C(1)
                                                                          << PM_READ_ASLEEP);
    ck_assert_uint_eq(pm_growth_get(&growth, PM_READ_RUN_DELAY), 30);
    ck_assert_uint_eq(pm_growth_get(&growth, PM_READ_BUSY), 0);
    pm_readings_grow(&growth, &after, &before); /* time that goes back is no time */
    ck_assert_uint_eq(growth.window_ns, 0);
}
END_TEST

/* Two moments of a machine with so many CPUs, a second apart, all time accounted. */
static void set_cpus(struct pm_readings *before, struct pm_readings *after, size_t count)
{
    memset(before, 0, sizeof *before);
    memset(after, 0, sizeof *after);
    after->at_ns = 1000 * (int64_t)MS;
    before->cpu_count = after->cpu_count = count;
    for (size_t i = 0; i < count; i++) {
        before->cpus[i] = (struct pm_cpu_time){i, 50 * MS, 5000 * MS};
        after->cpus[i] = (struct pm_cpu_time){i, 50 * MS, 6000 * MS};
    }
}

START_TEST(steal_is_of_the_cpu_that_lost_most_and_missing_of_the_one_that_misses_least)
{
    static struct pm_readings before, after;
    struct pm_growth growth;

    set_cpus(&before, &after, 4);
    after.cpus[1].steal_ns += 200 * MS;
    after.cpus[2].steal_ns += 700 * MS;
    for (size_t i = 0; i < 4; i++)
        after.cpus[i].accounted_ns -= (300 + 100 * i) * MS;
    pm_readings_grow(&growth, &before, &after);
    ck_assert_uint_eq(pm_growth_get(&growth, PM_READ_STEAL), 700 * MS);
    ck_assert_uint_eq(pm_growth_get(&growth, PM_READ_MISSING), 300 * MS);
    after.cpus[3].accounted_ns = before.cpus[3].accounted_ns + 1010 * MS; /* ticks are coarse */
    pm_readings_grow(&growth, &before, &after);
    ck_assert(pm_growth_has(&growth, PM_READ_MISSING));
    ck_assert_uint_eq(pm_growth_get(&growth, PM_READ_MISSING), 0);
}
END_TEST

START_TEST(where_cpus_came_or_went_steal_and_missing_are_not_known)
{
    static const size_t counts[][2] = {{4, 3}, {4, 5}, {0, 4}, {4, 0}, {0, 0}, {1, 256}};
    static struct pm_readings before, after;
    struct pm_growth growth;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        set_cpus(&before, &after, 4);
        before.cpu_count = counts[i][0];
        after.cpu_count = counts[i][1];
        pm_readings_grow(&growth, &before, &after);
        ck_assert(!pm_growth_has(&growth, PM_READ_STEAL));
        ck_assert(!pm_growth_has(&growth, PM_READ_MISSING));
    }
}
END_TEST

START_TEST(a_cpu_that_took_the_place_of_another_is_not_compared_with_it)
{
    static const char one[] = "cpu0 100 0 0 100 0 0 0 0 0 0\ncpu1 100 0 0 100 0 0 0 0 0 0\n";
    static const char other[] = "cpu0 150 0 0 150 0 0 0 0 0 0\ncpu2 100 0 0 100 0 0 0 900 0 0\n";
    static struct pm_readings before, after;
    struct pm_growth growth;

    pm_parse_machine_stat(one, strlen(one), TICK, &before);
    pm_parse_machine_stat(other, strlen(other), TICK, &after);
    after.at_ns = 1000 * (int64_t)MS;
    pm_readings_grow(&growth, &before, &after);
    ck_assert_msg(!pm_growth_has(&growth, PM_READ_STEAL), "cpu2's steal since boot, %d ms, is told",
                  (int)(pm_growth_get(&growth, PM_READ_STEAL) / MS));
}
END_TEST

START_TEST(an_account_that_fell_is_not_known_and_does_not_miss_everything)
{
    static struct pm_readings before, after;
    struct pm_growth growth;

    set_cpus(&before, &after, 1);
    after.cpus[0].accounted_ns = before.cpus[0].accounted_ns - 10 * MS; /* iowait may fall */
    pm_readings_grow(&growth, &before, &after);
    ck_assert_msg(!pm_growth_has(&growth, PM_READ_MISSING), "%d of 1000 ms are told as missing",
                  (int)(pm_growth_get(&growth, PM_READ_MISSING) / MS));
}
END_TEST

START_TEST(a_sum_knows_what_both_windows_knew)
{
    struct pm_growth sum = {.window_ns = 10}, more = {.window_ns = 5};

    sum.have = UINT64_C(1) << PM_READ_BUSY | UINT64_C(1) << PM_READ_FAULTS;
    more.have = UINT64_C(1) << PM_READ_BUSY | UINT64_C(1) << PM_READ_STEAL;
    sum.value[PM_READ_BUSY] = sum.value[PM_READ_FAULTS] = 1;
    more.value[PM_READ_BUSY] = more.value[PM_READ_STEAL] = 2;
    pm_growth_add(&sum, &more);
    ck_assert_uint_eq(sum.window_ns, 15);
    ck_assert_uint_eq(sum.have, UINT64_C(1) << PM_READ_BUSY);
    ck_assert_uint_eq(pm_growth_get(&sum, PM_READ_BUSY), 3);
    ck_assert_uint_eq(pm_growth_get(&sum, PM_READ_FAULTS), 0);
    ck_assert_uint_eq(pm_growth_get(&sum, PM_READ_STEAL), 0);
}
END_TEST

/* ---- /proc/stat ---- */

/* As a kernel writes it: the sum, each CPU, and lines of other things. */
static void write_stat(struct text *text, int cpus)
{
    char line[128];

    text_write(text, "cpu  100 2 30 4000 50 6 7 8 9 10\n", 33);
    for (int i = 0; i < cpus; i++) {
        snprintf(line, sizeof line, "cpu%d 10 0 3 400 5 1 1 %d 0 0\n", i, i + 1);
        text_write(text, line, strlen(line));
    }
    snprintf(line, sizeof line, "intr 9 0 0 8\nctxt 1234567\nbtime 1\nsoftirq 5 1 2\n");
    text_write(text, line, strlen(line));
}

START_TEST(a_stat_of_any_number_of_cpus_is_read_up_to_the_bound)
{
    for (int cpus = 1; cpus <= 300; cpus++) {
        static struct pm_readings readings;
        struct text text = {0};
        size_t known = cpus < PM_MAX_CPUS ? (size_t)cpus : PM_MAX_CPUS;

        readings.have = 0;
        write_stat(&text, cpus);
        pm_parse_machine_stat(text.bytes, text.length, TICK, &readings);
        ck_assert_uint_eq(readings.have, UINT64_C(1) << PM_READ_BUSY | UINT64_C(1)
                                                                           << PM_READ_SWITCHES);
        ck_assert_uint_eq(readings.value[PM_READ_BUSY], (100 + 2 + 30 + 6 + 7) * TICK);
        ck_assert_uint_eq(readings.value[PM_READ_SWITCHES], 1234567);
        ck_assert_uint_eq(readings.cpu_count, known);
        ck_assert_uint_eq(readings.cpus[known - 1].steal_ns, known * TICK);
        ck_assert_uint_eq(readings.cpus[known - 1].accounted_ns, (420 + known) * TICK);
        text_free(&text);
    }
}
END_TEST

START_TEST(a_stat_cut_off_anywhere_gives_what_it_has)
{
    static struct pm_readings whole, some;
    struct text text = {0};

    write_stat(&text, 12);
    pm_parse_machine_stat(text.bytes, text.length, TICK, &whole);
    for (size_t cut = 0; cut <= text.length; cut++) {
        char *copy = malloc(cut ? cut : 1); /* a sanitizer sees a read behind it */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text.bytes, cut);
        some.have = 0;
        pm_parse_machine_stat(copy, cut, TICK, &some);
        ck_assert_uint_eq(some.have & ~whole.have, 0);
        ck_assert_uint_le(some.cpu_count, whole.cpu_count);
        ck_assert_int_eq(memcmp(some.cpus, whole.cpus, some.cpu_count * sizeof *some.cpus), 0);
        for (int i = 0; i < PM_READ_COUNT; i++)
            if (some.have >> i & 1)
                ck_assert_uint_eq(some.value[i], whole.value[i]);
        free(copy);
    }
    text_free(&text);
}
END_TEST

START_TEST(lines_that_are_no_cpu_or_make_no_sense_are_left_out)
{
    static const char *const lines[] = {
        "",
        "\n",
        "cpu\n",
        "cpu \n",
        "cpu0\n",
        "cpux 1 2 3 4 5 6 7 8\n",
        "cpufreq 1 2 3 4 5 6 7 8\n",
        "cpu  1 2 3 4 5 6 7\n",
        "cpu0 1 2 3 4 5 6 7\n",
        "cpu0 1 2 3 -4 5 6 7 8\n",
        "cpu0 1 2 3 18446744073709551616 5 6 7 8\n",
        "cpu  1 2 3 18446744073709551615 5 6 7 8\n",
        "cpu99999999999999999999999 1 2 3 4 5 6 7 8\n",
        "ctxt\n",
        "ctxt \n",
        "ctxt x\n",
        "ctxt 18446744073709551616\n",
        "ctxt 12",
        " cpu0 1 2 3 4 5 6 7 8\n",
    };
    static struct pm_readings readings;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        readings.have = 0;
        readings.cpu_count = 7;
        pm_parse_machine_stat(lines[i], strlen(lines[i]), TICK, &readings);
        ck_assert_msg(readings.have == 0 && readings.cpu_count == 0, "taken: %s", lines[i]);
    }
}
END_TEST

/* ---- /proc/pressure, cpu.stat ---- */

START_TEST(pressure_is_its_total_in_nanoseconds)
{
    static const char text[] = "some avg10=1.50 avg60=0.32 avg300=0.07 total=12345\n"
                               "full avg10=0.00 avg60=0.00 avg300=0.00 total=678\n";
    static struct pm_readings readings;

    readings.have = 0;
    pm_parse_pressure(text, strlen(text), PM_READ_IO_SOME, PM_READ_IO_FULL, &readings);
    ck_assert_uint_eq(readings.value[PM_READ_IO_SOME], 12345000);
    ck_assert_uint_eq(readings.value[PM_READ_IO_FULL], 678000);
    readings.have = 0;
    pm_parse_pressure(text, strlen(text), PM_READ_CPU_SOME, PM_READ_COUNT, &readings);
    ck_assert_uint_eq(readings.have, UINT64_C(1) << PM_READ_CPU_SOME);
    readings.have = 0; /* the second line is cut */
    pm_parse_pressure(text, strlen(text) - 1, PM_READ_IO_SOME, PM_READ_IO_FULL, &readings);
    ck_assert_uint_eq(readings.have, UINT64_C(1) << PM_READ_IO_SOME);
}
END_TEST

START_TEST(pressure_that_makes_no_sense_is_not_known)
{
    static const char *const texts[] = {"",
                                        "some\n",
                                        "some \n",
                                        "some total=\n",
                                        "some avg10=0.00 total=-1\n",
                                        "some avg10=0.00 total=12x\n",
                                        "some avg10=0.00 total=18446744073709551616\n",
                                        "some avg10=0.00 total=9223372036854775807\n",
                                        "some avg10=0.00 xtotal=5\n",
                                        "none avg10=0.00 total=5\n"};
    static struct pm_readings readings;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        readings.have = 0;
        pm_parse_pressure(texts[i], strlen(texts[i]), PM_READ_IO_SOME, PM_READ_IO_FULL, &readings);
        ck_assert_msg(readings.have == 0, "taken: %s", texts[i]);
    }
}
END_TEST

START_TEST(throttled_time_is_read_in_both_versions)
{
    static const struct {
        const char *text;
        bool known;
        uint64_t ns;
    } cases[] = {
        {"usage_usec 9\nuser_usec 5\nnr_periods 4\nnr_throttled 3\nthrottled_usec 4500\n", true,
         4500000},
        {"nr_periods 4\nnr_throttled 3\nthrottled_time 123456\n", true, 123456},
        {"nr_periods 0\nnr_throttled 0\nthrottled_time 0\n", true, 0},
        {"usage_usec 9\nuser_usec 5\nsystem_usec 4\n", false, 0}, /* the root's */
        {"throttled_usec 4500", false, 0},
        {"throttled_usec \n", false, 0},
        {"throttled_usec -3\n", false, 0},
        {"throttled_usec 18446744073709551615\n", false, 0},
        {"not_throttled_usec 4500\n", false, 0},
        {"", false, 0},
    };
    static struct pm_readings readings;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        readings.have = 0;
        readings.value[PM_READ_THROTTLED] = 0;
        pm_parse_cpu_stat(cases[i].text, strlen(cases[i].text), &readings);
        ck_assert_msg((readings.have != 0) == cases[i].known, "%s", cases[i].text);
        ck_assert_uint_eq(readings.value[PM_READ_THROTTLED], cases[i].ns);
    }
}
END_TEST

/* ---- /proc/PID/cgroup ---- */

static const char hybrid[] = "12:cpuset:/sets\n11:cpu,cpuacct:/docker/abc\n2:pids:/p\n"
                             "1:name=systemd:/system.slice/cron.service\n0::/unified/x:y\n";

START_TEST(the_path_of_a_cgroup_is_found_by_its_controller)
{
    static const struct {
        const char *controller, *path;
    } cases[] = {{NULL, "/unified/x:y"},
                 {"cpu", "/docker/abc"},
                 {"cpuacct", "/docker/abc"},
                 {"cpuset", "/sets"},
                 {"pids", "/p"},
                 {"name=systemd", NULL},
                 {"memory", ""},
                 {"pu", ""},
                 {"cpu,cpuacct", ""},
                 {"system.slice", ""}};
    char path[PM_CGROUP_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *expected = cases[i].path ? cases[i].path : "/system.slice/cron.service";
        bool found = pm_parse_cgroup(hybrid, strlen(hybrid), cases[i].controller, path);
        ck_assert_msg(found == (expected[0] != '\0'), "%s", cases[i].controller);
        if (found)
            ck_assert_str_eq(path, expected);
    }
}
END_TEST

START_TEST(a_path_that_does_not_fit_or_makes_no_sense_is_none)
{
    char path[PM_CGROUP_SIZE], text[PM_CGROUP_SIZE + 16] = "0::/";
    static const char with_nul[] = "0::/a\0b\n";

    memset(text + 4, 'a', PM_CGROUP_SIZE);
    text[3 + PM_CGROUP_SIZE - 1] = '\n'; /* a path of 511 bytes */
    ck_assert(pm_parse_cgroup(text, 3 + PM_CGROUP_SIZE, NULL, path));
    ck_assert_uint_eq(strlen(path), PM_CGROUP_SIZE - 1);
    text[3 + PM_CGROUP_SIZE - 1] = 'a';
    text[3 + PM_CGROUP_SIZE] = '\n'; /* of 512 */
    ck_assert(!pm_parse_cgroup(text, 4 + PM_CGROUP_SIZE, NULL, path));
    ck_assert(!pm_parse_cgroup(with_nul, sizeof with_nul - 1, NULL, path));
    ck_assert(!pm_parse_cgroup("0::/cut", 7, NULL, path));
    ck_assert(!pm_parse_cgroup("0:/one colon\n", 13, NULL, path));
    ck_assert(!pm_parse_cgroup("", 0, NULL, path));
}
END_TEST

START_TEST(the_unit_is_the_innermost_or_else_the_container)
{
    static const struct {
        const char *text, *unit;
    } cases[] = {
        {"0::/system.slice/ssh.service\n", "ssh.service"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.scope\n",
         "firefox.scope"},
        {"1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n", "session-2.scope"},
        {hybrid, "cron.service"},
        {"0::/\n1:name=systemd:/init.scope\n", "init.scope"},
        {"0::/system.slice/docker-" ID64 ".scope\n", "container 0123456789ab"},
        {"4:memory:/docker/" ID64 "\n", "container 0123456789ab"},
        {"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID64 ".scope\n",
         "container 0123456789ab"},
        {"0::/docker/" ID64 "/system.slice/nginx.service\n", "nginx.service"},
        {"0::/docker/0123456789abcdef\n", ""},
        {"0::/\n", ""},
        {"0::/system.slice/.service\n", ""},
        {"0::/user.slice\n", ""},
        {"0::/system.slice/a\033[2J\xff.service\n", "a?[2J?.service"},
        {"", ""},
        {"garbage", ""},
    };
    char unit[128];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(unit, 'x', sizeof unit);
        pm_parse_unit(cases[i].text, strlen(cases[i].text), unit, sizeof unit);
        ck_assert_str_eq(unit, cases[i].unit);
    }
    pm_parse_unit(hybrid, strlen(hybrid), unit, 5); /* cut, not overrun */
    ck_assert_str_eq(unit, "cron");
}
END_TEST

START_TEST(the_real_uid_is_read_and_nothing_else)
{
    static const struct {
        const char *text;
        int64_t uid;
    } cases[] = {
        {"Name:\tssh\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\n", 1000},
        {"Name:\tx\nUid:\t0\t1000\t1000\t1000\n", 0},
        {"Name:\tx\nUid:\t4294967295\t0\t0\t0\n", 4294967295},
        {"Name:\tx\nUid:\t4294967296\t0\t0\t0\n", -1},
        {"Name:\tUid:\\nUid:\t7\nUid:\t5\t5\t5\t5\n", 5},
        {"Name:\tx\nUid:\t-1\n", -1},
        {"Name:\tx\nUid:\t", -1},
        {"Name:\tx\nUi", -1},
        {"", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(pm_parse_uid(cases[i].text, strlen(cases[i].text)), cases[i].uid);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("readings");
    TCase *tcase = tcase_create("readings");

    tcase_add_test(tcase, what_grew_is_known_and_what_fell_or_was_not_read_twice_is_not);
    tcase_add_test(tcase,
                   steal_is_of_the_cpu_that_lost_most_and_missing_of_the_one_that_misses_least);
    tcase_add_test(tcase, where_cpus_came_or_went_steal_and_missing_are_not_known);
    tcase_add_test(tcase, a_cpu_that_took_the_place_of_another_is_not_compared_with_it);
    tcase_add_test(tcase, an_account_that_fell_is_not_known_and_does_not_miss_everything);
    tcase_add_test(tcase, a_sum_knows_what_both_windows_knew);
    tcase_add_test(tcase, a_stat_of_any_number_of_cpus_is_read_up_to_the_bound);
    tcase_add_test(tcase, a_stat_cut_off_anywhere_gives_what_it_has);
    tcase_add_test(tcase, lines_that_are_no_cpu_or_make_no_sense_are_left_out);
    tcase_add_test(tcase, pressure_is_its_total_in_nanoseconds);
    tcase_add_test(tcase, pressure_that_makes_no_sense_is_not_known);
    tcase_add_test(tcase, throttled_time_is_read_in_both_versions);
    tcase_add_test(tcase, the_path_of_a_cgroup_is_found_by_its_controller);
    tcase_add_test(tcase, a_path_that_does_not_fit_or_makes_no_sense_is_none);
    tcase_add_test(tcase, the_unit_is_the_innermost_or_else_the_container);
    tcase_add_test(tcase, the_real_uid_is_read_and_nothing_else);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
