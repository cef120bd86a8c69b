/* SPDX-License-Identifier: MIT */
#include "sources/unit_parse.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sources/readings_parse.h"

#define CONTAINER_ID 64 /* hexadecimal digits: docker, podman, containerd, CRI-O */
#define SHORT_ID 12

int64_t pm_parse_uid(const char *bytes, size_t length)
{
    static const char word[] = "\nUid:\t";
    const char *at = memmem(bytes, length, word, strlen(word));
    uint64_t uid;

    if (!at)
        return -1;
    at += strlen(word);
    return pm_parse_u64(&at, bytes + length, &uid) && uid <= UINT32_MAX ? (int64_t)uid : -1;
}

static bool ends(const char *name, size_t length, const char *end)
{
    return length > strlen(end) && memcmp(name + length - strlen(end), end, strlen(end)) == 0;
}

/* Where a name has so many hexadecimal digits in a row; NULL. */
static const char *container_id(const char *name, size_t length)
{
    size_t digits = 0;

    for (size_t i = 0; i < length; i++) {
        digits = strchr("0123456789abcdef", name[i]) && name[i] ? digits + 1 : 0;
        if (digits == CONTAINER_ID)
            return name + i + 1 - CONTAINER_ID;
    }
    return NULL;
}

static void take_name(const char *name, size_t length, char *unit, size_t size)
{
    const char *id = container_id(name, length);

    if (id)
        snprintf(unit, size, "container %.*s", SHORT_ID, id);
    else if (ends(name, length, ".service") || ends(name, length, ".scope"))
        pm_text_clean(unit, size, name, length);
}

void pm_parse_unit(const char *bytes, size_t length, char *unit, size_t size)
{
    static const char *const hierarchies[] = {NULL, "name=systemd", "pids", "memory"};
    char path[PM_CGROUP_SIZE];

    unit[0] = '\0';
    for (size_t i = 0; i < sizeof hierarchies / sizeof hierarchies[0] && !unit[0]; i++) {
        if (!pm_parse_cgroup(bytes, length, hierarchies[i], path))
            continue;
        /* The last one of the path: the innermost. */
        for (const char *name = path; *name;) {
            size_t span = strcspn(name, "/");
            take_name(name, span, unit, size);
            name += span + (name[span] == '/');
        }
    }
}
