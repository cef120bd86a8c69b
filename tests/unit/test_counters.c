/* SPDX-License-Identifier: MIT */

/* pressure.json: what the kernel's counters grew by, from texts of our own, hostile ones among
 * them, and from the real /proc. */

#include "harness.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forensics/counters_parse.h"

enum { CPU, MEMORY, IO, VMSTAT, STAT, DISKSTATS, INTERRUPTS };

static struct harness harness;
static struct pm_host host;
static struct pm_counters before, after;

static void setup(void)
{
    harness_init(&harness);
    pm_host_init(&host, &harness.host);
    pm_counters_init(&before, &host);
    pm_counters_init(&after, &host);
    before.at_ns = 1000 * INT64_C(1000000000);
    after.at_ns = before.at_ns + 2310 * INT64_C(1000000);
    before.ticks_per_s = after.ticks_per_s = 100;
}

static void teardown(void)
{
    pm_counters_free(&before);
    pm_counters_free(&after);
    ck_assert_int_eq(harness.live, 0);
}

static void put(struct pm_counters *counters, int file, const char *text, size_t length)
{
    struct pm_buffer *buffer = &counters->texts[file];
    char *room = pm_buffer_room(buffer, length);

    ck_assert_ptr_nonnull(room);
    memcpy(room, text, length);
    buffer->length += length;
}

static void set(int file, const char *old, const char *fresh)
{
    put(&before, file, old, strlen(old));
    put(&after, file, fresh, strlen(fresh));
}

/* The whole as JSON; no name twice in one object. */
static json_t *write_json(void)
{
    struct text text = {NULL, 0};
    json_error_t error;

    ck_assert_int_eq(pm_counters_write(&before, &after, text_write, &text), 0);
    ck_assert_uint_lt(text.length, 1 << 20);
    json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json != NULL, "%s: %s", error.text, text.bytes);
    text_free(&text);
    return json;
}

/* The document is this one. */
static void check(const char *expected)
{
    json_t *json = write_json(), *wanted = json_loads(expected, 0, NULL);
    char *text = json_dumps(json, 0);

    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(json, wanted), "%s\nis not\n%s", text, expected);
    free(text);
    json_decref(json);
    json_decref(wanted);
}

/* One group of it is this. */
static void check_group(const char *name, const char *expected)
{
    json_t *json = write_json(), *wanted = json_loads(expected, 0, NULL);
    char *text = json_dumps(json, 0);

    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(json_object_get(json, name), wanted), "%s: %s\nis not\n%s", name, text,
                  expected);
    free(text);
    json_decref(json);
    json_decref(wanted);
}

static bool lists(const char *list, const char *path)
{
    json_t *json = write_json(), *item;
    bool found = false;
    size_t i;

    json_array_foreach(json_object_get(json, list), i, item) found =
        found || strcmp(json_string_value(item), path) == 0;
    json_decref(json);
    return found;
}

/* ---- The texts ---- */

START_TEST(where_nothing_was_read_everything_is_missing)
{
    before.at_ns = 0;
    check("{\"window_ms\":null,\"pressure\":{},\"vmstat\":{},\"stat\":{},\"diskstats\":{},"
          "\"interrupts\":{},\"missing\":[\"pressure/cpu\",\"pressure/memory\",\"pressure/io\","
          "\"vmstat\",\"stat\",\"diskstats\",\"interrupts\"],\"incomplete\":[]}");
}
END_TEST

START_TEST(pressure_is_in_microseconds)
{
    set(CPU, "some avg10=0.00 avg60=0.00 avg300=0.00 total=100\n",
        "some avg10=9.00 avg60=1.00 avg300=0.00 total=2300100\n");
    set(MEMORY,
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=17\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    check("{\"window_ms\":2310,\"pressure\":{\"cpu\":{\"some_us\":2300000},"
          "\"memory\":{\"some_us\":12}},\"vmstat\":{},\"stat\":{},\"diskstats\":{},"
          "\"interrupts\":{},\"missing\":[\"pressure/io\",\"vmstat\",\"stat\",\"diskstats\","
          "\"interrupts\"],\"incomplete\":[]}");
}
END_TEST

START_TEST(of_vmstat_levels_are_told_apart_from_counters)
{
    set(VMSTAT, "nr_free_pages 900\nnr_dirty 5\nnr_written 10\npgpgin 100\npgfault 7\nunmoved 4\n",
        "nr_free_pages 100\nnr_dirty 50\nnr_written 30\npgpgin 164\npgfault 8\nunmoved 4\n");
    check_group("vmstat", "{\"nr_free_pages\":{\"before\":900,\"after\":100},"
                          "\"nr_dirty\":{\"before\":5,\"after\":50},\"nr_written\":20,"
                          "\"pgpgin_kib\":64,\"pgfault\":1}");
    ck_assert(!lists("incomplete", "vmstat"));
}
END_TEST

START_TEST(cpu_times_are_in_milliseconds)
{
    set(STAT,
        "cpu  100 0 50 1000 0 0 0 0 0 0\ncpu0 100 0 50 1000 0 0 0 0 0 0\nintr 500 1 2 3\n"
        "ctxt 1000\nbtime 1769190000\nprocesses 10\nprocs_running 1\nprocs_blocked 0\n"
        "softirq 7 1 2\n",
        "cpu  103 0 50 1200 31 0 0 4 0 0\ncpu0 103 0 50 1000 0 0 0 0 0 0\nintr 510 1 2 3\n"
        "ctxt 1500\nbtime 1769190001\nprocesses 12\nprocs_running 1\nprocs_blocked 9\n"
        "softirq 7 1 2\n");
    check_group("stat",
                "{\"cpu\":{\"user_ms\":30,\"idle_ms\":2000,\"iowait_ms\":310,\"steal_ms\":40},"
                "\"cpu0\":{\"user_ms\":30},\"interrupts\":10,\"switches\":500,\"forks\":2,"
                "\"procs_blocked\":{\"before\":0,\"after\":9}}");
    before.ticks_per_s = after.ticks_per_s = 250;
    check_group("stat",
                "{\"cpu\":{\"user_ms\":12,\"idle_ms\":800,\"iowait_ms\":124,\"steal_ms\":16},"
                "\"cpu0\":{\"user_ms\":12},\"interrupts\":10,\"switches\":500,\"forks\":2,"
                "\"procs_blocked\":{\"before\":0,\"after\":9}}");
    ck_assert(!lists("incomplete", "stat"));
}
END_TEST

START_TEST(disks_are_told_by_the_kernels_documented_names)
{
    set(DISKSTATS,
        " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
        "   7       0 loop0 1 2 3 4 5 6 7 8 0 10 11\n   7  1 loop1 0 0 0 0 0 0 0 0 0 0 0\n",
        " 254       0 vda 2 4 6 8 10 12 14 16 4 20 22 24 26 28 30 32 34\n"
        "   7       0 loop0 1 2 3 4 5 6 7 9 0 10 11 0 0\n   7  1 loop1 0 0 0 0 0 0 0 0 0 0 0\n");
    check_group("diskstats",
                "{\"vda\":{\"reads\":1,\"reads_merged\":2,\"read_sectors\":3,\"read_ms\":4,"
                "\"writes\":5,\"writes_merged\":6,\"write_sectors\":7,\"write_ms\":8,"
                "\"in_flight\":{\"before\":9,\"after\":4},\"io_ms\":10,\"queued_ms\":11,"
                "\"discards\":12,\"discards_merged\":13,\"discard_sectors\":14,\"discard_ms\":15,"
                "\"flushes\":16,\"flush_ms\":17},\"loop0\":{\"write_ms\":1}}");
}
END_TEST

START_TEST(interrupts_are_summed_and_keep_their_label)
{
    set(INTERRUPTS,
        "           CPU0       CPU1       \n  24:          5          6   IO-APIC   5-edge      "
        "ACPI:Ged\n  25:          1          1   PCI-MSIX-0000:00:01.0   0-edge      virtio0\n"
        " NMI:          0          0   Non-maskable interrupts\n ERR:          0\n",
        "           CPU0       CPU1       \n  24:         15         16   IO-APIC   5-edge      "
        "ACPI:Ged\n  25:          1          1   PCI-MSIX-0000:00:01.0   0-edge      virtio0\n"
        " NMI:          0          3   Non-maskable interrupts\n ERR:          1\n");
    check_group("interrupts",
                "{\"24 IO-APIC 5-edge ACPI:Ged\":20,\"NMI Non-maskable interrupts\":3,\"ERR\":1}");
    ck_assert(!lists("incomplete", "interrupts"));
}
END_TEST

START_TEST(what_fell_came_or_went_is_null)
{
    set(VMSTAT, "pgfault 70\ngone 4\npgmajfault 1\n", "came 4\npgmajfault 2\npgfault 8\n");
    check_group("vmstat", "{\"came\":null,\"pgmajfault\":1,\"pgfault\":null,\"gone\":null}");
    set(DISKSTATS, "8 0 sda 1 1 1 1\n8 1 sdb 5 5\n", "8 1 sdb 4 6\n8 2 sdc 1 1 1 1\n");
    check_group("diskstats", "{\"sdb\":{\"reads\":null,\"reads_merged\":1},\"sdc\":null,"
                             "\"sda\":null}");
}
END_TEST

/* ---- Hostile texts ---- */

START_TEST(lines_that_are_not_understood_are_left_out_and_that_is_said)
{
    static const struct {
        int file;
        const char *line;
    } lines[] = {
        {CPU, "some avg10=0.00 total=\n"},
        {CPU, "some avg10=0.00 total=9223372036854775808\n"},
        {CPU, "some avg10=0.00 total=5x\n"},
        {CPU, "many avg10=0.00 total=5\n"},
        {CPU, "some avg10=0.00 total=5"},
        {VMSTAT, "\n"},
        {VMSTAT, "name\n"},
        {VMSTAT, "name -5\n"},
        {VMSTAT, "name 5 6\n"},
        {VMSTAT, "name 99999999999999999999\n"},
        {VMSTAT, "na\x1bme 5\n"},
        {VMSTAT, "na\xffme 5\n"},
        {VMSTAT, "name 5"},
        {STAT, "cpu\n"},
        {STAT, "cpu0 9223372036854775807\n"},
        {STAT, "ctxt\n"},
        {DISKSTATS, "254 0 vda\n"},
        {DISKSTATS, "254 0\n"},
        {DISKSTATS, "254 x vda 1 2\n"},
        {INTERRUPTS, "not a heading\n"},
        {INTERRUPTS, " CPU0 CPU1\n24 5 6 label\n"},
        {INTERRUPTS, " CPU0 CPU1\n24: 9223372036854775807 1 label\n"},
        {INTERRUPTS, " CPU0 CPU1\n: 1 1 lab\x7f"
                     "el\n"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *member, *path = pm_counters_path((size_t)lines[i].file);
        teardown();
        setup();
        set(lines[i].file, lines[i].line, lines[i].line);
        ck_assert_msg(lists("incomplete", path), "%s: \"%s\"", path, lines[i].line);
        json_t *json = write_json();
        json_t *group = json_object_get(json, pm_counters_group((size_t)lines[i].file, &member));
        group = member ? json_object_get(group, member) : group;
        ck_assert_uint_eq(json_object_size(group), 0);
        json_decref(json);
    }
}
END_TEST

START_TEST(a_name_that_is_said_twice_is_told_once)
{
    set(VMSTAT, "a 1\na 2\n", "a 5\na 9\n");
    check_group("vmstat", "{\"a\":4}");
    ck_assert(lists("incomplete", "vmstat"));
}
END_TEST

START_TEST(names_are_escaped)
{
    set(VMSTAT, "\"},\\u0000 1\n", "\"},\\u0000 2\n");
    check_group("vmstat", "{\"\\\"},\\\\u0000\":1}");
    set(INTERRUPTS, " CPU0\n1: 1 a\"b\\\n", " CPU0\n1: 2 a\"b\\\n");
    check_group("interrupts", "{\"1 a\\\"b\\\\\":1}");
}
END_TEST

START_TEST(an_overlong_name_is_left_out)
{
    char line[512];

    snprintf(line, sizeof line, "%0127d 1\n%0128d 1\n", 0, 0);
    put(&before, VMSTAT, line, strlen(line));
    snprintf(line, sizeof line, "%0127d 2\n%0128d 2\n", 0, 0);
    put(&after, VMSTAT, line, strlen(line));
    json_t *json = write_json();
    ck_assert_uint_eq(json_object_size(json_object_get(json, "vmstat")), 1);
    json_decref(json);
    ck_assert(lists("incomplete", "vmstat"));
}
END_TEST

/* As much as the texts can hold, every number of it as long as it can be. */
START_TEST(the_largest_texts_give_less_than_a_megabyte)
{
    static const char *const rows[] = {
        [VMSTAT] = "nr_\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"%u %s\n",
        [STAT] = "cpu%u %s %s %s %s %s %s %s %s %s %s\n",
        [DISKSTATS] = "1 1 \"\"%u %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s\n",
    };
    static const char zero[] = "0", large[] = "9223372036854775807", ticks[] = "9223372036854775";
    char line[1024];

    for (int file = VMSTAT; file <= DISKSTATS; file++)
        for (unsigned i = 0; i < 600; i++)
            for (int second = 0; second < 2; second++) {
                const char *n = !second ? zero : file == STAT ? ticks : large;
                int length = snprintf(line, sizeof line, rows[file], i, n, n, n, n, n, n, n, n, n,
                                      n, n, n, n, n, n, n, n);
                struct pm_counters *counters = second ? &after : &before;
                if (counters->texts[file].length + (size_t)length <= PM_COUNTER_TEXT)
                    put(counters, file, line, (size_t)length);
            }
    json_t *json = write_json();
    ck_assert_uint_eq(json_object_size(json_object_get(json, "vmstat")), PM_COUNTER_ENTRIES);
    json_decref(json);
    ck_assert(lists("incomplete", "vmstat") && lists("incomplete", "stat"));
}
END_TEST

/* ---- Reading ---- */

static void read_both(const char *root)
{
    ck_assert_int_eq(pm_counters_read(&before, root, &host), 0);
    harness_tick(&harness, INT64_C(1500000000));
    ck_assert_int_eq(pm_counters_read(&after, root, &host), 0);
}

START_TEST(the_real_files_are_understood)
{
    if (access("/proc/vmstat", R_OK) != 0) {
        printf("# no /proc here\n");
        return;
    }
    int fds = count_fds();
    read_both("/proc");
    read_both("/proc"); /* over what was read before */
    ck_assert_int_eq(count_fds(), fds);
    json_t *json = write_json(), *window = json_object_get(json, "window_ms");
    ck_assert_int_eq(json_integer_value(window), 1500);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "incomplete")), 0);
    json_decref(json);
    ck_assert(!lists("missing", "vmstat") && !lists("missing", "stat"));
}
END_TEST

START_TEST(pipes_links_and_huge_files_are_survived)
{
    char root[] = "/tmp/pausemon-counters-XXXXXX", path[96];

    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/stat", root);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/diskstats", root);
    ck_assert_int_eq(symlink("/proc/diskstats", path), 0);
    snprintf(path, sizeof path, "%s/interrupts", root);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/vmstat", root);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 40000; i++)
        fprintf(file, "name%d %d\n", i, i);
    fclose(file);
    read_both(root);
    ck_assert(before.cut[VMSTAT] && after.cut[VMSTAT]);
    ck_assert_uint_eq(after.texts[VMSTAT].length, PM_COUNTER_TEXT);
    ck_assert(lists("incomplete", "vmstat"));
    ck_assert(lists("missing", "stat") && lists("missing", "diskstats") &&
              lists("missing", "interrupts"));
    static const char *const names[] = {"stat", "diskstats", "vmstat", "interrupts"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, names[i]);
        remove(path);
    }
    rmdir(root);
    read_both(root); /* nothing is there: nothing of before is left */
    ck_assert(lists("missing", "vmstat"));
}
END_TEST

static int refuse(void *user, const char *bytes, size_t length)
{
    (void)user;
    (void)bytes;
    (void)length;
    return PAUSEMON_ERR_IO;
}

START_TEST(every_allocation_and_the_writer_may_fail)
{
    struct text text = {NULL, 0};

    harness.fail_at = 1;
    ck_assert_int_eq(pm_counters_write(&before, &after, text_write, &text), PAUSEMON_ERR_NOMEM);
    ck_assert_ptr_null(text.bytes);
    ck_assert_int_eq(pm_counters_write(&before, &after, refuse, NULL), PAUSEMON_ERR_IO);
    int failures = 0;
    for (long at = 1;; at++) {
        pm_counters_free(&before);
        pm_counters_init(&before, &host);
        harness.fail_at = at;
        int status = pm_counters_read(&before, "/proc", &host);
        harness.fail_at = 0;
        if (status == 0)
            break;
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        failures++;
    }
    if (access("/proc/vmstat", R_OK) == 0)
        ck_assert_int_gt(failures, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("counters");
    TCase *tcase = tcase_create("counters");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, where_nothing_was_read_everything_is_missing);
    tcase_add_test(tcase, pressure_is_in_microseconds);
    tcase_add_test(tcase, of_vmstat_levels_are_told_apart_from_counters);
    tcase_add_test(tcase, cpu_times_are_in_milliseconds);
    tcase_add_test(tcase, disks_are_told_by_the_kernels_documented_names);
    tcase_add_test(tcase, interrupts_are_summed_and_keep_their_label);
    tcase_add_test(tcase, what_fell_came_or_went_is_null);
    tcase_add_test(tcase, lines_that_are_not_understood_are_left_out_and_that_is_said);
    tcase_add_test(tcase, a_name_that_is_said_twice_is_told_once);
    tcase_add_test(tcase, names_are_escaped);
    tcase_add_test(tcase, an_overlong_name_is_left_out);
    tcase_add_test(tcase, the_largest_texts_give_less_than_a_megabyte);
    tcase_add_test(tcase, the_real_files_are_understood);
    tcase_add_test(tcase, pipes_links_and_huge_files_are_survived);
    tcase_add_test(tcase, every_allocation_and_the_writer_may_fail);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
