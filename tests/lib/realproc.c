/* SPDX-License-Identifier: MIT */
#include "realproc.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Children ---- */

void child_say(int fd)
{
    ssize_t written = write(fd, "r", 1);
    (void)written;
}

void child_hear(const struct child *child)
{
    struct pollfd waited = {child->ready, POLLIN, 0};
    char byte;

    ck_assert_int_eq(poll(&waited, 1, 5000), 1);
    ck_assert_int_eq(read(child->ready, &byte, 1), 1);
}

struct child child_start(void (*body)(int command, int ready))
{
    int command[2], ready[2];

    ck_assert_int_eq(pipe2(command, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    struct child child = {fork(), command[1], ready[0]};
    ck_assert_int_ge(child.pid, 0);
    if (child.pid == 0) {
        close(command[1]);
        close(ready[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(10);
        body(command[0], ready[1]);
        _exit(0);
    }
    close(command[0]);
    close(ready[1]);
    child_hear(&child);
    return child;
}

void child_let_go(struct child *child)
{
    if (child->command >= 0)
        close(child->command);
    child->command = -1;
}

void child_end(struct child *child)
{
    child_let_go(child);
    close(child->ready);
    kill(child->pid, SIGKILL); /* ours and not yet waited for: the pid is still its own */
    ck_assert_int_eq(waitpid(child->pid, NULL, 0), child->pid);
}

static int read_to_the_end(void *command)
{
    char word;

    while (read(*(int *)command, &word, 1) > 0)
        ;
    return 0;
}

/* Not by vfork itself, which a sanitizer makes a fork. */
void be_uninterruptible(int command, int ready)
{
    static _Alignas(16) char stack[64 << 10];

    prctl(PR_SET_NAME, "pm-vfork");
    child_say(ready);
    clone(read_to_the_end, stack + sizeof stack, CLONE_VFORK | SIGCHLD, &command);
}

/* ---- What the kernel says ---- */

/* The state letter of a process, from its stat. */
static char state_of(pid_t pid)
{
    char path[64], text[512] = "";

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return '?';
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    const char *after = got > 0 ? strrchr(text, ')') : NULL;
    return after && after[1] == ' ' ? after[2] : '?';
}

void wait_for_state(pid_t pid, char state)
{
    for (int i = 0; i < 5000 && state_of(pid) != state; i++)
        poll(NULL, 0, 1);
    ck_assert_msg(state_of(pid) == state, "%d is %c, not %c", (int)pid, state_of(pid), state);
}

int64_t cpu_ns_of(pid_t pid)
{
    clockid_t clock;
    struct timespec spent;

    ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &spent), 0);
    return spent.tv_sec * SECOND + spent.tv_nsec;
}

int64_t calls_of(pid_t pid)
{
    char path[64];
    long long reads = -1, writes = -1;

    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    char *text = read_file(path, NULL);
    const char *line = strstr(text, "syscr: ");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(sscanf(line, "syscr: %lld\nsyscw: %lld", &reads, &writes), 2);
    free(text);
    return reads + writes;
}

/* ---- Looking ---- */

void open_real(struct watch *watch, const struct pausemon_config *config)
{
    watch_init(watch);
    watch->harness.host.now = NULL; /* the true clock: the counters are true */
    int result = watch_start(watch, "procfs", config);
    ck_assert_msg(result == 0, "%d %s", result, watch->error.text);
}

const struct pausemon_process *look_for(struct watch *watch, pid_t pid)
{
    int result = watch_look(watch);
    ck_assert_msg(result == 0, "%d %s", result, watch->error.text);
    return watch_find(watch, pid);
}

const struct pausemon_process *find_at_last(struct watch *watch, pid_t pid)
{
    const struct pausemon_process *process = NULL;

    for (int look = 0; look < 100; look++) {
        process = look_for(watch, pid);
        if (process && watch->info->complete)
            return process;
        poll(NULL, 0, 5);
    }
    ck_abort_msg("process %d was not found, or no look was complete", (int)pid);
    return process;
}

struct bracket measure(struct watch *watch, pid_t pid, int64_t (*counter)(pid_t), int ms)
{
    find_at_last(watch, pid);
    int64_t before_first = counter(pid);
    look_for(watch, pid);
    int64_t after_first = counter(pid);
    poll(NULL, 0, ms);
    int64_t before_second = counter(pid);
    const struct pausemon_process *process = look_for(watch, pid);
    int64_t after_second = counter(pid);
    ck_assert_ptr_nonnull(process);
    ck_assert_uint_ge(process->elapsed_ns, (uint64_t)ms * 1000000);
    return (struct bracket){before_second - after_first, after_second - before_first, process};
}
