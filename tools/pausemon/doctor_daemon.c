/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/client.h"
#include "common/files.h"
#include "common/self.h"
#include "pausemon/doctor.h"
#include "pausemon/live.h"
#include "pausemon/service.h"
#include "pausemon/setup.h"

#define SOCKET_LIMIT (sizeof((struct sockaddr_un *)0)->sun_path - 1)

/* ---- the place ---- */

/* Who may not look may not say that nobody is there. */
static int is_used(const struct place *place)
{
    struct stat info;
    pid_t pid;

    return files_lock_holder(place->lock, &pid) == 1 || lstat(place->socket, &info) == 0 ||
           errno == EACCES;
}

static int has_database(const struct place *place)
{
    return access(place->database, F_OK) == 0 || errno == EACCES;
}

/* Where a daemon works; else where one has worked; else where one of ours would. */
int doctor_find_place(struct doctor *doctor)
{
    const char *given = args_get(doctor->args, "data-dir");
    const int has_own = place_data(given, 0, &doctor->place) == 0;
    struct place system;

    if (given && !has_own)
        return args_fail(doctor->args->program, -1, "--data-dir: the path is empty or too long");
    if (given)
        return place_check(doctor->args->program, &doctor->place);
    place_data(NULL, 1, &system);
    if (!has_own ||
        (!is_used(&doctor->place) &&
         (is_used(&system) || (!has_database(&doctor->place) && has_database(&system)))))
        doctor->place = system;
    return place_check(doctor->args->program, &doctor->place);
}

/* ---- the daemon ---- */

/* Its status line. 0, or -1 and *why. */
static int hear(struct doctor *doctor, struct client *client, const char **why)
{
    const int64_t deadline_ms = client_now_ms() + LIVE_PATIENCE_MS;
    struct message *message = &doctor->status;
    enum client_status got = CLIENT_LINE;
    const char *line;
    size_t length;
    int understood = 0;

    while (client_now_ms() < deadline_ms && understood == 0) {
        got = client_read(client, deadline_ms, &line, &length);
        if (got == CLIENT_WAIT)
            continue;
        understood = got == CLIENT_LINE ? message_read(message, line, length) : -1;
        if (understood == 0 && strcmp(message->type, "status") == 0)
            return 0;
    }
    *message = (struct message){.type = ""};
    *why = understood == -2         ? "runs; what it says cannot be read: built without JSON"
           : got == CLIENT_GONE     ? "took the connection and ended it"
           : got == CLIENT_TOO_LONG ? "what answers is no pausemond: a line that is too long"
           : understood             ? "what answers is no pausemond: a line that is no message"
                                    : "took the connection and does not answer: it hangs";
    return understood == -2 ? 0 : -1;
}

/* What it says of itself that is not as it should be. */
static void judge(struct doctor *doctor)
{
    const struct message *status = &doctor->status;
    const size_t before = doctor->count;

    if (strcmp(status->version, pausemon_version()) != 0)
        doctor_find(doctor, DOCTOR_LIMITED,
                    "start it again: systemctl restart pausemond, or the like",
                    "the daemon is of version %s, this program of %s",
                    status->version[0] ? status->version : "unknown", pausemon_version());
    if (strcmp(status->disk, "read-only") == 0)
        doctor_find(doctor, DOCTOR_BROKEN, "run the newer version again, or move the database away",
                    "the database is of a newer version: nothing is recorded");
    else if (status->disk[0] && strcmp(status->disk, "ok") != 0)
        doctor_find(doctor, DOCTOR_BROKEN,
                    "see the daemon's log: journalctl -u pausemond, or stderr",
                    "what it sees cannot be written: disk %s", status->disk);
    if (status->dropped_records > 0)
        doctor_find(doctor, DOCTOR_LIMITED, "its disk was too slow or full for a long time",
                    "%" PRId64 " records were lost since it began", status->dropped_records);
    if (strcmp(status->budget, "over") == 0)
        doctor_find(doctor, DOCTOR_LIMITED,
                    "a higher monitor.budget_permille or monitor.interval_ms",
                    "it uses more of the processor than it may, and looks less often");
    if (strcmp(status->heartbeat, "refused") == 0)
        doctor_find(doctor, DOCTOR_LIMITED, "see the daemon's log",
                    "its heartbeat could not be started: short pauses are not seen");
    if (doctor->count == before)
        doctor_find(doctor, DOCTOR_OK, NULL, "runs%s, pid %jd, version %s",
                    doctor->place.is_system ? " for the whole machine" : "", (intmax_t)doctor->pid,
                    status->version);
}

/* Who it is: the lock says so, or else it does itself. */
static void find_pid(struct doctor *doctor)
{
    char path[64];
    struct stat info;

    if (files_lock_holder(doctor->place.lock, &doctor->pid) != 1)
        doctor->pid = doctor->status.pid > 0 && doctor->status.pid <= INT32_MAX
                          ? (pid_t)doctor->status.pid
                          : 0;
    snprintf(path, sizeof path, "/proc/%jd", (intmax_t)doctor->pid);
    if (doctor->pid > 0 && stat(path, &info) == 0)
        doctor->is_foreign = info.st_uid != geteuid();
}

static void judge_absence(struct doctor *doctor, int why)
{
    const int is_refused = why == EACCES || why == EPERM;
    char advice[PLACE_ADVICE];

    doctor->is_foreign |= is_refused;
    place_advice(advice, sizeof advice, doctor->place.socket);
    if (is_refused)
        doctor_find(doctor, DOCTOR_LIMITED, advice, "its socket may not be opened by you");
    else if (why == EAGAIN)
        doctor_find(doctor, DOCTOR_BROKEN, "end it and start it again",
                    "it takes no connections: it hangs, or serves too many");
    else if (why != ENOENT && why != ENOTDIR && why != ECONNREFUSED && why != ENAMETOOLONG)
        doctor_find(doctor, DOCTOR_BROKEN, NULL, "it cannot be reached (error %d)", why);
    else if (doctor->pid > 0)
        doctor_find(doctor, DOCTOR_BROKEN, "end it and start it again",
                    "pid %jd holds the lock, and nobody listens on its socket",
                    (intmax_t)doctor->pid);
    else
        doctor_find(doctor, DOCTOR_LIMITED, "`pausemon install`, or for now `pausemon daemon`",
                    "none runs: pauses are neither seen nor recorded");
}

void doctor_daemon(struct doctor *doctor)
{
    struct client client;
    const char *why = NULL;

    int connected = client_open(&client, doctor->place.socket) == 0;
    int os_errno = errno;
    int heard = connected ? hear(doctor, &client, &why) : -1;
    client_close(&client);
    find_pid(doctor);
    if (!connected)
        judge_absence(doctor, os_errno);
    else if (!why)
        judge(doctor);
    else
        doctor_find(doctor, heard < 0 ? DOCTOR_BROKEN : DOCTOR_OK,
                    heard < 0 ? "end it and start it again" : NULL, "%s", why);
}

/* ---- its socket ---- */

void doctor_socket(struct doctor *doctor)
{
    const char *path = doctor->place.socket;
    char advice[PLACE_ADVICE];
    struct stat info;

    place_advice(advice, sizeof advice, path);
    if (strlen(path) > SOCKET_LIMIT)
        doctor_find(doctor, DOCTOR_BROKEN, "a shorter --data-dir",
                    "the path %s has %zu bytes, this system allows %zu", path, strlen(path),
                    SOCKET_LIMIT);
    else if (lstat(path, &info) < 0 && errno == EACCES)
        doctor_find(doctor, DOCTOR_LIMITED, advice, "%s is out of your reach", path);
    else if (lstat(path, &info) < 0)
        doctor_find(doctor, DOCTOR_OK, NULL, "%s: it is there while a daemon runs", path);
    else if (!S_ISSOCK(info.st_mode))
        doctor_find(doctor, DOCTOR_BROKEN, "move it away: the daemon does not touch it",
                    "%s is there and is no socket", path);
    else if (info.st_mode & S_IWOTH)
        doctor_find(doctor, DOCTOR_LIMITED, "chmod o-w it; the daemon makes it so at its start",
                    "everybody can connect to %s", path);
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "%s (mode %04o, group %ju)", path,
                    (unsigned)info.st_mode & 0777, (uintmax_t)info.st_gid);
}

/* ---- the service ---- */

/* 1: it is there; *is_same: it is what this program would write. */
static int look_at_service(struct service *service, int *is_same)
{
    char there[SERVICE_TEXT_SIZE];
    struct service_text text;
    const char *base, *below;

    service_directory(service, &base, &below);
    int directory = files_open_directory(base, below, 0);
    if (directory < 0)
        return 0;
    int length = files_read(directory, service->manager->file, there, sizeof there);
    int found = length >= 0 || errno != ENOENT;
    close(directory);
    *is_same = length < 0 || service_write(&text, service) || strcmp(there, text.bytes) == 0;
    return found;
}

void doctor_service(struct doctor *doctor)
{
    char program[PLACE_SIZE], path[PLACE_SIZE];
    int is_same = 0;
    struct service service = {
        .manager = service_manager_named(NULL),
        .program = program,
        .is_system = doctor->place.is_system,
    };

    setup_find_user(&service);
    if (args_get(doctor->args, "data-dir")) {
        doctor_find(doctor, DOCTOR_OK, NULL, "not asked: --data-dir names a place of its own");
        return;
    }
    if (self_beside(program, "pausemond") < 0 || (!service.is_system && !service.home)) {
        doctor_find(doctor, DOCTOR_OK, NULL, "not known: no home, or no path of this program");
        return;
    }
    service_path(&service, path);
    if (!look_at_service(&service, &is_same))
        doctor_find(doctor, DOCTOR_LIMITED,
                    service.is_system ? "`sudo pausemon install --system`" : "`pausemon install`",
                    "not installed: nobody starts the daemon with the machine");
    else if (!is_same)
        doctor_find(doctor, DOCTOR_LIMITED,
                    "`pausemon install` shows how; with --force it replaces it",
                    "%s is not what this version would write", path);
    else
        doctor_find(doctor, DOCTOR_OK, NULL, "%s", path);
}
