/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "pausemon/service.h"

#define SYSTEMCTL "/usr/bin/systemctl"
#define UNIT "pausemond.service"

/* Why each thing is as it is: docs/decisions/0016-service.md. */

static const char both_head[] =
    "# " SERVICE_MARK ". Changes belong into a file beside it: `systemctl%s edit pausemond`.\n"
    "[Unit]\n"
    "Description=pausemon: tells what froze this machine\n"
    "# A configuration that is no good is not tried for ever.\n"
    "StartLimitIntervalSec=300\n"
    "StartLimitBurst=10\n"
    "\n"
    "[Service]\n"
    "Type=notify\n";

static const char both_run[] =
    "ExecReload=/bin/kill -HUP $MAINPID\n"
    "Restart=on-failure\n"
    "RestartSec=5\n"
    "# Answered from the loop that looks at the processes: a daemon that hangs is started anew.\n"
    "WatchdogSec=60\n"
    "TimeoutStopSec=30\n"
    "# A tool that gathers evidence and is killed for its memory ends alone.\n"
    "OOMPolicy=continue\n"
    "\n"
    "# No Nice= and no CPUScheduling*=: the heartbeat must feel what ordinary programs feel. The\n"
    "# daemon itself raises those of its threads that are to be ahead.\n";

static const char system_run[] =
    "OOMScoreAdjust=-500\n"
    "IOSchedulingClass=best-effort\n"
    "IOSchedulingPriority=2\n"
    "LimitMEMLOCK=infinity\n"
    "LimitRTPRIO=99\n"
    "TasksMax=128\n"
    "\n"
    "# Socket and lock. The daemon gives them to the group " SERVICE_GROUP ". Its data, "
    "/var/lib/pause-monitor,\n"
    "# is no StateDirectory=: at each start that would give all of it back to root's group.\n"
    "RuntimeDirectory=pause-monitor\n"
    "RuntimeDirectoryMode=0750\n"
    "UMask=0077\n";

static const char system_files[] =
    "\n"
    "# Files: all is read-only, but for\n"
    "ProtectSystem=strict\n"
    "ReadWritePaths=/var/lib/pause-monitor\n"
    "# the flight recorder's own instance of the kernel's tracer (forensics.flight_recorder), and\n"
    "ReadWritePaths=-/sys/kernel/tracing/instances\n"
    "# where node_exporter reads (metrics.textfile_dir). For another place add a line like it.\n"
    "ReadWritePaths=-/var/lib/prometheus/node-exporter -/var/lib/node_exporter/textfile_collector\n"
    "# read-only, not hidden: sessions are told of pauses through /run/user.\n"
    "ProtectHome=read-only\n"
    "PrivateTmp=yes\n"
    "ProtectKernelTunables=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectControlGroups=yes\n"
    "ProtectClock=yes\n"
    "ProtectHostname=yes\n"
    "# Not ProtectKernelLogs=, not PrivateDevices=: /dev/kmsg tells what the kernel said of a\n"
    "# freeze. No other device can be opened.\n"
    "DevicePolicy=closed\n"
    "DeviceAllow=/dev/kmsg r\n"
    "# ProtectProc=, ProcSubset= and PrivateUsers= stay as they are: it looks at every process.\n";

static const char system_rights[] =
    "\n"
    "# Rights: SYS_PTRACE, DAC_READ_SEARCH: other users' processes; SYSLOG: /dev/kmsg; SYS_NICE,\n"
    "# IPC_LOCK, SYS_RESOURCE: to run while others cannot, and short windows of pressure; SETUID,\n"
    "# SETGID, KILL: notifications run as the user they are for; CHOWN: the group " SERVICE_GROUP
    ".\n"
    "CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_SYSLOG CAP_SYS_NICE "
    "CAP_IPC_LOCK\n"
    "CapabilityBoundingSet=CAP_SYS_RESOURCE CAP_SETUID CAP_SETGID CAP_KILL CAP_CHOWN\n"
    "# SYS_ADMIN is not among them, though kernel stacks of stuck tasks need it: it is nearly all\n"
    "# of root. Who wants them adds CapabilityBoundingSet=CAP_SYS_ADMIN.\n";

static const char both_rights[] =
    "NoNewPrivileges=yes\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "# Not RestrictRealtime=: the heartbeat's guard runs at real-time priority where it may.\n"
    "RestrictNamespaces=yes\n"
    "RestrictSUIDSGID=yes\n"
    "# Its clients, the journal and the desktop's bus are sockets of this machine. A program of\n"
    "# your own (forensics.hook) that needs the network: add RestrictAddressFamilies=AF_INET "
    "AF_INET6%s\n"
    "RestrictAddressFamilies=AF_UNIX\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallErrorNumber=EPERM\n";

static const char system_network[] = "IPAddressDeny=any\n";

/* In double quotes: what has a meaning there. */
static void add_quoted(struct service_text *text, const char *word)
{
    service_add(text, "\"");
    for (; *word; word++)
        service_add(text, "%s%c",
                    *word == '%'                    ? "%"
                    : *word == '"' || *word == '\\' ? "\\"
                                                    : "",
                    *word);
    service_add(text, "\"");
}

/* The manager of a session need not have the variables that this shell has. */
static void add_variable(struct service_text *text, const char *name, const char *value)
{
    char word[PLACE_SIZE + 32];

    if (!value)
        return;
    snprintf(word, sizeof word, "%s=%s", name, value);
    service_add(text, "Environment=");
    add_quoted(text, word);
    service_add(text, "\n");
}

static void write_unit(struct service_text *text, const struct service *service)
{
    const int is_system = service->is_system;

    service_add(text, both_head, is_system ? "" : " --user");
    service_add(text, "ExecStart=");
    add_quoted(text, service->program);
    service_add(text, "%s\n", is_system ? " --system" : "");
    if (!is_system) {
        add_variable(text, "XDG_CONFIG_HOME", service->config_home);
        add_variable(text, "XDG_DATA_HOME", service->data_home);
    }
    service_add(text, "%s", both_run);
    if (is_system)
        service_add(text, "%s%s%s", system_run, system_files, system_rights);
    service_add(text, both_rights,
                is_system ? "\n# and IPAddressDeny= with nothing behind it." : ".");
    if (is_system)
        service_add(text, "%s", system_network);
    service_add(text, "\n[Install]\nWantedBy=%s\n",
                is_system ? "multi-user.target" : "default.target");
}

/* ---- systemctl ---- */

static void step(struct service_steps *steps, const struct service *service, int may_fail,
                 const char *verb, const char *option)
{
    const char *unit = option ? UNIT : NULL;

    if (service->is_system)
        service_step(steps, may_fail, SYSTEMCTL, verb, option, unit, (char *)NULL);
    else
        service_step(steps, may_fail, SYSTEMCTL, "--user", verb, option, unit, (char *)NULL);
}

static void start(struct service_steps *steps, const struct service *service, int is_new)
{
    steps->count = 0;
    step(steps, service, 0, "daemon-reload", NULL);
    step(steps, service, 0, "enable", "--now");
    if (!is_new) /* what runs is of the file before */
        step(steps, service, 0, "restart", "--");
}

static void stop(struct service_steps *steps, const struct service *service)
{
    steps->count = 0;
    step(steps, service, 0, "disable", "--now");
}

static void forget(struct service_steps *steps, const struct service *service)
{
    steps->count = 0;
    step(steps, service, 0, "daemon-reload", NULL);
}

const struct service_manager service_systemd = {
    .name = "systemd",
    .file = UNIT,
    .system_directory = "etc/systemd/system",
    .user_directory = ".config/systemd/user",
    .xdg_directory = "systemd/user",
    .write = write_unit,
    .start = start,
    .stop = stop,
    .forget = forget,
    .unwritable = "\"'\\",
};
