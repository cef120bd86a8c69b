/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/looking.h"

#define DEFAULT_LOOKS 10

/* Names of processes are private: a new file, for its owner only. "-" is stdout. */
static FILE *create(const struct args *args, const char *path)
{
    if (strcmp(path, "-") == 0)
        return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        args_fail_os(args->program, 0, errno, "cannot create \"%s\", a new file", path);
    return file;
}

static void show_progress(int64_t done, int64_t wanted)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (wanted > 0)
        fprintf(stderr, "\rlook %lld of %lld", (long long)done, (long long)wanted);
    else
        fprintf(stderr, "\rlook %lld (interrupt to end)", (long long)done);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The number of looks that were written, or -1 after a line on stderr. */
static int64_t record(struct looking *looking, int64_t wanted, FILE *file, const struct args *args)
{
    struct pausemon_error error;
    int64_t done = 0, next_ms = now_ms();

    while ((wanted == 0 || done < wanted) && !looking_is_interrupted()) {
        int status = pausemon_source_record(looking->source, pausemon_write_file, file, &error);
        if (status == PAUSEMON_ERR_END)
            break;
        if (status < 0 && status != PAUSEMON_ERR_BUSY)
            return args_fail(args->program, -1, "%s", error.text);
        if (status == 0) {
            show_progress(++done, wanted);
            next_ms += looking->interval_ms;
        }
        if (out_finish(args->program, file) < 0)
            return -1;
        if (looking->is_recording || done == wanted)
            continue;
        int fd = pausemon_source_get_fd(looking->source);
        int64_t left_ms = next_ms - now_ms();
        looking_wait(fd, fd >= 0 ? looking->interval_ms : left_ms > 0 ? (int)left_ms : 0);
    }
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    return done;
}

static int run_record(const struct args *args)
{
    struct looking looking = {0};

    if (args->operand_count != 1)
        return args_fail(args->program, EXIT_USAGE, "one FILE is needed (- for stdout)");
    int code = looking_open(&looking, args);
    FILE *file = code ? NULL : create(args, args->operands[0]);
    if (!file) {
        looking_close(&looking);
        return code ? code : EXIT_ERROR;
    }
    looking_catch_interrupt();
    int64_t wanted = looking.count >= 0 ? looking.count : looking.is_recording ? 0 : DEFAULT_LOOKS;
    int64_t done = record(&looking, wanted, file, args);
    if (done == 0)
        args_fail(args->program, 0, "no look was recorded");
    if (done > 0)
        fprintf(stderr,
                "%lld looks of %s recorded; `pausemon sample --source replay:FILE` judges "
                "them\n",
                (long long)done, pausemon_source_get_name(looking.source));
    looking_close(&looking);
    if (file != stdout && fclose(file) != 0 && done > 0)
        return args_fail_os(args->program, EXIT_ERROR, errno, "the file could not be written");
    return done > 0 ? EXIT_OK : EXIT_ERROR;
}

static const struct arg_option options[] = {
    LOOKING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

const struct command command_record = {
    .name = "record",
    .operands = "FILE",
    .help = "write raw process tables, for bug reports and replay",
    .more = "Without -n ten looks are taken, of a recording all. The file must not exist yet; "
            "\"-\" is\n"
            "stdout. It holds the names of all processes, no command lines.\n",
    .options = options,
    .run = run_record,
};
