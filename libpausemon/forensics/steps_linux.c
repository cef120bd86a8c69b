/* SPDX-License-Identifier: MIT */
/* What is to be had of a Linux. Compiled everywhere, so that the table is tested everywhere. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "forensics/forensics.h"
#include "forensics/probe.h"
#include "forensics/words.h"

#define LIMIT(field) .limit = offsetof(struct pausemon_config, field)
#define SETTING(name, field) .setting = name, .setting_at = offsetof(struct pausemon_config, field)

/* ---- command lines ---- */

/* In a program: reading the command line of a process that is stuck may never end. */
static bool add_cmdlines(struct pm_capture *capture, struct pm_words *words)
{
    char file[64], path[PATH_MAX];
    bool fits = true;

    pm_moment_add_parties(capture);
    for (size_t i = 0; fits && i < capture->pid_count; i++) {
        snprintf(file, sizeof file, "/proc/%lld/cmdline", (long long)capture->pids[i]);
        fits = pm_forensics_path(capture->forensics, file, path) == 0 && pm_words_add(words, path);
    }
    return capture->pid_count > 0;
}

/* ---- what can be had ---- */

static void probe_pressure(struct pm_probe *probe)
{
    if (pm_probe_open(probe, "/proc/vmstat") != 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_MISSING, "/proc cannot be read");
    else if (pm_probe_open(probe, "/proc/pressure/memory") != 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_LIMITED,
                      "this kernel tells no pressure (PSI): start it with psi=1");
}

static void probe_stuck(struct pm_probe *probe)
{
    char path[PATH_MAX], byte;
    int length = snprintf(path, sizeof path, "%s/proc/self/stack", probe->root);
    int fd = length > 0 && (size_t)length < sizeof path
                 ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                 : -1;

    /* It opens for everybody; reading is what is refused. */
    if (fd < 0 || read(fd, &byte, 1) < 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_LIMITED,
                      "kernel stacks cannot be read, only where tasks wait: needs root");
    if (fd >= 0)
        close(fd);
}

static void probe_trace(struct pm_probe *probe)
{
    struct pausemon_error why;
    char root[PATH_MAX];

    snprintf(root, sizeof root, "%.*s/sys/kernel/tracing", PATH_MAX - 64, probe->root);
    if (pm_recorder_probe(probe->root[0] ? root : NULL, &why) < 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_MISSING, "%s", why.text);
}

/* 0: its own file of this machine's journal may be read; an errno. */
static int open_journal(const struct pm_probe *probe, const char *directory, const char *machine)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s/system.journal", directory, machine);
    return pm_probe_open(probe, path);
}

static bool read_machine(const struct pm_probe *probe, char machine[33])
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/etc/machine-id", probe->root);
    int fd = length > 0 && (size_t)length < sizeof path
                 ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                 : -1;
    ssize_t got = fd < 0 ? -1 : read(fd, machine, 32);

    if (fd >= 0)
        close(fd);
    machine[got > 0 ? got : 0] = '\0';
    return strspn(machine, "0123456789abcdef") == 32;
}

/* What journalctl will tell depends on who may read the system's journal. */
static void probe_log(struct pm_probe *probe)
{
    char machine[33];
    int kept = ENOENT, volatile_one = ENOENT, kmsg = pm_probe_open(probe, "/dev/kmsg");

    if (probe->has_program && read_machine(probe, machine)) {
        kept = open_journal(probe, "/var/log/journal", machine);
        volatile_one = open_journal(probe, "/run/log/journal", machine);
    }
    if (kept == 0 || volatile_one == 0)
        return;
    if (kept == EACCES || volatile_one == EACCES)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_LIMITED,
                      "only your own messages can be read: join the group systemd-journal or adm");
    else if (kmsg == 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_LIMITED,
                      "there is no journal: only the kernel's own messages");
    else
        pm_probe_note(probe, PAUSEMON_ARTIFACT_MISSING,
                      "there is no journal, and /dev/kmsg cannot be read: needs root");
    if (kmsg != 0 && kept != EACCES && volatile_one != EACCES)
        probe->state = PAUSEMON_ARTIFACT_MISSING;
}

/* ---- the table ---- */

static const char *const head[] = {"/usr/bin/head", "/bin/head", NULL};
static const char *const head_words[] = {"-v", "-c", "4096", "--", NULL};
static const char *const journalctl[] = {"/usr/bin/journalctl", "/bin/journalctl", NULL};
static const char *const journalctl_words[] = {
    "-o", "short-iso-precise", "--since=@{since}", "--until=@{until}", "--no-pager", "-q", NULL};

static const struct pm_step steps[] = {
    {.name = "ring_buffer.json", .write = pm_artifact_ring, .of_moment = true},
    {.name = "processes.json", .write = pm_artifact_processes, .of_moment = true},
    {.name = "pressure.json",
     .write = pm_artifact_pressure,
     .of_moment = true,
     .probe = probe_pressure},
    {.name = "stuck.txt", .write = pm_artifact_stuck, .of_moment = true, .probe = probe_stuck},
    {.name = "trace.txt",
     .write = pm_artifact_trace,
     SETTING("forensics.flight_recorder", flight_recorder),
     .probe = probe_trace},
    {.name = "cmdlines.txt",
     .programs = head,
     .arguments = head_words,
     .words = add_cmdlines,
     LIMIT(steps_timeout),
     .is_text = true,
     SETTING("forensics.cmdline", cmdline)},
    {.name = "system.log",
     .programs = journalctl,
     .arguments = journalctl_words,
     .instead = pm_artifact_kmsg,
     .instead_name = "the kernel's own log",
     LIMIT(logs_timeout),
     .is_text = true,
     .probe = probe_log},
};

const struct pm_steps pm_steps_linux = {steps, sizeof steps / sizeof steps[0], true};

#ifndef __APPLE__
const struct pm_steps *pm_steps_here(void)
{
    return &pm_steps_linux;
}
#endif
