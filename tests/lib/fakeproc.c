/* SPDX-License-Identifier: MIT */
#include "fakeproc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

void fakeproc_path(const struct fakeproc *fake, const char *path, char full[PATH_MAX])
{
    int length = snprintf(full, PATH_MAX, "%s/%s", fake->root, path);

    ck_assert_int_gt(length, 0);
    ck_assert_int_lt(length, PATH_MAX);
}

void fakeproc_mkdir(const struct fakeproc *fake, const char *path)
{
    char full[PATH_MAX];

    fakeproc_path(fake, path, full);
    for (char *slash = full + strlen(fake->root) + 1; slash; slash = strchr(slash + 1, '/')) {
        char kept = *slash;
        if (kept == '/') {
            *slash = '\0';
            mkdir(full, 0755);
            *slash = kept;
        }
    }
    ck_assert_msg(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir %s: %s", full, strerror(errno));
}

void fakeproc_write(const struct fakeproc *fake, const char *path, const char *text)
{
    char full[PATH_MAX];
    size_t length = strlen(text);

    fakeproc_path(fake, path, full);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ENOENT) {
        char directory[PATH_MAX];
        snprintf(directory, sizeof directory, "%s", path);
        char *slash = strrchr(directory, '/');
        ck_assert_ptr_nonnull(slash);
        *slash = '\0';
        fakeproc_mkdir(fake, directory);
        fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    }
    ck_assert_msg(fd >= 0, "open %s: %s", full, strerror(errno));
    ck_assert_int_eq(write(fd, text, length), (ssize_t)length);
    close(fd);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int remove_tree(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void fakeproc_remove(const struct fakeproc *fake, const char *path)
{
    char full[PATH_MAX];

    fakeproc_path(fake, path, full);
    ck_assert_msg(remove_tree(full) == 0, "remove %s: %s", full, strerror(errno));
}

/* What a /proc has beside processes; a reader must step over it. */
static void write_surroundings(const struct fakeproc *fake)
{
    fakeproc_write(fake, "loadavg", "0.10 0.20 0.30 1/90 4000\n");
    fakeproc_write(fake, "uptime", "100000.00 190000.00\n");
    fakeproc_write(fake, "stat", "cpu  1 2 3 4 5 6 7 8 9 10\nbtime 1769190000\n");
    fakeproc_write(fake, "meminfo", "MemTotal:        8000000 kB\n");
    fakeproc_write(fake, "sys/kernel/pid_max", "4194304\n");
    fakeproc_mkdir(fake, "irq/9");
}

void fakeproc_open(struct fakeproc *fake)
{
    /* In memory, as /proc is: thousands of files are made and removed. */
    snprintf(fake->root, sizeof fake->root, "%s/pausemon proc:XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fake->root));
    ck_assert_int_eq(chmod(fake->root, 0755), 0);
    snprintf(fake->spec, sizeof fake->spec, "procfs:%s", fake->root);
    write_surroundings(fake);
}

void fakeproc_clear(struct fakeproc *fake)
{
    remove_tree(fake->root);
    ck_assert_int_eq(mkdir(fake->root, 0755), 0);
    ck_assert_int_eq(chmod(fake->root, 0755), 0);
    write_surroundings(fake);
}

void fakeproc_close(struct fakeproc *fake)
{
    remove_tree(fake->root);
}

struct fake_process fakeproc_ordinary(int64_t pid)
{
    return (struct fake_process){.pid = pid,
                                 .comm = "ordinary",
                                 .state = 'S',
                                 .ppid = 1,
                                 .flags = 0x00400140,
                                 .cminflt = 4000,
                                 .majflt = 10,
                                 .utime = 1000,
                                 .stime = 500,
                                 .cutime = 70,
                                 .cstime = 30,
                                 .threads = 1,
                                 .start_time = 77000 + (uint64_t)pid,
                                 .stat_rss = 2500,
                                 .resident = 2560,
                                 .swap_kb = 300,
                                 .syscr = 2000,
                                 .syscw = 100,
                                 .read_bytes = 4096,
                                 .write_bytes = 8192,
                                 .run_delay = 1000000000,
                                 .csw = 1000,
                                 .thread_run_delay = 5000000,
                                 .thread_csw = 50};
}

struct stat_line {
    char fields[FAKE_STAT_FIELDS + 1][96]; /* from 1, as proc(5) counts */
};

__attribute__((format(printf, 3, 4))) static void set(struct stat_line *line, size_t field,
                                                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line->fields[field], sizeof line->fields[field], format, arguments);
    va_end(arguments);
}

static void fill_stat(struct stat_line *line, const struct fake_process *process)
{
    for (size_t field = 1; field <= FAKE_STAT_FIELDS; field++)
        set(line, field, "%zu", 9000 + field);
    set(line, 1, "%" PRId64, process->pid);
    set(line, 2, "(%s)", process->comm);
    set(line, 3, "%c", process->state);
    set(line, 4, "%" PRId64, process->ppid);
    set(line, 8, "-1");
    set(line, 9, "%" PRIu64, process->flags);
    set(line, 11, "%" PRIu64, process->cminflt);
    set(line, 12, "%" PRIu64, process->majflt);
    set(line, 14, "%" PRIu64, process->utime);
    set(line, 15, "%" PRIu64, process->stime);
    set(line, 16, "%" PRIu64, process->cutime);
    set(line, 17, "%" PRIu64, process->cstime);
    set(line, 18, "-2");
    set(line, 19, "-20");
    set(line, 20, "%" PRIu64, process->threads);
    set(line, 22, "%" PRIu64, process->start_time);
    set(line, 24, "%" PRIu64, process->stat_rss);
    set(line, 25, "18446744073709551615"); /* rsslim: what every process without a limit has */
}

static size_t write_stat(const struct fakeproc *fake, const char *directory,
                         const struct stat_line *line, size_t count)
{
    char text[FAKE_STAT_FIELDS * 97 + 2] = "";
    char path[64];
    size_t used = 0;

    for (size_t field = 1; field <= count; field++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", field > 1 ? " " : "",
                                 line->fields[field]);
    snprintf(text + used, sizeof text - used, "\n");
    snprintf(path, sizeof path, "%s/stat", directory);
    fakeproc_write(fake, path, text);
    return used + 1;
}

size_t fakeproc_spoil(const struct fakeproc *fake, const struct fake_process *process, size_t field,
                      const char *text)
{
    struct stat_line line;
    char directory[32];

    fill_stat(&line, process);
    if (text)
        set(&line, field, "%s", text);
    snprintf(directory, sizeof directory, "%" PRId64, process->pid);
    return write_stat(fake, directory, &line, text ? FAKE_STAT_FIELDS : field - 1);
}

__attribute__((format(printf, 4, 5))) static void write_file(const struct fakeproc *fake,
                                                             const char *directory,
                                                             const char *name, const char *format,
                                                             ...)
{
    char text[2048], path[96];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)sizeof text);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    fakeproc_write(fake, path, text);
}

static void write_threads(const struct fakeproc *fake, const char *directory,
                          const struct fake_process *process)
{
    char name[64];

    for (uint64_t i = 0; i < process->threads; i++) {
        /* The leader first, then numbers that no process of a test has. */
        snprintf(name, sizeof name, "task/%" PRId64 "/schedstat",
                 i == 0 ? process->pid : 2000000 + (int64_t)i);
        write_file(fake, directory, name, "71257 %" PRIu64 " %" PRIu64 "\n",
                   i == 0 ? process->run_delay : process->thread_run_delay,
                   i == 0 ? process->csw : process->thread_csw);
    }
}

void fakeproc_put_in(const struct fakeproc *fake, const char *directory,
                     const struct fake_process *process)
{
    struct stat_line line;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    fill_stat(&line, process);
    write_stat(fake, directory, &line, FAKE_STAT_FIELDS);
    write_file(fake, directory, "statm", "99001 %" PRIu64 " 99003 99004 0 99006 0\n",
               process->resident);
    if (process->flags & FAKE_PF_KTHREAD)
        write_file(fake, directory, "status", "Name:\t%s\nState:\t%c (x)\nThreads:\t1\n",
                   process->comm, process->state);
    else
        write_file(fake, directory, "status",
                   "Name:\t%s\nUmask:\t0022\nState:\t%c (x)\nTgid:\t%" PRId64 "\nPPid:\t%" PRId64
                   "\nVmPeak:\t  999001 kB\nVmSize:\t  999002 kB\n"
                   "VmHWM:\t  999003 kB\nVmRSS:\t%8" PRIu64 " kB\nRssAnon:\t  999004 kB\n"
                   "VmData:\t  999005 kB\nVmSwap:\t%8" PRIu64 " kB\nHugetlbPages:\t 0 kB\n"
                   "Threads:\t%" PRIu64 "\nvoluntary_ctxt_switches:\t999006\n"
                   "nonvoluntary_ctxt_switches:\t999007\n",
                   process->comm, process->state, process->pid, process->ppid,
                   process->resident * page / 1024, process->swap_kb, process->threads);
    write_file(fake, directory, "io",
               "rchar: 999001\nwchar: 999002\nsyscr: %" PRIu64 "\nsyscw: %" PRIu64
               "\nread_bytes: %" PRIu64 "\nwrite_bytes: %" PRIu64
               "\ncancelled_write_bytes: 999003\n",
               process->syscr, process->syscw, process->read_bytes, process->write_bytes);
    write_file(fake, directory, "schedstat", "71257 %" PRIu64 " %" PRIu64 "\n", process->run_delay,
               process->csw);
    write_threads(fake, directory, process);
}

void fakeproc_put(const struct fakeproc *fake, const struct fake_process *process)
{
    char directory[32];

    snprintf(directory, sizeof directory, "%" PRId64, process->pid);
    fakeproc_put_in(fake, directory, process);
}

void fakeproc_put_swaps(const struct fakeproc *fake, uint64_t used_kb)
{
    char text[512];

    snprintf(text, sizeof text,
             "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
             "/dev/zram0                              partition\t1048572\t\t0\t\t-2\n"
             "/swap\\040file                           file\t\t2097148\t\t%" PRIu64 "\t\t-3\n",
             used_kb);
    fakeproc_write(fake, "swaps", text);
}

void watch_init(struct watch *watch)
{
    memset(watch, 0, sizeof *watch);
    harness_init(&watch->harness);
}

int watch_start(struct watch *watch, const char *spec, const struct pausemon_config *config)
{
    int result = pausemon_source_open(&watch->source, spec, &watch->harness.host, &watch->error);

    if (result < 0)
        return result;
    return pausemon_collector_new(&watch->collector, config, watch->source, &watch->harness.host,
                                  NULL);
}

int watch_look(struct watch *watch)
{
    int result = pausemon_collector_collect(&watch->sample, watch->collector, &watch->error);

    watch->info = result == 0 ? pausemon_sample_get_info(watch->sample) : NULL;
    return result;
}

void watch_stop(struct watch *watch)
{
    pausemon_collector_free(watch->collector);
    pausemon_source_free(watch->source);
    watch->collector = NULL;
    watch->source = NULL;
}

const struct pausemon_process *watch_find(const struct watch *watch, int64_t pid)
{
    const struct pausemon_process *process;

    for (size_t i = 0; (process = pausemon_collector_get_process(watch->collector, i)); i++)
        if (process->pid == pid)
            return process;
    return NULL;
}

void watch_open(struct watch *watch, const char *spec)
{
    watch_init(watch);
    int result = watch_start(watch, spec, NULL);
    ck_assert_msg(result == 0, "%s: %d %s", spec, result, watch->error.text);
}

const struct pausemon_sample_info *watch_after(struct watch *watch, int64_t ns)
{
    harness_tick(&watch->harness, ns);
    int result = watch_look(watch);
    ck_assert_msg(result == 0, "look: %d %s", result, watch->error.text);
    ck_assert_ptr_nonnull(watch->info);
    return watch->info;
}

const struct pausemon_process *watch_get(const struct watch *watch, int64_t pid)
{
    const struct pausemon_process *process = watch_find(watch, pid);

    ck_assert_msg(process != NULL, "process %lld is not there", (long long)pid);
    return process;
}

void watch_close(struct watch *watch)
{
    watch_stop(watch);
    ck_assert_int_eq(watch->harness.live, 0);
}

/* Length of the well-formed character at `text`, 0 for none; controls count as none. */
static size_t clean_character(const unsigned char *text)
{
    static const struct {
        unsigned char first, last; /* of the lead byte */
        unsigned char low, high;   /* of the second byte */
        size_t length;
    } rows[] = {{0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2},
                {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text[0] < rows[i].first || text[0] > rows[i].last)
            continue;
        if (rows[i].length > 1 && (text[1] < rows[i].low || text[1] > rows[i].high))
            return 0;
        for (size_t k = 2; k < rows[i].length; k++)
            if ((text[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

bool command_is_clean(const char command[PAUSEMON_COMMAND_SIZE])
{
    size_t length = strnlen(command, PAUSEMON_COMMAND_SIZE);
    size_t step;

    if (length == PAUSEMON_COMMAND_SIZE)
        return false;
    for (size_t i = 0; i < length; i += step) {
        step = clean_character((const unsigned char *)command + i);
        if (step == 0)
            return false;
    }
    return true;
}

int run_as_nobody(int (*work)(void *user), void *user)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        alarm(10);
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(255);
        prctl(PR_SET_DUMPABLE, 1); /* else the kernel hides even its own io from it */
        _exit(work(user));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
