/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_STUCK_TEXT_H
#define PM_SOURCES_STUCK_TEXT_H

/* The text of struct pm_stuck, from what the kernel said of each task. Pure; all bytes are from
 * outside. */

#include "sources/stuck.h"

#define PM_STUCK_FRAMES 24
#define PM_STUCK_KNOWN 32 /* different stacks that are told apart */

/* A task that waits, as read. */
struct pm_stuck_task {
    int64_t pid, tid;
    const char *name, *wchan, *stack;
    size_t name_length, wchan_length, stack_length; /* a stack of 0: none */
};

struct pm_stuck_writer {
    struct pm_stuck *stuck;
    size_t used;
    size_t known_count;
    struct {
        uint64_t hash;
        int64_t tid;
    } known[PM_STUCK_KNOWN];
};

void pm_stuck_begin(struct pm_stuck_writer *writer, struct pm_stuck *stuck);

/* Whether a stack would still be written: a long list is worth more than long stacks. */
bool pm_stuck_takes_stacks(const struct pm_stuck_writer *writer);

/* Counts the task, and lists it where there is room. */
void pm_stuck_add(struct pm_stuck_writer *writer, const struct pm_stuck_task *task);

/* The last line: how many, among how many, and what could not be read. */
void pm_stuck_finish(struct pm_stuck_writer *writer);

#endif
