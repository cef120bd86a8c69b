/* SPDX-License-Identifier: MIT */
/* How notifications are told: every argument, hostile names, whom, and programs that misbehave. */
#include "alert_desk.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void name_culprit(struct desk *desk, const char *name)
{
    struct pausemon_culprit *culprit = &desk->pause->culprits[0];

    desk->pause->info.culprit_count = 1;
    *culprit = (struct pausemon_culprit){.size = sizeof *culprit,
                                         .pid = 41,
                                         .resource = PAUSEMON_CAUSE_CPU,
                                         .share = 960,
                                         .count = 8};
    snprintf(culprit->command, sizeof culprit->command, "%s", name);
    snprintf(desk->sample->rogues[0].command, PAUSEMON_COMMAND_SIZE, "%s", name);
}

/* ---- arguments ---- */

START_TEST(a_pause_by_notify_send)
{
    struct desk desk;

    desk_init(&desk);
    desk_install(&desk, "/usr/bin/notify-send");
    desk_open(&desk, &pm_alert_linux, false);
    name_culprit(&desk, "stress-ng");
    desk_pause(&desk, 1, 2310, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 1);
    desk_check_log(
        &desk, "notify-send[-a][pausemon][-u][critical][-h][string:sound-name:dialog-warning][--]"
               "[This machine froze for 2.31 s][froze 2.31 s: cpu starvation (confidence 0.94). "
               "Culprit: stress-ng ×8, 96 % of CPU.\npausemon why tells more.]\n");
    desk_end(&desk);
}
END_TEST

START_TEST(elevated_and_captures_by_notify_send)
{
    struct desk desk;

    desk_init(&desk);
    desk_set(&desk, "alerts.sound=false;alerts.elevated_entered=true");
    desk_install(&desk, "/usr/bin/notify-send");
    desk_open(&desk, &pm_alert_linux, false);
    desk_tier(&desk, PAUSEMON_TIER2_ENTRY);
    desk_settle(&desk);
    desk_check_log(&desk, "notify-send[-a][pausemon][-u][normal][--][Stress is elevated: 93 of 100]"
                          "[The worst is stress-ng (pid 41) with a score of 93.]\n");
    desk.sample->info.rogue_count = 0;
    desk_tier(&desk, PAUSEMON_TIER2_ENTRY);
    desk_settle(&desk);
    desk_check_log(&desk, "notify-send[-a][pausemon][-u][normal][--][Stress is elevated: 93 of 100]"
                          "[No process stands out.]\n");
    static const char *const titles[] = {"Evidence was kept", "Evidence of a freeze was kept",
                                         "Evidence of critical stress was kept",
                                         "The evidence that was asked for is there",
                                         "Evidence was kept"};
    for (size_t reason = 0; reason < 5; reason++) {
        char expected[256];
        desk_capture(&desk, 0, reason);
        ck_assert_int_eq(desk_settle(&desk), 1);
        snprintf(expected, sizeof expected,
                 "notify-send[-a][pausemon][-u][normal][--][%s]"
                 "[It is in events/2026-01-23_12-00-00.]\n",
                 titles[reason]);
        desk_check_log(&desk, expected);
    }
    desk_end(&desk);
}
END_TEST

static const struct {
    const char *name, *markup, *plain;
} names[] = {
    {"<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;", "<b>&amp;</b>"},
    {"\\074b\\076\\n", "\\\\074b\\\\076\\\\n", "\\074b\\076\\n"}, /* escapes of C */
    {"-u {body} {root}", "-u {body} {root}", "-u {body} {root}"},
    {"\" & quit \"", "\" &amp; quit \"", "\" & quit \""},
    {"$(touch x);`y`", "$(touch x);`y`", "$(touch x);`y`"},
    {"a\nb\x1b[31m\xff", "a?b?[31m?", "a?b?[31m?"},
    {"\xe2\x80\xae"
     "cod.exe",
     "?cod.exe", "?cod.exe"},
    {"?x !y", "?x !y", "?x !y"},
    {"", "a process without a name", "a process without a name"},
};

START_TEST(hostile_names)
{
    struct desk desk;
    char expected[512];
    bool linux = _i % 2 == 0;
    int row = _i / 2;

    desk_init(&desk);
    desk_set(&desk, "alerts.critical_duration=0;alerts.sound=false");
    desk_install(&desk, "/usr/bin/notify-send");
    desk_install(&desk, "/usr/bin/osascript");
    desk_open(&desk, linux ? &pm_alert_linux : &pm_alert_darwin, false);
    name_culprit(&desk, names[row].name);
    desk_sample(&desk, PAUSEMON_TIER_CRITICAL);
    ck_assert_int_eq(desk_settle(&desk), 1);
    snprintf(expected, sizeof expected,
             "%s[Stress is critical][The worst is %s (pid 41) with a score of 93.]\n",
             linux ? "notify-send[-a][pausemon][-u][critical][--]"
                   : "osascript[-e][on run argv][-e][display notification (item 2 of argv) with "
                     "title (item 1 of argv)][-e][end run]",
             linux ? names[row].markup : names[row].plain);
    desk_check_log(&desk, expected);
    desk_end(&desk);
}
END_TEST

/* The longest text there can be, all of it escaped, still goes. */
START_TEST(the_longest_text)
{
    struct desk desk;
    char name[PAUSEMON_COMMAND_SIZE];

    desk_init(&desk);
    desk_install(&desk, "/usr/bin/notify-send");
    desk_open(&desk, &pm_alert_linux, false);
    memset(name, '&', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    name_culprit(&desk, name);
    desk.pause->info.culprit_count = desk.pause->info.victim_count = PAUSEMON_MAX_PARTIES;
    for (size_t i = 0; i < PAUSEMON_MAX_PARTIES; i++) {
        desk.pause->culprits[i] = desk.pause->culprits[0];
        memcpy(desk.pause->victims[i].command, name, sizeof name);
    }
    desk_pause(&desk, 1, 2310, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 1);
    char *told = desk_log(&desk);
    ck_assert_ptr_nonnull(strstr(told, "and 5 more.\npausemon why tells more.]"));
    free(told);

    /* and one beyond that is refused, not cut */
    struct pm_alert_text text = {.title = "x"};
    struct pm_alert_user user = {1, 1};
    static struct pm_alert_command command;
    memset(text.body, '&', sizeof text.body - 1);
    ck_assert_int_eq(pm_alert_compose(&command, &pm_alert_linux, "", &text, false, &user, false),
                     PAUSEMON_ERR_LIMIT);
    desk_end(&desk);
}
END_TEST

START_TEST(osascript)
{
    struct desk desk;

    desk_init(&desk);
    desk_install(&desk, "/usr/bin/osascript");
    desk_open(&desk, &pm_alert_darwin, false);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 1);
    desk_check_log(&desk,
                   "osascript[-e][on run argv][-e][display notification (item 2 of argv) with "
                   "title (item 1 of argv) sound name \"Basso\"][-e][end run]"
                   "[The evidence that was asked for is there]"
                   "[It is in events/2026-01-23_12-00-00.]\n");
    desk_end(&desk);
}
END_TEST

/* ---- everybody ---- */

static void add_socket(const struct desk *desk, const char *path, uid_t uid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s%s", desk->root, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(chown(address.sun_path, uid, uid), 0);
    close(fd);
}

/* /run/user/NAME with a bus, both of this user; the group is one above. */
static void add_session(const struct desk *desk, const char *name, uid_t uid, uid_t bus_uid)
{
    char path[64], full[128];

    snprintf(path, sizeof path, "/run/user/%s/", name);
    desk_write(desk, path, NULL, 0);
    snprintf(full, sizeof full, "%s%s", desk->root, path);
    ck_assert_int_eq(chown(full, uid, uid + 1), 0);
    snprintf(path, sizeof path, "/run/user/%s/bus", name);
    add_socket(desk, path, bus_uid);
}

static bool lacks_root(void)
{
    if (geteuid() == 0)
        return false;
    fprintf(stderr, "# skipped: needs root, to make what belongs to others\n");
    return true;
}

START_TEST(each_user_with_a_session)
{
    struct desk desk;
    char expected[2048], path[128], link[128];

    if (lacks_root())
        return;
    desk_init(&desk);
    desk_install(&desk, "/usr/bin/prlimit");
    desk_install(&desk, "/usr/bin/setpriv");
    desk_install(&desk, "/usr/bin/env");
    desk_install(&desk, "/usr/bin/notify-send");
    desk_open(&desk, &pm_alert_linux, true);
    add_session(&desk, "1234", 1234, 1234);
    add_session(&desk, "1240", 1241, 1240);  /* not the directory's owner */
    add_session(&desk, "1242", 1242, 0);     /* another's socket */
    add_session(&desk, "01243", 1243, 1243); /* no number as it is written */
    add_session(&desk, "name", 1244, 1244);
    add_session(&desk, "4294967295", 0, 0);
    desk_write(&desk, "/run/user/1245/bus", "no socket", 0600);
    snprintf(path, sizeof path, "%s/run/user/1245", desk.root);
    ck_assert_int_eq(chown(path, 1245, 1245), 0);
    snprintf(path, sizeof path, "%s/run/user/1245/bus", desk.root);
    ck_assert_int_eq(chown(path, 1245, 1245), 0);
    snprintf(link, sizeof link, "%s/run/user/1246", desk.root);
    ck_assert_int_eq(symlink("1234", link), 0);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 1);
    snprintf(expected, sizeof expected,
             "prlimit[--memlock=0][--rtprio=0][--][%s/usr/bin/setpriv]"
             "[--reuid=1234][--regid=1235][--clear-groups][--inh-caps=-all]"
             "[--no-new-privs][--reset-env][--][%s/usr/bin/env][LC_ALL=C]"
             "[XDG_RUNTIME_DIR=%s/run/user/1234]"
             "[DBUS_SESSION_BUS_ADDRESS=unix:path=%s/run/user/1234/bus][%s/usr/bin/notify-send]"
             "[-a][pausemon][-u][normal][-h][string:sound-name:dialog-warning][--]"
             "[The evidence that was asked for is there][It is in events/2026-01-23_12-00-00.]\n",
             desk.root, desk.root, desk.root, desk.root, desk.root);
    desk_check_log(&desk, expected);
    ck_assert_str_eq(desk.harness.log, "");
    desk_end(&desk);
}
END_TEST

START_TEST(at_most_eight_users)
{
    struct desk desk;
    struct pm_alert_user users[PM_ALERT_USERS];
    char name[16];

    if (lacks_root())
        return;
    desk_init(&desk);
    desk_install(&desk, "/usr/bin/prlimit");
    desk_install(&desk, "/usr/bin/setpriv");
    desk_install(&desk, "/usr/bin/env");
    desk_install(&desk, "/usr/bin/notify-send");
    desk_open(&desk, &pm_alert_linux, true);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 0); /* nobody is there */
    for (uid_t i = 0; i < 12; i++) {
        uid_t uid = 1000 + i * 7 % 12;
        snprintf(name, sizeof name, "%d", (int)uid);
        add_session(&desk, name, uid, uid);
    }
    ck_assert_uint_eq(pm_alert_linux.find_users(desk.root, users), PM_ALERT_USERS);
    for (uint32_t i = 0; i < PM_ALERT_USERS; i++) {
        ck_assert_uint_eq(users[i].uid, 1000 + i);
        ck_assert_uint_eq(users[i].gid, 1001 + i);
    }
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), PM_ALERT_PROGRAMS);
    ck_assert_int_eq(desk_settle(&desk), PM_ALERT_USERS - PM_ALERT_PROGRAMS);
    desk_end(&desk);
}
END_TEST

/* The system's prlimit, setpriv and env, for once: what the last program finds itself to be. */
START_TEST(root_is_left_behind)
{
    static const char *const programs[] = {"/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/env"};
    struct desk desk;
    char path[128], script[512], expected[512];

    if (lacks_root())
        return;
    desk_init(&desk);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", desk.root, programs[i]);
        desk_write(&desk, "/usr/bin/", NULL, 0);
        ck_assert_int_eq(symlink(programs[i], path), 0);
        if (access(programs[i], X_OK) != 0) {
            fprintf(stderr, "# skipped: no %s\n", programs[i]);
            desk_end(&desk);
            return;
        }
    }
    snprintf(script, sizeof script,
             "#!/bin/sh\n{ ulimit -l; id -u; id -g; id -G; grep -h '^Cap[IPE]\\|^NoNew' "
             "/proc/self/status; "
             "echo \"$SECRET|$DBUS_SESSION_BUS_ADDRESS\"; } >>%s\n",
             desk.log);
    desk_write(&desk, "/usr/bin/notify-send", script, 0755);
    desk_write(&desk, "/log", "", 0666);
    desk_open(&desk, &pm_alert_linux, true);
    add_session(&desk, "1234", 1234, 1234);
    setenv("SECRET", "of root", 1);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 1);
    snprintf(expected, sizeof expected,
             "0\n1234\n1235\n1235\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
             "CapEff:\t0000000000000000\nNoNewPrivs:\t1\n|unix:path=%s/run/user/1234/bus\n",
             desk.root);
    desk_check_log(&desk, expected);
    ck_assert_str_eq(desk.harness.log, "");
    desk_end(&desk);
}
END_TEST

START_TEST(who_sits_at_the_screen)
{
    struct desk desk;
    char path[128];

    if (lacks_root())
        return;
    desk_init(&desk);
    desk_install(&desk, "/bin/launchctl");
    desk_install(&desk, "/usr/bin/sudo");
    desk_install(&desk, "/usr/bin/osascript");
    desk_open(&desk, &pm_alert_darwin, true);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 0); /* no console */
    desk_write(&desk, "/dev/console", "", 0600);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 0); /* the login window */
    snprintf(path, sizeof path, "%s/dev/console", desk.root);
    ck_assert_int_eq(chown(path, 501, 20), 0);
    desk_capture(&desk, 0, PAUSEMON_CAPTURE_ASKED);
    ck_assert_int_eq(desk_settle(&desk), 1);
    char *told = desk_log(&desk), start[256];
    snprintf(start, sizeof start,
             "launchctl[asuser][501][%s/usr/bin/sudo][-n][-u][#501][--][%s/usr/bin/osascript][-e]",
             desk.root, desk.root);
    ck_assert_int_eq(strncmp(told, start, strlen(start)), 0);
    free(told);
    desk_end(&desk);
}
END_TEST

/* ---- programs that misbehave ---- */

START_TEST(a_missing_program_is_said_once)
{
    struct desk desk;
    struct pausemon_error error = {0};
    char expected[512];

    desk_init(&desk);
    desk_open(&desk, &pm_alert_linux, false);
    desk_pause(&desk, 1, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, &error), PAUSEMON_ERR_NOT_FOUND);
    snprintf(expected, sizeof expected,
             "W: notifications do not work: %s/usr/bin/notify-send: No such file or directory "
             "(notify-send comes with the package libnotify-bin)\n",
             desk.root);
    ck_assert_str_eq(desk.harness.log, expected);
    ck_assert_ptr_nonnull(strstr(error.text, "libnotify-bin"));
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, &error), 0);
    desk_pause(&desk, 2, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_str_eq(desk.harness.log, expected);
    desk_install(&desk, "/usr/bin/notify-send"); /* it works again, and is said again */
    desk_pause(&desk, 3, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(desk_settle(&desk), 1);
    desk_write(&desk, "/usr/bin/notify-send", "#!/bin/sh\necho 'no bus' >&2; exit 1\n", 0755);
    for (int i = 4; i < 7; i++) {
        desk_pause(&desk, i, 9000, PAUSEMON_CAUSE_CPU);
        ck_assert_int_eq(desk_settle(&desk), 1);
    }
    ck_assert_str_eq(desk.harness.log + strlen(expected),
                     "W: notifications do not work: exit status 1: no bus\n");
    desk_end(&desk);
}
END_TEST

/* No run waits for it: four hang, and each call comes back with nothing to begin. */
START_TEST(one_that_hangs_delays_nothing)
{
    struct desk desk;

    desk_init(&desk);
    desk_write(&desk, "/usr/bin/notify-send", "#!/bin/sh\nexec sleep 1000\n", 0755);
    desk_open(&desk, &pm_alert_linux, false);
    for (int i = 1; i <= 6; i++)
        desk_pause(&desk, i, 9000, PAUSEMON_CAUSE_CPU);
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), PM_ALERT_PROGRAMS);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), 0);
    ck_assert_str_eq(desk.harness.log, "");
    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++) {
        ck_assert_int_eq(desk.alerts->programs[i].errand.limit_ns, INT64_C(10000000000));
        desk.alerts->programs[i].errand.deadline_ns = 0; /* the ten seconds are over */
    }
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), 0); /* they are killed … */
    for (size_t i = 0; i < PM_ALERT_PROGRAMS; i++) {
        struct pollfd end = {desk.alerts->programs[i].errand.child.pid_fd, POLLIN, 0};
        if (desk.alerts->programs[i].errand.is_running)
            ck_assert_int_eq(poll(&end, 1, 60000), 1);
    }
    ck_assert_int_eq(pausemon_alerts_run(desk.alerts, NULL), 2); /* … and the others have room */
    ck_assert_str_eq(desk.harness.log,
                     "W: notifications do not work: took longer than 10 s: ended\n");
    desk_end(&desk); /* with two that hang */
}
END_TEST

/* ---- probing ---- */

static void check_probe(const struct desk *desk, const struct pm_alert_system *system,
                        const char *address, bool everybody, int status, const char *part)
{
    struct pausemon_error error = {0};

    ck_assert_msg(pm_alerts_probe(system, desk->root, address, everybody, &error) == status, "%s",
                  error.text);
    ck_assert_msg(strstr(error.text, part) != NULL, "%s", error.text);
    ck_assert_int_eq(pm_alerts_probe(system, desk->root, address, everybody, NULL), status);
}

START_TEST(probing)
{
    struct desk desk;
    char name[16];

    desk_init(&desk);
    check_probe(&desk, &pm_alert_linux, NULL, false, PAUSEMON_ERR_NOT_FOUND, "libnotify-bin");
    check_probe(&desk, &pm_alert_darwin, NULL, false, PAUSEMON_ERR_NOT_FOUND, "osascript");
    desk_install(&desk, "/usr/bin/osascript");
    check_probe(&desk, &pm_alert_darwin, NULL, false, 0, "");
    desk_install(&desk, "/usr/bin/notify-send");
    check_probe(&desk, &pm_alert_linux, NULL, false, PAUSEMON_ERR_NOT_FOUND, "no session bus");
    check_probe(&desk, &pm_alert_linux, "", false, PAUSEMON_ERR_NOT_FOUND, "no session bus");
    check_probe(&desk, &pm_alert_linux, "unix:path=/x", false, 0, "");
    snprintf(name, sizeof name, "%d", (int)geteuid());
    if (geteuid() == 0) { /* chown is needed */
        add_session(&desk, name, geteuid(), geteuid());
        check_probe(&desk, &pm_alert_linux, NULL, false, 0, "");
    }
    check_probe(&desk, &pm_alert_linux, NULL, true, PAUSEMON_ERR_NOT_FOUND, "prlimit");
    desk_install(&desk, "/usr/bin/prlimit");
    desk_install(&desk, "/usr/bin/setpriv");
    desk_install(&desk, "/usr/bin/env");
    if (geteuid() == 0)
        check_probe(&desk, &pm_alert_linux, NULL, true, 0, "");
    else
        check_probe(&desk, &pm_alert_linux, NULL, true, PAUSEMON_ERR_DENIED, "only root");
    desk_write(&desk, "/usr/bin/notify-send", "", 0644);
    check_probe(&desk, &pm_alert_linux, "x", false, PAUSEMON_ERR_DENIED, "is not executable");
    /* of this machine: whatever it says, it says it without running anything */
    struct pausemon_error error = {0};
    int status = pausemon_alerts_probe(NULL, &error);
    ck_assert(status == 0 || (status < 0 && error.text[0]));
    desk_end(&desk);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alerts_programs");
    TCase *tcase = tcase_create("alerts_programs");

    tcase_add_test(tcase, a_pause_by_notify_send);
    tcase_add_test(tcase, elevated_and_captures_by_notify_send);
    tcase_add_loop_test(tcase, hostile_names, 0, 2 * sizeof names / sizeof names[0]);
    tcase_add_test(tcase, the_longest_text);
    tcase_add_test(tcase, osascript);
    tcase_add_test(tcase, each_user_with_a_session);
    tcase_add_test(tcase, at_most_eight_users);
    tcase_add_test(tcase, root_is_left_behind);
    tcase_add_test(tcase, who_sits_at_the_screen);
    tcase_add_test(tcase, a_missing_program_is_said_once);
    tcase_add_test(tcase, one_that_hangs_delays_nothing);
    tcase_add_test(tcase, probing);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
