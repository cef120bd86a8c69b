/* SPDX-License-Identifier: MIT */
/* The text about tasks that wait: names, places and stacks are pieces of the input. */
#include "fuzz.h"

#include "sources/stuck_text.h"

#define TASKS 400

/* A piece of the input, in a block of its own. */
static char *draw_piece(const uint8_t *data, size_t size, uint64_t *seed, size_t *length)
{
    size_t start = (size_t)fuzz_draw(seed, size + 1);

    *length = (size_t)fuzz_draw(seed, size - start + 1);
    return fuzz_copy(data + start, *length);
}

static void check(const struct pm_stuck *stuck)
{
    size_t length = strnlen(stuck->text, PM_STUCK_TEXT);
    uint64_t lines = 0;

    FUZZ_CHECK(length > 0 && length < PM_STUCK_TEXT && stuck->text[length - 1] == '\n');
    for (const char *at = stuck->text, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        FUZZ_CHECK(end && fuzz_is_clean(at, (size_t)(end - at)));
        lines += strncmp(at, "pid ", 4) == 0;
    }
    FUZZ_CHECK(lines == stuck->listed && stuck->listed <= stuck->tasks);
    FUZZ_CHECK(stuck->complete == (stuck->listed == stuck->tasks));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = fuzz_seed(data, size);
    struct pm_stuck *stuck = malloc(sizeof *stuck);
    struct pm_stuck_writer writer;

    FUZZ_CHECK(stuck);
    pm_stuck_begin(&writer, stuck);
    for (uint64_t i = 0, count = fuzz_draw(&seed, TASKS); i < count; i++) {
        struct pm_stuck_task task = {.pid = (int64_t)(seed >> 1), .tid = INT64_MAX - (int64_t)i};
        char *name = draw_piece(data, size, &seed, &task.name_length);
        char *wchan = draw_piece(data, size, &seed, &task.wchan_length);
        char *stack = draw_piece(data, size, &seed, &task.stack_length);
        task.name = name;
        task.wchan = wchan;
        task.stack = stack;
        pm_stuck_add(&writer, &task);
        free(name);
        free(wchan);
        free(stack);
    }
    pm_stuck_finish(&writer);
    check(stuck);
    free(stuck);
    return 0;
}
