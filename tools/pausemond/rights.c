/* SPDX-License-Identifier: MIT */
#include "pausemond/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#define NICE (-10)
#define OOM_SCORE "-500"

/* Where a limit is in force, memory taken later would not stay unlocked: it would be refused. */
static void lock_memory(struct log *log)
{
    struct rlimit wish = {RLIM_INFINITY, RLIM_INFINITY}, limit;

    setrlimit(RLIMIT_MEMLOCK, &wish); /* refused without the right; then what is there counts */
    int is_free = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
    if (mlockall(MCL_CURRENT | MCL_ONFAULT | (is_free ? MCL_FUTURE : 0)) < 0)
        log_say_os(log, PAUSEMON_LOG_INFO, errno,
                   "memory is not locked and may be swapped out (RLIMIT_MEMLOCK, CAP_IPC_LOCK)");
}

/* Of this thread only: the heartbeat's shall feel what ordinary programs feel. */
static void raise_priority(struct log *log)
{
    if (setpriority(PRIO_PROCESS, 0, NICE) < 0)
        log_say_os(log, PAUSEMON_LOG_INFO, errno,
                   "runs at ordinary priority, nice %d was refused (CAP_SYS_NICE)", NICE);
}

static void evade_oom(struct log *log)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t done = fd < 0 ? -1 : write(fd, OOM_SCORE, strlen(OOM_SCORE));

    if (done < 0)
        log_say_os(log, PAUSEMON_LOG_INFO, errno,
                   "the kernel may kill this first when memory ends (CAP_SYS_RESOURCE)");
    if (fd >= 0)
        close(fd);
}

void rights_take(struct log *log)
{
    lock_memory(log);
    raise_priority(log);
    evade_oom(log);
}
#else
/* Priorities there are the whole process's, and the heartbeat must keep an ordinary one. */
void rights_take(struct log *log)
{
    if (mlockall(MCL_CURRENT) < 0)
        log_say_os(log, PAUSEMON_LOG_INFO, errno, "memory is not locked and may be swapped out");
}
#endif
