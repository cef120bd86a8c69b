/* SPDX-License-Identifier: MIT */
/* What a look at N processes costs us and what it costs procps' `top -b`, in turn over the same
 * farm.
 *
 *   bench_cost [--quick]
 *
 * Beside this program lies bench_sample. */
#include "bench.h"
#include "farm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SECONDS 330 /* then it ends, whatever hangs */

/* ---- children ---- */

struct result {
    int status; /* of the exit; -1: killed, or could not be started */
    double cpu_ms;
    char text[1024];
};

static _Noreturn void be_child(const char *const *arguments, int out)
{
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, 0);
    dup2(out, 1);
    setenv("HOME", "/nonexistent", 1); /* nobody's toprc */
    setenv("TERM", "dumb", 1);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

static double milliseconds(const struct timeval *time)
{
    return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

/* Runs a program to its end. Its text beyond what fits is read and dropped. */
static void run(const char *const *arguments, struct result *result)
{
    struct rusage usage;
    char rest[65536];
    int ends[2], status;
    size_t used = 0;

    *result = (struct result){.status = -1};
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0)
        bench_fail("pipe failed", NULL);
    pid_t child = fork();
    if (child < 0)
        bench_fail("fork failed", NULL);
    if (child == 0)
        be_child(arguments, ends[1]);
    close(ends[1]);
    for (ssize_t size; (size = read(ends[0], rest, sizeof rest)) != 0;) {
        if (size < 0 && errno != EINTR)
            break;
        size_t room = sizeof result->text - 1 - used, some = size > 0 ? (size_t)size : 0;
        memcpy(result->text + used, rest, some < room ? some : room);
        used += some < room ? some : room;
    }
    close(ends[0]);
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return;
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->cpu_ms = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
}

/* ---- ours ---- */

struct ours {
    bool measured;
    char why_not[200];
    double cpu_us, median_us, worst_us, cost_us, first_us;
    unsigned long processes, read, rss_kib, live_kib, allocations;
};

static void run_ours(struct ours *ours, const char *program, const char *mode, unsigned looks)
{
    char count[16];
    const char *arguments[] = {program, "--looks", count, mode, NULL};
    struct result result;

    snprintf(count, sizeof count, "%u", looks);
    run(arguments, &result);
    memset(ours, 0, sizeof *ours);
    ours->measured =
        result.status == 0 &&
        sscanf(
            result.text,
            "cpu_us=%lf median_us=%lf worst_us=%lf cost_us=%lf first_us=%lf processes=%lu read=%lu "
            "rss_kib=%lu live_kib=%lu allocations=%lu",
            &ours->cpu_us, &ours->median_us, &ours->worst_us, &ours->cost_us, &ours->first_us,
            &ours->processes, &ours->read, &ours->rss_kib, &ours->live_kib,
            &ours->allocations) == 10;
    if (result.status == 2)
        snprintf(ours->why_not, sizeof ours->why_not, "%.*s", (int)strcspn(result.text, "\n"),
                 result.text);
    else if (!ours->measured)
        bench_fail("bench_sample could not measure", NULL);
}

/* ---- top ---- */

static double run_top_once(unsigned samples, bool *there)
{
    char count[16];
    const char *arguments[] = {"top", "-b", "-d", "1", "-n", count, NULL};
    struct result result;

    snprintf(count, sizeof count, "%u", samples);
    run(arguments, &result);
    *there = result.status == 0 && strncmp(result.text, "top - ", 6) == 0;
    return result.cpu_ms;
}

/* CPU ms a sample, without what starting costs; below 0: there is no such top. Its text goes
 * through a pipe to a reader that drops it. */
static double run_top(unsigned samples)
{
    bool there;
    double few = run_top_once(2, &there);

    if (!there)
        return -1;
    double many = run_top_once(samples, &there);
    return there ? (many - few) / (samples - 2) : -1;
}

/* ---- the report ---- */

struct plan {
    size_t count;
    unsigned woken_permille, rounds;
};

static void print_heading(void)
{
    printf("CPU ms per sample at 1 Hz, in turn over one farm of sleepers, of which some are woken "
           "each second.\n"
           "cpu: the whole process, the mean of its looks. cost: what the sample says of itself. "
           "/top: cpu by that of top\n"
           "  (aim: at most 1.5 with 1000). first: the first look of all. read: processes whose\n"
           "  files were read in a look. live: bytes the library has; allocs: in steady state.\n"
           "adaptive: what pausemon does: a CPU clock for every process, files for those that ran\n"
           "  and for 1 idle in 15.\n"
           "full: every file of every process, every time (it has no clocks in another pid "
           "namespace).\n\n"
           "               |  top -b | adaptive                                           | full"
           "                       | memory, KiB\n"
           "  procs  woken |     cpu |     cpu   /top    cost  median   worst  first  read |     "
           "cpu   /top"
           "    cost  read |   rss  live  allocs\n");
}

static void print_row(const struct plan *plan, double top_ms, const struct ours *adaptive,
                      const struct ours *full)
{
    char top[16] = "-", ratio[16] = "-", full_ratio[16] = "-";

    if (top_ms > 0) {
        snprintf(top, sizeof top, "%.2f", top_ms);
        snprintf(ratio, sizeof ratio, "%.2f", adaptive->cpu_us / 1e3 / top_ms);
        snprintf(full_ratio, sizeof full_ratio, "%.2f", full->cpu_us / 1e3 / top_ms);
    }
    printf("%7lu %4u %% | %7s | %7.2f %6s %7.2f %7.2f %7.2f %6.1f %5lu | ", adaptive->processes,
           plan->woken_permille / 10, top, adaptive->cpu_us / 1e3, ratio, adaptive->cost_us / 1e3,
           adaptive->median_us / 1e3, adaptive->worst_us / 1e3, adaptive->first_us / 1e3,
           adaptive->read);
    if (full->measured)
        printf("%7.2f %6s %7.2f %5lu", full->cpu_us / 1e3, full_ratio, full->cost_us / 1e3,
               full->read);
    else
        printf("%28s", "skipped");
    printf(" | %5lu %5lu  %6lu\n", adaptive->rss_kib, adaptive->live_kib, adaptive->allocations);
    if (!full->measured)
        printf("        full skipped: %s\n", full->why_not);
    fflush(stdout);
}

static void measure(const struct plan *plan, const char *program, bool quick)
{
    struct farm_plan farm = {plan->count, plan->woken_permille, 200};
    unsigned looks = quick ? 7 : 10, samples = quick ? 7 : 12;

    pid_t pid = farm_start(&farm);
    if (pid < 0) {
        printf("%7zu %4u %%  skipped: no farm of that size: %s\n", plan->count,
               plan->woken_permille / 10, strerror(errno));
        return;
    }
    sleep(2); /* being born is over, and the first round of waking has begun */
    for (unsigned round = 0; round < plan->rounds; round++) {
        struct ours adaptive, full;
        run_ours(&adaptive, program, NULL, looks);
        double top_ms = run_top(samples);
        run_ours(&full, program, "--full", looks);
        print_row(plan, top_ms, &adaptive, &full);
        if (top_ms <= 0)
            printf("        top skipped: no procps top that knows -b -d -n\n");
    }
    farm_stop(pid);
}

int main(int argc, char **argv)
{
    /* The size that the bound is about is measured twice: how far two runs lie apart. */
    static const struct plan all[] = {{200, 0, 1},   {200, 50, 1}, {1000, 0, 2},
                                      {1000, 50, 2}, {5000, 0, 1}, {5000, 50, 1}};
    static const struct plan few[] = {{1000, 50, 1}};
    bool quick = bench_has_option(argc, argv, "--quick");
    const struct plan *plans = quick ? few : all;
    size_t count = quick ? sizeof few / sizeof few[0] : sizeof all / sizeof all[0];
    char program[4096];

    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 16);
    if (length < 0)
        bench_fail("/proc/self/exe cannot be read", NULL);
    program[length] = '\0';
    strcpy(strrchr(program, '/') + 1, "bench_sample");
    if (access(program, X_OK) != 0)
        bench_fail("bench_sample does not lie beside it", NULL);
    alarm(MAX_SECONDS); /* children end with this program */
    print_heading();
    for (size_t i = 0; i < count; i++)
        measure(&plans[i], program, quick);
    return 0;
}
