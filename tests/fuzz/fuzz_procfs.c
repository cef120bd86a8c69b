/* SPDX-License-Identifier: MIT */
/* Every parser of procfs_parse.h sees every input: which file of /proc a text is from is for its
 * bytes to say. */
#include "fuzz.h"

#include "sources/procfs_parse.h"

#define CUTS 16

/* Threads end and disks fill while we read: what a text that was cut off still gives must be what
 * the whole text gives. Not so where the name's own bytes decide what is read. */
static void check_cut_stat(const char *bytes, size_t length, const struct pm_stat *whole)
{
    const char *close = memchr(bytes, ')', length);
    uint64_t seed = fuzz_seed((const uint8_t *)bytes, length);

    if (memchr(close + 1, ')', length - (size_t)(close + 1 - bytes)))
        return;
    for (int i = 0; i < CUTS; i++) {
        size_t cut = (size_t)fuzz_draw(&seed, length);
        char *some = fuzz_copy(bytes, cut);
        struct pm_stat stat;

        if (pm_parse_stat(some, cut, &stat))
            FUZZ_CHECK(stat.start_time == whole->start_time && stat.utime == whole->utime &&
                       stat.threads == whole->threads && stat.state == whole->state);
        free(some);
    }
}

static void try_stat(const char *bytes, size_t length)
{
    struct pm_stat stat;

    if (!pm_parse_stat(bytes, length, &stat))
        return;
    FUZZ_CHECK(stat.command > bytes && stat.command_length < length);
    FUZZ_CHECK(stat.command[-1] == '(' && stat.command[stat.command_length] == ')');
    FUZZ_CHECK(stat.command + stat.command_length < bytes + length);
    FUZZ_CHECK(stat.state <= PAUSEMON_STATE_UNINTERRUPTIBLE);
    FUZZ_CHECK(stat.ppid >= 0 && stat.start_time <= INT64_MAX);
    check_cut_stat(bytes, length, &stat);
}

static void try_counters(const char *bytes, size_t length)
{
    struct pm_schedstat schedstat, cut;
    uint64_t resident, swap, sum;
    bool used;

    if (pm_parse_statm(bytes, length, &resident) && pm_parse_statm(bytes, length - 1, &swap))
        FUZZ_CHECK(resident == swap);
    if (pm_parse_status(bytes, length, &resident, &swap))
        FUZZ_CHECK(resident % 1024 == 0 && swap % 1024 == 0);
    pm_parse_io_calls(bytes, length, &sum);
    pm_parse_io_bytes(bytes, length, &sum);
    if (pm_parse_schedstat(bytes, length, &schedstat) &&
        pm_parse_schedstat(bytes, length - 1, &cut))
        FUZZ_CHECK(memcmp(&schedstat, &cut, sizeof cut) == 0);
    if (!pm_parse_swaps(bytes, length, &used))
        return;
    FUZZ_CHECK(length == 0 || bytes[length - 1] == '\n');
}

/* Of the names in a directory: exactly those that the number writes back. */
static void try_pid(const char *name)
{
    char back[24];
    int64_t pid;

    if (!pm_parse_pid(name, &pid))
        return;
    snprintf(back, sizeof back, "%lld", (long long)pid);
    FUZZ_CHECK(pid > 0 && strcmp(back, name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size), *name = fuzz_string(data, size);

    try_stat(bytes, size);
    try_counters(bytes, size);
    try_pid(name);
    free(name);
    free(bytes);
    return 0;
}
