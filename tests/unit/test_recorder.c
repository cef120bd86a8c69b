/* SPDX-License-Identifier: MIT */

/* The flight recorder: the cutter of its text everywhere, and itself on a tracefs mounted for the
 * test alone, where root may do that. Instances are the machine's: only those of this test's own
 * making are touched. */

#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forensics/recorder.h"
#include "forensics/trace_cut.h"

#define NOBODY 65534

static char root[64]; /* a tracefs */
static const char *refused;
static struct pm_recorder recorder;
static struct pausemon_error error;

/* ---- The cutter ---- */

static const char trace[] = "# tracer: nop\n#\nline 1\nline 2\n# not a heading\nline 3\n";

/* The text in pieces of `step` bytes. */
static void cut_in(struct text *text, const char *bytes, size_t length, size_t step, uint64_t skip,
                   uint64_t most)
{
    struct pm_trace_cut cut = {.write = text_write, .user = text, .skip = skip, .most = most};

    for (size_t at = 0; at < length; at += step)
        ck_assert_int_eq(
            pm_trace_cut_feed(&cut, bytes + at, length - at < step ? length - at : step), 0);
    ck_assert_uint_eq(cut.written, text->length);
    ck_assert_uint_eq(cut.total, length);
}

START_TEST(the_heading_and_the_newest_whole_lines_stay)
{
    static const struct {
        uint64_t skip, most;
        const char *expected;
    } cases[] = {
        {0, 1000, trace},
        {1, 1000, "# tracer: nop\n#\nline 2\n# not a heading\nline 3\n"},
        {7, 1000, "# tracer: nop\n#\nline 2\n# not a heading\nline 3\n"},
        {8, 1000, "# tracer: nop\n#\n# not a heading\nline 3\n"},
        {15, 1000, "# tracer: nop\n#\nline 3\n"},
        {1000, 1000, "# tracer: nop\n#\n"},
        {0, 30, "# tracer: nop\n#\nline 1\nline 2\n"},
        {0, 29, "# tracer: nop\n#\nline 1\n"},
        {0, 3, ""},
        {0, 0, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step < sizeof trace; step++) {
            struct text text = {strdup(""), 0};
            cut_in(&text, trace, strlen(trace), step, cases[i].skip, cases[i].most);
            ck_assert_str_eq(text.bytes, cases[i].expected);
            text_free(&text);
        }
}
END_TEST

START_TEST(a_trace_is_made_harmless_and_an_endless_line_is_cut)
{
    static const char odd[] = "a\x1b[2J\xff\x7f\tb\r\n", clean[] = "a?[2J??\tb?\n";
    struct text text = {NULL, 0};
    char bytes[10000];

    cut_in(&text, odd, strlen(odd), 3, 0, 1000);
    ck_assert_str_eq(text.bytes, clean);
    text_free(&text);
    memset(bytes, 'x', sizeof bytes);
    cut_in(&text, bytes, sizeof bytes, 777, 0, 100000);
    ck_assert_uint_eq(text.length, 8192); /* the rest is no whole line */
    ck_assert_uint_eq(text.bytes[8191], '\n');
    text_free(&text);
}
END_TEST

/* ---- The machine's ---- */

/* Of a mount namespace of our own: nobody else sees it, and it goes with us. */
static void mount_tracefs(void)
{
    snprintf(root, sizeof root, "/tmp/pausemon-tracefs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    if (geteuid() != 0)
        refused = "only root may have a tracefs";
    else if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        refused = "no mount namespace of our own may be had";
    else if (mount("tracefs", root, "tracefs", 0, NULL) != 0)
        refused = "no tracefs may be mounted";
    else if (pm_recorder_probe(root, &error) < 0)
        refused = error.text;
    if (refused)
        printf("# skipped, all but the text: %s\n", refused);
}

static void unmount_tracefs(void)
{
    umount2(root, MNT_DETACH);
    rmdir(root);
}

static void close_it(void)
{
    pm_recorder_close(&recorder);
}

static void in_instances(char path[160], const char *name)
{
    snprintf(path, 160, "%s/instances/%s", root, name);
}

static bool exists(const char *name)
{
    char path[160];

    in_instances(path, name);
    return access(path, F_OK) == 0;
}

static char *read_at(const char *path)
{
    char full[256];

    snprintf(full, sizeof full, "%s/%s", root, path);
    return read_file(full, NULL);
}

static void open_it(void)
{
    ck_assert_msg(pm_recorder_open(&recorder, root, &error) == 0, "%s", error.text);
}

/* Gives the CPU to a child and back so many times, under this name. */
static void switch_tasks(const char *name, int times)
{
    int there[2], back[2];
    char byte = 0;

    ck_assert_int_eq(pipe2(there, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(back, O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        prctl(PR_SET_NAME, name);
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    for (int i = 0; i < times; i++) {
        ck_assert_int_eq(write(there[1], &byte, 1), 1);
        ck_assert_int_eq(read(back[0], &byte, 1), 1);
    }
    close(there[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(there[0]);
    close(back[0]);
    close(back[1]);
}

/* The saved text; free it. */
static char *save(uint64_t most, uint64_t *bytes)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_msg(pm_recorder_save(&recorder, fileno(file), most, bytes, &error) == 0, "%s",
                  error.text);
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    ck_assert_int_eq(length, (long)*bytes);
    char *text = calloc(1, (size_t)length + 1);
    rewind(file);
    ck_assert_uint_eq(fread(text, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    return text;
}

START_TEST(an_instance_is_made_and_removed_and_the_systems_trace_is_left_alone)
{
    char name[64], path[160];

    if (refused)
        return;
    char *on = read_at("tracing_on"), *events = read_at("set_event");
    char *size = read_at("buffer_size_kb"), *clock = read_at("trace_clock");
    int fds = count_fds();
    snprintf(name, sizeof name, "pausemon-%d", (int)getpid());
    ck_assert(!exists(name));
    open_it();
    ck_assert(exists(name));
    snprintf(path, sizeof path, "instances/%s/buffer_size_kb", name);
    char *own = read_at(path);
    ck_assert_int_ge(atoi(own), 1024); /* the kernel takes whole pages */
    ck_assert_int_lt(atoi(own), 2048);
    free(own);
    snprintf(path, sizeof path, "instances/%s/set_event", name);
    own = read_at(path);
    ck_assert_ptr_nonnull(strstr(own, "sched:sched_switch\n"));
    free(own);
    char *still_on = read_at("tracing_on"), *still_events = read_at("set_event");
    char *still_size = read_at("buffer_size_kb"), *still_clock = read_at("trace_clock");
    ck_assert_str_eq(on, still_on);
    ck_assert_str_eq(events, still_events);
    ck_assert_str_eq(size, still_size);
    ck_assert_str_eq(clock, still_clock);
    pm_recorder_close(&recorder);
    pm_recorder_close(&recorder); /* twice does nothing */
    ck_assert(!exists(name));
    ck_assert_int_eq(count_fds(), fds);
    char *const texts[] = {on,       events,       size,       clock,
                           still_on, still_events, still_size, still_clock};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
}
END_TEST

START_TEST(what_happened_before_the_stop_is_in_the_text_and_nothing_of_after_it)
{
    uint64_t bytes;

    if (refused)
        return;
    open_it();
    switch_tasks("pm-before", 50);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    switch_tasks("pm-after", 50);
    char *text = save(UINT64_MAX, &bytes);
    ck_assert_int_eq(strncmp(text, "# tracer: nop\n", 14), 0);
    ck_assert_ptr_nonnull(strstr(text, "sched_switch: "));
    ck_assert_ptr_nonnull(strstr(text, "pm-before"));
    ck_assert_ptr_null(strstr(text, "pm-after"));
    free(text);
    /* It goes on empty. */
    ck_assert_int_eq(pm_recorder_resume(&recorder, &error), 0);
    switch_tasks("pm-again", 50);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    text = save(UINT64_MAX, &bytes);
    ck_assert_ptr_null(strstr(text, "pm-before"));
    ck_assert_ptr_nonnull(strstr(text, "pm-again"));
    free(text);
}
END_TEST

START_TEST(a_long_trace_keeps_its_heading_and_its_end)
{
    uint64_t all, some, none;

    if (refused)
        return;
    open_it();
    switch_tasks("pm-switching", 400);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    char *whole = save(UINT64_MAX, &all), *part = save(16384, &some), *nothing = save(10, &none);
    ck_assert_uint_gt(all, 20000);
    ck_assert_uint_le(some, 16384);
    ck_assert_uint_gt(some, 12000);
    ck_assert_int_eq(strncmp(part, "# tracer: nop\n", 14), 0);
    ck_assert_str_eq(part + some - 2000, whole + all - 2000);
    ck_assert_uint_eq(none, 0);
    free(whole);
    free(part);
    free(nothing);
}
END_TEST

static bool twice(void *user)
{
    return ++*(int *)user <= 2;
}

START_TEST(who_is_asked_to_end_does_not_wait_for_a_long_trace)
{
    uint64_t all, bytes;
    int asked = 0;

    if (refused)
        return;
    open_it();
    switch_tasks("pm-ending", 400);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    char *whole = save(UINT64_MAX, &all);
    recorder.goes_on = twice;
    recorder.user = &asked;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pm_recorder_save(&recorder, null, UINT64_MAX, &bytes, &error),
                     PAUSEMON_ERR_LIMIT);
    close(null);
    recorder.goes_on = NULL;
    ck_assert_int_eq(asked, 3);
    ck_assert_uint_lt(bytes, all);
    ck_assert_str_eq(error.text, "ended: the program that watches ends");
    free(whole);
}
END_TEST

START_TEST(a_file_that_takes_nothing_is_an_error)
{
    uint64_t bytes;

    if (refused)
        return;
    open_it();
    switch_tasks("pm-full", 50);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(pm_recorder_save(&recorder, full, 1 << 20, &bytes, &error), PAUSEMON_ERR_IO);
    ck_assert_int_eq(error.os_errno, ENOSPC);
    close(full);
}
END_TEST

START_TEST(what_the_dead_left_is_removed_and_what_is_held_or_not_ours_stays)
{
    static const char *const names[] = {"pausemon-4194399", "pausemon-4194398", "pausemon-x4194397",
                                        "pm-test-4194396"};
    static const bool stays[] = {false, true, true, true};
    char path[160], file[200];

    if (refused)
        return;
    for (size_t i = 0; i < 4; i++) {
        in_instances(path, names[i]);
        ck_assert_msg(mkdir(path, 0700) == 0, "%s: %s", path, strerror(errno));
    }
    in_instances(path, names[1]);
    snprintf(file, sizeof file, "%s/tracing_on", path);
    int held = open(file, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(held, 0);
    open_it();
    for (size_t i = 0; i < 4; i++)
        ck_assert_msg(exists(names[i]) == stays[i], "%s", names[i]);
    close(held);
    for (size_t i = 0; i < 4; i++) {
        in_instances(path, names[i]);
        rmdir(path);
    }
}
END_TEST

START_TEST(a_second_one_is_refused_and_the_first_goes_on)
{
    struct pm_recorder second;
    uint64_t bytes;

    if (refused)
        return;
    open_it();
    int fds = count_fds();
    ck_assert_int_lt(pm_recorder_open(&second, root, &error), 0);
    ck_assert_int_eq(error.os_errno, EEXIST);
    ck_assert(!second.is_open);
    pm_recorder_close(&second);
    ck_assert_int_eq(pm_recorder_stop(&second, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pm_recorder_resume(&second, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pm_recorder_save(&second, 1, 100, &bytes, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(count_fds(), fds);
    switch_tasks("pm-first", 50);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    char *text = save(UINT64_MAX, &bytes);
    ck_assert_ptr_nonnull(strstr(text, "pm-first"));
    free(text);
}
END_TEST

START_TEST(a_child_after_fork_closes_its_own_only)
{
    uint64_t bytes;
    int status;

    if (refused)
        return;
    open_it();
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        pm_recorder_close(&recorder);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    switch_tasks("pm-parent", 50);
    ck_assert_int_eq(pm_recorder_stop(&recorder, &error), 0);
    char *text = save(UINT64_MAX, &bytes);
    ck_assert_ptr_nonnull(strstr(text, "pm-parent"));
    free(text);
}
END_TEST

/* ---- Refusals ---- */

START_TEST(what_is_no_tracefs_is_refused_by_name)
{
    static const struct {
        const char *root;
        int status;
    } cases[] = {{"/tmp", PAUSEMON_ERR_UNSUPPORTED},
                 {"/nonexistent", PAUSEMON_ERR_NOT_FOUND},
                 {"/dev/null", PAUSEMON_ERR_NOT_FOUND}};
    int fds = count_fds();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(pm_recorder_open(&recorder, cases[i].root, &error), cases[i].status);
        ck_assert_ptr_nonnull(strstr(error.text, cases[i].root));
        ck_assert_int_eq(pm_recorder_probe(cases[i].root, &error), cases[i].status);
        ck_assert(!recorder.is_open);
    }
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(without_rights_it_is_denied)
{
    int status;

    if (refused)
        return;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        alarm(10);
        bool denied = chmod(root, 0700) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
                      pm_recorder_probe(root, &error) == PAUSEMON_ERR_DENIED &&
                      pm_recorder_open(&recorder, root, &error) == PAUSEMON_ERR_DENIED;
        _exit(denied ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    TCase *tcase = tcase_create("recorder");

    tcase_add_unchecked_fixture(tcase, mount_tracefs, unmount_tracefs);
    tcase_add_checked_fixture(tcase, NULL, close_it);
    tcase_add_test(tcase, the_heading_and_the_newest_whole_lines_stay);
    tcase_add_test(tcase, a_trace_is_made_harmless_and_an_endless_line_is_cut);
    tcase_add_test(tcase, an_instance_is_made_and_removed_and_the_systems_trace_is_left_alone);
    tcase_add_test(tcase, what_happened_before_the_stop_is_in_the_text_and_nothing_of_after_it);
    tcase_add_test(tcase, a_long_trace_keeps_its_heading_and_its_end);
    tcase_add_test(tcase, who_is_asked_to_end_does_not_wait_for_a_long_trace);
    tcase_add_test(tcase, a_file_that_takes_nothing_is_an_error);
    tcase_add_test(tcase, what_the_dead_left_is_removed_and_what_is_held_or_not_ours_stays);
    tcase_add_test(tcase, a_second_one_is_refused_and_the_first_goes_on);
    tcase_add_test(tcase, a_child_after_fork_closes_its_own_only);
    tcase_add_test(tcase, what_is_no_tracefs_is_refused_by_name);
    tcase_add_test(tcase, without_rights_it_is_denied);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
