/* SPDX-License-Identifier: MIT */

/* vforker COUNT SECONDS: that many processes "pm-stuck" that wait uninterruptibly (but may be
 * killed), as the parent of a vfork does until its child lets go. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 16
#define MOST_SECONDS 120

static void wait_in_vfork(unsigned seconds)
{
    pid_t child;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "pm-stuck");
    child = vfork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sleep(seconds);
        _exit(0);
    }
    _exit(child < 0);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    int failed = 0;

    count = count < MOST ? count : MOST;
    seconds = seconds < MOST_SECONDS ? seconds : MOST_SECONDS;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < count; i++)
        if (fork() == 0)
            wait_in_vfork(seconds);
    puts("ready");
    fflush(stdout);
    for (int i = 0, status = 0; i < count; i++)
        failed |= wait(&status) < 0 || status != 0;
    return failed;
}
