/* SPDX-License-Identifier: MIT */
/* What is told to a desktop, and what is not. Time is the samples'. */
#include "alert_desk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Only the titles. */
static const char titles_only[] = "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\n"
                                  "printf '%s|' \"$2\" >>\"${0%/usr/bin/*}/log\"\n";

static void open_titles(struct desk *desk, const char *settings)
{
    desk_init(desk);
    desk_set(desk, settings);
    desk_write(desk, "/usr/bin/notify-send", titles_only, 0755);
    desk_open(desk, &pm_alert_linux, false);
}

/* What a story tells, word by word: "p7:2310" a pause, "h7:9000" one of the host's, "s3*30" that
 * many seconds in tier 3, "t2" and "t3" entries, "e3" the escalation that is open, "c7" a capture,
 * "r" a run. */
static void tell_word(struct desk *desk, const char *word)
{
    char *end;
    long number = strtol(word + 1, &end, 10), other = *end ? strtol(end + 1, NULL, 10) : 1;

    switch (*word) {
    case 'p':
        desk_pause(desk, number, other, PAUSEMON_CAUSE_CPU);
        break;
    case 'h':
        desk_pause(desk, number, other, PAUSEMON_CAUSE_HOST);
        break;
    case 's':
        while (other-- > 0)
            desk_sample(desk, (uint64_t)number);
        break;
    case 't':
        desk_tier(desk, number == 2 ? PAUSEMON_TIER2_ENTRY : PAUSEMON_TIER3_ENTRY);
        break;
    case 'e':
        desk->escalation.id = number;
        break;
    case 'c':
        desk_capture(desk, number, PAUSEMON_CAPTURE_PAUSE);
        break;
    default:
        ck_assert_str_eq(word, "r");
        desk_settle(desk);
    }
}

#define FROZE(s) "This machine froze for " s "|"
#define CRITICAL "Stress has been critical for 30 s|"
#define ELEVATED "Stress is elevated: 93 of 100|"
#define KEPT "Evidence of a freeze was kept|"

static const struct {
    const char *settings, *story, *told;
} stories[] = {
    {"", "r", ""},
    {"", "p1:2000 r", FROZE("2.00 s")},
    {"", "p1:1999 r", ""},
    {"alerts.pause_min_duration=0.25", "p1:250 r p2:249 r", FROZE("250 ms")},
    {"alerts.pause_detected=false", "p1:9000 r", ""},
    {"alerts.enabled=false;alerts.elevated_entered=true", "p1:9000 e1 t2 s3*40 c1 r", ""},
    {"learning_mode=true;alerts.elevated_entered=true", "p1:9000 e1 t2 s3*40 c1 r", ""},
    {"", "h1:9000 r", ""},
    /* told again: the same, or for the first time long enough */
    {"", "p1:2000 r p1:3000 r", FROZE("2.00 s")},
    {"", "p1:1500 r p1:2500 r", FROZE("2.50 s")},
    {"", "p1:2000 p1:3000 r", FROZE("3.00 s")},
    {"", "p1:2000 r p2:3000 r", FROZE("2.00 s") FROZE("3.00 s")},
    /* an escalation is one incident */
    {"", "e1 p1:2000 r p2:3000 r", FROZE("2.00 s")},
    {"", "e1 p1:2000 r e2 p2:3000 r", FROZE("2.00 s") FROZE("3.00 s")},
    {"", "p1:2000 r e1 p1:2500 r p2:9000 r", FROZE("2.00 s")},
    {"", "e1 p1:2000 r s3*40 r", FROZE("2.00 s")},
    {"", "e1 s3*40 r p1:9000 r", CRITICAL},
    /* critical: how long, and again */
    {"", "e1 s3*30 r", ""},
    {"", "e1 s3*31 r", CRITICAL},
    {"", "e1 s3*500 r", CRITICAL},
    {"", "e1 s3*20 s2 s3*20 r", ""},
    {"", "e1 s3*40 s2 s3*40 r", CRITICAL},
    {"", "e1 s3*40 r e0 s1 e2 s3*40 r", CRITICAL CRITICAL},
    {"alerts.critical_duration=0", "e1 s3 r", "Stress is critical|"},
    {"alerts.critical_duration=90", "e1 s3*91 r", "Stress has been critical for 1 min 30 s|"},
    {"alerts.critical_stress=false", "e1 s3*91 r", ""},
    /* ranks: it became worse than the first said */
    {"", "e1 t2 r", ""},
    {"alerts.elevated_entered=true", "e1 t2 r", ELEVATED},
    {"alerts.elevated_entered=true", "e1 t3 r", ELEVATED},
    {"alerts.elevated_entered=true", "e1 t2 r t3 s3*31 r p1:9000 r", ELEVATED CRITICAL},
    {"alerts.elevated_entered=true", "e1 t2 r p1:9000 r s3*31 r", ELEVATED FROZE("9.00 s")},
    {"alerts.elevated_entered=true", "e1 p1:9000 t2 r", FROZE("9.00 s")},
    {"alerts.elevated_entered=true", "e1 t2 r c0 r", ELEVATED},
    /* captures */
    {"", "p1:9000 r c1 r", FROZE("9.00 s")},
    {"", "p1:9000 c1 r", FROZE("9.00 s")},
    {"alerts.pause_detected=false", "p1:9000 r c1 r", KEPT},
    {"alerts.forensics_completed=false;alerts.pause_detected=false", "p1:9000 r c1 r", ""},
    {"", "c0 r c0 r", KEPT KEPT},
    {"", "e1 c0 r c0 r p1:9000 r", KEPT FROZE("9.00 s")},
};

START_TEST(what_is_told)
{
    struct desk desk;
    char story[128], *rest = NULL;

    open_titles(&desk, stories[_i].settings);
    strcpy(story, stories[_i].story);
    for (char *word = strtok_r(story, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        tell_word(&desk, word);
    char *told = desk_log(&desk);
    ck_assert_str_eq(told, stories[_i].told);
    ck_assert_str_eq(desk.harness.log, "");
    free(told);
    desk_end(&desk);
}
END_TEST

static const struct {
    uint64_t cause;
    int begun;
} causes[] = {
    {PAUSEMON_CAUSE_UNKNOWN, 1}, {PAUSEMON_CAUSE_SUSPEND, 0}, {PAUSEMON_CAUSE_HOST, 0},
    {PAUSEMON_CAUSE_STOPPED, 0}, {PAUSEMON_CAUSE_VM, 0},      {PAUSEMON_CAUSE_CPU, 1},
    {PAUSEMON_CAUSE_MEMORY, 1},  {PAUSEMON_CAUSE_IO, 1},      {99, 0},
};

START_TEST(only_freezes_are_told)
{
    struct desk desk;

    open_titles(&desk, "");
    desk_pause(&desk, 1, 9000, causes[_i].cause);
    ck_assert_int_eq(desk_settle(&desk), causes[_i].begun);
    desk_end(&desk);
}
END_TEST

START_TEST(a_reload_counts_at_once)
{
    struct desk desk;

    open_titles(&desk, "");
    desk_pause(&desk, 1, 9000, PAUSEMON_CAUSE_CPU); /* it waits while the settings change */
    desk_set(&desk, "learning_mode=true");
    pausemon_alerts_set_config(desk.alerts, desk.config);
    ck_assert_int_eq(desk_settle(&desk), 0);
    desk_set(&desk, "learning_mode=false;alerts.critical_duration=5");
    pausemon_alerts_set_config(desk.alerts, desk.config);
    pausemon_alerts_set_config(desk.alerts, NULL);
    for (int i = 0; i < 6; i++)
        desk_sample(&desk, PAUSEMON_TIER_CRITICAL);
    ck_assert_int_eq(desk_settle(&desk), 1);
    char *told = desk_log(&desk);
    ck_assert_str_eq(told, "Stress has been critical for 5 s|");
    free(told);
    desk_end(&desk);
}
END_TEST

START_TEST(no_room_is_counted_and_said)
{
    struct desk desk;

    open_titles(&desk, "");
    for (int i = 1; i <= 19; i++)
        desk_pause(&desk, i, 9000, PAUSEMON_CAUSE_CPU);
    for (int i = 101; i <= 117; i++)
        desk_capture(&desk, i, PAUSEMON_CAPTURE_PAUSE);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), PM_ALERT_PROGRAMS);
    ck_assert_str_eq(desk.harness.log, "W: 4 notifications found no room\n");
    ck_assert_int_eq(desk_settle(&desk), 32 - PM_ALERT_PROGRAMS);
    ck_assert_str_eq(desk.harness.log, "W: 4 notifications found no room\n");
    desk_end(&desk);
}
END_TEST

/* What is remembered of incidents is bounded: the oldest is forgotten first. */
START_TEST(many_incidents)
{
    struct desk desk;

    open_titles(&desk, "");
    for (int i = 1; i <= PM_ALERT_INCIDENTS; i++) {
        desk_pause(&desk, i, 9000, PAUSEMON_CAUSE_CPU);
        ck_assert_int_eq(desk_settle(&desk), 1);
    }
    desk_pause(&desk, 1, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 0);
    desk_pause(&desk, 100, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 1);
    desk_pause(&desk, 1, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 1);
    desk_end(&desk);
}
END_TEST

/* ---- two threads ---- */

enum { TOLD = 3000 };

static void *tell_many(void *user)
{
    struct desk *desk = user;

    for (int i = 1; i <= TOLD; i++)
        desk_pause(desk, i, 9000, PAUSEMON_CAUSE_CPU);
    return NULL;
}

/* While one tells, the other runs and changes the settings; whatever found no room is counted. No
 * program is there: each notice that is told fails. */
START_TEST(one_tells_and_one_runs)
{
    struct desk desk;
    pthread_t thread;
    uint64_t told;

    desk_init(&desk);
    desk_open(&desk, &pm_alert_linux, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, tell_many, &desk), 0);
    do {
        int status = pausemon_alerts_run(desk.alerts, NULL);
        ck_assert(status == 0 || status == PAUSEMON_ERR_NOT_FOUND);
        pausemon_alerts_set_config(desk.alerts, desk.config);
        told = atomic_load(&desk.alerts->notices.ring.tail) +
               atomic_load(&desk.alerts->notices.dropped);
    } while (told < TOLD);
    pthread_join(thread, NULL);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), 0);
    ck_assert_uint_eq(told, TOLD);
    desk_end(&desk);
}
END_TEST

/* ---- a real monitor ---- */

static const struct pausemon_row calm = {
    .size = sizeof calm, .have = PAUSEMON_HAVE_CPU, .pid = 7, .command = "calm"};

START_TEST(a_monitor_of_its_own)
{
    struct desk desk;
    struct player player = {&calm, 1, 0, 1, 0};
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_error error = {0};

    open_titles(&desk, "alerts.critical_duration=0");
    ck_assert_int_eq(player_open(&source, &player, &desk.harness.host), 0);
    ck_assert_int_eq(pausemon_monitor_new(&monitor, NULL, source, &desk.harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_alerts_attach(NULL, monitor, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_alerts_attach(desk.alerts, NULL, &error), PAUSEMON_ERR_INVALID);
    desk.harness.fail_at = 1;
    ck_assert_int_eq(pausemon_alerts_attach(desk.alerts, monitor, &error), PAUSEMON_ERR_NOMEM);
    ck_assert_int_eq(pausemon_alerts_attach(desk.alerts, monitor, &error), 0);
    ck_assert_int_eq(pausemon_alerts_attach(desk.alerts, monitor, &error), PAUSEMON_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "attached already"));
    ck_assert_int_eq(pausemon_monitor_feed(monitor), 1);
    ck_assert_int_eq(desk_settle(&desk), 0);
    if (_i == 0) { /* either may go first */
        pausemon_alerts_free(desk.alerts);
        desk.alerts = NULL;
        ck_assert_int_eq(pausemon_monitor_feed(monitor), 1);
    }
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    desk_end(&desk);
}
END_TEST

START_TEST(every_allocation_fails)
{
    struct desk desk;

    desk_init(&desk);
    for (long n = 1;; n++) {
        struct pausemon_error error = {0};
        long live = desk.harness.live;
        desk.harness.fail_at = n;
        int status = pausemon_alerts_new(&desk.alerts, _i ? desk.config : NULL, NULL,
                                         &desk.harness.host, &error);
        if (status == 0) {
            ck_assert_int_eq(n, _i ? 2 : 3);
            desk.harness.fail_at = 0;
            break;
        }
        ck_assert_int_eq(status, PAUSEMON_ERR_NOMEM);
        ck_assert_ptr_null(desk.alerts);
        ck_assert_int_eq(desk.harness.live, live);
        ck_assert_str_eq(error.text, "alerts: out of memory");
    }
    desk_end(&desk);
}
END_TEST

START_TEST(arguments)
{
    ck_assert_int_eq(pausemon_alerts_new(NULL, NULL, NULL, NULL, NULL), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_alerts_run(NULL, NULL), PAUSEMON_ERR_INVALID);
    pausemon_alerts_note_capture(NULL, NULL);
    pausemon_alerts_set_config(NULL, NULL);
    pausemon_alerts_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alerts");
    TCase *tcase = tcase_create("alerts");

    tcase_add_loop_test(tcase, what_is_told, 0, sizeof stories / sizeof stories[0]);
    tcase_add_loop_test(tcase, only_freezes_are_told, 0, sizeof causes / sizeof causes[0]);
    tcase_add_test(tcase, a_reload_counts_at_once);
    tcase_add_test(tcase, no_room_is_counted_and_said);
    tcase_add_test(tcase, many_incidents);
    tcase_add_test(tcase, one_tells_and_one_runs);
    tcase_add_loop_test(tcase, a_monitor_of_its_own, 0, 2);
    tcase_add_loop_test(tcase, every_allocation_fails, 0, 2);
    tcase_add_test(tcase, arguments);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
