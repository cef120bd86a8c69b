/* SPDX-License-Identifier: MIT */
/* The parts of a capture by themselves: command lines, kernel lines, probes, two threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "captures.h"
#include "forensics/kmsg.h"
#include "forensics/probe.h"
#include "forensics/words.h"

/* ---- command lines ---- */

START_TEST(words_are_made_of_templates)
{
    static struct pausemon_forensics forensics = {.place = "/data/events"};
    static struct pm_capture capture = {.forensics = &forensics, .told = {.name = "then"}};
    const struct pm_values values = {&capture, "a.txt", 100, 163};
    static const struct {
        const char *template, *word;
    } cases[] = {
        {"plain", "plain"},   {"", ""},           {"--since=@{since}", "--since=@100"},
        {"{until}x", "163x"}, {"{last}s", "63s"}, {"{file}", "/data/events/then/a.txt"},
        {"{", "{"},           {"}{", "}{"},
    };
    struct pm_words words;

    pm_words_init(&words);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(pm_words_expand(&words, cases[i].template, &values));
        ck_assert_str_eq(words.argv[i], cases[i].word);
        ck_assert_ptr_null(words.argv[i + 1]);
    }
    ck_assert(!pm_words_expand(&words, "{nothing}", &values));
    ck_assert(!pm_words_expand(&words, "{}", &values));
}
END_TEST

START_TEST(words_have_an_end)
{
    struct pm_words words;
    char word[3000];
    size_t count = 0;

    pm_words_init(&words);
    while (pm_words_add(&words, "x"))
        count++;
    ck_assert_uint_eq(count, PM_WORDS_MAX - 1);
    ck_assert_ptr_null(words.argv[count]);
    pm_words_init(&words);
    memset(word, 'y', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    for (count = 0; pm_words_add(&words, word); count++)
        ck_assert_uint_eq(strlen(words.argv[count]), sizeof word - 1);
    ck_assert_uint_eq(count, 2);
}
END_TEST

/* ---- the kernel's log ---- */

START_TEST(a_record_of_the_kernel_is_a_line)
{
    static const struct {
        const char *record, *line;
    } cases[] = {
        {"6,339,5140900,-;NET: Registered", "[    5.140900] NET: Registered"},
        {"4,2,123456000001,c,caller=T1;x;y", "[123456.000001] x;y"},
        {"4,2,5000000,-;", "[    5.000000] "},
        {"4,2,5000000;flags are not needed", "[    5.000000] flags are not needed"},
        {"4,2,4999999,-;too old", NULL},
        {" SUBSYSTEM=block", NULL},
        {"", NULL},
        {";", NULL},
        {"4,2,-;x", NULL},
        {"4,2,99999999999999999999999,-;x", NULL},
        {"4,2,5000000x,-;x", NULL},
        {"6,339,5140900,-no text", NULL},
    };
    char line[PM_KMSG_LINE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is = pm_kmsg_line(line, cases[i].record, strlen(cases[i].record), 5000000);
        ck_assert_msg(is == (cases[i].line != NULL), "%s", cases[i].record);
        if (is)
            ck_assert_str_eq(line, cases[i].line);
    }
}
END_TEST

/* ---- probes ---- */

static struct captures captures;

static void setup(void)
{
    captures_init(&captures);
}

static void teardown(void)
{
    captures_end(&captures);
}

struct probed {
    size_t count;
    struct {
        char name[40], text[PM_PROBE_TEXT];
        uint64_t state;
    } artifacts[PM_STEPS_MAX];
};

static void note_artifact(void *user, const struct pausemon_artifact *artifact)
{
    struct probed *probed = user;

    ck_assert_uint_lt(probed->count, PM_STEPS_MAX);
    snprintf(probed->artifacts[probed->count].name, 40, "%s", artifact->name);
    snprintf(probed->artifacts[probed->count].text, PM_PROBE_TEXT, "%s", artifact->text);
    probed->artifacts[probed->count++].state = artifact->state;
    ck_assert((artifact->state == PAUSEMON_ARTIFACT_OK) == (artifact->text[0] == '\0'));
}

static struct probed probed;

static void probe(const struct pm_steps *steps, uint64_t uid)
{
    probed.count = 0;
    ck_assert_int_eq(
        pm_probe_steps(steps, captures.stage.config, captures.root, uid, note_artifact, &probed),
        0);
    ck_assert_uint_eq(probed.count, steps->count);
}

static void check_artifact(const char *name, uint64_t state, const char *part)
{
    for (size_t i = 0; i < probed.count; i++)
        if (strcmp(probed.artifacts[i].name, name) == 0) {
            ck_assert_msg(strstr(probed.artifacts[i].text, part) != NULL, "%s: %s", name,
                          probed.artifacts[i].text);
            ck_assert_msg(probed.artifacts[i].state == state, "%s: %s", name,
                          probed.artifacts[i].text);
            return;
        }
    ck_abort_msg("no %s", name);
}

START_TEST(a_machine_without_anything_is_told_what_is_missing)
{
    probe(&pm_steps_linux, 0);
    check_artifact("ring_buffer.json", PAUSEMON_ARTIFACT_OK, "");
    check_artifact("processes.json", PAUSEMON_ARTIFACT_OK, "");
    check_artifact("pressure.json", PAUSEMON_ARTIFACT_MISSING, "/proc cannot be read");
    check_artifact("stuck.txt", PAUSEMON_ARTIFACT_LIMITED, "kernel stacks cannot be read");
    check_artifact("trace.txt", PAUSEMON_ARTIFACT_MISSING,
                   "forensics.flight_recorder is switched off");
    check_artifact("cmdlines.txt", PAUSEMON_ARTIFACT_MISSING, "forensics.cmdline is switched off");
    check_artifact("system.log", PAUSEMON_ARTIFACT_MISSING, "/usr/bin/journalctl is not there");
    stage_set(&captures.stage, "forensics.flight_recorder", "true");
    stage_set(&captures.stage, "forensics.cmdline", "true");
    probe(&pm_steps_linux, 0);
    check_artifact("trace.txt", PAUSEMON_ARTIFACT_MISSING, "flight recorder: ");
    check_artifact("cmdlines.txt", PAUSEMON_ARTIFACT_MISSING, "/usr/bin/head is not there");
}
END_TEST

START_TEST(a_machine_with_everything_is_told_nothing)
{
    captures_file(&captures, "/proc/vmstat", "x 1\n");
    captures_file(&captures, "/proc/pressure/memory", "x");
    captures_file(&captures, "/proc/self/stack", "x");
    captures_file(&captures, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    captures_file(&captures, "/run/log/journal/0123456789abcdef0123456789abcdef/system.journal",
                  "x");
    captures_tool(&captures, "/bin/journalctl", "exit 9\n"); /* it is not run */
    probe(&pm_steps_linux, 1000);
    static const char *const names[] = {"pressure.json", "stuck.txt", "system.log"};
    for (size_t i = 0; i < 3; i++)
        check_artifact(names[i], PAUSEMON_ARTIFACT_OK, "");
}
END_TEST

START_TEST(a_machine_with_some_is_told_what_is_less)
{
    captures_file(&captures, "/proc/vmstat", "x 1\n");
    captures_file(&captures, "/dev/kmsg", "");
    probe(&pm_steps_linux, 1000);
    check_artifact("pressure.json", PAUSEMON_ARTIFACT_LIMITED, "psi=1");
    check_artifact("system.log", PAUSEMON_ARTIFACT_LIMITED, "/usr/bin/journalctl is not there");
    captures_tool(&captures, "/usr/bin/journalctl", "exit 9\n");
    probe(&pm_steps_linux, 1000);
    check_artifact("system.log", PAUSEMON_ARTIFACT_LIMITED, "only the kernel's own messages");
}
END_TEST

START_TEST(a_journal_that_is_the_groups_is_told)
{
    char path[256];

    bool is_root = geteuid() == 0;
    captures_tool(&captures, "/usr/bin/journalctl", "exit 9\n");
    captures_file(&captures, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    captures_file(&captures, "/var/log/journal/0123456789abcdef0123456789abcdef/system.journal",
                  "x");
    snprintf(path, sizeof path,
             "%s/var/log/journal/0123456789abcdef0123456789abcdef/system.journal", captures.root);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (is_root) { /* who may read everything */
        snprintf(path, sizeof path, "chmod -R a+rX %s && chmod 0600 %s/var/log/journal/*/*",
                 captures.directory, captures.root);
        ck_assert_int_eq(system(path), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    probe(&pm_steps_linux, 1000);
    if (is_root)
        ck_assert_int_eq(seteuid(0), 0);
    check_artifact("system.log", PAUSEMON_ARTIFACT_LIMITED, "join the group systemd-journal");
}
END_TEST

START_TEST(macos_wants_root)
{
    captures_tool(&captures, "/usr/sbin/spindump", "exit 9\n");
    captures_tool(&captures, "/usr/bin/log", "exit 9\n");
    probe(&pm_steps_darwin, 501);
    check_artifact("spindump.txt", PAUSEMON_ARTIFACT_MISSING, "needs root");
    check_artifact("tailspin.tailspin", PAUSEMON_ARTIFACT_MISSING, "needs root");
    check_artifact("system.log", PAUSEMON_ARTIFACT_OK, "");
    probe(&pm_steps_darwin, 0);
    check_artifact("spindump.txt", PAUSEMON_ARTIFACT_OK, "");
    check_artifact("tailspin.tailspin", PAUSEMON_ARTIFACT_MISSING,
                   "/usr/bin/tailspin is not there");
}
END_TEST

START_TEST(this_machine_is_probed_without_running_anything)
{
    probed.count = 0;
    ck_assert_int_eq(pausemon_forensics_probe(NULL, note_artifact, &probed), 0);
    ck_assert_uint_eq(probed.count, pm_steps_here()->count);
    ck_assert_int_eq(pausemon_forensics_probe(NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
}
END_TEST

/* ---- two threads ---- */

struct dispatcher {
    _Atomic bool stop;
    _Atomic int freezes;
};

/* It freezes, and is calm for a minute, as fast as it can. */
static void *dispatch(void *user)
{
    struct dispatcher *dispatcher = user;

    while (!atomic_load(&dispatcher->stop)) {
        captures.stage.pause_count = 0;
        captures_freeze(&captures, 2500);
        captures_calm(&captures, 40);
        atomic_fetch_add(&dispatcher->freezes, 1);
        captures.stage.told.length = 0;
        usleep(2000);
    }
    return NULL;
}

/* The dispatcher has the test's clock, run has the system's: each thread its own. */
START_TEST(one_thread_dispatches_while_another_runs)
{
    struct dispatcher dispatcher = {0};
    int made = 0;
    pthread_t thread;

    ck_assert_int_eq(pausemon_forensics_new(&captures.forensics, captures.events, NULL, NULL, NULL,
                                            &captures.error),
                     0);
    pm_forensics_set_steps(captures.forensics, &pm_steps_darwin, captures.root);
    ck_assert_int_eq(
        pausemon_forensics_attach(captures.forensics, captures.stage.monitor, &captures.error), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, dispatch, &dispatcher), 0);
    while (atomic_load(&dispatcher.freezes) == 0)
        usleep(1000);
    for (int i = 0; i < 20; i++) {
        pausemon_forensics_request(captures.forensics);
        int status = captures_run(&captures);
        ck_assert_int_ge(status, 0);
        made += status;
        json_t *ring =
            captures_json(&captures, captures.forensics->capture.told.name, "ring_buffer.json");
        ck_assert_uint_gt(json_array_size(ring), 0);
        json_decref(ring);
    }
    atomic_store(&dispatcher.stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(made, 20);
    ck_assert_int_eq(captures_count(&captures), made);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics_parts");
    TCase *pure = tcase_create("pure"), *all = tcase_create("parts");

    tcase_add_test(pure, words_are_made_of_templates);
    tcase_add_test(pure, words_have_an_end);
    tcase_add_test(pure, a_record_of_the_kernel_is_a_line);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_machine_without_anything_is_told_what_is_missing);
    tcase_add_test(all, a_machine_with_everything_is_told_nothing);
    tcase_add_test(all, a_machine_with_some_is_told_what_is_less);
    tcase_add_test(all, a_journal_that_is_the_groups_is_told);
    tcase_add_test(all, macos_wants_root);
    tcase_add_test(all, this_machine_is_probed_without_running_anything);
    tcase_add_test(all, one_thread_dispatches_while_another_runs);
    suite_add_tcase(suite, pure);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
