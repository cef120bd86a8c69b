/* SPDX-License-Identifier: MIT */
/* Where the daemon keeps things, times for people, and what makers say when they fail. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#endif
#include <unistd.h>

#include "harness.h"

static char home[] = "/tmp/pausemon-places-XXXXXX";
static struct pausemon_error error;
static char path[4096];

static void make_home(void)
{
    strcpy(home + strlen(home) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    setenv("HOME", home, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
}

static void remove_home(void)
{
    static const char *const names[] = {"/data/pause-monitor/data.db", "/data/pause-monitor",
                                        "/data"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s%s", home, names[i]);
        remove(path);
    }
    remove(home);
}

/* What is found, below the home. */
static const char *find(uint64_t place, uint64_t owner)
{
    int found = pausemon_place_find(path, sizeof path, place, owner, &error);

    ck_assert_msg(found == PAUSEMON_OWNER_USER, "%d", found);
    ck_assert_int_eq(strncmp(path, home, strlen(home)), 0);
    return path + strlen(home);
}

START_TEST(the_users_places_follow_the_environment)
{
    ck_assert_str_eq(find(PAUSEMON_PLACE_DATA, PAUSEMON_OWNER_USER), "/.local/share/pause-monitor");
    ck_assert_str_eq(find(PAUSEMON_PLACE_CONFIG, PAUSEMON_OWNER_USER),
                     "/.config/pause-monitor/config.toml");
    char data[64];
    snprintf(data, sizeof data, "%s/data", home);
    setenv("XDG_DATA_HOME", data, 1);
    ck_assert_str_eq(find(PAUSEMON_PLACE_SOCKET, PAUSEMON_OWNER_USER),
                     "/data/pause-monitor/daemon.sock");
    ck_assert_str_eq(find(PAUSEMON_PLACE_LOCK, PAUSEMON_OWNER_USER),
                     "/data/pause-monitor/daemon.pid");
    setenv("XDG_DATA_HOME", "data", 1); /* relative: to be ignored */
    ck_assert_str_eq(find(PAUSEMON_PLACE_EVIDENCE, PAUSEMON_OWNER_USER),
                     "/.local/share/pause-monitor/events");
}
END_TEST

#ifdef __linux__
enum { FOUND = 10, NOT_FOUND };

/* A copy of this program, root's no longer once it runs. */
static void copy_setuid(const char *copy)
{
    static char bytes[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    ssize_t got;

    ck_assert_int_ge(from, 0);
    ck_assert_int_ge(to, 0);
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        ck_assert_int_eq(write(to, bytes, (size_t)got), got);
    ck_assert_int_eq(fchown(to, 65534, 65534), 0);
    ck_assert_int_eq(fchmod(to, S_ISUID | 0755), 0);
    close(from);
    close(to);
}

START_TEST(a_setuid_program_is_not_led_by_the_environment)
{
    char copy[64];
    struct statvfs disk;

    ck_assert_int_eq(statvfs(home, &disk), 0);
    if (geteuid() != 0 || disk.f_flag & ST_NOSUID || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
        return; /* such programs cannot be made here */
    snprintf(copy, sizeof copy, "%s/setuid", home);
    copy_setuid(copy);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        execl(copy, copy, "--find", (char *)NULL);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    unlink(copy);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND, "status %#x", status);
}
END_TEST
#endif

START_TEST(the_systems_places_do_not)
{
    ck_assert_int_eq(pausemon_place_find(path, sizeof path, PAUSEMON_PLACE_BLACKBOX,
                                         PAUSEMON_OWNER_SYSTEM, &error),
                     PAUSEMON_OWNER_SYSTEM);
    ck_assert_str_eq(path, "/var/lib/pause-monitor/blackbox");
    unsetenv("HOME");
    ck_assert_int_eq(
        pausemon_place_find(path, sizeof path, PAUSEMON_PLACE_CONFIG, PAUSEMON_OWNER_SYSTEM, NULL),
        PAUSEMON_OWNER_SYSTEM);
    ck_assert_str_eq(path, "/etc/pause-monitor/config.toml");
    ck_assert_int_eq(pausemon_place_find(path, sizeof path, PAUSEMON_PLACE_DATABASE,
                                         PAUSEMON_OWNER_USER, &error),
                     PAUSEMON_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "XDG_DATA_HOME"));
}
END_TEST

START_TEST(a_database_of_the_users_own_comes_first)
{
    char data[64];

    snprintf(data, sizeof data, "%s/data", home);
    setenv("XDG_DATA_HOME", data, 1);
    ck_assert_int_eq(mkdir(data, 0700), 0);
    snprintf(path, sizeof path, "%s/pause-monitor", data);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/pause-monitor/data.db", data);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (uint64_t place = PAUSEMON_PLACE_DATA; place < PAUSEMON_PLACE_CONFIG; place++)
        ck_assert_int_eq(strncmp(find(place, PAUSEMON_OWNER_ANY), "/data/pause-monitor", 19), 0);
}
END_TEST

START_TEST(what_is_no_place_or_does_not_fit_is_refused)
{
    char small[8];

    ck_assert_int_eq(pausemon_place_find(NULL, 8, PAUSEMON_PLACE_DATA, 0, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_place_find(small, 0, PAUSEMON_PLACE_DATA, 0, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_place_find(small, sizeof small, 0, 0, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_place_find(small, sizeof small, 8, 0, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_place_find(small, sizeof small, PAUSEMON_PLACE_DATA, 3, NULL),
                     PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_place_find(small, sizeof small, PAUSEMON_PLACE_DATA,
                                         PAUSEMON_OWNER_SYSTEM, &error),
                     PAUSEMON_ERR_LIMIT);
}
END_TEST

START_TEST(a_time_is_local_and_any_time_has_a_text)
{
    struct pausemon_instant time = {.realtime_ns = INT64_C(1769198400123456000),
                                    .utc_offset_s = -8 * 3600};
    char text[PAUSEMON_TIME_SIZE];

    pausemon_time_text(text, &time);
    ck_assert_str_eq(text, "2026-01-23 12:00:00");
    time = (struct pausemon_instant){.realtime_ns = -1};
    pausemon_time_text(text, &time);
    ck_assert_str_eq(text, "1969-12-31 23:59:59");
    time.realtime_ns = INT64_MAX;
    pausemon_time_text(text, &time);
    ck_assert_str_eq(text, "2262-04-11 23:47:16");
    time.realtime_ns = INT64_MIN;
    time.utc_offset_s = INT64_MIN; /* from nobody: no crash, an end */
    pausemon_time_text(text, &time);
    ck_assert_uint_lt(strlen(text), sizeof text);
}
END_TEST

static void check_says(int status, const char *wanted)
{
    ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
    ck_assert_int_eq(error.status, status);
    ck_assert_ptr_nonnull(strstr(error.text, wanted));
    error.text[0] = '\0';
}

static int read_nothing(void *self, struct pausemon_sink *sink, struct pausemon_error *why)
{
    (void)self, (void)sink, (void)why;
    return PAUSEMON_ERR_END;
}

START_TEST(a_maker_without_memory_says_what_it_could_not_make)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source, *other;
    struct harness harness;
    const struct pausemon_host *host = &harness.host;

    ops.read = read_nothing;
    harness_init(&harness);
    ck_assert_int_eq(pausemon_source_new(&source, "mine", &ops, NULL, host, &error), 0);
    harness.fail_at = 1;
    harness.fail_always = true;
    check_says(pausemon_config_new(&(struct pausemon_config *){NULL}, host, &error), "config");
    check_says(pausemon_source_new(&other, "mine", &ops, NULL, host, &error), "source");
    check_says(
        pausemon_collector_new(&(struct pausemon_collector *){NULL}, NULL, source, host, &error),
        "collector");
    check_says(pausemon_ring_new(&(struct pausemon_ring *){NULL}, 3, host, &error), "ring");
    check_says(pausemon_tiers_new(&(struct pausemon_tiers *){NULL}, NULL, host, &error), "memory");
    check_says(pausemon_sample_new(&(struct pausemon_sample *){NULL}, host, &error), "sample");
    check_says(pausemon_pause_new(&(struct pausemon_pause *){NULL}, host, &error), "pause");
    harness.fail_at = 0;
    harness.fail_always = false;
    pausemon_source_free(source);
    ck_assert_int_eq(harness.live, 0);
}
END_TEST

START_TEST(a_maker_of_nonsense_says_so)
{
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source = (struct pausemon_source *)&ops;
    struct pausemon_ring *ring;

    ck_assert_int_eq(pausemon_source_new(&source, "mine", &ops, NULL, NULL, &error),
                     PAUSEMON_ERR_INVALID);
    ck_assert_ptr_null(source);
    ck_assert_ptr_nonnull(strstr(error.text, "read"));
    ck_assert_int_eq(pausemon_ring_new(&ring, 3601, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "3601"));
    ck_assert_ptr_nonnull(strstr(error.text, "3600"));
    ck_assert_int_eq(pausemon_collector_new(NULL, NULL, NULL, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_monitor_subscribe(NULL, 1, NULL, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "function"));
}
END_TEST

int main(int argc, char **argv)
{
#ifdef __linux__
    if (argc > 1 && strcmp(argv[1], "--find") == 0)
        _exit(pausemon_place_find(path, sizeof path, PAUSEMON_PLACE_DATA, PAUSEMON_OWNER_USER,
                                  &error) == PAUSEMON_ERR_NOT_FOUND
                  ? NOT_FOUND
                  : FOUND);
#endif
    (void)argc, (void)argv;
    Suite *suite = suite_create("places");
    TCase *tcase = tcase_create("places");

    tcase_add_checked_fixture(tcase, make_home, remove_home);
    tcase_add_test(tcase, the_users_places_follow_the_environment);
#ifdef __linux__
    tcase_add_test(tcase, a_setuid_program_is_not_led_by_the_environment);
#endif
    tcase_add_test(tcase, the_systems_places_do_not);
    tcase_add_test(tcase, a_database_of_the_users_own_comes_first);
    tcase_add_test(tcase, what_is_no_place_or_does_not_fit_is_refused);
    tcase_add_test(tcase, a_time_is_local_and_any_time_has_a_text);
    tcase_add_test(tcase, a_maker_without_memory_says_what_it_could_not_make);
    tcase_add_test(tcase, a_maker_of_nonsense_says_so);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
