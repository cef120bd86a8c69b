/* SPDX-License-Identifier: MIT */
#include "same.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct field {
    const char *name;
    size_t offset;
    unsigned part;
};

#define PROCESS(part, member)                                                                      \
    {                                                                                              \
#member, offsetof(struct pausemon_process, member), part                                   \
    }
static const struct field process_fields[] = {
    PROCESS(SAME_TEXT, pid),         PROCESS(SAME_TEXT, ppid),
    PROCESS(SAME_TEXT, start_time),  PROCESS(SAME_TEXT, state),
    PROCESS(SAME_TEXT, cpu),         PROCESS(SAME_TEXT, mem),
    PROCESS(SAME_TEXT, cmprs),       PROCESS(SAME_TEXT, pageins),
    PROCESS(SAME_TEXT, csw),         PROCESS(SAME_TEXT, sysbsd),
    PROCESS(SAME_TEXT, threads),     PROCESS(SAME_TEXT, score),
    PROCESS(SAME_TEXT, categories),  PROCESS(SAME_TEXT, suspect),
    PROCESS(SAME_BLAME, elapsed_ns), PROCESS(SAME_BLAME, run_delay_ns),
    PROCESS(SAME_BLAME, io_bytes),   PROCESS(SAME_BLAME, child_cpu_ns),
    PROCESS(SAME_BLAME, mem_age_ns), PROCESS(SAME_BLOCKED, blocked_ns),
};

#define INFO(member)                                                                               \
    {                                                                                              \
#member, offsetof(struct pausemon_sample_info, member), 0                                  \
    }
static const struct field info_fields[] = {
    INFO(time.monotonic_ns),
    INFO(time.boottime_ns),
    INFO(time.realtime_ns),
    INFO(time.utc_offset_s),
    INFO(elapsed_ns),
    INFO(process_count),
    INFO(rated_count),
    INFO(rogue_count),
    INFO(rogues_omitted),
    INFO(max_score),
    INFO(unreadable),
    INFO(complete),
    INFO(births),
    INFO(deaths),
};

static bool same_field(struct same_what *what, const char *whose, const struct field *field,
                       const void *is, const void *expected)
{
    uint64_t a, b;

    memcpy(&a, (const char *)is + field->offset, sizeof a);
    memcpy(&b, (const char *)expected + field->offset, sizeof b);
    if (a != b)
        snprintf(what->text, sizeof what->text, "%s: %s is %" PRIu64 ", expected %" PRIu64, whose,
                 field->name, a, b);
    return a == b;
}

static uint64_t have_of(unsigned parts)
{
    uint64_t have = 0;

    if (parts & SAME_TEXT)
        have |= PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS |
                PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW | PAUSEMON_HAVE_SYSBSD |
                PAUSEMON_HAVE_THREADS | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME;
    if (parts & SAME_BLAME)
        have |= PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES | PAUSEMON_HAVE_CHILD_CPU |
                PAUSEMON_HAVE_CPU_RATE | PAUSEMON_HAVE_STATE; /* the two last: never set */
    if (parts & SAME_BLOCKED)
        have |= PAUSEMON_HAVE_BLOCKED;
    return have;
}

bool same_process(struct same_what *what, const struct pausemon_process *is,
                  const struct pausemon_process *expected, unsigned parts)
{
    char whose[64];
    uint64_t have = have_of(parts);

    snprintf(whose, sizeof whose, "pid %" PRId64, expected->pid);
    if ((is->have & have) != (expected->have & have)) {
        snprintf(what->text, sizeof what->text, "%s: have is 0x%" PRIx64 ", expected 0x%" PRIx64,
                 whose, is->have & have, expected->have & have);
        return false;
    }
    for (size_t i = 0; i < sizeof process_fields / sizeof *process_fields; i++)
        if ((process_fields[i].part & parts) &&
            !same_field(what, whose, &process_fields[i], is, expected))
            return false;
    if (strncmp(is->command, expected->command, sizeof is->command) != 0) {
        snprintf(what->text, sizeof what->text, "%s: command is \"%.64s\", expected \"%.64s\"",
                 whose, is->command, expected->command);
        return false;
    }
    return true;
}

bool same_counts(struct same_what *what, const struct pausemon_sample_info *is,
                 const struct pausemon_sample_info *expected)
{
    for (size_t i = 0; i < sizeof info_fields / sizeof *info_fields; i++)
        if (!same_field(what, "sample", &info_fields[i], is, expected))
            return false;
    return true;
}

bool same_sample(struct same_what *what, const struct pausemon_sample *is,
                 const struct pausemon_sample *expected)
{
    static const struct field stress = {"stress", offsetof(struct pausemon_sample_info, stress), 0};
    const struct pausemon_sample_info *a = pausemon_sample_get_info(is);
    const struct pausemon_sample_info *b = pausemon_sample_get_info(expected);

    if (!same_counts(what, a, b) || !same_field(what, "sample", &stress, a, b))
        return false;
    for (size_t i = 0; i < b->rogue_count; i++) {
        const struct pausemon_process *rogue = pausemon_sample_get_rogue(is, i);
        if (!rogue) {
            snprintf(what->text, sizeof what->text, "there is no rogue %zu", i);
            return false;
        }
        if (!same_process(what, rogue, pausemon_sample_get_rogue(expected, i), SAME_ALL))
            return false;
    }
    return true;
}
