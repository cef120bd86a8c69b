/* SPDX-License-Identifier: MIT */
/* What a program with memory of its own has anyway: an arena that has bounds, and counts. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <string.h>

union arena_block {
    size_t size; /* of the object that follows */
    max_align_t align;
};

struct arena {
    union arena_block blocks[65536]; /* a MiB */
    size_t used, live, calls;        /* blocks taken; objects that live; how often it was asked */
};

/* As realloc; size 0 frees. Room is not used twice. */
static void *arena_resize(void *user, void *pointer, size_t size)
{
    struct arena *arena = (struct arena *)user;
    union arena_block *old = pointer ? (union arena_block *)pointer - 1 : NULL;
    union arena_block *block = arena->blocks + arena->used;
    size_t need = size / sizeof *block + 2;

    arena->calls++;
    if (size == 0) {
        arena->live -= old != NULL;
        return NULL;
    }
    if (old && size <= old->size)
        return pointer;
    if (need > sizeof arena->blocks / sizeof *block - arena->used)
        return NULL;
    arena->used += need;
    arena->live += old == NULL;
    block->size = size;
    return old ? memcpy(block + 1, pointer, old->size) : block + 1;
}

#endif
