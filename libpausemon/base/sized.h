/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_SIZED_H
#define PM_BASE_SIZED_H

/* Structs that begin with `size`, between this library and a program that was compiled with the
 * headers of another release. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a member ends: what a struct had when that was its last one. */
#define PM_END_OF(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/* Over the defaults in `to`, all that the caller's struct has of it; `to->size` stays. False, and
 * only the caller's size was looked at, if it has less than `first`, what the struct had in its
 * first release. */
bool pm_sized_take(void *to, size_t known, size_t first, const void *given);

/* Fills as much of the caller's struct as it has room for; its size stays. */
void pm_sized_fill(void *given, const void *from, size_t known);

#endif
