/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pausemon/doctor.h"

#define FILE_SIZE 4096
#define MAX_OTHERS 256 /* looked at: enough to judge */
#define INSTALL "`sudo pausemon install --system` gives it"

/* The beginning of a file of the kernel's. Its length, or -1 and errno. */
static int read_start(const char *path, char text[FILE_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = fd < 0 ? -1 : read(fd, text, FILE_SIZE - 1);
    int why = errno;

    if (fd >= 0)
        close(fd);
    errno = why;
    text[length > 0 ? length : 0] = '\0';
    return (int)length;
}

/* A file of the process whose rights count. */
static int read_subject(const struct doctor *doctor, const char *name, char text[FILE_SIZE])
{
    char path[64];

    if (doctor->pid > 0)
        snprintf(path, sizeof path, "/proc/%jd/%s", (intmax_t)doctor->pid, name);
    else
        snprintf(path, sizeof path, "/proc/self/%s", name);
    return read_start(path, text);
}

/* Where somebody else's daemon may work, whose rights one may not see; said then. */
static int is_hidden(struct doctor *doctor)
{
    if (!doctor->is_foreign || doctor->pid > 0)
        return 0;
    doctor_find(doctor, DOCTOR_OK, NULL, "not known: you may not see which daemon works here");
    return 1;
}

/* What stands behind a key at the beginning of a line; NULL. */
static const char *value_of(const char *text, const char *key)
{
    for (const char *at = text; (at = strstr(at, key)); at++)
        if (at == text || at[-1] == '\n')
            return at + strlen(key);
    return NULL;
}

/* ---- rights ---- */

static const struct {
    int bit, instead; /* either will do */
    const char *name, *loses;
    int counts; /* the service that is installed has it */
} rights[] = {
    {19, 19, "CAP_SYS_PTRACE", "other users' processes are seen in part", 1},
    {2, 1, "CAP_DAC_READ_SEARCH", "what other users' processes read and write is not known", 1},
    {34, 34, "CAP_SYSLOG", "the kernel's messages of a freeze may be missing", 1},
    {24, 24, "CAP_SYS_RESOURCE", "pressure is felt later", 1},
    {21, 21, "CAP_SYS_ADMIN", "kernel stacks of stuck tasks are not read", 0},
};

/* Capabilities of the subject; 0, or -1: not known. */
static int read_capabilities(const struct doctor *doctor, uint64_t *bits)
{
    char text[FILE_SIZE];
    const char *value = read_subject(doctor, "status", text) > 0 ? value_of(text, "CapEff:") : NULL;

    *bits = value ? strtoull(value, NULL, 16) : 0;
    return value ? 0 : -1;
}

void doctor_rights(struct doctor *doctor)
{
    char missing[DOCTOR_TEXT] = "";
    size_t used = 0;
    uint64_t bits;
    int counts = 0;

    if (is_hidden(doctor))
        return;
    if (read_capabilities(doctor, &bits) < 0) {
        doctor_find(doctor, DOCTOR_LIMITED, NULL, "not known: /proc cannot be read");
        return;
    }
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        if ((bits >> rights[i].bit | bits >> rights[i].instead) & 1)
            continue;
        counts |= rights[i].counts;
        int length = snprintf(missing + used, sizeof missing - used, "%s%s (%s)", used ? ", " : "",
                              rights[i].name, rights[i].loses);
        used += length > 0 && (size_t)length < sizeof missing - used ? (size_t)length : 0;
    }
    if (!used)
        doctor_find(doctor, DOCTOR_OK, NULL, "%s has all that are of use", doctor_subject(doctor));
    else
        doctor_find(doctor, counts ? DOCTOR_LIMITED : DOCTOR_OK, counts ? INSTALL : NULL,
                    "%s lacks %s", doctor_subject(doctor), missing);
}

/* ---- other users' processes ---- */

/* 1: it is of somebody else; *may: what it reads and writes can be read. */
static int try_other(const char *pid, int *may)
{
    char path[300], text[FILE_SIZE];
    struct stat info;

    snprintf(path, sizeof path, "/proc/%s", pid);
    if (pid[0] < '0' || pid[0] > '9' || stat(path, &info) < 0 || info.st_uid == geteuid())
        return 0;
    snprintf(path, sizeof path, "/proc/%s/io", pid);
    *may = read_start(path, text) >= 0 || (errno != EACCES && errno != EPERM);
    return 1;
}

void doctor_others(struct doctor *doctor)
{
    const struct dirent *entry;
    int others = 0, refused = 0, may = 0;

    DIR *processes = opendir("/proc");
    while (processes && others < MAX_OTHERS && (entry = readdir(processes)))
        if (try_other(entry->d_name, &may)) {
            others++;
            refused += !may;
        }
    if (processes)
        closedir(processes);
    const int counts = refused > 0 && !doctor->is_foreign;
    if (refused == 0)
        doctor_find(doctor, DOCTOR_OK, NULL, "what they read and write can be read (%d processes)",
                    others);
    else
        doctor_find(doctor, counts ? DOCTOR_LIMITED : DOCTOR_OK, counts ? INSTALL : NULL,
                    "of %d processes of other users it is not known what %d read and write%s",
                    others, refused, counts ? "" : " (with your rights; the daemon has others)");
}

/* ---- pressure ---- */

void doctor_pressure(struct doctor *doctor)
{
    static const char *const files[] = {"cpu", "memory", "io"};
    char path[64], text[FILE_SIZE];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "/proc/pressure/%s", files[i]);
        if (read_start(path, text) > 0)
            continue;
        doctor_find(doctor, DOCTOR_LIMITED, "start the kernel with psi=1 (it needs CONFIG_PSI)",
                    "no pressure of %s is told (error %d): pauses of its making are judged by less",
                    files[i], errno);
        return;
    }
    doctor_find(doctor, DOCTOR_OK, NULL, "the kernel tells that of cpu, memory and io");
}

/* ---- memory ---- */

void doctor_memory(struct doctor *doctor)
{
    struct rlimit limit = {0, 0};
    char text[FILE_SIZE];
    const char *locked;
    uint64_t bits;

    if (is_hidden(doctor))
        return;
    if (doctor->pid > 0) {
        locked = read_subject(doctor, "status", text) > 0 ? value_of(text, "VmLck:") : NULL;
        const int is_locked = locked && strtoull(locked, NULL, 10) > 0;
        doctor_find(doctor, is_locked ? DOCTOR_OK : DOCTOR_LIMITED,
                    is_locked ? NULL : INSTALL "; or LimitMEMLOCK=infinity for yours",
                    is_locked ? "the daemon's is locked"
                              : "the daemon's may be swapped out, just when it is needed");
        return;
    }
    getrlimit(RLIMIT_MEMLOCK, &limit);
    const int may = limit.rlim_cur == RLIM_INFINITY ||
                    (read_capabilities(doctor, &bits) == 0 && bits >> 14 & 1); /* CAP_IPC_LOCK */
    doctor_find(doctor, may ? DOCTOR_OK : DOCTOR_LIMITED, may ? NULL : INSTALL,
                may ? "%s may lock it" : "%s may not lock all of it: RLIMIT_MEMLOCK, CAP_IPC_LOCK",
                doctor_subject(doctor));
}

/* ---- scheduling ---- */

static void *do_nothing(void *user)
{
    return user;
}

/* By a thread that ends at once: limits and groups decide beside the capability. 0, or an errno. */
static int try_real_time(void)
{
    struct sched_param wish = {.sched_priority = 1};
    pthread_attr_t attributes;
    pthread_t thread;

    int why = pthread_attr_init(&attributes);
    if (why)
        return why;
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &wish);
    why = pthread_create(&thread, &attributes, do_nothing, NULL);
    if (why == 0)
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return why;
}

/* The 41st field of a thread's stat is its policy; behind the name, which may hold anything. */
static int is_real_time(const char *stat)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at && field < 41; field++)
        at = strchr(at + 1, ' ');
    return at && (at[1] == '1' || at[1] == '2') && at[2] == ' '; /* FIFO, RR */
}

/* Has the daemon a thread that does? -1: not known. */
static int has_real_time(const struct doctor *doctor)
{
    char path[300], text[FILE_SIZE];
    const struct dirent *entry;
    int found = 0;

    snprintf(path, sizeof path, "/proc/%jd/task", (intmax_t)doctor->pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return -1;
    while (!found && (entry = readdir(tasks))) {
        snprintf(path, sizeof path, "/proc/%jd/task/%s/stat", (intmax_t)doctor->pid, entry->d_name);
        found = entry->d_name[0] != '.' && read_start(path, text) > 0 && is_real_time(text);
    }
    closedir(tasks);
    return found;
}

void doctor_scheduling(struct doctor *doctor)
{
    static const char loses[] = "what happens during a freeze is seen when it is over";
    int64_t is_wanted = 1;

    if (is_hidden(doctor))
        return;
    if (doctor->config)
        pausemon_config_get_number(doctor->config, "heartbeat.enabled", &is_wanted);
    if (!is_wanted) {
        doctor_find(doctor, DOCTOR_LIMITED, "heartbeat.enabled = true",
                    "there is no heartbeat: pauses are seen by the looks alone");
        return;
    }
    const int has = doctor->pid > 0 ? has_real_time(doctor) : try_real_time() == 0;
    if (has < 0)
        doctor_find(doctor, DOCTOR_LIMITED, NULL, "not known: /proc cannot be read");
    else
        doctor_find(doctor, has ? DOCTOR_OK : DOCTOR_LIMITED,
                    has ? NULL : INSTALL "; or LimitRTPRIO=99 for yours (CAP_SYS_NICE)",
                    has ? "%s has real time for its heartbeat's guard%s"
                        : "%s has no real time for its heartbeat's guard: %s",
                    doctor_subject(doctor), has ? "" : loses);
}

/* ---- the machine ---- */

/* Those that are read by asking a device, a microsecond and more each. */
static int is_slow(const char *name)
{
    static const char *const slow[] = {"acpi_pm", "hpet", "pit", "jiffies", "refined-jiffies"};

    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++)
        if (strcmp(slow[i], name) == 0)
            return 1;
    return 0;
}

void doctor_clock(struct doctor *doctor)
{
    char name[FILE_SIZE];

    if (read_start("/sys/devices/system/clocksource/clocksource0/current_clocksource", name) <= 0) {
        doctor_find(doctor, DOCTOR_OK, NULL, "its source is not known");
        return;
    }
    name[strcspn(name, "\n")] = '\0';
    doctor_find(doctor, is_slow(name) ? DOCTOR_LIMITED : DOCTOR_OK,
                is_slow(name)
                    ? "the kernel's log says why it gave up a better one: dmesg | grep -i tsc"
                    : NULL,
                is_slow(name) ? "%s: each reading of it is slow, and looks cost more" : "%s", name);
}

/* The eighth number of "cpu ". */
static int64_t read_steal(void)
{
    char text[FILE_SIZE];
    const char *at = read_start("/proc/stat", text) > 0 ? value_of(text, "cpu ") : NULL;

    while (at && *at == ' ')
        at++;
    for (int field = 1; at && field < 8; field++)
        at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
    return at ? (int64_t)strtoull(at, NULL, 10) : -1;
}

/* The flags of the first processor come within the first lines. */
static int is_virtual(void)
{
    char text[FILE_SIZE];

    return (read_start("/proc/cpuinfo", text) > 0 && strstr(text, " hypervisor")) ||
           access("/sys/hypervisor/type", F_OK) == 0;
}

void doctor_machine(struct doctor *doctor)
{
    const int64_t steal = read_steal();

    if (!is_virtual())
        doctor_find(doctor, DOCTOR_OK, NULL, "not known to be a virtual one");
    else if (steal > 0)
        doctor_find(doctor, DOCTOR_OK, NULL,
                    "a virtual one, and it is told what is stolen from it");
    else
        doctor_find(doctor, DOCTOR_OK, NULL,
                    "a virtual one; no stolen time was told yet: that there was none, or that its "
                    "host does not say");
}
