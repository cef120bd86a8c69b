/* SPDX-License-Identifier: MIT */
#include "common/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>

static int find_self(char path[PLACE_SIZE])
{
    char given[PLACE_SIZE], *found;
    uint32_t size = sizeof given;

    if (_NSGetExecutablePath(given, &size) != 0 || !(found = realpath(given, NULL)))
        return -1;
    int length = snprintf(path, PLACE_SIZE, "%s", found);
    free(found);
    return length < PLACE_SIZE ? 0 : -1;
}
#else
static int find_self(char path[PLACE_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", path, PLACE_SIZE - 1);

    if (length <= 0 || length == PLACE_SIZE - 1)
        return -1;
    path[length] = '\0';
    return path[0] == '/' ? 0 : -1;
}
#endif

int self_beside(char path[PLACE_SIZE], const char *name)
{
    char *slash;

    if (find_self(path) < 0 || !(slash = strrchr(path, '/')) ||
        (size_t)(slash + 1 - path) + strlen(name) >= PLACE_SIZE)
        return -1;
    memcpy(slash + 1, name, strlen(name) + 1);
    return 0;
}
