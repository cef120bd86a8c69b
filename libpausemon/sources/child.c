/* SPDX-License-Identifier: MIT */
#include "sources/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#ifdef __linux__
#include <sys/syscall.h>
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1u << 2) /* since Linux 6.9 */
#endif
#endif

extern char **environ;

#define END_WAIT_MS 200
#define END_STEP_MS 5

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Both ends close on exec and lie above stdio, so that no dup2 in the child overwrites one. */
static int make_pipe(int ends[2])
{
    int raw[2];

    ends[0] = ends[1] = -1;
#ifdef __linux__
    if (pipe2(raw, O_CLOEXEC) < 0) /* nobody who forks meanwhile takes it along */
        return -errno;
#else
    if (pipe(raw) < 0)
        return -errno;
#endif
    for (int i = 0; i < 2; i++)
        ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
    int status = ends[0] < 0 || ends[1] < 0 ? -errno : 0;
    close(raw[0]);
    close(raw[1]);
    if (status == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
        status = -errno;
    if (status < 0) {
        close_fd(&ends[0]);
        close_fd(&ends[1]);
    }
    return status;
}

/* The environment with LC_ALL=C: numbers and dates as the parsers know them. */
static char **make_environment(const struct pm_host *host)
{
    const char *locale = "LC_ALL=C";
    size_t count = 0, used = 0;

    while (environ && environ[count])
        count++;
    char **copy = pm_alloc(host, (count + 2) * sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            copy[used++] = environ[i];
    copy[used] = (char *)(uintptr_t)locale; /* nobody writes to it: posix_spawn copies */
    return copy;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int out,
                  int err)
{
    sigset_t all, none;
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    int status = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    sigfillset(&all);
    sigemptyset(&none);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, out, 1);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, err, 2);
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#else
    if (status == 0)
        status = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, flags);
    return status;
}

static int spawn(struct pm_child *child, const char *const *argv, char **environment, int out,
                 int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0)
        return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = set_up(&actions, &attributes, out, err);
        if (status == 0)
            status = posix_spawn(&child->pid, argv[0], &actions, &attributes,
                                 (char *const *)(uintptr_t)argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

/* The pid is the child's as long as its output is open: whoever holds the pidfd then holds the
 * child, even if the host reaps everything. */
static void hold(struct pm_child *child)
{
#ifdef __linux__
    struct pollfd output = {child->out_fd, POLLIN, 0};

    child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pid_fd >= 0 && poll(&output, 1, 0) > 0 && output.revents & POLLHUP)
        close_fd(&child->pid_fd);
#else
    (void)child;
#endif
}

int pm_child_start(struct pm_child *child, const char *const *argv, const struct pm_host *host,
                   struct pausemon_error *error)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};

    *child = PM_CHILD_NONE;
    char **environment = make_environment(host);
    if (!environment)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "%s: out of memory", argv[0]);
    int status = make_pipe(out);
    if (status == 0)
        status = make_pipe(err);
    if (status == 0)
        status = -spawn(child, argv, environment, out[1], err[1]);
    pm_free(host, environment);
    close_fd(&out[1]);
    close_fd(&err[1]);
    if (status < 0) {
        close_fd(&out[0]);
        close_fd(&err[0]);
        return pm_fail_os(error, -status, "cannot start %s", argv[0]);
    }
    child->out_fd = out[0];
    child->err_fd = err[0];
    child->parent = getpid();
    hold(child);
    return 0;
}

/* Keeps the last of what it complains, and its pipe empty. */
static void listen_to_stderr(struct pm_child *child)
{
    char bytes[1024];
    ssize_t got;

    for (int i = 0; i < 16 && (got = read(child->err_fd, bytes, sizeof bytes - 1)) > 0; i++) {
        size_t keep = sizeof child->last_words - 1;
        size_t from = (size_t)got > keep ? (size_t)got - keep : 0;
        bytes[got] = '\0';
        memcpy(child->last_words, bytes + from, (size_t)got - from + 1);
    }
}

ssize_t pm_child_read(struct pm_child *child, char *bytes, size_t size)
{
    ssize_t got;

    listen_to_stderr(child);
    do
        got = read(child->out_fd, bytes, size);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static void describe_end(struct pm_child *child, const siginfo_t *info, char *text, size_t size)
{
    char words[sizeof child->last_words];
    size_t length = strlen(child->last_words);
    int used;

    if (!info)
        used = snprintf(text, size, "its exit status was taken by the program around us");
    else if (info->si_code == CLD_EXITED)
        used = snprintf(text, size, "exit status %d", info->si_status);
    else
        used = snprintf(text, size, "signal %d", info->si_status);
    while (length > 0 && child->last_words[length - 1] == '\n')
        length--;
    pm_text_clean(words, sizeof words, child->last_words, length);
    if (words[0] && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ": %s", words);
}

bool pm_child_is_gone(const struct pm_child *child)
{
    struct pollfd end = {child->pid_fd, POLLIN, 0};

    return child->pid_fd >= 0 && poll(&end, 1, 0) > 0;
}

/* By its pidfd where there is one: the pid may be another child's by now. */
static int wait_for(const struct pm_child *child, siginfo_t *info, int options)
{
#ifdef __linux__
    if (child->pid_fd >= 0)
        return waitid(P_PIDFD, (id_t)child->pid_fd, info, options);
#endif
    return waitid(P_PID, (id_t)child->pid, info, options);
}

bool pm_child_has_ended(struct pm_child *child, char *text, size_t size)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    listen_to_stderr(child);
    if (wait_for(child, &info, WEXITED | WNOHANG) < 0) {
        if (errno == EINTR)
            return false;
        describe_end(child, NULL, text, size); /* ECHILD: the host reaped it. That is normal */
        return true;
    }
    if (info.si_pid == 0)
        return false;
    child->pid = 0;
    describe_end(child, &info, text, size);
    return true;
}

static void kill_child(struct pm_child *child)
{
#ifdef __linux__
    if (child->pid_fd < 0)
        return; /* it ends by SIGPIPE when its output is closed */
    if (syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, PIDFD_SIGNAL_PROCESS_GROUP) <
            0 &&
        errno == EINVAL)
        syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
#else
    /* Only while it is certain that nobody has reaped it. */
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (child->pid > 0 && wait_for(child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == 0)
        kill(-child->pid, SIGKILL);
#endif
}

void pm_child_end(struct pm_child *child)
{
    char text[8];

    if (child->out_fd < 0)
        return;
    if (child->pid > 0 && child->parent == getpid() &&
        !pm_child_has_ended(child, text, sizeof text)) {
        kill_child(child);
        close_fd(&child->out_fd);
        for (int waited = 0; waited < END_WAIT_MS; waited += END_STEP_MS) {
            struct pollfd end = {child->pid_fd, POLLIN, 0};
            if (pm_child_has_ended(child, text, sizeof text))
                break;
            poll(&end, child->pid_fd >= 0, END_STEP_MS);
        }
    }
    close_fd(&child->out_fd);
    close_fd(&child->err_fd);
    close_fd(&child->pid_fd);
}
