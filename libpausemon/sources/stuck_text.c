/* SPDX-License-Identifier: MIT */
#include "sources/stuck_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LAST_LINE 200    /* kept free for it */
#define FRAME_LENGTH 120 /* of its name; longer ones are cut */
#define WCHAN_LENGTH 64  /* the kernel's own names have at most 127 */
#define STACK_ROOM (PM_STUCK_TEXT / 2)

void pm_stuck_begin(struct pm_stuck_writer *writer, struct pm_stuck *stuck)
{
    writer->stuck = stuck;
    writer->used = writer->known_count = 0;
    stuck->tasks = stuck->listed = stuck->seen = 0;
    stuck->complete = true;
    stuck->stacks = false;
    stuck->stack_errno = 0;
    stuck->text[0] = '\0';
}

bool pm_stuck_takes_stacks(const struct pm_stuck_writer *writer)
{
    return writer->used < STACK_ROOM;
}

/* A whole line, or nothing of it. */
static bool put(struct pm_stuck_writer *writer, const char *line, size_t length)
{
    if (length > PM_STUCK_TEXT - LAST_LINE - writer->used)
        return false;
    memcpy(writer->stuck->text + writer->used, line, length + 1);
    writer->used += length;
    return true;
}

/* ---- the stack ---- */

/* Tasks that wait for the same have the same stack, and there are many of those. */
static uint64_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Who had this stack before; 0: nobody, and it is remembered. */
static int64_t find_known(struct pm_stuck_writer *writer, uint64_t hash, int64_t tid)
{
    for (size_t i = 0; i < writer->known_count; i++)
        if (writer->known[i].hash == hash)
            return writer->known[i].tid;
    if (writer->known_count < PM_STUCK_KNOWN) {
        writer->known[writer->known_count].hash = hash;
        writer->known[writer->known_count++].tid = tid;
    }
    return 0;
}

/* "[<0>] kernel_clone+0x9a/0x3c0": without the address, which is always 0. */
static bool put_frame(struct pm_stuck_writer *writer, const char *frame, size_t length)
{
    static const char address[] = "[<0>] ";
    char name[FRAME_LENGTH], line[FRAME_LENGTH + 16];

    if (pm_text_starts(frame, length, address)) {
        frame += sizeof address - 1;
        length -= sizeof address - 1;
    }
    pm_text_clean(name, sizeof name, frame, length);
    int size = snprintf(line, sizeof line, "    %s\n", name);
    return put(writer, line, (size_t)size);
}

static void put_stack(struct pm_stuck_writer *writer, const struct pm_stuck_task *task)
{
    const char *at = task->stack, *end = at + task->stack_length, *line_end;
    int64_t same = find_known(writer, hash_of(at, task->stack_length), task->tid);
    char line[64];

    if (same) {
        int size = snprintf(line, sizeof line, "    as tid %" PRId64 "\n", same);
        put(writer, line, (size_t)size);
        return;
    }
    /* A line that was cut off is none. */
    for (size_t i = 0; i < PM_STUCK_FRAMES && at < end; i++, at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end || !put_frame(writer, at, (size_t)(line_end - at)))
            return;
    }
}

/* ---- the task ---- */

void pm_stuck_add(struct pm_stuck_writer *writer, const struct pm_stuck_task *task)
{
    char name[PAUSEMON_COMMAND_SIZE], wchan[WCHAN_LENGTH], line[256];
    bool knows = task->wchan_length > 0 && !pm_text_is(task->wchan, task->wchan_length, "0");

    writer->stuck->tasks++;
    pm_text_clean(name, sizeof name, task->name, task->name_length);
    pm_text_clean(wchan, sizeof wchan, knows ? task->wchan : "?", knows ? task->wchan_length : 1);
    int size = snprintf(line, sizeof line, "pid %" PRId64 " tid %" PRId64 " \"%s\" in %s\n",
                        task->pid, task->tid, name, wchan);
    if (!put(writer, line, (size_t)size)) {
        writer->stuck->complete = false;
        return;
    }
    writer->stuck->listed++;
    if (task->stack_length == 0 || !pm_stuck_takes_stacks(writer))
        return;
    writer->stuck->stacks = true;
    put_stack(writer, task);
}

static void append(char *line, size_t size, const char *text)
{
    size_t used = strlen(line);

    snprintf(line + used, size - used, "%s", text);
}

void pm_stuck_finish(struct pm_stuck_writer *writer)
{
    struct pm_stuck *stuck = writer->stuck;
    char line[LAST_LINE];

    snprintf(line, sizeof line, "(%" PRIu64 " uninterruptible of %" PRIu64 " tasks", stuck->tasks,
             stuck->seen);
    if (stuck->listed < stuck->tasks)
        append(line, sizeof line, "; not all are listed");
    else if (!stuck->complete)
        append(line, sizeof line, "; not all were looked at");
    if (stuck->stack_errno)
        append(line, sizeof line, "; not every kernel stack could be read");
    append(line, sizeof line, ")\n");
    memcpy(stuck->text + writer->used, line, strlen(line) + 1);
    writer->used += strlen(line);
}
