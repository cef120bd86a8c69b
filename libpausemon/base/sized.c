/* SPDX-License-Identifier: MIT */
#include "base/sized.h"

#include <string.h>

/* Behind the size itself, in whole members: the half of a pointer is none. */
static size_t shared(uint64_t given, size_t known)
{
    size_t size = given < known ? (size_t)given & ~(sizeof(uint64_t) - 1) : known;

    return size > sizeof(uint64_t) ? size - sizeof(uint64_t) : 0;
}

bool pm_sized_take(void *to, size_t known, size_t first, const void *given)
{
    uint64_t size;

    memcpy(&size, given, sizeof size);
    if (size < first)
        return false;
    memcpy((char *)to + sizeof size, (const char *)given + sizeof size, shared(size, known));
    return true;
}

void pm_sized_fill(void *given, const void *from, size_t known)
{
    uint64_t size;

    memcpy(&size, given, sizeof size);
    memcpy((char *)given + sizeof size, (const char *)from + sizeof size, shared(size, known));
}
