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
#define BY_PIDFD ((idtype_t)3) /* the kernel's P_PIDFD, which glibc names since 2.36 */
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

/* Both ends close on exec and lie above stdio, so that no dup2 in the child overwrites one. `ours`,
 * 0 (we read) or 1 (we write), does not block. */
static int make_pipe(int ends[2], int ours)
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
    if (status == 0 && fcntl(ends[ours], F_SETFL, O_NONBLOCK) < 0)
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

/* What is to become its stdin (-1: nothing), stdout and stderr. */
struct ends {
    int in, out, err;
};

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
                  const struct ends *theirs)
{
    sigset_t all, none;
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    int status = theirs->in < 0
                     ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0)
                     : posix_spawn_file_actions_adddup2(actions, theirs->in, 0);

    sigfillset(&all);
    sigemptyset(&none);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, theirs->out, 1);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, theirs->err, 2);
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

static int spawn(struct pm_child *child, const char *const *argv, char **environment,
                 const struct ends *theirs)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0)
        return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = set_up(&actions, &attributes, theirs);
        if (status == 0)
            status = posix_spawn(&child->pid, argv[0], &actions, &attributes,
                                 (char *const *)(uintptr_t)argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

/* By its pidfd where there is one: the pid may be another child's by now. */
static int wait_for(const struct pm_child *child, siginfo_t *info, int options)
{
    memset(info, 0, sizeof *info);
#ifdef __linux__
    if (child->pid_fd >= 0)
        return waitid(BY_PIDFD, (id_t)child->pid_fd, info, options);
#endif
    return waitid(P_PID, (id_t)child->pid, info, options);
}

#ifdef __linux__
static bool has_hung_up(int fd)
{
    struct pollfd output = {fd, POLLIN, 0};

    return poll(&output, 1, 0) > 0 && output.revents & POLLHUP;
}
#endif

/* The pid is the child's as long as one of its outputs is open, or nobody has reaped it: whoever
 * holds the pidfd then holds the child, even if the host reaps everything later. */
static void hold(struct pm_child *child)
{
#ifdef __linux__
    siginfo_t info;

    child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pid_fd >= 0 && has_hung_up(child->out_fd) && has_hung_up(child->err_fd) &&
        wait_for(child, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        close_fd(&child->pid_fd);
#else
    (void)child;
#endif
}

#ifdef __linux__
/* What keeps a host from being killed when memory ends is not meant for what it starts. */
static void be_ordinary(const struct pm_child *child)
{
    static const char ordinary[] = "0";
    char path[48], ours[16] = "";
    int own = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    ssize_t got = own < 0 ? 0 : read(own, ours, sizeof ours - 1);

    close_fd(&own);
    if (got <= 0 || ours[0] != '-' || child->pid_fd < 0)
        return;
    snprintf(path, sizeof path, "/proc/%ld/oom_score_adj", (long)child->pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    /* Opened before the question: then it is the child's, whoever gets its number later. */
    if (fd >= 0 && !pm_child_is_gone(child) && write(fd, ordinary, 1) < 0)
        close_fd(&fd); /* it has become another user's: then it stays as it is */
    close_fd(&fd);
}
#endif

static int make_pipes(int in[2], int out[2], int err[2], bool fed)
{
    int status = fed ? make_pipe(in, 1) : 0;

    if (status == 0)
        status = make_pipe(out, 0);
    if (status == 0)
        status = make_pipe(err, 0);
    return status;
}

static int start(struct pm_child *child, const char *const *argv, int *in_fd,
                 const struct pm_host *host, struct pausemon_error *error)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};

    *child = PM_CHILD_NONE;
    char **environment = make_environment(host);
    if (!environment)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "%s: out of memory", argv[0]);
    int status = make_pipes(in, out, err, in_fd != NULL);
    const struct ends theirs = {in[0], out[1], err[1]};
    if (status == 0)
        status = -spawn(child, argv, environment, &theirs);
    pm_free(host, environment);
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    if (status < 0) {
        close_fd(&in[1]);
        close_fd(&out[0]);
        close_fd(&err[0]);
        return pm_fail_os(error, -status, "cannot start %s", argv[0]);
    }
    if (in_fd)
        *in_fd = in[1];
    child->out_fd = out[0];
    child->err_fd = err[0];
    child->parent = getpid();
    hold(child);
#ifdef __linux__
    be_ordinary(child);
#endif
    return 0;
}

int pm_child_start(struct pm_child *child, const char *const *argv, const struct pm_host *host,
                   struct pausemon_error *error)
{
    return start(child, argv, NULL, host, error);
}

int pm_child_start_fed(struct pm_child *child, const char *const *argv, int *in_fd,
                       const struct pm_host *host, struct pausemon_error *error)
{
    *in_fd = -1;
    return start(child, argv, in_fd, host, error);
}

void pm_child_listen(struct pm_child *child)
{
    char bytes[1024];
    ssize_t got = -1;

    for (int i = 0;
         i < 16 && child->err_fd >= 0 && (got = read(child->err_fd, bytes, sizeof bytes - 1)) > 0;
         i++) {
        size_t keep = sizeof child->last_words - 1;
        size_t from = (size_t)got > keep ? (size_t)got - keep : 0;
        bytes[got] = '\0';
        memcpy(child->last_words, bytes + from, (size_t)got - from + 1);
    }
    if (got == 0)
        close_fd(&child->err_fd); /* its end would wake for ever */
}

ssize_t pm_child_read(struct pm_child *child, char *bytes, size_t size)
{
    ssize_t got;

    pm_child_listen(child);
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

    child->exit_status = !info                         ? PM_CHILD_TAKEN
                         : info->si_code == CLD_EXITED ? info->si_status
                                                       : PM_CHILD_SIGNALLED;
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

bool pm_child_is_over(const struct pm_child *child)
{
    siginfo_t info;

    if (child->pid_fd >= 0)
        return pm_child_is_gone(child);
    return wait_for(child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR
                                                                   : info.si_pid != 0;
}

bool pm_child_has_ended(struct pm_child *child, char *text, size_t size)
{
    siginfo_t info;

    pm_child_listen(child);
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

/* The pid names the group too, and is not given out again before the child is reaped. */
void pm_child_kill(const struct pm_child *child)
{
    if (child->pid <= 0 || child->parent != getpid())
        return;
#ifdef __linux__
    if (child->pid_fd < 0)
        return; /* it ends by SIGPIPE when its output is closed */
    if (syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, PIDFD_SIGNAL_PROCESS_GROUP) <
            0 &&
        errno == EINVAL && syscall(SYS_pidfd_send_signal, child->pid_fd, 0, NULL, 0) == 0)
        kill(-child->pid, SIGKILL);
    /* It may have joined another group. */
    syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
#else
    /* Only while it is certain that nobody has reaped it. */
    siginfo_t info;
    if (wait_for(child, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        kill(-child->pid, SIGKILL);
#endif
}

void pm_child_leave(struct pm_child *child)
{
    close_fd(&child->out_fd);
    close_fd(&child->err_fd);
    close_fd(&child->pid_fd);
}

void pm_child_end(struct pm_child *child)
{
    char text[8];

    if (child->out_fd < 0)
        return;
    if (child->pid > 0 && child->parent == getpid() &&
        !pm_child_has_ended(child, text, sizeof text)) {
        pm_child_kill(child);
        close_fd(&child->out_fd);
        for (int waited = 0; waited < END_WAIT_MS; waited += END_STEP_MS) {
            struct pollfd end = {child->pid_fd, POLLIN, 0};
            if (pm_child_has_ended(child, text, sizeof text))
                break;
            poll(&end, child->pid_fd >= 0, END_STEP_MS);
        }
    }
    pm_child_leave(child);
}
