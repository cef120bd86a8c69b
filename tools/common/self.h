/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_SELF_H
#define TOOLS_SELF_H

#include "common/places.h"

/* The absolute path, without symbolic links, of a program that lies beside this one and is
 * therefore of the same build. 0, or -1 if the system does not say where this one lies. Whether the
 * other is there is not looked at. */
int self_beside(char path[PLACE_SIZE], const char *name);

#endif
