/* SPDX-License-Identifier: MIT */
#include "common/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What we ignore it shall not, and nothing is blocked. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t signals;

    sigemptyset(&signals);
    int os_errno = posix_spawnattr_setsigmask(attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    if (os_errno == 0)
        os_errno = posix_spawnattr_setsigdefault(attributes, &signals);
    return os_errno ? os_errno
                    : posix_spawnattr_setflags(attributes,
                                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int set_files(posix_spawn_file_actions_t *files)
{
    int os_errno = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    return os_errno ? os_errno
                    : posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
}

/* 0, or an errno. */
static int start(pid_t *pid, const char *const *words)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    int os_errno = posix_spawn_file_actions_init(&files);
    if (os_errno)
        return os_errno;
    os_errno = posix_spawnattr_init(&attributes);
    if (os_errno == 0) {
        os_errno = set_files(&files);
        if (os_errno == 0)
            os_errno = set_signals(&attributes);
        if (os_errno == 0)
            os_errno = posix_spawn(pid, words[0], &files, &attributes,
                                   (char *const *)(uintptr_t)words, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return os_errno;
}

int run_program(const char *const *words)
{
    int status, os_errno;
    pid_t pid, ended;

    if ((os_errno = start(&pid, words))) {
        errno = os_errno;
        return -1;
    }
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
