/* SPDX-License-Identifier: MIT */

/* scarce read FILE|touch MIB COUNT SECONDS PROCS…: that many processes that read pages of the file
 * past the page cache ("pm-reader"), or write to so much memory each ("pm-toucher"), here and
 * there, in the control groups whose cgroup.procs are named: those decide how fast the disk is and
 * how much memory there is. Ends by the clock whatever happens, and with its parent. Exit code 77:
 * a group, the file or the memory is not to be had. */

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16
#define MOST_MIB 256
#define MOST_SECONDS 60
#define PAGE 4096

struct work {
    int fd;                /* or */
    unsigned char *memory; /* of each, once it has written to it */
    uint64_t pages;
    time_t end;
};

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static int join(const char *procs)
{
    int fd = open(procs, O_WRONLY | O_CLOEXEC);
    int done = fd >= 0 && write(fd, "0", 1) == 1;

    if (fd >= 0)
        close(fd);
    return done;
}

static int begin_reading(struct work *work, const char *path)
{
    struct stat file;

    work->fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
    if (work->fd < 0 || fstat(work->fd, &file) != 0)
        return 0;
    work->pages = (uint64_t)file.st_size / PAGE;
    return work->pages > 0;
}

static int begin_touching(struct work *work, const char *mib)
{
    size_t size = (size_t)(atoi(mib) < MOST_MIB ? atoi(mib) : MOST_MIB) << 20;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    work->memory = memory;
    work->pages = size / PAGE;
    return memory != MAP_FAILED && work->pages > 0;
}

static void go_on(const struct work *work)
{
    static unsigned char page[PAGE] __attribute__((aligned(PAGE)));
    uint64_t state = (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, work->memory ? "pm-toucher" : "pm-reader");
    while (now() < work->end) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        uint64_t at = state % work->pages * PAGE;
        if (work->memory)
            memcpy(work->memory + at, &state, sizeof state);
        else if (pread(work->fd, page, sizeof page, (off_t)at) != (ssize_t)sizeof page)
            _exit(1);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    struct work work = {.fd = -1};
    int count, failed = 0;

    if (argc < 5)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 5; i < argc; i++)
        if (!join(argv[i]))
            return 77;
    if (strcmp(argv[1], "touch") == 0 ? !begin_touching(&work, argv[2])
                                      : !begin_reading(&work, argv[2]))
        return 77;
    count = atoi(argv[3]) < MOST ? atoi(argv[3]) : MOST;
    work.end = now() + (atoi(argv[4]) < MOST_SECONDS ? atoi(argv[4]) : MOST_SECONDS);
    for (int i = 0; i < count; i++)
        if (fork() == 0)
            go_on(&work);
    puts("ready");
    fflush(stdout);
    for (int i = 0, status = 0; i < count; i++)
        failed |= wait(&status) < 0 || status != 0;
    return failed;
}
